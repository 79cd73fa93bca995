"""A plan's rows as learning sees them: folders, names, proposals, candidates.

Cost    one vector and one path per old page.
Reads   old URLs, titles, the plan's proposals, the scores.
Writes  arrays, one entry per row or per candidate.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd

from redirectmap.matching.votes import Reals, folder_levels
from redirectmap.signals.pages import readable_path
from redirectmap.signals.words import Floats, Ints

GONE = 0
LEAST = 1e-4
MOST = 0.995


class Site:
    """A plan's rows as learning sees them.

    Args:
        old: Old URL of each row.
        names: What each old page is called, beside its address.
        proposed: Proposed new URL of each row; None where it is gone or has none.
        sure: Confidence in it, 0 to 1.
        scores: old_url, new_url, probability of further candidates.
        new: All live pages of the new site, for pages that moved by folder.
    """

    def __init__(
        self,
        old: Sequence[str],
        names: Sequence[str | None],
        proposed: Sequence[str | None],
        sure: Reals,
        scores: pd.DataFrame,
        new: Sequence[str] = (),
    ) -> None:
        self.place = {url: row for row, url in enumerate(old)}
        self.urls: list[str | None] = [None]
        self.number: dict[str | None, int] = {None: GONE}
        self._folders: list[int] = []
        self._names: list[int] = []
        self._folder_number: dict[str | None, int] = {}
        self._name_numbers: dict[str, int] = {}
        self.sure = np.clip(sure, LEAST, MOST)
        self.first = np.array([self.target(url) for url in proposed], dtype=np.int64)
        self.paths = [readable_path(url) for url in old]
        self.levels = folder_levels(self.paths)
        self.names = _named(self.paths, names)
        ends = [path.rpartition("/")[2] for path in self.paths]
        self.own_name = np.array([self._name_number(name) for name in ends])
        for url in new:
            self.target(url)
        self._candidates(scores)

    def target(self, url: str | None) -> int:
        """Return a new page's number; a page not seen before gets one."""
        found = self.number.get(url)
        if found is None:
            found = self.number[url] = len(self.urls)
            self.urls.append(url)
        return found

    def _candidates(self, scores: pd.DataFrame) -> None:
        """Keep each row's proposal and candidates with the model's probabilities."""
        row = _numbers(scores["old_url"], lambda url: self.place.get(url, -1))
        known = row >= 0
        row = row[known]
        target = _numbers(scores["new_url"], self.target)[known]
        chance = scores["probability"].to_numpy(float)[known]
        other = target != self.first[row]
        rows = np.arange(len(self.first))
        rest = np.bincount(row[other], chance[other], len(rows))
        room = np.minimum(1, (1 - self.sure) * MOST / np.maximum(rest, LEAST))
        self.row = np.r_[rows, row[other]]
        self.option = np.r_[self.first, target[other]]
        own = np.r_[self.sure, chance[other] * room[row[other]]]
        self.chance = np.maximum(own, LEAST)
        self.nothing = np.clip(1 - np.bincount(self.row, own), 0.02, 1.0)

    def new_pages(self) -> tuple[Ints, Ints]:
        """Return the numbers of each new page's folder and of its name."""
        for url in self.urls[len(self._folders) :]:
            folder, _, name = (
                readable_path(url).rpartition("/") if url else ("", "", "")
            )
            key = folder if url else None
            self._folders.append(
                self._folder_number.setdefault(key, len(self._folders))
            )
            self._names.append(self._name_number(name) if url else -1)
        return np.array(self._folders, dtype=np.int64), np.array(self._names)

    def _name_number(self, name: str) -> int:
        known = self._name_numbers
        return known.setdefault(name.casefold(), len(known))


def _numbers(column: pd.Series, number: Callable[[str], int]) -> Ints:
    """Return a number for each cell, asked for once per different text."""
    codes, texts = pd.factorize(column)
    return np.array([number(str(text)) for text in texts], dtype=np.int64)[codes]


def _named(paths: Sequence[str], names: Sequence[str | None]) -> Floats:
    """Return one vector per old page, of its path and title."""
    from redirectmap.matching.embeddings import embed

    texts = [
        f"{path.replace('/', ' ').replace('-', ' ')} {name or ''}"
        for path, name in zip(paths, names, strict=True)
    ]
    return embed(texts)
