"""Train model.json from migrations with known truth, one command.

    python -m redirectmap.matching.train BENCH [--cache FOLDER] [--out model.json]

BENCH holds one folder per migration: old.jsonl.gz, new.jsonl.gz, truth.csv. Each
gets a twin without 30 % of its declared targets, so that "no equivalent" is
learned too. Every data set is scored by a forest that has not seen it; the two
curves are fitted on those scores, and the figures in the file come from them.
Rows for which nobody declared anything are not used.

Cost    about a second per data set and fold, beside the comparing itself.
Bounds  a data set counts by the root of its rows, at most 400.
"""

from __future__ import annotations

import argparse
import csv
import gzip
import json
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import numpy as np
import pandas as pd

from redirectmap.matching.candidates import rank_within
from redirectmap.matching.evidence import gather
from redirectmap.matching.features import NAMES, compare
from redirectmap.matching.scoring import ROW_FEATURES, curve, pair_scores, row_table
from redirectmap.signals.words import Floats

FEATURES = tuple(name for name in NAMES if name != "identifier")
FREE = frozenset(
    {
        "depth",
        "new_depth",
        "length",
        "wanted",
        "kind",
        "same_taken",
        "new_title_inside",
        "new_slug_inside",
    }
)
_CAPS = {"declared": 400, "dropped": 150, "gone": 300, "unchanged": 100}
_WEIGHT = {"declared": 1.0, "dropped": 0.5, "gone": 0.5, "unchanged": 0.1}
_ROW_WEIGHT = {"declared": 1.0, "dropped": 0.6, "gone": 0.6, "unchanged": 0.15}
_ABSENT = ("dropped", "gone")
_TWIN_SHARE = 0.3
_SAMPLE = 3_000
_IDENTIFIER_BONUS = 4.0
FOREST: dict[str, Any] = {
    "max_iter": 80,
    "learning_rate": 0.1,
    "max_leaf_nodes": 10,
    "min_samples_leaf": 60,
    "l2_regularization": 5.0,
    "max_features": 0.4,
    "max_bins": 64,
    "random_state": 0,
    "early_stopping": False,
}


@dataclass(frozen=True, slots=True)
class Tables:
    """One site read from a benchmark folder."""

    pages: pd.DataFrame
    links: pd.DataFrame


@dataclass(frozen=True, slots=True)
class Example:
    """A data set or its twin: pairs with `right` and `what`, rows used."""

    name: str
    twin: bool
    pairs: pd.DataFrame


def read_tables(path: Path, leave_out: frozenset[str] = frozenset()) -> Tables:
    """Read a pages table with links from gzipped JSON lines."""
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        rows = [json.loads(line) for line in lines]
    rows = [row for row in rows if row["url"] not in leave_out]
    ends = [(row["url"], t) for row in rows for t in row.pop("links", None) or ()]
    return Tables(pd.DataFrame(rows), pd.DataFrame(ends, columns=["source", "target"]))


def compared_url(url: str) -> str:
    """Return a URL without scheme, fragment and trailing slash."""
    parts = urlsplit(url)
    return f"{parts.netloc.lower()}{parts.path.rstrip('/')}?{parts.query}"


def labelled(folder: Path, *, twin: bool) -> pd.DataFrame:
    """Return the pairs of a data set with signals, `right` and `what`."""
    with (folder / "truth.csv").open(newline="", encoding="utf-8") as lines:
        truth = list(csv.DictReader(lines))
    dropped = _dropped(truth) if twin else frozenset[str]()
    old = read_tables(folder / "old.jsonl.gz")
    new = read_tables(folder / "new.jsonl.gz", dropped)
    if len(truth) > 3 * _SAMPLE:
        truth = random.Random(5).sample(truth, _SAMPLE)  # noqa: S311
        asked = {row["old_url"] for row in truth}
        old = Tables(old.pages[old.pages["url"].isin(asked)], old.links)
    table = compare(gather(old, new))
    want = {row["old_url"]: row["new_url"] for row in truth}
    what = {row["old_url"]: _what(row, dropped) for row in truth}
    urls = old.pages["url"].to_numpy()[table["old_row"]]
    targets = [compared_url(u) for u in new.pages["url"]]
    expected = {url: compared_url(target) for url, target in want.items() if target}
    table["right"] = [
        expected.get(url) == targets[column]
        for url, column in zip(urls, table["new_row"], strict=True)
    ]
    table["what"] = [what.get(url, "none") for url in urls]
    return table


