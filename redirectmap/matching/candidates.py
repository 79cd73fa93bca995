"""Decide which pairs are looked at closely: several cheap rules propose.

Comparing every old page with every new one is out of reach (10^10 pairs for two
sites of 100 000 pages); each rule proposes a few new pages per old page.

Cost    near linear: sparse products with the k best kept per row; the commonest
        words of a large site are left out of them.
Reads   the weighted matrices and paths of both sites.
Writes  pairs: old row, new row, sorted, each once.
Bounds  a right answer that no rule proposes is lost for good; `evaluate
        --stage candidates` reports that share.
Source  Papadakis et al., "Blocking and Filtering Techniques for Entity
        Resolution", ACM Computing Surveys 53(2), 2020, doi:10.1145/3377455.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from redirectmap.signals.words import Floats, Ints

_PRODUCTS = 5_000
_DENSE_LIMIT = 4e8
_PROBED = 12
_SAME_SLUG = 6
_ALL_WORDS_LIMIT = 4e6
_BLOCK = 20_000
Pairs = tuple[Ints, Ints]


def nearest(
    old: sparse.csr_matrix, new: sparse.csr_matrix, k: int, *, threads: int = 2
) -> Pairs:
    """Return each old row's `k` best new rows by product, where it is above 0."""
    from sparse_dot_topn import sp_matmul_topn

    if 0 in (*old.shape, *new.shape) or not old.nnz or not new.nnz:
        return _nothing()
    left, right = _telling(old, new)
    best = sp_matmul_topn(
        left, right.T.tocsr(), top_n=k, threshold=0.02, n_threads=threads
    ).tocoo()
    return best.row.astype(np.int64), best.col.astype(np.int64)


def _telling(
    old: sparse.csr_matrix, new: sparse.csr_matrix
) -> tuple[sparse.csr_matrix, sparse.csr_matrix]:
    """Leave the words that tell pages apart; small sites keep all of them.

    Of an old page those that weigh at least its mean. Found on eleven bench
    sites: as many right answers.
    """
    if float(old.shape[0]) * new.shape[0] <= _ALL_WORDS_LIMIT:
        return old, new
    return within_budget(_only(old, _heavy(old)), new)


def _heavy(matrix: sparse.csr_matrix) -> NDArray[np.bool_]:
    """Mark what weighs at least the mean of its row; some rows at a time."""
    keep = np.empty(matrix.nnz, dtype=bool)
    for start in range(0, matrix.shape[0], _BLOCK):
        ends = matrix.indptr[start : start + _BLOCK + 1]
        part, sizes = slice(ends[0], ends[-1]), np.diff(ends)
        row = np.repeat(np.arange(len(sizes)), sizes)
        mean = np.bincount(row, matrix.data[part], len(sizes)) / np.maximum(sizes, 1)
        keep[part] = matrix.data[part] >= mean[row]
    return keep


def within_budget(
    old: sparse.csr_matrix, new: sparse.csr_matrix
) -> tuple[sparse.csr_matrix, sparse.csr_matrix]:
    """Leave out the commonest words until their product costs little.

    At most `_PRODUCTS` multiplications per old row on average remain, so that
    the cost grows with the number of pages and not with its square.
    """
    asked = np.bincount(old.indices, minlength=old.shape[1])
    having = np.bincount(new.indices, minlength=new.shape[1])
    order = np.argsort(having, kind="stable")
    cost = np.cumsum(asked[order].astype(float) * having[order])
    if not len(cost) or cost[-1] <= _PRODUCTS * old.shape[0]:
        return old, new
    rare = np.zeros(len(having), dtype=bool)
    rare[order] = cost <= _PRODUCTS * old.shape[0]
    return _only(old, rare[old.indices]), _only(new, rare[new.indices])


def _only(matrix: sparse.csr_matrix, keep: NDArray[np.bool_]) -> sparse.csr_matrix:
    kept = np.flatnonzero(keep)
    ends = np.searchsorted(kept, matrix.indptr)
    parts = (matrix.data[kept], matrix.indices[kept], ends)
    return sparse.csr_matrix(parts, matrix.shape)


