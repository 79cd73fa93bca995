"""What the decisions so far say about the rows still open.

Holds the plan's scores and what `matching.learn` makes of them. Judged anew are
the open rows most at risk; only where the decisions clearly speak for another
page is that one proposed instead.

Cost    as `matching.learn` for the rows judged; memory of the scores.
Reads   the plan's rows and scores, the decisions, the new site's URLs.
Writes  candidates of a row, and the rows whose proposal moved.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from redirectmap.matching.learn import (
    GONE,
    PRIOR,
    Options,
    Site,
    judge,
    moved,
    spoken_for,
)
from redirectmap.matching.learn_votes import FEATURES
from redirectmap.matching.reasons import reason
from redirectmap.planning.decisions import Decision
from redirectmap.signals.words import Ints
from redirectmap.web.desk import Desk, how_sure

_JUDGED = 20_000
_CANDIDATES = 9
_NEWCOMER = FEATURES.index("newcomer")
Cells = dict[str, Any]


class Learner:
    """Judges one plan's candidates in the light of its decisions.

    Args:
        desk: The rows.
        scores: The plan's scores.parquet, or the table of it.
        new_urls: The live pages of the new site.
        weights: What votes are worth before this site has said anything.
    """

    def __init__(
        self,
        desk: Desk,
        scores: Path | pa.Table,
        new_urls: Sequence[str] = (),
        weights: Sequence[float] = PRIOR,
    ) -> None:
        self.weights = weights
        keys = ["old_url", "new_url"]
        self.scores = (
            pq.read_table(scores, read_dictionary=keys)
            if isinstance(scores, Path)
            else scores
        )
        planned = desk.planned
        both = zip(planned["action"], planned["new_url"], strict=True)
        said = zip(planned["action"], planned["confidence"], strict=True)
        sure = np.array([how_sure(*cells) for cells in said], dtype=float)
        pairs = self.scores.select([*keys, "probability"]).to_pandas()
        self.site = Site(
            desk.urls,
            desk.cells["old_title"],
            [None if action == "gone" else url for action, url in both],
            sure,
            pairs,
            new_urls,
        )
        matched = np.array([desk.origin(row) == "match" for row in range(len(sure))])
        self._risk = desk.value * (1 - self.site.sure) * matched
        self._place_pairs(pairs["old_url"])
        self._options: Options | None = None
        self._moved: frozenset[str] = frozenset()

    def _place_pairs(self, old: pd.Series) -> None:
        """Remember where each row's candidates are in the scores."""
        codes, urls = pd.factorize(old)
        self._order = np.argsort(codes, kind="stable")
        ends = np.cumsum(np.bincount(codes, minlength=len(urls)))
        starts = np.r_[0, ends][: len(urls)]
        both = zip(starts.tolist(), ends.tolist(), strict=True)
        self._at = dict(zip(map(str, urls), both, strict=True))

    def learn(self, decisions: Mapping[str, Decision]) -> dict[str, Cells]:
        """Take in all decisions; return the proposals that moved, by old URL."""
        taught = {
            url: None if made.action == "gone" else made.new_url
            for url, made in decisions.items()
            if made.action in {"redirect", "keep", "gone"}
        }
        if not taught:
            self._options, self._moved = None, frozenset()
            return {}
        options = judge(self.site, taught, self._among(), self.weights)
        self._options = options
        best = np.flatnonzero(moved(self.site, options))
        rows = self._urls(options.row[best])
        self._moved = frozenset(rows)
        return {
            url: self._proposal(options, place)
            for url, place in zip(rows, best.tolist(), strict=True)
            if url not in taught
        }

    def _among(self) -> Any:  # noqa: ANN401
        among = np.zeros(len(self._risk), dtype=bool)
        most = min(_JUDGED, len(among))
        among[np.argpartition(-self._risk, most - 1)[:most]] = True
        return among & (self._risk > 0)

    def _urls(self, rows: Ints) -> list[str]:
        names = list(self.site.place)
        return [names[row] for row in rows.tolist()]

    def _proposal(self, options: Options, place: int) -> Cells:
        target, chance = int(options.target[place]), float(options.chance[place])
        return {
            "action": "gone" if target == GONE else "review",
            "new_url": self.site.urls[target],
            "confidence": chance,
            "margin": None,
            "reason": spoken_for(options.inputs[place]),
        }

    def candidates(self, url: str) -> list[Cells] | None:
        """Return a row's candidates, best first; None where there are no scores."""
        if url not in self._at and self._options is None:
            return None
        scored = self._scored(url)
        learned = self._learned(url)
        found = [
            {
                "url": row["new_url"],
                "probability": learned.pop(row["new_url"], (row["probability"], ""))[0],
                "reason": reason(row),
            }
            for row in scored
        ]
        found += [
            {"url": target, "probability": chance, "reason": why}
            for target, (chance, why) in learned.items()
        ]
        return sorted(found, key=lambda one: -one["probability"])[:_CANDIDATES]

    def _scored(self, url: str) -> list[Cells]:
        start, end = self._at.get(url, (0, 0))
        rows = self.scores.take(self._order[start:end]).to_pylist()
        return sorted(rows, key=lambda row: row["rank"])

    def _learned(self, url: str) -> dict[str, tuple[float, str]]:
        """Return what learning says of a moved row, and of pages new to any row."""
        options = self._options
        if options is None:
            return {}
        row = self.site.place[url]
        start, end = np.searchsorted(options.row, [row, row + 1]).tolist()
        return {
            page: (float(options.chance[place]), spoken_for(options.inputs[place]))
            for place in range(start, end)
            if (page := self._page(int(options.target[place])))
            and (url in self._moved or options.inputs[place, _NEWCOMER])
        }

    def _page(self, target: int) -> str | None:
        return self.site.urls[target] if target > GONE else None

    def best(self, url: str) -> Cells:
        """Return what the model alone would propose, for a person to look at."""
        rows = self._scored(url)
        if not rows:
            return {"new_url": None, "reason": "open again"}
        first = rows[0]
        return {
            "new_url": first["new_url"],
            "confidence": float(first["probability"]),
            "margin": float(first["margin"]),
            "reason": reason(first),
        }
