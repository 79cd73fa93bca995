"""Every fault of a redirect is found, alone and with others; none is invented."""

from __future__ import annotations

import json
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from click.testing import CliRunner, Result

from redirectmap.cli import main
from redirectmap.tables import VERDICTS, write_csv
from redirectmap.verify import VerifySettings, verify_plan
from tests.verify_site import Reply, Site, page, plan_of, serving

OLD = "http://old.example"
NEW = "http://new.example"
FAST = VerifySettings(timeout=1.5, check_pages=False, extra_requests=0)
SHARED = Path(__file__).parents[1] / "../shared"


def moved(path: str, status: int = 301) -> Reply:
    return Reply(status, path if "//" in path else NEW + path)


# name: replies of the old site beside the common ones, planned, problems
Fault = tuple[dict[str, Reply], tuple[str, str], str]
HOPS: dict[str, Fault] = {
    "clean": ({"/a": moved("/t")}, ("redirect", "/t"), ""),
    "clean-308": ({"/a": moved("/t", 308)}, ("redirect", "/t"), ""),
    "clean-gone": ({"/a": Reply(410)}, ("gone", ""), ""),
    "clean-keep": ({"/a": Reply(200, body=page("A"))}, ("keep", "OLD/a"), ""),
    "clean-keep-on-new-host": (
        {"/a": moved("/t")},
        ("keep", "/t"),
        "",
    ),
    "clean-relative": (
        {"/a": Reply(301, "/kept"), "/kept": Reply(200, body=page("Kept"))},
        ("redirect", "OLD/kept"),
        "",
    ),
    "clean-query": ({"/a": moved("/t?q=1&r=2")}, ("redirect", "/t?q=1&r=2"), ""),
    "wrong target": ({"/a": moved("/u")}, ("redirect", "/t"), "wrong_target"),
    "homepage": ({"/a": moved("/")}, ("redirect", "/t"), "homepage"),
    "language homepage": ({"/a": moved("/en/")}, ("redirect", "/t"), "homepage"),
    "chain": (
        {"/a": Reply(301, "/b"), "/b": moved("/t")},
        ("redirect", "/t"),
        "chain",
    ),
    "chain of three": (
        {"/a": Reply(301, "/b"), "/b": Reply(301, "/c"), "/c": moved("/t")},
        ("redirect", "/t"),
        "chain",
    ),
    "loop": (
        {"/a": Reply(301, "/b"), "/b": Reply(301, "/a")},
        ("redirect", "/t"),
        "loop",
    ),
    "self": ({"/a": Reply(301, "/a")}, ("redirect", "/t"), "loop"),
    "too many": (
        {"/a": Reply(301, "/n0")}
        | {f"/n{i}": Reply(301, f"/n{i + 1}") for i in range(20)},
        ("redirect", "/t"),
        "too_many_redirects",
    ),
    "temporary 302": ({"/a": moved("/t", 302)}, ("redirect", "/t"), "temporary"),
    "temporary 307": ({"/a": moved("/t", 307)}, ("redirect", "/t"), "temporary"),
    "temporary 303": ({"/a": moved("/t", 303)}, ("redirect", "/t"), "temporary"),
    "temporary second hop": (
        {"/a": Reply(301, "/b"), "/b": moved("/t", 302)},
        ("redirect", "/t"),
        "chain;temporary",
    ),
    "not found": ({}, ("redirect", "/t"), "not_found"),
    "gone, not planned": ({"/a": Reply(410)}, ("redirect", "/t"), "gone_unplanned"),
    "forbidden": ({"/a": Reply(403)}, ("redirect", "/t"), "client_error"),
    "server error": ({"/a": Reply(500)}, ("redirect", "/t"), "server_error"),
    "still answers": (
        {"/a": Reply(200, body=page("Old"))},
        ("redirect", "/t"),
        "not_redirected",
    ),
    "meta refresh": (
        {
            "/a": Reply(
                body=page(
                    "x",
                    head="<meta http-equiv='Refresh' content='0; URL=\"/t\"'>",
                )
            )
        },
        ("redirect", "/t"),
        "meta_refresh",
    ),
    "javascript": (
        {
            "/a": Reply(
                body=page("x", head='<script>window.location.href="/t"</script>')
            )
        },
        ("redirect", "/t"),
        "javascript_redirect",
    ),
    "no location": ({"/a": Reply(301)}, ("redirect", "/t"), "bad_redirect"),
    "status 300": ({"/a": moved("/t", 300)}, ("redirect", "/t"), "bad_redirect"),
    "scheme": (
        {"/a": Reply(301, "javascript://x/")},
        ("redirect", "/t"),
        "bad_redirect",
    ),
    "offsite": (
        {"/a": Reply(301, "https://evil.test/")},
        ("redirect", "/t"),
        "offsite",
    ),
    "private": (
        {"/a": Reply(302, "http://169.254.169.254/")},
        ("redirect", "/t"),
        "blocked_address",
    ),
    "timeout": ({"/a": Reply(delay=8)}, ("redirect", "/t"), "timeout"),
    "cut": ({"/a": Reply(cut=True)}, ("redirect", "/t"), "broken_answer"),
    "target missing": (
        {"/a": moved("/missing")},
        ("redirect", "/missing"),
        "target_not_found",
    ),
    "target broken": ({"/a": moved("/500")}, ("redirect", "/500"), "target_error"),
    "target goes on": (
        {"/a": moved("/moved")},
        ("redirect", "/moved"),
        "target_redirects;chain",
    ),
    "target goes home": (
        {"/a": moved("/to-home")},
        ("redirect", "/to-home"),
        "homepage;chain",
    ),
    "slash bounce": ({"/a": moved("/dir")}, ("redirect", "/dir"), "bounce;chain"),
    "slash bounce, planned": (
        {"/a": moved("/dir")},
        ("redirect", "/dir/"),
        "bounce;chain",
    ),
    "case": ({"/a": moved("/T")}, ("redirect", "/t"), "bounce"),
    "query lost": ({"/a": moved("/t")}, ("redirect", "/t?q=1&r=2"), "query_lost"),
    "query added": ({"/a": moved("/t?id=1")}, ("redirect", "/t"), "query_added"),
    "https to http": (
        {"/a": moved("/t")},
        ("redirect", "/t"),
        "insecure_hop",
    ),
    "odd location": (
        {"/a": moved("/a b")},
        ("redirect", "/a%20b"),
        "odd_location",
    ),
    "gone, redirects": ({"/a": moved("/t")}, ("gone", ""), "gone_redirects"),
    "gone, goes home": (
        {"/a": moved("/")},
        ("gone", ""),
        "homepage;gone_redirects",
    ),
    "gone, answers": ({"/a": Reply(body=page("Old"))}, ("gone", ""), "not_gone"),
    "gone, missing": ({"/a": Reply(404)}, ("gone", ""), "missing_not_gone"),
    "kept, missing": ({"/a": Reply(404)}, ("keep", "OLD/a"), "not_found"),
    "kept, moved": ({"/a": moved("/t")}, ("keep", "OLD/a"), "wrong_target"),
    "review": ({"/a": Reply(404)}, ("review", "/t"), "review"),
    "googlebot refused": ({"/a": moved("/t")}, ("redirect", "/t"), "agents_differ"),
    "googlebot elsewhere": ({"/a": moved("/t")}, ("redirect", "/t"), "agents_differ"),
}
BOT = {"googlebot refused": Reply(403), "googlebot elsewhere": moved("/u")}
COMMON = {
    path: Reply(body=page(path))
    for path in (
        "/t",
        "/u",
        "/T",
        "/",
        "/en/",
        "/t?q=1&r=2",
        "/t?id=1",
        "/dir/",
        "/a%20b",
    )
} | {
    "/500": Reply(500),
    "/moved": moved("/u"),
    "/to-home": moved("/"),
    "/dir": moved("/dir/"),
}


