"""Matching on two small sites whose truth is plain to see."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from redirectmap.errors import UsageError
from redirectmap.matching import decide, match, proposals, reason
from redirectmap.matching.assignment import assign
from redirectmap.matching.candidates import rank_within, same_key, union
from redirectmap.matching.embeddings import embed
from redirectmap.signals.names import sole_names

TOPICS = {
    "gas-boiler-repair": "gas boiler repair burner flame ignition thermostat",
    "heat-pump-installation": "heat pump outdoor unit refrigerant coefficient",
    "bathroom-renovation": "bathroom tiles shower basin grout renovation",
    "roof-gutter-cleaning": "gutter leaves roof ladder downpipe cleaning",
    "solar-panel-service": "solar panel inverter roof photovoltaic yield",
    "drain-unblocking": "drain blocked pipe jetting camera sewage",
    "radiator-balancing": "radiator valve balancing lockshield warm rooms",
    "water-softener": "water softener salt limescale hardness resin",
    "underfloor-heating": "underfloor heating screed loop manifold floor",
    "chimney-sweeping": "chimney soot flue sweep brush fireplace",
}


@dataclass(frozen=True)
class Tables:
    pages: pd.DataFrame
    links: pd.DataFrame


def page(url: str, title: str, text: str) -> dict[str, object]:
    return {"url": url, "title": title, "h1": title, "text": text, "lang": "en"}


def sites() -> tuple[Tables, Tables]:
    old, new = [], []
    for slug, text in TOPICS.items():
        name = slug.replace("-", " ").title()
        long = " ".join([text] * 6)
        old.append(
            page(f"https://old.test/blog/2019/{slug}.html", f"{name} | Firm", long)
        )
        new.append(page(f"https://new.test/articles/{slug}", f"{name} - Firm Co", long))
    old.append(
        page("https://old.test/x/fax-machines.php", "Fax machines", "fax toner roll")
    )
    links = pd.DataFrame({"source": [], "target": []}, dtype=object)
    return Tables(pd.DataFrame(old), links), Tables(pd.DataFrame(new), links)


@pytest.fixture(scope="module")
def scores() -> pd.DataFrame:
    return match(*sites())


def test_every_moved_page_finds_its_equal(scores: pd.DataFrame) -> None:
    best = proposals(scores).set_index("old_url")["new_url"]
    for slug in TOPICS:
        assert best[f"https://old.test/blog/2019/{slug}.html"].endswith(slug)


def test_retired_page_is_not_redirected(scores: pd.DataFrame) -> None:
    action = decide(scores, 0.05)
    assert action.get("https://old.test/x/fax-machines.php", "gone") != "redirect"


def test_the_table_keeps_its_promises(scores: pd.DataFrame) -> None:
    assert scores["probability"].between(0, 1).all()
    assert scores["no_equivalent"].between(0, 1).all()
    assert scores.groupby("old_url").size().max() <= 10
    assert scores.groupby("old_url")["assigned"].sum().max() <= 1
    ranks = scores.groupby("old_url")["rank"].apply(list)
    assert all(r == list(range(1, len(r) + 1)) for r in ranks)
    assert scores["title"].dtype == np.float32


def test_same_input_same_table(scores: pd.DataFrame) -> None:
    pd.testing.assert_frame_equal(scores, match(*sites()))


def test_reason_names_figures(scores: pd.DataFrame) -> None:
    rows = scores[scores["rank"] == 1].to_dict("records")
    assert all(reason({str(k): v for k, v in row.items()}) for row in rows)


def test_reason_of_a_page_without_an_equal_names_the_nearest(
    scores: pd.DataFrame,
) -> None:
    first, second = scores.head(2).to_dict("records")
    for row in (first, second):
        said = {str(k): v for k, v in row.items()}
        said |= {"no_equivalent": 0.9, "probability": 0.1}
        assert f"(90%): {row['new_url']} has " in reason(said)


def test_an_empty_site_gives_an_empty_table() -> None:
    old, new = sites()
    nothing = Tables(new.pages.iloc[:0], new.links)
    assert match(old, nothing).empty
    assert match(nothing, new).empty


def test_urls_alone_are_enough() -> None:
    old, new = sites()
    bare = [Tables(t.pages[["url"]], t.links) for t in (old, new)]
    best = proposals(match(*bare)).set_index("old_url")["new_url"]
    assert best["https://old.test/blog/2019/drain-unblocking.html"].endswith(
        "drain-unblocking"
    )


def test_paths_without_words_in_common_are_left_to_a_person() -> None:
    pages = [
        [page_url(host, f"{part}/{n}") for n in range(60)]
        for host, part in (("old", "item"), ("new", "guides/entry"))
    ]
    bare = [Tables(pd.DataFrame({"url": urls}), sites()[0].links) for urls in pages]
    assert not decide(match(*bare)).eq("redirect").any()


def page_url(host: str, path: str) -> str:
    return f"https://{host}.test/{path}"


@pytest.mark.parametrize(
    ("old", "new", "more", "worth"),
    [
        ("annual-report-on-gutters.pdf", "annual-report-on-gutters", [], 4 / 6),
        ("a-report_20on_20gutters", "A report on gutters.pdf.pdf", [], 4 / 6),
        ("contact", "contact", [], 1 / 6),
        ("a-b-c-d-e-f-g-h", "a-b-c-d-e-f-g-h", [], 1.0),
        ("gutter-report-2011", "gutter-report-2012", [], 0.0),
        ("gutter-report", "gutter-report", ["gutter-report--9"], 0.0),
        ("gutter-report", "gutter-report", ["gutter-report.pdf"], 0.0),
        ("2019", "2019", [], 0.0),
        ("", "", [], 0.0),
    ],
)
def test_a_name_alone_on_both_sites(
    old: str, new: str, more: list[str], worth: float
) -> None:
    one = np.array([0])
    assert sole_names([old], [new, *more], one, one)[0] == pytest.approx(worth)
    assert sole_names([old, *more], [new], one, one)[0] == pytest.approx(worth)


def test_long_names_alone_on_both_sites_are_redirected_by_addresses() -> None:
    moved = [f"{a}-{b}" for a in TOPICS for b in ("guide-for-owners", "price-list-now")]
    old = [page_url("old", f"archive/2011/{name}") for name in moved]
    new = [page_url("new", f"articles/{name}") for name in moved]
    old += [page_url("old", f"n/{n}") for n in range(20)]
    again = page_url("new", f"articles/{moved[0]}--2")
    bare = [Tables(pd.DataFrame({"url": u}), sites()[0].links) for u in (old, new)]
    twice = Tables(pd.DataFrame({"url": [*new, again]}), sites()[0].links)
    decided = decide(match(*bare), 0.05)
    assert decided[old[: len(moved)]].eq("redirect").mean() > 0.9
    assert not decided.reindex(old[len(moved) :]).eq("redirect").any()
    assert decide(match(bare[0], twice), 0.05)[old[0]] != "redirect"


def test_a_front_page_is_no_target_of_other_pages() -> None:
    old, new = sites()
    front = pd.DataFrame([page("https://new.test/", "Firm", "gas boiler heat pump")])
    more = Tables(pd.concat([new.pages, front], ignore_index=True), new.links)
    assert not match(old, more)["new_url"].eq("https://new.test/").any()


def test_merged_pages_are_proposed_the_page_they_are_a_section_of() -> None:
    old, new = sites()
    names = [slug.replace("-", " ").title() for slug in TOPICS]
    hub = {
        **page("https://new.test/services", "All our services", ""),
        "headings": names,
    }
    merged = Tables(pd.DataFrame([hub, *new.pages.to_dict("records")[:2]]), new.links)
    scores = match(old, merged).set_index("old_url")
    row = scores.loc[["https://old.test/blog/2019/water-softener.html"]]
    hub_row = row[row["new_url"] == "https://new.test/services"]
    assert hub_row["section"].iloc[0] > 0.9


def test_the_valuable_page_gets_the_contested_target() -> None:
    rows, columns = np.array([0, 0, 1, 1]), np.array([0, 1, 0, 1])
    chance = np.array([0.6, 0.5, 0.6, 0.2], dtype=np.float32)
    chosen = assign(rows, columns, chance, np.ones(4), price=0.5).chosen
    assert chosen.tolist() == [False, True, True, False]


@pytest.mark.parametrize("seed", range(5))
def test_flow_is_never_worse_than_greedy(seed: int) -> None:
    chance = np.random.default_rng(seed)
    rows = np.repeat(np.arange(30), 4)
    columns = chance.integers(0, 15, len(rows))
    keep = ~pd.DataFrame({"r": rows, "c": columns}).duplicated().to_numpy()
    rows, columns = rows[keep], columns[keep]
    probability = chance.random(len(rows)).astype(np.float32)
    value = chance.random(30)[rows] + 0.1
    result = assign(rows, columns, probability, value, price=0.2)
    assert result.kept >= result.greedy - 1e-3
    assert np.bincount(rows[result.chosen]).max() == 1


def test_sharing_is_allowed_when_it_pays() -> None:
    rows, columns = np.array([0, 1]), np.array([0, 0])
    high = np.array([0.9, 0.8], dtype=np.float32)
    assert assign(rows, columns, high, np.ones(2)).chosen.all()
    low = np.array([0.9, 0.03], dtype=np.float32)
    assert assign(rows, columns, low, np.ones(2)).chosen.tolist() == [True, False]


def test_rank_within_puts_unknown_last() -> None:
    score = np.array([0.1, np.nan, 0.9], dtype=np.float32)
    assert rank_within(np.zeros(3, dtype=np.int64), score).tolist() == [2, 3, 1]


def test_union_sorts_and_drops_repeats() -> None:
    one = (np.array([1, 0]), np.array([2, 1]))
    assert [p.tolist() for p in union([one, one], 5)] == [[0, 1], [1, 2]]


def test_common_keys_propose_nothing() -> None:
    rows, _ = same_key(["a", "b"], ["a"] * 9 + ["b"])
    assert rows.tolist() == [1]


def test_static_embedding_knows_synonyms_and_empty_texts() -> None:
    vectors = embed(["car repair", "automobile maintenance", "chocolate cake", ""])
    assert vectors[0] @ vectors[1] > vectors[0] @ vectors[2]
    assert not vectors[3].any()


@pytest.mark.model
@pytest.mark.parametrize("model", ["static", "minilm"])
def test_a_model_puts_like_beside_like(
    model: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REDIRECTMAP_CACHE", str(tmp_path))
    texts = ["how to repair a leaking roof", "mending roof leaks", "cake recipes", ""]
    roof, mend, cake, nothing = embed(texts, model)
    assert np.allclose(np.linalg.norm([roof, mend, cake], axis=1), 1, atol=1e-5)
    assert roof @ mend > roof @ cake + 0.2
    assert not nothing.any()


def test_a_model_that_is_not_there_is_a_usage_error(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="not at hand"):
        embed(["text"], str(tmp_path))
