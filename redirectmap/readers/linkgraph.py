"""Read a site's links as numbers: what link equity needs, and nothing else.

A page is a row number; a link is two of them and a byte of flags. A crawl's
file, JSON lines and Parquet are streamed; any other source goes through its own
reader first.

Cost    20 million links: about 9 bytes each while they are read.
Reads   what `read_site` reads.
Writes  `SiteLinks`.
Bounds  links to hosts without a fetched page are left out.
"""

from __future__ import annotations

import re
from array import array
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import pandas as pd
from numpy.typing import NDArray

from redirectmap.errors import InputError
from redirectmap.readers.files import binary, head_of, nature_of
from redirectmap.readers.site import ends_of
from redirectmap.readers.sources import read_site
from redirectmap.readers.values import address
from redirectmap.sitefile import SiteFile
from redirectmap.urls import Url, parse

Ints = NDArray[np.int32]
NOFOLLOW, MENU, FOOTER = 1, 2, 4
_MENUS = ("nav", "header", "aside")
UNREAD = "the crawl could not or did not fetch it (robots.txt, failure, limit)"
_FACTS = ("status", "robots", "final_url", "title", "identifiers")
_MISSING = {
    "robots": "robots.txt forbids it",
    "excluded": "the crawl's settings leave it out",
    "not_included": "the crawl's settings leave it out",
}


@dataclass(frozen=True, slots=True)
class SiteLinks:
    """A site's pages and internal links.

    Attributes:
        pages: Row number = page number; url (passed the gate), status (float,
            NaN not known), robots, final_url, title, identifiers (all may be
            None), missing (None for a page that was fetched, else why not).
        source: Page number of each link's page, shape (m,).
        target: Page number of each link's target, shape (m,).
        flags: `NOFOLLOW`, `MENU` (nav, header, aside) and `FOOTER` of each
            link, shape (m,), uint8.
    """

    pages: pd.DataFrame
    source: Ints
    target: Ints
    flags: NDArray[np.uint8]

    def with_pages(self, urls: Iterable[str], why: str) -> SiteLinks:
        """Return the site with pages that only others know, without links."""
        more = pd.DataFrame({"url": pd.Series(list(urls), dtype=object)})
        if more.empty:
            return self
        more = more.assign(status=np.nan, missing=why)
        pages = pd.concat([self.pages, more], ignore_index=True)
        return replace(self, pages=pages.astype({"status": "float64"}))

    def robots_say(self, pattern: str) -> NDArray[np.bool_]:
        """Say which pages' robots directives match a pattern, case ignored."""
        found = re.compile(pattern, re.IGNORECASE)
        said = self.pages["robots"].tolist()
        told = {text: bool(found.search(str(text))) for text in set(said) if text}
        return np.fromiter((told.get(text, False) for text in said), bool, len(said))


def read_links(source: Path) -> SiteLinks:
    """Read pages and links of one site, in numbers.

    Args:
        source: As for `read_site`.

    Raises:
        InputError: The file cannot be used, or holds no page.
    """
    head = head_of(source)
    nature = nature_of(head)
    if nature == "sqlite":
        found = _read_crawl(source)
    elif nature == "parquet":
        found = _numbered(_parquet_records(source))
    elif nature == "json" and head.lstrip(b"\xef\xbb\xbf \r\n\t").startswith(b"{"):
        found = _numbered(_json_records(source))
    else:
        site = read_site(source)
        return links_of(site.pages, site.links)
    if found.pages["missing"].notna().all():
        raise InputError("holds no page", hint="crawl it anew", where=str(source))
    return found


