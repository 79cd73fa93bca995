"""Which pairs are proposed, and what that may cost."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, strategies as st
from scipy import sparse

from redirectmap.matching import candidates
from redirectmap.signals.links import adjacency
from redirectmap.signals.meaning import pair_product
from redirectmap.signals.words import pair_cosine


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


@pytest.mark.parametrize("block", [1, 7, 100])
def test_large_sites_ask_for_what_weighs_the_mean_of_its_page(block: int) -> None:
    chance = np.random.default_rng(block)
    old, new = chance.integers(0, 5, (2, 40, 12)).astype(np.float32)
    old[chance.integers(0, 40, 5)] = 0
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(candidates, "_ALL_WORDS_LIMIT", 0)
        patch.setattr(candidates, "_BLOCK", block)
        found = candidates.nearest(sparse.csr_matrix(old), sparse.csr_matrix(new), 40)
    mean = old.sum(axis=1) / np.maximum((old > 0).sum(axis=1), 1)
    product = np.where(old >= mean[:, None], old, 0) @ new.T
    assert set(zip(*found, strict=True)) == set(zip(*product.nonzero(), strict=True))


def test_pairs_are_compared_alike_in_one_part_or_in_many() -> None:
    chance = np.random.default_rng(3)
    old, new = chance.random((2, 60, 8)).astype(np.float32)
    old[0], new[1] = 0, 0
    rows, columns = chance.integers(0, 60, (2, 9_001))
    product = np.einsum("ij,ij->i", old[rows], new[columns])
    product[(rows == 0) | (columns == 1)] = np.nan
    sides = sparse.csr_matrix(old), sparse.csr_matrix(new)
    for found in (
        pair_cosine(*sides, rows, columns),
        pair_product(old, new, rows, columns),
    ):
        np.testing.assert_allclose(found, product, rtol=1e-5)


def test_links_that_count() -> None:
    urls = ["a", "b", "c"]
    matrix = adjacency(
        ["a", "b", "a", "c", "a", "c", "x"], ["b", "a", "b", "c", "x", "a", "a"], urls
    )
    np.testing.assert_array_equal(matrix.toarray(), [[0, 1, 0], [1, 0, 0], [1, 0, 0]])
    assert adjacency((), (), urls).nnz == 0
