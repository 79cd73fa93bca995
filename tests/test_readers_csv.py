"""Dialects, encodings and damage: what becomes of each kind of table."""

from __future__ import annotations

import gzip
import json
import resource
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given, settings, strategies as st

from redirectmap.errors import InputError, RedirectmapError
from redirectmap.readers import ReadReport, inspect, read_rules, read_site, values
from redirectmap.readers.values import address, day, number
from redirectmap.urls import parse

CORPUS = Path(__file__).parents[1] / "../shared/hostile/csv"
OLD = "https://old.example"

# file: (rows read, reason codes of refused rows with their lines) or the words
# that its error must hold
EXPECTED: dict[str, tuple[int, list[tuple[int, str]]] | tuple[str, ...]] = {
    "ok.csv": (1, []),
    "bom-utf8.csv": (1, []),
    "utf16le.csv": (1, []),
    "utf16-nobom.csv": ("utf16-nobom.csv", "NUL", "--encoding utf-16-le"),
    "cp1252.csv": ("line 2 byte 5 is not UTF-8", "--encoding cp1252"),
    "nul.csv": (1, [(2, "control_char")]),
    "semicolon.csv": (1, []),
    "tab.tsv": (1, []),
    "mixed-delim.csv": (1, [(2, "fields")]),
    "semicolon-in-url.csv": (0, [(2, "fields")]),
    "pipe.csv": (1, []),
    "quoted-newline.csv": (1, [(2, "control_char")]),
    "unclosed-quote.csv": ("a quote that opens on line 2 is not closed",),
    "quote-in-middle.csv": (1, []),
    "dup-header.csv": ("duplicate column 'new'",),
    "dup-header-case.csv": ("duplicate column 'old'",),
    "no-header.csv": ("no header", "looks like URLs"),
    "missing-col.csv": ("column 'new' is missing", "found: old"),
    "extra-cols.csv": (1, []),
    "ragged.csv": (1, [(2, "fields"), (3, "fields")]),
    "empty.csv": ("is empty",),
    "header-only.csv": ("0 rows",),
    "blank-lines.csv": (1, []),
    "cr-only.csv": (2, []),
    "mixed-eol.csv": (2, []),
    "formula.csv": (6, []),
    "formula-url.csv": (0, [(2, "bad_source")]),
    "long-cell-2mb.csv": (1, [(2, "too_long")]),
    "many-cols.csv": ("old, new are missing",),
    "html.csv": ("this is HTML, not CSV",),
    "xlsx.csv": ("Excel or zip", "save it as CSV"),
    "gzip.csv": (1, []),
    "json.csv": ("JSON",),
    "binary.csv": ("is not text",),
    "spaces.csv": (1, []),
    "nbsp.csv": (0, [(2, "invisible_char")]),
    "smart-quotes.csv": (0, [(2, "bad_source")]),
    "excel-sep.csv": (1, []),
    "scientific.csv": (1, []),
    "leading-zero.csv": (1, []),
    "nan.csv": (1, [(3, "bad_source"), (4, "bad_source")]),
    "trailing-comma.csv": (1, []),
    "comments.csv": (1, []),
    "surrogate.csv": ("line 2 byte 2 is not UTF-8",),
    "overlong.csv": ("line 2 byte 2 is not UTF-8",),
    "crawl-screamingfrog.csv": (1, []),
    "gsc.csv": (1, []),
    "ahrefs.csv": (1, []),
    "dup-rows.csv": (1, [(4, "conflict")]),
}


@pytest.mark.skipif(not CORPUS.exists(), reason="the hostile corpus is not here")
@pytest.mark.parametrize("name", EXPECTED)
def test_hostile_tables(name: str) -> None:
    expected = EXPECTED[name]
    if isinstance(expected[0], str):
        with pytest.raises(InputError) as caught:
            inspect(CORPUS / name)
        assert all(str(words) in str(caught.value) for words in expected)
        return
    report = inspect(CORPUS / name)
    found = [(row.line, row.reason) for row in report.refused]
    assert (report.rows_read, found) == expected
    assert report.adds_up


@pytest.mark.skipif(not CORPUS.exists(), reason="the hostile corpus is not here")
def test_every_file_of_the_corpus_is_expected() -> None:
    manifest = json.loads((CORPUS / "manifest.json").read_text())
    assert {name for name in manifest if "(" not in name} == set(EXPECTED)


