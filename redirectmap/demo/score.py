"""Hold the demo's plan against the truth that comes with the sample sites."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from redirectmap.tables.files import read_strict_csv


@dataclass(frozen=True, slots=True)
class Score:
    """How the plan compares with what a careful person decided.

    Attributes:
        live: Old URLs that have a successor.
        right: Of them, sent to it without a person's look.
        asked: Of them, left to a person.
        wrong: Of them, sent elsewhere.
        dropped: Of them, called gone.
        proposed: Of those left to a person, with the right proposal.
        retired: Old URLs without a successor.
        redirected: Of them, redirected anyway.
        missing: URLs of the truth that are not in the plan.
        worst: The rows behind wrong, dropped and redirected, old and planned.
    """

    live: int
    right: int
    asked: int
    wrong: int
    dropped: int
    proposed: int
    retired: int
    redirected: int
    missing: int
    worst: tuple[tuple[str, str], ...]

    def as_json(self) -> Mapping[str, int]:
        """Return the counts."""
        names = (name for name in self.__slots__ if name != "worst")
        return {name: getattr(self, name) for name in names}


def score(plan: pd.DataFrame, truth: Path) -> Score:
    """Compare `plan` with the file `truth` (columns old_url, new_url)."""
    wanted = read_strict_csv(truth)[["old_url", "new_url"]]
    columns = ["old_url", "action", "new_url"]
    both = wanted.merge(plan[columns], on="old_url", how="left", suffixes=("", "_plan"))
    planned = both["new_url_plan"].fillna("")
    same = planned.eq(both["new_url"])
    sent = both["action"].isin(["redirect", "keep"])
    live = both["new_url"].ne("")
    asked, gone = both["action"].eq("review"), both["action"].eq("gone")
    bad = (live & sent & ~same) | (live & gone) | (~live & sent)
    rows = zip(both.loc[bad, "old_url"], planned[bad], strict=True)
    return Score(
        live=int(live.sum()),
        right=int((live & sent & same).sum()),
        asked=int((live & asked).sum()),
        wrong=int((live & sent & ~same).sum()),
        dropped=int((live & gone).sum()),
        proposed=int((live & asked & same).sum()),
        retired=int((~live).sum()),
        redirected=int((~live & sent).sum()),
        missing=int(both["action"].isna().sum()),
        worst=tuple((str(old), str(new)) for old, new in rows),
    )