def _dropped(truth: Sequence[Mapping[str, str]]) -> frozenset[str]:
    targets = sorted(
        {r["new_url"] for r in truth if r["status"] == "301" and r["new_url"]}
    )
    count = round(_TWIN_SHARE * len(targets))
    return frozenset(random.Random(1).sample(targets, count))  # noqa: S311


def _what(row: Mapping[str, str], dropped: frozenset[str]) -> str:
    if row["new_url"] in dropped and row["new_url"]:
        return "dropped"
    if row["status"] == "410":
        return "gone" if row["source"] == "declared" else "none"
    return row["source"]


def load(bench: Path, cache: Path | None) -> list[Example]:
    """Return every data set and twin below `bench`, compared."""
    examples = []
    for truth in sorted(bench.glob("*/truth.csv")):
        folder = truth.parent
        large = truth.stat().st_size > 400_000 and _textless(folder)
        for twin in (False,) if large else (False, True):
            pairs = _cached(folder, cache, twin=twin)
            examples.append(Example(folder.name, twin, _sampled(pairs)))
    return examples


def _cached(folder: Path, cache: Path | None, *, twin: bool) -> pd.DataFrame:
    path = cache / f"{folder.name}{'.twin1' if twin else ''}.pairs" if cache else None
    if path and path.exists():
        return pd.read_parquet(path)
    pairs = labelled(folder, twin=twin)
    if path:
        path.parent.mkdir(parents=True, exist_ok=True)
        pairs.to_parquet(path)
    return pairs


def _textless(folder: Path) -> bool:
    with gzip.open(folder / "old.jsonl.gz", "rt", encoding="utf-8") as lines:
        return not json.loads(next(lines)).get("text")


def _sampled(pairs: pd.DataFrame) -> pd.DataFrame:
    """Keep a bounded number of rows of each sort; the site's level is kept."""
    chance = np.random.default_rng(0)
    keep: set[int] = set()
    for what, cap in _CAPS.items():
        rows = pairs.loc[pairs["what"] == what, "old_row"].unique().copy()
        keep.update(chance.permutation(rows)[:cap].tolist())
    stable = pairs["same_path"].eq(1).groupby(pairs["old_row"]).any().mean()
    text = pairs["title"].notna().mean()
    out = pairs[pairs["old_row"].isin(keep)].reset_index(drop=True)
    out.attrs = {"stable": float(stable), "text": float(text)}
    return out


def fit_forest(examples: Sequence[Example], without: str) -> dict[str, Any]:
    """Train on all data sets but one; return the forest as plain numbers."""
    from sklearn.ensemble import HistGradientBoostingClassifier

    parts = [_training_part(e) for e in examples if e.name != without]
    inputs, right, weight = (np.concatenate(p) for p in zip(*parts, strict=True))
    forest = HistGradientBoostingClassifier(
        monotonic_cst=[0 if name in FREE else 1 for name in FEATURES], **FOREST
    )
    forest.fit(inputs, right, sample_weight=weight * len(weight) / weight.sum())
    return {
        "features": list(FEATURES),
        "identifier_bonus": _IDENTIFIER_BONUS,
        "baseline": float(np.ravel(forest._baseline_prediction)[0]),  # noqa: SLF001
        "trees": [_tree(p[0].nodes) for p in forest._predictors],  # noqa: SLF001
    }


def _training_part(example: Example) -> tuple[Floats, Any, Any]:
    pairs = example.pairs
    weight = pairs["what"].map(_WEIGHT).fillna(0.0).to_numpy(float).copy()
    weight *= 0.5 if example.twin else 1.0
    place = rank_within(pairs["old_row"].to_numpy(), pairs["base"].to_numpy())
    used = (weight > 0) & ((place <= 10) | pairs["right"].to_numpy())
    rows = pairs[used]
    size = rows.groupby("old_row")["old_row"].transform("size").to_numpy()
    total = float((weight[used] / size).sum())
    scale = np.sqrt(min(total, 400.0)) / max(total, 1e-9)
    scale *= 0.6 if pairs.attrs["text"] < 0.2 else 1.0
    inputs = rows[list(FEATURES)].to_numpy(dtype=np.float32)
    return inputs, rows["right"].to_numpy(), weight[used] * scale


def _tree(nodes: Any) -> dict[str, Any]:  # noqa: ANN401
    leaf = nodes["is_leaf"].astype(bool)
    return {
        "depth": int(nodes["depth"].max()),
        "feature": np.where(leaf, -1, nodes["feature_idx"]).tolist(),
        "threshold": [float(f"{v:.7g}") for v in nodes["num_threshold"]],
        "left": nodes["left"].tolist(),
        "right": nodes["right"].tolist(),
        "missing_left": nodes["missing_go_to_left"].astype(int).tolist(),
        "value": [float(f"{v:.6g}") for v in nodes["value"]],
    }