@pytest.fixture(scope="module")
def verdicts() -> Iterator[pd.DataFrame]:
    """All faults in one run: case number n lives in the folder /n."""
    old, new = Site(), Site(replies=dict(COMMON))
    rows = {}
    for number, (name, (replies, (action, target), _)) in enumerate(HOPS.items()):
        for path, reply in replies.items():
            location = reply.location
            if location is not None and location.startswith("/"):
                location = f"/{number}{location}"
            old.replies[f"/{number}{path}"] = replace(reply, location=location)
        if name in BOT:
            old.bot[f"/{number}/a"] = BOT[name]
        planned = target.replace("OLD", f"{OLD}/{number}")
        if target.startswith("/"):
            planned = NEW + target
        rows[old_url(name)] = (action, planned)
    with serving(old), serving(new):
        yield run(plan_of(rows), old, new).set_index("old_url")


def run(plan: pd.DataFrame, old: Site, new: Site, **more: Any) -> pd.DataFrame:  # noqa: ANN401
    """Verify the old host by --base, the new one by --resolve."""
    settings = replace(FAST, resolve=(f"new.example={new.origin[7:]}",), **more)
    return verify_plan(plan, base=old.origin, settings=settings)


def old_url(name: str) -> str:
    url = f"{OLD}/{list(HOPS).index(name)}/a"
    return url.replace("http:", "https:") if name.startswith("https") else url


