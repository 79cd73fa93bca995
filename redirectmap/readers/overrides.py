"""Read what a person decided: overrides, in the columns of plan.csv.

Decides nothing: a row that contradicts itself (gone with a target, redirect
without one) is refused with its line, so that no decision is taken half.
"""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from redirectmap.errors import InputError
from redirectmap.readers.cells import open_table
from redirectmap.readers.records import ReadReport, Tally
from redirectmap.readers.values import address, truth
from redirectmap.tables.schemas import ACTIONS, Column, Schema

OVERRIDES = Schema(
    "overrides",
    key=("old_url",),
    columns=(
        Column("old_url", "str", "absolute URL on the old host", nullable=False),
        Column("new_url", "str", "absolute target; empty for gone"),
        Column("action", "str", "what to do", nullable=False, choices=ACTIONS),
        Column("locked", "bool", "not to be touched"),
        Column("note", "str", "a person's"),
    ),
)
Decision = dict[str, object]


def read_overrides(
    path: Path, *, base: str | None = None, encoding: str | None = None
) -> tuple[pd.DataFrame, ReadReport]:
    """Read overrides from CSV or XLSX.

    Args:
        path: Columns old_url, new_url, action, locked, note; an edited plan.csv
            will do. Without an action, a target means redirect. A row is an
            override when it is there; an empty `locked` counts as locked.
        base: Origin for old URLs that are paths.
        encoding: What a person says the file is in.

    Returns:
        Schema `OVERRIDES`, and the account of the file.

    Raises:
        InputError: The file has no column for the old URL, or is no table.
    """
    rows: dict[str, Decision] = {}
    with open_table(path, kinds=("overrides", "legacy"), encoding=encoding) as table:
        for line, cells in table.rows:
            cell = {
                f: cells[place].strip(" \t\r\n") for f, place in table.columns.items()
            }
            cell["old_url"] = cell.get("old_url") or cell.get("source", "")
            cell["new_url"] = cell.get("new_url") or cell.get("target", "")
            _take(rows, cell, line, table.tally, base)
    if not rows:
        raise InputError(
            "holds no override", hint="leave it out, or add rows", where=str(path)
        )
    frame = pd.DataFrame(list(rows.values()), columns=OVERRIDES.names)
    return OVERRIDES.fit(frame), table.tally.report()


def _take(
    rows: dict[str, Decision],
    cell: dict[str, str],
    line: int,
    tally: Tally,
    base: str | None,
) -> None:
    old = address(cell["old_url"], base)
    if isinstance(old, str):
        tally.refuse(line, old, cell["old_url"], "old_url")
        return
    target = cell["new_url"]
    new = address(target, base) if target else None
    action = cell.get("action", "").casefold() or ("redirect" if target else "gone")
    if isinstance(new, str):
        tally.refuse(line, new, target, "new_url")
    elif action not in ACTIONS:
        tally.refuse(line, "bad_action", action, "action")
    elif action == "redirect" and new is None:
        tally.refuse(line, "no_target", old.key, "new_url")
    elif old.key in rows:
        tally.refuse(line, "conflict", f"{old.key} stands twice", "old_url")
    else:
        rows[old.key] = {
            "old_url": old.key,
            "new_url": new.href if new and action != "gone" else None,
            "action": action,
            "locked": truth(cell.get("locked", "")) if cell.get("locked") else True,
            "note": cell.get("note") or None,
        }
