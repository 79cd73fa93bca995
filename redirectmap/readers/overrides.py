"""Read what people decided: overrides, an edited plan.csv, or a workbook we wrote.

Decides nothing: a row that contradicts itself (gone with a target, redirect
without one) is refused with its line, so that no decision is taken half.

A workbook's rows hold the tool's proposal beside what people write. `Decision`,
a changed `New URL` and changed `Notes` are a person's; all else is ours. What
changed is known by the row's mark, which survives sorting, hidden and added
columns, and a round through LibreOffice or Google's CSV.

Bounds  all tabs with an old URL and a decision are read; two tabs that say
        different things about one row are named, and the first one counts.
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

from redirectmap.errors import InputError
from redirectmap.readers.cells import Table, open_sheets
from redirectmap.readers.records import ReadReport, Tally
from redirectmap.readers.values import address, truth
from redirectmap.tables.schemas import ACTIONS, Column, Schema

OVERRIDES = Schema(
    "overrides",
    key=("old_url",),
    columns=(
        Column("old_url", "str", "absolute URL on the old host", nullable=False),
        Column("new_url", "str", "absolute target; empty for gone"),
        Column("action", "str", "what to do; empty: only a note", choices=ACTIONS),
        Column("locked", "bool", "not to be touched"),
        Column("note", "str", "a person's"),
        Column("decision", "str", "in the person's words: accept, choose, merge ..."),
        Column("by", "str", "who"),
        Column("at", "str", "UTC, ISO 8601"),
        Column("mark", "str", "what the row was when the workbook was written"),
    ),
)
Cells = dict[str, str]
Decision = dict[str, object]
_WORDS = {
    "ok": "accept",
    "yes": "accept",
    "choose": "redirect",
    "merge": "redirect",
    "301": "redirect",
    "410": "gone",
    "200": "keep",
}


@dataclass(slots=True)
class _Taking:
    """The rows taken so far, and what they are held against."""

    tally: Tally
    base: str | None
    new_base: str | None
    known: Mapping[str, tuple[str, str]]
    rows: dict[str, Decision] = field(default_factory=dict)


def mark_of(action: str, new_url: str, note: str) -> str:
    """Return the mark of a workbook's row, as it leaves the tool."""
    sums = (_sum(action), _sum(new_url), _sum(note))
    return "m" + "-".join(f"{part:08x}" for part in sums)


def _sum(text: str) -> int:
    return zlib.crc32(" ".join(text.split()).encode())


def read_overrides(
    path: Path,
    *,
    base: str | None = None,
    new_base: str | None = None,
    known: Mapping[str, tuple[str, str]] | None = None,
    encoding: str | None = None,
) -> tuple[pd.DataFrame, ReadReport]:
    """Read overrides from CSV or XLSX.

    Args:
        path: Columns old_url, new_url, action, locked, note; an edited plan.csv
            will do. Without an action, a target means redirect. A row is an
            override when it is there; an empty `locked` counts as locked. With
            a column Decision it is a workbook of ours, or one tab of it as CSV:
            only rows that somebody edited count.
        base: Origin for old URLs that are paths.
        new_base: Origin for targets that are paths; `base` where not given.
        known: New URL and note of each old URL, for a workbook whose marks
            were deleted.
        encoding: What a person says the file is in.

    Returns:
        Schema `OVERRIDES`, and the account of the file; `attrs["workbook"]` says
        whether the table is an edited workbook.

    Raises:
        InputError: The file has no column for the old URL, or is no table.
    """
    taking: _Taking | None = None
    sheets = False
    with open_sheets(path, kinds=("overrides", "legacy"), encoding=encoding) as tables:
        for found in tables:
            taking = taking or _Taking(found.tally, base, new_base or base, known or {})
            sheets |= _take_table(taking, found)
    if taking is None or not (taking.rows or sheets):
        raise InputError(
            "holds no override", hint="leave it out, or add rows", where=str(path)
        )
    frame = pd.DataFrame(list(taking.rows.values()), columns=OVERRIDES.names)
    table = OVERRIDES.fit(frame)
    table.attrs["workbook"] = sheets
    return table, taking.tally.report()


