"""The review page's server: what is decided is kept."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from redirectmap.planning.decisions import Decision, Decisions
from redirectmap.planning.files import read_generated, read_plan
from redirectmap.planning.merge import carry_over
from tests.review_site import (
    NEW,
    OLD,
    Server,
    decide,
    make_folder,
    reviewing,
    saved,
)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with reviewing(make_folder(tmp_path_factory.mktemp("review"))) as running:
        running.call("status")
        yield running


@pytest.mark.parametrize(
    "body",
    [
        {"url": f"{OLD}/unknown", "kind": "accept"},
        {"url": "row", "kind": "accept", "more": 1},
        {"url": "row", "kind": "maybe"},
        {"url": "row", "kind": "choose", "target": "javascript:alert(1)"},
        {"url": "row", "kind": "choose", "target": "https://a:b@new.example/"},
        {"kind": "accept"},
    ],
)
def test_what_is_no_decision_is_refused(server: Server, body: dict[str, Any]) -> None:
    row = server.first()
    if body.get("url") == "row":
        body = {**body, "url": row["row"]["old_url"], "seen": row["seen"]}
    assert server.post("decide", body).status_code == 422
    assert not (server.folder / "overrides.csv").exists()


def test_rows_come_by_value_at_risk(tmp_path: Path) -> None:
    with reviewing(make_folder(tmp_path / "p")) as running:
        answer = running.call("rows", limit=10)
        values = [row["value"] for row in answer["rows"]]
        assert values == sorted(values, reverse=True)
        assert answer["total"] == 30
        progress = answer["status"]["progress"]
        assert progress["rows"] == 30
        assert 0 < progress["decisions_left"] <= 30


def test_every_kind_of_decision(tmp_path: Path) -> None:
    folder = make_folder(tmp_path / "p")
    url = [f"{OLD}/blog/page-{n}.html" for n in range(30)]
    with reviewing(folder) as running:
        decide(running, url[0], "accept")
        decide(running, url[1], "choose", target=f"{NEW}/articles/page-1")
        decide(running, url[2], "gone")
        decide(running, url[3], "merge", target=f"{NEW}/prices")
        decide(running, url[4], "keep")
        decide(running, url[5], "lock")
        decide(running, url[6], "note", note='a "note", twice')
        decide(running, url[7], "choose", target="/articles/page-7")
        decide(running, url[9], "accept")
        rows = saved(folder)
        history = running.call("row", url=url[1])["history"]
        progress = running.call("status")["progress"]
        assert running.stop() == 130
    assert (rows[url[0]]["action"], rows[url[0]]["new_url"]) == (
        "redirect",
        f"{NEW}/articles/page-0",
    )
    assert rows[url[1]]["new_url"] == f"{NEW}/articles/page-1"
    assert (rows[url[2]]["action"], rows[url[2]]["new_url"]) == ("gone", "")
    assert (rows[url[3]]["decision"], rows[url[3]]["action"]) == ("merge", "redirect")
    assert (rows[url[4]]["action"], rows[url[4]]["new_url"]) == ("keep", url[4])
    assert rows[url[5]]["locked"] == "true"
    assert (rows[url[6]]["action"], rows[url[6]]["note"]) == ("", 'a "note", twice')
    assert rows[url[7]]["new_url"] == f"{NEW}/articles/page-7"
    assert rows[url[9]]["action"] == "gone"
    assert {row["by"] for row in rows.values()} == {"ana"}
    assert history[0]["by"] == "ana"
    assert progress["decided"] == 7
    plan = read_plan(folder / "plan.csv").set_index("old_url")
    assert plan.loc[url[2], "action"] == "gone"
    assert plan.loc[url[2], "status"] == 410
    assert plan.loc[url[6], "note"] == 'a "note", twice'
    assert "merged" in str(plan.loc[url[3], "reason"])


def test_undo_gives_back_what_was(tmp_path: Path) -> None:
    folder = make_folder(tmp_path / "p")
    url = f"{OLD}/blog/page-0.html"
    with reviewing(folder) as running:
        before = running.call("row", url=url)["row"]
        decide(running, url, "gone")
        number = decide(running, url, "keep")["event"]["number"]
        running.call("undo")
        assert saved(folder)[url]["action"] == "gone"
        assert running.post("undo", {"number": number}).status_code == 422
        running.call("undo")
        assert saved(folder) == {}
        after = running.call("row", url=url)["row"]
        assert after["action"] == before["action"]
        assert after["new_url"] == before["new_url"]
        assert running.post("undo", {}).status_code == 422
        what = [event["what"] for event in running.call("history")["events"]]
    assert what == ["undo 1: gone", "undo 2: keep", "keep", "gone"]


def test_two_tabs_do_not_overwrite_each_other(tmp_path: Path) -> None:
    url = f"{OLD}/blog/page-0.html"
    with reviewing(make_folder(tmp_path / "p")) as running:
        seen = running.call("row", url=url)["seen"]
        first = {"url": url, "kind": "accept", "seen": seen}
        running.call("decide", **first)
        answer = running.post("decide", {**first, "kind": "gone"})
        assert answer.status_code == 409
        assert "ana" in answer.json()["error"]
        assert decide(running, url, "gone")["row"]["action"] == "gone"


def test_another_programs_decisions_are_taken_in(tmp_path: Path) -> None:
    folder = make_folder(tmp_path / "p")
    one, two = (f"{OLD}/blog/page-{n}.html" for n in (0, 1))
    with reviewing(folder) as running:
        running.wait_until()
        made = Decision("gone", None, None, True, "gone", "ben")
        Decisions(folder).record({one: made}, by="ben", what="gone")
        decide(running, two, "gone")
        assert running.call("row", url=one)["row"]["by"] == "ben"
        assert set(saved(folder)) == {one, two}


def test_bulk_shows_what_it_does_before_it_does(tmp_path: Path) -> None:
    folder = make_folder(tmp_path / "p")
    asked = {
        "kind": "move",
        "filter": {"pattern": "/blog/page-1*.html"},
        "target": "/articles/page-1*",
    }
    with reviewing(folder) as running:
        running.wait_until()
        shown = running.call("bulk", **asked)
        assert shown["count"] == 11
        assert not (folder / "overrides.csv").exists()
        other = {"pattern": "/blog/page-2*.html"}
        elsewhere = running.call("bulk", **{**asked, "filter": other})
        assert elsewhere["count"] == shown["count"]
        stale = {**asked, "apply": elsewhere["stamp"]}
        assert running.post("bulk", stale).status_code == 409
        number = running.call("bulk", **asked, apply=shown["stamp"])["event"]["number"]
        rows = saved(folder)
        assert rows[f"{OLD}/blog/page-13.html"]["new_url"] == f"{NEW}/articles/page-13"
        away = running.call("bulk", **{**asked, "target": "/nowhere/*"})
        assert (away["count"], away["left_count"]) == (0, 0)
        running.call("undo", number=number)
        assert saved(folder) == {}
        away = running.call("bulk", **{**asked, "target": "/nowhere/*"})
        assert (away["count"], away["left_count"]) == (0, 11)


@pytest.mark.parametrize("count", [12, pytest.param(200, marks=pytest.mark.soak)])
def test_no_decision_is_lost_by_a_kill(tmp_path: Path, count: int) -> None:
    folder = make_folder(tmp_path / "p", 220)
    draw = random.Random(1)
    wanted: dict[str, str] = {}
    for number in range(count):
        with reviewing(folder) as running:
            row = running.first()
            url = row["row"]["old_url"]
            kind = draw.choice(["accept", "gone", "keep", "merge", "choose"])
            target = f"{NEW}/prices" if kind in {"merge", "choose"} else None
            running.call("decide", url=url, kind=kind, seen=row["seen"], target=target)
            running.kill()
        wanted[url] = kind
        rows = saved(folder)
        assert {u: r["decision"] for u, r in rows.items()} == wanted, number
    store = Decisions(folder)
    assert len(store.history) == count
    assert [event.by for event in store.history] == ["ana"] * count


def test_decisions_survive_a_replan(tmp_path: Path) -> None:
    folder = make_folder(tmp_path / "p")
    url = [f"{OLD}/blog/page-{n}.html" for n in range(3)]
    with reviewing(folder) as running:
        decide(running, url[0], "gone")
        decide(running, url[1], "note", note="ask the client")
        running.stop()
    fresh = read_plan(folder / "plan.csv")
    fresh["note"] = None
    fresh.loc[fresh["old_url"] == url[0], ["action", "new_url"]] = ["redirect", NEW]
    previous = read_plan(folder / "plan.csv")
    merged = carry_over(fresh, read_generated(folder), previous).plan
    from redirectmap.planning.merge import apply_overrides

    table, _ = apply_overrides(merged, Decisions(folder).table())
    rows = table.set_index("old_url")
    assert rows.loc[url[0], "action"] == "gone"
    assert rows.loc[url[1], "note"] == "ask the client"
    assert rows.loc[url[1], "action"] == "review"
