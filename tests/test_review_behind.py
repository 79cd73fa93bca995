"""What follows a decision: learning, search, findings."""

from __future__ import annotations

import time
from pathlib import Path

import pandas as pd
import pytest

from redirectmap.planning.decisions import Decision
from redirectmap.planning.files import read_plan
from redirectmap.planning.rules import induce
from redirectmap.planning.rules_file import COLUMNS, RULES_FILE, rules_table
from redirectmap.tables.files import read_csv_table, write_csv
from redirectmap.tables.schemas import FINDINGS
from redirectmap.web.desk import Desk
from redirectmap.web.filters import Filter, matching
from redirectmap.web.saving import own_plan, plan_of
from tests.review_site import (
    NEW,
    OLD,
    decide,
    make_folder,
    reviewing,
)


def test_deciding_rows_settles_their_siblings(tmp_path: Path) -> None:
    folder = make_folder(tmp_path / "p")
    with reviewing(folder) as running:
        running.wait_until()
        for n in (1, 4, 7, 10, 13):
            target = f"{NEW}/articles/page-{n}"
            decide(running, f"{OLD}/blog/page-{n}.html", "choose", target=target)
        url = f"{OLD}/blog/page-16.html"
        row = running.call("row", url=url)["row"]
        for _ in range(200):
            running.wait_until()
            row = running.call("row", url=url)["row"]
            if row["changed"] == "another page":
                break
            time.sleep(0.1)
        assert row["new_url"] == f"{NEW}/articles/page-16"
        assert row["changed"] == "another page"
        assert "its folder moved there" in row["reason"]
        first = running.call("row", url=url)["candidates"][0]
        assert first["url"] == row["new_url"]
        assert first["probability"] == pytest.approx(row["confidence"])
        assert running.call("status")["learned"]


def test_search_finds_by_words_and_by_meaning(tmp_path: Path) -> None:
    with reviewing(make_folder(tmp_path / "p")) as running:
        running.wait_until()
        by_word = running.call("find", query="articles page-17")["found"]
        by_meaning = running.call("find", query="how expensive is mending it")["found"]
    assert by_word[0]["url"] == f"{NEW}/articles/page-17"
    assert by_meaning[0]["url"] == f"{NEW}/prices"
    assert "meaning" in by_meaning[0]["how"]


def test_findings_follow_the_decisions(tmp_path: Path) -> None:
    folder = make_folder(tmp_path / "p")
    url = f"{OLD}/blog/page-0.html"
    with reviewing(folder) as running:
        running.wait_until()
        decide(running, url, "choose", target=f"{NEW}/not-there")
        found: list[dict[str, str]] = []
        for _ in range(200):
            running.wait_until()
            found = running.call("row", url=url)["row"]["findings"]
            if found:
                break
            time.sleep(0.1)
        assert any(f["check"].startswith("target") for f in found)


def test_findings_that_need_other_inputs_stay(tmp_path: Path) -> None:
    folder = make_folder(tmp_path / "p")
    path = folder / "findings.csv"
    row = pd.DataFrame(
        {
            "severity": ["warning"],
            "check": ["profile-ratio"],
            "message": ["most backlinks would end on the front page"],
            "hint": ["send them to inner pages"],
        }
    )
    write_csv(path, FINDINGS.fit(row))
    with reviewing(folder) as running:
        running.wait_until()
        decide(running, f"{OLD}/blog/page-0.html", "choose", target=f"{NEW}/not-there")
        for _ in range(200):
            if "target" in path.read_text(encoding="utf-8"):
                break
            time.sleep(0.1)
    found = read_csv_table(path, FINDINGS)["check"].tolist()
    assert "profile-ratio" in found
    assert any(check.startswith("target") for check in found)


def test_the_fast_way_reads_what_the_careful_one_does(tmp_path: Path) -> None:
    path = make_folder(tmp_path / "p") / "plan.csv"
    fast = own_plan(path)
    assert fast is not None
    pd.testing.assert_frame_equal(fast, read_plan(path))
    path.write_text("old_url,new_url\n/a,/b\n", encoding="utf-8")
    assert own_plan(path) is None


def test_pattern_rules_follow_the_decisions(tmp_path: Path) -> None:
    folder = make_folder(tmp_path / "p")
    plan = read_plan(folder / "plan.csv")
    numbers = range(len(plan))
    plan = plan.assign(action="redirect", status=301)
    plan["new_url"] = [f"{NEW}/articles/page-{n}" for n in numbers]
    write_csv(folder / "plan.csv", plan)
    cells = {"kind": "leftover", "host": "old.example", "pattern": "^/old/.*$"}
    leftover = pd.DataFrame([dict.fromkeys(COLUMNS, "") | cells])
    table = rules_table(induce(plan))
    assert table["rows"].tolist() == [30]
    write_csv(folder / RULES_FILE, pd.concat([table, leftover]))
    asked = {"kind": "gone", "filter": {"pattern": "/blog/page-1*", "state": "all"}}
    with reviewing(folder) as running:
        running.wait_until()
        stamp = running.call("bulk", **asked)["stamp"]
        running.call("bulk", **asked, apply=stamp)
        running.stop()
    rules = pd.read_csv(folder / RULES_FILE, dtype=str, keep_default_na=False)
    rows = rules.loc[rules["kind"] == "pattern", "rows"].tolist()
    assert sum(map(int, rows)) <= 19
    assert rules["kind"].tolist()[-1] == "leftover"


def wanted(desk: Desk, **asked: str) -> list[str]:
    return [desk.urls[row] for row in matching(desk, Filter(**asked))]


def test_a_gone_row_is_as_sure_as_it_must_be_to_be_gone(tmp_path: Path) -> None:
    plan = plan_of(make_folder(tmp_path / "p", 3) / "plan.csv")
    plan.loc[0, ["action", "new_url", "confidence"]] = ["gone", None, None]
    plan.loc[1, "confidence"] = None
    desk = Desk(plan, {})
    assert desk.sure[:2].tolist() == [0.8, 0.0]
    desk.decisions = {desk.urls[0]: Decision("gone")}
    desk.show(desk.urls[0])
    assert desk.sure[0] == 1.0


def test_words_and_patterns_find_rows(tmp_path: Path) -> None:
    plan = plan_of(make_folder(tmp_path / "p", 12) / "plan.csv")
    desk = Desk(plan, {})
    every = [f"{OLD}/blog/page-{n}.html" for n in range(12)]
    assert set(wanted(desk)) == set(every)
    assert wanted(desk, pattern="PAGE-7 number") == [every[7]]
    assert set(wanted(desk, pattern="/blog/*1.html")) == {every[1], every[11]}
    assert wanted(desk, pattern="/articles/*") == wanted(desk, pattern="articles")
    assert wanted(desk, pattern="nowhere") == wanted(desk, pattern="/nowhere/*") == []
    assert wanted(desk, order="url") == sorted(every)
    desk.decisions = {every[7]: Decision("redirect", f"{NEW}/elsewhere", locked=True)}
    desk.show(every[7])
    assert wanted(desk, pattern="elsewhere", state="decided") == [every[7]]
    assert every[7] not in wanted(desk)
