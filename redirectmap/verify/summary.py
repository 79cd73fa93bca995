"""Count verdicts, and say how a run stands: for a person and for a program."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

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


def fails(summary: Mapping[str, Any], fail_on: str) -> bool:
    """Say whether problems at or above `fail_on` were found."""
    if fail_on == "never":
        return False
    counted = SEVERITIES[: SEVERITIES.index(fail_on) + 1]
    return any(summary["severities"][name] for name in counted)


def no_answer_at_all(verdicts: pd.DataFrame) -> bool:
    """Say whether nobody was there: no row brought a status or a redirect."""
    silent = verdicts["final_status"].isna() & (verdicts["hop_count"] == 0)
    return bool(len(verdicts)) and bool(silent.all())


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
