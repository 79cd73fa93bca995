"""Fit the conditional logit that orders the candidates.

The weights start from, and are pulled towards, the plain mean of nine signals:
eleven sites are few, and that mean is right on most of them. Each site counts by
the root of its rows, each row once.

Cost    about .1 s for eleven sites.
Reads   pairs with signals and `right`.
Writes  the ranker of model.json: a weight per signal.
Source  McFadden, "Conditional logit analysis of qualitative choice behavior",
        1974; a normal prior on the weights.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from scipy.optimize import minimize

from redirectmap.matching.features import NINE
from redirectmap.matching.scoring import inputs_of
from redirectmap.matching.second import SECOND
from redirectmap.matching.votes import Reals
from redirectmap.signals.words import Ints

SIGNALS = (
    *NINE,
    "slug_ratio",
    "prefix",
    "above",
    "below",
    "wanted",
    "base_claim",
    "all_claim",
    "neighbours_in",
    "meaning",
    "name_meaning",
    *SECOND,
)
LOGS = {
    "above": 0.05,
    "below": 0.05,
    "renamed": 0.05,
    "children": 0.05,
    "subarea_rule": 0.02,
}
_PRIOR = 20 / 9
_RIDGE = 0.1
_MOST_ROWS = 400


@dataclass(frozen=True, slots=True)
class Lesson:
    """One site's rows whose right candidate is known.

    Attributes:
        inputs: Signals less the mean of their row, shape (pairs, signals).
        row: Number of the row of each pair, from 0, ascending.
        right: 1 for the right candidate, else 0; adds up to 1 per row.
        weight: What the whole site counts.
    """

    inputs: Reals
    row: Ints
    right: Reals
    weight: float


def lesson(pairs: pd.DataFrame, signals: Sequence[str] = SIGNALS) -> Lesson | None:
    """Return what a site's pairs teach; nothing where no right one is among them."""
    known = pairs["right"].groupby(pairs["old_row"]).transform("any")
    used = pairs[known.to_numpy(bool)]
    if used.empty:
        return None
    _, row = np.unique(used["old_row"].to_numpy(), return_inverse=True)
    inputs = inputs_of(used, signals, LOGS)
    size = np.bincount(row)
    mean = np.stack([np.bincount(row, column) / size for column in inputs.T], axis=1)
    right = used["right"].to_numpy(float)
    weight = min(len(size), _MOST_ROWS) ** 0.5
    return Lesson(inputs - mean[row], row, right / np.bincount(row, right)[row], weight)


def fit_ranker(
    lessons: Sequence[Lesson], signals: Sequence[str] = SIGNALS
) -> dict[str, Any]:
    """Return the weights of least regularised loss as plain numbers."""
    inputs, right = (
        np.concatenate([getattr(part, name) for part in lessons])
        for name in ("inputs", "right")
    )
    starts = np.cumsum([0, *(part.row[-1] + 1 for part in lessons)])
    row = np.concatenate([p.row + at for p, at in zip(lessons, starts, strict=False)])
    weight = _row_weights(lessons)
    per_pair = (weight / np.bincount(row))[row]
    spread = np.sqrt(per_pair @ inputs**2 / per_pair.sum()) + 1e-6
    prior = spread * [_PRIOR if name in NINE else 0.0 for name in signals]
    scaled = inputs / spread
    first = np.flatnonzero(np.r_[True, row[1:] != row[:-1]])

    def loss(at: Reals) -> tuple[float, Reals]:
        z = scaled @ at
        z -= np.maximum.reduceat(z, first)[row]
        odds = np.exp(z)
        total = np.add.reduceat(odds, first)
        lost = weight @ (np.log(total) - np.add.reduceat(right * z, first))
        slope = scaled.T @ ((odds / total[row] - right) * weight[row])
        off = at - prior
        return float(lost + _RIDGE * off @ off / 2), slope + _RIDGE * off

    found = minimize(loss, prior, jac=True, method="L-BFGS-B").x / spread
    weights = {n: float(f"{w:.5g}") for n, w in zip(signals, found, strict=True)}
    return {"weights": weights, "log": {n: LOGS[n] for n in signals if n in LOGS}}


def _row_weights(lessons: Sequence[Lesson]) -> Reals:
    total = sum(part.weight for part in lessons)
    sizes = [int(part.row[-1]) + 1 for part in lessons]
    return np.concatenate(
        [
            np.full(size, part.weight / total / size)
            for part, size in zip(lessons, sizes, strict=True)
        ]
    )
