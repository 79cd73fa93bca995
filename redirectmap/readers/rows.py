"""Rows out of lines: quotes, comments, ragged rows, a second table below.

Decides which rows of a table can be used. A row that does not fit its header is
refused with its line; a quote that never closes ends the reading, as the rest of
the file would be one cell.

Cost    one pass, memory of one row.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from redirectmap.errors import InputError
from redirectmap.readers.files import MAX_LINE, TOO_LONG
from redirectmap.readers.layout import Layout, fold
from redirectmap.readers.records import Tally
from redirectmap.readers.values import MAX_CELL

Row = tuple[int, list[str]]


class Numbered:
    """Counts the lines that the csv module takes, and sees the long ones."""

    def __init__(self, lines: Iterator[str], number: int) -> None:
        self.lines = lines
        self.number = number
        self.long = False

    def __iter__(self) -> Numbered:
        return self

    def __next__(self) -> str:
        line = next(self.lines)
        self.number += 1
        if len(line) > MAX_CELL or line[:1] == "\x00":
            self.long = True
        return line


class _Bad(list[str]):
    """A row that cannot be used: the reason, and what stood there."""


def csv_rows(path: Path, source: Numbered, delimiter: str) -> Iterator[Row]:
    """Yield the rows of a dialect with the line each begins on; empty ones, too.

    Raises:
        InputError: A quote never closes.
    """
    csv.field_size_limit(MAX_LINE)
    reader = csv.reader(source, delimiter=delimiter, strict=True)
    while True:
        begin = source.number + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            if source.number > begin or "unexpected end" in str(error):
                raise _unclosed(path, begin) from error
            cells = _Bad(["quoting", "text after a closing quote"])
        if source.long or source.number > begin:
            source.long = False
            cells = short(cells)
        yield begin, cells


def short(cells: list[str]) -> list[str]:
    """Return the row, or say that one of its cells is too long."""
    if cells[:1] == [TOO_LONG]:
        return _Bad(["too_long", "a line over 1 MB"])
    longest = max(cells, key=len, default="")
    return _Bad(["too_long", longest[:400]]) if len(longest) > MAX_CELL else cells


def _unclosed(path: Path, line: int) -> InputError:
    return InputError(
        f"a quote that opens on line {line} is not closed",
        hint='close it, or write "" for a quote inside a quoted cell',
        where=f"{path}:{line}",
    )


def fitting(
    rows: Iterable[Row], headers: Sequence[str], layout: Layout, tally: Tally
) -> Iterator[Row]:
    """Yield the rows that fit the header; refuse the others."""
    width = len(headers)
    for line, cells in _first_table(rows, headers, tally) if layout.sections else rows:
        if isinstance(cells, _Bad):
            tally.rows_in += 1
            tally.refuse(line, cells[0], cells[1])
            continue
        if len(cells) > width and not any(cells[width:]):
            del cells[width:]
        if _says_nothing(cells, width):
            continue
        tally.rows_in += 1
        if layout.ragged and len(cells) < width:
            cells.extend([""] * (width - len(cells)))
        if len(cells) == width:
            yield line, cells
        else:
            tally.refuse(line, "fields", f"{len(cells)} fields of {width}")


def _first_table(
    rows: Iterable[Row], headers: Sequence[str], tally: Tally
) -> Iterator[Row]:
    """Yield rows up to a gap that another table follows; its rows are set aside."""
    width, begun, gap, other = len(headers), False, False, False
    for line, cells in rows:
        if _says_nothing(cells, width):
            gap = begun
        elif gap:
            gap, other = False, list(map(fold, cells)) != list(map(fold, headers))
            tally.rows_in += other
            tally.aside["another table in the file"] += other
        elif other:
            tally.rows_in += 1
            tally.aside["another table in the file"] += 1
        else:
            begun = True
            yield line, cells


def _says_nothing(cells: list[str], width: int) -> bool:
    """Tell an empty row and a comment."""
    return not any(cells) or (cells[0][:1] == "#" and _is_comment(cells, width))


def _is_comment(cells: list[str], width: int) -> bool:
    """Tell `# a note` from a row whose first cell is `#1 in town`."""
    noted = cells[0][1:2] in {"", " ", "-", "#", "\t"}
    return len(cells) == 1 or (noted and len(cells) != width)
