"""Read backlink exports, and count what several vendors know once.

Decides which rows are the same link. Within one vendor's data a link is its
(page, target, anchor). Across vendors (page, target) is enough: the first
vendor that knows the pair speaks, the others only fill what it left open, as
they spell anchors differently. `http` and `https` of one page are one page.

Cost    one pass; about 500 bytes of memory per link.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Sequence
from pathlib import Path

import pandas as pd

from redirectmap.readers.cells import Table, open_table
from redirectmap.readers.records import ReadReport
from redirectmap.readers.values import address, day, decimal, truth
from redirectmap.tables import BACKLINKS
from redirectmap.urls import Url, registrable_domain

VENDORS = ("ahrefs", "majestic", "semrush", "moz")
_NAMES = BACKLINKS.names


class _Columns:
    """Rows as columns, equal texts stored once."""

    def __init__(self) -> None:
        self.lists: dict[str, list[object]] = {name: [] for name in _NAMES}
        self.pair = array("q")
        self.link = array("q")
        self.seen: set[int] = set()
        self._texts: dict[str, str] = {}
        self.targets: dict[str, Url | str] = {}

    def once(self, text: str | None) -> str | None:
        """Return `text` as the one object that stands for it."""
        return None if not text else self._texts.setdefault(text, text)

    def frame(self) -> pd.DataFrame:
        """Hand the columns over; nothing is kept."""
        table = pd.DataFrame(
            {name: pd.Series(self.lists.pop(name), dtype=object) for name in _NAMES}
        )
        table["authority"] = pd.to_numeric(table["authority"])
        table["pair"] = pd.Series(self.pair, dtype="int64")
        return table


def read_backlinks(
    paths: Sequence[Path], *, encoding: str | None = None
) -> tuple[pd.DataFrame, list[ReadReport]]:
    """Read any mix of vendors' exports into one table.

    Args:
        paths: Ahrefs, Majestic, Semrush, Moz or our own columns; CSV or XLSX.
        encoding: What a person says the files are in.

    Returns:
        Schema `BACKLINKS`, one row per link, and the account of each file.

    Raises:
        InputError: A file is no backlink export.
    """
    columns = _Columns()
    reports = []
    for path in paths:
        with open_table(path, kinds=("backlinks",), encoding=encoding) as table:
            _read(table, columns)
        reports.append(table.tally.report())
    return BACKLINKS.fit(_merged(columns.frame())), reports


def _read(table: Table, columns: _Columns) -> None:
    get = _getter(table)
    vendor = table.layout.name.split()[0]
    put = {name: values.append for name, values in columns.lists.items()}
    for line, cells in table.rows:
        target = _target(get(cells, "target_url"), columns)
        if isinstance(target, str):
            table.tally.refuse(line, target, get(cells, "target_url"), "target_url")
            continue
        source = address(get(cells, "source_url"), guess=True)
        if isinstance(source, str):
            if source != "empty":
                table.tally.refuse(line, source, get(cells, "source_url"), "source_url")
                continue
            table.tally.aside["no referring page given"] += 1
            continue
        anchor = columns.once(" ".join(get(cells, "anchor").split()))
        if _repeated(columns, vendor, source, target, anchor):
            table.tally.aside["repeats a link"] += 1
            continue
        put["source_url"](source.key)
        put["source_domain"](columns.once(registrable_domain(source.host)))
        put["target_url"](target.key)
        put["anchor"](anchor)
        _put_rest(put, get, cells, columns, vendor)


def _put_rest(
    put: dict[str, Callable[[object], None]],
    get: Callable[[list[str], str], str],
    cells: list[str],
    columns: _Columns,
    vendor: str,
) -> None:
    rel = get(cells, "rel") or " ".join(
        name for name in ("nofollow", "ugc", "sponsored") if truth(get(cells, name))
    )
    put["rel"](columns.once(rel))
    last = day(get(cells, "last_seen"))
    gone = truth(get(cells, "deleted")) or truth(get(cells, "lost_flag"))
    put["first_seen"](columns.once(day(get(cells, "first_seen"))))
    put["last_seen"](columns.once(last))
    put["lost"](columns.once(day(get(cells, "lost")) or (last if gone else None)))
    put["authority"](decimal(get(cells, "authority")))
    put["vendor"](columns.once(get(cells, "vendor") or vendor))


def _getter(table: Table) -> Callable[[list[str], str], str]:
    places = table.columns

    def get(cells: list[str], field: str) -> str:
        place = places.get(field)
        return "" if place is None else cells[place]

    return get


def _target(text: str, columns: _Columns) -> Url | str:
    found = columns.targets.get(text)
    if found is None:
        found = columns.targets[text] = address(text, guess=True)
    return found


def _repeated(
    columns: _Columns, vendor: str, source: Url, target: Url, anchor: str | None
) -> bool:
    pair = hash((source.key.partition(":")[2], target.key.partition(":")[2]))
    link = hash((pair, vendor, (anchor or "").casefold()))
    if link in columns.seen:
        return True
    columns.seen.add(link)
    columns.pair.append(pair)
    return False


def _merged(table: pd.DataFrame) -> pd.DataFrame:
    """Keep the rows of the first vendor that knows a pair; others fill it."""
    if table["vendor"].nunique() < 2:
        return table.drop(columns="pair")
    by_pair = table.groupby("pair", sort=False)
    speaks = table["vendor"] == by_pair["vendor"].transform("first")
    for name, how in (("first_seen", "min"), ("last_seen", "max")):
        table[name] = _of_pair(table, name, how)
    for name in ("anchor", "authority"):
        table[name] = table[name].fillna(by_pair[name].transform("first"))
    live = table["lost"].isna().groupby(table["pair"], sort=False).transform("any")
    table.loc[live, "lost"] = None
    return table[speaks].drop(columns="pair").reset_index(drop=True)


def _of_pair(table: pd.DataFrame, name: str, how: str) -> pd.Series:
    known = table.loc[table[name].notna(), ["pair", name]]
    best = known.groupby("pair", sort=False)[name].agg(how)
    return table["pair"].map(best).astype(object)
