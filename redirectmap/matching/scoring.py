"""Turn signals into probabilities that hold, and probabilities into decisions.

A conditional logit orders the candidates: each signal has one weight, and a
candidate's odds against the others of its row are the exponent of its weighted
sum. Two logistic curves then read the row's best candidate (its share, its lead,
its claim on the new page): how probably is it right, and how probably does no
equivalent exist. Sites known by their addresses alone have curves of their own.
All numbers are in model.json, trained by redirectmap/matching/train.py with each
data set judged by a model that had not seen it.

Cost    about 1 us a pair.
Reads   the table of `features.compare`.
Writes  score, probability, no_equivalent per pair.
Bounds  trained on documentation, government and shop manuals; a site unlike
        all of these gets probabilities that are less exact.
Source  McFadden, "Conditional logit analysis of qualitative choice behavior",
        1974.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import lru_cache
from importlib import resources
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from redirectmap.matching.candidates import rank_within
from redirectmap.matching.context import lead
from redirectmap.matching.votes import Reals, shares
from redirectmap.signals.words import Floats, Ints
from redirectmap.tables import GONE_FROM

VIEWS = (
    "path_chars",
    "slug_words",
    "folder",
    "title",
    "headings",
    "text",
    "all",
    "embedding",
    "name_embedding",
)
NEAR = ("base", "title", "text", "name_embedding", "section")
_TEXT_SHARE = 0.2
_WIDEST = 8.0
_INSIDE = 0.7
_LEEWAY = 0.04
_MAY_BE_ABSENT = 0.5
_TELLING_NAME = 0.5
_PATHS_KEPT = 0.2
_REVIEW_FROM = 0.3
_MOST_GONE = 0.5
_FEW = 20
_OF_THE_BEST = (
    "base",
    "base_claim",
    "all_claim",
    "page_votes",
    "sole_name",
    "prefix",
    "all",
    "new_number",
)
Model = Mapping[str, Any]


@lru_cache(maxsize=1)
def shipped_model() -> Model:
    """Return the model that comes with the package."""
    path = resources.files("redirectmap.matching") / "model.json"
    model: Model = json.loads(path.read_text(encoding="utf-8"))
    return model


def pair_scores(table: pd.DataFrame, model: Model) -> Reals:
    """Return each pair's weighted sum: log-odds within its row."""
    ranker = model["ranker"]
    names = list(ranker["weights"])
    weights = np.array([ranker["weights"][name] for name in names])
    score: Reals = inputs_of(table, names, ranker["log"]) @ weights
    return score


def inputs_of(
    table: pd.DataFrame, names: Sequence[str], logs: Mapping[str, float]
) -> Reals:
    """Return the signals as the ranker reads them: shape (pairs, signals).

    What cannot be told gets the mean of its row, so that it decides nothing.
    Shares are taken as logarithms of share and a small constant.
    """
    _, row = np.unique(table["old_row"].to_numpy(), return_inverse=True)
    inputs = np.empty((len(table), len(names)))
    for place, name in enumerate(names):  # one by one: a large table is copied once
        value = table[name].to_numpy(float)
        if name in logs:
            value = np.log1p(np.nan_to_num(value) / logs[name])
        there = ~np.isnan(value)
        mean = np.bincount(row, np.where(there, value, 0)) / np.maximum(
            np.bincount(row, there), 1
        )
        inputs[:, place] = np.where(there, value, mean[row])
    return inputs


def row_table(table: pd.DataFrame, score: Reals) -> pd.DataFrame:
    """Return what the curves read: one row per old page that has a pair.

    share        Log-odds of the best candidate's share of its row.
    gap          Its score less the next one's.
    claim        Its score less the best other one of the same new page.
    lead         Mean over the plain signals of its lead on the best other.
    near_*       The row's highest value of a signal, whoever has it.
    paths        1 where the sites are known by their addresses alone.

    The rest are signals of the best candidate.

    Args:
        table: As `features.compare` returns it.
        score: As `pair_scores` returns it.
    """
    rows = table["old_row"].to_numpy()
    place = rank_within(rows, _single(score))
    ranked = table.assign(score=score, share=shares(rows, score))
    ranked["claim"] = lead(table["new_row"].to_numpy(), _single(score))
    top = ranked[place == 1].set_index("old_row").sort_index()
    second = ranked[place == 2].set_index("old_row")["score"].reindex(top.index)
    share = top["share"].clip(1e-3, 1 - 1e-3)
    found = {
        "share": np.log(share / (1 - share)),
        "gap": (top["score"] - second).fillna(_WIDEST).clip(0, _WIDEST),
        "claim": top["claim"].clip(-_WIDEST, _WIDEST),
        **{name: top[name] for name in _OF_THE_BEST},
        "lead": _mean_lead(table, rows, place == 1),
        **{f"near_{n}": table[n].groupby(rows).max() for n in NEAR},
        "paths": float(addresses_alone(table)),
    }
    return pd.DataFrame(found, index=top.index).astype(float).fillna(0.0)


def _mean_lead(table: pd.DataFrame, rows: Ints, top: NDArray[np.bool_]) -> pd.Series:
    """Return the best candidate's mean lead over the views that tell anything."""
    order = np.lexsort((~top, rows))
    starts = np.flatnonzero(np.r_[True, np.diff(rows[order]) != 0])
    total, known = np.zeros(len(starts)), np.zeros(len(starts))
    for name in VIEWS:
        value = np.nan_to_num(table[name].to_numpy(float))[order]
        own = value[starts].copy()
        value[starts] = 0.0
        other = np.maximum.reduceat(value, starts)
        total += own - other
        known += np.maximum(own, other) > 0
    return pd.Series(total / np.maximum(known, 1), index=rows[order][starts])


