"""Learn how addresses changed from where pages probably went.

`resource_x` to `resources/x`, `docs/aws/x` to `docs/distributions/aws/x`. The words
that both paths end with are the page's name; what stands before them in the old and
in the new path is a rule. A pair is scored by the share of the other pages with this
beginning that followed the same rule.

Cost    under 1 us a pair; each path is cut into words once.
Reads   paths; pairs with the share that each is believed.
Writes  0 .. 1 per pair; 0 where the last words differ.
Bounds  names longer than eight words count as their last eight.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from redirectmap.signals.words import Floats, Ints

Reals = NDArray[np.float64]

_PART = re.compile(r"([^/\-_. ]+)([/\-_. ]*)")
_LONGEST = 8
_SMOOTHING = 1.0


def pair_renamed(
    old: Sequence[str], new: Sequence[str], rows: Ints, columns: Ints, share: Reals
) -> Floats:
    """Return which share of the pages alike changed their address as this pair.

    Args:
        old: Path of each old page.
        new: Path of each new page.
        rows: Old page of each pair.
        columns: New page of each.
        share: How far each pair is believed, 0 to 1; a page's own vote does not
            count for itself.
    """
    known: dict[str, int] = {}
    (old_ends, old_starts), (new_ends, new_starts) = (
        _numbered(paths, known) for paths in (old, new)
    )
    common = np.zeros(len(rows), dtype=np.int64)
    alike = np.ones(len(rows), dtype=bool)
    for old_word, new_word in zip(old_ends.T, new_ends.T, strict=True):
        alike &= (old_word[rows] == new_word[columns]) & (old_word[rows] >= 0)
        common += alike
    named = np.flatnonzero(common)
    before = old_starts[rows[named], common[named]]
    rule = before * len(known) + new_starts[columns[named], common[named]]
    weight = share[named]
    followed = _total(rule, weight) - weight
    own = _total(rows[named] * len(known) + before, weight)
    asked = np.maximum(_total(before, weight) - own, 0)
    out = np.zeros(len(rows), dtype=np.float32)
    out[named] = np.maximum(followed, 0) / (asked + _SMOOTHING)
    return out


def _total(group: Ints, weight: Reals) -> Reals:
    """Return for each member the weight of its whole group."""
    _, place = np.unique(group, return_inverse=True)
    total: Reals = np.bincount(place, weight).astype(float)
    return total[place]


def _numbered(paths: Sequence[str], known: dict[str, int]) -> tuple[Ints, Ints]:
    """Number each path's last words, last first, and what stands before each."""
    ends = np.full((len(paths), _LONGEST), -1, dtype=np.int64)
    starts = np.full((len(paths), _LONGEST + 1), -1, dtype=np.int64)
    for row, path in enumerate(paths):
        parts = list(_PART.finditer(path))
        for back, part in enumerate(reversed(parts[-_LONGEST:])):
            ends[row, back] = known.setdefault(part[1], len(known))
            start = path[: part.start()]
            starts[row, back + 1] = known.setdefault(start, len(known))
    return ends, starts
