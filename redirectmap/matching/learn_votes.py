"""Let the decided rows vote: for every option of a row, what speaks for it.

Voters are the pages of the same folders, those with a name like the row's, and
those that were wrongly proposed the same page. A page never votes for itself, so
that decided rows can be judged by the votes of the others.

Cost    linear in the rows judged and their candidates.
Reads   the site, the decisions.
Writes  one row of inputs per option.
Bounds  a row hears of at most three pages from each group of voters.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from redirectmap.matching.candidates import Pairs
from redirectmap.matching.learn_site import Site
from redirectmap.matching.votes import Reals, Sums, Votes, backed_off_share
from redirectmap.signals.words import Ints

Bools = NDArray[np.bool_]
FEATURES = (
    *("folder", "agreed", "name", "same_wrong", "chosen_before", "target_folder"),
    *("moved", "newcomer", "nothing", "model", "model_nothing"),
)
VOTES = 4  # of these features the first are votes for the very page
_VOICES = {
    "folder": "pages of its folder went there",
    "agreed": "its folder's decisions agree on it",
    "name": "pages of a like name went there",
    "same_wrong": "pages with the same wrong proposal went there",
    "moved": "its folder moved there, and there is a page of its name",
}
_HEARD = 0.2
_NEAR = 6
_NAME_WIDTH = 0.1
_NAME_NEAR = 0.6
_TOP = 3
_BLOCK = 4_000


@dataclass(frozen=True, slots=True)
class Options:
    """What each row may become; arrays of one length, sorted by row.

    Attributes:
        row: Number of the old page.
        target: Number of the new page, `GONE`, or -1 for "none of these".
        inputs: Shape (options, FEATURES).
        chance: Probability, 0 to 1; a row's options add up to 1.
    """

    row: Ints
    target: Ints
    inputs: Reals
    chance: Reals


def options_of(
    site: Site, rows: Ints, targets: Ints, among: Bools | None = None
) -> Options:
    """Return all options with what speaks for each; the decisions of `rows` vote."""
    judged = np.ones(len(site.first), dtype=bool) if among is None else among.copy()
    judged[rows] = True
    judged = np.flatnonzero(judged)
    near = _nearest(site, rows, judged)
    row, target, base = _with_named(site, rows, targets, near, judged)
    new = np.isnan(base)
    votes = Votes(rows, targets, np.ones(len(rows)))
    inputs = np.zeros((len(row), len(FEATURES)))
    inputs[:, 0] = np.nan_to_num(backed_off_share(site.levels, votes, row, target))
    inputs[:, 1] = _agreed(site, votes, row, target)
    inputs[:, 2] = _by_name(site, votes, near, row, target)
    inputs[:, 3] = _same_wrong(site, votes, row, target)
    inputs[:, 4] = np.log1p(_others(votes, row, target))
    folder, name = site.new_pages()
    moved = Votes(rows, folder[targets], votes.weight)
    inputs[:, 5] = np.nan_to_num(
        backed_off_share(site.levels, moved, row, folder[target])
    )
    inputs[:, 6] = inputs[:, 5] * (name[target] == site.own_name[row])
    inputs[:, 7] = new
    known = ~new
    inputs[known, 9] = np.log(base[known])
    heard = known | (inputs[:, :VOTES] > 0).any(axis=1) | (inputs[:, 5] > 0)
    none = np.zeros((len(judged), len(FEATURES)))
    none[:, 8] = 1
    none[:, 10] = np.log(site.nothing[judged])
    return _closed((row[heard], target[heard], inputs[heard]), judged, none)


def _closed(options: tuple[Ints, Ints, Reals], judged: Ints, none: Reals) -> Options:
    """Add "none of these" to each row; sort by row."""
    row, target, inputs = options
    all_rows = np.r_[row, judged]
    order = np.argsort(all_rows, kind="stable")
    return Options(
        all_rows[order],
        np.r_[target, np.full(len(judged), -1)][order],
        np.concatenate([inputs, none])[order],
        np.zeros(len(order)),
    )


def _nearest(site: Site, rows: Ints, judged: Ints) -> tuple[Ints, Ints, Reals]:
    """Return (page, decided page, weight) of the decided pages of nearest name."""
    if not len(rows):
        return rows, rows, np.zeros(0)
    parts = []
    taught = site.names[rows].T
    most = min(_NEAR, len(rows))
    for start in range(0, len(judged), _BLOCK):
        here = judged[start : start + _BLOCK]
        likeness = site.names[here] @ taught
        likeness[here[:, None] == rows[None, :]] = -1
        best = np.argpartition(-likeness, most - 1, axis=1)[:, :most]
        value = np.take_along_axis(likeness, best, axis=1).ravel()
        page, teacher = np.repeat(here, most), rows[best].ravel()
        kept = value > _NAME_NEAR - 2 * _NAME_WIDTH
        parts.append((page[kept], teacher[kept], value[kept]))
    page, teacher, value = (np.concatenate(part) for part in zip(*parts, strict=True))
    weight: Reals = np.exp((value.astype(float) - 1) / _NAME_WIDTH)
    return page, teacher, weight


def _with_named(
    site: Site,
    rows: Ints,
    targets: Ints,
    near: tuple[Ints, Ints, Reals],
    judged: Ints,
) -> tuple[Ints, Ints, Reals]:
    """Return the candidates, and the pages that decisions around a row name.

    The latter have NaN for the model's probability.
    """
    answer = np.full(len(site.first), -1)
    answer[rows] = targets
    pairs = [(near[0], answer[near[1]])]
    wrong = site.first[rows] != targets
    groups = [(site.first[rows[wrong]], targets[wrong], site.first)]
    groups += [(level[rows], targets, level) for level in site.levels.T[1:]]
    for voter, target, group in groups:
        pairs.append(_spread(voter, target, group[judged], judged))
    pairs.append(_same_name(site, rows, targets, judged))
    width = len(site.urls)
    meant = np.zeros(len(site.first), dtype=bool)
    meant[judged] = True
    mine = meant[site.row]
    row, option, base = site.row[mine], site.option[mine], site.chance[mine]
    fresh = np.concatenate([r * width + t for r, t in pairs])
    fresh = _without(fresh, row * width + option)
    none = np.full(len(fresh), np.nan)
    return (np.r_[row, fresh // width], np.r_[option, fresh % width], np.r_[base, none])


def _without(keys: Ints, known: Ints) -> Ints:
    """Return each key once that is not known, sorted.

    By sorting: numpy's own set functions keep other threads from running.
    """
    keys, known = np.sort(keys), np.sort(known)
    keys = keys[np.r_[True, keys[1:] != keys[:-1]][: len(keys)]]
    at = np.minimum(np.searchsorted(known, keys), len(known) - 1)
    fresh: Ints = keys[known[at] != keys]
    return fresh


def _same_name(site: Site, rows: Ints, targets: Ints, judged: Ints) -> Pairs:
    """Pair pages with those of their name in the folders that decisions lead to."""
    folder, name = site.new_pages()
    pairs = [
        _spread(level[rows], folder[targets], level[judged], judged)
        for level in site.levels.T[1:]
    ]
    row, to = (np.concatenate(part) for part in zip(*pairs, strict=True))
    width = int(max(name.max(), site.own_name.max())) + 2
    order = np.argsort(folder * width + name, kind="stable")
    keys = (folder * width + name)[order]
    asked = to * width + site.own_name[row]
    at = np.minimum(np.searchsorted(keys, asked), len(keys) - 1)
    there = keys[at] == asked
    return row[there], order[at[there]]


def _spread(voter: Ints, target: Ints, group: Ints, judged: Ints) -> Pairs:
    """Pair every page of a group with the targets its decided pages name most."""
    said = pd.DataFrame({"group": voter, "target": target})
    said = said[said["group"] >= 0].value_counts().reset_index()
    top = said[said.groupby("group").cumcount() < _TOP]
    members = pd.DataFrame({"row": judged, "group": group})
    both = members.merge(top, on="group")
    return both["row"].to_numpy(np.int64), both["target"].to_numpy(np.int64)


def _others(votes: Votes, row: Ints, target: Ints) -> Reals:
    """Return how many other rows were decided for each option's page."""
    size = int(max(target.max(initial=0), votes.target.max(initial=0))) + 1
    total = np.bincount(votes.target, votes.weight, size)[target]
    return total - Sums(votes.row, votes.target, votes.weight)(row, target)


