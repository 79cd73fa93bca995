"""rules.csv: pattern rules as a person sees them, and what the person said.

Decides what counts as a rule: a pattern of our own kind (`shapes`), sound and
linear, whose target has a host of its own; anything else in the file is an error
with its line. `use` is the person's column: yes, no, or empty for not decided.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from pathlib import Path

import pandas as pd

from redirectmap.errors import InputError
from redirectmap.planning.rules import Induction, Rule
from redirectmap.planning.shapes import Shape, problem_of
from redirectmap.tables.files import read_strict_csv

RULES_FILE = "rules.csv"
COLUMNS = (
    "rule",
    "use",
    "kind",
    "host",
    "pattern",
    "target",
    "status",
    "rows",
    "exceptions",
    "requests",
    "example",
    "exception_urls",
    "problem",
)
_YES = frozenset(
    ["yes", "y", "x", "1", "true", "ja", "oui", "accept", "accepted", "use"]
)
_NO = frozenset(["no", "n", "0", "false", "nein", "non", "reject", "rejected"])


def rules_table(induction: Induction, leftovers: Sequence[Rule] = ()) -> pd.DataFrame:
    """Return the rules as rules.csv shows them, those for unlisted URLs last.

    Returns:
        rule (stable id), use (a person's), kind (pattern, or leftover: for URLs
        nobody listed), host, pattern, target, status, rows it covers, its
        exceptions, logged requests of unlisted URLs that it catches, an example,
        the exceptions by name, and why it cannot be used.
    """
    rows = [_cells(rule) for rule in (*induction.rules, *leftovers)]
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _cells(rule: Rule) -> dict[str, object]:
    shape = rule.shape
    return {
        "rule": shape.rule_id,
        "use": rule.use,
        "kind": "leftover" if shape.leftover else "pattern",
        "host": shape.host,
        "pattern": f"^{shape.pattern}$",
        "target": shape.target,
        "status": shape.status,
        "rows": len(rule.rows),
        "exceptions": len(rule.exceptions),
        "requests": rule.requests,
        "example": rule.examples[0] if rule.examples else "",
        "exception_urls": " ".join(rule.exceptions),
        "problem": rule.problem,
    }


def read_decisions(path: Path) -> list[tuple[Shape, str]]:
    """Read which rules of rules.csv a person accepted or rejected.

    Returns:
        Each rule that has a `yes` or a `no`, in the file's order: the first that
        matches answers.

    Raises:
        InputError: The file cannot be used; the message names the line.
    """
    table = read_strict_csv(path)
    for column in ("host", "pattern", "target", "use"):
        if column not in table.columns:
            raise InputError.missing_column(
                column, present=list(map(str, table.columns)), where=str(path)
            )
    said = [
        (row, line, _said(row["use"], f"{path}:{line}"))
        for line, row in enumerate(table.to_dict("records"), 2)
    ]
    return [(_read(row, f"{path}:{line}"), use) for row, line, use in said if use]


def _read(row: Mapping[Hashable, str], where: str) -> Shape:
    status = str(row.get("status") or "").strip() or "301"
    pattern = row["pattern"].strip()
    anchored = pattern.startswith("^") and pattern.endswith("$")
    shape = Shape(
        row["host"].strip().lower(),
        pattern[1:-1],
        row["target"].strip(),
        int(status) if status.isdigit() else 0,
        leftover=row.get("kind") == "leftover",
    )
    problem = (
        problem_of(shape) if anchored else "the pattern is not anchored by ^ and $"
    )
    if problem:
        raise InputError(
            f"rule {row.get('rule') or pattern}: {problem}",
            hint="take the row as `redirectmap plan` wrote it, and edit only `use`",
            where=where,
        )
    return shape


def _said(cell: str, where: str) -> str:
    word = (cell or "").strip().casefold()
    if word in _YES:
        return "yes"
    if word in _NO:
        return "no"
    if word:
        raise InputError(
            f"use is {cell!r}", hint="write yes, no, or nothing", where=where
        )
    return ""


def accepted_rules(path: Path) -> list[Shape]:
    """Return the rules of rules.csv that a person accepted, in order.

    Raises:
        InputError: The file cannot be used; the message names the line.
    """
    return [shape for shape, use in read_decisions(path) if use == "yes"]


def decisions_in(folder: Path) -> list[tuple[Shape, str]]:
    """Return what a person said of the rules in a plan's folder, if anything."""
    path = folder / RULES_FILE
    return read_decisions(path) if path.exists() else []
