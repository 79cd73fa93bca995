"""Train model.json from migrations with known truth, one command.

    python -m redirectmap.matching.train BENCH [--cache FOLDER] [--out model.json]

BENCH holds one folder per migration: old.jsonl.gz, new.jsonl.gz, truth.csv. Each
gets a twin without 30 % of its declared targets, so that "no equivalent" is
learned too, and each is compared once more by its addresses alone. Every data set
is scored by a ranker that has not seen it; the curves are fitted on those scores,
and the figures in the file come from them. Rows for which nobody declared anything
are not used.

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
from itertools import combinations_with_replacement, islice
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import numpy as np
import pandas as pd

from redirectmap.matching.candidates import rank_within
from redirectmap.matching.curves import fit_curves
from redirectmap.matching.evidence import gather
from redirectmap.matching.features import compare
from redirectmap.matching.ranker import Lesson, fit_ranker, lesson
from redirectmap.matching.scoring import curve, pair_scores, row_table

_CAPS = {"declared": 400, "dropped": 150, "gone": 300, "unchanged": 100}
_TWIN_SHARE = 0.3
_IDENTIFIER_BONUS = 4.0
_NO_LINKS = pd.DataFrame({"source": [], "target": []}, dtype=object)


@dataclass(frozen=True, slots=True)
class Tables:
    """One site read from a benchmark folder."""

    pages: pd.DataFrame
    links: pd.DataFrame


@dataclass(frozen=True, slots=True)
class Example:
    """A data set or its twin: pairs with `right` and `what`, rows used.

    `bare`: compared by the addresses alone.
    """

    name: str
    twin: bool
    pairs: pd.DataFrame
    bare: bool = False


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


def labelled(folder: Path, *, twin: bool, bare: bool = False) -> pd.DataFrame:
    """Return the pairs of a data set with signals, `right` and `what`.

    Args:
        folder: Holds old.jsonl.gz, new.jsonl.gz, truth.csv.
        twin: Leave a share of the targets out.
        bare: Leave all but the addresses out.
    """
    with (folder / "truth.csv").open(newline="", encoding="utf-8") as lines:
        truth = list(csv.DictReader(lines))
    dropped = _dropped(truth) if twin else frozenset[str]()
    old = read_tables(folder / "old.jsonl.gz")
    new = read_tables(folder / "new.jsonl.gz", dropped)
    if bare:
        old, new = (Tables(site.pages[["url"]], _NO_LINKS) for site in (old, new))
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
    """Return every data set and twin below `bench`, compared in each way."""
    examples = []
    for truth in sorted(bench.glob("*/truth.csv")):
        folder = truth.parent
        plain = [(False, True)] if _textless(folder) else _WAYS
        for twin, bare in plain:
            pairs = _cached(folder, cache, twin=twin, bare=bare)
            examples.append(Example(folder.name, twin, pairs, bare))
    return examples


_WAYS = [(twin, bare) for bare in (False, True) for twin in (False, True)]


def _cached(
    folder: Path, cache: Path | None, *, twin: bool, bare: bool
) -> pd.DataFrame:
    way = f"{'.twin' if twin else ''}{'.bare' if bare else ''}"
    path = cache / f"{folder.name}{way}.pairs" if cache else None
    if path and path.exists():
        return pd.read_parquet(path)
    pairs = labelled(folder, twin=twin, bare=bare)
    if bare:  # nothing that is read of addresses asks for the other rows
        rows = pairs.drop_duplicates("old_row").set_index("old_row")[["what"]]
        pairs = pairs[pairs["old_row"].isin(_sampled(rows).index)]
        pairs = pairs.reset_index(drop=True)
    if path:
        path.parent.mkdir(parents=True, exist_ok=True)
        pairs.to_parquet(path)
    return pairs


def _textless(folder: Path) -> bool:
    with gzip.open(folder / "old.jsonl.gz", "rt", encoding="utf-8") as lines:
        return not any(json.loads(line).get("text") for line in islice(lines, 100))


def lessons_of(examples: Sequence[Example]) -> dict[str, Lesson]:
    """Return what each data set with text teaches the ranker."""
    taught = {
        e.name: lesson(e.pairs[e.pairs["what"] == "declared"])
        for e in examples
        if not (e.twin or e.bare)
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
    known = rows.assign(
        paths=float(example.bare),
        right=top["right"].astype(bool),
        among3=found.reindex(rows.index).to_numpy(bool),
        what=top["what"],
        name=example.name,
        twin=example.twin,
    )
    return _sampled(known)


def _sampled(rows: pd.DataFrame) -> pd.DataFrame:
    """Keep a bounded number of rows of each sort, and none of no sort."""
    order = np.random.default_rng(0).permutation(len(rows))
    place = rows["what"].iloc[order].groupby(rows["what"].iloc[order]).cumcount()
    return rows[place.sort_index() < rows["what"].map(_CAPS).fillna(0)]


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
    for kind, pair in curves.items():
        mine = unseen["paths"] == (kind == "paths")
        for key, weights in pair.items():
            unseen.loc[mine, key] = curve(unseen[mine], weights)
    return unseen


def model_without(examples: Sequence[Example], *without: str) -> dict[str, Any]:
    """Return a whole model, trained on all data sets but those named.

    Its curves are fitted on rows that a ranker without their data set has scored.
    """
    used = [e for e in examples if e.name not in without]
    lessons = lessons_of(used)
    rows = unseen_rows(used, lessons)
    return {
        "provenance": _provenance(rows, [e.name for e in used if not e.bare]),
        **fit_curves(rows),
        **fit_without(lessons),
    }


def unseen_rows(
    examples: Sequence[Example], lessons: Mapping[str, Lesson]
) -> pd.DataFrame:
    """Return every row as a ranker that has not seen its data set scores it."""
    taught = {name: fit_without(lessons, name) for name in lessons}
    every = fit_without(lessons)
    rows = [judged_rows(e, taught.get(e.name, every)) for e in examples]
    return pd.concat(rows, ignore_index=True)


def _provenance(rows: pd.DataFrame, with_text: Sequence[str]) -> dict[str, Any]:
    again = rows["name"].isin(with_text) & (rows["paths"] == 1)
    asked = (rows["what"] == "declared") & ~rows["twin"] & ~again
    scored = rows[asked].groupby("name")
    return {
        "made_by": "redirectmap/matching/train.py",
        "date": datetime.now(UTC).date().isoformat(),
        "data_sets": sorted(rows["name"].unique()),
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
    model = model_without(examples)
    options.out.write_text(json.dumps(model, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
