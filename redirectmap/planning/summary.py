"""What a person signs: what is kept, what is at risk, what is lost.

    kept     = sum of priority x confidence over redirect and keep
    at risk  = sum of priority x (1 - confidence) over redirect and keep
               + sum of priority over review
    lost     = sum of priority over gone
    kept + at risk + lost = the value of all rows (1 where anything is known)

A row without a confidence (a person's) counts with 1.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd

from redirectmap.planning.inventory_files import inventory_lines
from redirectmap.planning.merge import Conflict

FORMULA = (
    "kept = sum(priority x confidence) over redirect and keep; "
    "at risk = sum(priority x (1 - confidence)) over redirect and keep "
    "+ sum(priority) over review; lost = sum(priority) over gone"
)


def summarise(
    plan: pd.DataFrame,
    findings: pd.DataFrame,
    *,
    conflicts: Sequence[Conflict] = (),
) -> dict[str, Any]:
    """Return the sign-off summary of `plan` as it goes into plan.json.

    Args:
        plan: Schema PLAN.
        findings: Schema FINDINGS.
        conflicts: Where people and the tool disagree.
    """
    value = plan["priority"].astype(float).fillna(0)
    sure = plan["confidence"].astype(float).fillna(1.0)
    stays = plan["action"].isin(["redirect", "keep"])
    return {
        "rows": len(plan),
        "by_action": _count(plan["action"]),
        "value_by_action": _total(value, plan["action"]),
        "by_decided_by": _count(plan["decided_by"]),
        "value_known": bool(value.sum() > 0),
        "value_kept": round(float((value * sure)[stays].sum()), 6),
        "value_at_risk": round(
            float((value * (1 - sure))[stays].sum())
            + float(value[plan["action"].eq("review")].sum()),
            6,
        ),
        "value_lost": round(float(value[plan["action"].eq("gone")].sum()), 6),
        "formula": FORMULA,
        "expected_wrong_redirects": round(
            float((1 - sure)[plan["action"].eq("redirect")].sum()), 2
        ),
        "merged_rows": _merged(plan),
        "findings": _count(findings["severity"]),
        "findings_by_check": _count(findings["check"]),
        "risks": risks(plan),
        "unmatched": int(_open(plan).sum()),
        "unmatched_valuable": _unmatched(plan),
        "conflicts": [
            {"old_url": c.old_url, "column": c.column, "message": c.message}
            for c in conflicts
        ],
    }


def assignment_of(scores: pd.DataFrame) -> dict[str, float]:
    """Return the expected value kept by one assignment of all rows, and by greed.

    In rows of mean value: probability x value / mean value, added up, less the
    price of shared targets. `gain` is what greed would lose, as a share of its
    own. Greedy choice takes the likeliest pair left, again and again.
    """
    found = scores.attrs.get("assignment", {"kept": 0.0, "greedy": 0.0})
    kept, greedy = float(found["kept"]), float(found["greedy"])
    gain = kept / greedy - 1 if greedy > 0 else 0.0
    return {
        "value_kept": round(kept, 3),
        "greedy": round(greedy, 3),
        "gain": round(gain, 5),
    }


def _count(values: pd.Series) -> dict[str, int]:
    counts = values.dropna().value_counts()
    return {str(name): int(count) for name, count in counts.items()}


def _total(value: pd.Series, by: pd.Series) -> dict[str, float]:
    return {
        str(name): round(float(total), 6)
        for name, total in value.groupby(by).sum().items()
    }


def _merged(plan: pd.DataFrame) -> int:
    redirect = plan[plan["action"].eq("redirect")]
    return int(redirect["new_url"].duplicated(keep=False).sum())


def risks(plan: pd.DataFrame, count: int = 10) -> list[dict[str, Any]]:
    """Return the rows with most value at risk, largest first.

    The risk of a row is priority x (1 - confidence); of review and gone rows,
    the priority. Without any value known, unsure rows with most inlinks lead.
    """
    sure = plan["confidence"].astype(float).fillna(1.0)
    sure = sure.where(plan["action"].isin(["redirect", "keep"]), 0.0)
    value = plan["priority"].astype(float).fillna(0)
    if not value.sum() > 0:
        inlinks = plan["inlinks"].astype(float).fillna(0)
        value = (inlinks + 1e-9) / max(1.0, float(inlinks.sum()))
    risk = value * (1 - sure)
    worst = risk[risk > 0].sort_values(ascending=False, kind="stable").head(count)
    return [
        {
            "old_url": plan.loc[row, "old_url"],
            "action": plan.loc[row, "action"],
            "new_url": plan.loc[row, "new_url"],
            "value_at_risk": round(float(share), 6),
            "reason": plan.loc[row, "reason"],
        }
        for row, share in zip(worst.index.tolist(), worst, strict=True)
    ]


def _why(row: pd.Series) -> str:
    """Say why a row has no page: what was found, and that it is not sure enough."""
    reason = row["reason"] if isinstance(row["reason"], str) else ""
    if row["action"] == "review" and isinstance(row["new_url"], str):
        sure = float(row["confidence"]) if pd.notna(row["confidence"]) else 0.0
        return f"best proposal {row['new_url']} only {sure:.0%} sure: {reason}"
    return reason or "nobody said why"


def _open(plan: pd.DataFrame) -> pd.Series:
    """Tell the rows of value that have no page."""
    return plan["action"].isin(["review", "gone"]) & plan["priority"].gt(0)


def _unmatched(plan: pd.DataFrame, count: int = 100) -> list[dict[str, Any]]:
    value = plan["priority"].astype(float).fillna(0)
    worst = value[_open(plan)].sort_values(ascending=False, kind="stable").head(count)
    return [
        {
            "old_url": plan.loc[row, "old_url"],
            "action": plan.loc[row, "action"],
            "priority": round(float(share), 6),
            "reason": _why(plan.loc[row]),
        }
        for row, share in zip(worst.index.tolist(), worst, strict=True)
    ]


def screen(summary: dict[str, Any]) -> str:
    """Return the summary as lines for a terminal."""
    known = summary.get("inventory")
    lines = [*inventory_lines(known), ""] if known else []
    lines.append(f"{summary['rows']:,} rows in the plan")
    for action in ("redirect", "keep", "gone", "review"):
        rows = summary["by_action"].get(action, 0)
        share = summary["value_by_action"].get(action, 0.0)
        worth = f"{share:7.1%} of the value" if summary["value_known"] else ""
        lines.append(f"  {action:9s}{rows:>9,}  {worth}".rstrip())
    hands = [f"{who} {n:,}" for who, n in summary["by_decided_by"].items()]
    lines.append(f"decided by: {', '.join(hands)}")
    if summary["value_known"]:
        lines.append(
            f"value kept {summary['value_kept']:.1%}, at risk "
            f"{summary['value_at_risk']:.1%}, lost {summary['value_lost']:.1%}"
        )
        lines += [f"  {part}" for part in summary["formula"].split("; ")]
    if "assignment" in summary:
        gain = summary["assignment"]["gain"]
        lines.append(
            f"targets given to all rows at once keep {gain:.2%} more expected value "
            "than pair after pair"
        )
    found = summary["findings"]
    said = [f"{found.get(s, 0):,} {s}s" for s in ("error", "warning", "notice")]
    lines.append(f"findings: {', '.join(said)}")
    if summary["conflicts"]:
        lines.append(f"conflicts with people's edits: {len(summary['conflicts'])}")
    lines += _listed("the largest risks:", summary["risks"][:10], "value_at_risk")
    unmatched = summary["unmatched_valuable"]
    lines += _listed(
        f"valuable URLs without a page: {summary['unmatched']:,}; see plan.json",
        unmatched[:5],
        "priority",
    )
    return "\n".join(lines)


def _listed(title: str, rows: Sequence[dict[str, Any]], value: str) -> list[str]:
    lines = [title] if rows else []
    for row in rows:
        lines.append(f"  {row[value]:6.2%}  {row['action']:9s}{row['old_url']}")
        lines.append(f"          {row['reason']}")
    return lines
