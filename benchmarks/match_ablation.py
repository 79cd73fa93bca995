"""Print what each group of signals adds to the ranker.

    python benchmarks/match_ablation.py BENCH --cache FOLDER

The ranker is fitted again without the group, leaving out the data set in
question each time; macro top-1 and recall at 3 over the data sets with text, of
declared rows that have a candidate, before the global assignment.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from redirectmap.matching.candidates import rank_within
from redirectmap.matching.features import NINE
from redirectmap.matching.ranker import SIGNALS, fit_ranker, lesson
from redirectmap.matching.scoring import pair_scores
from redirectmap.matching.second import SECOND
from redirectmap.matching.train import Example, load

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


def figures(examples: Sequence[Example], signals: Sequence[str]) -> tuple[float, float]:
    lessons = {e.name: lesson(e.pairs, signals) for e in examples}
    found = []
    for example in examples:
        used = [known for n, known in lessons.items() if known and n != example.name]
        score = pair_scores(example.pairs, {"ranker": fit_ranker(used, signals)})
        rows = example.pairs["old_row"].to_numpy()
        place = rank_within(rows, score.astype(np.float32))
        right = example.pairs["right"].to_numpy(bool)
        count = len(np.unique(rows))
        found.append([(right & (place <= k)).sum() / count for k in (1, 3)])
    top1, recall3 = np.mean(found, axis=0)
    return float(top1), float(recall3)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("bench", type=Path)
    parser.add_argument("--cache", type=Path)
    options = parser.parse_args()
    examples = [
        Example(
            e.name,
            e.twin,
            e.pairs[e.pairs["what"] == "declared"].reset_index(drop=True),
        )
        for e in load(options.bench, options.cache)
        if not (e.twin or e.bare)
    ]
    print(f"{'without':30s}  top-1  recall3")
    for label, group in GROUPS.items():
        left = tuple(name for name in SIGNALS if name not in group)
        print("{:30s}  {:.3f}  {:.3f}".format(label, *figures(examples, left)))


if __name__ == "__main__":
    main()
