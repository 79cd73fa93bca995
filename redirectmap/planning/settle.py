"""The last step: no row of the tool sends a visitor to another redirect.

People may override any row, so a target that was fine when it was chosen can be
redirected, or gone, by the time the plan is whole. The tool's own rows give way:
a chain is shortened to its end, a loop is cut, a row whose target is gone waits
for review, each with the reason. Rows of people and locked rows stay as they are;
the checks name what is wrong with them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from redirectmap.planning.chains import following, trail_of, walk
from redirectmap.planning.spelling import keys_of

PERSON = "a person decided that page"
_CELLS = ["action", "status", "new_url", "confidence", "margin", "reason", "new_title"]


@dataclass(frozen=True)
class Settled:
    """The plan, and the rows (labels) that were changed."""

    plan: pd.DataFrame
    changed: pd.Index


def settle(plan: pd.DataFrame, goals: Mapping[str, str] | None = None) -> Settled:
    """Flatten and cut what decisions of several hands made of the plan.

    Args:
        plan: Schema PLAN.
        goals: Old URLs that have the answer of another old URL; they follow it
            when a person gives it another answer.
    """
    before = plan
    plan = _follow_people(plan, goals or {})
    plan = _cut_loops(plan)
    plan = _flatten(plan)
    plan = _without_gone_targets(plan)
    changed = plan.index[plan["reason"].fillna("").ne(before["reason"].fillna(""))]
    return Settled(plan, changed)


def copied(base: pd.DataFrame, settled: Settled) -> pd.DataFrame:
    """Return `base` with what settling changed, so that it is nobody's edit.

    Args:
        base: The plan as the tool alone would have it, any order.
        settled: As `settle` gives it.
    """
    rows = settled.plan.loc[settled.changed].set_index("old_url")[_CELLS]
    rows = rows[~rows.index.duplicated()]
    table = base.set_index("old_url")
    rows = rows[rows.index.isin(table.index)]
    for column in _CELLS:
        table.loc[rows.index, column] = rows[column]
    return table.reset_index()[base.columns]


def _follow_people(plan: pd.DataFrame, goals: Mapping[str, str]) -> pd.DataFrame:
    people = plan[plan["decided_by"].eq("override")].drop_duplicates("old_url")
    answers = people.set_index("old_url")
    goal = plan["old_url"].map(goals).astype(object)
    labels = plan.index[_tools(plan) & goal.isin(answers.index).to_numpy(bool)]
    if not len(labels):
        return plan
    plan = plan.copy()
    rows = answers.loc[goal[labels]]
    for column in ("action", "status", "new_url", "confidence", "margin", "new_title"):
        plan.loc[labels, column] = rows[column].to_numpy()
    keep = labels[plan.loc[labels, "action"].eq("keep")]
    plan.loc[keep, "action"] = "redirect"
    plan.loc[keep, "status"] = 301
    said = plan.loc[labels, "reason"].fillna("").str.partition(": ")[0]
    plan.loc[labels, "reason"] = said + f": {PERSON}"
    return plan


def _links(plan: pd.DataFrame) -> np.ndarray:
    redirect = plan["action"].eq("redirect") & plan["new_url"].notna()
    source = keys_of(plan["old_url"]).where(redirect)
    nobody = [f"\0{n}" for n in range(len(plan))]
    source = source.where(source.notna(), nobody)
    return following(source.tolist(), keys_of(plan["new_url"]).where(redirect).tolist())


def _tools(plan: pd.DataFrame) -> np.ndarray:
    """Tell the rows that are the tool's to change."""
    locked = plan["locked"].fillna(value=False).astype(bool)
    tools: np.ndarray = (plan["decided_by"].ne("override") & ~locked).to_numpy(bool)
    return tools


def _cut_loops(plan: pd.DataFrame) -> pd.DataFrame:
    links = _links(plan)
    walked = walk(links)
    rows = np.flatnonzero(walked.inside & _tools(plan))
    if not len(rows):
        return plan
    urls = plan["old_url"].to_numpy()
    said = [
        f"its target leads back here: {' -> '.join(urls[trail_of(row, links)])}"
        for row in rows.tolist()
    ]
    return _to_review(plan, rows, said)


def _to_review(plan: pd.DataFrame, rows: np.ndarray, said: list[str]) -> pd.DataFrame:
    plan = plan.copy()
    labels = plan.index[rows]
    plan.loc[labels, "action"] = "review"
    plan.loc[labels, ["status", "new_url", "new_title"]] = [pd.NA, None, None]
    plan.loc[labels, "reason"] = [f"{text}; a person must decide" for text in said]
    return plan


def _flatten(plan: pd.DataFrame) -> pd.DataFrame:
    links = _links(plan)
    walked = walk(links)
    rows = np.flatnonzero((walked.hops > 0) & (walked.loop < 0) & _tools(plan))
    if not len(rows):
        return _away_from_loops(plan, walked.loop, links)
    ends, labels = walked.end[rows], plan.index[rows]
    targets = plan["new_url"].to_numpy()
    said = [
        f"{reason}; {was} is redirected to {target}"
        for reason, was, target in zip(
            plan.loc[labels, "reason"].fillna("").str.removesuffix("."),
            targets[rows],
            targets[ends],
            strict=True,
        )
    ]
    plan = plan.copy()
    sure = plan["confidence"].to_numpy(dtype=float, na_value=np.nan)
    plan.loc[labels, "confidence"] = np.fmin(sure[rows], sure[ends])
    plan.loc[labels, "new_url"] = targets[ends]
    plan.loc[labels, "new_title"] = plan["new_title"].to_numpy()[ends]
    plan.loc[labels, "reason"] = said
    return _away_from_loops(plan, walked.loop, links)


def _away_from_loops(
    plan: pd.DataFrame, loop: np.ndarray, links: np.ndarray
) -> pd.DataFrame:
    """Take the tool's rows out of what runs into a loop that people made."""
    rows = np.flatnonzero((loop >= 0) & _tools(plan) & plan["action"].eq("redirect"))
    if not len(rows):
        return plan
    urls = plan["old_url"].to_numpy()
    said = [
        f"its target runs into a loop: {' -> '.join(urls[trail_of(row, links)])}"
        for row in rows.tolist()
    ]
    return _to_review(plan, rows, said)


def _without_gone_targets(plan: pd.DataFrame) -> pd.DataFrame:
    gone = set(keys_of(plan.loc[plan["action"].eq("gone"), "old_url"]).dropna())
    aimed = plan["action"].eq("redirect") & keys_of(plan["new_url"]).isin(gone)
    rows = np.flatnonzero(aimed.to_numpy(bool) & _tools(plan))
    if not len(rows):
        return plan
    targets = plan["new_url"].to_numpy()[rows]
    return _to_review(plan, rows, [f"its target {url} is gone" for url in targets])
