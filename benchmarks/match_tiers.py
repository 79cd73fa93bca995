"""Print what each tier of embeddings adds to the ranking.

    python benchmarks/match_tiers.py BENCH --cache FOLDER

No embeddings at all; the shipped static model, as planned with; and after it MiniLM,
where the static tier's best candidate has less than `--unsure`: cosines of title and
slug, of title, headings and text, or both, for the ten candidates of such a row,
their weights fitted on the other data sets' rows. Each data set is ranked by weights
that have not seen it; macro top-1 and recall at 3 of declared rows that have a
candidate, before the global assignment. Vectors are kept between runs
(REDIRECTMAP_CACHE names the folder); the first run takes minutes.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from match_ablation import among_best, declared_pairs, unseen_scores
from scipy.optimize import minimize

from redirectmap.matching.candidates import rank_within
from redirectmap.matching.embeddings import embed
from redirectmap.matching.ranker import SIGNALS
from redirectmap.matching.train import read_tables
from redirectmap.matching.votes import Reals, shares
from redirectmap.signals.words import Ints

MEANINGS = ("embedding", "name_embedding", "meaning", "name_meaning")
SAID = {
    "name": lambda page: f"{_text(page, 'title')} {_slug(page['url'])}",
    "about": lambda page: " ".join(
        [_text(page, "title"), *_lines(page), _text(page, "text")]
    )[:1200],
}
_CANDIDATES = 10
_RIDGE = 1e-3


@dataclass(frozen=True, slots=True)
class Ranked:
    """One data set's candidates under weights that have not seen it.

    Attributes:
        row: Number of the old page of each pair, ascending.
        right: Whether the pair is the declared one.
        score: Log-odds by the static tier.
        said: MiniLM cosines less the mean of their row; 0 where the row is sure.
    """

    row: Ints
    right: Reals
    score: Reals
    said: Reals

    def figures(self, score: Reals) -> tuple[float, float]:
        """Return top-1 and recall at 3."""
        return among_best(self.row, self.right, score)


def _text(page: pd.Series, name: str) -> str:
    return page[name] if isinstance(page.get(name), str) else ""


def _lines(page: pd.Series) -> list[str]:
    lines = page.get("headings")
    return list(lines)[:12] if isinstance(lines, list) else []


def _slug(url: str) -> str:
    return url.rstrip("/").rpartition("/")[2].replace("-", " ").replace("_", " ")


def cosines(pairs: pd.DataFrame, folder: Path) -> Reals:
    """Return MiniLM's cosines of the pairs, one column per way to say a page."""
    sites = [read_tables(folder / f"{s}.jsonl.gz").pages for s in ("old", "new")]
    found = []
    for said in SAID.values():
        sides = []
        for pages, column in zip(sites, ("old_row", "new_row"), strict=True):
            used, place = np.unique(pairs[column], return_inverse=True)
            texts = [said(pages.iloc[row]) or " " for row in used]
            sides.append(embed(texts, "minilm")[place])
        found.append(np.einsum("ij,ij->i", *sides))
    return np.stack(found, axis=1).astype(float)


def ranked(pairs: pd.DataFrame, score: Reals, folder: Path, unsure: float) -> Ranked:
    rows = pairs["old_row"].to_numpy()
    kept = rank_within(rows, score.astype(np.float32)) <= _CANDIDATES
    pairs, score, rows = pairs[kept], score[kept], rows[kept]
    row = np.unique(rows, return_inverse=True)[1]
    best = np.zeros(row.max() + 1)
    np.maximum.at(best, row, shares(rows, score))
    asked = best[row] < unsure
    said = np.zeros((len(pairs), len(SAID)))
    if asked.any():
        raw, part = cosines(pairs[asked], folder), row[asked]
        size = np.maximum(np.bincount(part, minlength=len(best)), 1)
        mean = [np.bincount(part, c, len(best)) / size for c in raw.T]
        said[asked] = raw - np.stack(mean, axis=1)[part]
    return Ranked(row, pairs["right"].to_numpy(float), score, said)


def weights(lessons: Sequence[Ranked], ways: Sequence[int]) -> Reals:
    """Fit what the cosines count beside the static score."""

    def loss(at: Reals) -> float:
        total = _RIDGE * float(at @ at) / 2
        for known in lessons:
            share = shares(known.row, known.score + known.said[:, ways] @ at)
            right = share[known.right == 1]
            total -= np.log(right).mean() * len(right) ** 0.5 / len(lessons)
        return total

    return np.asarray(minimize(loss, np.zeros(len(ways)), method="L-BFGS-B").x)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("bench", type=Path)
    parser.add_argument("--cache", type=Path)
    parser.add_argument("--unsure", type=float, default=0.8)
    asked = parser.parse_args()
    sets = declared_pairs(asked.bench, asked.cache)
    words = unseen_scores(sets, tuple(n for n in SIGNALS if n not in MEANINGS))
    static = unseen_scores(sets, SIGNALS)
    bench, unsure = asked.bench, asked.unsure
    plain = {n: ranked(p, words[n], bench / n, 0) for n, p in sets.items()}
    every = {n: ranked(p, static[n], bench / n, unsure) for n, p in sets.items()}
    share = np.mean([known.said.any(axis=1).mean() for known in every.values()])
    print(f"MiniLM asked for {share:.2f} of the pairs")
    show("no embeddings", {n: r.figures(r.score) for n, r in plain.items()})
    show("static", {n: r.figures(r.score) for n, r in every.items()})
    for label, ways in (("name", [0]), ("about", [1]), ("both", [0, 1])):
        show(f"static, then MiniLM: {label}", cascade(every, ways))


def cascade(
    every: Mapping[str, Ranked], ways: Sequence[int]
) -> dict[str, tuple[float, float]]:
    """Return the figures with MiniLM's cosines weighed as the other sets teach."""
    found = {}
    for name, own in every.items():
        others = [known for other, known in every.items() if other != name]
        found[name] = own.figures(own.score + own.said[:, ways] @ weights(others, ways))
    return found


def show(label: str, figures: Mapping[str, tuple[float, float]]) -> None:
    top1, recall3 = np.mean(list(figures.values()), axis=0)
    print(f"{label:28s} top-1 {top1:.3f}  recall at 3 {recall3:.3f}")
    print("   ", *(f"{name} {own[0]:.3f}" for name, own in figures.items()), flush=True)


if __name__ == "__main__":
    main()
