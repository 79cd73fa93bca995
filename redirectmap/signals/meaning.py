"""Compare the vectors of the pairs asked for, with and without what all share.

Pages of one site speak about one thing: their vectors all point the same way. Less
their mean and the two directions of the greatest spread, they tell pages apart.

Cost    about 1 us a pair; no vector is copied.
Reads   vectors of length one per page; rows of zeros say nothing.
Writes  -1 .. 1 per pair; NaN where either page has no vector.
Source  Mu and Viswanath, "All-but-the-top: simple and effective postprocessing
        for word representations", 2018, arXiv:1702.01417.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from redirectmap.signals.words import Floats, Ints

Vectors = NDArray[np.floating]

_CHUNK = 16_000
_PAIRS = 4_000  # compared at once: the rows of more fill memory, not the cores
_SAMPLE = 3_000
_COMMON_DIRECTIONS = 2


def pair_product(old: Vectors, new: Vectors, rows: Ints, columns: Ints) -> Floats:
    """Return the product of vector `rows[i]` of old and `columns[i]` of new."""
    out = np.empty(len(rows), dtype=np.float32)
    for start in range(0, len(rows), _PAIRS):
        part = slice(start, start + _PAIRS)
        left, right = _full(old[rows[part]]), _full(new[columns[part]])
        out[part] = np.einsum("ij,ij->i", left, right)
    silent_old, silent_new = (np.asarray(~v.any(axis=1)) for v in (old, new))
    out[silent_old[rows] | silent_new[columns]] = np.nan
    return out


def own_meaning(
    old: Vectors, new: Vectors, rows: Ints, columns: Ints, product: Floats
) -> Floats:
    """Return the cosine of two pages' vectors less what all pages share.

    Args:
        old: A vector of each old page.
        new: A vector of each new page.
        rows: Old page of each pair.
        columns: New page of each.
        product: As `pair_product` returns it.
    """
    some = np.concatenate([_some(old), _some(new)])
    if len(some) <= _COMMON_DIRECTIONS:
        return np.full(len(rows), np.nan, dtype=np.float32)
    mean = some.mean(axis=0)
    spread = (some - mean).T @ (some - mean)
    axes = np.linalg.eigh(spread.astype(float))[1][:, -_COMMON_DIRECTIONS:]
    left, right = (_own(v, mean, axes.astype(np.float32)) for v in (old, new))
    rest = product + mean @ mean
    rest -= left.far[rows] + right.far[columns]
    rest -= np.einsum("ij,ij->i", left.common[rows], right.common[columns])
    cosine: Floats = rest / (left.length[rows] * right.length[columns])
    return cosine


class _Own(NamedTuple):
    """Each vector's product with the mean, part in common, and length of the rest."""

    far: Floats
    common: Floats
    length: Floats


def _own(vectors: Vectors, mean: Floats, axes: Floats) -> _Own:
    parts = [_own_part(part, mean, axes) for part in _parts(vectors)]
    return _Own(*(np.concatenate(same) for same in zip(*parts, strict=True)))


def _own_part(vectors: Floats, mean: Floats, axes: Floats) -> _Own:
    far = vectors @ mean
    common = vectors @ axes - mean @ axes
    squared = (vectors * vectors).sum(axis=1) - 2 * far + mean @ mean
    squared -= (common * common).sum(axis=1)
    return _Own(far, common, np.sqrt(np.maximum(squared, 1e-6)))


def _parts(vectors: Vectors) -> Iterator[Floats]:
    for start in range(0, len(vectors), _CHUNK):
        yield _full(vectors[start : start + _CHUNK])


def _some(vectors: Vectors) -> Floats:
    """Return evenly spread pages that have a vector, some thousand at most."""
    few = _full(vectors[:: max(1, 2 * len(vectors) // _SAMPLE)])
    return few[few.any(axis=1)]


def _full(vectors: Vectors) -> Floats:
    """Return half precision as single: numpy multiplies that faster."""
    single: Floats = vectors.astype(np.float32)
    return single
