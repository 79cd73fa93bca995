"""Runs over time, other ways to ask, formats for machines, kills."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path
from xml.etree import ElementTree as ET

import pandas as pd
import pytest
from click.testing import CliRunner, Result

from redirectmap.cli import main
from redirectmap.tables import write_csv
from redirectmap.verify import VerifySettings, verify_plan
from tests.verify_site import Reply, Site, page, plan_of, serving

OLD = "http://old.example"
NEW = "http://new.example"
HOPS_ONLY = ("--no-pages", "--one-agent", "--extra-requests", "0", "--quiet")


def moved(path: str = "/t", status: int = 301) -> Reply:
    return Reply(status, NEW + path)


def old_site(**changes: Reply) -> Site:
    replies = {f"/{n}": moved() for n in "abcdefgh"}
    return Site(replies=replies | {f"/{n}": reply for n, reply in changes.items()})


def new_site() -> Site:
    return Site(replies={"/t": Reply(body=page("Target"))})


PLAN_ROWS = {f"{OLD}/{n}": ("redirect", f"{NEW}/t") for n in "abcdefgh"}


def verify(tmp_path: Path, old: Site, new: Site, *options: str) -> Result:
    write_csv(tmp_path / "plan.csv", plan_of(PLAN_ROWS))
    args = ["verify", str(tmp_path / "plan.csv"), "--out", str(tmp_path / "out")]
    hosts = ["--base", old.origin, "--resolve", f"new.example={new.origin[7:]}"]
    return CliRunner().invoke(main, [*args, *hosts, *options])


def test_a_baseline_tells_new_fixed_still_and_worse(tmp_path: Path) -> None:
    first = old_site(a=Reply(404), b=Reply(404), c=moved(status=302))
    with serving(first), serving(new_site()) as new:
        verify(tmp_path, first, new, *HOPS_ONLY)
    second = old_site(b=Reply(404), c=Reply(500), d=Reply(410))
    with serving(second), serving(new_site()) as new:
        again = ("--baseline", str(tmp_path / "out"), "--json")
        result = verify(tmp_path, second, new, *HOPS_ONLY, *again)
    changes = json.loads(result.stdout)["changes"]
    assert changes == {"new": 1, "worse": 1, "still": 1, "fixed": 1}
    table = pd.read_csv(tmp_path / "out/changes.csv")
    kinds = dict(zip(table["old_url"], table["change"], strict=True))
    assert kinds == {
        f"{OLD}/d": "new",
        f"{OLD}/c": "worse",
        f"{OLD}/b": "still",
        f"{OLD}/a": "fixed",
    }
    trend = pd.read_csv(tmp_path / "out/trend.csv")
    assert trend["ok"].tolist() == [5, 5]
    assert len(list((tmp_path / "out/runs").iterdir())) == 2


def test_only_changed_asks_the_broken_and_keeps_every_row(tmp_path: Path) -> None:
    first = old_site(a=Reply(404))
    with serving(first), serving(new_site()) as new:
        verify(tmp_path, first, new, *HOPS_ONLY)
    second = old_site(b=Reply(404))
    with serving(second), serving(new_site()) as new:
        again = ("--baseline", str(tmp_path / "out"), "--only-changed")
        result = verify(tmp_path, second, new, *HOPS_ONLY, *again)
    assert result.exit_code == 0, result.output
    assert dict(second.seen) == {"/a": 1}
    table = pd.read_csv(tmp_path / "out/verdicts.csv")
    assert table["verdict"].tolist() == ["ok"] * 8


def test_formats_for_machines(tmp_path: Path) -> None:
    old = old_site(a=Reply(404), c=moved(status=302))
    junit, sarif = tmp_path / "junit.xml", tmp_path / "out.sarif"
    with serving(old), serving(new_site()) as new:
        formats = ("--junit", str(junit), "--sarif", str(sarif), "--github")
        result = verify(tmp_path, old, new, *HOPS_ONLY, *formats)
    assert result.exit_code == 1
    suite = ET.parse(junit).getroot()[0]
    assert (suite.get("tests"), suite.get("failures")) == ("8", "2")
    log = json.loads(sarif.read_text())
    found = {(r["ruleId"], r["level"]) for r in log["runs"][0]["results"]}
    assert found == {("not_found", "error"), ("temporary", "warning")}
    assert result.stdout.splitlines()[0].startswith("::error file=")
    assert ",line=2,title=not_found::" in result.stdout


@pytest.mark.parametrize(
    ("options", "code"),
    [
        ((), 1),
        (("--fail-on", "warning"), 1),
        (("--fail-on", "never"), 0),
        (("--min-value", "0.4"), 0),
        (("--only-changed",), 2),
        (("--baseline", "nowhere"), 3),
    ],
)
def test_exit_codes(options: tuple[str, ...], code: int, tmp_path: Path) -> None:
    old = old_site(h=Reply(404))
    with serving(old), serving(new_site()) as new:
        assert verify(tmp_path, old, new, *HOPS_ONLY, *options).exit_code == code


def test_other_ways_to_ask_are_compared() -> None:
    old, new = old_site(), new_site()
    old.head["/a"] = Reply(405)
    for n in "abcdefgh":
        old.replies[f"/{n}?utm_source=redirectmap"] = moved("/t?utm_source=redirectmap")
        old.replies[f"/{n}/"] = moved()
    del old.replies["/b/"]
    with serving(old), serving(new):
        new.replies["/t?utm_source=redirectmap"] = new.replies["/t"]
        pins = (f"new.example={new.origin[7:]}",)
        settings = VerifySettings(resolve=pins, check_pages=False, both_agents=False)
        table = verify_plan(plan_of(PLAN_ROWS), base=old.origin, settings=settings)
    by_url = table.set_index("old_url")["problems"]
    assert by_url[f"{OLD}/a"] == "head_differs"
    assert set(by_url.drop(f"{OLD}/a")) == {""}
    ways = [(v["way"], v["variant"]) for v in table.attrs["variants"]]
    assert ("slash_differs", f"{OLD}/b/") in ways
    assert not [way for way, _ in ways if way == "tracking_differs"]
    assert any("case differs for 8 of 8" in note for note in table.attrs["notes"])


def test_a_server_without_head_is_one_note() -> None:
    old, new = old_site(), new_site()
    old.head = {f"/{n}": Reply(501) for n in "abcdefgh"}
    with serving(old), serving(new):
        pins = (f"new.example={new.origin[7:]}",)
        settings = VerifySettings(resolve=pins, check_pages=False, both_agents=False)
        table = verify_plan(plan_of(PLAN_ROWS), base=old.origin, settings=settings)
    assert set(table["verdict"]) == {"ok"}
    assert any("head differs for 8 of 8" in note for note in table.attrs["notes"])


def test_www_and_bare_host_are_compared_when_hosts_are_real() -> None:
    old, new, bare = old_site(), new_site(), old_site(c=Reply(404))
    with serving(old), serving(new), serving(bare):
        pins = (
            f"old.example={old.origin[7:]}",
            f"www.old.example={bare.origin[7:]}",
            f"new.example={new.origin[7:]}",
        )
        settings = VerifySettings(
            resolve=pins, check_pages=False, both_agents=False, connect_timeout=1
        )
        table = verify_plan(plan_of(PLAN_ROWS), base=None, settings=settings)
    by_url = table.set_index("old_url")["problems"]
    assert by_url[f"{OLD}/c"] == "www_differs"
    assert set(by_url.drop(f"{OLD}/c")) == {""}


def killed_runs(tmp_path: Path, rows: int, kills: int) -> None:
    """Kill the command again and again, then let it end; count rows."""
    old = Site(replies={f"/{n}": moved() for n in range(rows)})
    for n in range(0, rows, 10):
        old.replies[f"/{n}"] = Reply(404)
    plan = plan_of({f"{OLD}/{n}": ("redirect", f"{NEW}/t") for n in range(rows)})
    write_csv(tmp_path / "plan.csv", plan)
    with serving(old), serving(new_site()) as new:
        command = [
            *(sys.executable, "-m", "redirectmap", "verify"),
            *(str(tmp_path / "plan.csv"), "--out", str(tmp_path / "out")),
            *("--base", old.origin, "--resolve", f"new.example={new.origin[7:]}"),
            *("--extra-requests", "0", "--one-agent", "--quiet", "--fail-on", "never"),
        ]
        for _ in range(kills):
            asked = sum(old.seen.values())
            with subprocess.Popen(command, stdout=subprocess.DEVNULL) as process:
                deadline = time.monotonic() + 20
                while time.monotonic() < deadline and process.poll() is None:
                    if sum(old.seen.values()) > asked + rows // (kills + 3):
                        break
                    time.sleep(0.002)
                os.kill(process.pid, signal.SIGKILL)
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, timeout=120)
    table = pd.read_csv(tmp_path / "out/verdicts.csv", keep_default_na=False)
    assert sorted(table["old_url"]) == sorted(plan["old_url"])
    counts = table["verdict"].value_counts().to_dict()
    assert counts == {"ok": rows - rows // 10, "not_found": rows // 10}


@pytest.mark.crawl
def test_a_run_killed_and_resumed_loses_no_row(tmp_path: Path) -> None:
    killed_runs(tmp_path, rows=1_500, kills=2)


@pytest.mark.soak
def test_a_run_killed_ten_times_loses_no_row(tmp_path: Path) -> None:
    killed_runs(tmp_path, rows=30_000, kills=10)


@pytest.mark.soak
def test_a_run_killed_at_any_moment_loses_no_row(tmp_path: Path) -> None:
    """Kills fall into every stage: walks, variants, pages, judgement, writing."""
    rows, seed = 1_000, random.Random(7)
    old, new = Site(), Site()
    pairs = {}
    for n in range(rows):
        target = f"{NEW}/p{n % 100}"
        old.replies[f"/{n}"] = Reply(404) if n % 10 == 0 else Reply(301, target)
        new.replies[f"/p{n % 100}"] = Reply(body=page(f"Page {n % 100}"))
        pairs[f"{OLD}/{n}"] = ("redirect", target)
    plan = plan_of(pairs)
    write_csv(tmp_path / "plan.csv", plan)
    with serving(old), serving(new):
        command = [
            *(sys.executable, "-m", "redirectmap", "verify"),
            *(str(tmp_path / "plan.csv"), "--out", str(tmp_path / "out")),
            *("--base", old.origin, "--resolve", f"new.example={new.origin[7:]}"),
            *("--quiet", "--fail-on", "never"),
        ]
        kills = 0
        while not (tmp_path / "out/verdicts.csv").exists():
            with subprocess.Popen(command, stdout=subprocess.DEVNULL) as process:
                try:
                    process.wait(seed.uniform(1.0, 5.0) + kills / 3)
                except subprocess.TimeoutExpired:
                    os.kill(process.pid, signal.SIGKILL)
                    kills += 1
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, timeout=300)
    table = pd.read_csv(tmp_path / "out/verdicts.csv", keep_default_na=False)
    assert kills >= 3
    assert sorted(table["old_url"]) == sorted(plan["old_url"])
    counts = table["verdict"].value_counts().to_dict()
    assert counts == {"ok": rows - rows // 10, "not_found": rows // 10}
