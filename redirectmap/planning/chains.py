"""Follow redirects through redirects: chains, loops, and what is left of them.

Why a walk and not a graph library: every source has one target, so the graph is
a set of tails that end or run into one cycle. Each row is visited once, without
recursion: 100 000 hops in one tail cost as much as 100 000 single redirects.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, slots=True)
class Walk:
    """Where each row's redirects lead.

    Attributes:
        end: Row whose target is the last one; a row of the loop for loops.
        hops: Further redirects after the row's own.
        loop: Number of the loop the row is in or runs into, -1 for none.
        inside: The row is itself a member of the loop.
    """

    end: np.ndarray
    hops: np.ndarray
    loop: np.ndarray
    inside: np.ndarray

    def members(self, number: int) -> np.ndarray:
        """Return the rows of loop `number`, in the table's order."""
        return np.flatnonzero(self.inside & (self.loop == number))


def following(
    sources: Sequence[str | None] | pd.Series, targets: Sequence[str | None] | pd.Series
) -> np.ndarray:
    """Return for each row the row whose source is its target, -1 for none.

    Where a source stands twice, its first row counts.
    """
    known = pa.array(sources, type=pa.string(), from_pandas=True)
    wanted = pa.array(targets, type=pa.string(), from_pandas=True)
    found = pc.index_in(wanted, value_set=known, skip_nulls=True)
    rows: np.ndarray = found.fill_null(-1).to_numpy(zero_copy_only=False)
    return rows.astype(np.int64)


def walk(links: np.ndarray) -> Walk:
    """Walk from every row along `links` (row numbers, -1 where it ends)."""
    count = len(links)
    result = Walk(
        end=np.arange(count),
        hops=np.zeros(count, dtype=np.int64),
        loop=np.full(count, -1, dtype=np.int64),
        inside=np.zeros(count, dtype=bool),
    )
    step = links.tolist()
    seen = bytearray(count)
    loops = 0
    for start in np.flatnonzero(links >= 0).tolist():
        trail, node = _trail(start, step, seen)
        if node >= 0 and seen[node] == 1:
            cut = trail.index(node)
            members = trail[cut:]
            result.loop[members] = loops
            result.inside[members] = True
            loops += 1
            trail = trail[:cut]
            for member in members:
                seen[member] = 2
        _unwind(trail, step, result, seen)
    return result


def _trail(start: int, step: list[int], seen: bytearray) -> tuple[list[int], int]:
    trail: list[int] = []
    node = start
    while node >= 0 and not seen[node]:
        seen[node] = 1
        trail.append(node)
        node = step[node]
    return trail, node


def _unwind(trail: list[int], step: list[int], walk: Walk, seen: bytearray) -> None:
    for node in reversed(trail):
        after = step[node]
        if after >= 0:
            walk.end[node] = walk.end[after]
            walk.hops[node] = walk.hops[after] + 1
            walk.loop[node] = walk.loop[after]
        seen[node] = 2


def trail_of(start: int, links: np.ndarray, *, limit: int = 12) -> list[int]:
    """Return the rows from `start` on, at most `limit`, the loop closed once."""
    trail = [start]
    while (node := int(links[trail[-1]])) >= 0 and len(trail) < limit:
        if node in trail:
            trail.append(node)
            break
        trail.append(node)
    return trail


def flatten(rules: Sequence[tuple[str, str]]) -> list[tuple[str, str | None]]:
    """Return each source with its final target, None for what runs into a loop.

    Sources and targets are compared as they are spelled; pass keys.
    """
    sources = [source for source, _ in rules]
    targets = [target for _, target in rules]
    walked = walk(following(sources, targets))
    return [
        (source, None if walked.loop[row] >= 0 else targets[walked.end[row]])
        for row, source in enumerate(sources)
    ]