def _single(score: Reals) -> Floats:
    return score.astype(np.float32)


def curve(rows: pd.DataFrame, weights: Mapping[str, Any]) -> Reals:
    """Return the logistic curve's probability for each row."""
    raw = rows[weights["features"]].to_numpy(float)
    inputs = (raw - np.array(weights["mean"])) / np.array(weights["scale"])
    z = inputs @ np.array(weights["weight"]) + float(weights["intercept"])
    probability: Reals = 1 / (1 + np.exp(-z))
    return probability


def judge(table: pd.DataFrame, model: Model | None = None) -> pd.DataFrame:
    """Return `table` with score, rank, probability, margin and no_equivalent.

    The best candidate's probability is the curve's; what it leaves is shared
    among the others by their odds, less the part that may lie outside all
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
    curves = used["paths" if rows["paths"].any() else "text"]
    best = pd.Series(curve(rows, curves["confidence"]), index=rows.index)
    absent = pd.Series(curve(rows, curves["absence"]), index=rows.index)
    old = table["old_row"].to_numpy()
    out = table.assign(score=score, rank=rank_within(old, _single(score)))
    out["probability"] = _shared_out(out, score, best)
    out["margin"] = _margins(out)
    out["no_equivalent"] = absent.reindex(old).to_numpy()
    return out


def _shared_out(table: pd.DataFrame, score: Reals, best: pd.Series) -> Floats:
    top = best.reindex(table["old_row"]).to_numpy()
    first = table["rank"].to_numpy() == 1
    share = shares(table["old_row"].to_numpy(), score)
    highest = pd.Series(share).groupby(table["old_row"].to_numpy()).transform("max")
    rest = (1 - top) * share / np.maximum(1 - highest.to_numpy(), 1e-9) * _INSIDE
    # never more than its odds allow: a tie would leave the choice to the assignment
    most = top * share / highest.to_numpy()
    shared: Floats = np.where(first, top, np.minimum(rest, most)).astype(np.float32)
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
    redirects among them under `max_error`, none of them more than four points
    less sure than that. Where nothing but addresses is known, a redirect needs a
    name of at least three words that no other page has, or the same path where a
    fifth of the site kept its paths. Gone are rows that very probably have no
    equivalent, unless that seems true of most pages that moved: then somebody has
    a plan for them that no page tells. A person decides the rest.

    Args:
        scores: As `match` returns it.
        max_error: Share of wrong redirects that is acceptable, 0 to 1.

    Returns:
        Action by old_url.
    """
    chosen = proposals(scores)
    likely = chosen["no_equivalent"].to_numpy(float) <= _MAY_BE_ABSENT
    likely &= _read_or_named(scores, chosen)
    sure = np.where(likely, chosen["probability"].to_numpy(float), 0.0)
    order = np.argsort(-sure, kind="stable")
    wrong = np.cumsum(1 - sure[order]) / np.arange(1, len(order) + 1)
    redirect = np.zeros(len(chosen), dtype=bool)
    redirect[order[wrong <= max_error]] = True
    redirect &= sure >= 1 - max_error - _LEEWAY
    gone = ~redirect & (chosen["no_equivalent"].to_numpy(float) >= GONE_FROM)
    gone &= chosen["probability"].to_numpy(float) < _REVIEW_FROM
    gone &= not _mostly_absent(chosen)
    action = np.where(redirect, "redirect", np.where(gone, "gone", "review"))
    return pd.Series(action, index=pd.Index(chosen["old_url"]), dtype=object)


def _mostly_absent(chosen: pd.DataFrame) -> bool:
    """Say whether most pages that did not keep their path seem to have no equal."""
    absent = chosen["no_equivalent"].to_numpy(float) >= _MAY_BE_ABSENT
    if "same_path" in chosen:
        absent = absent[chosen["same_path"].to_numpy(float) != 1]
    return len(absent) >= _FEW and float(absent.mean()) > _MOST_GONE


def _read_or_named(scores: pd.DataFrame, chosen: pd.DataFrame) -> NDArray[np.bool_]:
    """Mark the rows that more speaks for than a likeness of addresses.

    The same path tells of the same page where many pages kept theirs.
    """
    if "sole_name" not in scores or not addresses_alone(scores):
        return np.ones(len(chosen), dtype=bool)
    told = chosen[["sole_name", "identifier", "same_path"]].fillna(0).to_numpy(float)
    enough = (_TELLING_NAME, 1, 1 if told[:, 2].mean() >= _PATHS_KEPT else 2)
    return np.asarray((told >= np.array(enough)).any(axis=1), dtype=bool)


def addresses_alone(table: pd.DataFrame) -> bool:
    """Say whether hardly any pair of pages has titles to compare."""
    return float(table["title"].notna().mean()) <= _TEXT_SHARE


def proposals(scores: pd.DataFrame) -> pd.DataFrame:
    """Return one row per old page: the assigned pair, or the best one."""
    ordered = scores.sort_values(
        ["old_url", "assigned", "rank"], ascending=[True, False, True], kind="stable"
    )
    return ordered.drop_duplicates("old_url").reset_index(drop=True)
