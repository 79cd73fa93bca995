"""Damaged and made-up exports: every reader refuses by name, none loses a row.

A report that adds up proves little by itself: here the rows it calls read are
counted in the table, and in made-up files the rows that came in are known.
"""

from __future__ import annotations

import csv
import io
import os
import random
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from redirectmap.errors import RedirectmapError
from redirectmap.readers import (
    ReadReport,
    feeds,
    inspect,
    read_backlink_file,
    read_linking_domains,
    read_overrides,
    read_rules,
    read_site,
    read_traffic_file,
)

EXPORTS = Path(__file__).parents[1] / "fixtures/exports"
BASE = "https://old.example"
SOAK_SECONDS = float(os.environ.get("SOAK_SECONDS", "600"))
BITS = [b'"', b"\x00", b"\n", b"\r", b"\xff", b"\t", b",", b";", b"%", b"\\", b"{"]
BITS += [b"<", b"]", b"#", b"--", b"\xef\xbb\xbf", b"\xff\xfe", b"\xc3", b'""', b"[["]


def damaged(data: bytes, rng: random.Random) -> bytes:
    """Cut, repeat, replace or insert a few bytes."""
    for _ in range(rng.randint(1, 4)):
        place, end = sorted(rng.randrange(len(data) + 1) for _ in range(2))
        piece = data[place : min(end, place + 40)]
        edit = rng.randrange(5)
        if edit == 0:
            data = data[:place] + data[place + len(piece) :]
        elif edit == 1:
            data = data[:place] + piece + data[place:]
        elif edit == 2:
            data = data[:place] + rng.choice(BITS) + data[place + 1 :]
        elif edit == 3:
            data = data[:place] + rng.choice(BITS) + data[place:]
        else:
            data = data[:place]
    return data


def in_table(path: Path) -> tuple[int | None, ReadReport]:
    """Return the rows of `path` that are in a table (None: summed up), the account."""
    kind = feeds(path)
    if kind == "backlinks":
        table, report = read_backlink_file(path)
        return len(table), report
    if kind == "traffic":
        table, report = read_traffic_file(path, base=BASE)
        logged = report.format.endswith("log")
        return (int(table["requests"].sum()) if logged else None), report
    if kind == "legacy":
        legacy, patterns, reports = read_rules([path], base=BASE)
        assert len(legacy) + len(patterns) >= reports[0].rows_read  # some make two
        return None, reports[0]
    if kind == "overrides":
        table, report = read_overrides(path, base=BASE)
        return len(table), report
    if kind == "domains":
        return None, read_linking_domains(path)[1]
    site = read_site(path)
    return len(site.links if site.report.kind == "links" else site.pages), site.report


def account(path: Path) -> None:
    """Hold a file's account against its table; an error by name is an answer, too."""
    try:
        rows, report = in_table(path)
        told = inspect(path)
    except RedirectmapError:
        return
    assert report.adds_up, report
    assert rows is None or rows == report.rows_read, report
    assert told.rows_in == report.rows_in


def damage(export: Path, seeds: Iterable[int], folder: Path) -> None:
    path = folder / "damaged"
    whole = export.read_bytes()
    for seed in seeds:
        path.write_bytes(damaged(whole, random.Random(f"{export.name} {seed}")))
        try:
            account(path)
        except Exception as error:
            raise AssertionError(f"{export.name}, seed {seed}") from error


@pytest.mark.parametrize("export", sorted(EXPORTS.iterdir()), ids=lambda e: e.name)
def test_whole_exports_are_in_their_tables(export: Path) -> None:
    account(export)
    told = inspect(export)
    assert told.rows_read or told.format == "sitemap (index)"


def test_damaged_exports(tmp_path: Path) -> None:
    for export in sorted(EXPORTS.iterdir()):
        damage(export, range(8), tmp_path)


def until(seconds: float) -> Iterator[int]:
    end = time.monotonic() + seconds
    seed = 1_000
    while time.monotonic() < end:
        yield seed
        seed += 1


READERS = {
    "crawl tables": "screaming-frog*|sitebulb*",
    "backlink tables": "ahrefs*|majestic*|semrush*|moz*",
    "search console": "gsc*",
    "ga4": "ga4*",
    "logs": "access*|nginx-*|vhost*|common*",
    "logs by fields": "iis*|cloudfront*|alb*",
    "sitemaps and lists": "sitemap*|urls*|feed*",
    "archives": "wordpress*|wayback*|*.warc",
    "rules": "apache*|nginx.conf|_redirects|wp-redirection*|rules*",
    "workbooks and zips": "*.xlsx|*.zip",
}


