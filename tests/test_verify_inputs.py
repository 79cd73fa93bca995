"""What logs, later exports and large plans add to a verification."""

from __future__ import annotations

import csv
import json
import os
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

import pandas as pd
import pytest
from click.testing import CliRunner, Result

from redirectmap.cli import main
from redirectmap.tables import PLAN, write_csv
from redirectmap.verify.logged import fold, way_of
from tests.verify_site import COMMON, NEW, OLD, Reply, Site, moved, plan_of, serving

HOPS_ONLY = ("--no-pages", "--one-agent", "--quiet", "--fail-on", "never")
LINE = (
    '192.0.2.1 - - [10/Oct/2026:13:55:36 +0000] "GET {} HTTP/1.1" 200 5 "-" "Firefox"'
)


def log(path: Path, counts: dict[str, int]) -> Path:
    """Write an access log in which each target is asked so often."""
    lines = [
        LINE.format(target) for target, count in counts.items() for _ in range(count)
    ]
    path.write_text("\n".join(lines) + "\n")
    return path


def search_console(path: Path, clicks: dict[str, int]) -> Path:
    """Write the pages of a Search Console export."""
    rows = [f"{url},{count},{count * 10},10%,3.5" for url, count in clicks.items()]
    head = "Top pages,Clicks,Impressions,CTR,Position"
    path.write_text("\n".join([head, *rows]) + "\n")
    return path


def verify(
    tmp_path: Path, plan: pd.DataFrame, old: Site, new: Site, *options: str
) -> Result:
    write_csv(tmp_path / "plan.csv", plan)
    args = ["verify", str(tmp_path / "plan.csv"), "--out", str(tmp_path / "out")]
    pins = (f"old.example={old.origin[7:]}", f"new.example={new.origin[7:]}")
    hosts = [word for pin in pins for word in ("--resolve", pin)]
    result = CliRunner().invoke(main, [*args, *hosts, *HOPS_ONLY, *options])
    assert result.exit_code == 0, result.output
    return result


def problems(tmp_path: Path) -> dict[str, str]:
    table = pd.read_csv(tmp_path / "out/verdicts.csv", keep_default_na=False)
    return dict(
        zip(table["old_url"].str.removeprefix(OLD), table["problems"], strict=True)
    )


def test_spellings_that_logs_show_are_asked_for(tmp_path: Path) -> None:
    old = Site(replies={path: moved("/t") for path in ("/a", "/b", "/c", "/d", "/e")})
    old.replies["/d?utm_source=mail"] = moved("/t?utm_source=mail")
    seen = {"/a/": 12, "/B": 3, "/c": 5, "/d?utm_source=mail": 2, "/zzz": 9}
    logs = log(tmp_path / "access.log", {**seen, "/e?fbclid=1": 4, "/img.png": 8})
    new = Site(replies=COMMON | {"/t?utm_source=mail": COMMON["/t"]})
    plan = plan_of({f"{OLD}/{n}": ("redirect", f"{NEW}/t") for n in "abcde"})
    with serving(old), serving(new):
        verify(tmp_path, plan, old, new, "--logs", str(logs))
    assert problems(tmp_path) == {
        "/a": "slash_differs",
        "/b": "case_differs",
        "/c": "",
        "/d": "",
        "/e": "tracking_differs",
    }
    variants = pd.read_csv(tmp_path / "out/variants.csv")
    assert variants["requests"].tolist() == [12, 3, 4]
    asked = {path for path in old.seen if path not in {"/a", "/b", "/c", "/d", "/e"}}
    assert asked == {"/a/", "/B", "/d?utm_source=mail", "/e?fbclid=1"}


@pytest.mark.parametrize("option", ["--logs", "--traffic"])
def test_an_unusable_export_is_told_before_anybody_is_asked(
    option: str, tmp_path: Path
) -> None:
    (tmp_path / "bad.csv").write_text("nothing,of,use\n1,2,3\n")
    write_csv(tmp_path / "plan.csv", plan_of({f"{OLD}/a": ("redirect", f"{NEW}/t")}))
    args = ["verify", str(tmp_path / "plan.csv"), "--out", str(tmp_path / "out")]
    with serving(Site()) as old:
        options = ["--base", old.origin, option, str(tmp_path / "bad.csv"), "--quiet"]
        result = CliRunner().invoke(main, [*args, *options])
    assert result.exit_code == 3
    assert "bad.csv" in result.stderr
    assert old.seen == {}


def test_the_budget_goes_to_the_rows_worth_most(tmp_path: Path) -> None:
    old = Site(replies={f"/{n}": moved("/t") for n in "abc"})
    logs = log(tmp_path / "access.log", {"/a/": 1, "/b/": 50, "/c/": 50})
    plan = plan_of({f"{OLD}/{n}": ("redirect", f"{NEW}/t") for n in "abc"})
    options = ("--logs", str(logs), "--extra-requests", "2")
    with serving(old), serving(Site(replies=dict(COMMON))) as new:
        verify(tmp_path, plan, old, new, *options)
    assert {path for path in old.seen if path.endswith("/")} == {"/a/", "/b/"}


@pytest.mark.parametrize(
    ("one", "way"),
    [
        ("http://x.example/A/", "slash_differs"),
        ("http://x.example/a", "case_differs"),
        ("https://x.example/A", "scheme_differs"),
        ("http://www.x.example/A", "www_differs"),
        ("http://x.example/A?gclid=5", "tracking_differs"),
        ("https://www.x.example/a/", "slash_differs"),
    ],
)
def test_a_variant_is_named_by_what_it_differs_in(one: str, way: str) -> None:
    other = "http://x.example/A"
    assert fold(one) == fold(other)
    assert way_of(one, other) == way


