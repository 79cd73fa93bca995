"""Count verdicts, and say how a run stands: for a person and for a program."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from redirectmap.errors import ServerError
from redirectmap.tables.schemas import SEVERITIES

SHOWN_ROWS = 10


def summarise(verdicts: pd.DataFrame) -> dict[str, Any]:
    """Return counts and value at stake of a table of verdicts."""
    counts = verdicts["verdict"].value_counts()
    severities = verdicts["severity"].value_counts()
    bad = verdicts[verdicts["severity"] == "error"]
    every = verdicts["problems"].str.split(";").explode()
    return {
        "rows": len(verdicts),
        "ok": int((verdicts["verdict"] == "ok").sum()),
        "severities": {name: int(severities.get(name, 0)) for name in SEVERITIES},
        "verdicts": {str(name): int(count) for name, count in counts.items()},
        "problems": _counted(every[every.fillna("") != ""]),
        "value_at_stake": round(float(bad["value"].sum()), 6),
    }


def _counted(names: pd.Series) -> dict[str, int]:
    return {str(name): int(count) for name, count in names.value_counts().items()}


def fails(verdicts: pd.DataFrame, fail_on: str, *, min_value: float = 0.0) -> bool:
    """Say whether rows worth `min_value` or more are at or above `fail_on`."""
    if fail_on == "never":
        return False
    counted = SEVERITIES[: SEVERITIES.index(fail_on) + 1]
    worth = verdicts[verdicts["value"].fillna(0.0) >= min_value]
    return bool(worth["severity"].isin(counted).any())


def changes_text(changes: pd.DataFrame) -> str:
    """Return the lines about a baseline: how many, and the new ones."""
    counts = changes["change"].value_counts()
    names = ("new", "worse", "still", "fixed")
    lines = [
        "\n",
        "Since the baseline: "
        + ", ".join(f"{counts.get(name, 0)} {name}" for name in names),
    ]
    fresh = changes[changes["change"].isin(["new", "worse"])].head(SHOWN_ROWS)
    lines += [
        f"  [{row.change}: {row.now}] {row.old_url}" for row in fresh.itertuples()
    ]
    return "\n".join(lines)


def demand_answers(verdicts: pd.DataFrame, base: str | None) -> None:
    """Complain when nobody was there.

    Raises:
        ServerError: No row brought a status or a redirect.
    """
    silent = verdicts["final_status"].isna() & (verdicts["hop_count"] == 0)
    asked = verdicts["verdict"] != "not_checked"
    if asked.any() and silent[asked].all():
        raise ServerError(
            "not one old URL was answered",
            hint="check --base or --resolve, and that the server runs",
            where=base,
        )


def summary_text(verdicts: pd.DataFrame, summary: Mapping[str, Any]) -> str:
    """Return the screen a person reads: counts, then the worst rows."""
    rows = summary["rows"]
    lines = [f"{rows} rows checked: {summary['ok']} ok"]
    for severity in SEVERITIES:
        table = verdicts[verdicts["severity"] == severity]
        if len(table):
            counted = _counted(table["verdict"])
            names = ", ".join(f"{name} {count}" for name, count in counted.items())
            share = float(table["value"].sum())
            worth = f", {share:.1%} of the value" if share else ""
            lines.append(f"  {len(table)} {severity}{worth}: {names}")
    worst = verdicts[verdicts["severity"].isin(["error", "warning"])]
    if len(worst):
        lines += ["", "Look first at:"]
    for row in worst.head(SHOWN_ROWS).itertuples():
        lines.append(f"  [{row.verdict}] {row.old_url}")
        lines.append(f"      {_short(str(row.message))}")
        lines.append(f"      do: {row.hint}")
    if len(worst) > SHOWN_ROWS:
        lines.append(f"  ... and {len(worst) - SHOWN_ROWS} more in verdicts.csv")
    return "\n".join(lines)


def _short(text: str) -> str:
    return text if len(text) <= 300 else f"{text[:297]}..."