def _agreed(site: Site, votes: Votes, row: Ints, target: Ints) -> Reals:
    """Return how much a folder's decisions agree on a page, two or more of them."""
    own = Sums(votes.row, votes.target, votes.weight)(row, target)
    cast = np.bincount(votes.row, votes.weight, len(site.first))
    best = np.zeros(len(row))
    for level in site.levels.T[1:]:
        there = level[votes.row] >= 0
        group = level[votes.row[there]]
        sums = Sums(group, votes.target[there], votes.weight[there])
        totals = np.bincount(group, minlength=int(site.levels.max()) + 1)
        asked = np.maximum(level[row], 0)
        used = level[row] >= 0
        here = np.where(used, sums(asked, target) - own, 0)
        total = np.where(used, totals[asked] - cast[row], 0)
        share = np.where(here >= 2, here / (total + 0.5), 0.0) ** 2
        best = np.maximum(np.where(used, best * 0.8, best), share)
    return best


def _by_name(
    site: Site,
    votes: Votes,
    near: tuple[Ints, Ints, Reals],
    row: Ints,
    target: Ints,
) -> Reals:
    """Return the share of the decided pages of like name that went to each option."""
    page, teacher, weight = near
    answer = np.zeros(len(site.first), dtype=np.int64)
    answer[votes.row] = votes.target
    here = Sums(page, answer[teacher], weight)(row, target)
    neutral = np.exp((_NAME_NEAR - 1) / _NAME_WIDTH)
    share: Reals = here / (np.bincount(page, weight, len(site.first))[row] + neutral)
    return share


def _same_wrong(site: Site, votes: Votes, row: Ints, target: Ints) -> Reals:
    """Return where the rows went that were wrongly proposed the same page."""
    wrong = site.first[votes.row] != votes.target
    said, voter = votes.target[wrong], votes.row[wrong]
    ones = np.ones(len(said))
    group = site.first[voter]
    own = Sums(voter, said, ones)(row, target)
    cast = np.bincount(voter, minlength=len(site.first))[row]
    totals = np.bincount(group, minlength=len(site.urls))[site.first[row]] - cast
    here = Sums(group, said, ones)(site.first[row], target) - own
    share: Reals = here / (totals + 1)
    return share


def spoken_for(inputs: Reals) -> str:
    """Return in a line which votes speak for an option, the loudest first."""
    voices = {FEATURES.index(name): text for name, text in _VOICES.items()}
    loud = sorted(voices, key=lambda place: -inputs[place])
    heard = [voices[place] for place in loud if inputs[place] >= _HEARD]
    return "decisions: " + ", ".join(heard or ["a person chose it for others"])
