"""Read the cells of a redirect sheet: ours, or whatever people keep them in.

Decides where the header is, which column is the old URL and which the new one,
and what a cell without a scheme means: `/a` and `a.html` are paths, `example.com/a`
is an address. CSV with comma, semicolon, tab or bar in UTF-8 or UTF-16, XLSX.

Bounds  the header is looked for in the first 20 lines of a sheet.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from redirectmap.errors import InputError
from redirectmap.readers.cells import workbook_rows
from redirectmap.tables.files import decode_utf8, read_strict_csv
from redirectmap.tables.schemas import PLAN
from redirectmap.urls import registrable_domain


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_HEADER_WITHIN = 20
_SPACE = " \t\r\n\f\u00a0\ufeff"
_ALIASES: dict[str, tuple[str, ...]] = {
    "old_url": (
        "old url",
        "old",
        "source",
        "source url",
        "from",
        "redirect from",
        "origin",
        "address",
        "request url",
        "url",
        "path",
    ),
    "new_url": (
        "new url",
        "new",
        "target",
        "to",
        "redirect to",
        "destination",
        "redirect url",
        "redirect target",
        "final url",
        "location",
    ),
    "status": (
        "status code",
        "redirect type",
        "type",
        "code",
        "http status",
        "http code",
        "response code",
    ),
    "note": ("notes", "comment", "comments", "bemerkung", "kommentar"),
    "referring_domains": ("ref domains", "linking domains"),
}
_OLD = _words(
    "old source from origin original legacy current existing alt alte alten"
    " quelle von ancienne antigua actual"
)
_NEW = _words(
    "new target to destination dest neu neue neuen ziel nach nouvelle nueva"
    " redirect goes"
)
_ADDRESS = _words(
    "url urls uri link address path page adresse pfad seite webadresse lien"
    " ruta direccion location"
)
_ANSWERS = {"new_url", "action", "status"}
_RELATIVE = re.compile(r"[\w~%@!$&'()*+,;=-]+(?:[./?].*)")
_NOTHING = {"n/a", "na", "none", "-", "--", "(none)", "null"}
_HOSTLIKE = re.compile(r"(?:[\w-]+\.)+[A-Za-z]{2,}(?::\d+)?(?=[/?#]|$)")


def read_sheet(path: Path) -> pd.DataFrame:
    """Return the sheet's cells in the columns of PLAN that it has.

    Args:
        path: A sheet, or the folder that `redirectmap plan` wrote.

    Returns:
        Object cells, text without white space around it, None for empty ones;
        old_url and one of new_url, action, status among the columns.

    Raises:
        InputError: The file cannot be used; the message says where and why.
    """
    path = path / "plan.csv" if path.is_dir() else path
    table = _cells(path)
    renamed = _renamed(table, where=str(path))
    for column in ("old_url", "new_url"):
        if column in renamed:
            cells = renamed[column]
            odd = cells.notna() & ~_has_scheme(cells)
            if odd.any():
                meant = each(cells[odd], _absolute)
                nothing = meant.str.casefold().str.removeprefix("/").isin(_NOTHING)
                cells = cells.copy()
                cells[odd] = meant.mask(nothing & (column == "new_url"), None)
                renamed[column] = cells
    return renamed


def each(cells: pd.Series, change: Callable[[str], str]) -> pd.Series:
    """Apply `change` to each different cell once."""
    codes, different = pd.factorize(cells)
    changed = pd.Series([change(str(cell)) for cell in different], dtype=object)
    return changed.reindex(codes).where(codes >= 0, None).set_axis(cells.index)


def _has_scheme(cells: pd.Series) -> pd.Series:
    import pyarrow as pa
    import pyarrow.compute as pc

    found = pc.starts_with(pa.array(cells, type=pa.string(), from_pandas=True), "http")
    known = found.fill_null(False).to_numpy(zero_copy_only=False)
    return pd.Series(known, index=cells.index)


def _absolute(cell: str) -> str:
    """Return a cell with the scheme or the slash that people leave out."""
    if "://" in cell[:12] or cell[:1] in {"/", "?", "#", "^"} or cell[:3] == "re:":
        return cell
    found = _HOSTLIKE.match(cell)
    if found and _has_known_ending(found.group()):
        return f"https://{cell}"
    return f"/{cell}" if _RELATIVE.fullmatch(cell) else cell


def _has_known_ending(host: str) -> bool:
    """Tell `shop.example.com` from `page.html`: is the ending one for hosts?"""
    name = host.lower()
    return registrable_domain(name) != name or registrable_domain(f"x.{name}") == name


def _cells(path: Path) -> pd.DataFrame:
    """Return the file's cells as text, empty cells as None."""
    head, where = _head(path), str(path)
    if head.startswith(b"PK"):
        return _of_workbook(path)
    if head[:2] in {b"\xff\xfe", b"\xfe\xff"}:
        return _framed(_rows(path.read_bytes().decode("utf-16")), where)
    first = head.decode("utf-8-sig", errors="replace").partition("\n")[0]
    if _delimiter(first) == "," and _is_header(first.split(",")):
        table = _fast(path)
        return table if table is not None else _blank(read_strict_csv(path))
    rows = _rows(decode_utf8(path.read_bytes(), where))
    if any(_is_header(row) for row in rows[:_HEADER_WITHIN]):
        return _framed(rows, where)
    return _blank(read_strict_csv(path))