def exports_of(reader: str) -> list[Path]:
    names = READERS[reader].split("|")
    return sorted({path for name in names for path in EXPORTS.glob(name)})


def test_every_export_is_fuzzed() -> None:
    fuzzed = {path for reader in READERS for path in exports_of(reader)}
    assert fuzzed == set(EXPORTS.iterdir())


@pytest.mark.soak
@pytest.mark.parametrize("reader", READERS)
def test_damaged_exports_for_long(reader: str, tmp_path: Path) -> None:
    exports = exports_of(reader)
    for seed in until(SOAK_SECONDS):
        damage(exports[seed % len(exports)], [seed], tmp_path)


URLS = st.sampled_from(
    [
        *(f"https://old.example/{name}" for name in ("a", "b?x=1", "c d", "é", "NA")),
        *(
            "http://old.example/a",
            "/a",
            "old.example/a",
            "javascript:alert(1)",
            "",
            "#",
        ),
        *("https://u:p@old.example/", "https://old.example/\x00", "n/a", "=1+1"),
        *("https://old.example/" + "x" * 5_000, "https://old.example/\u200ba"),
    ]
)
TEXTS = st.text(
    st.characters(blacklist_categories=["Cs"], blacklist_characters="\x00\r"),
    max_size=12,
)
NUMBERS = st.sampled_from(["1", "1,234", "1.234,5", "", "NaN", "1e9", "-1", "x", "--"])
CELLS = {"url": URLS, "text": TEXTS, "number": NUMBERS}
TABLES = {
    "backlinks": (
        ("Referring page URL", "url"),
        ("Target URL", "url"),
        ("Anchor", "text"),
        ("Domain rating", "number"),
        ("First seen", "text"),
        ("Nofollow", "text"),
    ),
    "pages": (
        ("Title 1", "text"),
        ("Address", "url"),
        ("Status Code", "number"),
        ("Inlinks", "number"),
    ),
    "traffic": (
        ("Top pages", "url"),
        ("Clicks", "number"),
        ("Impressions", "number"),
        ("Position", "number"),
    ),
    "legacy": (("old_url", "url"), ("new_url", "url"), ("status", "number")),
}


@st.composite
def tables(draw: st.DrawFn) -> tuple[bytes, int]:
    """A table of a known number of rows, in any dialect, some rows ragged."""
    columns = TABLES[draw(st.sampled_from(sorted(TABLES)))]
    row = st.tuples(*(CELLS[kind] for _, kind in columns)).map(list)
    ragged = st.lists(TEXTS.filter(lambda t: "#" not in t[:1]), min_size=8, max_size=9)
    rows = draw(st.lists(st.one_of(row, row, row, ragged), min_size=1, max_size=8))
    rows = [cells for cells in rows if any(cells) and cells[0][:1] != "#"]
    out = io.StringIO()
    writer = csv.writer(
        out,
        delimiter=draw(st.sampled_from(",;\t|")),
        quoting=draw(st.sampled_from([csv.QUOTE_ALL, csv.QUOTE_MINIMAL])),
        lineterminator=draw(st.sampled_from(["\n", "\r\n"])),
    )
    writer.writerow([name for name, _ in columns])
    writer.writerows(rows)
    mark = draw(st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]))
    return out.getvalue().encode(mark), len(rows)


def made_up(path: Path, table: tuple[bytes, int]) -> None:
    data, rows = table
    path.write_bytes(data)
    try:
        found, report = in_table(path)
    except RedirectmapError as error:
        told = str(error)
    else:
        told = "0 rows"
        assert report.rows_in == rows
        assert report.adds_up
        assert found is None or found == report.rows_read
    by_name = ("0 rows", "holds no page", "is not text")
    assert not rows or any(words in told for words in by_name)


QUICK = settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


@QUICK
@given(table=tables())
def test_no_row_of_a_made_up_table_is_lost(
    tmp_path: Path, table: tuple[bytes, int]
) -> None:
    made_up(tmp_path / "table", table)


@pytest.mark.soak
def test_no_row_of_made_up_tables_is_lost_for_long(tmp_path: Path) -> None:
    search: Callable[[], None] = settings(QUICK, max_examples=100_000)(
        given(table=tables())(lambda table: made_up(tmp_path / "table", table))
    )
    end = time.monotonic() + SOAK_SECONDS
    while time.monotonic() < end:
        search()
        break