def nearest_vectors(
    old: NDArray[np.floating], new: NDArray[np.floating], k: int
) -> Pairs:
    """Return each old row's `k` nearest new vectors.

    Exact where the product of the sizes allows; else the nearest in the cells
    of an inverted file that lie closest (faiss, IVF).
    """
    rows = np.flatnonzero(old.any(axis=1)) if len(old) else np.zeros(0, np.int64)
    if not len(rows) or not len(new):
        return _nothing()
    index = _index(new.astype(np.float32), len(rows))
    asked = old[rows].astype(np.float32)
    _, found = index.search(asked, min(k, len(new)))
    columns = found.ravel().astype(np.int64)
    known = columns >= 0
    return np.repeat(rows, found.shape[1])[known], columns[known]


def _index(new: Floats, asked: int) -> Any:  # noqa: ANN401 - faiss has no types
    import faiss

    flat = faiss.IndexFlatIP(new.shape[1])
    if float(asked) * len(new) <= _DENSE_LIMIT:
        flat.add(new)
        return flat
    cells = int(2 * np.sqrt(len(new)))
    half = faiss.ScalarQuantizer.QT_fp16  # twice as fast, the same neighbours
    inverted = faiss.IndexIVFScalarQuantizer(
        flat, new.shape[1], cells, half, faiss.METRIC_INNER_PRODUCT
    )
    inverted.nprobe = _PROBED
    inverted.cp.niter = 8
    inverted.cp.max_points_per_centroid = 64
    inverted.train(new)
    inverted.add(new)
    return inverted


def same_key(old: Sequence[str], new: Sequence[str], most: int = _SAME_SLUG) -> Pairs:
    """Return the pairs whose key is the same, where at most `most` pages have it."""
    where: dict[str, list[int]] = defaultdict(list)
    for column, key in enumerate(new):
        if key:
            where[key].append(column)
    pairs = [
        (row, column)
        for row, key in enumerate(old)
        if len(where.get(key, ())) <= most
        for column in where.get(key, ())
    ]
    return _pairs(pairs)


def same_identifier(
    old: Sequence[frozenset[str]], new: Sequence[frozenset[str]]
) -> Pairs:
    """Return the pairs that share a rare identifier."""
    where: dict[str, list[int]] = defaultdict(list)
    for column, names in enumerate(new):
        for name in names:
            where[name].append(column)
    pairs = [
        (row, column)
        for row, names in enumerate(old)
        for name in sorted(names)
        if len(where.get(name, ())) <= _SAME_SLUG
        for column in where.get(name, ())
    ]
    return _pairs(pairs)


def parents(pairs: Pairs, new: Sequence[str]) -> Pairs:
    """Return for each pair the pages that the new page's folder leads to.

    A page that was merged is often found at its neighbours' parent.
    """
    where = {path: column for column, path in reversed(list(enumerate(new)))}
    rows, columns = pairs
    up = np.array([where.get(p.rpartition("/")[0], -1) for p in new], dtype=np.int64)
    if not len(up):
        return _nothing()
    found = up[columns]
    return rows[found >= 0], found[found >= 0]


def union(parts: Sequence[Pairs], width: int) -> Pairs:
    """Return all pairs of `parts`, sorted, each once."""
    keys = np.unique(np.concatenate([r * width + c for r, c in parts]))
    return keys // max(width, 1), keys % max(width, 1)


def top_per_row(rows: Ints, score: Floats, k: int) -> NDArray[np.bool_]:
    """Mark the `k` best of each row; ties go to the earlier pair."""
    return rank_within(rows, score) <= k


def rank_within(groups: Ints, score: Floats) -> Ints:
    """Return 1 for the best of each group, 2 for the next; NaN last."""
    value = np.where(np.isnan(score), -np.inf, score)
    order = np.lexsort((np.arange(len(groups)), -value, groups))
    ordered = groups[order]
    starts = np.flatnonzero(np.r_[True, ordered[1:] != ordered[:-1]])
    lengths = np.diff(np.r_[starts, len(ordered)])
    rank = np.empty(len(groups), dtype=np.int64)
    rank[order] = np.arange(len(groups)) - np.repeat(starts, lengths) + 1
    return rank


def _pairs(pairs: list[tuple[int, int]]) -> Pairs:
    if not pairs:
        return _nothing()
    both = np.array(pairs, dtype=np.int64)
    return both[:, 0], both[:, 1]


def _nothing() -> Pairs:
    return np.zeros(0, np.int64), np.zeros(0, np.int64)