Write = Callable[[str | bytes], Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def put(content: str | bytes) -> Path:
        path = tmp_path / "input.csv"
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    return put


def rules_of(path: Path) -> dict[str, str]:
    legacy = read_rules([path], base=OLD)[0]
    return dict(zip(legacy["source"], legacy["target"], strict=True))


# what it shows, content, rules
SAME = {f"{OLD}/a": f"{OLD}/b"}
DIALECTS = [
    ("utf-16 little endian", "old,new\r\n/a,/b\r\n".encode("utf-16"), SAME),
    ("utf-16 big endian", b"\xfe\xff" + "old\tnew\n/a\t/b".encode("utf-16-be"), SAME),
    ("quoted tabs", '"Old"\t"New"\n"/a"\t"/b"\n', SAME),
    ("gzip", gzip.compress(b"old,new\n/a,/b\n"), SAME),
    ("sep line", "sep=;\r\nold;new\r\n/a;/b\r\n", SAME),
    ("preamble", "Exported by x\n\n\nold,new\n/a,/b\n", SAME),
    ("NA is text", "old,new\n/NA,/null\n", {f"{OLD}/NA": f"{OLD}/null"}),
    ("comment line", "# a note\nold,new\n# another\n/a,/b\n", SAME),
]


@pytest.mark.parametrize(
    ("content", "expected"), [row[1:] for row in DIALECTS], ids=[r[0] for r in DIALECTS]
)
def test_dialects(write: Write, content: str | bytes, expected: dict[str, str]) -> None:
    assert rules_of(write(content)) == expected


def test_encoding_said_by_a_person(write: Write) -> None:
    path = write("old,new\n/café,/b\n".encode("cp1252"))
    legacy = read_rules([path], base=OLD, encoding="cp1252")[0]
    assert legacy["source"].tolist() == [f"{OLD}/caf%C3%A9"]
    with pytest.raises(InputError, match="is not known"):
        read_rules([path], base=OLD, encoding="klingon")


@pytest.mark.parametrize(
    ("cell", "value"),
    [
        ("1,234", 1234),
        ("1.234", 1234),
        ("1.234,5", 1234.5),
        ("150,000.25", 150000.25),
        ("12.34%", 12.34),
        ("0,5", 0.5),
        ("0.123", 0.123),
        ("1 234", 1234),
        ("1'234'567", 1234567),
        ("-3", -3),
        ("", None),
        ("n/a", None),
        ("abc", None),
    ],
)
def test_numbers(cell: str, value: float | None) -> None:
    assert number(cell) == value


@pytest.mark.parametrize(
    ("cell", "iso"),
    [
        ("15. Sept. 2026", "2026-09-15"),
        ("5. März 2026", "2026-03-05"),
        ("3 juil. 2026", "2026-07-03"),
        ("1 août 2026", "2026-08-01"),
        ("12 Foo 2026", None),
        ("2026-09-15 10:00:00", "2026-09-15"),
        ("Sep 15, 2026", "2026-09-15"),
        ("15.09.2026", "2026-09-15"),
        ("soon", None),
    ],
)
def test_days(cell: str, iso: str | None) -> None:
    assert day(cell) == iso


def test_a_cell_is_a_url_only_when_it_says_so() -> None:
    assert address("guide.pdf") == "bad_url"
    assert address("/a") == "unparsable"
    assert not isinstance(address("/a", OLD), str)
    assert not isinstance(address("old.example/a", guess=True), str)


@given(st.from_regex(values._PLAIN, fullmatch=True))
def test_plain_urls_are_what_the_parser_makes_of_them(text: str) -> None:
    assert address(text) == parse(text)


def test_missing_file_and_folder(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be read"):
        read_site(tmp_path / "none.csv")
    with pytest.raises(InputError, match="cannot be read"):
        inspect(tmp_path)


def test_a_url_is_not_a_file() -> None:
    with pytest.raises(InputError, match="redirectmap crawl"):
        read_site("https://old.example/sitemap.xml")


def test_damaged_gzip_is_named(write: Write) -> None:
    with pytest.raises(InputError, match="damaged gzip"):
        inspect(write(gzip.compress(b"old,new\n" * 9000)[:-20]))


CELL = st.text(st.characters(codec="utf-8"), max_size=12)
TABLES = st.lists(st.lists(CELL, min_size=1, max_size=4), max_size=12)
HEADS = st.sampled_from(
    ["old,new", "url,title", "Top pages,Clicks,Impressions", "old_url;action"]
)


def _never_crashes(path: Path) -> ReadReport | None:
    try:
        report = inspect(path)
    except RedirectmapError:
        return None
    assert report.adds_up, report
    return report


@settings(max_examples=80)
@given(HEADS, TABLES, st.sampled_from(",;\t"))
def test_no_row_is_lost(
    tmp_path_factory: pytest.TempPathFactory,
    head: str,
    rows: list[list[str]],
    mark: str,
) -> None:
    path = tmp_path_factory.mktemp("fuzz") / "t.csv"
    path.write_text("\n".join([head, *(mark.join(row) for row in rows)]), "utf-8")
    _never_crashes(path)


@pytest.mark.soak
@settings(max_examples=100_000)
@given(st.binary(max_size=600) | st.text(max_size=400).map(str.encode))
def test_any_bytes(tmp_path_factory: pytest.TempPathFactory, data: bytes) -> None:
    path = tmp_path_factory.getbasetemp() / "any.bin"
    path.write_bytes(data)
    _never_crashes(path)


@settings(max_examples=100)
@given(st.binary(max_size=200))
def test_any_bytes_briefly(
    tmp_path_factory: pytest.TempPathFactory, data: bytes
) -> None:
    path = tmp_path_factory.getbasetemp() / "brief.bin"
    path.write_bytes(data)
    _never_crashes(path)


@pytest.mark.soak
def test_a_cell_of_1_gib_costs_no_memory(tmp_path: Path) -> None:
    path = tmp_path / "big.csv"
    with path.open("wb") as stream:
        stream.write(b'old,new\n"')
        stream.writelines(b"a" * (1 << 20) for _ in range(1024))
        stream.write(b'",/b\n/c,/d\n')
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    report = inspect(path)
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert [(row.line, row.reason) for row in report.refused] == [(2, "too_long")]
    assert report.rows_read == 1
    assert grown < 200_000  # KB


def test_ids_keep_their_zeros_in_workbooks(tmp_path: Path) -> None:
    path = tmp_path / "pages.xlsx"
    table = pd.DataFrame({"url": [f"{OLD}/1"], "title": ["00123"]})
    table.to_excel(path, index=False, engine="xlsxwriter")
    assert read_site(path).pages["title"].tolist() == ["00123"]
