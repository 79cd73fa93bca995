"""What moved between snapshots, and after which links or redirects.

Neighbours are compared page by page; what happened in between (links found or
lost, redirects of a plan) stands beside the change. Beside, not because: the
tool shows the order of events, a person judges the cause.

Reads   `Snapshot`s; optionally a plan.
Writes  changes, trend, sections, findings.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd

from redirectmap.profile.moves import page_key
from redirectmap.profile.snapshots import Snapshot
from redirectmap.signals.kinds import is_home, section
from redirectmap.tables import FINDINGS

_MEASURES = ("clicks", "sessions", "conversions", "position", "referring_domains")
RISE = 0.3
"""Change of visitors, as a share, from which it is a finding."""
MIN_VISITS = 50
MIN_PLACES = 3.0
NAMED = 3
"""Domains named in one event."""
STARVES = 0.5
"""A section starves whose share of visitors is below this part of its share of
pages while no domain links to it."""


def changes(
    snapshots: dict[date, Snapshot], plan: pd.DataFrame | None = None
) -> pd.DataFrame:
    """Return what changed between neighbours, page by page.

    Args:
        snapshots: By day, oldest first.
        plan: Schema `PLAN`; its redirects are named beside the pages they touch.

    Returns:
        since, until, url, then for each measure before, after and change (per
        30 days for clicks, sessions, conversions), and `events`: redirects, and
        the domains that link since then or no longer.
    """
    redirects = _redirected(plan)
    tables = []
    for since, until in pairwise(sorted(snapshots)):
        before, after = snapshots[since], snapshots[until]
        table = _compare(before.pages, after.pages)
        links = _link_events(before.links, after.links)
        told = [_events(row, redirects, links) for row in table.to_dict("records")]
        events = pd.Series(told, index=table.index, dtype=object)
        days = {"since": since.isoformat(), "until": until.isoformat()}
        tables.append(table.assign(**days, events=events))
    table = pd.concat(tables, ignore_index=True)
    first = ["since", "until", "url", "events"]
    return table[[*first, *(c for c in table.columns if c not in first)]]


def _compare(before: pd.DataFrame, after: pd.DataFrame) -> pd.DataFrame:
    both = _monthly(before).merge(
        _monthly(after), on="url", how="outer", suffixes=("_before", "_after")
    )
    for name in _MEASURES:
        both[f"{name}_change"] = both[f"{name}_after"] - both[f"{name}_before"]
    return both


def _monthly(table: pd.DataFrame) -> pd.DataFrame:
    """Scale sums to 30 days, so that windows of any length compare."""
    scale = 30 / table["days"].fillna(30).clip(lower=1)
    scaled = {n: table[n] * scale for n in ("clicks", "sessions", "conversions")}
    domains = table["referring_domains"].astype("float64")
    return pd.DataFrame(
        {
            "url": table["url"],
            **scaled,
            "position": table["position"],
            "referring_domains": domains,
        }
    )


def _redirected(plan: pd.DataFrame | None) -> dict[str, str]:
    """Return for each page key what the plan does at or towards it."""
    if plan is None:
        return {}
    told: dict[str, str] = {}
    moved = plan[plan["action"].eq("redirect") & plan["new_url"].notna()]
    for old, new in zip(moved["old_url"], moved["new_url"], strict=True):
        told[page_key(old)] = f"redirects to {new}"
        told.setdefault(page_key(new), f"takes over {old}")
    for old in plan.loc[plan["action"].eq("gone"), "old_url"]:
        told[page_key(old)] = "is gone"
    return told


def _link_events(
    before: pd.DataFrame | None, after: pd.DataFrame | None
) -> dict[str, str]:
    """Return for each page which domains link to it since then, or no longer."""
    if before is None or after is None:
        return {}
    pairs = [set(table.itertuples(index=False, name=None)) for table in (before, after)]
    told: dict[str, list[str]] = {}
    for found, word in ((pairs[1] - pairs[0], "new"), (pairs[0] - pairs[1], "lost")):
        by_page: dict[str, list[str]] = {}
        for domain, url in sorted(found):
            by_page.setdefault(url, []).append(domain)
        for url, domains in by_page.items():
            told.setdefault(url, []).append(_named(word, domains))
    return {url: "; ".join(parts) for url, parts in told.items()}


def _named(word: str, domains: list[str]) -> str:
    more = f" and {len(domains) - NAMED} more" if len(domains) > NAMED else ""
    return f"{word} links from {', '.join(domains[:NAMED])}{more}"


def _events(
    row: dict[Any, Any], redirects: dict[str, str], links: dict[str, str]
) -> str:
    told = [redirects[key]] if (key := page_key(row["url"])) in redirects else []
    change = row["referring_domains_change"]
    if row["url"] in links:
        told.append(links[row["url"]])
    elif change > 0:
        told.append(f"{change:.0f} referring domains more")
    elif change < 0:
        told.append(f"{-change:.0f} referring domains fewer")
    return "; ".join(told)


def homepage_trend(snapshots: dict[date, Snapshot]) -> pd.DataFrame:
    """Return visitors, conversions and referring domains of each day.

    Returns:
        day; homepage, inner: referring domains (each counted once; where a
        snapshot knows no domains by name, counted page by page);
        homepage_share (a domain that links to both counts for the homepage, NaN
        without links); visitors, conversions in 30 days (NaN not known).
    """
    rows = []
    for day in sorted(snapshots):
        top, rest, share = _home_and_inner(snapshots[day])
        month = _monthly(snapshots[day].pages)
        visitors = _visitors(month["clicks"], month["sessions"]).sum(min_count=1)
        sales = month["conversions"].sum(min_count=1)
        rows.append((day.isoformat(), top, rest, share, visitors, sales))
    names = ["day", "homepage", "inner", "homepage_share", "visitors", "conversions"]
    return pd.DataFrame(rows, columns=names)


def _home_and_inner(taken: Snapshot) -> tuple[float, float, float]:
    """Return referring domains of homepage and inner pages, and the share."""
    if taken.links is not None:
        home = taken.links["target_url"].map(is_home).astype(bool)
        domains = taken.links["source_domain"]
        top, rest = domains[home].nunique(), domains[~home].nunique()
        every = domains.nunique()
        return float(top), float(rest), top / every if every else np.nan
    home = taken.pages["url"].map(is_home).astype(bool)
    count = taken.pages["referring_domains"].fillna(0).astype(float)
    up, down = float(count[home].sum()), float(count[~home].sum())
    return up, down, up / (up + down) if up + down else np.nan


def section_shares(table: pd.DataFrame) -> pd.DataFrame:
    """Return pages, visitors, conversions and referring domains by section.

    Args:
        table: Schema `SNAPSHOT`.
    """
    sections = table.assign(
        section=table["url"].map(section),
        visitors=_visitors(table["clicks"], table["sessions"]),
        referring_domains=table["referring_domains"].astype("float64"),
    )
    columns = ["visitors", "conversions", "referring_domains"]
    grouped = sections.groupby("section", sort=True)
    sums = grouped[columns].sum()
    sums.insert(0, "pages", grouped.size())
    return sums.reset_index()


def _visitors(clicks: pd.Series, sessions: pd.Series) -> pd.Series:
    return sessions.where(sessions.notna(), clicks)


def monitor_findings(moved: pd.DataFrame, latest: pd.DataFrame) -> pd.DataFrame:
    """Return findings on the last pair of snapshots, and on today's sections.

    Args:
        moved: From `changes`.
        latest: The newest snapshot's pages.
    """
    last = moved[moved["until"] == moved["until"].max()]
    rows = [*_page_findings(last), *_section_findings(latest)]
    return FINDINGS.fit(pd.DataFrame(rows, columns=FINDINGS.names))


def _page_findings(last: pd.DataFrame) -> Iterator[dict[str, Any]]:
    before = _visitors(last["clicks_before"], last["sessions_before"])
    after = _visitors(last["clicks_after"], last["sessions_after"])
    table = last.assign(
        before=before, after=after.fillna(0).where(before.notna(), after)
    )
    for row in table.sort_values(["before", "url"], ascending=False).to_dict("records"):
        was, now = row["before"], row["after"]
        beside = f" ({row['events']})" if row["events"] else ""
        if was >= MIN_VISITS and now <= (1 - RISE) * was:
            text = f"visitors fell from {was:.0f} to {now:.0f} in 30 days{beside}"
            yield _row("warning", "monitor-visitors-fall", row["url"], text)
        if now >= MIN_VISITS and now >= (1 + RISE) * was and _no_sale(row):
            text = f"visitors rose from {was:.0f} to {now:.0f}, none converts{beside}"
            yield _row("notice", "monitor-no-conversions", row["url"], text)
        elif now >= MIN_VISITS and now >= (1 + RISE) * was and row["events"]:
            text = f"visitors rose from {was:.0f} to {now:.0f} in 30 days{beside}"
            yield _row("notice", "monitor-visitors-rise", row["url"], text)
        if row["position_change"] >= MIN_PLACES:
            text = (
                f"mean rank fell from {row['position_before']:.1f} to "
                f"{row['position_after']:.1f}{beside}"
            )
            yield _row("notice", "monitor-position-falls", row["url"], text)


def _no_sale(row: dict[Any, Any]) -> bool:
    """Conversions are known and are none: not known is no reproach."""
    return bool(row["conversions_after"] == 0)


def _section_findings(latest: pd.DataFrame) -> Iterator[dict[str, Any]]:
    table = section_shares(latest)
    visitors, pages = table["visitors"].sum(), table["pages"].sum()
    if not visitors or latest["referring_domains"].isna().all():
        return
    for row in table.to_dict("records"):
        share, size = row["visitors"] / visitors, row["pages"] / pages
        if (
            row["pages"] >= 3
            and share < STARVES * size
            and not row["referring_domains"]
        ):
            text = (
                f"{row['section']} holds {size:.0%} of the pages, {share:.0%} of the "
                "visitors and no referring domain"
            )
            yield _row("notice", "monitor-section-starves", None, text)


def _row(severity: str, check: str, url: str | None, message: str) -> dict[str, Any]:
    return {
        "severity": severity,
        "check": check,
        "old_url": url,
        "message": message,
        "hint": "look at the events of the month in changes.csv",
    }


def movers(moved: pd.DataFrame, limit: int = 20) -> pd.DataFrame:
    """Return the pages whose visitors changed most between the last two snapshots.

    Returns:
        since, until, url, before, after (visitors in 30 days), change, position
        before and after, events; largest change first.
    """
    last = moved[moved["until"] == moved["until"].max()]
    before = _visitors(last["clicks_before"], last["sessions_before"]).fillna(0.0)
    after = _visitors(last["clicks_after"], last["sessions_after"]).fillna(0.0)
    names = ["since", "until", "url", "position_before", "position_after", "events"]
    table = last[names].assign(before=before, after=after, change=after - before)
    changed = table[table["change"].ne(0)]
    largest: pd.DataFrame = changed.sort_values(
        "change", key=lambda values: -values.abs(), kind="stable", ignore_index=True
    )
    top: pd.DataFrame = largest.head(limit)
    return top
