"""The link graph of one site: pages as numbers, links as a sparse matrix.

A page links to another once, however often it repeats the link; links to
itself do not count. A nofollow link (by its rel, or by the page's robots
directive) passes nothing, yet takes its share of what the page gives away. A
page that redirects is a page with one link, to where the redirect ends.

Reads   `SiteLinks`.
Writes  `Graph`.
Bounds  pages the crawl did not fetch are pages without links.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import sparse

from redirectmap.readers.linkgraph import NOFOLLOW, SiteLinks

SILENT = r"nofollow|\bnone\b"
"""Robots directives of a page whose links pass nothing."""
Ints = NDArray[np.int64]
Numbers = NDArray[np.int32] | Ints


@dataclass(frozen=True, slots=True)
class Graph:
    """A site's links.

    Attributes:
        into: CSR (n, n); row = target, column = source, 1 per followed link.
        given: Distinct internal targets of each page, nofollow ones included.
    """

    into: Any
    given: NDArray[np.float64]

    @classmethod
    def from_edges(
        cls, size: int, source: Numbers, target: Numbers, follow: NDArray[np.bool_]
    ) -> Graph:
        """Build from numbered links; repeats and links to oneself are merged out.

        Args:
            size: Number of pages.
            source: Page numbers, shape (m,).
            target: Page numbers, shape (m,).
            follow: False for nofollow links, shape (m,). Of repeats, one
                followed link is enough.
        """
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
        return cls(into, given)

    @classmethod
    def from_site(cls, site: SiteLinks) -> Graph:
        """Build from a site's numbered links and its redirects."""
        quiet = site.robots_say(SILENT)
        follow = (site.flags & NOFOLLOW == 0) & ~quiet[site.source]
        here, there = _redirects(site.pages)
        return cls.from_edges(
            len(site.pages),
            np.concatenate([site.source, here]),
            np.concatenate([site.target, there]),
            np.concatenate([follow, np.ones(len(here), dtype=bool)]),
        )

    def depths(self, start: int) -> Ints:
        """Return clicks from page `start` to each page; -1 where no path leads."""
        from scipy.sparse.csgraph import breadth_first_order

        order, before = breadth_first_order(self.into.T.tocsr(), start)
        depths = np.full(len(self.given), -1, dtype=np.int64)
        depths[start] = 0
        for page, parent in zip(order[1:].tolist(), before[order[1:]].tolist()):  # noqa: B905 - same length by slicing
            depths[page] = depths[parent] + 1
        return depths

    def inlinks(self) -> Ints:
        """Return how many pages link to each page with a followed link."""
        return np.asarray(np.diff(self.into.indptr), dtype=np.int64)


def _distinct(values: Ints) -> Ints:
    """Return the sorted distinct values: faster than np.unique's hashing."""
    values = np.sort(values)
    return values[np.concatenate(([True], values[1:] != values[:-1]))[: len(values)]]


def _redirects(pages: pd.DataFrame) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """Return the numbers of pages that redirect, and of where they end."""
    final = pages["final_url"]
    moved = final.notna() & final.ne("") & final.ne(pages["url"])
    here = np.flatnonzero(moved).astype(np.int32)
    there = pd.Index(pages["url"]).get_indexer(final[moved]).astype(np.int32)
    return here[there >= 0], there[there >= 0]
