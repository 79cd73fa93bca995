"""Follow link equity through a site and, with a plan, onto the new one.

The old site's shares add up to 1: all that external links bring. On the new
site they add up to what the plan's redirects still bring, so a falling number
is a loss in the same unit.

Reads   `SiteLinks` of the old and the new site, `backlinks`, `plan`.
Writes  `Flow`: pages, moves, sections, findings, proposals.
Bounds  only followed external links count. Without backlinks all pages start
        equal, on both sites.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pandas as pd

from redirectmap.equity.falls import (
    ENDS,
    FATES,
    falls,
    fates,
    moves_of,
    no_moves,
    sections_of,
)
from redirectmap.equity.faults import faults
from redirectmap.equity.proposals import propose
from redirectmap.equity.seeds import External, Seeds, external_of
from redirectmap.equity.solved import Solved, scaled, solve
from redirectmap.profile.moves import gated_key
from redirectmap.readers.linkgraph import SiteLinks, host_of
from redirectmap.tables import FINDINGS


@dataclass(frozen=True, slots=True)
class Settings:
    """How equity flows.

    Attributes:
        damping: Probability that a visitor follows a link, 0 to below 1.
        seeds: What external links weigh, see `external_of`.
        proposals: Links to propose at most.
    """

    damping: float = 0.85
    seeds: Seeds = "domains"
    proposals: int = 20


@dataclass(frozen=True, slots=True)
class Flow:
    """Where equity is, and where it goes.

    Attributes:
        summary: Totals, ready for JSON.
        pages: url, site (old, new), section, kind, equity, referring_domains,
            inlinks, outlinks, depth (clicks from the homepage, -1 where no
            path of followed links leads).
        moves: old_url, action (kept, moved, lost, open), new_url, equity_old,
            equity_new, change; empty without a plan. Several old pages with
            one target are compared with it together.
        sections: site, section, pages, equity; with a plan, for the old site,
            also kept, moved, lost and open, which add up to equity.
        proposals: source, target, equity, gain, reason.
        findings: Schema `FINDINGS`; about the new site where there is one.
    """

    summary: dict[str, Any]
    pages: pd.DataFrame
    moves: pd.DataFrame
    sections: pd.DataFrame
    proposals: pd.DataFrame
    findings: pd.DataFrame


def flow(
    site: SiteLinks,
    backlinks: pd.DataFrame | None = None,
    plan: pd.DataFrame | None = None,
    new: SiteLinks | None = None,
    settings: Settings = Settings(),
) -> Flow:
    """Follow equity through the old site and, given both, the plan and the new.

    Args:
        site: The old site.
        backlinks: Schema `BACKLINKS`; only followed, live links count.
        plan: Schema `PLAN`.
        new: The new site; without it `plan` has no effect.
        settings: Damping and the like.
    """
    external = external_of(backlinks, settings.seeds)
    site = site.with_pages(_unknown(site, external), "only other sites link to it")
    given = int(external.pages["links"].sum())
    external = external.only(map(gated_key, site.pages["url"]))
    old = solve(site, "old", external, damping=settings.damping)
    last, moves, rows = old, no_moves(), []
    summary: dict[str, Any] = {
        **_known(old, external, settings),
        "external_links_given": given,
    }
    if plan is not None and new is not None:
        ends = fates(external, plan, new)
        last = solve(new, "new", external, ends["key"], damping=settings.damping)
        brought, came = old.seeds.sum(), last.seeds.sum()
        if brought:
            last = scaled(last, float(came / brought))
        moves = moves_of(old.table, last.table, plan)
        summary |= _fate_shares(ends, external, float(brought))
        summary["equity_by_fate"] = _by_fate(moves)
        rows = falls(moves, summary)
    rows = [*faults(last.table, last.site), *rows]
    every = old.table if last is old else pd.concat([old.table, last.table])
    return Flow(
        summary,
        every.reset_index(drop=True),
        moves,
        sections_of(every, moves),
        propose(last, limit=settings.proposals, damping=settings.damping),
        FINDINGS.fit(pd.DataFrame(rows, columns=FINDINGS.names)),
    )


def _unknown(site: SiteLinks, external: External) -> list[str]:
    """Return pages of the site's hosts that only external links know."""
    if external.pages.empty:
        return []
    urls = site.pages["url"]
    hosts = {host_of(url).removeprefix("www.") for url in urls}
    known = set(map(gated_key, urls))
    rows = zip(map(str, external.pages.index), external.pages["url"], strict=True)
    return [u for k, u in rows if k not in known and k.partition("/")[0] in hosts]


def _known(old: Solved, external: External, settings: Settings) -> dict[str, Any]:
    seeded = bool(old.seeds.any())
    return {
        "pages": int(old.site.pages["missing"].isna().sum()),
        "links": int(old.graph.into.nnz),
        "damping": settings.damping,
        "seeds": settings.seeds if seeded else "even",
        "external_links": int(external.pages["links"].sum()),
        "dead_ends": int((old.graph.given == 0).sum()),
    }


def _fate_shares(
    ends: pd.DataFrame, external: External, brought: float
) -> dict[str, Any]:
    """Return which part of what external links bring is kept, moved, lost, open."""
    weight = external.pages["weight"].groupby(ends["fate"]).sum()
    links = external.pages["links"].groupby(ends["fate"]).sum()
    shares = {
        name: round(float(weight.get(name, 0.0)) / brought, 6) if brought else None
        for name in FATES
    }
    counts = {f"links_{name}": int(links.get(name, 0)) for name in shares}
    arrives = None if not brought else round(sum(shares[n] or 0 for n in ENDS), 6)
    return {
        "arrives": arrives,
        **shares,
        **counts,
        "links_to_missing_targets": int(ends["missed"].sum()),
    }


def _by_fate(moves: pd.DataFrame) -> dict[str, float]:
    """Return which part of the old pages' equity is kept, moved, lost, open."""
    sums = moves.groupby("action")["equity_old"].sum()
    return {str(name): round(float(value), 6) for name, value in sums.items()}
