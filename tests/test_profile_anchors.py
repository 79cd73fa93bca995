"""Anchor classes on labelled anchors, and the flags a mix raises."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given, strategies as st

from redirectmap.errors import UsageError
from redirectmap.profile.anchors import CLASSES, classify
from redirectmap.profile.brand import Words
from redirectmap.profile.build import build_profile
from redirectmap.profile.flags import flags, variety
from redirectmap.profile.keywords import Keywords, keywords_of
from redirectmap.profile.links import brand_names, classed_links
from redirectmap.profile.rivals import cluster, site_of
from redirectmap.profile.write import write_profile
from redirectmap.tables import BACKLINKS, FINDINGS, PAGES, PLAN, read_json

ANCHORS = Path(__file__).parents[1] / "fixtures/anchors"
SITE = "https://firm.example"


def labelled(name: str) -> Iterator[tuple[str, str, str]]:
    """Yield (anchor, true class, found class) of one half of the fixtures."""
    words = Words.of(())
    keywords = Keywords.of(())
    for line in (ANCHORS / name).read_text(encoding="utf-8").splitlines():
        field, _, rest = line.partition(": ")
        values = [value.strip() for value in rest.split(";;")]
        if field == "site":
            domain, brands, _ = (part.strip() for part in rest.split("|"))
            words = Words.of([*brands.split(", "), *brand_names(domain)])
        elif field == "keywords":
            keywords = Keywords.of(keywords_of(values, words))
        else:
            for value in values:
                anchor = "" if value == "(blank)" else value
                yield anchor, field, classify(anchor, words, keywords)


def macro_f1(rows: list[tuple[str, str, str]]) -> float:
    """Return the mean over classes of 2 TP / (2 TP + FP + FN)."""
    scores = []
    for name in CLASSES:
        right = sum(truth == found == name for _, truth, found in rows)
        wrong = sum((truth == name) != (found == name) for _, truth, found in rows)
        scores.append(2 * right / (2 * right + wrong))
    return sum(scores) / len(scores)


@pytest.mark.parametrize("half", ["build.txt", "holdout.txt"])
def test_macro_f1(half: str) -> None:
    rows = list(labelled(half))
    missed = [row for row in rows if row[1] != row[2]]
    assert macro_f1(rows) >= 0.90, missed


def test_there_are_600_anchors() -> None:
    counts = [sum(1 for _ in labelled(half)) for half in ("build.txt", "holdout.txt")]
    assert min(counts) >= 600


SPELLINGS = [
    ("PelhamDental", "branded"),
    ("pelham-dental ltd", "branded"),
    ("Dental Pelham", "branded"),
    ("Pelhem Dental", "branded"),
    ("Pelham Dentist", "descriptive"),
    ("to Pelham Dental", "brand_generic"),
    ("Pelham Dental opening hours", "brand_generic"),
    ("Pelham Dental wins the regional prize for silent drills", "descriptive"),
    ("whitening by Pelham Dental", "brand_keyword"),
    ("https://pelham.example/a b", "naked_url"),
    ("pelham.example/very/lo…", "naked_url"),
    ("hello@pelham.example", "naked_url"),
    ("node.js", "descriptive"),
    ("[3]", "generic"),
    ("👉", "generic"),
    ("zum Kalender", "generic"),
    ("cliquez ici", "generic"),
    ("\u200b&nbsp;", "empty"),
    ("pelham-dental-logo.png", "empty"),
    ("Zahnärzte", "exact"),
    ("a whitening of teeth", "exact"),
    ("teeth", "partial"),
    ("Kinderzahnarzt", "partial"),
    ("cleaning a bicycle", "descriptive"),
]


@pytest.mark.parametrize(
    ("keyword", "anchor", "expected"),
    [
        ("Heizungswartung", "Wartung der Heizung", "partial"),
        ("Wartung Heizung", "Heizungswartung", "partial"),
        ("Heizungswartung", "Warten auf den Bus", "descriptive"),
        ("Heizungswartung", "Gegenwart und Zukunft", "descriptive"),
    ],
)
def test_compounds_are_taken_apart(keyword: str, anchor: str, expected: str) -> None:
    words = Words.of(["Firm"])
    assert classify(anchor, words, Keywords.of(keywords_of([keyword], words))) == (
        expected
    )


@pytest.mark.parametrize(("anchor", "expected"), SPELLINGS)
def test_class_of(anchor: str, expected: str) -> None:
    words = Words.of(["Pelham Dental"])
    keywords = keywords_of(["teeth whitening", "Zahnarzt", "silver crowns"], words)
    assert classify(anchor, words, Keywords.of(keywords)) == expected


def test_title_of_many_words_is_no_keyword() -> None:
    words = Words.of(["Firm"])
    title = "How often a village bakery should sharpen bread knives"
    keywords = Keywords.of(keywords_of([title], words))
    assert classify(title, words, keywords) == "descriptive"


def test_brand_of_the_domain_alone_is_found_in_words() -> None:
    words = Words.of(brand_names("https://www.pelhamdental.example"))
    assert classify("Pelham Dental", words, Keywords.of(())) == "branded"


def test_title_that_says_nothing_is_no_keyword() -> None:
    pages = PAGES.fit(pd.DataFrame({"url": [f"{SITE}/"], "title": ["About us"]}))
    links = voices(("about us", 1))
    assert classed_links(links, SITE, pages)["class"].tolist() == ["generic"]


def test_kind_of_page_knows_title_and_identifiers() -> None:
    urls = [f"{SITE}/x1", f"{SITE}/x2"]
    pages = pd.DataFrame(
        {
            "url": urls,
            "title": ["How to bleed a radiator", None],
            "identifiers": [[], ["sku:A1"]],
        }
    )
    links = pd.concat([voices(("a", 1), path="/x1"), voices(("b", 1), path="/x2")])
    found = classed_links(links, SITE, PAGES.fit(pages))
    assert found["kind"].tolist() == ["article", "product"]


@given(st.text(max_size=60))
def test_any_text_has_a_class(text: str) -> None:
    words = Words.of(["Firm"])
    assert (
        classify(text, words, Keywords.of(keywords_of(["boiler repair"], words)))
        in CLASSES
    )


def voices(*anchors: tuple[str, int], path: str = "/") -> pd.DataFrame:
    """Make one domain per voice: (anchor, count)."""
    rows = [
        {
            "source_url": f"https://{path.strip('/')}{text[:3].strip()}{n}.test/",
            "source_domain": f"{path.strip('/')}{text[:3].strip()}{n}.test",
            "target_url": SITE + path,
            "anchor": text,
        }
        for text, count in anchors
        for n in range(count)
    ]
    return BACKLINKS.fit(pd.DataFrame(rows))


NATURAL = [("Firm", 20), ("firm.example", 8), ("click here", 6)]
VARIED = [(f"note {n} about {n + 10}", 1) for n in range(8)]


def checks_of(table: pd.DataFrame) -> set[str]:
    """Return the ids of the findings about anchors."""
    found = build_profile(table, SITE, keywords=["boiler repair", "emergency plumber"])
    return {c for c in found.findings["check"] if c.startswith("anchor-")}


@pytest.mark.parametrize(
    ("table", "expected"),
    [
        (voices(*NATURAL, *VARIED), set()),
        (
            voices(("boiler repair", 20), *NATURAL),
            {"anchor-exact-homepage", "anchor-repeated-phrase"},
        ),
        (
            voices(("emergency plumber", 20), *NATURAL, path="/plumber"),
            {"anchor-exact-page", "anchor-repeated-phrase"},
        ),
        (voices(("cheap boiler repair deals", 9), *NATURAL), {"anchor-ad-copy"}),
        (voices(("Firm", 60)), {"anchor-no-variety"}),
        (voices(("boiler repair", 19)), set()),
    ],
    ids=["natural", "exact home", "exact page", "ad copy", "no variety", "too little"],
)
def test_flags(table: pd.DataFrame, expected: set[str]) -> None:
    assert checks_of(table) == expected


def test_page_is_one_page_in_every_spelling_of_its_address() -> None:
    table = voices(("boiler repair", 30), path="/x")
    table.loc[:9, "target_url"] = "http://www.firm.example/x"
    table.loc[10:13, "target_url"] = "http://firm.example/x"
    found = build_profile(table, SITE, keywords=["boiler repair"])
    exact = found.findings[found.findings["check"] == "anchor-exact-page"]
    assert exact["old_url"].tolist() == [f"{SITE}/x"]
    assert found.anchors["links"].tolist() == [30]


def test_flags_name_the_links_that_cause_them() -> None:
    found = build_profile(
        voices(("boiler repair", 20), *NATURAL), SITE, keywords=["boiler repair"]
    )
    exact = found.causes[found.causes["check"] == "anchor-exact-homepage"]
    assert len(exact) == 20
    assert set(exact["anchor"]) == {"boiler repair"}


def test_variety_spans_none_to_all() -> None:
    assert variety(voices(("x", 9))) == 0
    assert variety(voices(*VARIED)) == pytest.approx(1)
    assert flags(voices(("x", 3)).assign(kind="home", **{"class": "exact"})) == []


def test_cluster_is_robust_to_one_outlier() -> None:
    found = cluster({"a": 0.40, "b": 0.45, "c": 0.50, "odd": 0.95})
    assert found is not None
    assert (found.low, found.high, found.outliers) == (0.40, 0.50, ("odd",))
    assert cluster({"a": 0.4, "b": 0.5}) is None


def test_profile_against_rivals_and_after_a_dump(tmp_path: Path) -> None:
    table = pd.concat([voices(*NATURAL), voices(*VARIED, ("Firm", 40), path="/a")])
    rivals = [
        (f"r{n}.example", voices(*NATURAL).assign(target_url=f"https://r{n}.example/"))
        for n in range(3)
    ]
    plan = PLAN.fit(
        pd.DataFrame(
            {
                "old_url": [f"{SITE}/a"],
                "action": ["redirect"],
                "new_url": ["https://n.test/"],
            }
        )
    )
    found = build_profile(table, SITE, plan=plan, competitors=rivals, age_months=3)
    assert "profile-homepage-dump" in set(found.findings["check"])
    assert found.summary["competitors"]["cluster"]["we_are"] == "below"
    assert found.summary["range"]["low"] == 0.60
    FINDINGS.check(found.findings, where="profile")
    write_profile(tmp_path, found)
    assert read_json(tmp_path / "profile.json")["site"] == SITE
    assert site_of(table) == "firm.example"


def test_gone_pages_cost_domains() -> None:
    table = pd.concat([voices(*NATURAL), voices(*VARIED, path="/a")])
    plan = PLAN.fit(pd.DataFrame({"old_url": [f"{SITE}/a"], "action": ["gone"]}))
    found = build_profile(table, SITE, plan=plan)
    lost = found.findings[found.findings["check"] == "profile-lost-domains"]
    assert len(lost) == 1
    assert found.summary["homepage"]["lost_domains"]


def test_shop_leans_to_categories() -> None:
    links = pd.concat([voices(*NATURAL), voices(("Firm", 25), path="/products/x")])
    found = build_profile(links, SITE, site_type="ecommerce")
    assert "profile-products-over-categories" in set(found.findings["check"])


def test_brand_comes_from_domain_and_titles() -> None:
    titles = [
        "Boilers | Harlow & Sons",
        "Pipes | Harlow & Sons",
        "News | Harlow & Sons",
    ]
    pages = PAGES.fit(
        pd.DataFrame({"url": [f"{SITE}/{n}" for n in range(3)], "title": titles})
    )
    assert brand_names("https://www.harlow-sons.com", pages) == [
        "harlow-sons", "harlow sons", "Harlow & Sons"
    ]  # fmt: skip


def test_beginning_of_the_sites_name_is_a_name_where_the_homepage_says_so() -> None:
    titles = ["Hart - Heating - Hart Leeds", "Pipes - Hart Leeds", "Roofs - Hart Leeds"]
    pages = PAGES.fit(
        pd.DataFrame({"url": [f"{SITE}/", f"{SITE}/a", f"{SITE}/b"], "title": titles})
    )
    assert brand_names("http://127.0.0.1:80", pages)[-2:] == ["Hart Leeds", "Hart"]


def test_new_links_are_a_scope_of_their_own() -> None:
    table = voices(*NATURAL).assign(first_seen="2020-01-01", last_seen="2024-06-01")
    table.loc[:4, "first_seen"] = "2024-05-01"
    kinds = build_profile(table, SITE).kinds
    new_home = kinds[(kinds["scope"] == "new") & (kinds["kind"] == "home")]
    assert new_home["links"].item() == 5


RIVALS = [
    (
        f"r{n}.example",
        voices(("Name", 10 + n), ("other words", 20)).assign(
            target_url=[f"https://r{n}.example/"] * (10 + n)
            + [f"https://r{n}.example/a"] * 20
        ),
    )
    for n in range(3)
]


def test_competitors_side_by_side(tmp_path: Path) -> None:
    odd = voices(("Odd", 40)).assign(target_url="https://odd.example/")
    tiny = voices(("Tiny", 5)).assign(target_url="https://tiny.example/")
    rivals = [*RIVALS, ("odd.example", odd), ("tiny.example", tiny)]
    found = build_profile(voices(*NATURAL), SITE, competitors=rivals)
    table = found.rivals.set_index("site")
    assert table["place"].to_dict() == {
        SITE: "we",
        "r0.example": "cluster",
        "r1.example": "cluster",
        "r2.example": "cluster",
        "odd.example": "outlier",
        "tiny.example": "too little data",
    }
    assert table.loc["odd.example", "homepage_domains"] == 1
    assert table.loc["r0.example", "descriptive"] == pytest.approx(2 / 3, abs=0.01)
    told = found.findings[found.findings["check"] == "profile-competitors"]
    assert "above the 33-38 % of 3 competitors" in told["message"].item()
    write_profile(tmp_path, found)
    assert (tmp_path / "competitors.csv").exists()
    assert not (tmp_path / "lost_links.csv").exists()


def test_one_competitor_is_too_little() -> None:
    found = build_profile(voices(*NATURAL), SITE, competitors=RIVALS[:1])
    told = found.findings[found.findings["check"] == "profile-competitors"]
    assert "too little data" in told["message"].item()
    assert found.summary["competitors"]["cluster"] is None


def test_own_export_is_no_competitor() -> None:
    with pytest.raises(UsageError, match="about the site itself"):
        build_profile(voices(*NATURAL), SITE, competitors=[(SITE, voices(("Firm", 3)))])


def test_plan_that_merges_pages_raises_a_flag() -> None:
    """Each page has few links; their common target has too many exact ones."""
    table = pd.concat(
        [
            voices(*NATURAL),
            voices(("boiler repair", 13), path="/aa"),
            voices(("boiler repair", 13), path="/bb"),
        ],
        ignore_index=True,
    )
    plan = PLAN.fit(
        pd.DataFrame(
            {
                "old_url": [f"{SITE}/aa", f"{SITE}/bb"],
                "action": "redirect",
                "new_url": "https://new.test/repair",
            }
        )
    )
    found = build_profile(table, SITE, plan=plan, keywords=["boiler repair"])
    assert {row["check"] for row in found.summary["flags_after"]} == {
        "anchor-exact-page"
    }
    after = found.findings[found.findings["new_url"].notna()]
    assert after["new_url"].tolist() == ["https://new.test/repair"]
    assert after["message"].item().startswith("after the plan: ")
    causes = found.causes[found.causes["when"] == "after"]
    assert len(causes) == 26
    kinds = found.kinds.set_index(["scope", "kind"])
    assert kinds.loc[("after", "home"), "links"] == 34


def test_plan_that_loses_everything_is_told() -> None:
    plan = PLAN.fit(pd.DataFrame({"old_url": [f"{SITE}/"], "action": ["gone"]}))
    found = build_profile(voices(*NATURAL), SITE, plan=plan)
    assert found.summary["homepage"]["after"] is None
    assert "profile-lost-domains" in set(found.findings["check"])
    assert len(found.lost) == 34
