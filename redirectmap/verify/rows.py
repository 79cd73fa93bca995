"""Read a plan row by row, every URL through the gate, in memory that stays flat."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal, NamedTuple

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
    cells = plan[list(_NAMES)].astype(object)
    known = cells.where(cells.notna(), None)
    columns = [known[name].tolist() for name in _NAMES]
    for n, *values in zip(plan.index.tolist(), *columns, strict=True):
        yield _row(n, values, where)


_NAMES = (
    *("old_url", "action", "status", "new_url", "priority"),
    *("old_title", "new_title", "clicks", "sessions"),
)


def _row(n: int, cells: list[Any], where: str) -> Row:
    old, action, status, new, value, old_title, new_title, clicks, sessions = cells
    target = "" if action == "gone" or not new else _key(new, where, n)
    if action == "redirect" and not target:
        raise InputError(
            f"{old} has no new_url",
            hint="fill in the target, or set the action to gone or review",
            where=f"{where}, line {n + 2}",
        )
    return Row(
        _key(old, where, n),
        action,
        int(status or _STATUS[action]),
        target,
        float(value or 0.0),
        n,
        old_title or "",
        new_title or "",
        clicks,
        sessions,
    )


def _key(text: str, where: str, n: int) -> str:
    url = _parsed(text)
    if isinstance(url, Refusal):
        place = f"{where}, line {n + 2}"
        raise InputError(url.message, hint="mend or remove the row", where=place)
    return url.key


_parsed = lru_cache(maxsize=4_000)(parse)  # many rows share their target
