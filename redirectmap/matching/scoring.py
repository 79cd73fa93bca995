"""Turn signals into probabilities that hold, and probabilities into decisions.

A small forest of shallow trees orders the candidates; every similarity may only
raise a score. Two logistic curves then read the whole row (best score, lead,
the site's general level): how probably is the best candidate right, and how
probably does no equivalent exist. All numbers are in model.json, trained by
redirectmap/matching/train.py with each data set judged by a model that had not
seen it.

Cost    about 20 us a pair.
Reads   the table of `features.compare`.
Writes  score, probability, no_equivalent per pair.
Bounds  trained on documentation, government and shop manuals; a site unlike
        all of these gets probabilities that are less exact.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import lru_cache
from importlib import resources
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from redirectmap.matching.candidates import rank_within
from redirectmap.signals.words import Floats

ROW_FEATURES = ("s1", "gap", "claim", "text", "stable", "wanted")
_LOWEST = -8.0
_ROWS = 4_000
_TEXT_SHARE = 0.2
_OUTSIDE = 0.25
_LEAST_SURE = 0.92
_MAY_BE_ABSENT = 0.2
_GONE = 0.75
_REVIEW_FROM = 0.25
Model = Mapping[str, Any]
Reals = NDArray[np.float64]


@lru_cache(maxsize=1)
def shipped_model() -> Model:
    """Return the model that comes with the package."""
    path = resources.files("redirectmap.matching") / "model.json"
    model: Model = json.loads(path.read_text(encoding="utf-8"))
    return model


def pair_scores(table: pd.DataFrame, model: Model) -> Reals:
    """Return each pair's log-odds, as the forest sees it."""
    inputs = table[list(model["features"])].to_numpy(dtype=np.float32)
    total = np.full(len(inputs), float(model["baseline"]))
    for start in range(0, len(inputs), _ROWS):
        part = slice(start, start + _ROWS)  # small enough for the fast memory
        for tree in model["trees"]:
            total[part] += _leaf_values(inputs[part], tree)
    return total


def _leaf_values(inputs: Floats, tree: Mapping[str, Any]) -> Reals:
    feature = np.array(tree["feature"])
    threshold = np.array(tree["threshold"], dtype=np.float64)
    left, right = np.array(tree["left"]), np.array(tree["right"])
    missing_left = np.array(tree["missing_left"], dtype=bool)
    node = np.zeros(len(inputs), dtype=np.int64)
    every = np.arange(len(inputs))
    for _ in range(int(tree["depth"])):
        value = inputs[every, np.maximum(feature[node], 0)]
        goes_left = np.where(
            np.isnan(value), missing_left[node], value <= threshold[node]
        )
        step = np.where(goes_left, left[node], right[node])
        node = np.where(feature[node] < 0, node, step)
    values: Reals = np.array(tree["value"], dtype=np.float64)[node]
    return values


def row_table(table: pd.DataFrame, score: Reals) -> pd.DataFrame:
    """Return what the two curves read: one row per old page that has a pair.

    Args:
        table: As `features.compare` returns it.
        score: As `pair_scores` returns it.
    """
    ranked = table.assign(
        s1=score, place=rank_within(table["old_row"].to_numpy(), _single(score))
    )
    top = ranked[ranked["place"] == 1].set_index("old_row").sort_index()
    second = ranked[ranked["place"] == 2].set_index("old_row")["s1"]
    same = table["same_path"].eq(1).groupby(table["old_row"]).any()
    found = pd.DataFrame(
        {
            "s1": top["s1"],
            "gap": top["s1"]
            - second.reindex(top.index).fillna(_LOWEST).clip(lower=_LOWEST),
            "claim": top["base_claim"],
            "text": float(table["title"].notna().mean() > _TEXT_SHARE),
            "stable": float(same.mean()) * (1 - top["same_path"].fillna(0.0)),
            "wanted": top["wanted"],
        }
    )
    return found[list(ROW_FEATURES)].astype(float).fillna(0.0)


def _single(score: Reals) -> Floats:
    return score.astype(np.float32)


