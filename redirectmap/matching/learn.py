"""Learn from what a person decided on this very site where other rows go.

Every decision votes: for the pages of the same folders, for those with a name
like its own, for those that were proposed the same wrong page. A vote is for the
page that was chosen, and a little for the folder it lies in. What votes are worth
was fitted on reviews of other sites; the decisions of this site then move these
weights, each decided row judged by the votes of the others. The shipped model's
own confidence is one voice among these, so that no decision changes nothing.

Cost    linear in rows and candidates: about 2 s of numpy for 100 000 rows.
Reads   old URLs, names, the plan's proposals, candidates, the decisions.
Writes  for each open row its candidates with a new probability.
Bounds  proposes only candidates and pages that some decision has named or moved to.
Source  soft votes as matching.votes; MAP estimate of a conditional logit: Train,
        "Discrete Choice Methods with Simulation", 2009, ch. 3.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from redirectmap.matching.learn_site import GONE, LEAST, Site
from redirectmap.matching.learn_votes import Bools, Options, options_of, spoken_for
from redirectmap.matching.votes import Reals
from redirectmap.signals.words import Ints

__all__ = ["GONE", "Options", "Site", "judge", "moved", "options_of", "spoken_for"]
PRIOR = (1.47, 1.4, 3.06, 1.25, 0.07, 0.4, 1.73, -5.9, -0.55, 0.98, 1.0)
STRENGTH = (*(0.1,) * 8, *(10.0,) * 3)
_TEACHERS = 1_000
_LOUDER = 10.0
_LEAST_MOVED = 0.3


def judge(
    site: Site,
    decided: Mapping[str, str | None],
    among: Bools | None = None,
    weights: Sequence[float] = PRIOR,
) -> Options:
    """Judge rows in the light of the decisions.

    Args:
        site: The rows.
        decided: Target by old URL, None for gone; the latest last.
        among: Which rows are to be judged; all where not given.
        weights: What the votes are worth before this site has said anything.

    Returns:
        The options of these rows and of the decided ones, which are judged by the
        votes of the others.
    """
    known = [(u, t) for u, t in decided.items() if u in site.place][-_TEACHERS:]
    rows = np.array([site.place[url] for url, _ in known], dtype=np.int64)
    targets = np.array([site.target(target) for _, target in known], dtype=np.int64)
    options = options_of(site, rows, targets, among)
    found = fit(lessons(options, rows, targets), weights)
    return replace(options, chance=chances(options, found))


def moved(site: Site, options: Options) -> Bools:
    """Tell which options take the place of their row's proposal.

    A row's best option does where the votes speak for it much louder than the
    model speaks for its own. On eleven real migrations with known answers hardly
    any right row was lost at this bound, and more rows were lost below it.
    """
    there = np.where(options.target >= 0, options.chance, 0.0)
    start = _starts(options.row)
    best, own = np.zeros((2, len(site.first)))
    best[options.row[start]] = np.maximum.reduceat(there, start)
    is_own = options.target == site.first[options.row]
    own[options.row[is_own]] = there[is_own]
    odds = there / np.maximum(1 - there, LEAST)
    sure = site.sure[options.row]
    louder = odds >= _LOUDER * sure / (1 - sure)
    louder &= there >= np.maximum(_LEAST_MOVED, 2 * own[options.row])
    found: Bools = louder & (there == best[options.row]) & ~is_own
    return found


@dataclass(frozen=True, slots=True)
class Lessons:
    """Decided rows as examples: inputs of all options, where rows begin, the answer."""

    inputs: Reals
    start: Ints
    right: Ints


def lessons(options: Options, rows: Ints, targets: Ints) -> Lessons:
    """Return some rows as examples, each with the option that is right."""
    answer = np.full(int(options.row.max(initial=0)) + 1, -2)
    answer[rows] = targets
    kept = answer[options.row] > -2
    row, target = options.row[kept], options.target[kept]
    start = _starts(row)
    end = np.r_[start[1:], len(row)]
    right = end - 1  # none of these
    hit = np.flatnonzero(target == answer[row])
    right[np.searchsorted(start, hit, side="right") - 1] = hit
    return Lessons(options.inputs[kept], start, right)


def fit(
    lessons: Lessons,
    weights: Sequence[float],
    strength: Sequence[float] = STRENGTH,
    each: Reals | None = None,
) -> Reals:
    """Return the likeliest weights, given what they were before.

    Args:
        lessons: The examples.
        weights: Mean of the prior.
        strength: Its precision.
        each: Weight of each example; 1 where not given.
    """
    mean, ridge = np.array(weights, dtype=float), np.array(strength)
    if not len(lessons.start):
        return mean
    from scipy.optimize import minimize  # half a second to import

    inputs, start, right = lessons.inputs, lessons.start, lessons.right
    weight = np.ones(len(start)) if each is None else each
    size = np.diff(np.r_[start, len(inputs)])

    def loss(w: Reals) -> tuple[float, Reals]:
        odds = inputs @ w
        odds -= np.repeat(np.maximum.reduceat(odds, start), size)
        chance = np.exp(odds)
        total = np.add.reduceat(chance, start)
        chance *= np.repeat(weight / total, size)
        value = (weight * (np.log(total) - odds[right])).sum()
        slope = chance @ inputs - weight @ inputs[right]
        return float(value + (ridge * (w - mean) ** 2).sum() / 2), slope + ridge * (
            w - mean
        )

    found: Reals = minimize(loss, mean, jac=True, method="L-BFGS-B").x
    return found


def chances(options: Options, weights: Reals) -> Reals:
    """Return the probability of each option; a row's add up to 1."""
    odds = options.inputs @ weights
    start = _starts(options.row)
    size = np.diff(np.r_[start, len(odds)])
    odds = np.exp(odds - np.repeat(np.maximum.reduceat(odds, start), size))
    share: Reals = odds / np.repeat(np.add.reduceat(odds, start), size)
    return share


def _starts(row: Ints) -> Ints:
    """Return where each row's options begin."""
    return np.flatnonzero(np.r_[True, row[1:] != row[:-1]][: len(row)])
