"""Read and write plans: ours, and the spreadsheets of other people.

Decides what a row of a foreign sheet asks for. A sheet without an action column
gets one from its status and target; paths without a host stay paths, checks
compare them within one site.
"""

from __future__ import annotations

import io
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from redirectmap.planning.sheets import each, read_sheet
from redirectmap.tables.files import (
    write_atomic,
    write_csv,
    write_json,
    write_parquet,
)
from redirectmap.tables.schemas import FINDINGS, PLAN

GENERATED = ".generated.csv"

_WORDS = {"permanent": "301", "temporary": "302", "gone": "410"}
_EMPTY_ANSWERS = {404, 410}


def read_plan(path: Path) -> pd.DataFrame:
    """Read a plan.csv of ours, or any sheet with an old and a new URL per row.

    Returns:
        Schema PLAN, in the file's order. Repeated old URLs are kept: a check
        names them.

    Raises:
        InputError: The file cannot be used; the message says where and why.
    """
    table = read_sheet(path)
    table = table[table["old_url"].notna()].reset_index(drop=True)
    return _checked(_with_action(table), where=str(path))


def _checked(table: pd.DataFrame, *, where: str) -> pd.DataFrame:
    blank = table["action"].isna() | table["action"].eq("")
    table["action"] = table["action"].where(~blank, _actions(table))
    unique = PLAN.__class__(PLAN.name, PLAN.columns, key=())
    return unique.check(table, where=where)


def _with_action(table: pd.DataFrame) -> pd.DataFrame:
    for column in ("action", "new_url", "status"):
        if column not in table:
            table[column] = None
    table["status"] = _statuses(table["status"])
    table["action"] = each(table["action"], str.lower)
    empty = table["status"].isna() & table["action"].isin(["redirect"])
    table["status"] = table["status"].where(~empty, 301)
    return table


def _statuses(cells: pd.Series) -> pd.Series:
    """Read `301`, `301.0`, `301 (permanent)`, `Permanent`."""
    codes, different = pd.factorize(cells.astype(object), use_na_sentinel=False)
    return _codes(pd.Series(different, dtype=object)).take(codes).set_axis(cells.index)


def _codes(cells: pd.Series) -> pd.Series:
    text = cells.astype(object).where(cells.notna(), "").astype(str).str.lower()
    for word, code in _WORDS.items():
        text = text.mask(text.str.contains(word) & ~text.str.contains(r"\d"), code)
    return pd.to_numeric(text.str.extract(r"(\d{3})")[0]).astype("Int64")


def _actions(table: pd.DataFrame) -> pd.Series:
    target = table["new_url"].notna()
    status = table["status"]
    action = pd.Series("review", index=table.index, dtype=object)
    action = action.mask(target, "redirect")
    action = action.mask(status.isin(list(_EMPTY_ANSWERS)).fillna(False), "gone")
    return action.mask(status.eq(200).fillna(False), "keep")


def read_generated(folder: Path) -> pd.DataFrame | None:
    """Return the plan as last generated in `folder`, before people edited it."""
    path = folder / GENERATED
    return read_plan(path) if path.exists() else None


def write_plan(
    folder: Path,
    plan: pd.DataFrame,
    *,
    generated: pd.DataFrame,
    findings: pd.DataFrame,
    rules: pd.DataFrame,
    scores: pd.DataFrame,
    summary: Mapping[str, Any],
) -> None:
    """Write a plan's folder; plan.csv comes last, so it never runs ahead.

    Args:
        folder: Made when missing.
        plan: What people see: the decisions merged with theirs.
        generated: What the tool alone decided; the base of the next merge.
        findings: Schema FINDINGS.
        rules: Pattern rules and their exceptions.
        scores: Every candidate with its signals.
        summary: The sign-off summary.
    """
    write_parquet(folder / "scores.parquet", scores)
    write_csv(folder / "rules.csv", rules)
    write_csv(folder / "findings.csv", FINDINGS.fit(findings))
    write_json(folder / "plan.json", summary)
    table = plan_text(PLAN.fit(plan))
    write_atomic(folder / GENERATED, plan_text(PLAN.fit(generated)))
    write_atomic(folder / "plan.csv", table)


def plan_text(plan: pd.DataFrame) -> str:
    """Return `plan` as the bytes of a plan.csv; the same plan, the same bytes."""
    out = io.StringIO()
    plan.to_csv(out, index=False, lineterminator="\n", float_format="%.6g")
    return out.getvalue()


def records(table: pd.DataFrame) -> list[dict[str, Any]]:
    """Return rows for a JSON answer, None where a value is not known."""
    plain = table.astype(object).where(table.notna(), None)
    return [
        {str(name): value for name, value in row.items()}
        for row in plain.to_dict(orient="records")
    ]


def findings_json(findings: pd.DataFrame, *, rows: int) -> dict[str, Any]:
    """Return findings for a JSON answer, counted by severity and check."""
    return {
        "rows": rows,
        "by_severity": {
            str(k): int(v) for k, v in findings["severity"].value_counts().items()
        },
        "by_check": {
            str(k): int(v) for k, v in findings["check"].value_counts().items()
        },
        "findings": records(findings),
    }