def test_traffic_that_died_after_the_move_is_ranked(tmp_path: Path) -> None:
    rows = {
        f"{OLD}/a": ("redirect", f"{NEW}/t"),
        f"{OLD}/b": ("redirect", f"{NEW}/t"),
        f"{OLD}/c": ("redirect", f"{NEW}/u"),
        f"{OLD}/d": ("gone", ""),
        f"{OLD}/e": ("redirect", f"{NEW}/"),
    }
    plan = plan_of(rows, clicks=[300.0, 100.0, 200.0, 50.0, 5.0])
    later = search_console(
        tmp_path / "later.csv", {f"{NEW}/t": 360, f"{NEW}/u": 4, f"{OLD}/c": 6}
    )
    replies = {url.removeprefix(OLD): Reply(301, to) for url, (_, to) in rows.items()}
    old = Site(replies=replies | {"/d": Reply(410)})
    with serving(old), serving(Site(replies=dict(COMMON))) as new:
        verify(tmp_path, plan, old, new, "--traffic", str(later))
    table = pd.read_csv(tmp_path / "out/traffic.csv")
    ranked = table.set_index(table["old_url"].str.removeprefix(OLD))
    assert list(ranked.index) == ["/c", "/d", "/a", "/b", "/e"]
    assert ranked["after"].to_dict() == {
        "/a": 270,
        "/b": 90,
        "/c": 10,
        "/d": 0,
        "/e": 0,
    }
    assert problems(tmp_path) == {
        "/a": "",
        "/b": "",
        "/c": "traffic_died",
        "/d": "traffic_died",
        "/e": "",
    }


def test_windows_of_different_length_are_compared_per_day(tmp_path: Path) -> None:
    def exported(name: str, clicks: int, days: int, url: str) -> str:
        table = pd.DataFrame({"url": [url], "clicks": [clicks], "days": [days]})
        table.to_csv(tmp_path / name, index=False)
        return str(tmp_path / name)

    plan = plan_of({f"{OLD}/a": ("redirect", f"{NEW}/t")})
    before = exported("before.csv", 280, 28, f"{OLD}/a")
    later = exported("later.csv", 63, 7, f"{NEW}/t")
    old = Site(replies={"/a": moved("/t")})
    options = ("--traffic", later, "--traffic-before", before)
    with serving(old), serving(Site(replies=dict(COMMON))) as new:
        result = verify(tmp_path, plan, old, new, *options, "--json")
    lost = pd.read_csv(tmp_path / "out/traffic.csv").iloc[0]
    assert lost["before"] == 280
    assert lost["after"] in {63, 252}
    notes = json.loads(result.stdout)["notes"]
    assert any("traffic.csv" in note for note in notes)


def write_plan(path: Path, urls: Iterable[tuple[str, str]]) -> None:
    with path.open("w", newline="") as stream:
        writer = csv.DictWriter(stream, PLAN.names, restval="")
        writer.writeheader()
        for old, new in urls:
            row = {"old_url": old, "action": "redirect", "status": 301}
            writer.writerow({**row, "new_url": new, "priority": 0.001})


PEAK = """
import resource, sys
from redirectmap.cli import main
try:
    main(sys.argv[1:])
finally:
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""


def peak_kib(folder: Path, rows: int) -> int:
    """Verify so many rows that nobody answers; return the peak in KiB."""
    folder.mkdir()
    pairs = ((f"http://o.example/{'x' * 80}{n}", f"{NEW}/{n}") for n in range(rows))
    write_plan(folder / "plan.csv", pairs)
    args = ["verify", str(folder / "plan.csv"), "--out", str(folder / "out")]
    args += ["--resolve", "o.example=127.0.0.1:9", "--quiet", "--no-pages"]
    args += ["--one-agent", "--extra-requests", "0", "--baseline", str(folder / "old")]
    (folder / "old").mkdir()
    (folder / "old/verdicts.csv").write_text("old_url,verdict\n")
    done = subprocess.run(
        [sys.executable, "-c", PEAK, *args],
        capture_output=True,
        text=True,
        check=False,
        env=dict(os.environ),
    )
    assert (folder / "out/verdicts.csv").read_text().count("\n") == rows + 1, (
        done.stderr
    )
    return int(done.stdout.split()[-1])


def test_memory_does_not_grow_with_the_plan(tmp_path: Path) -> None:
    small = peak_kib(tmp_path / "small", 4_000)
    large = peak_kib(tmp_path / "large", 25_000)
    assert large - small < 25_000


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("http://old.example/x,redirect,301,,,,0.1", "line 6002"),
        ("http://old.example/x,nonsense,301,,,,0.1", ":6002"),
        ("http://old.example/x,redirect,301,http://x/,,,7", ":6002"),
        ("javascript:alert(1),redirect,301,http://x/,,,0.1", "line 6002"),
        ("a,b", ":6002"),
    ],
)
def test_a_bad_row_far_down_is_named_by_its_line(
    line: str, says: str, tmp_path: Path
) -> None:
    names = (
        "old_url",
        "action",
        "status",
        "new_url",
        "confidence",
        "margin",
        "priority",
    )
    good = "http://old.example/{},redirect,301,http://new.example/,,,0.1"
    text = "\n".join([",".join(names), *map(good.format, range(6_000)), line])
    path = tmp_path / "plan.csv"
    path.write_text(text + "\n")
    args = ["verify", str(path), "--out", str(tmp_path / "out"), "--quiet"]
    result = CliRunner().invoke(main, args)
    assert result.exit_code == 3, result.output
    assert says in result.stderr
    again = CliRunner().invoke(main, args)
    assert again.exit_code == 3
