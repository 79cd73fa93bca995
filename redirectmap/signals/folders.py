"""Learn where folders went from sure pairs: `/blog/2019/x` to `/articles/x`.

Every sure pair votes for (old folder prefix, new folder prefix) at every depth.
A pair is then scored by the deepest old prefix that has votes: the smoothed
share that went where this new page is.

Cost    linear in the sure pairs and the pairs asked for.
Reads   paths, the sure pairs.
Writes  0 .. 1 per pair; NaN where no folder of the old page has a vote.
Bounds  a folder that was split by topic teaches only its share.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence

import numpy as np

from redirectmap.signals.words import Floats, Ints

_SMOOTHING = 1.0
_DEEPEST = 4


def prefixes(path: str) -> list[str]:
    """Return the folders above a path, deepest first, ending with the root."""
    parts = path.split("/")[:-1][:_DEEPEST]
    return ["/".join(parts[:n]) for n in range(len(parts), -1, -1)]


class FolderRules:
    """Votes of sure pairs for where a folder's pages went."""

    def __init__(
        self, old: Sequence[str], new: Sequence[str], rows: Ints, columns: Ints
    ) -> None:
        self._old, self._new = old, new
        self._votes: dict[str, Counter[str]] = defaultdict(Counter)
        self._total: Counter[str] = Counter()
        self._own: dict[int, str] = {}
        for row, column in zip(rows.tolist(), columns.tolist(), strict=True):
            target = new[column].rpartition("/")[0]
            self._own[row] = target
            for prefix in prefixes(old[row]):
                self._votes[prefix][target] += 1
                self._total[prefix] += 1

    def score(self, rows: Ints, columns: Ints) -> Floats:
        """Return the share of each old page's folder that went to the new page's.

        A sure pair's own vote does not count for itself.
        """
        out = np.full(len(rows), np.nan, dtype=np.float32)
        targets = [path.rpartition("/")[0] for path in self._new]
        ladders = {row: prefixes(self._old[row]) for row in set(rows.tolist())}
        for i, (row, column) in enumerate(
            zip(rows.tolist(), columns.tolist(), strict=True)
        ):
            out[i] = self._share(ladders[row], targets[column], self._own.get(row))
        return out

    def _share(self, ladder: list[str], target: str, own: str | None) -> float:
        share, known = 0.0, False
        for prefix in reversed(ladder):
            total = self._total[prefix] - (own is not None)
            if total <= 0:
                break
            votes = self._votes[prefix][target] - (own == target)
            share = (votes + _SMOOTHING * share) / (total + _SMOOTHING)
            known = True
        return share if known else float("nan")

    def moved(self, limit: int = 2) -> tuple[Ints, Ints]:
        """Propose the pages that the folder rules lead to, where they exist."""
        where = {path: column for column, path in enumerate(self._new)}
        pairs = [
            (row, where[path])
            for row, old in enumerate(self._old)
            for path in self._destinations(old, limit)
            if path in where
        ]
        both = np.array(pairs, dtype=np.int64).reshape(-1, 2)
        return both[:, 0], both[:, 1]

    def _destinations(self, path: str, limit: int) -> Iterator[str]:
        """Yield the same name in, and the front page of, each folder voted for."""
        name = path.rpartition("/")[2]
        for prefix in prefixes(path)[:2]:
            for target, _ in self._votes[prefix].most_common(limit):
                yield f"{target}/{name}".lstrip("/")
                yield target

    def groups(self, most: int) -> Iterator[tuple[Ints, Ints]]:
        """Yield old rows of a folder with the new rows of where most of it went.

        Args:
            most: Folders with more pages than this on either side are left out.
        """
        old, new = _by_folder(self._old), _by_folder(self._new)
        for folder in sorted(old):
            target = next(iter(self._votes[folder].most_common(1)), ("", 0))[0]
            both = old[folder], new.get(target, [])
            if self._votes[folder] and both[1] and max(map(len, both)) <= most:
                yield np.array(both[0]), np.array(both[1])


def _by_folder(paths: Sequence[str]) -> dict[str, list[int]]:
    found: dict[str, list[int]] = defaultdict(list)
    for row, path in enumerate(paths):
        found[path.rpartition("/")[0]].append(row)
    return found
