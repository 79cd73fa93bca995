"""The report's view of links: backlink profile and flow of link equity."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from markupsafe import Markup

from redirectmap.report.charts import against_range, bars

SHOWN_FALLS = 8


def profile_view(profile: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """Return sentence and charts of the backlink profile."""
    if not profile:
        return None
    home, usual = profile["homepage"], profile["range"]
    rows = []
    for when in ("before", "after"):
        for what in ("links", "domains"):
            share = (home.get(when) or {}).get(what)
            if share and share["share"] is not None:
                name = f"{'today' if when == 'before' else 'after'}, {what}"
                rows.append((name, share["share"], share["low"], share["high"]))
    label = "Share of backlinks that point at the homepage"
    return {
        "sentence": _profile_sentence(rows),
        "why": usual["why"],
        "share_chart": against_range(rows, usual["low"], usual["high"], label=label),
        "anchor_chart": _anchor_chart(profile.get("anchor_mix") or {}),
    }


def _profile_sentence(rows: Sequence[tuple[str, float, float, float]]) -> str:
    shares = {name: share for name, share, _, _ in rows}
    now = shares.get("today, links", 0.0)
    text = f"{now:.0%} of the backlinks point at the homepage today"
    after = shares.get("after, links")
    return f"{text}." if after is None else f"{text}, {after:.0%} after the plan."


def _anchor_chart(mix: Mapping[str, Mapping[str, int]]) -> Markup:
    rows = [
        (name.replace("_", " "), float(of["links"]), f"{of['links']} links")
        for name, of in mix.items()
        if of["links"]
    ]
    rows.sort(key=lambda row: -row[1])
    return bars(rows, label="Backlinks by kind of anchor text")


def equity_view(equity: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """Return sentence, chart, worst falls and proposals of the flow of equity."""
    if not equity or "sections" not in equity:
        return None
    sections = [row for row in equity["sections"] if row["site"] == "old"]
    rows = [
        (row["section"], float(row["equity"]), _fate_text(row))
        for row in sections[:SHOWN_FALLS]
    ]
    return {
        "sentence": _equity_sentence(equity),
        "chart": bars(rows, label="Link equity by section of the old site"),
        "falls": [row for row in equity.get("falls", []) if row["change"] < 0][
            :SHOWN_FALLS
        ],
        "proposals": list(equity.get("proposals", []))[:SHOWN_FALLS],
    }


def _fate_text(row: Mapping[str, Any]) -> str:
    """Return a section's share, and which part of it the plan gives up."""
    lost = row.get("lost") or 0.0
    return f"{row['equity']:.1%}" + (f", lost {lost:.1%}" if lost >= 0.0005 else "")


def _equity_sentence(equity: Mapping[str, Any]) -> str:
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