@pytest.mark.parametrize("name", HOPS)
def test_each_fault_has_its_name_and_nothing_else(
    name: str, verdicts: pd.DataFrame
) -> None:
    row = verdicts.loc[old_url(name)]
    wanted = HOPS[name][2]
    assert row["problems"] == wanted
    assert row["verdict"] == (wanted.partition(";")[0] or "ok")
    assert bool(row["severity"]) is bool(wanted)


WHERE = ("wrong target", "homepage", "query lost", "target missing", "target goes on")
HOW = ("temporary 302", "chain", "odd", "bot")


@pytest.mark.parametrize("how", HOW)
@pytest.mark.parametrize("where", WHERE)
def test_two_faults_of_one_row_are_both_found(where: str, how: str) -> None:
    replies, planned, names = HOPS[where]
    landing = replies["/a"].location or ""
    old = Site(replies={"/a": Reply(301, landing)})
    wanted = set(names.split(";"))
    if how == "temporary 302":
        old.replies["/a"] = Reply(302, landing)
        wanted.add("temporary")
    elif how == "chain":
        old.replies = {"/a": Reply(301, "/b"), "/b": Reply(301, landing)}
        wanted.add("chain")
    elif how == "odd":
        old.replies["/a"] = Reply(301, f" {landing} ".replace("/new", "\\new"))
        wanted.add("odd_location")
    else:
        old.bot["/a"] = Reply(403)
        wanted.add("agents_differ")
    with serving(old), serving(Site(replies=dict(COMMON))) as new:
        plan = plan_of({f"{OLD}/a": ("redirect", NEW + planned[1])})
        row = run(plan, old, new).iloc[0]
    assert set(row["problems"].split(";")) == wanted


def test_a_loop_names_its_members_and_the_cookie() -> None:
    cookie = (("Set-Cookie", "a=1"),)
    old = Site(
        replies={
            "/a": Reply(302, "/b", headers=cookie),
            "/b": Reply(302, "/c"),
            "/c": Reply(302, "/b"),
        }
    )
    with serving(old), serving(Site()) as new:
        table = run(plan_of({f"{OLD}/a": ("redirect", f"{NEW}/t")}), old, new)
    message = table["message"][0]
    assert message.startswith(f"loop: {OLD}/b -> {OLD}/c -> {OLD}/b")
    assert "cookie" in message
    assert old.seen == {"/a": 2, "/b": 2, "/c": 2}


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


