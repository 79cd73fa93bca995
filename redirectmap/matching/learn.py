"""Learn from what a person accepted and rejected on this very site.

The shipped model knows many sites, not this one. Each decision moves its odds a
little: ridge logistic regression with the model's own log-odds as the starting
point, so that no decision changes nothing and a handful change little. What is
learned: which signals to trust here, where a folder's pages went, and which new
pages take in many old ones.

Cost    about .3 s for 5 000 old pages with ten candidates each.
Reads   the scores table of `match`, the decisions.
Writes  the same table with probability, rank, margin and assigned made anew.
Bounds  learns nothing of a target that is not among the row's candidates, but
        puts the row's decision down all the same.
Source  Platt scaling with a prior mean: Bishop, "Pattern Recognition and
        Machine Learning", 2006, 4.5.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import expit, logit

from redirectmap.matching.assignment import SHARING_PRICE, assign
from redirectmap.matching.candidates import rank_within
from redirectmap.matching.features import NAMES
from redirectmap.signals.pages import readable_path
from redirectmap.signals.words import Ints

Reals = NDArray[np.float64]
_RIDGE = 40.0
_RIDGE_FOLDER = 1.0
_SURE = 0.999
_FLOOR = 1e-4
_NEUTRAL = 2.0


@dataclass(frozen=True, slots=True)
class _Pairs:
    """The candidates as arrays, all of the same length.

    Attributes:
        row: Number of the old page.
        said: 1 accepted or named otherwise, 0 rejected, -1 nothing said.
        decided: The row's answer is known.
        chance: The model's probability.
    """

    row: Ints
    said: Ints
    decided: NDArray[np.bool_]
    chance: Reals


def rescore(
    scores: pd.DataFrame,
    decisions: pd.DataFrame,
    *,
    values: pd.Series | None = None,
    price: float = SHARING_PRICE,
) -> pd.DataFrame:
    """Judge all candidates again in the light of a person's decisions.

    Call it after each decision with the scores as `match` (or scores.parquet)
    gave them and ALL decisions so far, never with its own result: nothing is
    then counted twice, and undoing a decision undoes its effect.

    Args:
        scores: The scores table: old_url, new_url, signals, probability, rank,
            margin, assigned, no_equivalent.
        decisions: One row per decision: old_url, new_url, accepted (bool).
            Accepted without a new_url: the old page has no equivalent.
            Rejected: new_url is wrong for old_url, the right one is not known.
            Later rows win over earlier ones on the same pair; decisions on URLs
            that are not in `scores` are passed over.
        values: Weight of each old URL for the assignment, 0 or more.
        price: What each further old page pays for a target, 0 to 1.

    Returns:
        `scores`, same rows in the same order, with new probability (0 to 1,
        float32; .999 for an accepted pair, 0 for a rejected one and for the
        others of a decided row), rank, margin, assigned and no_equivalent.
    """
    if scores.empty or decisions.empty:
        return scores.copy()
    pairs = _said(scores, decisions)
    taught = pairs.said >= 0
    if not taught.any():
        return scores.copy()
    inputs, ridge = _inputs(scores, pairs)
    start = logit(np.clip(pairs.chance, _FLOOR, 1 - _FLOOR))
    weights = _fit(inputs[taught], pairs.said[taught], start[taught], ridge)
    chance = _normal(expit(start + inputs @ weights), pairs.row)
    return _written(scores, _overruled(chance, pairs), pairs, values, price)


def _said(scores: pd.DataFrame, decisions: pd.DataFrame) -> _Pairs:
    """Say for each candidate what the decisions mean for it."""
    last = decisions.drop_duplicates(["old_url", "new_url"], keep="last")
    accepted = last["accepted"].astype(bool)
    named = last["new_url"].notna() & last["new_url"].ne("")
    chosen = last[accepted].drop_duplicates("old_url", keep="last")
    target = scores["old_url"].map(chosen.set_index("old_url")["new_url"])
    decided = scores["old_url"].isin(chosen["old_url"]).to_numpy()
    said = np.where(decided, (target == scores["new_url"]).astype(int), -1)
    refused = pd.MultiIndex.from_frame(last.loc[~accepted & named, _KEY])
    wrong = pd.MultiIndex.from_frame(scores[_KEY]).isin(refused)
    said = np.where(wrong & (said < 0), 0, said)
    row = pd.factorize(scores["old_url"])[0].astype(np.int64)
    chance = scores["probability"].to_numpy(float)
    return _Pairs(row, said.astype(np.int64), decided, chance)


_KEY = ["old_url", "new_url"]


def _inputs(scores: pd.DataFrame, pairs: _Pairs) -> tuple[Reals, Reals]:
    """Return the standardised signals and what the decisions say of folders.

    Signals are taken relative to the mean of the row's candidates: only the
    choice within a row is learned, besides one common level.
    """
    names = [name for name in NAMES if name in scores.columns]
    raw = scores[names].to_numpy(float)
    known = ~np.isnan(raw)
    count = np.maximum(_by_row(known.astype(float), pairs.row), 1)
    centred = raw - _by_row(np.where(known, raw, 0), pairs.row) / count
    squares = np.where(known, centred, 0.0) ** 2
    spread = np.sqrt(squares.sum(axis=0) / np.maximum(known.sum(axis=0), 1) + 1e-6)
    signals = np.where(known, centred / spread, 0.0).clip(-4, 4)
    taught = np.stack(_votes(scores, pairs), axis=1)
    level = np.ones((len(scores), 1))
    ridge = np.r_[
        np.full(len(names), _RIDGE * len(names) ** 0.5),
        np.full(taught.shape[1], _RIDGE_FOLDER),
        _RIDGE,
    ]
    return np.concatenate([signals, taught, level], axis=1), ridge


def _by_row(values: Reals, row: Ints) -> Reals:
    total: Reals = pd.DataFrame(values).groupby(row).transform("sum").to_numpy()
    return total


def _votes(scores: pd.DataFrame, pairs: _Pairs) -> list[Reals]:
    """Return how much the accepted pairs of the same old folder speak for each pair.

    First for the new page's folder, then for the very page; from -1 (the folder
    went elsewhere) to 1, a pair's own decision never counting for itself.
    """
    paths = {
        url: readable_path(url) for url in pd.unique(scores[_KEY].to_numpy().ravel())
    }
    old = scores["old_url"].map(lambda url: paths[url].rpartition("/")[0])
    new = scores["new_url"].map(lambda url: paths[url].rpartition("/")[0])
    yes = (pairs.said == 1).astype(float)
    return [_lean(old, target, yes, pairs.row) for target in (new, scores["new_url"])]


def _lean(folder: pd.Series, target: pd.Series, yes: Reals, row: Ints) -> Reals:
    """Return (votes for target - votes for others) / (all + neutral) per pair."""
    own = pd.Series(yes).groupby(row).transform("sum").to_numpy()
    group = pd.factorize(folder)[0]
    both = pd.factorize(pd.MultiIndex.from_arrays([folder, target]))[0]
    mine = pd.Series(yes).groupby([row, both]).transform("sum").to_numpy()
    total = np.bincount(group, yes)[group] - own
    here = np.bincount(both, yes)[both] - mine
    lean: Reals = (2 * here - total) / (total + _NEUTRAL)
    return lean


def _fit(inputs: Reals, said: Ints, start: Reals, ridge: Reals) -> Reals:
    """Return the weights of least regularised log loss; the start is all 0."""

    def loss(weights: Reals) -> tuple[float, Reals]:
        z = start + inputs @ weights
        value = np.logaddexp(0, z).sum() - z[said == 1].sum()
        slope = inputs.T @ (expit(z) - said) + ridge * weights
        return float(value + (ridge * weights**2).sum() / 2), slope

    zero = np.zeros(inputs.shape[1])
    from scipy.optimize import minimize  # half a second to import

    found: Reals = minimize(loss, zero, jac=True, method="L-BFGS-B").x
    return found


def _normal(chance: Reals, row: Ints) -> Reals:
    """Scale down the rows whose candidates add up to more than 1."""
    total = np.bincount(row, chance)[row]
    return chance / np.maximum(total, 1.0)


def _overruled(chance: Reals, pairs: _Pairs) -> Reals:
    """Put the decisions themselves over what was learned from them."""
    chance = np.where(pairs.decided | (pairs.said == 0), 0.0, chance)
    return np.where(pairs.said == 1, _SURE, chance)


def _written(
    scores: pd.DataFrame,
    chance: Reals,
    pairs: _Pairs,
    values: pd.Series | None,
    price: float,
) -> pd.DataFrame:
    single = chance.astype(np.float32)
    out = scores.assign(probability=single, rank=rank_within(pairs.row, single))
    best = out["probability"].where(out["rank"] == 1).groupby(pairs.row)
    next_best = out["probability"].where(out["rank"] == 2).groupby(pairs.row)
    other = np.where(
        out["rank"] == 1, next_best.transform("max").fillna(0), best.transform("max")
    )
    out["margin"] = (single - other).astype(np.float32)
    accepted = pd.Series(pairs.said == 1).groupby(pairs.row).transform("any")
    nothing = out.get("no_equivalent", pd.Series(0.0, out.index)).to_numpy(float)
    # an accepted "no equivalent" is certain, an accepted target rules it out
    nothing = np.where(pairs.decided, np.where(accepted, 0.0, _SURE), nothing)
    out["no_equivalent"] = nothing.astype(np.float32)
    weight = np.ones(len(out))
    if values is not None and len(values) and float(values.max()) > 0:
        share = out["old_url"].map(values / float(values.max()))
        weight = share.fillna(0.0).to_numpy(float)
    columns = pd.factorize(out["new_url"])[0].astype(np.int64)
    chosen = assign(pairs.row, columns, single, weight + 0.05, price=price).chosen
    out["assigned"] = chosen & (single > 0)
    return out
