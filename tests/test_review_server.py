"""The review page's server: what is decided is kept, who may ask is checked."""

from __future__ import annotations

import csv
import http.client
import random
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pandas as pd
import pytest

from redirectmap.planning.decisions import Decision, Decisions
from redirectmap.planning.files import read_generated, read_plan
from redirectmap.planning.merge import carry_over
from redirectmap.tables.files import read_csv_table, write_csv
from redirectmap.tables.schemas import FINDINGS
from redirectmap.web.work import own_plan
from tests.review_site import NEW, OLD, Server, make_folder, port_of, reviewing


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with reviewing(make_folder(tmp_path_factory.mktemp("review"))) as running:
        running.call("status")
        yield running


def saved(folder: Path) -> dict[str, dict[str, str]]:
    with (folder / "overrides.csv").open(newline="", encoding="utf-8") as lines:
        return {row["old_url"]: row for row in csv.DictReader(lines)}


def raw(server: Server, request: bytes) -> int:
    """Send bytes as they are; return the status."""
    with socket.create_connection(("127.0.0.1", port_of(server)), 10) as line:
        line.sendall(request)
        answer = http.client.HTTPResponse(line)
        answer.begin()
        return answer.status


def headers_of(server: Server, **more: str | None) -> dict[str, str]:
    base: dict[str, str | None] = {
        "host": server.origin.removeprefix("http://"),
        "origin": server.origin,
        "x-redirectmap-token": server.token,
        "content-type": "application/json",
    }
    changed = base | {name.replace("_", "-"): value for name, value in more.items()}
    return {name: value for name, value in changed.items() if value is not None}


CROSS: list[tuple[str, str, dict[str, str | None]]] = [
    ("POST", "/api/rows", {"origin": "https://evil.example"}),
    ("POST", "/api/rows", {"origin": "null"}),
    ("POST", "/api/rows", {"origin": None}),
    ("POST", "/api/rows", {"origin": "http://127.0.0.1"}),
    ("POST", "/api/rows", {"origin": "http://127.0.0.1:1"}),
    ("POST", "/api/rows", {"origin": "https://127.0.0.1:PORT"}),
    ("POST", "/api/rows", {"origin": "http://127.0.0.1:PORT.evil.example"}),
    ("POST", "/api/rows", {"origin": "http://evil.example:PORT"}),
    ("POST", "/api/rows", {"host": "evil.example"}),
    ("POST", "/api/rows", {"host": "evil.example:PORT"}),
    ("POST", "/api/rows", {"host": "127.0.0.1.nip.io:PORT"}),
    ("POST", "/api/rows", {"host": "127.0.0.1"}),
    ("POST", "/api/rows", {"host": "0.0.0.0:PORT"}),
    ("GET", "/", {"host": "rebound.example:PORT", "origin": None}),
    ("GET", "/review.js", {"host": "rebound.example:PORT", "origin": None}),
    ("POST", "/api/rows", {"x_redirectmap_token": None}),
    ("POST", "/api/rows", {"x_redirectmap_token": "guess"}),
    ("POST", "/api/rows", {"x_redirectmap_token": ""}),
    ("POST", "/api/decide", {"sec_fetch_site": "cross-site"}),
    ("POST", "/api/decide", {"sec_fetch_site": "same-site"}),
    ("POST", "/api/session", {"origin": "https://evil.example"}),
    ("GET", "/api/rows", {"x_redirectmap_token": None}),
    ("GET", "/", {"origin": "https://evil.example"}),
    ("OPTIONS", "/api/rows", {"origin": "https://evil.example"}),
]


@pytest.mark.parametrize(("method", "path", "more"), CROSS)
def test_other_sites_and_rebound_names_are_refused(
    server: Server, method: str, path: str, more: dict[str, str | None]
) -> None:
    port = str(port_of(server))
    changed = {k: v and v.replace("PORT", port) for k, v in more.items()}
    answer = httpx.request(
        method,
        server.origin + path,
        headers=headers_of(server, **changed),
        content="{}",
    )
    assert answer.status_code == 403
    assert "access-control-allow-origin" not in answer.headers
    assert OLD not in answer.text


def test_a_form_of_another_site_changes_nothing(server: Server) -> None:
    for kind in ("text/plain", "application/x-www-form-urlencoded"):
        headers = headers_of(server, content_type=kind)
        answer = httpx.post(
            f"{server.origin}/api/decide", headers=headers, content="{}"
        )
        assert answer.status_code == 415


TRAVERSALS = [
    "/../plan.csv",
    "/../../etc/passwd",
    "/%2e%2e/plan.csv",
    "/%2e%2e%2fplan.csv",
    "/..%2fplan.csv",
    "/..%5cplan.csv",
    "/..\\plan.csv",
    "/.%2e/plan.csv",
    "/%252e%252e/plan.csv",
    "/%c0%ae%c0%ae/plan.csv",
    "/....//plan.csv",
    "/./../plan.csv",
    "/static/../../plan.csv",
    "/static/../work.py",
    "/review.js/../../work.py",
    "/review.js%00.csv",
    "/review.js/",
    "//etc/passwd",
    "/etc/passwd",
    "/plan.csv",
    "/overrides.csv",
    "/history.jsonl",
    "/.generated.csv",
    "/scores.parquet",
    "/file:///etc/passwd",
    "/C:/Windows/win.ini",
    "/api/../plan.csv",
    "/api/%2e%2e/plan.csv",
    "/api/",
    "/review.js?../../plan.csv"[:-16] + "x",
    "/;/../plan.csv",
    "../../etc/passwd",
]


@pytest.mark.parametrize("path", TRAVERSALS)
def test_nothing_on_disk_can_be_asked_for(server: Server, path: str) -> None:
    host = server.origin.removeprefix("http://")
    request = f"GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n"
    assert raw(server, request.encode()) == 404


def test_the_page_comes_with_a_strict_policy(server: Server) -> None:
    for path in ("/", "/review.js", "/nothing"):
        headers = httpx.get(server.origin + path).headers
        policy = headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["x-frame-options"] == "DENY"
        assert headers["cache-control"] == "no-store"


def test_a_key_opens_one_tab_only(server: Server) -> None:
    once = server.call("invite")["once"]
    assert server.call("session", once=once)["token"] == server.token
    assert server.call("session", once=once)["token"] is None
    assert server.call("session", once=server.once)["token"] is None


def test_long_bodies_are_cut(server: Server) -> None:
    body = b'{"url": "' + b"x" * 400_000 + b'"}'
    address = f"{server.origin}/api/row"
    answer = httpx.post(address, headers=headers_of(server), content=body)
    assert answer.status_code == 413

    def parts() -> Iterator[bytes]:
        for _ in range(40):
            yield b" " * 10_000

    answer = httpx.post(address, headers=headers_of(server), content=parts())
    assert answer.status_code == 413


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


def decide(running: Server, url: str, kind: str, **more: Any) -> dict[str, Any]:  # noqa: ANN401
    seen = running.call("row", url=url)["seen"]
    return running.call("decide", url=url, kind=kind, seen=seen, **more)


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


def test_the_fast_way_reads_what_the_careful_one_does(tmp_path: Path) -> None:
    path = make_folder(tmp_path / "p") / "plan.csv"
    fast = own_plan(path)
    assert fast is not None
    pd.testing.assert_frame_equal(fast, read_plan(path))
    path.write_text("old_url,new_url\n/a,/b\n", encoding="utf-8")
    assert own_plan(path) is None
