"""Write map.xlsx: the plan as people hand it round, edit it and sign it.

Every text is written as a string, never as a formula; texts that a spreadsheet
could read as one after a copy carry Excel's own text mark (quote prefix), so
cells keep their bytes and the sheet can be read back. Links are made only of
addresses that pass the URL gate, up to Excel's limit.

Bounds  100 000 rows in one pass, row by row; Excel allows 65 530 links a sheet.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import xlsxwriter

from redirectmap.readers.values import address
from redirectmap.report.gather import Gathered, gather, plain
from redirectmap.report.tabs import Tab, tabs
from redirectmap.tables.files import replacing

MAX_LINKS = 60_000
MAX_LINK_CHARS = 2_000
MAX_CELL_CHARS = 32_767
DECISIONS = ("accept", "redirect", "merge", "gone", "keep", "review")
FORMULA_STARTS = (
    "=",
    "+",
    "-",
    "@",
    "\N{FULLWIDTH EQUALS SIGN}",
    "\N{FULLWIDTH PLUS SIGN}",
    "\N{FULLWIDTH HYPHEN-MINUS}",
    "\N{FULLWIDTH COMMERCIAL AT}",
)
_COLOURS = {
    "redirect": ("#E3F1E7", "#14522D"),
    "keep": ("#E6EEF8", "#1F4E8C"),
    "gone": ("#ECEEF0", "#39424D"),
    "review": ("#FFF1D6", "#7A4A00"),
    "error": ("#FBE3E1", "#8C1D18"),
    "warning": ("#FFF1D6", "#7A4A00"),
    "notice": ("#E6EEF8", "#1F4E8C"),
}
_OPTIONS = {
    "constant_memory": True,
    "strings_to_urls": False,
    "strings_to_formulas": False,
    "strings_to_numbers": False,
    "nan_inf_to_errors": False,
}


@dataclass
class _Pen:
    """The workbook's formats, and how many links this sheet has already."""

    formats: dict[str, Any]
    links: int = 0


def write_workbook(folder: Path) -> Path:
    """Write `folder`/map.xlsx from what the folder holds.

    Raises:
        InputError: There is no plan in it, or a file in it is damaged.
    """
    return save(gather(folder), folder / "map.xlsx")


def save(found: Gathered, path: Path) -> Path:
    """Write the workbook of `found` to `path`, whole or not at all."""
    with replacing(path) as temporary:
        book = xlsxwriter.Workbook(temporary, _OPTIONS)
        book.set_properties({"title": "Redirect map", "author": "redirectmap"})
        formats = _formats(book)
        for tab in tabs(found):
            _sheet(book, tab, _Pen(formats))
        book.close()
    return path


def _formats(book: Any) -> dict[str, Any]:  # noqa: ANN401 - xlsxwriter has no types
    top = {"valign": "top"}
    formats = {
        "text": book.add_format(top),
        "quoted": book.add_format({**top, "quote_prefix": True}),
        "link": book.add_format({**top, "font_color": "#1F5FBF", "underline": 1}),
        "share": book.add_format({**top, "num_format": "0.0%"}),
        "number": book.add_format({**top, "num_format": "#,##0"}),
        "faint": book.add_format({**top, "font_color": "#8A929C"}),
        "edit": book.add_format({**top, "bg_color": "#FFFBE8"}),
        "title": book.add_format({"bold": True, "font_size": 14}),
        "head": book.add_format(
            {"bold": True, "bg_color": "#17324F", "font_color": "#FFFFFF"}
        ),
    }
    for name, (back, front) in _COLOURS.items():
        look = {"bg_color": back, "font_color": front}
        formats[f"is {name}"] = book.add_format(look)
    return formats


def _sheet(book: Any, tab: Tab, pen: _Pen) -> None:  # noqa: ANN401
    sheet = book.add_worksheet(tab.name)
    sheet.set_default_row(16)
    for place, column in enumerate(tab.columns):
        look = pen.formats["edit" if column.kind in {"choice", "edit"} else "text"]
        sheet.set_column(place, place, column.width, look)
    sheet.freeze_panes(1, tab.frozen)
    sheet.set_landscape()
    sheet.fit_to_pages(1, 0)
    sheet.repeat_rows(0)
    for place, column in enumerate(tab.columns):
        sheet.write_string(0, place, column.name, pen.formats["head"])
    for number, row in enumerate(tab.rows(), 1):
        _row(sheet, number, tab, row, pen)
    if tab.length:
        sheet.autofilter(0, 0, tab.length, len(tab.columns) - 1)
    _rules(sheet, tab, pen)


def _rules(sheet: Any, tab: Tab, pen: _Pen) -> None:  # noqa: ANN401
    """Set colours by text, and the drop-down of decisions."""
    last = max(tab.length, 1)
    for place, column in enumerate(tab.columns):
        if column.kind == "choice":
            options = {"validate": "list", "source": list(DECISIONS)}
            sheet.data_validation(1, place, last, place, options)
        if column.kind == "label":
            for name in _COLOURS:
                test = {"type": "cell", "criteria": "==", "value": f'"{name}"'}
                look = {**test, "format": pen.formats[f"is {name}"]}
                sheet.conditional_format(1, place, last, place, look)


def _row(
    sheet: Any,  # noqa: ANN401
    number: int,
    tab: Tab,
    row: Sequence[object],
    pen: _Pen,
) -> None:
    for place, (column, value) in enumerate(zip(tab.columns, row, strict=True)):
        if value is None or value == "":
            continue
        if column.kind in {"share", "number"} and _is_number(value):
            sheet.write_number(number, place, value, pen.formats[column.kind])
        elif column.kind == "mark":
            sheet.write_string(number, place, value, pen.formats["faint"])
        elif column.kind in {"choice", "edit"}:
            _write_text(sheet, number, place, plain(value), pen.formats["edit"], pen)
        elif column.kind == "link":
            _write_link(sheet, number, place, plain(value), pen)
        else:
            _write_text(sheet, number, place, plain(value), pen.formats["text"], pen)


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and value == value  # noqa: PLR0124 - NaN


def _write_text(
    sheet: Any,  # noqa: ANN401
    number: int,
    place: int,
    text: str,
    look: Any,  # noqa: ANN401
    pen: _Pen,
) -> None:
    """Write a string cell; mark what could be taken for a formula."""
    risky = text.lstrip().startswith(FORMULA_STARTS)
    chosen = pen.formats["quoted"] if risky else look
    sheet.write_string(number, place, text[:MAX_CELL_CHARS], chosen)


def _write_link(
    sheet: Any,  # noqa: ANN401
    number: int,
    place: int,
    text: str,
    pen: _Pen,
) -> None:
    parsed = address(text) if text and pen.links < MAX_LINKS else text
    if isinstance(parsed, str) or len(parsed.href) > MAX_LINK_CHARS:
        _write_text(sheet, number, place, text, pen.formats["text"], pen)
        return
    pen.links += 1
    sheet.write_url(number, place, parsed.href, pen.formats["link"], text)