def test_tls_is_checked_and_mixed_hops_are_seen(tmp_path: Path) -> None:
    cert, key = tmp_path / "cert.pem", tmp_path / "key.pem"
    command = "openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=old.example"
    names = ["-addext", "subjectAltName=DNS:old.example"]
    files = ["-keyout", str(key), "-out", str(cert)]
    subprocess.run([*command.split(), *names, *files], check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(cert, key)
    old = Site(replies={"/a": moved("/t")})
    secure = "https://old.example/a"
    with serving(old, context), serving(Site(replies=dict(COMMON))) as new:
        pins = (f"old.example={old.origin[7:]}", f"new.example={new.origin[7:]}")
        plan = plan_of({secure: ("redirect", f"{NEW}/t")})
        unknown = verify_plan(plan, base=None, settings=replace(FAST, resolve=pins))
        trusted = replace(FAST, resolve=pins, ca_file=cert)
        known = verify_plan(plan, base=None, settings=trusted)
    assert unknown["verdict"].tolist() == ["tls_error"]
    assert known["verdict"].tolist() == ["insecure_hop"]
    assert known.attrs["notes"] == ["old.example redirects on https without HSTS"]


def test_sampled_rows_are_the_valuable_ones_and_none_is_lost() -> None:
    old = Site(replies={f"/{n}": moved("/t") for n in range(10)})
    rows = {f"{OLD}/{n}": ("redirect", f"{NEW}/t") for n in range(10)}
    with serving(old), serving(Site(replies=dict(COMMON))) as new:
        table = run(plan_of(rows), old, new, sample=3).set_index("old_url")
    assert len(table) == 10
    assert table.loc[f"{OLD}/0", "verdict"] == "ok"
    assert (table["verdict"] == "not_checked").sum() == 7
    assert set(old.seen) == {"/0", "/1", "/2"}


def verify(tmp_path: Path, plan: pd.DataFrame, *options: str) -> Result:
    write_csv(tmp_path / "plan.csv", plan)
    args = ["verify", str(tmp_path / "plan.csv"), "--out", str(tmp_path / "out")]
    return CliRunner().invoke(main, [*args, *options])


def test_the_command_writes_verdicts_and_says_how_it_stands(tmp_path: Path) -> None:
    old = Site(replies={"/a": moved("/t"), "/b": moved("/")})
    with serving(old), serving(Site(replies=dict(COMMON))) as new:
        rows = {f"{OLD}/{n}": ("redirect", f"{NEW}/t") for n in "ab"}
        options = ("--base", old.origin, "--resolve", f"new.example={new.origin[7:]}")
        result = verify(tmp_path, plan_of(rows), *options, "--json", "--quiet")
        calm = verify(
            tmp_path, plan_of(rows), *options, "--no-pages", "--fail-on", "never"
        )
    assert result.exit_code == 1, result.output
    assert json.loads(result.stdout)["verdicts"] == {"homepage": 1, "ok": 1}
    assert calm.exit_code == 0
    assert "[homepage] http://old.example/b" in calm.stdout
    written = pd.read_csv(tmp_path / "out/verdicts.csv", keep_default_na=False)
    assert set(VERDICTS.names) <= set(written.columns)
    assert written["verdict"].tolist() == ["homepage", "ok"]


@pytest.mark.parametrize(
    ("options", "code", "says"),
    [
        (("--base", "http://127.0.0.1:9/path"), 2, "has a path"),
        (("--base", "ftp://x/"), 2, "only http and https"),
        (("--base", "http://127.0.0.1:1"), 4, "not one old URL was answered"),
        (("--resolve", "old.example=nowhere"), 2, "--resolve"),
    ],
)
def test_wrong_options_end_with_a_message(
    options: tuple[str, ...], code: int, says: str, tmp_path: Path
) -> None:
    plan = plan_of({f"{OLD}/a": ("redirect", f"{NEW}/t")})
    result = verify(tmp_path, plan, *options)
    assert result.exit_code == code
    assert says in result.stderr


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