def links_of(pages: pd.DataFrame, links: pd.DataFrame) -> SiteLinks:
    """Number the tables of a site.

    Args:
        pages: Schema `PAGES`.
        links: Schema `LINKS`.
    """
    known = pd.Index(pages["url"])
    more = [links["target"], links["source"], pages["final_url"].dropna()]
    urls = known.append([pd.Index(part) for part in more]).unique()
    rel = links["rel"].fillna("").astype(str).str.lower().str.contains("nofollow")
    region = links["region"].fillna("")
    flags = NOFOLLOW * rel + MENU * region.isin(_MENUS) + FOOTER * region.eq("footer")
    fetched = urls.isin(known)
    table = pages[["url", *_FACTS]].set_axis(known).reindex(urls)
    table["missing"] = pd.Series(UNREAD, index=urls, dtype=object).mask(fetched, None)
    table["url"] = urls
    return _own(
        SiteLinks(
            table.reset_index(drop=True).astype({"status": "float64"}),
            urls.get_indexer(links["source"]).astype(np.int32),
            urls.get_indexer(links["target"]).astype(np.int32),
            flags.to_numpy().astype(np.uint8),
        )
    )


_URLS = """
SELECT u.id, u.url, p.status, p.robots, p.title, p.identifiers, u.state, u.outcome
FROM urls u LEFT JOIN pages p ON p.id = u.id AND u.state = 'done'
WHERE u.kind = 'page' ORDER BY u.id
"""
_LINKS = """
SELECT (source << 33) | (target << 3)
  | CASE WHEN rel = '' THEN 0 ELSE coalesce(rel LIKE '%nofollow%', 0) END
  | CASE region WHEN 'content' THEN 0 WHEN 'nav' THEN 2 WHEN 'footer' THEN 4
    WHEN 'header' THEN 2 WHEN 'aside' THEN 2 ELSE 0 END
FROM links
"""
_HOPS = """
SELECT u.url, r.target FROM redirects r JOIN urls u ON u.id = r.source
WHERE r.target IS NOT NULL
"""


def _read_crawl(path: Path) -> SiteLinks:
    file = SiteFile.read(path)
    try:
        rows = file.db.execute(_URLS).fetchall()
        packed = np.fromiter(chain.from_iterable(file.db.execute(_LINKS)), np.int64)
        ends = ends_of(dict(file.db.execute(_HOPS)))
    finally:
        file.close()
    ids = [row[0] for row in rows]
    numbers = np.full(max(ids, default=0) + 1, -1, np.int32)
    numbers[ids] = np.arange(len(rows), dtype=np.int32)
    source, target = numbers[packed >> 33], numbers[(packed >> 3) & (2**30 - 1)]
    inside = (source >= 0) & (target >= 0)
    flags = (packed[inside] & 7).astype(np.uint8)
    return _own(SiteLinks(_crawled(rows, ends), source[inside], target[inside], flags))


def _crawled(
    rows: Sequence[tuple[Any, ...]], ends: Mapping[str, str | None]
) -> pd.DataFrame:
    """Return the pages of a crawl; lists become columns of objects, which is fast."""
    _, urls, status, robots, titles, told, states, why = (
        zip(*rows, strict=True) if rows else [()] * 8
    )
    missing = [
        None if state == "done" else _MISSING.get(str(outcome), UNREAD)
        for state, outcome in zip(states, why, strict=True)
    ]
    columns = {
        "url": urls,
        "robots": robots,
        "final_url": [ends.get(url) for url in urls],
        "title": titles,
        "identifiers": [orjson.loads(text) if text else None for text in told],
        "missing": missing,
    }
    pages = {name: pd.Series(values, dtype=object) for name, values in columns.items()}
    return pd.DataFrame(pages).assign(status=pd.Series(status, dtype="float64"))


def _own(site: SiteLinks) -> SiteLinks:
    """Leave out pages of hosts on which nothing was fetched, and their links."""
    urls, missing = site.pages["url"].tolist(), site.pages["missing"].tolist()
    hosts = [host_of(url) for url in urls]
    ours = {host for host, why in zip(hosts, missing, strict=True) if why is None}
    kept = np.fromiter((host in ours for host in hosts), bool, len(hosts))
    if kept.all():
        return site
    numbers = np.where(kept, np.cumsum(kept) - 1, -1).astype(np.int32)
    inside = kept[site.source] & kept[site.target]
    return SiteLinks(
        site.pages[kept].reset_index(drop=True),
        numbers[site.source[inside]],
        numbers[site.target[inside]],
        site.flags[inside],
    )


