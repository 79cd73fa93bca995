"""Collect the pages and links of one file into the tables of a site.

Decides which rows are the same page: every address passes the gate once and is
kept as its key; a page that stands twice is merged (the first value known wins)
and the report says how often. `inlinks` is counted from the links where the
source does not say.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson
import pandas as pd

from redirectmap.readers.records import Site, Tally, source_of
from redirectmap.readers.values import address, number
from redirectmap.tables import LEGACY, LINK_COUNTS, LINKS, PAGES
from redirectmap.urls import Url, parse

MAX_TEXT = 20_000
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

    def __init__(self, tally: Tally, sources_name: str | None = None) -> None:
        self.tally = tally
        self.name = sources_name or source_of(tally.format, tally.kind)
        self.counts: list[tuple[str, int | None, int | None]] = []
        self.pages: dict[str, Page] = {}
        self.guess = False
        self.links: dict[str, list[Any]] = {name: [] for name in LINKS.names}
        self._targets: dict[str, str | None] = {}

    def add(self, line: int, record: Mapping[str, Any]) -> None:
        """Take one page, or refuse it."""
        url = address(str(record.get("url") or ""), guess=self.guess)
        if isinstance(url, str):
            self.tally.refuse(line, url, str(record.get("url") or ""), "url")
            return
        if "%0" in url.key and any(code in url.key for code in _ENCODED_CONTROLS):
            self.tally.note("an encoded line end in a URL (%0A) is kept as it is")
        page = page_of(record, url.key)
        page["sources"] = page["sources"] or [self.name]
        known = self.pages.get(url.key)
        if known is None:
            self.pages[url.key] = page
        else:
            known.update({k: v for k, v in page.items() if _blank(known.get(k))})
            self.tally.aside["merged with the same page"] += 1
        self._add_links(url.key, record.get("links"))
        counted = (
            _count(record.get("link_domains")),
            _count(record.get("link_rows")),
        )
        if counted != (None, None):
            self.counts.append((url.key, *counted))

    def _add_links(self, source: str, links: object) -> None:
        if not isinstance(links, list):
            return
        for position, link in enumerate(links):
            target, anchor = _link(link)
            if (key := self.target(target, source)) is not None:
                self.add_link(source, key, position, anchor)

    def add_link(
        self,
        source: str,
        target: str,
        position: int,
        anchor: str | None = None,
        rel: str | None = None,
        region: str | None = None,
    ) -> None:
        """Take one link."""
        values = (source, target, position, anchor, rel, region)
        for column, value in zip(self.links.values(), values, strict=True):
            column.append(value)

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
        pages = PAGES.fit(self._page_table())
        links = LINKS.fit(self._link_table())
        if len(links):
            counted = inlinks_of(links).reindex(pages["url"]).fillna(0).to_numpy()
            pages["inlinks"] = pages["inlinks"].fillna(
                pd.Series(counted, index=pages.index, dtype="Int64")
            )
        merged = self.tally.aside["merged with the same page"]
        if merged:
            self.tally.note(f"{merged} rows repeat a page and were merged with it")
        redirects = _redirects(pages, str(self.tally.path))
        counts = pd.DataFrame(self.counts, columns=LINK_COUNTS.names)
        report = self.tally.report()
        return Site(pages, links, redirects, report, LINK_COUNTS.fit(counts))

    def _page_table(self) -> pd.DataFrame:
        """Hand the pages over as a frame; nothing is kept."""
        table = pd.DataFrame(list(self.pages.values()), columns=PAGES.names)
        self.pages.clear()
        return table

    def _link_table(self) -> pd.DataFrame:
        """Hand the links over as a frame, column by column; nothing is kept."""
        kinds = {"position": "int64"}
        columns = {
            name: pd.Series(self.links.pop(name), dtype=kinds.get(name, "object"))
            for name in LINKS.names
        }
        return pd.DataFrame(columns)


def inlinks_of(links: pd.DataFrame) -> pd.Series:
    """Count the pages that link to each target, itself left out."""
    targets, names = pd.factorize(links["target"])
    sources, _ = pd.factorize(links["source"])
    ends = pd.DataFrame({"source": sources, "target": targets})
    others = ends[(links["source"] != links["target"]).to_numpy()].drop_duplicates()
    counted = others["target"].value_counts()
    return pd.Series(counted.to_numpy(), index=names[counted.index.to_numpy()])


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


def page_of(record: Mapping[str, Any], url: str) -> Page:
    """Return one row of PAGES from whatever a source knows of the page."""
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
    if page["content_type"]:
        page["content_type"] = page["content_type"].partition(";")[0].strip().lower()
    return page


def _text(value: object) -> str | None:
    return value.strip() or None if isinstance(value, str) else None


def _count(value: object) -> int | None:
    try:
        known = number(value) if isinstance(value, str) else value
        return None if known is None else max(0, int(float(known)))  # type: ignore[arg-type]
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
