"""The report's view of links: profile, flow of equity, advice and what moved."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
from markupsafe import Markup

from redirectmap.report.charts import against_range, bars
from redirectmap.report.figures import Group, finding_groups

SHOWN_FALLS = 8
SHOWN_PAGES = 12
_WHEN = (
    ("before", "today"),
    ("after", "after the plan"),
    ("dumped", "all sent home"),
)
_Json = Mapping[str, Any]


def groups_about(findings: pd.DataFrame, *names: str) -> list[Group]:
    """Return the groups of findings whose ids begin with one of the names."""
    wanted = findings["check"].astype(str).str.startswith(names)
    return finding_groups(findings[wanted.astype(bool)])


def profile_view(profile: _Json | None, found: pd.DataFrame) -> dict[str, Any] | None:
    """Return sentence, charts and findings of the backlink profile."""
    if not profile:
        return None
    home, usual = profile["homepage"], profile["range"]
    label = "Share of links and domains that point at the homepage"
    rows = _share_rows(home, profile.get("scopes") or {})
    return {
        "sentence": _profile_sentence(home),
        "why": usual["why"],
        "share_chart": against_range(rows, usual["low"], usual["high"], label=label),
        "kinds_chart": _kinds_chart(profile.get("kinds") or []),
        "anchor_chart": _anchor_chart(profile.get("anchor_mix") or {}),
        "rivals": _rivals(profile.get("competitors")),
        "groups": groups_about(found, "profile-", "anchor-"),
    }


_Row = tuple[str, float, float, float]


def _share_rows(home: _Json, scopes: _Json) -> list[_Row]:
    known: list[tuple[str, _Json | None]] = [
        (name, home.get(key)) for key, name in _WHEN
    ]
    known[1:1] = [
        ("followed", scopes.get("follow")),
        ("new in 6 months", scopes.get("new")),
    ]
    return [
        (f"{name}, {what}", share["share"], share["low"], share["high"])
        for name, shares in known
        for what in ("links", "domains")
        if shares and (share := shares[what])["share"] is not None
    ]


def _profile_sentence(home: _Json) -> str:
    told = [
        (name, shares["links"]["share"], shares["domains"]["share"])
        for key, name in _WHEN
        if (shares := home.get(key)) and shares["links"]["share"] is not None
    ]
    if not told:
        return "No link is left."
    parts = [
        f"{links:.0%} of the backlinks and {domains:.0%} of the referring domains "
        f"point at the homepage {name}"
        if place == 0
        else f"{links:.0%} and {domains:.0%} {_later(name)}"
        for place, (name, links, domains) in enumerate(told)
    ]
    return "; ".join(parts) + "."


def _later(name: str) -> str:
    return "if all was sent to the homepage" if name.startswith("all") else name


def _kinds_chart(kinds: Sequence[_Json]) -> Markup:
    now = {row["kind"]: row for row in kinds if row["scope"] == "all"}
    after = {row["kind"]: row for row in kinds if row["scope"] == "after"}
    rows = [
        (kind, float(row["domains_share"]), _moved(row, after.get(kind)))
        for kind, row in now.items()
        if row["domains"]
    ]
    return bars(rows, label="Share of referring domains by kind of page")


def _moved(now: _Json, after: _Json | None) -> str:
    text = f"{now['domains_share']:.0%}"
    if after is None or after["domains_share"] is None:
        return text
    return f"{text} \u2192 {after['domains_share']:.0%}"


def _anchor_chart(mix: Mapping[str, _Json]) -> Markup:
    rows = [
        (name.replace("_", " "), float(of["links"]), f"{of['links']} links")
        for name, of in mix.items()
        if of["links"]
    ]
    rows.sort(key=lambda row: -row[1])
    return bars(rows, label="Backlinks by kind of anchor text")


def _rivals(field: _Json | None) -> dict[str, Any] | None:
    """Return competitors as a chart over their natural range, and a table."""
    if not field:
        return None
    cluster = field["cluster"]
    low, high = (cluster["low"], cluster["high"]) if cluster else (0.0, 0.0)
    rows = [
        (site, of["domains"]["share"], of["domains"]["low"], of["domains"]["high"])
        for site, of in field["sites"].items()
        if of["domains"]["share"] is not None
    ]
    names = [
        name.replace("_", " ") for name in next(iter(field["anchor_mix"].values()))
    ]
    mixes = [
        (site, [of.get("domains_share") or 0.0 for of in mix.values()])
        for site, mix in field["anchor_mix"].items()
    ]
    label = "Share of referring domains that link to the homepage, by site"
    return {
        "chart": against_range(rows, low, high, label=label),
        "sentence": _cluster_sentence(cluster) if cluster else field["note"],
        "classes": names,
        "mixes": mixes,
    }


def _cluster_sentence(cluster: _Json) -> str:
    odd = ", ".join(cluster["outliers"])
    return (
        f"The natural range of {len(cluster['members'])} competitors is "
        f"{cluster['low']:.0%} to {cluster['high']:.0%} of domains"
        f"{f', {odd} left out as outliers' if odd else ''}; "
        f"this site is {cluster['we_are']}."
    )


def equity_view(equity: _Json | None, found: pd.DataFrame) -> dict[str, Any] | None:
    """Return sentence, chart, falls, proposals and findings of the flow of equity."""
    if not equity or "sections" not in equity:
        return None
    sections = [row for row in equity["sections"] if row["site"] == "old"]
    rows = [
        (row["section"], float(row["equity"]), _fate_text(row))
        for row in sections[:SHOWN_FALLS]
    ]
    falls = [row for row in equity.get("falls", []) if row["change"] < 0]
    return {
        "sentence": _equity_sentence(equity),
        "chart": bars(rows, label="Link equity by section of the old site"),
        "falls": falls[:SHOWN_FALLS],
        "proposals": list(equity.get("proposals", []))[:SHOWN_FALLS],
        "groups": groups_about(found, "equity-"),
    }


def _fate_text(row: _Json) -> str:
    """Return a section's share, and which part of it the plan gives up."""
    lost = row.get("lost") or 0.0
    return f"{row['equity']:.1%}" + (f", lost {lost:.1%}" if lost >= 0.0005 else "")


