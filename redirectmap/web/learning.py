"""What the decisions so far say about the rows still open.

The weights are the matcher's (`matching.learn`). Beside them, a page of the same
name in the folder where a row's neighbours went becomes a candidate, too, if the
new site has it: a rule that only a person's decisions show.

Cost    as `matching.learn`, and the comparison of the best pairs.
Reads   the plan's scores, the decisions, the new site's URLs.
Writes  what the tool would now propose, for the rows that change.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from redirectmap.matching.learn import rescore
from redirectmap.matching.reasons import reason
from redirectmap.matching.scoring import decide, proposals
from redirectmap.planning.decisions import Decision
from redirectmap.signals.folders import FolderRules
from redirectmap.signals.pages import readable_path

_NEWCOMER = 0.05
_KEY = ["old_url", "new_url"]


class Learner:
    """Judges one plan's candidates in the light of its decisions.

    Args:
        scores: The plan's scores, as the matcher gave them.
        new_urls: The live pages of the new site.
        values: Share of the value, by old URL.
        max_error: The error budget.
    """

    def __init__(
        self,
        scores: pd.DataFrame,
        new_urls: Sequence[str],
        values: pd.Series,
        max_error: float,
    ) -> None:
        self.scores = scores
        self.values = values
        self.max_error = max_error
        self.old = pd.unique(scores["old_url"]).tolist()
        self.new = list(dict.fromkeys([*scores["new_url"], *new_urls]))
        self._old_paths = [readable_path(url) for url in self.old]
        self._new_paths = [readable_path(url) for url in self.new]

    def judged(self, decisions: Mapping[str, Decision]) -> pd.DataFrame:
        """Return all candidates, judged anew; as they were without a decision."""
        table = decided(decisions)
        if table.empty:
            return self.scores
        return rescore(self._with_moved(table), table, values=self.values)

    def proposed(self, judged: pd.DataFrame) -> pd.DataFrame:
        """Return what the tool proposes: index old_url, the cells of a plan."""
        best = proposals(judged).set_index("old_url")
        action = decide(judged, self.max_error).reindex(best.index)
        gone = action.eq("gone")
        chance = best["probability"].where(~gone, best["no_equivalent"]).astype(float)
        rows: list[dict[Any, Any]] = best.to_dict("records")
        targets = best["new_url"].astype(object)
        targets[gone] = None
        return pd.DataFrame(
            {
                "action": action,
                "new_url": targets,
                "confidence": chance,
                "margin": best["margin"].astype(float),
                "reason": [reason(row) for row in rows],
            },
            index=best.index,
        )

    def _with_moved(self, table: pd.DataFrame) -> pd.DataFrame:
        """Add the pages of the same name in the folders that decisions lead to."""
        at_old = {url: row for row, url in enumerate(self.old)}
        at_new = {url: column for column, url in enumerate(self.new)}
        pairs = [
            (at_old[old], at_new[new])
            for old, new in zip(table["old_url"], table["new_url"], strict=True)
            if old in at_old and new in at_new
        ]
        if not pairs:
            return self.scores
        both = np.array(pairs, dtype=np.int64)
        paths = self._old_paths, self._new_paths
        rows, columns = FolderRules(*paths, both[:, 0], both[:, 1]).moved()
        named = [
            (self.old[r], self.new[c])
            for r, c in zip(rows.tolist(), columns.tolist(), strict=True)
            if _name(paths[0][r]) == _name(paths[1][c])
        ]
        fresh = pd.DataFrame(sorted(set(named)), columns=_KEY)
        known = pd.MultiIndex.from_frame(self.scores[_KEY])
        fresh = fresh[~pd.MultiIndex.from_frame(fresh).isin(known)]
        if fresh.empty:
            return self.scores
        return _extended(self.scores, fresh)


def decided(decisions: Mapping[str, Decision]) -> pd.DataFrame:
    """Return decisions as `rescore` takes them."""
    rows = [
        (url, made.new_url if made.action != "gone" else None, True)
        for url, made in decisions.items()
        if made.action in {"redirect", "keep", "gone"}
    ]
    return pd.DataFrame(rows, columns=[*_KEY, "accepted"])


def _extended(scores: pd.DataFrame, fresh: pd.DataFrame) -> pd.DataFrame:
    absent = scores.drop_duplicates("old_url").set_index("old_url")["no_equivalent"]
    more = fresh.assign(
        probability=_NEWCOMER,
        rank=99,
        margin=-1.0,
        assigned=False,
        no_equivalent=fresh["old_url"].map(absent),
    )
    more = more.reindex(columns=scores.columns)
    more = more.astype(scores.dtypes.to_dict())
    out = pd.concat([scores, more], ignore_index=True)
    return out.sort_values("old_url", kind="stable", ignore_index=True)


def _name(path: str) -> str:
    return path.rpartition("/")[2].casefold()