def host_of(url: str) -> str:
    """Return the host of a URL that passed the gate."""
    parts = url.split("/", 3)
    return parts[2] if len(parts) > 2 else ""


def _json_records(path: Path) -> Iterator[Mapping[str, Any]]:
    with binary(path) as stream:
        for line in stream:
            try:
                record = orjson.loads(line.removeprefix(b"\xef\xbb\xbf") or b"0")
            except orjson.JSONDecodeError:
                continue  # `redirectmap inspect` lists refused lines
            if isinstance(record, dict):
                yield record


def _parquet_records(path: Path) -> Iterator[Mapping[str, Any]]:
    from pyarrow import ArrowException, parquet

    try:
        file = parquet.ParquetFile(path)
        names = [n for n in ("url", *_FACTS, "links") if n in file.schema_arrow.names]
        if "url" not in names:
            raise InputError.missing_column(
                "url", present=file.schema_arrow.names, where=str(path)
            )
        for batch in file.iter_batches(batch_size=20_000, columns=names):
            yield from batch.to_pylist()
    except (ArrowException, OSError) as error:
        raise InputError(
            f"is a damaged Parquet file: {error}", hint="write it anew", where=str(path)
        ) from error


class _Numbers:
    """Numbers URLs in the order they are met, and keeps links as numbers."""

    def __init__(self) -> None:
        self.ids: dict[str, int] = {}
        self.spelled: dict[str, int] = {}
        self.facts: dict[int, tuple[Any, ...]] = {}
        self.source = array("i")
        self.target = array("i")
        self.flags = array("B")

    def number(self, key: str) -> int:
        return self.ids.setdefault(key, len(self.ids))

    def add(self, record: Mapping[str, Any]) -> None:
        url = address(str(record.get("url") or ""))
        if isinstance(url, str):
            return
        page = self.number(url.key)
        if page not in self.facts:
            self.facts[page] = self._facts_of(record, url.key)
        for link in record.get("links") or ():
            text, flags = (link, 0) if isinstance(link, str) else _link(link)
            target = self.spelled.get(text)
            if target is None:
                target = self._target(text, url.key)
            if target >= 0:
                self.source.append(page)
                self.target.append(target)
                self.flags.append(flags)

    def _facts_of(self, record: Mapping[str, Any], base: str) -> tuple[Any, ...]:
        status, robots, final, *rest = map(record.get, _FACTS)
        end = parse(str(final), base) if final else None
        key = end.key if isinstance(end, Url) else None
        if key is not None:
            self.number(key)
        return (status, robots, key, *rest)

    def _target(self, text: str, base: str) -> int:
        found = parse(text, base, as_browser=True) if text else None
        target = self.number(found.key) if isinstance(found, Url) else -1
        if text.startswith("http"):
            self.spelled[text] = target
        return target


def _link(link: Any) -> tuple[str, int]:  # noqa: ANN401 - whatever the file holds
    if not isinstance(link, dict):
        return "", 0
    region = link.get("region")
    flags = NOFOLLOW * ("nofollow" in str(link.get("rel") or "").lower())
    flags += MENU * (region in _MENUS) + FOOTER * (region == "footer")
    return str(link.get("url") or link.get("target") or ""), flags


def _numbered(records: Iterable[Mapping[str, Any]]) -> SiteLinks:
    numbers = _Numbers()
    for record in records:
        numbers.add(record)
    urls = pd.Series(list(numbers.ids), dtype=object)
    nothing = (None,) * len(_FACTS)
    facts = [numbers.facts.get(page, nothing) for page in range(len(urls))]
    missing = [None if page in numbers.facts else UNREAD for page in range(len(urls))]
    pages = pd.DataFrame(facts, columns=list(_FACTS), dtype=object).assign(
        url=urls, missing=pd.Series(missing, dtype=object)
    )
    pages["status"] = pd.to_numeric(pages["status"], errors="coerce").astype("float64")
    return _own(
        SiteLinks(
            pages,
            np.frombuffer(numbers.source, dtype=np.int32),
            np.frombuffer(numbers.target, dtype=np.int32),
            np.frombuffer(numbers.flags, dtype=np.uint8),
        )
    )
