"""Fold redirects that exist already into the plan, each with one hop.

Decides for every source of an old rule where its visitor ends today, over all
hops, and hands it the plan's own answer for that page. Rules that run in a loop
or end outside the old site and the new one are planned anew like any page.

Bounds  pattern rules must have been expanded over known URLs before.
"""

from __future__ import annotations

import pandas as pd

from redirectmap.planning.chains import following, trail_of, walk
from redirectmap.planning.spelling import keys_of


def legacy_ends(legacy: pd.DataFrame) -> pd.DataFrame:
    """Follow every old rule to its end.

    Args:
        legacy: Schema LEGACY.

    Returns:
        Index: key of the source. end (key of the last target, None for a loop or
        a 410), hops (redirects a visitor takes today), loop (members as text,
        empty for none), origin, permanent (every rule is a 301 or 308).
    """
    rules = pd.DataFrame(
        {
            "source": keys_of(legacy["source"]),
            "target": keys_of(legacy["target"]),
            "status": legacy["status"].fillna(301).astype(int),
            "origin": legacy["origin"].fillna("rule"),
        }
    )
    rules = (
        rules[rules["source"].notna()].drop_duplicates("source").reset_index(drop=True)
    )
    rules = rules[rules["source"].ne(rules["target"])].reset_index(drop=True)
    links = following(rules["source"].tolist(), rules["target"].tolist())
    walked = walk(links)
    looping = walked.loop >= 0
    rules["end"] = rules["target"].to_numpy()[walked.end]
    rules.loc[looping, "end"] = None
    rules["hops"] = walked.hops + 1
    rules["loop"] = [
        " -> ".join(rules["source"].iloc[trail_of(row, links)]) if caught else ""
        for row, caught in enumerate(looping.tolist())
    ]
    return rules.set_index("source")


def fold_legacy(
    decided: pd.DataFrame, ends: pd.DataFrame, live: set[str]
) -> pd.DataFrame:
    """Give each old rule's source the answer of the page it ends at.

    Args:
        decided: Index old_url, as `decide` gives it, sources included.
        ends: As `legacy_ends` gives it.
        live: Keys of new pages that answer 200.

    Returns:
        `decided` with the sources' rows replaced where the rule still helps.
    """
    table = decided.copy()
    kept = set(table.index[table["action"].eq("keep")])
    answers = {
        source: _answer(table, rule, live, ends.index)
        for source, rule in ends.iterrows()
        if source in table.index and source not in kept
    }
    for column in table.columns:
        cells = {s: answer[column] for s, answer in answers.items() if column in answer}
        if cells:
            values = table[column].to_dict() | cells
            table[column] = [values[url] for url in table.index]
    return table


def _answer(
    table: pd.DataFrame, rule: pd.Series, live: set[str], sources: pd.Index
) -> dict[str, object]:
    end, hops = rule["end"], int(rule["hops"])
    via = f"redirected before ({rule['origin']}, {hops} hop{'s' if hops > 1 else ''})"
    if rule["loop"]:
        return {"reason": f"{via} in a loop: {rule['loop']}; planned anew"}
    if end in live:
        return _taken("redirect", end, 1.0, f"{via} to this page, which lives on")
    if not isinstance(end, str) or end not in table.index or end in sources:
        return {"reason": f"{via} to {end or 'nothing'}, not on either site"}
    goal = table.loc[end]
    reason = f"{via} to {end}: {goal['reason']}"
    return _taken(goal["action"], goal["new_url"], goal["confidence"], reason) | {
        column: goal[column]
        for column in goal.index
        if str(column).startswith("alternative_") or column == "margin"
    }


def _taken(
    action: object, target: object, confidence: object, reason: str
) -> dict[str, object]:
    action = "redirect" if action == "keep" else action
    return {
        "action": action,
        "new_url": target,
        "confidence": confidence,
        "decided_by": "legacy",
        "reason": reason,
    }
