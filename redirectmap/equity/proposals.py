"""Propose single links and compute, not guess, the equity each would move.

Candidates: the homepage and the strongest pages of the same section as
sources; pages that deserve more (linked from outside, or of a kind that sells)
and lie deep or have few links as targets. Each candidate is solved anew.

Cost    one warm-started PageRank per candidate.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from redirectmap.equity.faults import IMPORTANT
from redirectmap.equity.graph import Graph
from redirectmap.equity.rank import rank

LARGE = 200_000
_NAMES = ["source", "target", "equity", "gain", "reason"]


def propose(
    graph: Graph,
    shares: NDArray[np.float64],
    seeds: NDArray[np.float64],
    table: pd.DataFrame,
    *,
    limit: int,
    damping: float,
) -> pd.DataFrame:
    """Return links worth adding, largest gain first.

    Args:
        graph: The links as they are.
        shares: Equity of each page, as in `table`; may be scaled below sum 1.
        seeds: As given to `rank`.
        table: Page table of `flow`, row = page number.
        limit: Rows to return at most; a fifth on graphs over `LARGE` pages.
        damping: As given to `rank`.

    Returns:
        source, target, equity (of the target now), gain (its rise), reason.
    """
    total = float(shares.sum())
    count = limit if len(table) <= LARGE else max(limit // 5, 1)
    rows: list[dict[str, Any]] = []
    base = (
        rank(graph, seeds, damping=damping, start=shares / total) if total else shares
    )
    for source, target in _candidates(graph, table, count) if total else []:
        after = rank(graph, seeds, damping=damping, start=base, extra=(source, target))
        page = table.iloc[target]
        rows.append(
            {
                "source": table["url"].iloc[source],
                "target": page["url"],
                "equity": float(page["equity"]),
                "gain": float(after[target] - base[target]) * total,
                "reason": f"{page['inlinks']} inlinks, depth {page['depth']}, "
                f"{page['referring_domains']} referring domains",
            }
        )
    found = pd.DataFrame(rows, columns=_NAMES)
    return found.sort_values(
        ["gain", "target"], ascending=[False, True], ignore_index=True
    ).head(count)


def _candidates(graph: Graph, table: pd.DataFrame, count: int) -> list[tuple[int, int]]:
    """Return pairs of page numbers without a link from the first to the second."""
    worth = table["referring_domains"] + table["kind"].isin(IMPORTANT)
    far = table["depth"].lt(0) | table["depth"].gt(2) | table["inlinks"].lt(3)
    wanted = table.assign(worth=worth)[far & worth.gt(0) & table["kind"].ne("home")]
    targets = wanted.sort_values(
        ["worth", "equity", "url"], ascending=[False, True, True]
    ).index[:count]
    home = table.index[table["kind"].eq("home")][:1].tolist()
    best = table[table["outlinks"].gt(0)].sort_values("equity", ascending=False)
    hubs = best.drop_duplicates("section").reset_index().set_index("section")["index"]
    pairs: dict[tuple[int, int], None] = {}
    for target in targets.tolist():
        hub = hubs.get(table["section"].iloc[target])
        for source in [*home, *([int(hub)] if hub is not None else [])]:
            if source != target and not _linked(graph, source, target):
                pairs[source, target] = None
    return list(pairs)


def _linked(graph: Graph, source: int, target: int) -> bool:
    start, end = graph.into.indptr[target : target + 2]
    return bool((graph.into.indices[start:end] == source).any())
