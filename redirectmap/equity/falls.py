"""What becomes of each old page's equity under a plan, and which falls matter.

Reads   the page tables of the old and the new site, `plan`.
Writes  moves (one row per old page), sections and rows of `findings`.
"""

from __future__ import annotations

from typing import Any

import pandas as pd

from redirectmap.equity.seeds import External
from redirectmap.profile.moves import (
    destination_of,
    gated_key,
    page_key,
    plan_targets,
)
from redirectmap.readers.linkgraph import SiteLinks

FALL = 0.005
"""Share of all equity that a page must lose to be a finding."""
PER_CHECK = 50
FATES = ("kept", "moved", "lost", "open")
ENDS = FATES[:2]


def fates(external: External, plan: pd.DataFrame, new: SiteLinks) -> pd.DataFrame:
    """Say where each externally linked page's links will lead.

    Returns:
        Index as `external.pages`; key (`page_key` on the new site, None where
        the links end), fate (kept, moved, lost, open), missed (links whose
        target the new site's crawl does not know: they are lost too).
    """
    table = plan_targets(plan)
    keys, urls = external.pages.index, external.pages["url"]
    ends = [destination_of(k, u, table) for k, u in zip(keys, urls, strict=True)]
    known = {gated_key(url) for url in new.pages["url"]}
    found = pd.DataFrame(
        {
            "fate": pd.Series([fate for fate, _ in ends], index=keys, dtype=object),
            "key": pd.Series([page_key(u) for _, u in ends], index=keys, dtype=object),
        }
    )
    alive = found["fate"].isin(ENDS)
    missed = alive & ~found["key"].isin(known)
    found["missed"] = external.pages["links"].where(missed, 0)
    found["key"] = found["key"].where(alive & ~missed, None)
    found["fate"] = found["fate"].mask(missed, "lost")
    return found


def moves_of(old: pd.DataFrame, new: pd.DataFrame, plan: pd.DataFrame) -> pd.DataFrame:
    """Return what becomes of each old page's equity, deepest falls first."""
    table = plan_targets(plan)
    ends = [destination_of(gated_key(url), url, table) for url in old["url"]]
    landed = dict(zip(map(gated_key, new["url"]), new["equity"], strict=True))
    moves = pd.DataFrame(
        {
            "old_url": old["url"],
            "action": pd.Series([fate for fate, _ in ends], dtype=object),
            "new_url": pd.Series([url for _, url in ends], dtype=object),
            "equity_old": old["equity"],
        }
    )
    ends_here = moves["action"].isin(ENDS)
    keys = moves["new_url"].map(page_key)
    moves["equity_new"] = keys.map(landed).fillna(0.0).where(ends_here, 0.0)
    together = moves["equity_old"].where(ends_here).groupby(keys).transform("sum")
    basis = together.where(ends_here, moves["equity_old"])
    moves["change"] = moves["equity_new"] - basis
    moves["new_url"] = moves["new_url"].where(moves["action"].ne("lost"), None)
    return moves.sort_values(["change", "old_url"], ignore_index=True)


def no_moves() -> pd.DataFrame:
    """Return the table without rows."""
    names = ["old_url", "action", "new_url", "equity_old", "equity_new", "change"]
    return pd.DataFrame(columns=names)


def sections_of(pages: pd.DataFrame, moves: pd.DataFrame) -> pd.DataFrame:
    """Return equity by site and section, and what becomes of the old site's."""
    grouped = pages.groupby(["site", "section"], sort=True)["equity"]
    table = grouped.agg(pages="size", equity="sum").reset_index()
    if len(moves):
        places = pages[pages["site"] == "old"].set_index("url")["section"]
        section = moves["old_url"].map(places)
        for name in FATES:
            held = moves["equity_old"].where(moves["action"].eq(name), 0.0)
            part = table["section"].map(held.groupby(section).sum())
            table[name] = part.where(table["site"] == "old")
    return table.sort_values(
        ["site", "equity", "section"], ascending=[False, False, True], ignore_index=True
    )


def falls(moves: pd.DataFrame, summary: dict[str, Any]) -> list[dict[str, Any]]:
    """Return a finding for each deep fall, for what is lost and what is open."""
    decided = moves[moves["action"].ne("open")]
    worst = decided[decided["change"] <= -FALL].head(PER_CHECK)
    rows: list[dict[str, Any]] = [
        {
            "severity": "warning",
            "check": "equity-falls",
            "old_url": row["old_url"],
            "new_url": row["new_url"],
            "message": f"held {row['equity_old']:.2%} of all link equity; its "
            f"target holds {row['equity_new']:.2%} ({row['action']})",
            "hint": "redirect it to its successor, or link the successor better",
            "value": -row["change"],
        }
        for row in worst.to_dict("records")
    ]
    told = {
        "lost": (
            "warning",
            "is lost",
            "give the pages lost in equity_moves.csv a target",
        ),
        "open": ("notice", "waits for a decision", "decide the rows in review"),
    }
    for name, (severity, what, hint) in told.items():
        if summary[name]:
            text = f"{summary[name]:.1%} of what external links bring {what}"
            check = f"equity-{name}"
            row = {"severity": severity, "check": check, "message": text, "hint": hint}
            rows.append({**row, "value": summary[name]})
    return rows
