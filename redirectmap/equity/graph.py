"""The link graph of one site: pages as numbers, links as a sparse matrix.

A page links to another once, however often it repeats the link. A nofollow
link passes nothing, yet takes its share of what the page gives away. A page
that redirects is a page with one link, to where the redirect ends.

Reads   `pages`, `links`.
Writes  `Graph`.
Bounds  links to URLs outside the crawl's host are left out; targets the crawl
        did not fetch are pages without links.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import sparse

Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Graph:
    """A site's links.

    Attributes:
        urls: URL of each page, shape (n,).
        into: CSR (n, n); row = target, column = source, 1 per followed link.
        given: Distinct internal targets of each page, nofollow ones included.
    """

    urls: pd.Index
    into: Any
    given: NDArray[np.float64]

    @classmethod
    def from_edges(
        cls, urls: pd.Index, source: Ints, target: Ints, follow: NDArray[np.bool_]
    ) -> Graph:
        """Build from numbered links; repeats and links to oneself are merged out.

        Args:
            urls: URL of each page.
            source: Page numbers, shape (m,).
            target: Page numbers, shape (m,).
            follow: False for nofollow links, shape (m,). Of repeats, one
                followed link is enough.
        """
        size = len(urls)
        apart = source != target
        code = target[apart].astype(np.int64) * size + source[apart]
        followed = _distinct(code[follow[apart]])
        every = followed if follow.all() else _distinct(code)
        given = np.bincount(every % size, minlength=size).astype(np.float64)
        column = (followed % size).astype(np.int32)
        starts = np.searchsorted(followed, np.arange(size + 1, dtype=np.int64) * size)
        into = sparse.csr_array(
            (np.ones(len(followed)), column, starts.astype(np.int64)),
            shape=(size, size),
        )
        return cls(urls, into, given)

    @classmethod
    def from_site(
        cls, pages: pd.DataFrame, links: pd.DataFrame, also: Sequence[str] = ()
    ) -> Graph:
        """Build from a crawl's `pages` and `links`, and `also` pages it missed."""
        jumps = _redirects(pages)
        table = pd.concat([links[["source", "target", "rel"]], jumps])
        hosts = {_host(url) for url in pages["url"]}
        known = pd.Index(pages["url"])
        outside = pd.Index(table["target"].unique()).difference(known)
        more = [url for url in outside if _host(url) in hosts]
        urls = known.append(pd.Index([*more, *also], dtype=object)).unique()
        source = urls.get_indexer(table["source"])
        target = urls.get_indexer(table["target"])
        inside = (source >= 0) & (target >= 0)
        rel = table["rel"].fillna("").astype(str).str.lower()
        follow = ~rel.str.contains("nofollow").to_numpy(dtype=bool)
        return cls.from_edges(
            urls,
            source[inside].astype(np.int64),
            target[inside].astype(np.int64),
            follow[inside],
        )

    def depths(self, start: int) -> NDArray[np.int64]:
        """Return clicks from page `start` to each page; -1 where no path leads."""
        from scipy.sparse.csgraph import breadth_first_order

        order, before = breadth_first_order(self.into.T.tocsr(), start)
        depths = np.full(len(self.urls), -1, dtype=np.int64)
        depths[start] = 0
        for page in order[1:].tolist():
            depths[page] = depths[before[page]] + 1
        return depths

    def inlinks(self) -> Ints:
        """Return how many pages link to each page with a followed link."""
        return np.asarray(np.diff(self.into.indptr), dtype=np.int64)


def _distinct(values: Ints) -> Ints:
    """Return the sorted distinct values: faster than np.unique's hashing."""
    values = np.sort(values)
    return values[np.concatenate(([True], values[1:] != values[:-1]))[: len(values)]]


def _redirects(pages: pd.DataFrame) -> pd.DataFrame:
    final = pages["final_url"]
    moved = pages[final.notna() & final.ne("") & final.ne(pages["url"])]
    return pd.DataFrame(
        {"source": moved["url"], "target": moved["final_url"], "rel": ""}, dtype=object
    )


def _host(url: str) -> str:
    """Return the host of a URL that passed the gate."""
    parts = url.split("/", 3)
    return parts[2] if len(parts) > 2 else ""