def _take_table(taking: _Taking, table: Table) -> bool:
    """Take the rows of one table; tell whether it is a tab of our workbook."""
    columns = table.columns
    sheet = "decision" in columns and "by" not in columns
    for line, cells in table.rows:
        cell = {f: cells[place].strip(" \t\r\n") for f, place in columns.items()}
        cell["old_url"] = cell.get("old_url") or cell.get("source", "")
        cell["new_url"] = cell.get("new_url") or cell.get("target", "")
        _take(taking, cell, line, sheet=sheet)
    return sheet


def _take(taking: _Taking, cell: Cells, line: int, *, sheet: bool) -> None:
    tally = taking.tally
    old = address(cell["old_url"], taking.base)
    if isinstance(old, str):
        tally.refuse(line, old, cell["old_url"], "old_url")
        return
    said = _said_in_sheet(cell, taking.known.get(old.key)) if sheet else _said(cell)
    if said is None:
        tally.aside["not edited"] += 1
        return
    refusal = _refusal(said, taking.new_base)
    if refusal:
        tally.refuse(line, refusal, said["new_url"] or old.key, "new_url")
        return
    _add(taking, old.key, said, line, sheet=sheet)


def _said(cell: Cells) -> Cells:
    """Return what a plain row says: its presence is the decision."""
    target = cell["new_url"]
    action = cell.get("action", "").casefold()
    bare = "action" in cell and not (action or target) and bool(cell.get("note"))
    action = action or ("" if bare else "redirect" if target else "gone")
    return {**cell, "new_url": "" if action == "gone" else target, "action": action}


def _said_in_sheet(cell: Cells, known: tuple[str, str] | None) -> Cells | None:
    """Return what a person wrote into a row of the workbook; None for nothing."""
    word = cell.get("decision", "").casefold()
    word = _WORDS.get(word, word)
    moved, noted = _changed(cell, known)
    note = cell.get("note", "") if noted else ""
    if not word and not moved:
        return {**cell, "action": "", "new_url": "", "note": note} if note else None
    action = _meant(word, cell, moved=moved)
    target = "" if action == "gone" else cell["new_url"]
    return {**cell, "action": action, "new_url": target, "note": note}


def _changed(cell: Cells, known: tuple[str, str] | None) -> tuple[bool, bool]:
    """Tell whether New URL and Notes were edited."""
    url, note = cell["new_url"], cell.get("note", "")
    sums = cell.get("mark", "").removeprefix("m").split("-")
    if len(sums) == 3:
        return f"{_sum(url):08x}" != sums[1], f"{_sum(note):08x}" != sums[2]
    if known is None:
        return False, bool(note)
    return bool(url) and url != known[0], note != known[1]


def _meant(word: str, cell: Cells, *, moved: bool) -> str:
    """Return the action a row of the workbook asks for; empty where it has none."""
    proposed = cell.get("action", "").casefold()
    if word and word != "accept":
        return word
    if moved or proposed in {"", "review"}:
        return "redirect"
    return proposed


def _refusal(said: Cells, base: str | None) -> str | None:
    """Return why a decision cannot be carried out; put its target in order."""
    action, target = said["action"], said["new_url"]
    if action and action not in ACTIONS:
        return "bad_action"
    new = address(target, base) if target else None
    if isinstance(new, str):
        return new
    if action == "redirect" and new is None:
        return "no_target"
    said["new_url"] = new.href if new else ""
    return None


def _add(taking: _Taking, key: str, said: Cells, line: int, *, sheet: bool) -> None:
    """Keep a decision; what another tab of the workbook left open is filled in."""
    locked = said.get("locked", "")
    given: Decision = {
        "old_url": key,
        "new_url": said["new_url"] or None,
        "action": said["action"] or None,
        "locked": (truth(locked) if locked else True) if said["action"] else None,
        "note": said.get("note") or None,
        **{name: said.get(name) or None for name in ("decision", "by", "at", "mark")},
    }
    present = taking.rows.setdefault(key, given)
    if present is given:
        return
    names = ("action", "new_url", "note")
    clash = [name for name in names if _differ(present[name], given[name])]
    if clash or not sheet:
        text = f"{key} stands twice" + (f", with another {clash[0]}" if clash else "")
        taking.tally.refuse(line, "conflict", text, "old_url")
        return
    taking.tally.aside["the same row on another tab"] += 1
    taking.rows[key] = {
        name: given[name] if value is None else value for name, value in present.items()
    }


def _differ(one: object, other: object) -> bool:
    return one is not None and other is not None and one != other
