"""What stands on each tab of the workbook, as columns and rows."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import pandas as pd

from redirectmap.readers.overrides import mark_of
from redirectmap.readers.values import address
from redirectmap.report.figures import actions, live_answers, old_and_new, value_of
from redirectmap.report.gather import Gathered, plain
from redirectmap.urls import Url

Kind = Literal["text", "link", "share", "number", "label", "choice", "edit", "mark"]
Rows = Iterable[Sequence[object]]


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a tab: heading, kind of cell, width in characters."""

    name: str
    kind: Kind = "text"
    width: int = 18


@dataclass(frozen=True)
class Tab:
    """One sheet.

    Attributes:
        name: At most 31 characters.
        columns: In order.
        rows: Returns the rows, one value per column.
        length: Number of rows.
        frozen: Columns that stay when scrolling sideways.
    """

    name: str
    columns: tuple[Column, ...]
    rows: Callable[[], Rows]
    length: int
    frozen: int = 1


# Heading, the plan's column, kind, width. Decision, New URL and Notes are people's.
_MAP: tuple[tuple[str, str, Kind, int], ...] = (
    ("Old URL", "old_url", "link", 52),
    ("Action", "action", "label", 10),
    ("Decision", "", "choice", 11),
    ("New URL", "new_url", "edit", 52),
    ("Notes", "note", "edit", 28),
    ("Status", "status", "number", 8),
    ("Confidence", "confidence", "share", 11),
    ("Margin", "margin", "share", 9),
    ("Value", "priority", "share", 9),
    ("Decided by", "decided_by", "text", 13),
    ("Reason", "reason", "text", 48),
    ("Old title", "old_title", "text", 34),
    ("New title", "new_title", "text", 34),
    ("Linking domains", "referring_domains", "number", 10),
    ("Backlinks", "backlinks", "number", 10),
    ("Clicks", "clicks", "number", 9),
    ("Sessions", "sessions", "number", 9),
    ("Internal links", "inlinks", "number", 9),
    ("Alternative 1", "alternative_1", "text", 40),
    ("Alternative 1 confidence", "alternative_1_confidence", "share", 11),
    ("Alternative 2", "alternative_2", "text", 40),
    ("Alternative 2 confidence", "alternative_2_confidence", "share", 11),
    ("Locked", "locked", "text", 8),
    ("Mark", "mark", "mark", 9),
)
# What the tabs beside Map and Review repeat: enough to decide there too.
_SHORT = tuple(
    column
    for column in _MAP
    if column[1]
    in {
        *("old_url", "action", "", "new_url", "note", "confidence", "priority"),
        *("reason", "old_title", "new_title", "mark"),
    }
)
_FINDING = (
    Column("Severity", "label", 10),
    Column("Check", "text", 22),
    Column("Old URL", "link", 52),
    Column("New URL", "link", 52),
    Column("What", "text", 60),
    Column("What to do", "text", 50),
    Column("Value", "share", 9),
)
_CHAINS = ("chain", "loop", "self", "hop", "circle")
_HOME = ("home",)
_PARAMETERS = ("param", "query", "tracking")


def tabs(found: Gathered) -> list[Tab]:
    """Return every tab, in the order people read them."""
    plan, findings = _marked(found.plan), found.findings
    checks = findings["check"].astype(str)
    home = _to_home(plan)
    shared = _shared(plan)
    return [
        _summary(found),
        _plan_tab("Map", plan, _MAP),
        _plan_tab("Review", plan[plan["action"] == "review"], _MAP),
        _plan_tab("Unmatched old", plan[_unmatched(plan)]),
        _unused(found),
        _finding_tab("Chains and loops", findings[_any_of(checks, _CHAINS)]),
        _plan_tab("Homepage redirects", plan[home]),
        _plan_tab("Many-to-one", plan[shared].sort_values(["new_url", "old_url"])),
        _plan_tab("Parameters", plan[plan["old_url"].str.contains("?", regex=False)]),
        _profile(found),
        _finding_tab("Findings", findings),
    ]


def _any_of(checks: pd.Series, words: Sequence[str]) -> pd.Series:
    return checks.str.contains("|".join(words), regex=True)


def _moved(plan: pd.DataFrame) -> pd.Series:
    return plan["action"].isin(["redirect", "keep"]) & ~_blank(plan["new_url"])


def _unmatched(plan: pd.DataFrame) -> pd.Series:
    return _blank(plan["new_url"]) & plan["action"].ne("keep")


def _blank(column: pd.Series) -> pd.Series:
    return column.fillna("").eq("")


def _to_home(plan: pd.DataFrame) -> pd.Series:
    return _moved(plan) & plan["new_url"].map(_is_home) & ~plan["old_url"].map(_is_home)


