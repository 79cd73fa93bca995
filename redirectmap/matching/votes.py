"""Count soft votes: where the pages around an old page probably went.

Every candidate pair votes with its soft share of the old page's choice, so that
what is sure counts much and what is not counts little. A page never votes for
itself.

Cost    sorting the votes once for each level of folders.
Reads   pairs, weights, paths.
Writes  shares, 0 .. 1.
Bounds  folders below the fifth level count as one.
Source  backing off as Katz, "Estimation of probabilities from sparse data", IEEE
        Trans. ASSP 35(3), 1987, doi:10.1109/TASSP.1987.1165125.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from redirectmap.signals.words import Floats, Ints

Reals = NDArray[np.float64]
_SHARPNESS = 0.07
_NOTHING_FITS = 0.25
_DEEPEST = 5
_LEAST = 1e-3


@dataclass(frozen=True, slots=True)
class Votes:
    """Weighted pairs: who votes, for what, how much; arrays of one length."""

    row: Ints
    target: Ints
    weight: Reals


class Sums:
    """The total weight of each (voter, target), looked up for many at once."""

    def __init__(self, voter: Ints, target: Ints, weight: Reals) -> None:
        self._width = int(target.max(initial=0)) + 1
        self._keys, place = np.unique(voter * self._width + target, return_inverse=True)
        self._total = np.bincount(place, weight, len(self._keys))

    def __call__(self, voter: Ints, target: Ints) -> Reals:
        """Return the total for each pair asked for, 0 where nobody voted."""
        if not len(self._keys):
            return np.zeros(len(voter))
        asked = voter * self._width + target
        at = np.minimum(np.searchsorted(self._keys, asked), len(self._keys) - 1)
        found = (self._keys[at] == asked) & (target < self._width)
        total: Reals = np.where(found, self._total[at], 0.0)
        return total


def soft_choice(rows: Ints, likeness: Floats) -> Reals:
    """Return each pair's share of its old page's choice; "none" is one option."""
    odds = np.exp((np.nan_to_num(likeness).astype(float) - _NOTHING_FITS) / _SHARPNESS)
    share: Reals = odds / (1 + np.bincount(rows, odds)[rows])
    return share


def shares(rows: Ints, score: Reals) -> Reals:
    """Return each pair's share of its row's odds; the score is log-odds."""
    highest = np.full(int(rows.max(initial=-1)) + 1, -np.inf)
    np.maximum.at(highest, rows, score)
    odds = np.exp(score - highest[rows])
    share: Reals = odds / np.bincount(rows, odds)[rows]
    return share


def folder_levels(paths: Sequence[str]) -> Ints:
    """Return a number for each page's folder at each level, -1 below its own.

    Shape (pages, levels); the first level is the whole site.
    """
    numbers: dict[str, int] = {}
    out = np.full((len(paths), _DEEPEST), -1, dtype=np.int64)
    for row, path in enumerate(paths):
        parts = path.split("/")[:-1][: _DEEPEST - 1]
        for depth in range(len(parts) + 1):
            folder = "/".join(parts[:depth])
            out[row, depth] = numbers.setdefault(folder, len(numbers))
    return out


def backed_off_share(levels: Ints, votes: Votes, rows: Ints, targets: Ints) -> Reals:
    """Return which share of an old page's neighbours voted for each target.

    The share in the deepest folder counts most; each level above it fills in
    where few have voted. NaN where no neighbour has a vote.
    """
    own = Sums(votes.row, votes.target, votes.weight)(rows, targets)
    cast = np.bincount(votes.row, votes.weight, len(levels))
    share, known = np.zeros(len(rows)), np.zeros(len(rows), dtype=bool)
    for level in levels.T:
        there = level[votes.row] >= 0
        group = level[votes.row[there]]
        sums = Sums(group, votes.target[there], votes.weight[there])
        totals = np.bincount(group, votes.weight[there], int(levels.max()) + 1)
        asked = np.maximum(level[rows], 0)
        total = totals[asked] - cast[rows]
        used = (level[rows] >= 0) & (total > _LEAST)
        here = np.maximum(sums(asked, targets) - own, 0)
        share = np.where(used, (here + share) / (np.maximum(total, 0) + 1), share)
        known |= used
    return np.where(known, share, np.nan)


def ancestors(paths: Sequence[str]) -> tuple[Ints, Ints]:
    """Return the pairs (page, page above it in the path), sorted by page."""
    where = {path: row for row, path in reversed(list(enumerate(paths)))}
    pairs = []
    for row, path in enumerate(paths):
        above = path.rpartition("/")[0]
        while above:
            if where.get(above, row) != row:
                pairs.append((row, where[above]))
            above = above.rpartition("/")[0]
    both = np.array(pairs, dtype=np.int64).reshape(-1, 2)
    return both[:, 0], both[:, 1]


def climb(columns: Ints, above: tuple[Ints, Ints]) -> tuple[Ints, Ints]:
    """Return for each pair's new page the pages above: (number of the pair, page)."""
    page, ancestor = above
    start = np.searchsorted(page, columns)
    count = np.searchsorted(page, columns, side="right") - start
    pair = np.repeat(np.arange(len(columns)), count)
    within = np.arange(len(pair)) - np.repeat(np.cumsum(count) - count, count)
    return pair, ancestor[start[pair] + within]
