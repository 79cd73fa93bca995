"""Read tables that other programs wrote: CSV in all its dialects, XLSX, ZIP.

Decides where the header is (below preambles and comments), which delimiter the
table uses, and which layout it has. Rows stream; a row that does not fit its
header is refused with its line. Every cell stays text: ids keep their zeros, a
page called `NA` stays one.

Cost    one pass, memory of one row.
Bounds  the header is looked for in the first `HEADER_WITHIN` lines.
"""

from __future__ import annotations

import io
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path

from redirectmap.errors import InputError
from redirectmap.readers.files import (
    capped_text,
    encoding_of,
    head_of,
    nature_of,
    text_lines,
)
from redirectmap.readers.headers import (
    check_header,
    find_header,
    fits_of,
    missing_column,
)
from redirectmap.readers.layout import Kind, Layout
from redirectmap.readers.records import Tally
from redirectmap.readers.rows import Numbered, Row, csv_rows, fitting, short

HEADER_WITHIN = 40
MAX_MEMBER = 16 << 30
_ZIPPED: tuple[Kind, ...] = (
    "traffic",
    "pages",
    "backlinks",
    "legacy",
    "links",
    "urls",
    "domains",
)

_DAMAGED = (
    zipfile.BadZipFile,
    NotImplementedError,
    RuntimeError,
    OSError,
    EOFError,
    ValueError,
    zlib.error,
)


@dataclass(slots=True)
class Table:
    """An open table: which layout it has, and its rows still to come.

    Attributes:
        layout: What it was recognised as.
        columns: Our field to column number.
        headers: The header as the file spells it.
        rows: Line number and cells, refused rows already taken out.
        tally: The account of its rows.
    """

    layout: Layout
    columns: dict[str, int]
    headers: list[str]
    rows: Iterator[Row]
    tally: Tally


@contextmanager
def open_table(
    path: Path, *, kinds: Sequence[Kind] = (), encoding: str | None = None
) -> Iterator[Table]:
    """Open a table of any dialect.

    Args:
        path: CSV, TSV, XLSX, or a ZIP that holds one such table.
        kinds: Only layouts of these kinds; empty for any.
        encoding: What a person says it is; None to go by its byte order mark.

    Raises:
        InputError: It is no table, has no header we know, names a column
            twice, or a quote never closes; the message names the line.
    """
    nature = nature_of(head_of(path)) if encoding is None else "text"
    if nature == "zip":
        with _from_zip(path, kinds) as table:
            yield table
    elif nature == "text":
        with text_lines(path, encoding) as lines:
            yield _table(path, lines, kinds)
    else:
        raise not_a_table(path, nature)


def not_a_table(path: Path, nature: str) -> InputError:
    """Build the error for a file that is something else."""
    what = {"html": "HTML", "json": "JSON", "xml": "XML"}.get(nature, nature)
    remedy = (
        "log in and export it again; this is a web page"
        if nature == "html"
        else "export it as CSV UTF-8"
    )
    return InputError(f"this is {what}, not CSV", hint=remedy, where=str(path))


def _table(path: Path, lines: Iterator[str], kinds: Sequence[Kind]) -> Table:
    first = list(islice(lines, HEADER_WITHIN))
    line, delimiter, headers, fit = find_header(path, first, kinds)
    tally = Tally(path, fit[0].name, fit[0].kind)
    if (
        not first[0].lower().startswith("sep=")
        and line > 1
        and _said(first[: line - 1])
    ):
        tally.note(f"{line - 1} lines before the header were skipped")
    below = Numbered(chain(first[line:], lines), line)
    rows = fitting(csv_rows(path, below, delimiter), headers, fit[0], tally)
    return Table(fit[0], fit[1], headers, rows, tally)


def _said(lines: Sequence[str]) -> bool:
    return any(line.strip() for line in lines)


@contextmanager
def _from_zip(path: Path, kinds: Sequence[Kind]) -> Iterator[Table]:
    with ExitStack() as stack:
        try:
            archive = stack.enter_context(zipfile.ZipFile(path))
            if "xl/workbook.xml" in archive.namelist():
                table = _from_workbook(path, kinds)
            else:
                table = _from_archive(path, archive, kinds, stack)
        except _DAMAGED as error:
            raise _damaged(path) from error
        yield table