def _is_home(url: object) -> bool:
    parsed = address(url) if isinstance(url, str) else None
    return isinstance(parsed, Url) and parsed.wire == "/"


def _shared(plan: pd.DataFrame) -> pd.Series:
    moved = _moved(plan)
    counts = plan.loc[moved, "new_url"].value_counts()
    return moved & plan["new_url"].map(counts).fillna(0).gt(1)


def _marked(plan: pd.DataFrame) -> pd.DataFrame:
    """Give each row the mark by which edits are told from what we wrote."""
    shown = (map(plain, plan[name]) for name in ("action", "new_url", "note"))
    return plan.assign(mark=[mark_of(*row) for row in zip(*shown, strict=True)])


def _plan_tab(
    name: str,
    plan: pd.DataFrame,
    shown: Sequence[tuple[str, str, Kind, int]] = _SHORT,
) -> Tab:
    columns = tuple(Column(head, kind, width) for head, _, kind, width in shown)
    sources = [source for _, source, _, _ in shown]

    def rows() -> Rows:
        cells = [
            [None] * len(plan)
            if not source
            else _values(plan[source], boolean=source == "locked")
            for source in sources
        ]
        return zip(*cells, strict=True)

    return Tab(name, columns, rows, len(plan))


def _values(column: pd.Series, *, boolean: bool = False) -> list[object]:
    if boolean:
        return ["yes" if value is True else "" for value in column.astype(object)]
    known = column.astype(object)
    return known.where(column.notna(), None).tolist()


def _finding_tab(name: str, findings: pd.DataFrame) -> Tab:
    sources = ("severity", "check", "old_url", "new_url", "message", "hint", "value")

    def rows() -> Rows:
        return zip(*(_values(findings[source]) for source in sources), strict=True)

    return Tab(name, _FINDING, rows, len(findings), frozen=0)


def _unused(found: Gathered) -> Tab:
    used = set(found.plan["new_url"].dropna())
    table = found.new_urls[~found.new_urls["url"].isin(used)].sort_values("url")
    columns = (Column("New URL", "link", 60), Column("Title", "text", 50))

    def rows() -> Rows:
        return zip(_values(table["url"]), _values(table["title"]), strict=True)

    return Tab("Unused new", columns, rows, len(table))


def _summary(found: Gathered) -> Tab:
    old, new = old_and_new(found.plan)
    counts = actions(found.plan)
    lines: list[tuple[str, object]] = [
        ("Old site", old),
        ("New site", new),
        ("Old URLs in the plan", len(found.plan)),
    ]
    for action, rows in counts.items():
        share = value_of(found.plan, action)
        lines.append((f"{action}: rows", rows))
        lines.append((f"{action}: share of the value", f"{share:.1%}"))
    severities = found.findings["severity"].value_counts()
    lines += [(f"{name} findings", int(n)) for name, n in severities.items()]
    for name, proof in found.proofs.items():
        text = f"{proof['exact']} of {proof['rows']} rows exact"
        lines.append((f"proof on {name}", text))
    if found.verdicts is not None:
        fine, decided = live_answers(found.verdicts)
        lines.append(("decided rows that answer as planned", f"{fine} of {decided}"))
    lines.append(("How to decide", HOW))
    return _pairs("Summary", lines)


HOW = (
    "On any tab with a Decision column: fill Decision, or correct New URL, or write "
    "Notes. Rows may be sorted, columns hidden or added; leave Old URL and Mark. "
    "Hand the book (or one tab saved as CSV) back with "
    "`redirectmap plan ... --overrides map.xlsx`."
)


def _pairs(name: str, lines: Sequence[tuple[str, object]]) -> Tab:
    columns = (Column("What", "text", 34), Column("Figure", "number", 70))
    return Tab(name, columns, lambda: lines, len(lines))


def _profile(found: Gathered) -> Tab:
    profile = found.profile
    if not profile:
        return _pairs("Profile", [("Backlink profile", "not measured")])
    lines: list[tuple[str, object]] = [("Site type", profile.get("site_type", ""))]
    usual = profile["range"]
    usual_text = f"{usual['low']:.0%} to {usual['high']:.0%}"
    lines.append(("Usual homepage share", usual_text))
    for when in ("before", "after"):
        lines += _shares(when, profile["homepage"].get(when) or {})
    for anchor, of in (profile.get("anchor_mix") or {}).items():
        lines.append((f"anchors, {anchor}", of["links"]))
    return _pairs("Profile", lines)


def _shares(when: str, row: dict[str, Any]) -> list[tuple[str, object]]:
    return [
        (f"homepage share of {what}, {when} the plan", f"{share['share']:.1%}")
        for what, share in row.items()
        if isinstance(share, dict) and share.get("share") is not None
    ]
