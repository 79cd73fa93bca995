"""The report and the workbook: complete, inert, readable again."""

from __future__ import annotations

import csv
import io
import re
import time
import zipfile
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from click.testing import CliRunner
from python_calamine import CalamineWorkbook

from redirectmap.cli import main
from redirectmap.errors import InputError
from redirectmap.report import write_report, write_workbook
from redirectmap.report.page import href, percent
from redirectmap.report.sections import GONE, HOME, REVIEW, section_of, streams
from redirectmap.tables import FINDINGS, PLAN, VERDICTS, write_csv, write_json

HOSTILE = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "</style><svg onload=alert(1)>",
    "{{ 7*7 }} {% raw %}",
    "javascript:alert(1)",
    "\u202eevil\u202c \x1b[31m]]>",
    '=HYPERLINK("http://evil.example","click")',
    "+1-1",
    "@SUM(A1)",
    "-2+3",
    " =1+1",
]
TABS = [
    "Summary",
    "Map",
    "Review",
    "Unmatched old",
    "Unused new",
    "Chains and loops",
    "Homepage redirects",
    "Many-to-one",
    "Parameters",
    "Profile",
    "Findings",
]


def row(
    old: str, action: str, new: str | None = None, **more: object
) -> dict[str, Any]:
    status = {"redirect": 301, "gone": 410, "keep": 200}.get(action)
    values = {"old_url": f"https://old.example{old}", "action": action}
    target = None if new is None else f"https://new.example{new}"
    return {**values, "status": status, "new_url": target, "priority": 0.1, **more}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    rows = [
        row("/", "redirect", "/", confidence=1.0),
        row("/a/1", "redirect", "/b/1", old_title="One"),
        row("/a/2", "redirect", "/b/1"),
        row("/a/3?x=1", "redirect", "/"),
        row("/a/4", "review", "/b/4", confidence=0.4),
        row("/a/5", "gone", referring_domains=3),
        *(row(f"/h/{n}", "review", "/h", old_title=t) for n, t in enumerate(HOSTILE)),
    ]
    write_csv(tmp_path / "plan.csv", PLAN.fit(pd.DataFrame(rows)))
    found = {
        "severity": "error",
        "check": "loop",
        "old_url": "https://old.example/a/1",
        "message": HOSTILE[0],
        "hint": HOSTILE[1],
        "value": 0.1,
    }
    write_csv(tmp_path / "findings.csv", FINDINGS.fit(pd.DataFrame([found])))
    return tmp_path


class Tags(HTMLParser):
    """Collects tags and attributes, and complains about what is never closed."""

    VOID = frozenset({"meta", "link", "br", "img", "input", "hr"})

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append((tag, dict(attrs)))
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open, tag
        assert self.open.pop() == tag


def tags(folder: Path) -> Tags:
    parser = Tags()
    parser.feed(write_report(folder).read_text(encoding="utf-8"))
    parser.close()
    assert not parser.open
    return parser


def sheet(folder: Path, name: str) -> list[list[Any]]:
    write_workbook(folder)
    book = CalamineWorkbook.from_path(folder / "map.xlsx")
    return book.get_sheet_by_name(name).to_python()


def test_hostile_titles_stay_text(folder: Path) -> None:
    found = tags(folder)
    names = {tag for tag, _ in found.seen}
    assert not names & {"script", "img", "iframe", "object", "base", "form", "link"}
    for _, attributes in found.seen:
        assert not [name for name in attributes if name.startswith("on")]
        assert "style" not in attributes
    text = (folder / "report.html").read_text(encoding="utf-8")
    assert "&lt;script&gt;alert(1)" in text
    assert "\u202e" not in text
    assert "\x1b" not in text


def test_links_go_only_to_http_and_leak_nothing(folder: Path) -> None:
    for tag, attributes in tags(folder).seen:
        if tag == "a" and not (attributes["href"] or "").startswith("#"):
            assert (attributes["href"] or "").startswith(("http://", "https://"))
            assert "noreferrer" in (attributes["rel"] or "")


def test_the_policy_allows_one_style_sheet_by_its_hash(folder: Path) -> None:
    import base64
    import hashlib

    text = write_report(folder).read_text(encoding="utf-8")
    css = re.findall(r"<style>(.*?)</style>", text, re.DOTALL)
    assert len(css) == 1
    digest = base64.b64encode(hashlib.sha256(css[0].encode()).digest()).decode()
    assert f"default-src 'none'; style-src 'sha256-{digest}'" in text


def test_every_picture_and_section_has_a_name(folder: Path) -> None:
    found = tags(folder).seen
    ids = {attributes["id"] for _, attributes in found if "id" in attributes}
    for tag, attributes in found:
        if tag == "svg":
            assert attributes["role"] == "img"
            assert attributes["aria-label"]
        if tag == "section":
            assert attributes["aria-labelledby"] in ids
        if tag == "a" and (attributes["href"] or "").startswith("#"):
            assert (attributes["href"] or "")[1:] in ids


def test_same_folder_same_bytes(folder: Path) -> None:
    assert write_report(folder).read_bytes() == write_report(folder).read_bytes()


def test_streams_count_every_row_once(folder: Path) -> None:
    plan = PLAN.check(pd.read_csv(folder / "plan.csv"), where="plan")
    found = streams(plan)
    assert sum(stream.rows for stream in found) == len(plan)
    ends = {stream.new: 0 for stream in found}
    for stream in found:
        ends[stream.new] += stream.rows
    assert ends[GONE] == 1
    assert ends[REVIEW] == 1 + len(HOSTILE)
    assert ends[HOME] == 2


