"""Find the header of a table, below preambles, in any dialect.

Decides which line is the header, which delimiter the table uses and which layout
it has; says what is missing when there is none.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from pathlib import Path

from redirectmap.errors import InputError
from redirectmap.readers.layout import Kind, Layout, fold
from redirectmap.readers.layouts import LAYOUTS, layouts_of
from redirectmap.urls import shown

DELIMITERS = ",;\t|"
MAX_COLUMNS = 2_000


def find_header(
    path: Path, first: Sequence[str], kinds: Sequence[Kind]
) -> tuple[int, str, list[str], tuple[Layout, dict[str, int]]]:
    """Return line, delimiter, cells and layout of the header, or say what is wrong."""
    delimiters = DELIMITERS
    if first and first[0].lower().startswith("sep=") and len(first[0].strip()) == 5:
        delimiters = first[0][4]
    for line, text in enumerate(first, start=1):
        for headers, delimiter in _splits(text, delimiters):
            fits = fits_of(headers, kinds)
            if fits:
                check_header(path, line, headers, fits[0][1])
                return line, delimiter, headers, fits[0]
    raise _no_header(path, first, kinds)


def is_header(line: str) -> bool:
    """Tell whether a line is the header of a table we know."""
    return any(fits_of(headers, ()) for headers, _ in _splits(line, DELIMITERS))


def _splits(text: str, delimiters: str) -> Iterator[tuple[list[str], str]]:
    for delimiter in sorted(delimiters, key=lambda d: -text.count(d)):
        try:
            yield next(csv.reader([text], delimiter=delimiter), []), delimiter
        except csv.Error:
            continue


def fits_of(
    headers: Sequence[str], kinds: Sequence[Kind]
) -> list[tuple[Layout, dict[str, int]]]:
    """Return the layouts of `kinds` that a header fits, best first."""
    if not headers or len(headers) > MAX_COLUMNS:
        return []
    fits = layouts_of([fold(header) for header in headers])
    return [fit for fit in fits if not kinds or fit[0].kind in kinds]


def check_header(
    path: Path, line: int, headers: Sequence[str], columns: dict[str, int]
) -> None:
    """Refuse a header that names a column we use twice."""
    folded = [fold(header) for header in headers]
    for place in columns.values():
        if folded.count(folded[place]) > 1:
            raise InputError(
                f"duplicate column {folded[place]!r}",
                hint="keep one of the columns, or rename the other",
                where=f"{path}:{line}",
            )


def _no_header(path: Path, first: Sequence[str], kinds: Sequence[Kind]) -> InputError:
    line, text = next(((n, t) for n, t in enumerate(first, 1) if t.strip()), (1, ""))
    headers = next(_splits(text, DELIMITERS), ([], ","))[0]
    where = f"{path}:{line}"
    if headers and all(cell.strip().startswith(("/", "http")) for cell in headers):
        return InputError(
            "no header (the first row looks like URLs)",
            hint="put a line with the column names on top, e.g. old,new",
            where=where,
        )
    if len(headers) > MAX_COLUMNS:
        return InputError(
            f"the header has {len(headers)} columns; old, new are missing",
            hint="export fewer columns",
            where=where,
        )
    return missing_column(headers, kinds, where)


def missing_column(
    headers: Sequence[str], kinds: Sequence[Kind], where: str
) -> InputError:
    """Build the error for a header that fits no layout: what it lacks."""
    folded = [fold(header) for header in headers]
    known = [layout for layout in LAYOUTS if not kinds or layout.kind in kinds]

    def lacks(layout: Layout) -> list[str]:
        names = layout.fields
        return [
            f for f in layout.required if not set(map(fold, names[f])) & set(folded)
        ]

    part = [lay for lay in known if 0 < len(lacks(lay)) < len(lay.required)]
    found = ", ".join(shown(header) for header in headers[:20]) or "no columns"
    if part:
        closest = min(part, key=lambda layout: len(lacks(layout)))
        gap = closest.fields[lacks(closest)[0]]
        name = next((n for n in ("new", "old") if n in gap), gap[0])
        return InputError(
            f"column {name!r} is missing for {closest.name}; found: {found}",
            hint=f"name the column one of: {', '.join(gap[:6])}",
            where=where,
        )
    return InputError(
        f"no known table: its header is {found}",
        hint="see docs/inputs.md for the columns, or name the URL column url",
        where=where,
    )
