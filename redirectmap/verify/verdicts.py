"""The verdicts of a run, worst and most valuable first, read as often as needed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import orjson

from redirectmap.tables import VERDICTS
from redirectmap.verify.state import State

EXTRA_COLUMNS = ("action", "problems", "details", "hint", "googlebot", "line")
COLUMNS = (*VERDICTS.names, *EXTRA_COLUMNS)
Verdict = dict[str, Any]
_ORDER = "ORDER BY rank, value DESC, place, old_url"


class Verdicts:
    """What a run found; every iteration reads it anew.

    Args:
        state: The run's file.
        notes: What is said of whole hosts.
    """

    def __init__(self, state: State, notes: list[str]) -> None:
        self.state = state
        self.notes = notes

    def __iter__(self) -> Iterator[Verdict]:
        """Yield one record per row of the plan, with `COLUMNS`."""
        sql = f"SELECT record FROM verdicts {_ORDER}"  # noqa: S608 - our text
        for (record,) in self.state.db.execute(sql):
            yield orjson.loads(record)

    @property
    def started(self) -> str:
        """When the run began, UTC."""
        return self.state.started

    def variants(self) -> Iterator[dict[str, Any]]:
        """Yield other spellings that end otherwise than their row."""
        sql = (
            "SELECT r.old_url, s.way, s.variant, s.requests, s.message FROM differing s"
            " JOIN rows r ON r.n = s.n ORDER BY r.value DESC, r.old_url, s.way"
        )
        names = ("old_url", "way", "variant", "requests", "message")
        for values in self.state.db.execute(sql):
            yield dict(zip(names, values, strict=True))

    def lost(self) -> Iterator[dict[str, Any]]:
        """Yield what rows lost of their visitors after the move, the most first."""
        names = ("old_url", "new_url", "value", "before", "after", "lost")
        sql = f"SELECT {', '.join(names)} FROM lost ORDER BY lost DESC, old_url"  # noqa: S608 - our names
        for values in self.state.db.execute(sql):
            yield dict(zip(names, values, strict=True))

    def changes(self) -> Iterator[dict[str, Any]]:
        """Yield rows that are new, worse, still broken or fixed since the baseline."""
        names = ("change", "old_url", "value", "before", "now", "message")
        for values in self.state.db.execute(_CHANGES):
            yield dict(zip(names, values, strict=True))


_BROKEN = "coalesce({}.severity, '') IN ('error', 'warning')"
_NOW, _WAS = _BROKEN.format("v"), _BROKEN.format("b")
_CHANGES = f"""
WITH changed AS (
  SELECT CASE
      WHEN {_NOW} AND NOT {_WAS} THEN 'new'
      WHEN {_NOW} AND v.severity = 'error' AND b.severity = 'warning' THEN 'worse'
      WHEN {_NOW} THEN 'still'
      WHEN {_WAS} THEN 'fixed' END AS change,
    v.old_url, v.value, b.verdict, v.verdict AS now,
    json_extract(CAST(v.record AS TEXT), '$.message') AS message
  FROM verdicts v LEFT JOIN before b ON b.old_url = v.old_url)
SELECT * FROM changed WHERE change IS NOT NULL
ORDER BY instr('new worse still fixed', change), value DESC, old_url
"""  # noqa: S608 - our text
