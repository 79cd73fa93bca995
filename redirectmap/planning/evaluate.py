"""Score a plan, or its candidates, against what people declared.

Scored are the rows whose redirect is declared (status 301, source declared;
git_rename where fewer than five are). A row's proposal is its new_url whatever
its action; only redirect and keep count as decided. Rows that a person marked
410, or whose target was dropped on purpose, have no equivalent.

Cost    linear.
Reads   plan (or scores) and truth: old_url, new_url, status, source.
Writes  figures by name, and a calibration table.
Source  Geifman and El-Yaniv, "Selective Classification", 2017,
        arXiv:1705.08500 (risk and coverage).
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from urllib.parse import urlsplit

import numpy as np
import pandas as pd

from redirectmap.errors import InputError

DECIDED = ("redirect", "keep")
_FEWEST = 5
_BINS = 10
Figures = dict[str, float | int | None]


def compared(url: str) -> str:
    """Return what two spellings of a page's URL have in common."""
    parts = urlsplit(url)
    return f"{parts.netloc.lower()}{parts.path.rstrip('/')}?{parts.query}"


def asked_rows(truth: pd.DataFrame) -> pd.DataFrame:
    """Return the rows whose redirect is known."""
    moved = truth[truth["status"] == "301"]
    declared = moved[moved["source"] == "declared"]
    enough = len(declared) >= _FEWEST
    return declared if enough else moved[moved["source"] == "git_rename"]


def without_equivalent(truth: pd.DataFrame) -> pd.DataFrame:
    """Return the rows known to have no equivalent."""
    named = truth["source"].isin(["declared", "dropped"])
    return truth[(truth["status"] == "410") & named]


def evaluate_plan(plan: pd.DataFrame, truth: pd.DataFrame) -> Figures:
    """Return the figures of a plan.

    Raises:
        InputError: A row of the truth is not in the plan.
    """
    asked, gone = asked_rows(truth), without_equivalent(truth)
    rows = plan.set_index("old_url")
    _all_there([*asked["old_url"], *gone["old_url"]], rows.index)
    judged = judged_rows(plan, truth)
    gone_actions = rows.loc[gone["old_url"], "action"]
    decided = judged[judged["decided"]]
    single, merged = judged[~judged["merged"]], judged[judged["merged"]]
    return {
        "scored": len(judged),
        "top1": _share(judged["right"]),
        "top1_single": _share(single["right"]),
        "top1_merged": _share(merged["right"]),
        "recall3": _share(judged["among3"]),
        "auto_coverage": _share(judged["decided"]),
        "auto_precision": _share(decided["right"]),
        **_risk(judged),
        "ece": calibration_error(judged),
        "no_equivalent": len(gone),
        "false_redirect": _share(gone_actions.isin(DECIDED)),
        "gone_recall": _share(gone_actions.eq("gone")),
        "wrongly_gone": _share(judged["gone"]),
    }


def judged_rows(plan: pd.DataFrame, truth: pd.DataFrame) -> pd.DataFrame:
    """Return the scored rows with confidence, right, among3, merged, decided."""
    asked = asked_rows(truth)
    rows = plan.set_index("old_url").loc[asked["old_url"]]
    want = [compared(url) for url in asked["new_url"]]
    users = truth.loc[truth["new_url"].ne(""), "new_url"].map(compared).value_counts()
    hits = [
        _hits(rows[name], want)
        for name in ("new_url", "alternative_1", "alternative_2")
    ]
    return pd.DataFrame(
        {
            "old_url": asked["old_url"].to_numpy(),
            "confidence": rows["confidence"].astype(float).fillna(0.0).to_numpy(),
            "right": hits[0],
            "among3": np.logical_or.reduce(hits),
            "merged": [int(users.get(url, 0)) > 1 for url in want],
            "decided": rows["action"].isin(DECIDED).to_numpy(),
            "gone": rows["action"].eq("gone").to_numpy(),
        }
    ).sort_values("confidence", ascending=False, kind="stable", ignore_index=True)


def _hits(proposals: pd.Series, want: Sequence[str]) -> np.ndarray:
    return np.array(
        [
            isinstance(url, str) and bool(url) and compared(url) == target
            for url, target in zip(proposals, want, strict=True)
        ],
        dtype=bool,
    )


def _all_there(urls: Sequence[str], index: pd.Index) -> None:
    missing = [url for url in urls if url not in index]
    if missing:
        raise InputError(
            f"{len(missing)} old URLs of the truth are not in the plan",
            hint=f"the first is {missing[0]}; is it the truth of this site?",
        )


def _share(values: pd.Series) -> float | None:
    return float(values.mean()) if len(values) else None


def _risk(judged: pd.DataFrame) -> Figures:
    """Return coverage at a precision, and the area under risk and coverage."""
    count = np.arange(1, len(judged) + 1)
    precision = judged["right"].to_numpy(float).cumsum() / count
    size = max(1, len(judged))
    reach = {p: count[precision >= p].max(initial=0) / size for p in (0.99, 0.95)}
    return {
        "coverage_p99": float(reach[0.99]),
        "coverage_p95": float(reach[0.95]),
        "aurc": float((1 - precision).sum() / size),
    }


def calibration_table(judged: pd.DataFrame) -> pd.DataFrame:
    """Return ten bins of equal count: rows, mean confidence, share right."""
    cuts = [i * len(judged) // _BINS for i in range(_BINS + 1)]
    parts = [judged.iloc[a:b] for a, b in pairwise(cuts) if b > a]
    return pd.DataFrame(
        {
            "rows": [len(p) for p in parts],
            "confidence": [float(p["confidence"].mean()) for p in parts],
            "right": [float(p["right"].mean()) for p in parts],
        }
    )


def calibration_error(judged: pd.DataFrame) -> float:
    """Return the mean distance of confidence and share right over ten bins."""
    bins = calibration_table(judged)
    apart = (bins["confidence"] - bins["right"]).abs() * bins["rows"]
    return float(apart.sum() / max(1, len(judged)))


def evaluate_candidates(scores: pd.DataFrame, truth: pd.DataFrame) -> Figures:
    """Return which share of declared targets is among the candidates."""
    asked = asked_rows(truth)
    want = dict(zip(asked["old_url"], map(compared, asked["new_url"]), strict=True))
    mine = scores[scores["old_url"].isin(want)]
    hit = mine["new_url"].map(compared) == mine["old_url"].map(want)
    rank = mine.loc[hit].groupby("old_url")["rank"].min()
    size = max(1, len(want))
    recall = {f"recall{k}": float((rank <= k).sum() / size) for k in (1, 3, 5, 10)}
    return {"scored": len(want), **recall, "pairs": len(scores)}
