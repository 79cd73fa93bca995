"""Read backlink exports, and count what several vendors know once.

Decides which rows are the same link. Within one vendor's data a link is its
(page, target, anchor). Across vendors (page, target) is enough: the first
vendor that knows the pair speaks, the others only fill what it left open, as
they spell anchors differently. `http` and `https` of one page are one page.

Cost    one pass; about 500 bytes of memory per link.
"""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from functools import lru_cache
from operator import itemgetter
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


_FIELDS = (
    "source_url",
    "target_url",
    "anchor",
    "rel",
    "nofollow",
    "ugc",
    "sponsored",
    "first_seen",
    "last_seen",
    "lost",
    "deleted",
    "lost_flag",
    "authority",
    "vendor",
)


def _read(table: Table, columns: _Columns) -> None:
    pick = itemgetter(*(table.columns.get(field, -1) for field in _FIELDS))
    vendor = table.layout.name.split()[0]
    put = {name: values.append for name, values in columns.lists.items()}
    for line, cells in table.rows:
        cells.append("")  # what a field that the file lacks picks
        source_text, target_text, anchor_text, *rest = pick(cells)
        target = _target(target_text, columns)
        if isinstance(target, str):
            table.tally.refuse(line, target, target_text, "target_url")
            continue
        source = address(source_text, guess=True)
        if isinstance(source, str):
            table.tally.refuse(line, source, source_text, "source_url")
            continue
        anchor = columns.once(" ".join(anchor_text.split()))
        if _repeated(columns, vendor, source, target, anchor):
            table.tally.aside["repeats a link"] += 1
            continue
        put["source_url"](source.key)
        put["source_domain"](columns.once(registrable_domain(source.host)))
        put["target_url"](target.key)
        put["anchor"](anchor)
        put["vendor"](columns.once(rest.pop() or vendor))
        for name, value in zip(_REST, _rest(*rest), strict=True):
            put[name](columns.once(value) if isinstance(value, str) else value)


_REST = ("rel", "first_seen", "last_seen", "lost", "authority")


@lru_cache(maxsize=10_000)
def _rest(  # noqa: PLR0913, PLR0917 -- one per column of the vendor
    rel: str,
    nofollow: str,
    ugc: str,
    sponsored: str,
    first: str,
    last: str,
    lost: str,
    deleted: str,
    lost_flag: str,
    authority: str,
) -> tuple[str | None, str | None, str | None, str | None, float | None]:
    """Return rel, first_seen, last_seen, lost, authority, as `_REST` names them."""
    flags = (("nofollow", nofollow), ("ugc", ugc), ("sponsored", sponsored))
    said = rel or " ".join(name for name, flag in flags if truth(flag))
    seen = day(last)
    gone = seen if truth(deleted) or truth(lost_flag) else None
    return said or None, day(first), seen, day(lost) or gone, decimal(authority)


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
