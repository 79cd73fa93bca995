"""What becomes of each old page's equity under a plan, and which falls matter.

Reads   the page tables of the old and the new site, `plan`.
Writes  moves (one row per old page) and rows of `findings`.
"""

from __future__ import annotations

from typing import Any

import pandas as pd

from redirectmap.profile.moves import destination, page_key, plan_targets

FALL = 0.005
"""Share of all equity that a page must lose to be a finding."""
PER_CHECK = 50


def moves_of(old: pd.DataFrame, new: pd.DataFrame, plan: pd.DataFrame) -> pd.DataFrame:
    """Return what becomes of each old page's equity, deepest falls first."""
    table = plan_targets(plan)
    ends = [destination(url, table) for url in old["url"]]
    landed = {page_key(url): value for url, value in zip(new["url"], new["equity"])}  # noqa: B905
    moves = pd.DataFrame(
        {
            "old_url": old["url"],
            "action": pd.Series([fate for fate, _ in ends], dtype=object),
            "new_url": pd.Series([url for _, url in ends], dtype=object),
            "equity_old": old["equity"],
        }
    )
    ends_here = moves["action"].isin(["kept", "moved"])
    keys = moves["new_url"].map(page_key)
    moves["equity_new"] = keys.map(landed).fillna(0.0).where(ends_here, 0.0)
    together = moves["equity_old"].where(ends_here).groupby(keys).transform("sum")
    basis = together.where(ends_here, moves["equity_old"])
    moves["change"] = moves["equity_new"] - basis
    return moves.sort_values(["change", "old_url"], ignore_index=True)


def no_moves() -> pd.DataFrame:
    """Return the table without rows."""
    names = ["old_url", "action", "new_url", "equity_old", "equity_new", "change"]
    return pd.DataFrame(columns=names)


def falls(moves: pd.DataFrame, summary: dict[str, Any]) -> list[dict[str, Any]]:
    """Return a finding for each deep fall, and one for what is lost."""
    worst = moves[moves["change"] <= -FALL].head(PER_CHECK)
    rows: list[dict[str, Any]] = [
        {
            "severity": "warning",
            "check": "equity-falls",
            "old_url": row["old_url"],
            "new_url": row["new_url"] if row["action"] != "lost" else None,
            "message": f"{row['equity_old']:.2%} of all link equity; "
            f"{row['equity_new']:.2%} arrives ({row['action']})",
            "hint": "redirect it to its successor, or link the successor better",
            "value": -row["change"],
        }
        for row in worst.to_dict("records")
    ]
    if summary["lost"] > 0:
        rows.append(
            {
                "severity": "warning",
                "check": "equity-lost",
                "message": f"{summary['lost']:.1%} of what external links bring does "
                "not reach a page of the new site",
                "hint": "see equity.csv: give the linked pages a target",
                "value": summary["lost"],
            }
        )
    return rows
