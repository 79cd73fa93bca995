"""Learning from decided rows, on a site made for it."""

from __future__ import annotations

import time

import numpy as np
import pandas as pd
import pytest

from redirectmap.matching.learn import (
    PRIOR,
    Lessons,
    Options,
    Site,
    chances,
    fit,
    judge,
    moved,
    options_of,
    spoken_for,
)
from redirectmap.matching.learn_votes import FEATURES

PAGES = 40


def old(number: int) -> str:
    return f"https://o.test/blog/page-{number}.html"


def new(number: int, folder: str = "right") -> str:
    return f"https://n.test/{folder}/page-{number}"


def site(pages: int = PAGES, *, sure: float = 0.6, known: bool = True) -> Site:
    """Two candidates per page: the model leans to /wrong, the site went to /right."""
    folders = ("wrong", "right") if known else ("wrong",)
    scores = pd.DataFrame(
        [
            (old(n), new(n, folder), chance)
            for n in range(pages)
            for folder, chance in zip(folders, (sure, 0.3), strict=False)
        ],
        columns=["old_url", "new_url", "probability"],
    )
    numbers = range(pages)
    return Site(
        [old(n) for n in numbers],
        [f"Number {n}" for n in numbers],
        [new(n, "wrong") for n in numbers],
        np.full(pages, sure),
        scores,
        [new(n) for n in numbers],
    )


def accept(*numbers: int) -> dict[str, str | None]:
    return {old(n): new(n) for n in numbers}


def moves(of: Site, options: Options) -> dict[int, str | None]:
    places = np.flatnonzero(moved(of, options)).tolist()
    return {int(options.row[p]): of.urls[options.target[p]] for p in places}


def after(of: Site, decided: dict[str, str | None]) -> dict[int, str | None]:
    """Return where open rows move to."""
    found = moves(of, judge(of, decided))
    return {row: url for row, url in found.items() if old(row) not in decided}


def test_no_decision_moves_nothing() -> None:
    assert after(site(), {}) == {}
    assert after(site(), {"https://o.test/unknown": new(1)}) == {}


@pytest.mark.parametrize("known", [True, False])
def test_decided_rows_teach_where_the_folder_went(known: bool) -> None:
    found = after(site(known=known), accept(*range(8)))
    assert found == {n: new(n) for n in range(8, PAGES)}


def test_one_decision_does_not_turn_the_site_round() -> None:
    assert len(after(site(), accept(0))) < PAGES / 10


def test_what_the_model_is_sure_of_stays() -> None:
    assert after(site(sure=0.99), accept(*range(6))) == {}


def test_a_page_that_takes_in_a_folder_is_proposed_to_the_rest() -> None:
    everything = "https://n.test/handbook"
    found = after(site(sure=0.3), {old(n): everything for n in range(8)})
    assert len(found) > PAGES / 2
    assert set(found.values()) == {everything}


def test_gone_is_learned_like_a_page() -> None:
    found = after(site(sure=0.3), {old(n): None for n in range(8)})
    assert len(found) > PAGES / 2
    assert set(found.values()) == {None}


def test_confirmed_proposals_move_nothing() -> None:
    assert after(site(), {old(n): new(n, "wrong") for n in range(8)}) == {}


def test_the_options_of_a_row_add_up() -> None:
    of = site()
    options = judge(of, accept(1, 2, 3))
    assert np.all(np.diff(options.row) >= 0)
    total = np.bincount(options.row, options.chance)
    np.testing.assert_allclose(total, 1.0)
    pairs = pd.DataFrame({"row": options.row, "target": options.target})
    assert not pairs.duplicated().any()


def test_only_the_rows_asked_for_and_the_decided_are_judged() -> None:
    of = site()
    among = np.zeros(PAGES, dtype=bool)
    among[[20, 21]] = True
    few, every = judge(of, accept(*range(8)), among), judge(of, accept(*range(8)))
    assert set(few.row.tolist()) == {*range(8), 20, 21}
    same = np.isin(every.row, few.row)
    np.testing.assert_allclose(every.chance[same], few.chance)


def test_a_row_does_not_vote_for_itself() -> None:
    of = site(known=False)
    alone = judge(of, {old(3): "https://n.test/elsewhere"})
    mine = alone.row == 3
    assert of.number["https://n.test/elsewhere"] not in alone.target[mine]
    voted = alone.inputs[mine][:, : FEATURES.index("newcomer")]
    assert not voted.any()


def test_undoing_a_decision_undoes_its_effect() -> None:
    of = site()
    once = judge(of, accept(1, 2))
    judge(of, accept(1, 2, 3, 4, 5))
    np.testing.assert_array_equal(judge(of, accept(1, 2)).chance, once.chance)


def test_fitting_finds_what_a_slow_search_finds() -> None:
    draw = np.random.default_rng(5)
    inputs = draw.normal(size=(60, 2))
    start = np.arange(0, 60, 3)
    right = start + draw.integers(0, 3, len(start))
    found = fit(Lessons(inputs, start, right), (0.5, -0.5), (1.0, 2.0))

    def loss(a: float, b: float) -> float:
        odds = (inputs @ [a, b]).reshape(-1, 3)
        chosen = odds.ravel()[right]
        likely = np.log(np.exp(odds).sum(axis=1)) - chosen
        return float(likely.sum() + ((a - 0.5) ** 2 + 2 * (b + 0.5) ** 2) / 2)

    steps = np.linspace(-0.02, 0.02, 9)
    least = min(loss(found[0] + x, found[1] + y) for x in steps for y in steps)
    assert loss(*found) == pytest.approx(least, abs=1e-4)


def test_votes_are_said_in_words() -> None:
    of = site()
    options = options_of(of, np.arange(6), np.array([of.target(new(1))] * 6))
    weighed = chances(options, np.array(PRIOR))
    best = int(np.argmax(np.where(options.target == of.target(new(1)), weighed, 0)))
    assert "of its folder went there" in spoken_for(options.inputs[best])
    assert "chose it for others" in spoken_for(np.zeros(len(FEATURES)))


def test_five_thousand_rows_take_moments() -> None:
    of = site(5_000)
    start = time.process_time()
    judge(of, accept(*range(50)))
    assert time.process_time() - start < 10
