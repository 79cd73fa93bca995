"""Read a site's links in numbers from a crawl's file, JSON lines or Parquet.

These are streamed, so that a million pages with 20 million links fit in 2 GB;
any other source goes through its own reader first.

Cost    20 million links: 9 bytes each while they are read.
Reads   what `read_site` reads.
Writes  `SiteLinks`.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import pandas as pd

from redirectmap.errors import InputError
from redirectmap.readers.files import binary, head_of, nature_of
from redirectmap.readers.linkgraph import (
    FACTS,
    FOOTER,
    MENU,
    MENUS,
    NOFOLLOW,
    UNREAD,
    Ints,
    SiteLinks,
    links_of,
    own_pages,
)
from redirectmap.readers.site import ends_of
from redirectmap.readers.sources import read_site
from redirectmap.readers.values import address
from redirectmap.sitefile import SiteFile
from redirectmap.urls import Url, parse

_MISSING = {
    "robots": "robots.txt forbids it",
    "excluded": "the crawl's settings leave it out",
    "not_included": "the crawl's settings leave it out",
}


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
        found = _read_parquet(source)
    elif nature == "json" and head.lstrip(b"\xef\xbb\xbf \r\n\t").startswith(b"{"):
        found = _numbered(_json_records(source))
    else:
        site = read_site(source)
        return links_of(site.pages, site.links)
    if found.pages["missing"].notna().all():
        raise InputError("holds no page", hint="crawl it anew", where=str(source))
    return found


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
    return own_pages(
        SiteLinks(_crawled(rows, ends), source[inside], target[inside], flags)
    )


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


def _json_records(path: Path) -> Iterator[Mapping[str, Any]]:
    with binary(path) as stream:
        for line in stream:
            try:
                record = orjson.loads(line.removeprefix(b"\xef\xbb\xbf") or b"0")
            except orjson.JSONDecodeError:
                continue  # `redirectmap inspect` lists refused lines
            if isinstance(record, dict):
                yield record


def _read_parquet(path: Path) -> SiteLinks:
    from pyarrow import ArrowException, parquet

    numbers = _Numbers()
    try:
        file = parquet.ParquetFile(path)
        names = [n for n in ("url", *FACTS, "links") if n in file.schema_arrow.names]
        if "url" not in names:
            raise InputError.missing_column(
                "url", present=file.schema_arrow.names, where=str(path)
            )
        for batch in file.iter_batches(batch_size=50_000, columns=names):
            _take_batch(numbers, batch)
    except (ArrowException, OSError) as error:
        raise InputError(
            f"is a damaged Parquet file: {error}", hint="write it anew", where=str(path)
        ) from error
    return numbers.site()


def _take_batch(numbers: _Numbers, batch: Any) -> None:  # noqa: ANN401 - pyarrow has no types
    """Take a batch; plain absolute links go as a column, other forms one by one."""
    import pyarrow as pa

    links = batch["links"] if "links" in batch.schema.names else pa.nulls(len(batch))
    plain = links.type == pa.list_(pa.string())
    coded = (links.flatten() if plain else pa.array([""])).dictionary_encode()
    texts = coded.dictionary.to_pylist()
    if not all(text.startswith("http") for text in texts):
        for record in batch.to_pylist():
            numbers.add(record)
        return
    facts = batch.drop_columns(["links"]).to_pylist()
    pages = np.array([numbers.page(record) for record in facts], dtype=np.int32)
    ids = np.array([numbers.target_of(text) for text in texts] or [-1], dtype=np.int32)
    counts = links.value_lengths().fill_null(0).to_numpy()
    numbers.add_all(
        np.repeat(pages, counts), ids[coded.indices.fill_null(0).to_numpy()]
    )


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

    def page(self, record: Mapping[str, Any]) -> int:
        """Take a page without its links; return its number, -1 if refused."""
        url = address(str(record.get("url") or ""))
        if isinstance(url, str):
            return -1
        page = self.number(url.key)
        if page not in self.facts:
            self.facts[page] = self._facts_of(record, url.key)
        return page

    def add(self, record: Mapping[str, Any]) -> None:
        """Take a page with its links."""
        page = self.page(record)
        if page < 0:
            return
        base = str(record["url"])
        for link in record.get("links") or ():
            text, flags = (link, 0) if isinstance(link, str) else _link(link)
            target = self.target_of(text, base)
            if target >= 0:
                self.source.append(page)
                self.target.append(target)
                self.flags.append(flags)

    def add_all(self, source: Ints, target: Ints) -> None:
        """Take many followed links; those of or to -1 are left out."""
        good = (source >= 0) & (target >= 0)
        self.source.frombytes(source[good].tobytes())
        self.target.frombytes(target[good].tobytes())
        self.flags.frombytes(bytes(int(good.sum())))

    def target_of(self, text: str, base: str | None = None) -> int:
        """Return the number of a link's target; -1 where it leads nowhere."""
        known = self.spelled.get(text)
        return self._target(text, base) if known is None else known

    def _facts_of(self, record: Mapping[str, Any], base: str) -> tuple[Any, ...]:
        status, robots, final, *rest = map(record.get, FACTS)
        end = parse(str(final), base) if final else None
        key = end.key if isinstance(end, Url) else None
        if key is not None:
            self.number(key)
        return (status, robots, key, *rest)

    def _target(self, text: str, base: str | None) -> int:
        absolute = text.startswith("http")
        found: Any = address(text) if absolute else None
        if not isinstance(found, Url):
            found = parse(text, base, as_browser=True) if text else None
        target = self.number(found.key) if isinstance(found, Url) else -1
        if absolute:
            self.spelled[text] = target
        return target

    def site(self) -> SiteLinks:
        """Hand over what was taken."""
        urls = pd.Series(list(self.ids), dtype=object)
        nothing = (None,) * len(FACTS)
        facts = [self.facts.get(page, nothing) for page in range(len(urls))]
        missing = [None if page in self.facts else UNREAD for page in range(len(urls))]
        pages = pd.DataFrame(facts, columns=list(FACTS), dtype=object).assign(
            url=urls, missing=pd.Series(missing, dtype=object)
        )
        pages["status"] = pd.to_numeric(pages["status"], errors="coerce").astype(
            "float64"
        )
        return own_pages(
            SiteLinks(
                pages,
                np.frombuffer(self.source, dtype=np.int32),
                np.frombuffer(self.target, dtype=np.int32),
                np.frombuffer(self.flags, dtype=np.uint8),
            )
        )


def _link(link: Any) -> tuple[str, int]:  # noqa: ANN401 - whatever the file holds
    if not isinstance(link, dict):
        return "", 0
    region = link.get("region")
    flags = NOFOLLOW * ("nofollow" in str(link.get("rel") or "").lower())
    flags += MENU * (region in MENUS) + FOOTER * (region == "footer")
    return str(link.get("url") or link.get("target") or ""), flags


def _numbered(records: Iterable[Mapping[str, Any]]) -> SiteLinks:
    numbers = _Numbers()
    for record in records:
        numbers.add(record)
    return numbers.site()
