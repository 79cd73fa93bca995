"""Read what people searched for: Search Console queries, or a list of keywords.

Decides which column is which, by its header in English, German or French. A
file whose first line is no header is a list: its first column is taken.
"""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pandas as pd

from redirectmap.errors import InputError
from redirectmap.readers.files import head_of, nature_of, text_lines
from redirectmap.readers.layout import fold
from redirectmap.readers.values import decimal
from redirectmap.tables import Column, Schema

QUERIES = Schema(
    "queries",
    key=("query",),
    columns=(
        Column("query", "str", "what was searched for", nullable=False),
        Column("clicks", "float", "in the window"),
        Column("impressions", "float", "in the window"),
        Column("position", "float", "mean rank"),
    ),
)
_HEADERS = {
    "query": (
        *("top queries", "queries", "query", "keyword", "keywords", "search term"),
        *("häufigste suchanfragen", "suchanfragen", "suchanfrage", "suchbegriff"),
        *("requêtes les plus fréquentes", "requêtes", "requête", "mot-clé"),
    ),
    "clicks": ("clicks", "klicks", "clics"),
    "impressions": ("impressions", "impressionen"),
    "position": ("position", "average position", "durchschnittliche position"),
}
MAX_MEMBER = 256 * 1024 * 1024
_MEMBERS = ("queries.csv", "suchanfragen.csv", "requêtes.csv")


def read_queries(path: Path) -> pd.DataFrame:
    """Read queries with what is known of them.

    Args:
        path: CSV with comma, semicolon or tab; the ZIP Search Console exports;
            a list with one query a line.

    Returns:
        Schema `QUERIES`, in the file's order, each query once.

    Raises:
        InputError: The file cannot be used, or holds no query.
    """
    with _lines(path) as lines:
        rows = _rows(lines)
    if not rows:
        raise InputError("holds no query", hint="export it anew", where=str(path))
    places = _places(rows[0])
    body = rows[1:] if places else rows
    table = pd.DataFrame(
        [
            {
                name: _cell(row, (places or {"query": 0}).get(name), name)
                for name in QUERIES.names
            }
            for row in body
        ],
        columns=QUERIES.names,
    )
    named = table[table["query"].ne("")].drop_duplicates("query", ignore_index=True)
    if named.empty:
        raise InputError("holds no query", hint="export it anew", where=str(path))
    return QUERIES.fit(named)


@contextmanager
def _lines(path: Path) -> Iterator[Iterator[str]]:
    nature = nature_of(head_of(path))
    if nature == "zip":
        yield iter(_member(path).splitlines())
    elif nature == "text":
        with text_lines(path) as lines:
            yield lines
    else:
        raise InputError(
            f"this is {nature}, not CSV",
            hint="give the queries of Search Console, or a list of keywords",
            where=str(path),
        )


def _member(path: Path) -> str:
    try:
        with zipfile.ZipFile(path) as archive:
            names = {Path(name).name.casefold(): name for name in archive.namelist()}
            found = next((names[name] for name in _MEMBERS if name in names), None)
            if found is None:
                raise InputError(
                    "holds no Queries.csv",
                    hint="export the Performance report of Search Console",
                    where=str(path),
                )
            if archive.getinfo(found).file_size > MAX_MEMBER:
                raise InputError(
                    f"{found} is too large", hint="unpack it", where=str(path)
                )
            return archive.read(found).decode("utf-8-sig")
    except (zipfile.BadZipFile, UnicodeDecodeError) as error:
        raise InputError(
            f"is a damaged ZIP: {error}", hint="export it anew", where=str(path)
        ) from error


def _rows(lines: Iterator[str]) -> list[list[str]]:
    text = [line.rstrip("\r\n") for line in lines]
    first = next((line for line in text if line.strip()), "")
    delimiter = max(",;\t", key=first.count)
    return [
        row
        for row in csv.reader(io.StringIO("\n".join(text)), delimiter=delimiter)
        if row
    ]


def _places(header: list[str]) -> dict[str, int] | None:
    """Return which column holds which field; None where it is no header."""
    told = [fold(cell) for cell in header]
    found = {
        name: place
        for name, texts in _HEADERS.items()
        for place, cell in reversed(list(enumerate(told)))
        if cell in set(map(fold, texts))
    }
    return found if "query" in found else None


def _cell(row: list[str], place: int | None, name: str) -> str | float | None:
    text = row[place].strip() if place is not None and place < len(row) else ""
    return text if name == "query" else decimal(text)
