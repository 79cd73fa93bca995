"""Snapshots over time: what moved, and after which links or redirects.

A snapshot is one CSV per day in a folder: what every page had then. Two
neighbours are compared page by page; what happened in between (links found or
lost, redirects of a plan) stands beside the change. Beside, not because: the
tool shows the order of events, a person judges the cause.

Reads   snapshots `YYYY-MM-DD.csv`; optionally a plan.
Writes  changes, sections, findings.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from redirectmap.errors import InputError, UsageError
from redirectmap.profile.moves import own_links, page_key
from redirectmap.signals.kinds import is_home
from redirectmap.tables import FINDINGS, Column, Schema, read_csv_table, write_csv

SNAPSHOT = Schema(
    "snapshot",
    key=("url",),
    columns=(
        Column("url", "str", "page URL", nullable=False),
        Column("clicks", "float", "in the window"),
        Column("impressions", "float", "in the window"),
        Column("position", "float", "mean rank"),
        Column("sessions", "float", "in the window"),
        Column("conversions", "float", "in the window"),
        Column("days", "float", "length of the window"),
        Column("referring_domains", "int", "live"),
    ),
)
_MEASURES = ("clicks", "sessions", "conversions", "position", "referring_domains")
RISE = 0.3
"""Change of visitors, as a share, from which it is a finding."""
MIN_VISITS = 50
MIN_PLACES = 3.0
STARVES = 0.5
"""A section starves whose share of visitors is below this part of its share of
pages while no domain links to it."""


def snapshot(
    traffic: pd.DataFrame | None, backlinks: pd.DataFrame | None, site: str
) -> pd.DataFrame:
    """Return what every page has now.

    Args:
        traffic: Schema `TRAFFIC`.
        backlinks: Schema `BACKLINKS`; pages without a link then have 0.
        site: Any URL of the site.

    Returns:
        Schema `SNAPSHOT`; what was not given is not known.
    """
    table = pd.DataFrame({"url": []}, dtype=object) if traffic is None else traffic
    if backlinks is not None:
        links = own_links(backlinks, site)
        found = links.groupby("target_url")["source_domain"].nunique()
        domains = found.rename("referring_domains").rename_axis("url").reset_index()
        table = table.merge(domains, on="url", how="outer")
        table["referring_domains"] = table["referring_domains"].fillna(0)
    return SNAPSHOT.fit(table).sort_values("url", ignore_index=True)


def store(folder: Path, day: date, table: pd.DataFrame) -> Path:
    """Write one snapshot; a second one of the same day takes its place."""
    return write_csv(folder / f"{day.isoformat()}.csv", table)


def load(folder: Path) -> dict[date, pd.DataFrame]:
    """Read all snapshots of a folder, oldest first.

    Raises:
        UsageError: The folder holds fewer than two.
        InputError: A snapshot cannot be read.
    """
    found = {}
    for path in sorted(folder.glob("????-??-??.csv")):
        try:
            day = date.fromisoformat(path.stem)
        except ValueError as error:
            raise InputError(
                "is named after no day", hint="call it YYYY-MM-DD.csv", where=str(path)
            ) from error
        found[day] = read_csv_table(path, SNAPSHOT)
    if len(found) < 2:
        raise UsageError(
            f"{len(found)} snapshots: a change needs two",
            hint="add one with --date, --traffic and --backlinks, now and next month",
            where=str(folder),
        )
    return found


def changes(
    snapshots: dict[date, pd.DataFrame], plan: pd.DataFrame | None = None
) -> pd.DataFrame:
    """Return what changed between neighbours, page by page.

    Args:
        snapshots: By day, oldest first.
        plan: Schema `PLAN`; its redirects are named beside the pages they touch.

    Returns:
        since, until, url, then for each measure before, after and change (per
        30 days for clicks, sessions, conversions), and `events`.
    """
    days = sorted(snapshots)
    redirects = _redirected(plan)
    tables = [
        _compare(snapshots[a], snapshots[b]).assign(
            since=a.isoformat(), until=b.isoformat()
        )
        for a, b in pairwise(days)
    ]
    table = pd.concat(tables, ignore_index=True)
    told = [_events(row, redirects) for row in table.to_dict("records")]
    table["events"] = pd.Series(told, dtype=object)
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


def _events(row: dict[Any, Any], redirects: dict[str, str]) -> str:
    told = [redirects[key]] if (key := page_key(row["url"])) in redirects else []
    change = row["referring_domains_change"]
    if change > 0:
        told.append(f"{change:.0f} referring domains more")
    elif change < 0:
        told.append(f"{-change:.0f} referring domains fewer")
    return "; ".join(told)


def homepage_trend(snapshots: dict[date, pd.DataFrame]) -> pd.DataFrame:
    """Return referring domains (page by page, summed) to homepage and inner pages.

    Returns:
        day, homepage, inner, homepage_share (NaN without links).
    """
    rows = []
    for day in sorted(snapshots):
        table = snapshots[day]
        home = table["url"].map(is_home).astype(bool)
        count = table["referring_domains"].fillna(0).astype(float)
        top, rest = float(count[home].sum()), float(count[~home].sum())
        share = top / (top + rest) if top + rest else np.nan
        rows.append((day.isoformat(), top, rest, share))
    names = ["day", "homepage", "inner", "homepage_share"]
    return pd.DataFrame(rows, columns=names)


def section_shares(table: pd.DataFrame) -> pd.DataFrame:
    """Return pages, visitors, conversions and referring domains by section."""
    from urllib.parse import urlsplit

    def section(url: str) -> str:
        parts = urlsplit(url).path.split("/")
        return f"/{parts[1]}/" if len(parts) > 2 else "/"

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
        latest: The newest snapshot.
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
