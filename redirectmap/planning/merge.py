"""People's decisions survive: three-way merge of a plan and its edits.

    base     the plan as the tool made it last time (with overrides.csv)
    theirs   the same plan as people left it in plan.csv
    ours     the plan as the tool makes it now

A cell in which `theirs` differs from `base` is a person's. It wins, always; when
the tool changed its mind about the same cell, the conflict is reported. A locked
row is taken over whole. A row that people deleted comes back and is named, for a
plan without it would lose an old URL in silence.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pandas as pd

from redirectmap.errors import InputError
from redirectmap.planning.spelling import keys_of
from redirectmap.tables.schemas import ACTIONS, PLAN

HUMAN = ("action", "status", "new_url", "locked", "note")
Cells = dict[str, dict[Any, Any]]
STATUS = {"redirect": 301, "gone": 410, "keep": 200, "review": None}


@dataclass(frozen=True, slots=True)
class Conflict:
    """A person and the tool want different things; the person's is in the plan.

    `text` says it in other words, where two people disagree.
    """

    old_url: str
    column: str
    before: str
    person: str
    tool: str
    text: str = ""

    @property
    def message(self) -> str:
        """One line for a person."""
        return self.text or (
            f"{self.column} was {self.before or 'empty'}, a person made it "
            f"{self.person or 'empty'}, the tool would now say {self.tool or 'empty'}"
        )


@dataclass(frozen=True)
class Merged:
    """A plan with people's edits, and the base that tells them apart next time."""

    plan: pd.DataFrame
    base: pd.DataFrame
    conflicts: tuple[Conflict, ...]


def carry_over(
    ours: pd.DataFrame, base: pd.DataFrame | None, theirs: pd.DataFrame | None
) -> Merged:
    """Put people's edits into the new plan.

    Args:
        ours: The new plan, Schema PLAN.
        base: The last generated plan; None when there is none: then only locked
            rows and notes of `theirs` count.
        theirs: The last plan as people left it; None for a first plan.

    Returns:
        The plan, the base of the next merge, and the conflicts. Where a person
        and the tool agree by now, the base keeps the older opinion, so that the
        cell stays the person's when the tool changes its mind again.
    """
    if theirs is None:
        return Merged(ours, ours, ())
    theirs = theirs.drop_duplicates("old_url").set_index("old_url")
    before = _base_of(base, theirs)
    merged = ours.set_index("old_url")
    conflicts: list[Conflict] = []
    edits = _edits(before, theirs)
    fresh = pd.Index([url for url in edits if url not in merged.index])
    if len(fresh):
        merged = pd.concat([merged, theirs.loc[fresh]])
    rows: Cells = {column: merged[column].to_dict() for column in merged.columns}
    for url, cells in edits.items():
        if url in fresh:
            continue
        conflicts += _apply(rows, url, cells, before)
    _take_locked(rows, theirs, before)
    table = pd.DataFrame(rows, index=merged.index).rename_axis("old_url").reset_index()
    deleted = before.index.difference(theirs.index)
    conflicts += [
        Conflict(str(url), "row", "there", "deleted", "kept") for url in deleted
    ]
    fitted = PLAN.fit(table)
    next_base = _next_base(ours, edits, before, fitted)
    return Merged(fitted, next_base, tuple(conflicts))


def _next_base(
    ours: pd.DataFrame,
    edits: dict[str, dict[str, Any]],
    before: pd.DataFrame,
    merged: pd.DataFrame,
) -> pd.DataFrame:
    """Return the tool's plan, with the cells that only followed a person's.

    A status that follows an edited action is in the base as it is in the plan: so
    whatever a person makes of it next is seen, even the tool's own value.
    """
    table = ours.set_index("old_url")
    followed = merged.set_index("old_url")
    now = {column: followed[column].to_dict() for column in ("status", "new_url")}
    was = {column: before[column].to_dict() for column in HUMAN}
    for column in HUMAN:
        cells = table[column].to_dict()
        for url, edited in edits.items():
            agreed = column in edited and _text(cells.get(url)) == _text(edited[column])
            if agreed and url in cells:
                cells[url] = was[column].get(url)
            elif column in now and column not in edited and url in cells:
                cells[url] = now[column].get(url)
        table[column] = [cells[url] for url in table.index]
    return PLAN.fit(table.reset_index())


def _base_of(base: pd.DataFrame | None, theirs: pd.DataFrame) -> pd.DataFrame:
    if base is not None:
        return base.drop_duplicates("old_url").set_index("old_url")
    bare = theirs.copy()
    bare["locked"] = pd.Series(pd.NA, index=bare.index, dtype="boolean")
    bare["note"] = None
    return bare


def _text(value: Any) -> str:  # noqa: ANN401
    if value is None or value is pd.NA or value != value:  # noqa: PLR0124
        return ""
    return str(value)


