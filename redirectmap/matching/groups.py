"""Propose what a page's neighbours tell: merges, catch-all pages, moved folders.

When a page has no equal of its own it usually went to the page above one that
is like it, to the page where its folder's other pages went, or to some page of
the folder that took its folder in.

Cost    linear in the pairs; a folder's pages are compared with at most as many
        names as `_PRODUCT` allows.
Reads   first candidates with their soft share.
Writes  further pairs.
Bounds  folders that went to more than two places are followed to those two.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from redirectmap.matching.candidates import Pairs, rank_within, top_per_row
from redirectmap.matching.evidence import Evidence
from redirectmap.matching.vector_store import Halves
from redirectmap.matching.votes import Reals, ancestors, climb, folder_levels
from redirectmap.signals.words import Ints

_CLIMBED = 8
_FOLDERS_OF_FOLDER = 2
_LEAST_VOTES = 0.5
_SMALL_FOLDER = 64
_PRODUCT = 4_000_000
_WHOLE = 60_000


class _Most(NamedTuple):
    """How many pages a folder's votes, and its other folder's names, propose."""

    pages: int
    names: int


_USUALLY = _Most(pages=5, names=8)
_ON_LARGE = _Most(pages=2, names=3)


def group_candidates(e: Evidence, rows: Ints, columns: Ints, share: Reals) -> Pairs:
    """Return pairs that the neighbours of each old page speak for.

    Args:
        e: Both sites.
        rows: Old page of each candidate pair.
        columns: New page of each.
        share: As `votes.soft_choice`.
    """
    best = top_per_row(rows, share.astype(np.float32), _CLIMBED)
    pair, above = climb(columns[best], ancestors(e.new.fields.path))
    up_rows, up_share = rows[best][pair], share[best][pair] / 2
    parts = [(up_rows, above)]
    pages = np.r_[rows, up_rows], np.r_[columns, above], np.r_[share, up_share]
    folder_of = {name: i for i, name in enumerate(dict.fromkeys(e.new.fields.folder))}
    folder = np.array([folder_of[name] for name in e.new.fields.folder], dtype=np.int64)
    most = _ON_LARGE if e.large else _USUALLY
    inside, moved = _grouped(folder), []
    for level in _two_deepest(folder_levels(e.old.fields.path)):
        members = _grouped(level)
        for group, page in _most_voted(level, *pages, most.pages):
            parts.append((members[group], np.full(len(members[group]), page)))
        went = _most_voted(level, rows, folder[columns], share, _FOLDERS_OF_FOLDER)
        moved += [(members[group], inside[number]) for group, number in went]
    names = [side.names for side in (e.old, e.new)]
    parts += [_inside(names, *folders, most.names) for folders in moved]
    return np.concatenate([r for r, _ in parts]), np.concatenate([c for _, c in parts])


def _two_deepest(levels: Ints) -> tuple[Ints, Ints]:
    depth = (levels >= 0).sum(axis=1) - 1
    every = np.arange(len(levels))
    return levels[every, depth], levels[every, np.maximum(depth - 1, 0)]


def _grouped(numbers: Ints) -> dict[int, Ints]:
    found: dict[int, list[int]] = defaultdict(list)
    for row, number in enumerate(numbers.tolist()):
        found[number].append(row)
    return {number: np.array(rows, dtype=np.int64) for number, rows in found.items()}


def _most_voted(
    level: Ints, rows: Ints, targets: Ints, weight: Reals, most: int
) -> Iterator[tuple[int, int]]:
    """Yield (old folder, target) for each folder's targets with the most votes."""
    width = int(targets.max(initial=0)) + 1
    keys, place = np.unique(level[rows] * width + targets, return_inverse=True)
    total = np.bincount(place, weight, len(keys))
    group = keys // width
    kept = rank_within(group, total.astype(np.float32)) <= most
    kept &= total > _LEAST_VOTES
    yield from zip(group[kept].tolist(), (keys % width)[kept].tolist(), strict=True)


def _inside(names: Sequence[Halves], rows: Ints, columns: Ints, most: int) -> Pairs:
    """Pair a folder's pages with the pages, or the nearest names, of another."""
    size = len(rows) * len(columns)
    if len(columns) <= _SMALL_FOLDER and size <= _WHOLE:
        return np.repeat(rows, len(columns)), np.tile(columns, len(rows))
    if size > _PRODUCT:
        return rows[:0], columns[:0]
    left, right = (
        side[pages].astype(np.float32)
        for side, pages in zip(names, (rows, columns), strict=True)
    )
    likeness = left @ right.T
    most = min(most, likeness.shape[1])
    best = np.argpartition(-likeness, most - 1, axis=1)[:, :most]
    return np.repeat(rows, best.shape[1]), columns[best].ravel()
