"""Fit the curves that turn a row's evidence into probabilities.

Two logistic curves for sites with text, two for sites known by their addresses
alone: is the best candidate right, does no equivalent exist at all. Few inputs
and a strong pull towards 0: eleven sites are few, and what holds on a site that
nobody has seen counts more than the last bit of fit.

Cost    about 10 ms.
Reads   rows as `scoring.row_table` gives them, with what, right, name, twin.
Writes  the curves of model.json.
Bounds  a data set counts by the root of its rows, at most 400.
Source  Platt, "Probabilistic outputs for support vector machines", 1999.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

Numbers = NDArray[np.floating[Any]]
_ROW_WEIGHT = {"declared": 1.0, "dropped": 0.6, "gone": 0.6, "unchanged": 0.15}
_ABSENT = ("dropped", "gone")
_DROPPED = 0.3
_CURVE_C = 0.1
_CONFIDENCE = (
    "share",
    "gap",
    "all_claim",
    "lead",
    "page_votes",
    "sole_name",
    "near_title",
    "near_name_embedding",
    "prefix",
    "all",
    "new_number",
)
_ABSENCE = (
    "share",
    "gap",
    "claim",
    "all_claim",
    "near_base",
    "near_title",
    "near_text",
    "near_name_embedding",
    "near_section",
)
_BY_PATHS = ("share", "gap", "base", "base_claim", "lead", "page_votes", "sole_name")
CURVES: dict[str, dict[str, tuple[str, ...]]] = {
    "text": {"confidence": _CONFIDENCE, "absence": _ABSENCE},
    "paths": {"confidence": _BY_PATHS, "absence": _BY_PATHS},
}


def fit_curve(
    rows: pd.DataFrame,
    names: Sequence[str],
    target: NDArray[np.bool_],
    weight: Numbers,
) -> dict[str, Any]:
    """Fit a logistic curve on the columns `names`; return it as plain numbers."""
    from sklearn.linear_model import LogisticRegression

    inputs = rows[list(names)].to_numpy(float)
    mean, scale = inputs.mean(axis=0), inputs.std(axis=0) + 1e-6
    fitted = LogisticRegression(C=_CURVE_C, max_iter=1000)
    share = weight / weight.mean()
    fitted.fit((inputs - mean) / scale, target, sample_weight=share)
    return {
        "features": list(names),
        "mean": _short(mean),
        "scale": _short(scale),
        "weight": _short(fitted.coef_[0]),
        "intercept": _short(fitted.intercept_)[0],
    }


def _short(numbers: Numbers) -> list[float]:
    return [float(f"{number:.5g}") for number in numbers]


def fit_curves(rows: pd.DataFrame) -> dict[str, Any]:
    """Fit the confidence and the absence curves on rows of unseen data sets."""
    return {
        kind: _fit_kind(rows[rows["paths"] == (kind == "paths")], names)
        for kind, names in CURVES.items()
    }


def _fit_kind(rows: pd.DataFrame, names: Mapping[str, Sequence[str]]) -> dict[str, Any]:
    weight = rows["what"].map(_ROW_WEIGHT).fillna(0.0).to_numpy(float).copy()
    weight *= np.where(rows["twin"], 0.6, 1.0)
    total = pd.Series(weight).groupby(rows["name"].to_numpy()).transform("sum")
    weight *= np.asarray(np.sqrt(np.minimum(total, 400)) / np.maximum(total, 1e-9))
    absent = rows["what"].isin(_ABSENT).to_numpy()
    twins = rows.loc[rows["twin"], "name"].unique()
    # what is absent is known of twins, and where people said it
    told = weight * (rows["twin"] | ~rows["name"].isin(twins)).to_numpy(float)
    known = np.where(rows["what"] == "dropped", _DROPPED, 1.0)
    right = rows["right"].to_numpy(bool)
    return {
        "confidence": fit_curve(rows, names["confidence"], right, weight * known),
        "absence": fit_curve(rows, names["absence"], absent, told),
    }