def _damaged(path: Path) -> InputError:
    return InputError(
        "this is an Excel or zip file that cannot be opened",
        hint="save it as CSV UTF-8",
        where=str(path),
    )


def _from_archive(
    path: Path, archive: zipfile.ZipFile, kinds: Sequence[Kind], stack: ExitStack
) -> Table:
    """Open the first table in a zip that is one we know; its rows stream."""
    for info in archive.infolist():
        if info.is_dir() or info.file_size > MAX_MEMBER:
            continue
        with archive.open(info) as member:
            name = encoding_of(member.read(4))
        member = stack.enter_context(archive.open(info))
        stream = io.TextIOWrapper(member, name, newline="")
        lines = _lines_of(path, info.filename, stream)
        try:
            table = _table(path, lines, kinds or _ZIPPED)
        except InputError:
            continue
        table.tally.note(f"read {info.filename} of {len(archive.namelist())} files")
        return table
    raise InputError(
        "no table in this zip is one we know",
        hint="unpack it and give the right file",
        where=str(path),
    )


def _lines_of(path: Path, member: str, stream: io.TextIOWrapper) -> Iterator[str]:
    try:
        yield from capped_text(stream)
    except UnicodeDecodeError as error:
        raise InputError(
            f"{member} is not UTF-8: byte {error.object[error.start]:#04x}",
            hint="unpack it, and say --encoding cp1252 if it is a Windows file",
            where=str(path),
        ) from error
    except (zipfile.BadZipFile, EOFError, zlib.error, NotImplementedError) as error:
        raise _damaged(path) from error


def _from_workbook(path: Path, kinds: Sequence[Kind]) -> Table:
    return next(_sheets(path, kinds))


@contextmanager
def open_sheets(
    path: Path, *, kinds: Sequence[Kind] = (), encoding: str | None = None
) -> Iterator[Iterator[Table]]:
    """Open every sheet of a workbook that is a table of `kinds`, or the one table.

    The sheets share one account.

    Raises:
        InputError: As `open_table`.
    """
    head = head_of(path)
    if encoding is None and nature_of(head) == "zip" and _is_workbook(path):
        yield _sheets(path, kinds)
        return
    with open_table(path, kinds=kinds, encoding=encoding) as table:
        yield iter([table])


def _is_workbook(path: Path) -> bool:
    try:
        with zipfile.ZipFile(path) as archive:
            return "xl/workbook.xml" in archive.namelist()
    except _DAMAGED:
        return False


def _sheets(path: Path, kinds: Sequence[Kind]) -> Iterator[Table]:
    """Yield the sheets that hold a table of `kinds`; fail where there is none."""
    tally: Tally | None = None
    first: list[list[str]] = []
    for rows in workbook_rows(path):
        head = rows[:HEADER_WITHIN]
        first = first or head
        found = _header_in(path, head, kinds)
        if found is None:
            continue
        line, headers, fit = found
        tally = tally or Tally(path, f"{fit[0].name} (XLSX)", fit[0].kind)
        below = enumerate(map(short, rows[line:]), start=line + 1)
        yield Table(*fit, headers, fitting(below, headers, fit[0], tally), tally)
    if tally is None:
        raise missing_column(first[0] if first else [], kinds, f"{path}:1")


def _header_in(
    path: Path, rows: Sequence[list[str]], kinds: Sequence[Kind]
) -> tuple[int, list[str], tuple[Layout, dict[str, int]]] | None:
    for line, headers in enumerate(rows, start=1):
        fits = fits_of(headers, kinds)
        if fits:
            check_header(path, line, headers, fits[0][1])
            return line, headers, fits[0]
    return None


def workbook_rows(path: Path) -> Iterator[list[list[str]]]:
    """Yield the rows of each sheet of an XLSX file, cells as text.

    Raises:
        InputError: The file cannot be opened.
    """
    from python_calamine import CalamineError, CalamineWorkbook

    try:
        book = CalamineWorkbook.from_path(path)
        for name in book.sheet_names:
            values = book.get_sheet_by_name(name).to_python(skip_empty_area=False)
            yield [[_as_text(cell) for cell in row] for row in values]
    except (CalamineError, OSError) as error:
        raise InputError(
            f"this Excel file cannot be opened: {error}",
            hint="save it as CSV UTF-8",
            where=str(path),
        ) from error


def _as_text(value: object) -> str:
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)
