"""What changed between two plans, row by row and cell by cell."""

from __future__ import annotations

import pandas as pd

from redirectmap.planning.spelling import keys_of

COLUMNS = ("action", "status", "new_url", "locked", "note")


def diff_plans(before: pd.DataFrame, after: pd.DataFrame) -> pd.DataFrame:
    """Compare two plans.

    Args:
        before: Schema PLAN.
        after: Schema PLAN.

    Returns:
        old_url, change (added, removed, changed), column, before, after, priority;
        most valuable first.
    """
    first, second = _indexed(before), _indexed(after)
    common = first.index.intersection(second.index, sort=False)
    frames = [
        _rows(second, second.index.difference(first.index), "added", "after"),
        _rows(first, first.index.difference(second.index), "removed", "before"),
    ]
    for column in COLUMNS:
        was, now = _text(first.loc[common, column]), _text(second.loc[common, column])
        changed = was.ne(now)
        frames.append(
            pd.DataFrame(
                {
                    "old_url": second.loc[common, "old_url"][changed],
                    "change": "changed",
                    "column": column,
                    "before": was[changed],
                    "after": now[changed],
                    "priority": second.loc[common, "priority"][changed],
                }
            )
        )
    table = pd.concat([frame for frame in frames if len(frame)] or frames[:1])
    return table.sort_values(
        ["priority", "old_url", "column"], ascending=[False, True, True], kind="stable"
    ).reset_index(drop=True)


def _indexed(plan: pd.DataFrame) -> pd.DataFrame:
    keys = keys_of(plan["old_url"])
    table = plan.set_index(keys.where(keys.notna(), plan["old_url"]))
    return table[~table.index.duplicated()]


def _text(values: pd.Series) -> pd.Series:
    return values.astype(object).where(values.notna(), "").astype(str)


def _rows(plan: pd.DataFrame, keys: pd.Index, change: str, side: str) -> pd.DataFrame:
    rows = plan.loc[keys]
    other = "before" if side == "after" else "after"
    said = rows["action"].astype(str) + " " + _text(rows["new_url"])
    return pd.DataFrame(
        {
            "old_url": rows["old_url"],
            "change": change,
            "column": "row",
            side: said.str.strip(),
            other: "",
            "priority": rows["priority"],
        }
    )[["old_url", "change", "column", "before", "after", "priority"]]