def judged_rows(example: Example, model: Mapping[str, Any]) -> pd.DataFrame:
    """Return the curve's inputs with `right` and `what`, one row per old page."""
    pairs = example.pairs
    score = pair_scores(pairs, model)
    rows = row_table(pairs, score)
    place = rank_within(pairs["old_row"].to_numpy(), score.astype(np.float32))
    top = pairs[place == 1].set_index("old_row").reindex(rows.index)
    changed = 1 - top["same_path"].fillna(0.0)
    among3 = pairs["right"].to_numpy(bool) & (place <= 3)
    found = pd.Series(among3).groupby(pairs["old_row"].to_numpy()).any()
    return rows.assign(
        stable=pairs.attrs["stable"] * changed,
        right=top["right"].astype(bool),
        among3=found.reindex(rows.index).to_numpy(bool),
        what=top["what"],
        name=example.name,
        twin=example.twin,
    )


def fit_curve(rows: pd.DataFrame, target: Any, weight: Any) -> dict[str, Any]:  # noqa: ANN401
    """Fit a logistic curve; return it as plain numbers."""
    from sklearn.linear_model import LogisticRegression

    inputs = rows[list(ROW_FEATURES)].to_numpy(float)
    mean, scale = inputs.mean(axis=0), inputs.std(axis=0) + 1e-6
    fitted = LogisticRegression(C=1.0, max_iter=1000)
    fitted.fit((inputs - mean) / scale, target, sample_weight=weight)
    return {
        "features": list(ROW_FEATURES),
        "mean": mean.tolist(),
        "scale": scale.tolist(),
        "weight": fitted.coef_[0].tolist(),
        "intercept": float(fitted.intercept_[0]),
    }


def fit_curves(rows: pd.DataFrame) -> dict[str, Any]:
    """Fit the confidence and the absence curve on rows of unseen data sets."""
    weight = rows["what"].map(_ROW_WEIGHT).fillna(0.0).to_numpy(float).copy()
    weight *= np.where(rows["twin"], 0.6, 1.0)
    total = pd.Series(weight).groupby(rows["name"].to_numpy()).transform("sum")
    weight *= np.asarray(np.sqrt(np.minimum(total, 400)) / np.maximum(total, 1e-9))
    absent = rows["what"].isin(_ABSENT).to_numpy()
    lighter = weight * np.where(absent, 0.3, 1.0)
    return {
        "confidence": fit_curve(rows, rows["right"].to_numpy(bool), lighter),
        "absence": fit_curve(rows, absent, weight),
    }


def cross_fit(examples: Sequence[Example]) -> pd.DataFrame:
    """Return every row with its score, confidence and absence by unseen models."""
    names = sorted({e.name for e in examples})
    parts = []
    for name in names:
        model = fit_forest(examples, name)
        parts += [judged_rows(e, model) for e in examples if e.name == name]
    rows = pd.concat(parts, ignore_index=True)
    rows["confidence"] = rows["absence"] = np.nan
    for name in names:
        own = (rows["name"] == name).to_numpy()
        curves = fit_curves(rows[~own])
        inputs = rows.loc[own, list(ROW_FEATURES)]
        for key, weights in curves.items():
            rows.loc[own, key] = curve(inputs, weights)
    return rows


def main() -> None:
    """Train, and write the model with the figures of the unseen data sets."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("bench", type=Path)
    parser.add_argument("--cache", type=Path)
    parser.add_argument(
        "--out", type=Path, default=Path(__file__).with_name("model.json")
    )
    options = parser.parse_args()
    examples = load(options.bench, options.cache)
    rows = cross_fit(examples)
    scored = rows[(rows["what"] == "declared") & ~rows["twin"]]
    top1 = scored.groupby("name")["right"].mean().round(4)
    model = {
        "provenance": {
            "made_by": "redirectmap/matching/train.py",
            "data_sets": sorted({e.name for e in examples}),
            "figures": "best candidate right among rows with a candidate, by data"
            " set, each judged by a forest that has not seen it",
            "top1": top1.to_dict(),
        },
        **fit_curves(rows),
        **fit_forest(examples, ""),
    }
    options.out.write_text(
        json.dumps(model, separators=(",", ":")) + "\n", encoding="utf-8"
    )


if __name__ == "__main__":
    main()
