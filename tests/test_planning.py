"""What the planner decides, on small frames."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest

from redirectmap.planning.make import Made, PlanInputs, make_plan
from redirectmap.readers import ReadReport, Site
from redirectmap.tables import BACKLINKS, LEGACY, LINKS, PAGES, TRAFFIC

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
    assert "ahead of the next by 0.50" in rows["/a"]["reason"]
    assert rows["/b"]["action"] == "review"
    assert rows["/b"]["new_url"] == f"{NEW}/two"
    assert rows["/b"]["alternative_1"] == f"{NEW}/three"
    assert rows["/c"]["action"] == "gone"
    assert rows["/c"]["new_url"] is None
    assert pd.isna(rows["/c"]["confidence"])
    assert rows["/c"]["reason"].startswith("no equivalent likely (99%)")


def test_a_page_with_links_is_not_called_gone_without_a_person() -> None:
    linked = pd.DataFrame(
        {"source_url": ["https://x.test/"], "target_url": [f"{OLD}/c"]}
    )
    inputs = PlanInputs(
        site(f"{OLD}/c", f"{OLD}/d"),
        site(f"{NEW}/one"),
        scores(("/c", "/one", 0.05, 0.99), ("/d", "/one", 0.05, 0.99)),
        backlinks=BACKLINKS.fit(linked.assign(target_url=f"{OLD}/c")),
    )
    rows = rows_of(make_plan(inputs))
    assert rows["/d"]["action"] == "gone"
    assert (rows["/c"]["action"], rows["/c"]["new_url"]) == ("review", f"{NEW}/one")
    assert rows["/c"]["reason"].endswith("it has links or visits, so you decide")


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


def test_the_front_page_goes_to_the_front_page() -> None:
    inputs = PlanInputs(
        site(f"{OLD}/", f"{OLD}/?id=1", f"{OLD}/a"),
        site(f"{NEW}/", f"{NEW}/two"),
        scores(("/", "/two", 0.4, 0.5), ("/?id=1", "/two", 0.4, 0.5)),
    )
    rows = rows_of(make_plan(inputs))
    front = rows["/"]
    assert (front["action"], front["new_url"]) == ("redirect", f"{NEW}/")
    assert front["decided_by"] == "identical"
    assert front["reason"] == "the front page of both sites"
    assert rows["/?id=1"]["action"] == "review"
    assert rows["/a"]["action"] == "review"


def test_a_front_page_that_looks_gone_is_sent_all_the_same() -> None:
    inputs = PlanInputs(
        site(f"{OLD}/", f"{OLD}/a"),
        site(f"{NEW}/", f"{NEW}/two"),
        scores(("/", "/two", 0.05, 0.99), ("/a", "/two", 0.05, 0.99)),
    )
    rows = rows_of(make_plan(inputs))
    assert rows["/a"]["action"] == "gone"
    assert (rows["/"]["action"], rows["/"]["status"]) == ("redirect", 301)
    assert rows["/"]["new_url"] == f"{NEW}/"


def test_without_scores_the_front_page_is_sent_all_the_same() -> None:
    inputs = PlanInputs(site(f"{OLD}/"), site(f"{NEW}/"), pd.DataFrame())
    assert rows_of(make_plan(inputs))["/"]["new_url"] == f"{NEW}/"


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
