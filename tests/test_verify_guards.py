"""Nobody is asked who may not be, and nobody is asked too hard."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from redirectmap.verify import verify_plan
from tests.verify_site import (
    COMMON,
    FAST,
    NEW,
    OLD,
    Reply,
    Site,
    moved,
    plan_of,
    run,
    serving,
)

SHARED = Path(__file__).parents[1] / "../shared"


def test_retry_after_is_waited_for() -> None:
    calls: list[float] = []
    old = Site(replies={"/a": moved("/t")})
    busy = Reply(429, headers=(("Retry-After", "1"),))

    def reply(method: str, target: str, agent: str) -> Reply:
        calls.append(time.monotonic())
        return busy if len(calls) == 1 else Site.reply(old, method, target, agent)

    with serving(old), serving(Site(replies=dict(COMMON))) as new:
        old.answer = reply
        plan = plan_of({f"{OLD}/a": ("redirect", f"{NEW}/t")})
        row = run(plan, old, new, both_agents=False).iloc[0]
    assert row["verdict"] == "ok"
    assert len(calls) == 2
    assert calls[1] - calls[0] >= 0.95


def test_an_agent_that_got_no_answer_is_asked_again() -> None:
    """Googlebot is cut off until the browser asks anew: chance, not a rule."""
    browsers = cuts = 0
    old = Site(replies={"/a": moved("/t")})

    def reply(method: str, target: str, agent: str) -> Reply:
        nonlocal browsers, cuts
        browsers += "Googlebot" not in agent
        if "Googlebot" in agent and browsers < 2:
            cuts += 1
            return Reply(cut=True)
        return Site.reply(old, method, target, agent)

    with serving(old), serving(Site(replies=dict(COMMON))) as new:
        old.answer = reply
        plan = plan_of({f"{OLD}/a": ("redirect", f"{NEW}/t")})
        row = run(plan, old, new).iloc[0]
    assert cuts
    assert browsers == 2
    assert row["verdict"] == "ok"


def test_one_server_for_http_and_https_is_no_loop() -> None:
    secure = OLD.replace("http:", "https:")
    old = Site(replies={f"/{n}": Reply(301, f"{secure}/{n}") for n in "abc"})
    old.replies["/b"] = Reply(302, f"{secure}/b")
    rows = {f"{OLD}/a": ("redirect", f"{secure}/a")}
    rows |= {f"{OLD}/b": ("redirect", f"{secure}/b")}
    rows |= {f"{OLD}/c": ("redirect", f"{NEW}/t")}
    with serving(old), serving(Site(replies=dict(COMMON))) as new:
        table = run(plan_of(rows), old, new).set_index("old_url")
    found = table["problems"].to_dict()
    assert found == {
        f"{OLD}/a": "",
        f"{OLD}/b": "temporary",
        f"{OLD}/c": "not_checked",
    }
    assert "--resolve" in str(table.loc[f"{OLD}/c", "message"])


def test_too_long_a_wait_is_reported_not_waited_for() -> None:
    busy = Reply(503, headers=(("Retry-After", "86400"),))
    with serving(Site(fallback=busy)) as old, serving(Site()) as new:
        table = run(plan_of({f"{OLD}/a": ("redirect", f"{NEW}/t")}), old, new)
    assert table["verdict"].tolist() == ["server_error"]


def test_a_dead_host_ends_soon_with_every_row() -> None:
    with socket.socket() as blocked:
        blocked.bind(("127.0.0.1", 0))
        base = f"http://127.0.0.1:{blocked.getsockname()[1]}"
        rows = {f"{OLD}/{n}": ("redirect", f"{NEW}/t") for n in range(500)}
        began = time.monotonic()
        table = verify_plan(plan_of(rows), base=base, settings=FAST)
    assert time.monotonic() - began < 10
    assert table["verdict"].tolist() == ["refused"] * 500


def test_private_targets_need_permission() -> None:
    with serving(Site(replies=dict(COMMON))) as new:
        old = Site(replies={"/a": Reply(301, f"{new.origin}/t")})
        with serving(old):
            plan = plan_of({f"{OLD}/a": ("redirect", f"{new.origin}/t")})
            shut = verify_plan(plan, base=old.origin, settings=FAST)
            assert new.seen == {}
            host = new.origin.removeprefix("http://")
            allow = [host]
            wide = verify_plan(
                plan, base=old.origin, allow_private=allow, settings=FAST
            )
    assert shut["verdict"].tolist() == ["blocked_address"]
    assert wide["verdict"].tolist() == ["ok"]


def test_resolve_keeps_the_host_name() -> None:
    with serving(Site(replies=dict(COMMON))) as new:
        old = Site(replies={"/a": moved("/t")})
        with serving(old):
            pins = (f"old.example={old.origin[7:]}", f"new.example={new.origin[7:]}")
            plan = plan_of({f"{OLD}/a": ("redirect", f"{NEW}/t")})
            settings = replace(FAST, resolve=pins)
            table = verify_plan(plan, base=None, settings=settings)
    assert table["verdict"].tolist() == ["ok"]
    assert set(old.hosts) == {"old.example"}
    assert set(new.hosts) == {"new.example"}


def test_sampled_rows_are_the_valuable_ones_and_none_is_lost() -> None:
    old = Site(replies={f"/{n}": moved("/t") for n in range(10)})
    rows = {f"{OLD}/{n}": ("redirect", f"{NEW}/t") for n in range(10)}
    with serving(old), serving(Site(replies=dict(COMMON))) as new:
        table = run(plan_of(rows), old, new, sample=3).set_index("old_url")
    assert len(table) == 10
    assert table.loc[f"{OLD}/0", "verdict"] == "ok"
    assert (table["verdict"] == "not_checked").sum() == 7
    assert set(old.seen) == {"/0", "/1", "/2"}


OUTCOMES = {
    "redirect_loop": {"loop"},
    "too_many_redirects": {"too_many_redirects"},
    "blocked_address": {"blocked_address"},
    "bad_redirect": {"bad_redirect"},
    "offsite": {"offsite"},
    "warn:homepage_redirect": {"homepage"},
    "warn:chain": {"chain"},
    "ok+warn": {"odd_location"},
    "ok": {"ok"},
}
LANDS = {
    "/r/chain/1": "/ok/chain-end",
    "/r/chain/5": "/ok/chain-end",
    "/r/relative/x/y": "/ok/rel?a=1",
    "/r/query-only?p=1": "/r/query-only?done=1",
    "/r/protorel": "/ok/protorel",
    "/r/frag#orig": "/ok/frag",
    "/r/utf8-location": "/ok/caf%C3%A9",
    "/r/latin1-location": "/ok/caf%E9",
    "/r/space-location": "/ok/a%20bc/d%22e",
}


@pytest.mark.skipif(not (SHARED / "hostile").is_dir(), reason="no hostile corpus")
def test_a_hostile_server_gets_nowhere(tmp_path: Path) -> None:
    ports = []
    for _ in range(2):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            ports.append(free.getsockname()[1])
    log = tmp_path / "log.jsonl"
    server = subprocess.Popen(
        [
            sys.executable,
            str(SHARED / "hostile/hostile_server.py"),
            *("--port", str(ports[0]), "--canary-port", str(ports[1])),
            *("--log", str(log)),
        ],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert server.stdout is not None
    try:
        assert "hostile on" in server.stdout.readline()
        manifest = json.loads((SHARED / "hostile/hostile_manifest.json").read_text())
        cases = {u: v for u, v in manifest["urls"].items() if u.startswith("/r/")}
        base = f"http://127.0.0.1:{ports[0]}"
        rows = {
            f"{base}{u}": ("redirect", base + LANDS.get(u, "/ok/status")) for u in cases
        }
        settings = replace(FAST, both_agents=False)
        table = verify_plan(plan_of(rows), base=base, settings=settings)
    finally:
        server.kill()
        server.wait()
        server.stdout.close()
    hits = [json.loads(line) for line in log.read_text().splitlines()]
    assert not [hit for hit in hits if hit.get("canary")]
    assert "hunter2" not in table.to_csv()
    found = table.set_index("old_url")["problems"]
    assert len(found) == len(cases)
    wrong = {}
    for path, case in cases.items():
        problems = found[f"{base}{path}".partition("#")[0]]
        names = set(problems.split(";")) - {"temporary"} - {""} or {"ok"}
        if not any(names & want for want in wanted(path, case["outcome"])):
            wrong[path] = (problems, case["outcome"])
    assert not wrong


def wanted(path: str, outcome: str) -> list[set[str]]:
    if outcome == "by status":
        followed = path.rpartition("/")[2] in {"301", "302", "303", "307", "308"}
        return [{"ok"} if followed else {"bad_redirect"}]
    return [OUTCOMES[name] for name in outcome.split("|")]
