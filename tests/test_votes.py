"""Soft votes of a page's neighbours, counted by hand."""

from __future__ import annotations

import numpy as np
import pytest

from redirectmap.matching.context import lead
from redirectmap.matching.votes import (
    Sums,
    Votes,
    ancestors,
    backed_off_share,
    climb,
    folder_levels,
    soft_choice,
)


def test_levels_number_equal_folders_alike() -> None:
    levels = folder_levels(["a/x", "a/b/y", "z"])
    assert levels[0, 0] == levels[1, 0] == levels[2, 0]
    assert levels[0, 1] == levels[1, 1]
    assert levels[0, 2] == levels[2, 1] == -1


def test_neighbours_vote_and_a_page_not_for_itself() -> None:
    levels = folder_levels(["a/1", "a/2", "a/3"])
    votes = Votes(np.array([0, 1]), np.array([7, 7]), np.array([1.0, 1.0]))
    asked = np.array([0, 1, 2, 2]), np.array([7, 7, 7, 8])
    share = backed_off_share(levels, votes, *asked)
    assert share[0] == share[1] == pytest.approx((1 + 1 / 2) / 2)
    assert share[2] == pytest.approx((2 + 2 / 3) / 3)
    assert share[3] == 0


def test_without_neighbours_nothing_can_be_told() -> None:
    none = Votes(np.zeros(0, int), np.zeros(0, int), np.zeros(0))
    share = backed_off_share(folder_levels(["a/1"]), none, np.array([0]), np.array([0]))
    assert np.isnan(share).all()


def test_ancestors_are_the_pages_above() -> None:
    above = ancestors(["a", "a/b", "a/b/c", "d/e"])
    assert [p.tolist() for p in above] == [[1, 2, 2], [0, 1, 0]]
    pair, page = climb(np.array([2, 3, 1]), above)
    assert pair.tolist() == [0, 0, 2]
    assert page.tolist() == [1, 0, 0]


def test_sums_know_what_was_never_voted_for() -> None:
    sums = Sums(np.array([1, 1]), np.array([2, 2]), np.array([0.5, 0.25]))
    assert sums(np.array([1, 1, 0]), np.array([2, 9, 5])).tolist() == [0.75, 0, 0]


def test_shares_of_a_row_stay_below_one() -> None:
    share = soft_choice(np.array([0, 0, 1]), np.array([0.9, 0.9, 0.0], np.float32))
    assert share[:2].sum() < 1
    assert share[2] < 0.1


def test_lead_is_over_the_best_other() -> None:
    value = np.array([0.5, 0.8, 0.8, 0.3], dtype=np.float32)
    found = lead(np.array([0, 0, 0, 1]), value)
    assert found == pytest.approx([-0.3, 0, 0, 0.3])
