"""Print what each group of signals adds to the ranker.

    python benchmarks/match_ablation.py BENCH --cache FOLDER

The ranker is fitted again without the group, leaving out the data set in
question each time; macro top-1 and recall at 3 over the data sets with text, of
declared rows that have a candidate, before the global assignment.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from redirectmap.matching.candidates import rank_within
from redirectmap.matching.features import NINE
from redirectmap.matching.ranker import SIGNALS, fit_ranker, lesson
from redirectmap.matching.scoring import pair_scores
from redirectmap.matching.second import SECOND
from redirectmap.matching.train import load
from redirectmap.matching.votes import Reals
from redirectmap.signals.words import Ints

GROUPS = {
    "nothing": (),
    "path (signs, words, prefix)": ("path_chars", "path_words", "prefix"),
    "slug": ("slug_words", "slug_ratio"),
    "folder words": ("folder",),
    "address changed as others'": ("renamed",),
    "where the upper folders went": ("subarea_rule",),
    "title": ("title",),
    "headings": ("headings",),
    "sections (best heading)": ("section_unsure",),
    "text": ("text", "text_unsure"),
    "everything": ("all",),
    "embedding": ("embedding",),
    "meaning less what all share": ("meaning", "name_meaning"),
    "pages above and below": ("above", "below", "children"),
    "competition": ("wanted", "wanted_unsure", "base_claim", "all_claim", "owned"),
    "numbers only one names": ("new_number", "old_number"),
    "link neighbours": ("neighbours_in",),
    "the second look": SECOND,
    "all but the nine": tuple(name for name in SIGNALS if name not in NINE),
}


def declared_pairs(bench: Path, cache: Path | None) -> dict[str, pd.DataFrame]:
    """Return the pairs of each data set's declared rows, compared with text."""
    return {
        e.name: e.pairs[e.pairs["what"] == "declared"].reset_index(drop=True)
        for e in load(bench, cache)
        if not (e.twin or e.bare)
    }


def unseen_scores(
    sets: Mapping[str, pd.DataFrame], signals: Sequence[str]
) -> dict[str, Reals]:
    """Return each data set's scores by weights fitted on the others."""
    lessons = {name: lesson(pairs, signals) for name, pairs in sets.items()}
    found = {}
    for name, pairs in sets.items():
        others = [known for other, known in lessons.items() if known and other != name]
        found[name] = pair_scores(pairs, {"ranker": fit_ranker(others, signals)})
    return found


def among_best(row: Ints, right: Reals, score: Reals) -> tuple[float, float]:
    """Return top-1 and recall at 3 of a data set's rows."""
    place = rank_within(row, score.astype(np.float32))
    count = len(np.unique(row))
    hits = [float((right * (place <= k)).sum()) / count for k in (1, 3)]
    return hits[0], hits[1]


def figures(
    sets: Mapping[str, pd.DataFrame], signals: Sequence[str]
) -> tuple[float, float]:
    scores = unseen_scores(sets, signals)
    found = [
        among_best(pairs["old_row"].to_numpy(), pairs["right"].to_numpy(float), score)
        for pairs, score in zip(sets.values(), scores.values(), strict=True)
    ]
    top1, recall3 = np.mean(found, axis=0)
    return float(top1), float(recall3)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("bench", type=Path)
    parser.add_argument("--cache", type=Path)
    options = parser.parse_args()
    sets = declared_pairs(options.bench, options.cache)
    print(f"{'without':30s}  top-1  recall3")
    for label, group in GROUPS.items():
        left = tuple(name for name in SIGNALS if name not in group)
        print("{:30s}  {:.3f}  {:.3f}".format(label, *figures(sets, left)))


if __name__ == "__main__":
    main()