@pytest.mark.parametrize(
    ("url", "section"),
    [
        ("https://e.example/", HOME),
        ("https://e.example/blog/2019/x.html", "/blog"),
        ("https://e.example/index.php?id=12", "/index.php"),
        ("https://e.example/d%C3%BCren/", "/düren"),
        ("https://e.example/about.html", "single pages"),
        ("https://e.example/journal", "/journal"),
    ],
)
def test_sections(url: str, section: str) -> None:
    assert section_of(url) == section


@pytest.mark.parametrize("url", ["javascript:alert(1)", "data:text/html,x", "//", ""])
def test_no_link_for_what_the_gate_refuses(url: str) -> None:
    assert href(url) is None


@pytest.mark.parametrize(
    ("share", "text"), [(None, ""), (0.0, "0 %"), (1.0, "100 %"), (0.001, "< 1 %")]
)
def test_percent(share: float | None, text: str) -> None:
    assert percent(share) == text


def test_workbook_has_the_tabs_and_the_rows(folder: Path) -> None:
    write_workbook(folder)
    book = CalamineWorkbook.from_path(folder / "map.xlsx")
    assert book.sheet_names == TABS
    plan = list(csv.DictReader(io.StringIO((folder / "plan.csv").read_text("utf-8"))))
    table = book.get_sheet_by_name("Map").to_python()
    assert len(table) == len(plan) + 1
    assert {line[0] for line in table[1:]} == {line["old_url"] for line in plan}


@pytest.mark.parametrize(
    ("tab", "rows"),
    [
        ("Review", 12),
        ("Unmatched old", 1),
        ("Chains and loops", 1),
        ("Homepage redirects", 1),
        ("Many-to-one", 4),
        ("Parameters", 1),
        ("Findings", 1),
    ],
)
def test_tabs_hold_what_they_say(folder: Path, tab: str, rows: int) -> None:
    assert len(sheet(folder, tab)) == rows + 1


def test_no_cell_is_a_formula(folder: Path) -> None:
    write_workbook(folder)
    with zipfile.ZipFile(folder / "map.xlsx") as parts:
        for name in parts.namelist():
            if name.startswith("xl/worksheets/sheet"):
                assert b"<f>" not in parts.read(name), name


def test_titles_keep_their_bytes_but_cannot_start_a_formula(folder: Path) -> None:
    table = sheet(folder, "Map")
    at = table[0].index("Old title")
    titles = {line[at] for line in table[1:]}
    assert '=HYPERLINK("http://evil.example","click")' in titles
    with zipfile.ZipFile(folder / "map.xlsx") as parts:
        assert b'quotePrefix="1"' in parts.read("xl/styles.xml")


def test_decision_has_a_drop_down(folder: Path) -> None:
    write_workbook(folder)
    with zipfile.ZipFile(folder / "map.xlsx") as parts:
        sheet_two = parts.read("xl/worksheets/sheet2.xml").decode()
    assert "accept,redirect,merge,gone,keep,review" in sheet_two
    assert "<pane" in sheet_two
    assert "<autoFilter" in sheet_two


def test_a_folder_without_a_plan_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"holds no plan\.csv"):
        write_report(tmp_path)


def test_everything_else_a_folder_holds_is_shown(folder: Path) -> None:
    share = {"share": 0.2, "low": 0.1, "high": 0.3, "part": 2, "total": 10}
    shares = {"links": share, "domains": share}
    profile = {
        "site_type": "local",
        "range": {"low": 0.5, "high": 0.7, "why": "local businesses"},
        "homepage": {"before": shares, "after": None},
        "anchor_mix": {"brand": {"links": 3, "domains": 2}},
    }
    proof = {"server": "nginx", "version": "1", "rows": 4, "exact": 3, "requests": 9}
    write_json(folder / "profile.json", profile)
    write_json(
        folder / "rules" / "nginx" / "proof.json",
        {**proof, "passed": False, "difference_count": 1, "problem": ""},
    )
    (folder / "verify").mkdir()
    (folder / "verify" / "trend.csv").write_text("run,rows,ok\n20261101,5,4\n")
    verdict = {"old_url": "https://old.example/", "verdict": "ok", "hop_count": 1}
    verdicts = VERDICTS.fit(pd.DataFrame([verdict]))
    write_csv(folder / "verify" / "verdicts.csv", verdicts)
    fall = {
        "old_url": "https://old.example/a/1",
        "new_url": None,
        "action": "lost",
        "equity_old": 0.2,
        "equity_new": 0.0,
        "change": -0.2,
    }
    sections = [{"site": "old", "section": "/a/", "equity": 0.7, "lost": 0.2}]
    fates = {"arrives": 0.8, "kept": 0.0, "moved": 0.8, "lost": 0.2, "open": 0.0}
    equity = {**fates, "sections": sections, "falls": [fall]}
    write_json(folder / "equity.json", equity)
    text = write_report(folder).read_text(encoding="utf-8")
    assert "1 differences" in text
    assert "20% of the backlinks" in text
    assert "80.0% moves to a successor, 20.0% is lost" in text
    assert "70.0%, lost 20.0%" in text
    assert "3/4" in text
    assert "4/5" in text
    assert "1 of 1 decided old URLs answer as planned" in text


def test_command_writes_both_and_says_where(folder: Path) -> None:
    result = CliRunner().invoke(main, ["report", str(folder), "--json"])
    assert result.exit_code == 0
    assert (folder / "report.html").exists()
    assert str(folder / "map.xlsx") in result.stdout


@pytest.mark.soak
def test_100_000_rows_take_less_than_a_minute(tmp_path: Path) -> None:
    rows = [row(f"/a/{n}", "redirect", f"/b/{n % 70_000}") for n in range(100_000)]
    write_csv(tmp_path / "plan.csv", PLAN.fit(pd.DataFrame(rows)))
    started = time.monotonic()
    write_workbook(tmp_path)
    assert time.monotonic() - started < 60
