"""Read the pages of a site from any file that describes it.

Decides which reader a pages file needs: JSON lines, Parquet, a vendor's table, a
sitemap, a list. What is a page, and which are the same, is the builder's.

Cost    one pass; 100 000 pages with their links take seconds.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import orjson
import pandas as pd

from redirectmap.errors import InputError
from redirectmap.readers.builder import SiteBuilder, page_of
from redirectmap.readers.cells import Table, open_table
from redirectmap.readers.files import binary, capped_lines
from redirectmap.readers.layout import Kind
from redirectmap.readers.records import Site, Tally
from redirectmap.readers.values import address
from redirectmap.sitemaps import parse_sitemap

_REGIONS = {
    "navigation": "nav",
    "en-tête": "header",
    "kopfzeile": "header",
    "kopfbereich": "header",
    "pied de page": "footer",
    "fußzeile": "footer",
    "contenu": "content",
    "inhalt": "content",
    "seitenleiste": "aside",
}
"""What Screaming Frog calls the place of a link, in its three languages."""

MAX_SITEMAP = 64 * 1024 * 1024


def read_jsonl(path: Path, sources_name: str | None) -> Site:
    """Read one page per line, as JSON objects (gzip or not)."""
    builder = SiteBuilder(Tally(path, "pages as JSON lines", "pages"), sources_name)
    with binary(path) as stream:
        for number, line in enumerate(capped_lines(stream), start=1):
            if not line.strip():
                continue
            builder.tally.rows_in += 1
            record = _json_object(line)
            if record is None:
                text = line[:200].decode(errors="replace")
                builder.tally.refuse(number, "json", text)
            else:
                builder.add(number, record)
    return builder.site()


def _json_object(line: bytes) -> dict[str, Any] | None:
    try:
        value = orjson.loads(line.removeprefix(b"\xef\xbb\xbf"))
    except orjson.JSONDecodeError:
        return None
    return value if isinstance(value, dict) else None


def read_parquet(path: Path, sources_name: str | None) -> Site:
    """Read a pages table in Parquet."""
    try:
        table = pd.read_parquet(path)
    except (OSError, ValueError) as error:
        raise InputError(
            f"is a damaged Parquet file: {error}", hint="write it anew", where=str(path)
        ) from error
    if "url" not in table.columns:
        raise InputError.missing_column(
            "url", present=[str(c) for c in table.columns], where=str(path)
        )
    builder = SiteBuilder(Tally(path, "pages as Parquet", "pages"), sources_name)
    known = table.astype(object).where(table.notna(), None)
    for number, record in enumerate(known.to_dict("records"), start=1):
        builder.tally.rows_in += 1
        builder.add(number, {str(k): v for k, v in record.items()})
    return builder.site()


def read_table(
    path: Path, sources_name: str | None, encoding: str | None = None
) -> Site:
    """Read pages from CSV or XLSX: ours, Screaming Frog, Sitebulb, a column `url`."""
    kinds: tuple[Kind, ...] = ("pages", "links", "urls", "traffic", "overrides")
    with open_table(path, kinds=kinds, encoding=encoding) as table:
        builder = SiteBuilder(table.tally, sources_name)
        builder.guess = table.layout.name.startswith("moz")
        take = _take_link if table.layout.kind == "links" else _take_page
        for line, cells in table.rows:
            take(builder, line, {f: cells[i] for f, i in table.columns.items()})
        _note_unused(table)
    return builder.site()


def _take_page(builder: SiteBuilder, line: int, record: dict[str, Any]) -> None:
    record["headings"] = record.get("headings") or [
        record.get("h2_1"),
        record.get("h2_2"),
    ]
    directives = [record.get("meta_robots"), record.get("x_robots")]
    record["robots"] = record.get("robots") or ", ".join(d for d in directives if d)
    record["url"] = record.get("url") or record.get("old_url") or ""
    builder.add(line, record)


def _take_link(builder: SiteBuilder, line: int, record: dict[str, Any]) -> None:
    kind = record.get("type", "Hyperlink").casefold()
    if kind not in {"hyperlink", "hyperlien", "link"}:
        builder.tally.aside[f"not a hyperlink: {kind}"[:60]] += 1
        return
    found = [address(record["source"]), address(record["target"])]
    source, target = found
    if isinstance(source, str) or isinstance(target, str):
        column = "source" if isinstance(source, str) else "target"
        reason = next(str(f) for f in found if isinstance(f, str))
        builder.tally.refuse(line, reason, record[column], column)
        return
    for url in (source, target):
        page = builder.pages.setdefault(url.key, page_of({}, url.key))
        page["sources"] = [builder.name]
    anchor = record.get("anchor") or record.get("alt") or None
    place = (record.get("region") or "").casefold()
    region = _REGIONS.get(place, place) or None
    rel = record.get("rel") or None
    place = len(builder.links["source"])
    builder.add_link(source.key, target.key, place, anchor, rel, region)


def _note_unused(table: Table) -> None:
    used = set(table.columns.values())
    unused = [h for i, h in enumerate(table.headers) if i not in used and h]
    if unused:
        more = f" and {len(unused) - 8} more" if len(unused) > 8 else ""
        table.tally.note(f"columns not used: {', '.join(unused[:8])}{more}")


def read_sitemap(path: Path, sources_name: str | None) -> Site:
    """Read the addresses of a sitemap file (XML, index, RSS, gzip)."""
    with binary(path) as stream:
        body = stream.read(MAX_SITEMAP + 1)
    if len(body) > MAX_SITEMAP:
        raise InputError("is larger than 64 MB", hint="split it", where=str(path))
    sitemap = parse_sitemap(body)
    if sitemap.kind == "none":
        raise InputError(
            f"is no sitemap: {sitemap.warnings[0]}",
            hint="give a sitemap, a table or a list of URLs",
            where=str(path),
        )
    tally = Tally(path, f"sitemap ({sitemap.kind})", "urls", rows_in=sitemap.found)
    tally.notes.extend(sitemap.warnings)
    builder = SiteBuilder(tally, sources_name)
    for text, reason, line in sitemap.refused:
        tally.refuse(line, reason, text, "loc")
    if sitemap.kind == "index":
        tally.note("an index names further sitemaps, not pages: give those files")
        tally.aside["a further sitemap, no page"] += len(sitemap.entries)
    for entry in sitemap.entries if sitemap.kind != "index" else ():
        builder.pages[entry.url] = page_of({}, entry.url) | {"sources": [builder.name]}
    repeated = sitemap.found - len(sitemap.refused) - len(sitemap.entries)
    if repeated:
        tally.aside["merged with the same page"] += repeated
    return builder.site()


def read_list(
    path: Path, sources_name: str | None, lines: Callable[[], Iterator[tuple[int, str]]]
) -> Site:
    """Read one address per line; `#` begins a comment line."""
    builder = SiteBuilder(Tally(path, "list of URLs", "urls"), sources_name)
    for number, line in lines():
        if line.strip() and not line.startswith("#"):
            builder.tally.rows_in += 1
            builder.add(number, {"url": line.strip("\r\n")})
    return builder.site()
