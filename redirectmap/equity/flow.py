"""Follow link equity through a site and, with a plan, onto the new one.

The old site's shares add up to 1: all that external links bring. On the new
site they add up to what the plan's redirects still bring, so a falling number
is a loss in the same unit.

Reads   `pages`, `links`, `backlinks`, `plan`; the new site's pages and links.
Writes  `Flow`: pages, moves, sections, findings, proposals.
Bounds  every referring domain weighs the same; a vendor's authority is not
        believed. Without backlinks all pages start equal.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from redirectmap.equity.falls import falls, moves_of, no_moves
from redirectmap.equity.faults import faults
from redirectmap.equity.graph import Graph
from redirectmap.equity.proposals import propose
from redirectmap.equity.rank import rank
from redirectmap.profile.moves import carry, followed, page_key
from redirectmap.signals.kinds import page_kind
from redirectmap.tables import FINDINGS

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Settings:
    """How equity flows.

    Attributes:
        damping: Probability that a visitor follows a link.
        proposals: Links to propose at most.
    """

    damping: float = 0.85
    proposals: int = 20


@dataclass(frozen=True, slots=True)
class Flow:
    """Where equity is, and where it goes.

    Attributes:
        summary: Totals, ready for JSON.
        pages: url, site (old, new), section, kind, equity, referring_domains,
            inlinks, outlinks, depth.
        moves: old_url, action, new_url, equity_old, equity_new, change; empty
            without a plan. equity_old of a target with several sources is
            compared with the sum of them.
        sections: site, section, pages, equity.
        proposals: source, target, equity, gain, reason.
        findings: Schema `FINDINGS`.
    """

    summary: dict[str, Any]
    pages: pd.DataFrame
    moves: pd.DataFrame
    sections: pd.DataFrame
    proposals: pd.DataFrame
    findings: pd.DataFrame


def flow(
    pages: pd.DataFrame,
    links: pd.DataFrame,
    backlinks: pd.DataFrame | None = None,
    plan: pd.DataFrame | None = None,
    new: tuple[pd.DataFrame, pd.DataFrame] | None = None,
    settings: Settings = Settings(),
) -> Flow:
    """Follow equity through the old site and, given both, the plan and the new.

    Args:
        pages: Schema `PAGES` of the old site.
        links: Schema `LINKS` of the old site.
        backlinks: Schema `BACKLINKS`; only followed, live links count.
        plan: Schema `PLAN`.
        new: Pages and links of the new site; without it `plan` has no effect.
        settings: Damping and the like.
    """
    external = _live(backlinks)
    graph = Graph.from_site(pages, links, _unknown(pages, external))
    seeds = seeds_of(graph, external)
    shares = rank(graph, seeds, damping=settings.damping)
    table = _page_table(graph, shares, seeds, "old")
    rows = faults(table, pages, links)
    shown, moves = [table], no_moves()
    summary: dict[str, Any] = {"kept": None, "lost": None}
    last = (graph, shares, seeds, table)
    if plan is not None and new is not None:
        last, moves, summary = _through(plan, new, external, table, settings)
        shown.append(last[3])
        rows = [*faults(last[3], *new), *falls(moves, summary)]
    proposals = propose(*last, limit=settings.proposals, damping=settings.damping)
    every = pd.concat(shown, ignore_index=True)
    summary = {
        "pages": len(pages),
        "links": int(graph.into.nnz),
        "damping": settings.damping,
        "seeds": "referring domains" if seeds.any() else "all pages alike",
        "dead_ends": int((graph.given == 0).sum()),
        **summary,
    }
    return Flow(
        summary,
        every,
        moves,
        _sections(every),
        proposals,
        FINDINGS.fit(pd.DataFrame(rows, columns=FINDINGS.names)),
    )


def seeds_of(graph: Graph, external: pd.DataFrame) -> Floats:
    """Return the number of referring domains of each page."""
    seeds = np.zeros(len(graph.urls))
    if external.empty:
        return seeds
    rows = {page_key(str(url)): row for row, url in enumerate(graph.urls)}
    domains = external.groupby("target_url")["source_domain"].nunique()
    for url, count in domains.items():
        row = rows.get(page_key(str(url)))
        if row is not None:
            seeds[row] += count
    return seeds


def _live(backlinks: pd.DataFrame | None) -> pd.DataFrame:
    if backlinks is None:
        return pd.DataFrame(columns=["target_url", "source_domain"])
    live = backlinks["lost"].fillna("").eq("")
    return backlinks[live & followed(backlinks)]


def _unknown(pages: pd.DataFrame, external: pd.DataFrame) -> list[str]:
    """Return pages that only external links know, one spelling each."""
    if external.empty:
        return []
    seen = {page_key(url) for url in pages["url"]}
    hosts = {key.partition("/")[0] for key in seen}
    found: list[str] = []
    for url in external["target_url"].unique():
        key = page_key(url)
        if key not in seen and key.partition("/")[0] in hosts:
            seen.add(key)
            found.append(url)
    return found


def _page_table(graph: Graph, shares: Floats, seeds: Floats, site: str) -> pd.DataFrame:
    urls = [str(url) for url in graph.urls]
    kinds = [page_kind(url) for url in urls]
    homes = [row for row, kind in enumerate(kinds) if kind == "home"]
    home = min(homes, key=lambda row: len(urls[row]), default=None)
    depths = graph.depths(home) if home is not None else np.full(len(urls), -1)
    return pd.DataFrame(
        {
            "url": pd.Series(urls, dtype=object),
            "site": site,
            "section": pd.Series([section(url) for url in urls], dtype=object),
            "kind": pd.Series(kinds, dtype=object),
            "equity": shares,
            "referring_domains": seeds.astype(np.int64),
            "inlinks": graph.inlinks(),
            "outlinks": graph.given.astype(np.int64),
            "depth": depths,
        }
    )


def section(url: str) -> str:
    """Return the first folder of a URL: `/blog/`; `/` for pages of the root."""
    parts = urlsplit(url).path.split("/")
    return f"/{parts[1]}/" if len(parts) > 2 else "/"


def _sections(pages: pd.DataFrame) -> pd.DataFrame:
    grouped = pages.groupby(["site", "section"], sort=True)["equity"]
    table = grouped.agg(pages="size", equity="sum").reset_index()
    return table.sort_values(
        ["site", "equity", "section"], ascending=[False, False, True], ignore_index=True
    )


_Last = tuple[Graph, Floats, Floats, pd.DataFrame]


def _through(
    plan: pd.DataFrame,
    new: tuple[pd.DataFrame, pd.DataFrame],
    external: pd.DataFrame,
    old: pd.DataFrame,
    settings: Settings,
) -> tuple[_Last, pd.DataFrame, dict[str, Any]]:
    """Carry external links through the plan and solve the new site."""
    graph = Graph.from_site(*new)
    carried = carry(external, plan) if len(external) else external.assign(fate="")
    alive = carried[carried["fate"].isin(["kept", "moved"])]
    seeds = seeds_of(graph, alive)
    brought = float(old["referring_domains"].sum())
    kept = min(float(seeds.sum()) / brought, 1.0) if brought else 1.0
    shares = rank(graph, seeds, damping=settings.damping) * kept
    table = _page_table(graph, shares, seeds, "new")
    moves = moves_of(old, table, plan)
    waiting = carried[carried["fate"] == "open"]
    summary = {
        "kept": round(kept, 6),
        "lost": round(1 - kept, 6),
        "links_open": len(waiting),
        "links_lost": int((carried["fate"] == "lost").sum()),
        "equity_by_action": {
            str(action): round(float(value), 6)
            for action, value in moves.groupby("action")["equity_old"].sum().items()
        },
    }
    return (graph, shares, seeds, table), moves, summary
