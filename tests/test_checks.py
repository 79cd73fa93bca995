"""Checks on small plans, and on the hostile redirect graphs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from click.testing import CliRunner

from redirectmap.checks import BUILTIN, PlanContext, run_checks
from redirectmap.checks.wildcard import leftovers
from redirectmap.cli import main
from redirectmap.errors import InputError
from redirectmap.planning.chains import flatten, following, walk
from redirectmap.planning.files import read_plan
from redirectmap.planning.spelling import PLACEHOLDER_ORIGIN
from redirectmap.tables import BACKLINKS, FINDINGS, LEGACY, PAGES, PLAN

SHARED = Path(__file__).parents[1] / "../shared"
GRAPHS = SHARED / "hostile/redirect_graphs.json"
OLD, NEW = "https://old.example", "https://new.example"
VERDICTS = {
    "chain": "chain",
    "self_loop": "self-redirect",
    "loop": "loop",
    "into_loop": "into-loop",
    "loop_with_live": "loop-with-live",
    "chain_with_live": "chain-with-live",
    "conflict": "duplicate-source",
    "dead_target": "target-not-200",
    "infinite_growth": "pattern-growth",
    "shadowed_by_pattern": "shadowed-by-pattern",
    "homepage_dump": "homepage-dump",
    "warn temporary hop": "temporary-hop",
    "warn noindex": "target-noindex",
    "warn offsite": "target-other-host",
    "ok unless live server": "self-redirect-spelling",
    "ok exact; LOOP": "self-redirect-spelling",
    "ok, two keys; warn same_params": "same-parameters",
}


def plan_of(rows: list[dict[str, Any]] | list[list[str]]) -> pd.DataFrame:
    if rows and isinstance(rows[0], list):
        rows = [{"old_url": row[0], "new_url": row[1]} for row in rows]
    table = pd.DataFrame(rows)
    for column, value in (("action", "redirect"), ("status", 301)):
        if column not in table:
            table[column] = value
    return PLAN.fit(table)


def found(context: PlanContext) -> set[tuple[str, str | None]]:
    table = run_checks(context)
    return {
        (check, old if isinstance(old, str) else None)
        for check, old in zip(table["check"], table["old_url"], strict=True)
    }


def graphs() -> list[dict[str, Any]]:
    return json.loads(GRAPHS.read_text()) if GRAPHS.exists() else []


def context_of(graph: dict[str, Any]) -> PlanContext:
    live = [[*rule, 301][:3] for rule in graph.get("live", [])]
    pages = [
        {"url": PLACEHOLDER_ORIGIN + url, "status": status}
        for url, status in graph.get("status", {}).items()
    ]
    if "noindex" in graph["name"]:
        pages = [{"url": f"{PLACEHOLDER_ORIGIN}/n", "status": 200, "robots": "noindex"}]
    return PlanContext(
        plan_of(graph["rules"]),
        live=LEGACY.fit(pd.DataFrame(live, columns=["source", "target", "status"]))
        if live
        else None,
        new_pages=PAGES.fit(pd.DataFrame(pages)) if pages else None,
    )


@pytest.mark.parametrize(
    "graph", [g for g in graphs() if "rules" in g], ids=lambda g: str(g["name"])
)
def test_hostile_graphs(graph: dict[str, Any]) -> None:
    said = found(context_of(graph))
    for url, verdict in graph["expect"].items():
        word = verdict if isinstance(verdict, str) else verdict[0]
        if word == "ok":
            bad = {check for check, old in said if old == url}
            assert not bad & {*VERDICTS.values()}
        elif word.startswith("mass_fan_in"):
            assert {"mass-fan-in", "category-dump"} & {check for check, _ in said}
        else:
            check = VERDICTS[max((v for v in VERDICTS if word.startswith(v)), key=len)]
            assert (check, None if url == "*" else url) in said


@pytest.mark.parametrize(
    "graph", [g for g in graphs() if "flattened" in g], ids=lambda g: str(g["name"])
)
def test_hostile_graphs_flatten(graph: dict[str, Any]) -> None:
    rules = [(rule[0], rule[1]) for rule in graph["rules"]]
    assert [list(pair) for pair in flatten(rules)] == graph["flattened"]


def test_a_chain_names_its_hops() -> None:
    table = run_checks(PlanContext(plan_of([["/a", "/b"], ["/b", "/c"]])))
    message = table.loc[table["check"].eq("chain"), "message"].iloc[0]
    assert message == "takes 2 hops: /a -> /b -> /c"


def test_a_long_tail_into_a_loop_is_walked_without_recursion() -> None:
    count = 100_000
    sources = [f"/{i}" for i in range(count + 3)]
    targets = [*sources[1:], f"/{count}"]
    walked = walk(following(sources, targets))
    assert walked.inside.sum() == 3
    assert (walked.loop >= 0).all()
    assert walked.hops[0] == count


@pytest.mark.parametrize("name", BUILTIN)
def test_promises(name: str) -> None:
    plan = plan_of([[f"{OLD}/a", f"{NEW}/b"], [f"{OLD}/c", f"{NEW}/b"]])
    before = plan.copy(deep=True)
    for finding in BUILTIN[name](PlanContext(plan)):
        assert finding.severity in {"error", "warning", "notice"}
        assert finding.message
        assert finding.hint
    pd.testing.assert_frame_equal(plan, before)
    assert list(BUILTIN[name](PlanContext(PLAN.empty()))) == []


def test_a_clean_plan_has_no_errors_or_warnings() -> None:
    plan = plan_of([[f"{OLD}/{n}", f"{NEW}/{n}"] for n in ("one", "two", "three")])
    table = run_checks(PlanContext(plan))
    assert table[table["severity"].ne("notice")].empty
    assert list(table.columns) == FINDINGS.names


@pytest.mark.parametrize(
    ("page", "check"),
    [
        ({"status": 404}, "target-not-200"),
        ({"status": 301, "final_url": f"{NEW}/z"}, "target-redirects"),
        ({"status": 200, "robots": "noindex,follow"}, "target-noindex"),
        ({"status": 200, "canonical": f"{NEW}/other"}, "target-canonical"),
        ({"status": 200, "title": "Page not found"}, "target-soft-404"),
        ({"status": 200, "lang": "de"}, "target-language"),
        ({"status": 200, "robots": "blocked by robots.txt"}, "target-robots"),
    ],
)
def test_what_stands_at_the_target(page: dict[str, Any], check: str) -> None:
    new = PAGES.fit(pd.DataFrame([{"url": f"{NEW}/b", **page}]))
    old = PAGES.fit(pd.DataFrame([{"url": f"{OLD}/a", "lang": "en"}]))
    plan = plan_of([[f"{OLD}/a", f"{NEW}/b"]])
    assert (check, f"{OLD}/a") in found(PlanContext(plan, old_pages=old, new_pages=new))


def test_a_source_that_lives_on_is_an_error() -> None:
    new = PAGES.fit(pd.DataFrame([{"url": f"{OLD}/a"}, {"url": f"{OLD}/b"}]))
    plan = plan_of([[f"{OLD}/a", f"{OLD}/b"]])
    assert ("source-live", f"{OLD}/a") in found(PlanContext(plan, new_pages=new))


def test_value_without_a_target() -> None:
    plan = plan_of(
        [
            {
                "old_url": f"{OLD}/a",
                "action": "gone",
                "status": 410,
                "priority": 0.6,
                "clicks": 6,
            },
            {"old_url": f"{OLD}/b", "action": "review", "priority": 0.4, "clicks": 4},
        ]
    )
    said = found(PlanContext(plan))
    assert ("high-value-gone", f"{OLD}/a") in said
    assert ("high-value-review", f"{OLD}/b") in said
    assert ("value-lost", None) in said


def links(home: int, deep: int) -> pd.DataFrame:
    targets = [f"{OLD}/"] * home + [f"{OLD}/deep"] * deep
    return BACKLINKS.fit(
        pd.DataFrame(
            {
                "source_domain": [f"d{i}.example" for i in range(len(targets))],
                "target_url": targets,
            }
        )
    )


def test_a_plan_that_bends_the_profile_is_named() -> None:
    plan = plan_of([[f"{OLD}/", f"{NEW}/"], [f"{OLD}/deep", f"{NEW}/"]])
    table = run_checks(PlanContext(plan, backlinks=links(15, 15)))
    rows = table[table["check"].eq("profile-ratio")]
    assert rows["severity"].tolist() == ["warning", "warning"]
    assert rows["message"].str.contains("50% before, 100% after").all()


def test_a_small_profile_is_not_judged() -> None:
    plan = plan_of([[f"{OLD}/", f"{NEW}/"], [f"{OLD}/deep", f"{NEW}/"]])
    said = {check for check, _ in found(PlanContext(plan, backlinks=links(5, 5)))}
    assert "profile-ratio" not in said


def test_a_linked_url_without_a_row_is_named() -> None:
    plan = plan_of([[f"{OLD}/", f"{NEW}/"]])
    said = found(PlanContext(plan, backlinks=links(1, 6)))
    assert ("high-value-missing", f"{OLD}/deep") in said


def test_leftovers_count_what_each_choice_would_catch() -> None:
    plan = plan_of([[f"{OLD}/blog/{i}", f"{NEW}/news/{i}"] for i in range(5)])
    logged = pd.Series({f"{OLD}/blog/x": 7.0, f"{OLD}/y/z": 2.0, f"{OLD}/blog/1": 9.0})
    table = leftovers(PlanContext(plan, logged=logged)).set_index("folder")
    assert table.loc["/blog/", "requests"] == 7
    assert table.loc["/blog/", "fallback"] == f"{NEW}/news/"
    assert table["fallback"].isna()["/y/"]
    said = run_checks(PlanContext(plan, logged=logged)).set_index("check")["message"]
    assert "9 logged requests of 2 URLs" in said["wildcard"]
    assert "410 says gone to all 9" in said["wildcard"]
    assert "per folder would catch 7 and leave 2" in said["wildcard"]
    assert "7 logged requests below /blog/" in said["wildcard-folder"]


SPREADSHEETS = {
    "ours": "old_url,action,status,new_url\n/a,redirect,301,/b\n/b,redirect,301,/c\n",
    "agency": "Old URL,New URL,Redirect Type\n/a,/b,301 (permanent)\n/b,/c,301\n",
    "excel": "\ufeffSource;Destination;Status code\n/a;/b;301\n/b;/c;301\n",
    "tabs": "From\tTo\n/a\t/b\n/b\t/c\n",
}


@pytest.mark.parametrize("name", SPREADSHEETS)
def test_any_spreadsheet_is_checked(name: str, tmp_path: Path) -> None:
    sheet = tmp_path / "sheet.csv"
    sheet.write_text(SPREADSHEETS[name], encoding="utf-8")
    result = CliRunner().invoke(main, ["check", str(sheet), "--json"])
    assert result.exit_code == 1
    assert json.loads(result.stdout)["by_check"]["chain"] == 1
    assert (
        CliRunner().invoke(main, ["check", str(sheet), "--fail-on", "never"]).exit_code
        == 0
    )


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "is empty"),
        ("a,b\n1,2\n", "column 'old_url' is missing"),
        ("https://a.example/,https://b.example/\n", "no header line"),
        ("old_url,new_url\n/a,/b,/c\n", "cells where the header has"),
        ("old_url,action\n/a,maybe\n", "action 'maybe' is not known"),
    ],
)
def test_a_file_that_is_no_plan_is_refused(
    text: str, said: str, tmp_path: Path
) -> None:
    sheet = tmp_path / "sheet.csv"
    sheet.write_text(text)
    result = CliRunner().invoke(main, ["check", str(sheet)])
    assert result.exit_code == 3
    assert said in result.stderr


def test_languages_that_part_ways() -> None:
    plan = plan_of(
        [
            {
                "old_url": f"{OLD}/en/a",
                "new_url": f"{NEW}/a",
                "action": "redirect",
                "status": 301,
            },
            {"old_url": f"{OLD}/de/a", "action": "gone", "status": 410},
            {"old_url": f"{OLD}/en/a?x=1", "action": "gone", "status": 410},
        ]
    )
    torn = {old for check, old in found(PlanContext(plan)) if check == "hreflang-torn"}
    assert torn == {f"{OLD}/de/a"}


def test_a_sheet_without_targets_is_no_plan(tmp_path: Path) -> None:
    path = tmp_path / "sheet.csv"
    path.write_text("Old URL,Foo\nhttp://a.example/,x\n", encoding="utf-8")
    with pytest.raises(InputError, match="'new_url' is missing"):
        read_plan(path)
