"""Look at the candidates a second time, knowing what is probable by now.

After the first comparison most old pages have one likely target. Where these
went says how folders, addresses and pages above moved; and a page for which
nothing fits well (unsure) is judged more by its text, by single headings and by
who else wants the new page.

Cost    about 4 us a pair.
Reads   `Evidence`; the kept pairs with all columns of the first look.
Writes  further columns; float32, NaN where nothing can be said.
"""

from __future__ import annotations

import re

import numpy as np
import pandas as pd

from redirectmap.matching.candidates import rank_within
from redirectmap.matching.evidence import Evidence
from redirectmap.matching.scoring import inputs_of
from redirectmap.matching.votes import (
    Reals,
    Sums,
    Votes,
    ancestors,
    backed_off_share,
    climb,
    folder_levels,
    shares,
)
from redirectmap.signals.renamed import pair_renamed
from redirectmap.signals.words import Floats, Ints, count, widen

SECOND = (
    "renamed",
    "children",
    "subarea_rule",
    "owned",
    "wanted_unsure",
    "section_unsure",
    "text_unsure",
    "new_number",
    "old_number",
)
# rounded from a fit on eleven migrations; the mean of nine signals leads by far
_FIRST = {
    "base": 20.0,
    "prefix": 2.5,
    "neighbours_in": 1.5,
    "section": 1.0,
    "base_claim": 1.0,
    "wanted": 0.7,
    "all_claim": 0.5,
}
_VOTES_FROM = 0.05
_FITS = 0.4
_FITS_WIDTH = 0.06
_CHUNK = 16_000
_NUMBER = re.compile(r"\d+")


def first_score(table: pd.DataFrame) -> Reals:
    """Return each pair's log-odds within its row by the first look alone."""
    inputs = inputs_of(table, list(_FIRST), {})
    score: Reals = inputs @ np.array(list(_FIRST.values()))
    return score


def look_again(e: Evidence, table: pd.DataFrame) -> pd.DataFrame:
    """Return `table` with the columns of `SECOND` added."""
    rows, columns = table["old_row"].to_numpy(), table["new_row"].to_numpy()
    share = shares(rows, first_score(table))
    open_ = unsure(rows, table["base"].to_numpy(), share)
    new_number, old_number = _numbers(e, rows, columns)
    found = {
        "renamed": pair_renamed(
            e.old.fields.path, e.new.fields.path, rows, columns, share
        ),
        "children": children(e, rows, columns, share),
        "subarea_rule": _subarea(e, rows, columns, share),
        "owned": (table["base"] - table["base_claim"]).to_numpy(),
        **{
            f"{name}_unsure": table[name].fillna(0).to_numpy() * open_
            for name in ("wanted", "section", "text")
        },
        "new_number": new_number,
        "old_number": old_number,
    }
    added = {name: np.asarray(found[name], dtype=np.float32) for name in SECOND}
    return table.assign(**added)


def unsure(rows: Ints, base: Floats, share: Reals) -> Reals:
    """Return for each pair how little the best candidate of its row fits, 0 to 1."""
    best = np.zeros(int(rows.max(initial=-1)) + 1)
    first = rank_within(rows, share.astype(np.float32)) == 1
    fits = 1 / (1 + np.exp(-(base[first] - _FITS) / _FITS_WIDTH))
    best[rows[first]] = share[first] * fits
    left: Reals = 1 - best[rows]
    return left


def children(e: Evidence, rows: Ints, columns: Ints, share: Reals) -> Reals:
    """Return which share of the old page's children went below the new page.

    NaN where no page stands directly below the old one.
    """
    size = len(e.old.fields)
    page, above = ancestors(e.old.fields.path)
    page, nearest = np.unique(page, return_index=True)
    parent = np.full(size, -1, dtype=np.int64)
    parent[page] = above[nearest]
    count_of = np.bincount(parent[page], minlength=size)[rows]
    pair, higher = climb(columns, ancestors(e.new.fields.path))
    up = parent[rows[pair]]
    there = up >= 0
    went = Sums(up[there], higher[there], share[pair][there])(rows, columns)
    return np.where(count_of > 0, went / np.maximum(count_of, 1), np.nan)


def _subarea(e: Evidence, rows: Ints, columns: Ints, share: Reals) -> Reals:
    """Return which share of the neighbours went to the same two upper folders."""
    levels = folder_levels(e.new.fields.path)
    depth = np.minimum((levels >= 0).sum(axis=1) - 1, 2)
    area = levels[np.arange(len(levels)), depth]
    votes = share > _VOTES_FROM
    cast = Votes(rows[votes], area[columns[votes]], share[votes])
    own = folder_levels(e.old.fields.path)
    return backed_off_share(own, cast, rows, area[columns])


def _numbers(e: Evidence, rows: Ints, columns: Ints) -> tuple[Floats, Floats]:
    """Say whether the new page names a number the old one does not, and back.

    Versions, years and issues: `v13_2`, "pre 1.4".
    """
    known: dict[str, int] = _Numbered()
    sides = [
        count(
            (f"{p} {t}" for p, t in zip(f.path, f.title, strict=True)),
            known,
            _NUMBER.findall,
        ).astype(bool)
        for f in (e.old.fields, e.new.fields)
    ]
    old, new = (widen(side, max(len(known), 1)) for side in sides)
    sizes_old, sizes_new = np.diff(old.indptr)[rows], np.diff(new.indptr)[columns]
    common = np.zeros(len(rows), dtype=np.int64)
    both = np.flatnonzero((sizes_old > 0) & (sizes_new > 0))
    for start in range(0, len(both), _CHUNK):
        part = both[start : start + _CHUNK]
        shared = old[rows[part]].multiply(new[columns[part]])
        common[part] = np.diff(shared.tocsr().indptr)
    added: Floats = (sizes_new > common).astype(np.float32)
    lost: Floats = (sizes_old > common).astype(np.float32)
    return added, lost


class _Numbered(dict[str, int]):
    """Numbers what it meets in the order it comes."""

    def __missing__(self, key: str) -> int:
        self[key] = len(self)
        return self[key]
