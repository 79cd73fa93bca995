"""What the planner decides, on small frames."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from hypothesis import given, strategies as st

from redirectmap.planning.chains import following, walk
from redirectmap.planning.decide import within_budget
from redirectmap.planning.legacy import legacy_ends
from redirectmap.planning.make import Made, PlanInputs, make_plan
from redirectmap.planning.rules import induce, rules_table
from redirectmap.planning.spelling import folded, keys_of
from redirectmap.planning.summary import screen, summarise
from redirectmap.planning.universe import without_tracking
from redirectmap.readers import ReadReport, Site
from redirectmap.tables import BACKLINKS, FINDINGS, LEGACY, LINKS, PAGES, PLAN, TRAFFIC
from redirectmap.urls import Url, parse

OLD, NEW = "https://old.example", "https://new.example"


def site(*urls: str, **columns: list[Any]) -> Site:
    pages = PAGES.fit(pd.DataFrame({"url": list(urls), **columns}))
    report = ReadReport("test", "test", len(urls), len(urls), ())
    return Site(pages, LINKS.empty(), LEGACY.empty(), report)


def scores(*rows: tuple[str, str, float, float]) -> pd.DataFrame:
    """Rows of old path, new path, probability, no_equivalent; best first."""
    table = pd.DataFrame(
        [
            {
                "old_url": OLD + old,
                "new_url": NEW + new,
                "title": sure,
                "probability": sure,
                "margin": 0.5,
                "assigned": False,
                "no_equivalent": none,
            }
            for old, new, sure, none in rows
        ]
    )
    table["rank"] = table.groupby("old_url").cumcount() + 1
    table["assigned"] = table["rank"].eq(1)
    return table


def legacy(*rules: tuple[str, str]) -> pd.DataFrame:
    return LEGACY.fit(
        pd.DataFrame(
            [
                {"source": OLD + a, "target": OLD + b, "status": 301, "origin": "f:1"}
                for a, b in rules
            ]
        )
    )


def rows_of(made: Made) -> dict[str, Any]:
    table = made.plan.astype(object).where(made.plan.notna(), None)
    return {row["old_url"].removeprefix(OLD): row for row in table.to_dict("records")}


def test_sure_rows_are_redirected_and_unsure_ones_reviewed() -> None:
    given_scores = scores(
        ("/a", "/one", 0.999, 0.0),
        ("/b", "/two", 0.6, 0.1),
        ("/b", "/three", 0.2, 0.1),
        ("/c", "/one", 0.05, 0.99),
    )
    inputs = PlanInputs(
        site(f"{OLD}/a", f"{OLD}/b", f"{OLD}/c"),
        site(f"{NEW}/one", f"{NEW}/two"),
        given_scores,
    )
    rows = rows_of(make_plan(inputs))
    assert rows["/a"]["action"] == "redirect"
    assert rows["/a"]["status"] == 301
    assert rows["/a"]["reason"] == "title 1.00"
    assert rows["/b"]["action"] == "review"
    assert rows["/b"]["new_url"] == f"{NEW}/two"
    assert rows["/b"]["alternative_1"] == f"{NEW}/three"
    assert rows["/c"]["action"] == "gone"
    assert rows["/c"]["new_url"] is None


def test_the_same_url_is_kept() -> None:
    inputs = PlanInputs(site(f"{OLD}/a"), site(f"{OLD}/a"), pd.DataFrame())
    row = rows_of(make_plan(inputs))["/a"]
    assert (row["action"], row["status"], row["new_url"]) == ("keep", 200, f"{OLD}/a")
    assert row["decided_by"] == "identical"


def test_the_front_page_is_never_a_default_target() -> None:
    inputs = PlanInputs(
        site(f"{OLD}/a", f"{OLD}/"),
        site(f"{NEW}/"),
        scores(("/a", "/", 0.999, 0.0), ("/", "/", 0.999, 0.0)),
    )
    rows = rows_of(make_plan(inputs))
    assert rows["/a"]["action"] == "review"
    assert rows["/"]["action"] == "redirect"


def test_merged_rows_say_so() -> None:
    inputs = PlanInputs(
        site(f"{OLD}/a", f"{OLD}/b"),
        site(f"{NEW}/x"),
        scores(("/a", "/x", 0.999, 0.0), ("/b", "/x", 0.998, 0.0)),
    )
    rows = rows_of(make_plan(inputs))
    assert all("merged: 2 old URLs" in row["reason"] for row in rows.values())


def test_old_redirects_take_one_hop_and_loops_are_cut() -> None:
    inputs = PlanInputs(
        site(f"{OLD}/a"),
        site(f"{NEW}/one"),
        scores(("/a", "/one", 0.999, 0.0), ("/l", "/one", 0.3, 0.2)),
        legacy=legacy(("/x", "/y"), ("/y", "/a"), ("/l", "/m"), ("/m", "/l")),
    )
    rows = rows_of(make_plan(inputs))
    assert rows["/x"]["new_url"] == f"{NEW}/one"
    assert rows["/x"]["decided_by"] == "legacy"
    assert "2 hops" in rows["/x"]["reason"]
    assert rows["/l"]["action"] == "review"
    assert "in a loop" in rows["/l"]["reason"]


def test_every_source_of_urls_makes_rows() -> None:
    links = BACKLINKS.fit(
        pd.DataFrame(
            {
                "source_domain": ["d.example"] * 3,
                "target_url": [
                    f"{OLD}/linked",
                    f"{OLD}/a?utm_source=x",
                    "https://other.example/",
                ],
            }
        )
    )
    visits = TRAFFIC.fit(pd.DataFrame({"url": [f"{OLD}/dead"], "clicks": [3]}))
    inputs = PlanInputs(
        site(f"{OLD}/a", f"{OLD}/dead", f"{OLD}/dead-too", status=[200, 404, 404]),
        site(f"{NEW}/one"),
        pd.DataFrame(),
        backlinks=links,
        traffic=visits,
        extra_urls=(f"{OLD}/logged", f"{OLD}/dead-too"),
    )
    rows = rows_of(make_plan(inputs))
    assert set(rows) == {"/a", "/linked", "/dead", "/logged"}
    assert rows["/a"]["referring_domains"] == 1
    assert sum(row["priority"] for row in rows.values()) == pytest.approx(1)


def test_a_replan_keeps_what_people_wrote() -> None:
    inputs = PlanInputs(
        site(f"{OLD}/a"), site(f"{NEW}/one"), scores(("/a", "/one", 0.999, 0.0))
    )
    first = make_plan(inputs)
    theirs = first.plan.copy()
    theirs.loc[0, ["action", "note"]] = ["gone", "sold off"]
    again = PlanInputs(
        inputs.old,
        inputs.new,
        inputs.scores,
        generated=first.generated,
        previous=theirs,
    )
    row = rows_of(make_plan(again))["/a"]
    assert (row["action"], row["status"], row["note"]) == ("gone", 410, "sold off")
    assert row["new_url"] is None
    assert row["decided_by"] == "override"


@given(st.lists(st.floats(0, 1), max_size=60), st.sampled_from([0.0, 0.01, 0.1]))
def test_the_budget_is_never_exceeded(chances: list[float], allowed: float) -> None:
    chance = pd.Series(chances, dtype=float)
    taken = within_budget(chance, allowed, floor=0.5)
    assert (1 - chance[taken]).mean() <= allowed + 1e-9 or not taken.any()


@given(st.dictionaries(st.integers(0, 30), st.integers(0, 30), min_size=1, max_size=31))
def test_walks_agree_with_following_by_hand(rules: dict[int, int]) -> None:
    names = {a: f"{OLD}/{a}" for a in range(31)}
    table = legacy(*((f"/{a}", f"/{b}") for a, b in rules.items()))
    ends = legacy_ends(table)
    links = following(list(map(str, rules)), list(map(str, rules.values())))
    walked = walk(links)
    for row, start in enumerate(rules):
        seen, node = {start}, rules[start]
        while node in rules and node not in seen:
            seen.add(node)
            node = rules[node]
        assert (node in seen) == (walked.loop[row] >= 0)
        if rules[start] != start and node not in seen:
            assert ends.loc[names[start], "end"] == names[node]


@given(st.text("aZ/.%2é?&=#-:@ö", max_size=12))
def test_fast_keys_are_the_gates_keys(tail: str) -> None:
    text = f"http://www.example.com/{tail}"
    found = parse(text)
    want = found.key if isinstance(found, Url) else None
    assert keys_of(pd.Series([text])).iloc[0] == want


def test_folded_spellings() -> None:
    spelled = [
        "http://WWW.x.example/A/",
        "https://x.example/a",
        "https://x.example/%41",
    ]
    assert folded(keys_of(pd.Series(spelled))).drop_duplicates().size == 1


@pytest.mark.parametrize(
    ("url", "clean"),
    [
        ("https://a.example/p?utm_source=x&id=1", "https://a.example/p?id=1"),
        ("https://a.example/p?gclid=1", "https://a.example/p"),
        ("https://a.example/p?id=1", "https://a.example/p?id=1"),
    ],
)
def test_tracking_parameters(url: str, clean: str) -> None:
    assert without_tracking(url) == clean


def blog(count: int = 40) -> pd.DataFrame:
    return PLAN.fit(
        pd.DataFrame(
            {
                "old_url": [
                    f"{OLD}/blog/20{i % 9:02}/{i % 12 + 1:02}/slug-number-{i}.html"
                    for i in range(count)
                ],
                "new_url": [f"{NEW}/articles/slug-number-{i}" for i in range(count)],
                "action": "redirect",
                "status": 301,
            }
        )
    )


def test_a_blog_becomes_one_rule() -> None:
    found = induce(blog())
    assert len(found.rules) == 1
    assert found.wrong == 0
    assert found.ratio == 40
    pattern = rules_table(found)["pattern"].iloc[0]
    assert re.match(pattern, "/blog/2011/04/new-post.html")
    for near in (
        "/blog/2011/04/a/b.html",
        "/blogs/2011/04/a.html",
        "/blog/2011/a.html",
    ):
        assert not re.match(pattern, near)


def test_an_exception_stays_an_exact_row() -> None:
    plan = blog()
    plan.loc[3, "new_url"] = f"{NEW}/about"
    found = induce(plan)
    assert found.wrong == 0
    assert found.rules[0].exceptions == (plan["old_url"][3],)
    assert found.lines_after == 2


def test_a_rule_never_fires_on_a_live_page() -> None:
    live = {f"{OLD}/blog/2020/01/still-here.html"}
    rules = induce(blog(), live=live).rules
    assert not any(r.shape.regex.match("/blog/2020/01/still-here.html") for r in rules)


def test_a_rule_never_answers_a_url_in_review() -> None:
    plan = blog()
    plan.loc[3, "action"] = "review"
    path = plan["old_url"][3].removeprefix(OLD)
    found = induce(plan)
    assert found.wrong == 0
    assert not any(rule.shape.regex.match(path) for rule in found.rules)


def test_the_summary_adds_up() -> None:
    plan = blog(4)
    plan["priority"] = [0.4, 0.3, 0.2, 0.1]
    plan["confidence"] = [1.0, 0.5, 1.0, 1.0]
    plan["action"] = ["redirect", "redirect", "gone", "review"]
    summary = summarise(plan, FINDINGS.empty())
    assert summary["value_kept"] == pytest.approx(0.55)
    assert summary["value_at_risk"] == pytest.approx(0.25)
    assert summary["value_lost"] == pytest.approx(0.2)
    assert "value kept 55.0%, at risk 25.0%, lost 20.0%" in screen(summary)


MAPS = Path(__file__).parents[1] / "../shared/bench/ukgov_maps_public.csv.gz"


@pytest.mark.skipif(not MAPS.exists(), reason="the public maps are not here")
def test_a_real_department_shrinks_five_times_without_a_change() -> None:
    table = pd.read_csv(MAPS, dtype=str, keep_default_na=False)
    rows = table[table["dept"].eq("homeoffice_crb")].copy()
    rows["action"] = rows["status"].map({"301": "redirect", "410": "gone"})
    found = induce(PLAN.fit(rows.reset_index(drop=True)))
    assert found.wrong == 0
    assert found.ratio >= 5
