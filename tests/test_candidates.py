"""Which pairs are proposed, and what that may cost."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, strategies as st
from scipy import sparse

from redirectmap.matching import candidates
from redirectmap.signals.links import adjacency


def _matrix(rows: list[list[int]], width: int) -> sparse.csr_matrix:
    dense = np.zeros((len(rows), width), dtype=np.float32)
    for row, columns in enumerate(rows):
        dense[row, columns] = 1
    return sparse.csr_matrix(dense)


ROWS = st.lists(st.lists(st.integers(0, 9), max_size=6), min_size=1, max_size=12)


@given(ROWS, ROWS, st.integers(0, 8))
def test_products_stay_within_their_budget(
    old: list[list[int]], new: list[list[int]], budget: int
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(candidates, "_PRODUCTS", budget)
        sides = _matrix(old, 10), _matrix(new, 10)
        kept = candidates.within_budget(*sides)
    asked, having = (np.bincount(m.indices, minlength=10) for m in kept)
    before = [np.bincount(m.indices, minlength=10) for m in sides]
    assert asked @ having <= max(budget * len(old), 0)
    gone = (asked == 0) & (before[0] > 0) & (before[1] > 0)
    left = (asked > 0) & (having > 0)
    if gone.any() and left.any():  # the commonest words went
        assert before[1][gone].min() >= before[1][left].max()


def test_small_sites_keep_all_words() -> None:
    everywhere = _matrix([[0, 1]] * 50, 2)
    rows, columns = candidates.nearest(everywhere, everywhere, 60)
    assert len(rows) == len(columns) == 50 * 50


def test_links_that_count() -> None:
    urls = ["a", "b", "c"]
    matrix = adjacency(
        ["a", "b", "a", "c", "a", "c", "x"], ["b", "a", "b", "c", "x", "a", "a"], urls
    )
    np.testing.assert_array_equal(matrix.toarray(), [[0, 1, 0], [1, 0, 0], [1, 0, 0]])
    assert adjacency((), (), urls).nnz == 0