def _equity_sentence(equity: _Json) -> str:
    if equity.get("arrives") is None:
        return "No followed external links are known: all pages start alike."
    parts = [
        f"{equity[name]:.1%} {text}"
        for name, text in (
            ("kept", "stays where it is"),
            ("moved", "moves to a successor"),
            ("lost", "is lost"),
            ("open", "waits for a decision"),
        )
        if equity[name]
    ]
    return f"Of what external links bring, {', '.join(parts)}."


def advice_view(advice: _Json | None, found: pd.DataFrame) -> dict[str, Any] | None:
    """Return answers, pages that deserve links, and findings of `advise`."""
    if not advice:
        return None
    return {
        "answers": list(advice.get("advice", []))[:SHOWN_PAGES],
        "pages": list(advice.get("pages", []))[:SHOWN_PAGES],
        "groups": groups_about(found, "advise-"),
    }


def monitor_view(monitor: _Json | None, found: pd.DataFrame) -> dict[str, Any] | None:
    """Return charts over time, the pages that moved most, and findings."""
    if not monitor:
        return None
    trend = monitor.get("trend", [])
    shares = [
        (row["day"], float(row["homepage_share"]), f"{row['homepage_share']:.0%}")
        for row in trend
        if row["homepage_share"] is not None
    ]
    visitors = [
        (row["day"], float(row["visitors"]), f"{row['visitors']:.0f}")
        for row in trend
        if row["visitors"] is not None
    ]
    sections = [
        (row["section"], float(row["visitors"] or 0), _section_text(row))
        for row in monitor.get("sections", [])
    ]
    sections.sort(key=lambda row: -row[1])
    return {
        "share_chart": bars(shares, label="Homepage's share of referring domains"),
        "visitor_chart": bars(visitors, label="Visitors in 30 days"),
        "section_chart": bars(sections[:SHOWN_FALLS], label="Visitors by section"),
        "movers": list(monitor.get("movers", []))[:SHOWN_PAGES],
        "groups": groups_about(found, "monitor-"),
    }


def _section_text(row: _Json) -> str:
    domains = row["referring_domains"]
    linked = "" if domains is None else f", {domains:.0f} domains"
    return f"{row['visitors'] or 0:.0f} on {row['pages']} pages{linked}"
