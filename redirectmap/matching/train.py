"""Train model.json from migrations with known truth, one command.

    python -m redirectmap.matching.train BENCH [--cache FOLDER] [--out model.json]

BENCH holds one folder per migration: old.jsonl.gz, new.jsonl.gz, truth.csv. Each
gets a twin without 30 % of its declared targets, so that "no equivalent" is
learned too. Every data set is scored by a ranker that has not seen it; the two
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
from datetime import UTC, datetime
from itertools import combinations_with_replacement
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import numpy as np
import pandas as pd

from redirectmap.matching.candidates import rank_within
from redirectmap.matching.evidence import gather
from redirectmap.matching.features import compare
from redirectmap.matching.ranker import Lesson, fit_ranker, lesson
from redirectmap.matching.scoring import ROW_FEATURES, curve, pair_scores, row_table

_CAPS = {"declared": 400, "dropped": 150, "gone": 300, "unchanged": 100}
_ROW_WEIGHT = {"declared": 1.0, "dropped": 0.6, "gone": 0.6, "unchanged": 0.15}
_ABSENT = ("dropped", "gone")
_TWIN_SHARE = 0.3
_SAMPLE = 3_000
_IDENTIFIER_BONUS = 4.0
_TEXT = 0.2
_CURVE_C = 0.1


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
    text = pairs["title"].notna().mean()
    out = pairs[pairs["old_row"].isin(keep)].reset_index(drop=True)
    out.attrs = {"text": float(text)}
    return out


def lessons_of(examples: Sequence[Example]) -> dict[str, Lesson]:
    """Return what each data set with text teaches the ranker."""
    taught = {
        e.name: lesson(e.pairs[e.pairs["what"] == "declared"])
        for e in examples
        if not e.twin and e.pairs.attrs["text"] >= _TEXT
    }
    return {name: known for name, known in taught.items() if known}


def fit_without(lessons: Mapping[str, Lesson], *without: str) -> dict[str, Any]:
    """Train the ranker on all data sets but those named."""
    used = [known for name, known in lessons.items() if name not in without]
    return {"identifier_bonus": _IDENTIFIER_BONUS, "ranker": fit_ranker(used)}


def judged_rows(example: Example, model: Mapping[str, Any]) -> pd.DataFrame:
    """Return the curve's inputs with `right` and `what`, one row per old page."""
    pairs = example.pairs
    score = pair_scores(pairs, model)
    rows = row_table(pairs, score)
    place = rank_within(pairs["old_row"].to_numpy(), score.astype(np.float32))
    top = pairs[place == 1].set_index("old_row").reindex(rows.index)
    among3 = pairs["right"].to_numpy(bool) & (place <= 3)
    found = pd.Series(among3).groupby(pairs["old_row"].to_numpy()).any()
    return rows.assign(
        text=float(pairs.attrs["text"] >= _TEXT),
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
    fitted = LogisticRegression(C=_CURVE_C, max_iter=1000)
    share = weight / weight.mean()
    fitted.fit((inputs - mean) / scale, target, sample_weight=share)
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
    """Return every row with its score, confidence and absence by unseen models.

    Nested: the curves that judge a data set are fitted on rows that rankers
    without that data set, and without the row's own, have scored.
    """
    names = sorted({e.name for e in examples})
    lessons = lessons_of(examples)
    judged = {
        frozenset(pair): fit_without(lessons, *pair)
        for pair in combinations_with_replacement(names, 2)
    }
    return pd.concat(
        [_judged_unseen(examples, judged, held) for held in names], ignore_index=True
    )


def _judged_unseen(
    examples: Sequence[Example], judged: Mapping[frozenset[str], Any], held: str
) -> pd.DataFrame:
    parts = [judged_rows(e, judged[frozenset({held, e.name})]) for e in examples]
    rows = pd.concat(parts, ignore_index=True)
    own = (rows["name"] == held).to_numpy()
    curves = fit_curves(rows[~own])
    unseen = rows[own].copy()
    for key, weights in curves.items():
        unseen[key] = curve(unseen[list(ROW_FEATURES)], weights)
    return unseen


def model_without(examples: Sequence[Example], *without: str) -> dict[str, Any]:
    """Return a whole model, trained on all data sets but those named.

    Its curves are fitted on rows that a ranker without their data set has scored.
    """
    lessons = lessons_of(examples)
    used = [e for e in examples if e.name not in without]
    rankers = {e.name: fit_without(lessons, e.name, *without) for e in used}
    rows = [judged_rows(e, rankers[e.name]) for e in used]
    curves = fit_curves(pd.concat(rows, ignore_index=True))
    return {**curves, **fit_without(lessons, *without)}


def _provenance(examples: Sequence[Example]) -> dict[str, Any]:
    rows = cross_fit(examples)
    scored = rows[(rows["what"] == "declared") & ~rows["twin"]].groupby("name")
    return {
        "made_by": "redirectmap/matching/train.py",
        "date": datetime.now(UTC).date().isoformat(),
        "data_sets": sorted({e.name for e in examples}),
        "figures": "share of rows whose best candidate, or one of the best three, is"
        " right; each data set judged by a model that has not seen it",
        "top1": scored["right"].mean().round(4).to_dict(),
        "recall3": scored["among3"].mean().round(4).to_dict(),
    }


def main() -> None:
    """Train, and write the model with the figures of the unseen data sets."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("bench", type=Path)
    parser.add_argument("--cache", type=Path)
    parser.add_argument("--without", help="Leave this data set out.")
    parser.add_argument(
        "--out", type=Path, default=Path(__file__).with_name("model.json")
    )
    options = parser.parse_args()
    examples = load(options.bench, options.cache)
    if options.without:
        examples = [e for e in examples if e.name != options.without]
    model = {"provenance": _provenance(examples), **model_without(examples)}
    options.out.write_text(json.dumps(model, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
