"""Print how well pages are matched, on data sets that the judge has not seen.

    python benchmarks/match_quality.py BENCH [--cache FOLDER] [--no-minilm]

Ours is trained on all data sets but the one in the line (rows sampled as in
train.py). Beside it, on the same declared rows, the nearest new page by
(a) RapidFuzz ratio of paths, (b) MiniLM of title, headings and text, (c) TF-IDF
of three-sign runs of the path (PolyFuzz's way), (d) the mean of nine signals,
each with its seconds. ukgov folders: ours only; their pages have no text.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import pandas as pd
from rapidfuzz import fuzz
from rapidfuzz.process import cdist

from redirectmap.matching.embeddings import embed
from redirectmap.matching.evidence import Evidence, gather
from redirectmap.matching.scoring import decide
from redirectmap.matching.train import (
    compared_url,
    cross_fit,
    load,
    read_tables,
)
from redirectmap.planning.evaluate import asked_rows, calibration_error
from redirectmap.planning.evaluate_files import read_truth
from redirectmap.signals.words import Floats

NINE = ("path", "slug", "title", "headings", "text", "all", "folder")


def fuzzy(e: Evidence) -> Floats:
    found: Floats = cdist(e.old.fields.path, e.new.fields.path, scorer=fuzz.ratio)
    return found


def polyfuzz(e: Evidence) -> Floats:
    found: Floats = (e.old.chars @ e.new.chars.T).toarray()
    return found


def nine(e: Evidence) -> Floats:
    total: Floats = (e.old.chars @ e.new.chars.T).toarray()
    total += e.old.vectors @ e.new.vectors.T
    for name in NINE:
        total += (e.old.words[name] @ e.new.words[name].T).toarray()
    return total


def minilm(e: Evidence) -> Floats:
    texts = [
        [
            f"{t}. {' '.join(h)}. {x[:600]}"
            for t, h, x in zip(f.title, f.headings, f.text, strict=True)
        ]
        for f in (e.old.fields, e.new.fields)
    ]
    found: Floats = embed(texts[0], "minilm") @ embed(texts[1], "minilm").T
    return found


def nearest_right(
    folder: Path, ways: Mapping[str, Callable[[Evidence], Floats]]
) -> str:
    evidence = gather(
        read_tables(folder / "old.jsonl.gz"), read_tables(folder / "new.jsonl.gz")
    )
    asked = asked_rows(read_truth(folder / "truth.csv"))
    row = {url: i for i, url in enumerate(evidence.old.fields.url)}
    targets = np.array([compared_url(u) for u in evidence.new.fields.url])
    rows = [row[u] for u in asked["old_url"]]
    want = np.array([compared_url(u) for u in asked["new_url"]])
    cells = []
    for way in ways.values():
        start = time.perf_counter()
        best = way(evidence)[rows].argmax(1)
        seconds = time.perf_counter() - start
        cells.append(f"{(targets[best] == want).mean():9.3f}{seconds:7.1f}s")
    return "".join(cells)


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
    }


def _redirected(rows: pd.DataFrame) -> pd.Series:
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
    return pd.Series(
        decide(scores).reindex(names).eq("redirect").to_numpy(), rows.index
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("bench", type=Path)
    parser.add_argument("--cache", type=Path)
    parser.add_argument("--no-minilm", action="store_true")
    parser.add_argument("--no-rivals", action="store_true")
    options = parser.parse_args()
    ways = {"fuzzy path": fuzzy, "polyfuzz": polyfuzz, "nine": nine, "minilm": minilm}
    if options.no_minilm:
        del ways["minilm"]
    rows = cross_fit(load(options.bench, options.cache))
    figures = pd.DataFrame({n: ours(part) for n, part in rows.groupby("name")}).T
    texts = rows.groupby("name")["text"].max() > 0
    print(figures.round(3).to_string())
    for label, chosen in (("with text", texts), ("paths only", ~texts)):
        print(f"macro, {label}:", figures[chosen].mean().round(3).to_dict())
    if options.no_rivals:
        return
    print(f"\n{'nearest by':20s}" + "".join(f"{w:>17s}" for w in ways))
    for name in texts[texts].index:
        print(f"{name:20s}{nearest_right(options.bench / name, ways)}", flush=True)


if __name__ == "__main__":
    main()
