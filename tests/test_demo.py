"""The demo: the pieces by themselves, then the whole of it."""

from __future__ import annotations

import http.client
import io
import json
import shutil
from pathlib import Path

import pandas as pd
import pytest
from click.testing import CliRunner
from rich.console import Console

from redirectmap.cli import main
from redirectmap.demo.launch import launched, stand_in
from redirectmap.demo.migration import MARK, Ran, run_demo
from redirectmap.demo.score import score
from redirectmap.demo.screen import closing, result
from redirectmap.demo.site_server import Answer, Site, serve
from redirectmap.errors import UsageError
from redirectmap.exporters import export_plan
from redirectmap.exporters.servers.base import free_port
from redirectmap.tables import PLAN, write_csv, write_json

OLD, NEW = "http://old.example", "http://new.example"


def plan_of(*rows: tuple[str, str, str]) -> pd.DataFrame:
    status = {"redirect": 301, "gone": 410, "keep": 200}
    return PLAN.fit(
        pd.DataFrame(
            {
                "old_url": f"{OLD}{old}",
                "action": action,
                "status": status.get(action),
                "new_url": f"{NEW}{new}" if new else None,
                "priority": 0.1,
            }
            for old, action, new in rows
        )
    )


def truth_of(folder: Path, *rows: tuple[str, str]) -> Path:
    path = folder / "truth.csv"
    lines = [f"{OLD}{old},{NEW + new if new else ''}" for old, new in rows]
    path.write_text("\n".join(["old_url,new_url", *lines]) + "\n")
    return path


def ask(port: int, path: str) -> tuple[int, str | None]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    connection.request("GET", path)
    answer = connection.getresponse()
    answer.read()
    connection.close()
    return answer.status, answer.getheader("Location")


# (what it shows, action, planned target, true target, the count it adds to)
CASES = [
    ("right", "redirect", "/n", "/n", "right"),
    ("elsewhere", "redirect", "/m", "/n", "wrong"),
    ("called gone", "gone", "", "/n", "dropped"),
    ("left to a person", "review", "/m", "/n", "asked"),
    ("with the right proposal", "review", "/n", "/n", "proposed"),
    ("retired and gone", "gone", "", "", "retired"),
    ("retired but redirected", "redirect", "/m", "", "redirected"),
]


@pytest.mark.parametrize(
    ("action", "planned", "true", "name"),
    [case[1:] for case in CASES],
    ids=[case[0] for case in CASES],
)
def test_score(tmp_path: Path, action: str, planned: str, true: str, name: str) -> None:
    held = score(plan_of(("/a", action, planned)), truth_of(tmp_path, ("/a", true)))
    assert held.as_json()[name] == 1
    assert held.live + held.retired == 1
    bad = held.wrong + held.dropped + held.redirected
    assert len(held.worst) == bad


def test_score_names_what_was_never_seen(tmp_path: Path) -> None:
    held = score(plan_of(("/a", "gone", "")), truth_of(tmp_path, ("/b", "/n")))
    assert held.missing == 1
    assert held.right == 0


PLANNED = plan_of(
    ("/a.html", "redirect", "/a"),
    ("/index.php?id=1", "redirect", "/one"),
    ("/b.html", "gone", ""),
    ("/c.html", "review", "/c"),
)
ANSWERS = [
    ("/a.html", (301, f"{NEW}/a")),
    ("/index.php?id=1", (301, f"{NEW}/one")),
    ("/b.html", (410, None)),
    ("/c.html", (404, None)),
]


@pytest.mark.server
@pytest.mark.skipif(not shutil.which("nginx"), reason="nginx is not installed")
def test_after_launch_nginx_answers_on_the_old_port(tmp_path: Path) -> None:
    rules = export_plan(PLANNED, "nginx", tmp_path).folder
    port = free_port()
    with launched(PLANNED, rules, port) as what:
        assert what.startswith("nginx")
        assert [ask(port, path) for path, _ in ANSWERS] == [a for _, a in ANSWERS]


def test_without_nginx_a_stand_in_answers_and_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "")
    port = free_port()
    with launched(PLANNED, tmp_path, port) as what:
        assert "not installed" in what
        assert [ask(port, path) for path, _ in ANSWERS] == [a for _, a in ANSWERS]


def test_stand_in_leaves_open_rows_out() -> None:
    assert "/c.html" not in stand_in(PLANNED).answers


