"""Compare short strings of the pairs asked for with RapidFuzz.

Cost    about 1 us a pair and signal; each different pair of strings is scored once.
Reads   one string per page of each site.
Writes  0 unlike .. 1 same; NaN where a string is empty.
Source  https://rapidfuzz.github.io/RapidFuzz/
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from rapidfuzz import fuzz
from rapidfuzz.process import cpdist

from redirectmap.signals.words import Floats, Ints

Scorer = Callable[..., float]


def pair_ratio(
    old: Sequence[str],
    new: Sequence[str],
    rows: Ints,
    columns: Ints,
    scorer: Scorer = fuzz.ratio,
) -> Floats:
    """Return the likeness of `old[rows[i]]` and `new[columns[i]]`."""
    left = [old[row] for row in rows]
    right = [new[column] for column in columns]
    found = cpdist(left, right, scorer=scorer, workers=1, dtype=np.float32) / 100
    blank = np.fromiter(
        (not a or not b for a, b in zip(left, right, strict=True)), bool, len(left)
    )
    found[blank] = np.nan
    ratio: Floats = found.astype(np.float32)
    return ratio


def pair_same(
    old: Sequence[str], new: Sequence[str], rows: Ints, columns: Ints
) -> Floats:
    """Return 1 where the strings are the same, 0 where not, NaN where one is empty."""
    codes = {text: i for i, text in enumerate(dict.fromkeys([*old, *new]))}
    left = np.array([codes[t] for t in old], dtype=np.int64)[rows]
    right = np.array([codes[t] for t in new], dtype=np.int64)[columns]
    same: Floats = (left == right).astype(np.float32)
    blank = codes.get("", -1)
    same[(left == blank) | (right == blank)] = np.nan
    return same