def curve(rows: pd.DataFrame, weights: Mapping[str, Any]) -> Reals:
    """Return the logistic curve's probability for each row."""
    inputs = (rows.to_numpy() - np.array(weights["mean"])) / np.array(weights["scale"])
    z = inputs @ np.array(weights["weight"]) + float(weights["intercept"])
    probability: Reals = 1 / (1 + np.exp(-z))
    return probability


def judge(table: pd.DataFrame, model: Model | None = None) -> pd.DataFrame:
    """Return `table` with score, rank, probability, margin and no_equivalent.

    The best candidate's probability is the curve's; what it leaves is shared
    among the others by their odds, less the part that lies outside all
    candidates.
    """
    used = model or shipped_model()
    if table.empty:
        return table.assign(
            score=0.0, rank=0, probability=0.0, margin=0.0, no_equivalent=1.0
        )
    score = pair_scores(table, used)
    identical = table["identifier"].to_numpy() == 1
    score = score + np.where(identical, float(used["identifier_bonus"]), 0.0)
    rows = row_table(table, score)
    best = pd.Series(curve(rows, used["confidence"]), index=rows.index)
    absent = pd.Series(curve(rows, used["absence"]), index=rows.index)
    old = table["old_row"].to_numpy()
    out = table.assign(score=score, rank=rank_within(old, _single(score)))
    out["probability"] = _shared_out(out, best)
    out["margin"] = _margins(out)
    out["no_equivalent"] = absent.reindex(old).to_numpy()
    return out


def _shared_out(table: pd.DataFrame, best: pd.Series) -> Floats:
    top = best.reindex(table["old_row"]).to_numpy()
    first = table["rank"].to_numpy() == 1
    odds = np.where(first, 0.0, np.exp(np.clip(table["score"].to_numpy(), -30, 30)))
    total = pd.Series(odds).groupby(table["old_row"].to_numpy()).transform("sum")
    rest = (1 - top) * odds / (total.to_numpy() + _OUTSIDE)
    shared: Floats = np.where(first, top, np.minimum(rest, top)).astype(np.float32)
    return shared


def _margins(table: pd.DataFrame) -> Floats:
    probability = table["probability"]
    per_row = probability.groupby(table["old_row"])
    best = per_row.transform("max").to_numpy()
    second = probability.where(table["rank"] == 2).groupby(table["old_row"])
    runner_up = second.transform("max").fillna(0.0).to_numpy()
    other = np.where(table["rank"].to_numpy() == 1, runner_up, best)
    margin: Floats = (probability.to_numpy() - other).astype(np.float32)
    return margin


def decide(scores: pd.DataFrame, max_error: float = 0.01) -> pd.Series:
    """Return the action for each old page: redirect, gone or review.

    Redirected are the surest rows, as many as keep the expected share of wrong
    redirects among them under `max_error`. Gone are rows whose probability of
    having no equivalent is high. A person decides the rest.

    Args:
        scores: As `match` returns it.
        max_error: Share of wrong redirects that is acceptable, 0 to 1.

    Returns:
        Action by old_url.
    """
    chosen = proposals(scores)
    likely = chosen["no_equivalent"].to_numpy(float) <= _MAY_BE_ABSENT
    sure = np.where(likely, chosen["probability"].to_numpy(float), 0.0)
    order = np.argsort(-sure, kind="stable")
    wrong = np.cumsum(1 - sure[order]) / np.arange(1, len(order) + 1)
    redirect = np.zeros(len(chosen), dtype=bool)
    redirect[order[wrong <= max_error]] = True
    redirect &= sure >= min(_LEAST_SURE, 1 - max_error)
    gone = ~redirect & (chosen["no_equivalent"].to_numpy(float) >= _GONE)
    gone &= chosen["probability"].to_numpy(float) < _REVIEW_FROM
    action = np.where(redirect, "redirect", np.where(gone, "gone", "review"))
    return pd.Series(action, index=pd.Index(chosen["old_url"]), dtype=object)


def proposals(scores: pd.DataFrame) -> pd.DataFrame:
    """Return one row per old page: the assigned pair, or the best one."""
    ordered = scores.sort_values(
        ["old_url", "assigned", "rank"], ascending=[True, False, True], kind="stable"
    )
    return ordered.drop_duplicates("old_url").reset_index(drop=True)
