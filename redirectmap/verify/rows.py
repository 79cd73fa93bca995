"""Read a plan row by row, every URL through the gate, in memory that stays flat."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Literal, NamedTuple

import pandas as pd

from redirectmap.errors import InputError
from redirectmap.tables import PLAN, read_csv_chunks
from redirectmap.urls import Refusal, parse

Action = Literal["redirect", "gone", "keep", "review"]
_STATUS = {"redirect": 301, "gone": 410, "keep": 200, "review": 0}


class Row(NamedTuple):
    """What the plan says about one old URL.

    Attributes:
        old_url: Key of the URL.
        action: redirect, gone, keep or review.
        status: Planned status.
        expected: Key of the planned target; empty for gone.
        value: Share of the old site's value, 0 to 1.
        n: Place in the plan, from 0.
        old_title: As the plan knows it.
        new_title: The planned page's.
        clicks: Before the move; None where not known.
        sessions: The same.
    """

    old_url: str
    action: Action
    status: int
    expected: str
    value: float
    n: int = 0
    old_title: str = ""
    new_title: str = ""
    clicks: float | None = None
    sessions: float | None = None


def read_rows(path: Path) -> Iterator[Row]:
    """Yield the rows of a plan file.

    Raises:
        InputError: The file or a URL cannot be used; the line is named.
    """
    for chunk in read_csv_chunks(path, PLAN):
        yield from rows_of(chunk, where=str(path))


def rows_of(plan: pd.DataFrame, where: str = "plan") -> Iterator[Row]:
    """Yield the rows of a plan; its index counts them from 0.

    Raises:
        InputError: A URL is refused; the message names the row.
    """
    names = ("old_url", "action", "status", "new_url", "priority")
    more = ("old_title", "new_title", "clicks", "sessions")
    columns = [plan[name].astype(object) for name in (*names, *more)]
    for n, *cells in zip(plan.index, *columns, strict=True):
        known = [None if pd.isna(cell) else cell for cell in cells]
        yield _row(int(n), known, f"{where}, line {int(n) + 2}")


def _row(n: int, cells: list[object], where: str) -> Row:
    old, action, status, new, value, old_title, new_title, clicks, sessions = cells
    kind: Action = str(action)  # type: ignore[assignment]  # checked by the schema
    target = "" if kind == "gone" or not new else _key(str(new), where)
    if kind == "redirect" and not target:
        raise InputError(
            f"{old} has no new_url",
            hint="fill in the target, or set the action to gone or review",
            where=where,
        )
    return Row(
        _key(str(old), where),
        kind,
        int(str(status)) if status else _STATUS[kind],
        target,
        float(str(value or 0.0)),
        n,
        str(old_title or ""),
        str(new_title or ""),
        _number(clicks),
        _number(sessions),
    )


def _number(cell: object) -> float | None:
    return None if cell is None else float(str(cell))


def _key(text: str, where: str) -> str:
    url = parse(text)
    if isinstance(url, Refusal):
        raise InputError(url.message, hint="mend or remove the row", where=where)
    return url.key
