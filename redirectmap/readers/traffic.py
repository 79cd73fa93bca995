"""Read what visitors and search did: Search Console, GA4, access logs, our own.

Decides which number belongs to which page. Numbers of one page in several rows
add up; a position is averaged by impressions. A column nobody measured stays
not known.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from redirectmap.readers.cells import Table, open_table
from redirectmap.readers.logs import is_log, read_log
from redirectmap.readers.records import ReadReport
from redirectmap.readers.values import address, decimal, number
from redirectmap.tables import TRAFFIC

_SUMS = ("clicks", "impressions", "sessions", "conversions", "requests")
_POSITIONS = ("position_sum", "position_weight")
_NO_PAGE = {
    "",
    "(not set)",
    "(nicht festgelegt)",
    "(non défini)",
    "(other)",
    "(andere)",
    "(autre)",
    "grand total",
    "gesamtsumme",
    "total général",
    "total",
}
Sums = dict[str, dict[str, float]]


def read_traffic(
    paths: Sequence[Path], *, base: str | None = None, encoding: str | None = None
) -> tuple[pd.DataFrame, list[ReadReport]]:
    """Read any mix of traffic sources into one table.

    Args:
        paths: Search Console pages (CSV or ZIP), GA4 landing pages, access
            logs, our own columns; CSV, XLSX, gzip.
        base: Origin for sources that know paths only (GA4, most logs).
        encoding: What a person says the files are in.

    Returns:
        Schema `TRAFFIC`, one row per page, and the account of each file.

    Raises:
        InputError: A file is none of these, or needs `base`.
    """
    read = [read_traffic_file(one, base=base, encoding=encoding) for one in paths]
    return joined_traffic([table for table, _ in read]), [one for _, one in read]


def read_traffic_file(
    path: Path, *, base: str | None = None, encoding: str | None = None
) -> tuple[pd.DataFrame, ReadReport]:
    """Read one source of traffic.

    Returns:
        Columns url, the sums, `position_sum` and `position_weight` (for
        `joined_traffic`), days; one row per page. And the account of the file.
    """
    pages: Sums = defaultdict(dict)
    if is_log(path):
        log = read_log(path, base=base)
        for url, count in log.requests.items():
            pages[url]["requests"] = count
        return _frame(pages, days=log.days), log.report
    with open_table(path, kinds=("traffic",), encoding=encoding) as table:
        _read(table, pages, base)
    return _frame(pages), table.tally.report()


def joined_traffic(tables: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """Add up what several files say of one page.

    Args:
        tables: As `read_traffic_file` gives them.

    Returns:
        Schema `TRAFFIC`.
    """
    if not tables:
        return TRAFFIC.empty()
    by_url = pd.concat(tables, ignore_index=True).groupby("url", sort=False)
    table = by_url[[*_SUMS, *_POSITIONS]].sum(min_count=1)
    table["position"] = table["position_sum"] / table["position_weight"]
    table["days"] = by_url["days"].max()
    return TRAFFIC.fit(table.reset_index())


def _read(table: Table, pages: Sums, base: str | None) -> None:
    url_at = table.columns["url"]
    host_at = table.columns.get("host")
    fields = [(f, i) for f, i in table.columns.items() if f in _SUMS]
    for line, cells in table.rows:
        text = cells[url_at].strip()
        if text.casefold() in _NO_PAGE:
            table.tally.aside["no page: total or not set"] += 1
            continue
        own = f"https://{cells[host_at]}" if host_at is not None else base
        url = address(text, own, guess=True)
        if isinstance(url, str):
            reason = "needs_base" if text.startswith("/") and not own else url
            table.tally.refuse(line, reason, text, "url")
            continue
        page = pages[url.key]
        for field, place in fields:
            _add(page, field, number(cells[place]))
        _weigh(table, page, cells)


def _weigh(table: Table, page: dict[str, float], cells: list[str]) -> None:
    if "position" not in table.columns:
        return
    position = decimal(cells[table.columns["position"]])
    place = table.columns.get("impressions")
    weight = (number(cells[place]) if place is not None else None) or 1.0
    if position is not None:
        _add(page, "position_sum", position * weight)
        _add(page, "position_weight", weight)


def _add(page: dict[str, float], field: str, value: float | None) -> None:
    if value is not None:
        page[field] = page.get(field, 0.0) + value


def _frame(pages: Sums, *, days: float | None = None) -> pd.DataFrame:
    table = pd.DataFrame({"url": pd.Series(list(pages), dtype=object)})
    for field in (*_SUMS, *_POSITIONS):
        values = [page.get(field) for page in pages.values()]
        table[field] = pd.Series(values, dtype="float64")
    table["days"] = pd.Series([days] * len(pages), dtype="float64")
    return table
