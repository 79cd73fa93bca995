"""Read backlink exports, and count what several vendors know once.

Decides which rows are the same link. Within one vendor's data a link is its
(page, target, anchor). Across vendors (page, target) is enough: the first
vendor that knows the pair speaks, the others only fill what it left open, as
they spell anchors differently. `http` and `https` of one page are one page.

Cost    one pass, column by column over batches of rows: about 10 CPU seconds and
        350 bytes of memory per million and per link.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from redirectmap.readers.cells import Table, open_table
from redirectmap.readers.records import ReadReport
from redirectmap.readers.rows import Row
from redirectmap.readers.values import address, day, decimal, is_plain, truth
from redirectmap.tables import BACKLINKS
from redirectmap.urls import Url, registrable_domain

BATCH_CELLS = 200_000
MAX_KNOWN = 200_000
"""Texts per column that are worked on once and shared; beyond, each batch anew."""

_NAMES = BACKLINKS.names
_FLAGS = ("nofollow", "ugc", "sponsored")
_RELS = np.array(
    [
        " ".join(name for bit, name in enumerate(_FLAGS) if code >> bit & 1) or None
        for code in range(1 << len(_FLAGS))
    ],
    dtype=object,
)

Texts = NDArray[np.object_]
Columns = Mapping[str, NDArray[Any]]


class _Refused(NamedTuple):
    """Stands where an address was refused."""

    reason: str


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
    read = [read_backlink_file(path, encoding=encoding) for path in paths]
    return joined_backlinks([table for table, _ in read]), [one for _, one in read]


def read_backlink_file(
    path: Path, *, encoding: str | None = None
) -> tuple[pd.DataFrame, ReadReport]:
    """Read one export.

    Returns:
        Schema `BACKLINKS` and, for `joined_backlinks`, a hash of each row's pair
        of pages; and the account of the file.
    """
    with open_table(path, kinds=("backlinks",), encoding=encoding) as table:
        reader = _Reader(table)
        parts = [
            reader.batch(*zip(*rows, strict=True))
            for rows in _batches(table.rows, BATCH_CELLS // len(table.headers) + 1)
        ]
    del reader  # what it remembers of texts is not needed beside the table
    frame = _frame(parts)
    repeated = _links(frame).duplicated().to_numpy()
    if repeated.any():
        table.tally.aside["repeats a link"] += int(repeated.sum())
        frame = frame[~repeated].reset_index(drop=True)
    return frame, table.tally.report()


def joined_backlinks(tables: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """Return one table in which each link stands once, whoever knows it.

    Args:
        tables: As `read_backlink_file` gives them; the first one speaks.
    """
    if not tables:
        return BACKLINKS.empty()
    table = tables[0]
    if len(tables) > 1:
        table = pd.concat(tables, ignore_index=True)
        table = table[~_links(table).duplicated().to_numpy()].reset_index(drop=True)
    if len(table["vendor"].unique()) > 1:
        return BACKLINKS.fit(_merged(table))
    return table[_NAMES]  # fits already: another copy of millions of links is dear


def _batches(rows: Iterator[Row], size: int) -> Iterator[list[Row]]:
    while batch := list(islice(rows, size)):
        yield batch


def _frame(parts: list[dict[str, Any]]) -> pd.DataFrame:
    """Put batches together, one column at a time; what is put in, is given up."""
    kinds = {"authority": "float64", "pair": "uint64"}
    columns = {}
    for name in (*_NAMES, "pair"):
        found = [part.pop(name) for part in parts]
        values = _joined(found) if found else np.empty(0, dtype=object)
        columns[name] = pd.Series(values, dtype=kinds.get(name, "object"), copy=False)
    return pd.DataFrame(columns, copy=False)


def _packed(texts: Texts) -> Any:  # noqa: ANN401 -- an Arrow array
    """Return texts without an object each: beside what is thrown away they scatter."""
    import pyarrow as pa

    return pa.array(texts, type=pa.string())


def _joined(parts: list[Any]) -> NDArray[Any]:
    if isinstance(parts[0], np.ndarray):
        return np.concatenate(parts)
    import pyarrow as pa

    found: NDArray[Any] = pa.chunked_array(parts).to_numpy()
    return found


class _Reader:
    """Turns batches of one file's rows into columns; equal texts are one object."""

    def __init__(self, table: Table) -> None:
        self.places = table.columns
        self.tally = table.tally
        self.vendor = table.layout.name.split()[0]
        self._known: dict[str, dict[str, Any]] = {}

    def batch(self, lines: Sequence[int], rows: Sequence[list[str]]) -> dict[str, Any]:
        """Return the columns of the rows that can be used; refuse the others."""
        fields = list(zip(*rows, strict=True))
        cell = {name: _texts(fields[place]) for name, place in self.places.items()}
        sources = _keys(cell["source_url"])
        targets = self._each("target", cell["target_url"], _key)
        fine = self._refuse(lines, cell, sources, targets)
        if not fine.all():
            cell = {name: values[fine] for name, values in cell.items()}
            sources, targets = sources[fine], targets[fine]
        hosts = _texts([url.split("/", 3)[2] for url in sources])
        return {
            "source_url": _packed(sources),
            "source_domain": self._each("domain", hosts, registrable_domain),
            "target_url": targets,
            **self._rest(cell, len(sources)),
            **_hashes(sources, targets),
        }

    def _refuse(
        self, lines: Sequence[int], cell: Columns, sources: Texts, targets: Texts
    ) -> NDArray[np.bool_]:
        """Refuse rows whose target or source is no address; return the others."""
        bad = {"target_url": _refused(targets), "source_url": _refused(sources)}
        fine: NDArray[np.bool_] = ~(bad["target_url"] | bad["source_url"])
        for row in np.flatnonzero(~fine).tolist():
            name = next(column for column, rows in bad.items() if rows[row])
            reason = (targets if name == "target_url" else sources)[row].reason
            self.tally.refuse(lines[row], reason, cell[name][row], name)
        return fine

    def _rest(self, cell: Columns, size: int) -> dict[str, NDArray[Any]]:
        """Return what is neither page nor domain."""
        empty = _texts([""] * size)
        seen = {
            name: self._each("day", cell.get(name, empty), day)
            for name in ("first_seen", "last_seen", "lost")
        }
        gone = self._truths(cell.get("deleted", empty))
        gone |= self._truths(cell.get("lost_flag", empty))
        gone &= pd.isna(seen["lost"])
        seen["lost"][gone] = seen["last_seen"][gone]
        vendor = cell.get("vendor", empty)
        return {
            **seen,
            "anchor": self._each("text", cell.get("anchor", empty), _one_line),
            "rel": self._rels(cell, empty),
            "authority": self._each("number", cell.get("authority", empty), decimal),
            "vendor": self._each("vendor", vendor, lambda text: text or self.vendor),
        }

    def _rels(self, cell: Columns, empty: Texts) -> Texts:
        code = np.zeros(len(empty), dtype="int8")
        for bit, name in enumerate(_FLAGS):
            code += self._truths(cell.get(name, empty)) << bit
        said = cell.get("rel", empty)
        own = self._each("text", said, _one_line)
        return np.where(said == "", _RELS[code], own)

    def _truths(self, texts: Texts) -> NDArray[np.bool_]:
        return self._each("truth", texts, truth).astype(bool)

    def _each(self, name: str, texts: Texts, change: Callable[[str], Any]) -> Texts:
        """Return `change` of each text, each different text worked on once."""
        known = self._known.setdefault(name, {})
        codes, different = pd.factorize(texts)
        values = np.empty(len(different), dtype=object)
        for place, text in enumerate(different):
            value = known.get(text, known)
            if value is known:
                value = change(text)
                if len(known) < MAX_KNOWN:
                    known[text] = value
            values[place] = value
        return values[codes]