def _edits(before: pd.DataFrame, theirs: pd.DataFrame) -> dict[str, dict[str, Any]]:
    """Return by old URL the cells that a person changed, with the new value."""
    edits: dict[str, dict[str, Any]] = {}
    cells = {column: theirs[column].to_dict() for column in HUMAN}
    added = theirs.index.difference(before.index, sort=False)
    common = theirs.index.intersection(before.index, sort=False)
    for column in HUMAN:
        was = before.loc[common, column].map(_text, na_action=None)
        now = theirs.loc[common, column].map(_text, na_action=None)
        for url in common[(was != now).to_numpy()]:
            edits.setdefault(url, {})[column] = cells[column][url]
    for url in added:
        edits[url] = {column: cells[column][url] for column in HUMAN}
    return edits


def _apply(
    rows: Cells,
    url: str,
    cells: dict[str, Any],
    before: pd.DataFrame,
) -> list[Conflict]:
    conflicts = []
    for column, value in cells.items():
        was = _text(before.loc[url, column]) if url in before.index else ""
        tool = _text(rows[column][url])
        if tool not in {was, _text(value)}:
            conflicts.append(Conflict(url, column, was, _text(value), tool))
        rows[column][url] = value
    if {"action", "new_url", "status"} & cells.keys():
        _follow(rows, url, cells, "set by a person in the plan")
    return conflicts


def _follow(rows: Cells, url: str, cells: dict[str, Any], said: str) -> None:
    """Bring the cells a person did not touch in line with those they did."""
    action = rows["action"][url]
    if "action" in cells and "status" not in cells:
        rows["status"][url] = STATUS.get(action)
    if action == "gone" and "new_url" not in cells:
        rows["new_url"][url] = None
    if "new_url" in cells:
        rows["new_title"][url] = None
    rows["decided_by"][url] = "override"
    rows["reason"][url] = said
    rows["confidence"][url] = 1.0
    rows["margin"][url] = None


def _take_locked(rows: Cells, theirs: pd.DataFrame, before: pd.DataFrame) -> None:
    """Take rows over whole that a person locked in the plan itself."""
    was = before["locked"].fillna(value=False).astype(bool)
    was = was.reindex(theirs.index, fill_value=False)
    now = theirs["locked"].fillna(value=False).astype(bool)
    locked = theirs.index[now & ~was]
    for column, cells in rows.items():
        cells.update(zip(locked, theirs.loc[locked, column], strict=True))


def apply_overrides(
    plan: pd.DataFrame, overrides: pd.DataFrame | None
) -> tuple[pd.DataFrame, tuple[Conflict, ...]]:
    """Put the rows of overrides.csv into `plan`; unknown old URLs become rows.

    Args:
        plan: Schema PLAN.
        overrides: old_url and any of new_url, action, status, locked, note; an
            empty cell leaves the plan's own.

    Raises:
        InputError: An action is not known, or an old URL cannot be read.
    """
    if overrides is None or overrides.empty:
        return plan, ()
    given = _checked_overrides(overrides)
    fresh = [url for url in given.index if url not in set(plan["old_url"])]
    if fresh:
        bare = pd.DataFrame({"old_url": fresh, "action": "review"})
        plan = pd.concat([plan, PLAN.fit(bare)], ignore_index=True)
    table = plan.set_index("old_url")
    rows: Cells = {column: table[column].to_dict() for column in table.columns}
    for url, row in given.iterrows():
        cells = {name: row[name] for name in HUMAN if name in row and _text(row[name])}
        if "new_url" in cells and "action" not in cells:
            cells["action"] = "redirect"
        for column, value in cells.items():
            rows[column][url] = value
        if {"action", "new_url", "status"} & cells.keys():
            _follow(rows, str(url), cells, "set by a person in overrides.csv")
    merged = pd.DataFrame(rows, index=table.index).rename_axis("old_url")
    return PLAN.fit(merged.reset_index()), ()


def _checked_overrides(overrides: pd.DataFrame) -> pd.DataFrame:
    where = "overrides"
    if "old_url" not in overrides.columns:
        raise InputError.missing_column(
            "old_url", present=list(map(str, overrides.columns)), where=where
        )
    given = overrides.assign(old_url=keys_of(overrides["old_url"]))
    unread = given["old_url"].isna()
    if unread.any():
        row = int(unread.to_numpy().argmax())
        raise InputError(
            f"{overrides['old_url'].iloc[row]!r} is not an absolute URL",
            hint="write the old URL as https://host/path",
            where=f"{where}:{row + 2}",
        )
    actions = given.get("action", pd.Series(dtype=object)).dropna()
    odd = actions[~actions.isin([*ACTIONS, ""])]
    if len(odd):
        raise InputError(
            f"action {odd.iloc[0]!r} is not known",
            hint=f"use one of: {', '.join(ACTIONS)}",
            where=f"{where}:{int(odd.index[0]) + 2}",
        )
    return given.drop_duplicates("old_url", keep="last").set_index("old_url")