def _head(path: Path) -> bytes:
    try:
        with path.open("rb") as stream:
            return stream.read(65_536)
    except OSError as error:
        raise InputError.unreadable(
            path, error, hint="check the path of the plan"
        ) from error


def _of_workbook(path: Path) -> pd.DataFrame:
    first: list[str] = []
    for rows in workbook_rows(path):
        if any(_is_header(row) for row in rows[:_HEADER_WITHIN]):
            return _framed(rows, str(path))
        first = first or [cell for row in rows[:1] for cell in row]
    raise InputError.missing_column("old_url", present=first, where=str(path))


def _delimiter(line: str) -> str:
    return max(",;\t|", key=line.count)


def _rows(text: str) -> list[list[str]]:
    """Return the rows of a text table; the busiest of its first lines tells how."""
    lines = text.splitlines()[:_HEADER_WITHIN]
    mark = max(",;\t|", key=lambda m: max((line.count(m) for line in lines), default=0))
    csv.field_size_limit(1_000_000)
    return list(csv.reader(io.StringIO(text, newline=""), delimiter=mark))


def _framed(rows: Sequence[list[str]], where: str) -> pd.DataFrame:
    """Return the rows below the header as a table, blank rows left out."""
    place = next(n for n, row in enumerate(rows) if _is_header(row))
    header = [cell.strip(_SPACE) for cell in rows[place]]
    body = []
    for line, row in enumerate(rows[place + 1 :], place + 2):
        if any(cell.strip(_SPACE) for cell in row[len(header) :]):
            raise InputError(
                f"{len(row)} cells where the header has {len(header)}",
                hint='put cells that hold the separator in "quotes"',
                where=f"{where}:{line}",
            )
        if any(cell.strip(_SPACE) for cell in row):
            body.append((row + [""] * len(header))[: len(header)])
    return _blank(pd.DataFrame(body, columns=header, dtype=object))


def _blank(table: pd.DataFrame) -> pd.DataFrame:
    return table.map(lambda cell: (cell or "").strip(_SPACE) or None).astype(object)


def _fast(path: Path) -> pd.DataFrame | None:
    """Read a large file by pyarrow; None where it needs the strict reader."""
    import pyarrow as pa
    from pyarrow import csv as arrow

    convert = arrow.ConvertOptions(
        strings_can_be_null=True, quoted_strings_can_be_null=True, null_values=[""]
    )
    parse = arrow.ParseOptions(newlines_in_values=True)
    try:
        with arrow.open_csv(path, parse_options=parse) as peek:
            names = peek.schema.names
        convert.column_types = dict.fromkeys(names, pa.string())
        table = arrow.read_csv(path, parse_options=parse, convert_options=convert)
    except (pa.ArrowInvalid, pa.ArrowKeyError):
        return None
    return pd.DataFrame(
        {name: _trimmed(table.column(name)) for name in table.column_names}
    )


def _trimmed(column: Any) -> pd.Series:  # noqa: ANN401 -- of pyarrow
    """Return cells without white space around them, None for empty ones."""
    import pyarrow.compute as pc

    bare = pc.utf8_trim(column, characters=_SPACE)
    known = pc.if_else(pc.equal(bare, ""), None, bare)
    return pd.Series(known.to_numpy(zero_copy_only=False), dtype=object)


def _renamed(table: pd.DataFrame, *, where: str) -> pd.DataFrame:
    names = list(map(str, table.columns))
    if _looks_like_url(names[0]):
        raise InputError(
            "has no header line",
            hint="write old_url,new_url,status as the first line",
            where=f"{where}:1",
        )
    columns = _meaning(names)
    for needed, found in (("old_url", {"old_url"}), ("new_url", _ANSWERS)):
        if not found & set(columns.values()):
            raise InputError.missing_column(needed, present=names, where=where)
    return table.loc[:, list(columns)].rename(columns=columns).copy()


def _is_header(cells: Sequence[str]) -> bool:
    found = set(_meaning(cells).values())
    return "old_url" in found and bool(found & _ANSWERS)


def _meaning(names: Sequence[str]) -> dict[str, str]:
    """Return header to column of PLAN: by exact name, by alias, then by words."""
    plain = {name: _plain_name(name) for name in dict.fromkeys(names)}
    columns: dict[str, str] = {}
    for column in PLAN.names:
        wanted = (column.replace("_", " "), *_ALIASES.get(column, ()))
        given = (name for alias in wanted for name, p in plain.items() if p == alias)
        chosen = next((name for name in given if name not in columns), None)
        if chosen is not None:
            columns[chosen] = column
    for column, words in (("new_url", _NEW), ("old_url", _OLD)):
        if column not in columns.values():
            chosen = next(
                (n for n, p in plain.items() if n not in columns and _says(p, words)),
                None,
            )
            if chosen is not None:
                columns[chosen] = column
    return columns


def _says(name: str, words: frozenset[str]) -> bool:
    """Tell `Old Page URL` and `Ziel` as names of an address on that side."""
    found = set(name.split())
    return bool(found & words) and (len(found) == 1 or bool(found & _ADDRESS))


def _plain_name(name: str) -> str:
    return " ".join(re.sub(r"[^\w]+|_", " ", name).casefold().split())


def _looks_like_url(text: str) -> bool:
    return text.startswith(("http://", "https://", "/"))