def _texts(texts: Sequence[str]) -> Texts:
    found = np.empty(len(texts), dtype=object)
    found[:] = texts
    return found


def _keys(texts: Texts) -> Texts:
    """Return the key of each address, or its refusal."""
    found = texts.copy()
    for row in np.flatnonzero(~is_plain(texts)):
        found[row] = _key(texts[row])
    return found


def _key(text: str) -> str | _Refused:
    found = address(text, guess=True)
    return found.key if isinstance(found, Url) else _Refused(found)


def _refused(keys: Texts) -> NDArray[np.bool_]:
    return np.fromiter((type(key) is _Refused for key in keys), bool, len(keys))


def _one_line(text: str) -> str | None:
    return " ".join(text.split()) or None


def _hashes(sources: Texts, targets: Texts) -> dict[str, NDArray[np.uint64]]:
    """Return a hash of each pair of pages, the scheme left out."""
    hashes = [
        pd.util.hash_array(_texts([url.partition(":")[2] for url in urls]))
        for urls in (sources, targets)
    ]
    return {"pair": hashes[0] * np.uint64(3) + hashes[1]}


def _links(table: pd.DataFrame) -> pd.Series:
    """Return a hash of each link: its pair of pages, vendor and anchor."""
    pair = table["pair"].to_numpy() * np.uint64(5)
    anchor = _hashed(table["anchor"], str.casefold) * np.uint64(7)
    return pd.Series(pair + anchor + _hashed(table["vendor"], str), index=table.index)


def _hashed(values: pd.Series, change: Callable[[str], str]) -> NDArray[np.uint64]:
    """Return a hash of each text; not known is a text of its own."""
    codes, different = pd.factorize(values.to_numpy(), use_na_sentinel=False)
    texts = _texts(
        [change(text) if isinstance(text, str) else "" for text in different]
    )
    return pd.util.hash_array(texts)[codes]


def _merged(table: pd.DataFrame) -> pd.DataFrame:
    """Keep the rows of the first vendor that knows a pair; others fill it."""
    by_pair = table.groupby("pair", sort=False)
    speaks = table["vendor"] == by_pair["vendor"].transform("first")
    for name, how in (("first_seen", "min"), ("last_seen", "max")):
        table[name] = _of_pair(table, name, how)
    for name in ("anchor", "authority"):
        table[name] = table[name].fillna(by_pair[name].transform("first"))
    live = table["lost"].isna().groupby(table["pair"], sort=False).transform("any")
    table.loc[live, "lost"] = None
    return table[speaks].reset_index(drop=True)


def _of_pair(table: pd.DataFrame, name: str, how: str) -> pd.Series:
    known = table.loc[table[name].notna(), ["pair", name]]
    best = known.groupby("pair", sort=False)[name].agg(how)
    return table["pair"].map(best).astype(object)
