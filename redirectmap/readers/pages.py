"""Read the pages of a site from any file that describes it.

Decides which rows are pages. Every address passes the gate once and is kept as
its key; a page that stands twice is merged (the first value known wins), and
the report says how often. Links given with a page become rows of LINKS, and
`inlinks` is counted from them where the source does not say.

Cost    one pass; 100 000 pages with their links take seconds.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import orjson
import pandas as pd

from redirectmap.errors import InputError
from redirectmap.readers.cells import Table, open_table
from redirectmap.readers.files import binary, head_of, nature_of
from redirectmap.readers.layouts import Kind
from redirectmap.readers.records import Site, Tally
from redirectmap.readers.values import address
from redirectmap.sitemaps import parse_sitemap
from redirectmap.tables import LEGACY, LINKS, PAGES
from redirectmap.urls import Url, parse

MAX_TEXT = 20_000
MAX_SITEMAP = 64 * 1024 * 1024
_TEXTS = (
    "content_type",
    "title",
    "h1",
    "description",
    "text",
    "lang",
    "robots",
    "content_hash",
    "fetched_at",
)
_ENCODED_CONTROLS = ("%0A", "%0a", "%0D", "%0d", "%00")
_LISTS = ("headings", "identifiers", "sources")
_COUNTS = ("status", "depth", "inlinks")
Page = dict[str, Any]


class SiteBuilder:
    """Collects pages and links of one file; `site` closes it."""

    def __init__(self, tally: Tally, sources_name: str) -> None:
        self.tally = tally
        self.name = sources_name
        self.pages: dict[str, Page] = {}
        self.guess = False
        self.links: list[tuple[str, str, int, str | None, str | None, str | None]] = []
        self._targets: dict[str, str | None] = {}

    def add(self, line: int, record: Mapping[str, Any]) -> None:
        """Take one page, or refuse it."""
        url = address(str(record.get("url") or ""), guess=self.guess)
        if isinstance(url, str):
            self.tally.refuse(line, url, str(record.get("url") or ""), "url")
            return
        if "%0" in url.key and any(code in url.key for code in _ENCODED_CONTROLS):
            self.tally.note("an encoded line end in a URL (%0A) is kept as it is")
        page = _page(record, url.key)
        page["sources"] = page["sources"] or [self.name]
        known = self.pages.get(url.key)
        if known is None:
            self.pages[url.key] = page
        else:
            known.update({k: v for k, v in page.items() if _blank(known.get(k))})
            self.tally.aside["merged with the same page"] += 1
        self._add_links(url.key, record.get("links"))

    def _add_links(self, source: str, links: object) -> None:
        if not isinstance(links, list):
            return
        for position, link in enumerate(links):
            target, anchor = _link(link)
            if (key := self.target(target, source)) is not None:
                self.links.append((source, key, position, anchor, None, None))

    def target(self, text: str, base: str) -> str | None:
        """Return the key a link points to, remembering absolute ones."""
        absolute = text.startswith("http")
        if absolute and text in self._targets:
            return self._targets[text]
        plain = address(text) if absolute else None
        if isinstance(plain, Url):
            self._targets[text] = plain.key
            return plain.key
        found = parse(text, base, as_browser=True)
        key = found.key if isinstance(found, Url) else None
        if absolute:
            self._targets[text] = key
        return key

    def site(self) -> Site:
        """Return the tables; every page of the file is in them once."""
        pages = PAGES.fit(pd.DataFrame(list(self.pages.values()), columns=PAGES.names))
        links = LINKS.fit(pd.DataFrame(self.links, columns=LINKS.names))
        if len(links):
            counted = inlinks_of(links).reindex(pages["url"]).fillna(0).to_numpy()
            pages["inlinks"] = pages["inlinks"].fillna(
                pd.Series(counted, index=pages.index, dtype="Int64")
            )
        merged = self.tally.aside["merged with the same page"]
        if merged:
            self.tally.note(f"{merged} rows repeat a page and were merged with it")
        redirects = _redirects(pages, str(self.tally.path))
        return Site(pages, links, redirects, self.tally.report())


def inlinks_of(links: pd.DataFrame) -> pd.Series:
    """Count the pages that link to each target, itself left out."""
    others = links.loc[links["source"] != links["target"], ["source", "target"]]
    return others.drop_duplicates().groupby("target").size()


def _redirects(pages: pd.DataFrame, origin: str) -> pd.DataFrame:
    moved = pages["status"].between(300, 399) & pages["final_url"].notna()
    rows = pages[moved.fillna(value=False)]
    return LEGACY.fit(
        pd.DataFrame(
            {
                "source": rows["url"],
                "target": rows["final_url"],
                "status": rows["status"],
                "origin": origin,
            }
        ).reset_index(drop=True)
    )


def _page(record: Mapping[str, Any], url: str) -> Page:
    page: Page = {"url": url}
    for name in _TEXTS:
        page[name] = _text(record.get(name))
    for name in _COUNTS:
        page[name] = _count(record.get(name))
    for name in _LISTS:
        page[name] = _list(record.get(name))
    for name in ("final_url", "canonical"):
        text = _text(record.get(name))
        found = parse(text, url) if text else None
        page[name] = found.key if isinstance(found, Url) else None
    if page["text"]:
        page["text"] = page["text"][:MAX_TEXT]
    return page


def _text(value: object) -> str | None:
    return value.strip() or None if isinstance(value, str) else None


def _count(value: object) -> int | None:
    try:
        return max(0, int(float(value))) if value not in {None, ""} else None  # type: ignore[arg-type]
    except (TypeError, ValueError, OverflowError):
        return None


def _list(value: object) -> list[str] | None:
    if isinstance(value, str):
        try:
            value = orjson.loads(value) if value.startswith("[") else value.split(" | ")
        except orjson.JSONDecodeError:
            value = [value]
    if value is None or not hasattr(value, "__iter__"):
        return None
    return [str(item) for item in value if item] or None


def _link(link: object) -> tuple[str, str | None]:
    if isinstance(link, str):
        return link, None
    if isinstance(link, dict):
        return str(link.get("url") or link.get("target") or ""), _text(
            link.get("anchor")
        )
    return "", None


def _blank(value: object) -> bool:
    return value is None or value == []


def read_jsonl(path: Path, sources_name: str) -> Site:
    """Read one page per line, as JSON objects (gzip or not)."""
    builder = SiteBuilder(Tally(path, "pages as JSON lines", "pages"), sources_name)
    with binary(path) as stream:
        for number, line in enumerate(stream, start=1):
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


def read_parquet(path: Path, sources_name: str) -> Site:
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


def read_table(path: Path, sources_name: str, encoding: str | None = None) -> Site:
    """Read pages from CSV or XLSX: ours, Screaming Frog, Sitebulb, a column `url`."""
    kinds: tuple[Kind, ...] = ("pages", "links", "urls", "traffic", "overrides")
    with open_table(path, kinds=kinds, encoding=encoding) as table:
        if table.layout.name == "search console latest links":
            raise _no_targets(path)
        builder = SiteBuilder(table.tally, sources_name)
        builder.guess = table.layout.name.startswith("moz")
        take = _take_link if table.layout.kind == "links" else _take_page
        for line, cells in table.rows:
            take(builder, line, {f: cells[i] for f, i in table.columns.items()})
        _note_unused(table)
    return builder.site()


def _no_targets(path: Path) -> InputError:
    return InputError(
        "lists linking pages, but not which page they link to",
        hint="export Links, Top target pages instead, or a vendor's backlinks",
        where=str(path),
    )


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
        page = builder.pages.setdefault(url.key, _page({}, url.key))
        page["sources"] = [builder.name]
    anchor = record.get("anchor") or record.get("alt") or None
    region = (record.get("region") or "").casefold() or None
    rel = record.get("rel") or None
    place = len(builder.links)
    builder.links.append((source.key, target.key, place, anchor, rel, region))


def _note_unused(table: Table) -> None:
    used = set(table.columns.values())
    unused = [h for i, h in enumerate(table.headers) if i not in used and h]
    if unused:
        more = f" and {len(unused) - 8} more" if len(unused) > 8 else ""
        table.tally.note(f"columns not used: {', '.join(unused[:8])}{more}")


def read_sitemap(path: Path, sources_name: str) -> Site:
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
    if sitemap.kind == "index":
        tally.note("an index names further sitemaps, not pages: give those files too")
    builder = SiteBuilder(tally, sources_name)
    for text, reason in sitemap.refused:
        tally.refuse(None, reason, text, "loc")
    for entry in sitemap.entries:
        builder.pages[entry.url] = _page({}, entry.url) | {"sources": [sources_name]}
    repeated = sitemap.found - len(sitemap.refused) - len(sitemap.entries)
    if repeated:
        tally.aside["merged with the same page"] += repeated
    return builder.site()


def read_list(
    path: Path, sources_name: str, lines: Callable[[], Iterator[tuple[int, str]]]
) -> Site:
    """Read one address per line; `#` begins a comment line."""
    builder = SiteBuilder(Tally(path, "list of URLs", "urls"), sources_name)
    for number, line in lines():
        if line.strip() and not line.startswith("#"):
            builder.tally.rows_in += 1
            builder.add(number, {"url": line.strip("\r\n")})
    return builder.site()


def nature(path: Path) -> str:
    """Tell what the bytes of `path` are."""
    return nature_of(head_of(path))
