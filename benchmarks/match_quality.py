"""Print how well pages are matched, on data sets that the judge has not seen.

    python benchmarks/match_quality.py BENCH [--cache FOLDER]

Each line is judged by a model trained on all other data sets (rows sampled as in
train.py), before the global assignment; with text, then by addresses alone, where
what `decide` asks of names is not asked. Whole plans, and others' ways to match,
are measured by match_rivals.py.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import pandas as pd

from redirectmap.matching.scoring import decide
from redirectmap.matching.train import (
    cross_fit,
    load,
)
from redirectmap.planning.evaluate import calibration_error


def ours(rows: pd.DataFrame) -> dict[str, float]:
    plain, twin = rows[~rows["twin"]], rows[rows["twin"]]
    asked = plain[plain["what"] == "declared"]
    asked = asked.sort_values("confidence", ascending=False, kind="stable")
    auto = _redirected(plain).reindex(asked.index)
    lost = twin if len(twin) else plain
    absent = lost["what"].isin(["dropped", "gone"])
    return {
        "top1": asked["right"].mean(),
        "recall3": asked["among3"].mean(),
        "coverage": auto.mean(),
        "precision": asked.loc[auto, "right"].mean() if auto.any() else np.nan,
        "ece": calibration_error(asked),
        "false": _redirected(lost)[absent].mean(),
        "gone": _actions(lost).eq("gone")[absent].mean(),
        "wrongly_gone": _actions(plain).eq("gone").reindex(asked.index).mean(),
    }


def _redirected(rows: pd.DataFrame) -> pd.Series:
    return _actions(rows).eq("redirect")


def _actions(rows: pd.DataFrame) -> pd.Series:
    names = rows.index.astype(str)
    scores = pd.DataFrame(
        {
            "old_url": names,
            "probability": rows["confidence"].to_numpy(),
            "no_equivalent": rows["absence"].to_numpy(),
            "assigned": True,
            "rank": 1,
        }
    )
    return pd.Series(decide(scores).reindex(names).to_numpy(), rows.index)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("bench", type=Path)
    parser.add_argument("--cache", type=Path)
    options = parser.parse_args()
    rows = cross_fit(load(options.bench, options.cache))
    for bare, label in ((False, "with text"), (True, "by addresses alone")):
        part = rows[rows["paths"].eq(1) == bare]
        figures = pd.DataFrame({n: ours(found) for n, found in part.groupby("name")}).T
        print(f"{label}\n{figures.round(3).to_string()}")
        print("macro:", figures.mean().round(3).to_dict())


if __name__ == "__main__":
    main()
