"""Propose single links and compute, not guess, the equity each would move.

Candidates: the homepage and the strongest page of the same section as sources;
pages that deserve more (linked from outside, or of a kind that sells) and lie
deep or have few links as targets. Each candidate is solved anew.

Cost    one warm-started PageRank per candidate.
"""

from __future__ import annotations

from typing import Any

import pandas as pd

from redirectmap.equity.faults import IMPORTANT
from redirectmap.equity.graph import SILENT
from redirectmap.equity.rank import rank
from redirectmap.equity.solved import Solved

LARGE = 200_000
TOLERANCE = 1e-9
"""Sum of changes at which a gain is good enough; gains that matter are above 1e-5."""
FEW_INLINKS = 3
NEAR = 2
_NAMES = ["source", "target", "equity", "gain", "reason"]


def propose(solved: Solved, *, limit: int, damping: float) -> pd.DataFrame:
    """Return links worth adding, largest gain first.

    Args:
        solved: The site and its equity.
        limit: Rows to return at most; a fifth on sites of more than `LARGE`
            pages.
        damping: As the site was solved with.

    Returns:
        source, target, equity (of the target now), gain (its rise), reason.
        Only pages that answer and may be indexed are sources or targets.
    """
    table, total = solved.table, float(solved.shares.sum())
    count = limit if len(table) <= LARGE else max(limit // 5, 1)
    if not total or not count:
        return pd.DataFrame(columns=_NAMES)
    graph, seeds = solved.graph, solved.seeds
    base = solved.shares / total
    rows: list[dict[str, Any]] = []
    for source, target in _candidates(solved, count):
        after = rank(
            graph,
            seeds,
            damping=damping,
            tolerance=TOLERANCE,
            start=base,
            extra=(source, target),
        )
        page = table.iloc[target]
        rows.append(
            {
                "source": table["url"].iloc[source],
                "target": page["url"],
                "equity": float(page["equity"]),
                "gain": float(after[target] - base[target]) * total,
                "reason": _reason(page),
            }
        )
    found = pd.DataFrame(rows, columns=_NAMES)
    found = found.sort_values(["gain", "target"], ascending=[False, True])
    return found.head(count).reset_index(drop=True)


def _reason(page: pd.Series) -> str:
    place = "not reached from the homepage"
    if page["depth"] >= 0:
        place = f"{page['depth']} clicks deep"
    return (
        f"{page['kind']} page, {page['inlinks']} inlinks, {place}, "
        f"{page['referring_domains']} referring domains"
    )


def _candidates(solved: Solved, count: int) -> list[tuple[int, int]]:
    """Return pairs of page numbers without a link from the first to the second."""
    table = solved.table
    good = _live(solved)
    worth = table["referring_domains"] + table["kind"].isin(IMPORTANT)
    far = table["depth"].lt(0) | table["depth"].gt(NEAR)
    far |= table["inlinks"].lt(FEW_INLINKS)
    wanted = table.assign(worth=worth)[
        good & far & worth.gt(0) & table["kind"].ne("home")
    ]
    order = wanted.sort_values(
        ["worth", "equity", "url"], ascending=[False, True, True]
    )
    givers = table[good & table["outlinks"].gt(0)]
    home = givers.index[givers["depth"].eq(0)][:1].tolist()
    best = givers.sort_values("equity", ascending=False).drop_duplicates("section")
    hubs = dict(zip(best["section"], best.index.tolist(), strict=True))
    pairs: dict[tuple[int, int], None] = {}
    for target in order.index[:count].tolist():
        hub = hubs.get(table["section"].iloc[target])
        for source in [*home, *([hub] if hub is not None else [])]:
            if source != target and not _linked(solved, source, target):
                pairs[source, target] = None
    return list(pairs)


def _live(solved: Solved) -> pd.Series:
    """Say which pages were fetched, answer 200 as far as known, and may be indexed."""
    pages = solved.site.pages
    status = pages["status"]
    fine = pages["missing"].isna() & (status.isna() | status.eq(200))
    return fine & ~solved.site.robots_say(rf"noindex|blocked|{SILENT}")


def _linked(solved: Solved, source: int, target: int) -> bool:
    """Say whether the page links there already, with nofollow or without."""
    site = solved.site
    return bool(((site.source == source) & (site.target == target)).any())
