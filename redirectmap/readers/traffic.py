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
_NO_PAGE = {"", "(not set)", "(other)", "grand total", "gesamtsumme", "total"}
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
    pages: Sums = defaultdict(dict)
    days: dict[str, float] = {}
    reports = []
    for path in paths:
        if is_log(path):
            log = read_log(path, base=base)
            for url, count in log.requests.items():
                _add(pages[url], "requests", count)
                days[url] = max(days.get(url, 0), log.days)
            reports.append(log.report)
            continue
        with open_table(path, kinds=("traffic",), encoding=encoding) as table:
            _read(table, pages, base)
        reports.append(table.tally.report())
    return _frame(pages, days), reports


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


def _frame(pages: Sums, days: dict[str, float]) -> pd.DataFrame:
    known = {url: page for url, page in pages.items() if page}
    table = pd.DataFrame({"url": pd.Series(list(known), dtype=object)})
    for field in (*_SUMS, "position_sum", "position_weight"):
        values = [page.get(field) for page in known.values()]
        table[field] = pd.Series(values, dtype="float64")
    table["position"] = table["position_sum"] / table["position_weight"]
    table["days"] = pd.Series([days.get(url) for url in known], dtype="float64")
    return TRAFFIC.fit(table)
