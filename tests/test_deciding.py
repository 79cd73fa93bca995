"""What is decided of judged candidates, and what is left to a person."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from redirectmap.matching import decide
from redirectmap.matching.curves import CURVES, fit_curves
from redirectmap.matching.scoring import (
    NEAR,
    VIEWS,
    curve,
    judge,
    row_table,
    shipped_model,
)


def judged(probability: list[float], **columns: object) -> pd.DataFrame:
    count = len(probability)
    rows = {
        "old_url": [f"https://old.test/{n:05d}" for n in range(count)],
        "new_url": "https://new.test/x",
        "probability": probability,
        "no_equivalent": 0.0,
        "assigned": True,
        "rank": 1,
        "title": 0.5,
        "sole_name": 0.0,
        "identifier": np.nan,
        "same_path": 0.0,
    }
    return pd.DataFrame({**rows, **columns})


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("max_error", [0.001, 0.01, 0.03, 0.1, 0.3])
def test_the_expected_error_of_what_is_decided_is_kept(
    seed: int, max_error: float
) -> None:
    sure = np.random.default_rng(seed).beta(3, 0.3, 2_000)
    taken = decide(judged(sure.tolist()), max_error).eq("redirect").to_numpy()
    assert taken.any()
    assert (1 - sure[taken]).mean() <= max_error + 1e-9
    assert sure[taken].min() >= 1 - max_error - 0.04 - 1e-9
    more = decide(judged(sure.tolist()), 2 * max_error).eq("redirect").to_numpy()
    assert (more >= taken).all()


def test_no_row_is_carried_by_the_others() -> None:
    action = decide(judged([0.9999] * 999 + [0.9]), 0.01)
    assert action.iloc[:-1].eq("redirect").all()
    assert action.iloc[-1] == "review"


def test_a_page_nothing_fits_is_gone_but_not_most_of_a_site() -> None:
    few = judged([0.99] * 30 + [0.05], no_equivalent=[0.01] * 30 + [0.95])
    assert decide(few).iloc[-1] == "gone"
    most = judged([0.99] * 10 + [0.05] * 30, no_equivalent=[0.01] * 10 + [0.95] * 30)
    assert not decide(most).eq("gone").any()
    # pages that kept their path say nothing about those that moved
    kept = most.assign(same_path=[1.0] * 10 + [0.0] * 30)
    assert not decide(kept).eq("gone").any()
    likely = judged([0.99] * 30 + [0.35], no_equivalent=[0.01] * 30 + [0.95])
    assert decide(likely).iloc[-1] == "review"


def test_likeness_of_addresses_alone_decides_nothing() -> None:
    bare = judged([0.999] * 4, title=np.nan)
    assert decide(bare).eq("review").all()
    named = bare.assign(sole_name=[1.0, 0.5, 0.33, 0.0])
    assert decide(named).tolist() == ["redirect", "redirect", "review", "review"]
    known = bare.assign(identifier=[1.0, 0.0, np.nan, np.nan])
    assert decide(known).tolist() == ["redirect", "review", "review", "review"]


def test_the_same_path_counts_where_paths_were_kept() -> None:
    moved = judged([0.999] * 10, title=np.nan, same_path=[1.0] + [0.0] * 9)
    assert decide(moved).eq("review").all()
    kept = judged([0.999] * 10, title=np.nan, same_path=[1.0] * 5 + [0.0] * 5)
    assert decide(kept).eq("redirect").tolist() == [True] * 5 + [False] * 5


def pairs(rows: int, seed: int) -> pd.DataFrame:
    """Three candidates a row, the first like its page, with all signals."""
    chance = np.random.default_rng(seed)
    names = {*shipped_model()["ranker"]["weights"], *VIEWS, *NEAR} - {"base"}
    names |= {"page_votes", "sole_name", "identifier", "same_path"}
    table = pd.DataFrame(
        {
            "old_row": np.repeat(np.arange(rows), 3),
            "new_row": np.arange(3 * rows),
            "base": np.tile([0.8, 0.3, 0.2], rows),
        }
    )
    noise = chance.uniform(0, 0.2, (len(table), len(names)))
    like = np.tile([0.7, 0.1, 0.0], rows)[:, None]
    return table.assign(**dict(zip(sorted(names), (noise + like).T, strict=True)))


def test_what_the_curves_read_of_a_row() -> None:
    table = pairs(4, 1)
    rows = row_table(table, table["base"].to_numpy(float))
    assert rows.index.tolist() == [0, 1, 2, 3]
    assert rows["gap"].tolist() == pytest.approx([0.5] * 4)
    assert (rows["lead"] > 0.3).all()
    assert (rows["paths"] == 0).all()
    text = table["text"].to_numpy().reshape(4, 3)
    assert rows["near_text"].tolist() == pytest.approx(text.max(axis=1).tolist())
    bare = row_table(table.assign(title=np.nan), table["base"].to_numpy(float))
    assert (bare["paths"] == 1).all()


def test_the_best_candidates_lead_is_the_mean_over_the_views() -> None:
    table = pairs(1, 1).assign(title=np.nan, headings=0.0)
    signals = table.columns.difference(["old_row", "new_row", "base"])
    table = table.assign(**dict.fromkeys(signals.astype(str), 0.0))
    table["text"], table["title"] = [0.2, 0.6, 0.0], np.nan
    table["path_chars"] = [0.9, 0.1, 0.3]
    lead = row_table(table, np.array([3.0, 2.0, 1.0]))["lead"]
    assert lead.tolist() == pytest.approx([((0.2 - 0.6) + (0.9 - 0.3)) / 2])


def test_sites_by_addresses_alone_have_a_curve_of_their_own() -> None:
    table = pairs(30, 2)
    with_text, bare = judge(table), judge(table.assign(title=np.nan))
    sure, surer = (t.loc[t["rank"] == 1, "probability"] for t in (bare, with_text))
    assert not np.allclose(sure.to_numpy(), surer.to_numpy())
    assert all(p.between(0, 1).all() for p in (sure, surer))


def test_fitted_curves_rise_with_the_evidence() -> None:
    chance = np.random.default_rng(5)
    names = {n for pair in CURVES.values() for part in pair.values() for n in part}
    rows = pd.DataFrame(chance.normal(size=(4_000, len(names))), columns=sorted(names))
    right = chance.random(len(rows)) < 1 / (1 + np.exp(-2 * rows["share"]))
    rows = rows.assign(
        paths=(np.arange(len(rows)) % 2).astype(float),
        right=right,
        twin=np.arange(len(rows)) % 4 < 2,
        name=np.where(np.arange(len(rows)) % 3 == 0, "a", "b"),
        what=np.where(right, "declared", "dropped"),
    )
    fitted = fit_curves(rows)
    for kind in ("text", "paths"):
        mine = rows[rows["paths"] == (kind == "paths")]
        sure = curve(mine, fitted[kind]["confidence"])
        absent = curve(mine, fitted[kind]["absence"])
        assert np.corrcoef(sure, mine["share"])[0, 1] > 0.9
        assert np.corrcoef(absent, mine["share"])[0, 1] < -0.9


def test_the_shipped_curves_read_what_the_rows_hold() -> None:
    model = shipped_model()
    rows = row_table(pairs(2, 3), np.tile([2.0, 1.0, 0.0], 2))
    for kind, parts in CURVES.items():
        for name, features in parts.items():
            stored = model[kind][name]
            assert tuple(stored["features"]) == features
            assert np.isfinite(curve(rows, stored)).all()
