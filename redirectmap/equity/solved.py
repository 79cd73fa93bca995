"""One site with its equity solved, page by page.

Reads   `SiteLinks`, `External`.
Writes  `Solved`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from redirectmap.equity.graph import Graph
from redirectmap.equity.rank import rank
from redirectmap.equity.seeds import External
from redirectmap.profile.moves import gated_key
from redirectmap.readers.linkgraph import SiteLinks
from redirectmap.signals.kinds import page_kind, section

Floats = NDArray[np.float64]
_COLUMNS = (
    *("url", "site", "section", "kind", "equity", "referring_domains"),
    *("inlinks", "outlinks", "depth"),
)


@dataclass(frozen=True, slots=True)
class Solved:
    """One site with its equity.

    Attributes:
        site: Its pages and links.
        graph: The same as a graph.
        seeds: Weight of external links per page, shape (n,).
        shares: Equity per page, shape (n,); adds up to what reaches the site.
        table: Page table, see `Flow.pages`; row = page number.
    """

    site: SiteLinks
    graph: Graph
    seeds: Floats
    shares: Floats
    table: pd.DataFrame


def solve(
    site: SiteLinks,
    name: str,
    external: External,
    at: pd.Series | None = None,
    *,
    damping: float,
) -> Solved:
    """Solve one site.

    Args:
        site: Its pages and links.
        name: `old` or `new`.
        external: External links.
        at: Where each of their pages leads; by default to itself.
        damping: As for `rank`.
    """
    graph = Graph.from_site(site)
    keys = pd.Index([gated_key(url) for url in site.pages["url"]])
    seeds = external.seeds(keys, at)
    shares = rank(graph, seeds, damping=damping)
    table = _page_table(site, graph, name).assign(
        equity=shares, referring_domains=external.domains(keys, at)
    )
    return Solved(site, graph, seeds, shares, table[list(_COLUMNS)])


def scaled(solved: Solved, part: float) -> Solved:
    """Return the site with `part` of its equity."""
    shares = solved.shares * part
    table = solved.table.assign(equity=shares)
    return Solved(solved.site, solved.graph, solved.seeds, shares, table)


def _page_table(site: SiteLinks, graph: Graph, name: str) -> pd.DataFrame:
    pages = site.pages
    urls = pages["url"].tolist()
    facts = zip(urls, pages["title"], pages["identifiers"], strict=True)
    kinds = [page_kind(url, _text(title), _list(ids)) for url, title, ids in facts]
    homes = [row for row, kind in enumerate(kinds) if kind == "home"]
    home = min(homes, key=lambda row: len(urls[row]), default=None)
    depths = graph.depths(home) if home is not None else np.full(len(urls), -1)
    return pd.DataFrame(
        {
            "url": pages["url"],
            "site": name,
            "section": pd.Series([section(url) for url in urls], dtype=object),
            "kind": pd.Series(kinds, dtype=object),
            "inlinks": graph.inlinks(),
            "outlinks": graph.given.astype(np.int64),
            "depth": depths,
        }
    )


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None


def _list(value: object) -> list[str] | None:
    return value if isinstance(value, list) else None