def test_head_sends_no_body() -> None:
    with serve(Site({"/": Answer(b"text")})) as origin:
        port = int(origin.rpartition(":")[2])
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
        connection.request("HEAD", "/")
        answer = connection.getresponse()
        assert answer.getheader("Content-Length") == "4"
        assert answer.read() == b""
        connection.close()


def test_a_folder_with_something_else_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("mine")
    with pytest.raises(UsageError, match="something else than a demo"):
        run_demo(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]


def test_a_taken_port_is_named(tmp_path: Path) -> None:
    with serve(Site({})) as origin:
        lines = [MARK, *(f'source = "{origin}/"' for _ in range(2))]
        (tmp_path / "redirectmap.toml").write_text("\n".join(lines) + "\n")
        with pytest.raises(UsageError, match="is taken"):
            run_demo(tmp_path)


def test_the_screen_says_everything(tmp_path: Path) -> None:
    write_csv(tmp_path / "plan.csv", PLANNED)
    (tmp_path / "inputs").mkdir()
    truth_of(tmp_path / "inputs", ("/a.html", "/a"), ("/b.html", ""))
    out = io.StringIO()
    ran = Ran(tmp_path, (), ("apache",), "nginx")
    closing(result(ran, 61.0), Console(file=out, width=100))
    text = out.getvalue()
    for part in ("apache is not installed", "1/1", "report.html", "61 seconds"):
        assert part in text
    json.dumps(result(ran, 1.0).as_json())


def test_the_screen_shows_what_a_dump_would_do(tmp_path: Path) -> None:
    write_csv(tmp_path / "plan.csv", PLANNED)
    (tmp_path / "inputs").mkdir()
    truth_of(tmp_path / "inputs", ("/a.html", "/a"))
    shares = [{"links": {"share": n}, "domains": {"share": n}} for n in (0.1, 0.2, 1)]
    home = dict(zip(("before", "after", "dumped"), shares, strict=True))
    usual = {"low": 0.5, "high": 0.7, "why": "local businesses"}
    write_json(tmp_path / "profile.json", {"homepage": home, "range": usual})
    out = io.StringIO()
    told = result(Ran(tmp_path, (), (), "nginx"), 1.0)
    closing(told, Console(file=out, width=100))
    text = out.getvalue()
    assert "and 20% after this plan" in text
    assert "and 100% if every moved page was sent to the homepage" in text
    assert "50% to 70% is usual for local businesses" in text
    assert told.as_json()["homepage_share"] == {
        "before": 0.1,
        "after": 0.2,
        "dumped": 1,
    }


@pytest.mark.crawl
@pytest.mark.server
def test_the_whole_demo(tmp_path: Path) -> None:
    """The figures the demo promises, from the command to the files."""
    done = CliRunner().invoke(
        main, ["demo", "--out", str(tmp_path / "demo"), "--json", "--quiet"]
    )
    assert done.exit_code == 0, done.output
    said = json.loads(done.stdout)
    truth = said["truth"]
    assert truth["missing"] == 0
    assert truth["wrong"] == 0
    assert truth["dropped"] == 0
    assert truth["redirected"] == 0
    assert truth["right"] + truth["asked"] == truth["live"]
    home = said["homepage_share"]
    assert home["dumped"] == 1
    assert abs(home["after"] - home["before"]) < 0.05
    for proof in said["proofs"].values():
        assert proof["exact"] == proof["rows"] > 0
    for name in ("report.html", "map.xlsx", "plan.csv", "profile.json"):
        assert (tmp_path / "demo" / name).exists()
    sees_what_a_crawl_cannot(tmp_path / "demo")


def sees_what_a_crawl_cannot(folder: Path) -> None:
    """The orphan page, the PDF, the campaign URL, the old chain, and from where."""
    table = pd.read_csv(folder / "inventory.csv", keep_default_na=False)
    paths = table["url"].str.replace(r"^https?://[^/]+", "", regex=True)
    files = dict(zip(paths, table["files"], strict=True))
    assert files["/hochwasser/"] == (
        "access.log, backlinks.csv, search-console-pages.csv"
    )
    assert files["/downloads/Schimmel_Merkblatt_2011.pdf"] == (
        "access.log, backlinks.csv"
    )
    assert files["/aktion"] == files["/dach.htm"] == "backlinks.csv, old.htaccess"
    plan = pd.read_csv(folder / "plan.csv").set_index("old_url")
    titles = plan.loc[table["url"][paths.eq("/hochwasser/")], "old_title"]
    assert titles.str.startswith("Flood Relief").all()  # it was fetched
