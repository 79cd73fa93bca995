"""The rows of a plan as a person works through them: order, filters, progress.

Decides the order of work: value at risk times uncertainty, open rows only. The
value of a row is its `priority`; where no value is known, inlinks stand in. What
a row says is the tool's proposal (`base`) with the person's decision over it.

Cost    memory of the plan; a decision touches one row, a filter all of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from redirectmap.planning.decisions import Decision
from redirectmap.tables import GONE_FROM, PLAN

STATUS = {"redirect": 301, "gone": 410, "keep": 200}
_MADE = {
    "accept": "accepted by a person",
    "choose": "chosen by a person",
    "merge": "merged by a person: several old pages became this one",
    "gone": "a person says there is no equivalent",
    "keep": "a person says this URL lives on",
    "review": "left open by a person",
}
BASE = ("action", "new_url", "confidence", "reason", "decided_by", "margin")
Bools = NDArray[np.bool_]


def how_sure(action: str | None, confidence: float | None) -> float:
    """Return how sure a row is, 0 to 1.

    A confidence is of a page. A row that is gone has none; it was at least as sure
    that there is no page as every gone row must be.
    """
    if confidence is None:
        return GONE_FROM if action == "gone" else 0.0
    return float(confidence)


@dataclass
class Desk:
    """A plan on the desk.

    Attributes:
        plan: Schema PLAN, what the tool and earlier edits say.
        decisions: What people decided, by old URL.
        max_error: The error budget, share of the value.
        changed: Rows whose proposal changed by what was learned, with how.
        findings: Findings of each row, by old URL.
        version: Counts every change; a page that knows it is up to date.
    """

    plan: pd.DataFrame
    decisions: Mapping[str, Decision]
    max_error: float = 0.01
    changed: dict[str, str] = field(default_factory=dict)
    findings: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    version: int = 1

    def __post_init__(self) -> None:
        columns = {name: self.plan[name] for name in self.plan.columns}
        self.cells: dict[str, list[Any]] = {
            name: column.astype(object).where(column.notna(), None).tolist()
            for name, column in columns.items()
        }
        self.urls: list[str] = self.cells["old_url"]
        self.place = {url: row for row, url in enumerate(self.urls)}
        self.planned = {name: list(self.cells[name]) for name in BASE}
        self.base = {name: list(column) for name, column in self.planned.items()}
        self.people = {name: list(self.cells[name]) for name in ("note", "locked")}
        self.value = _values(self.plan)
        both = zip(self.cells["action"], self.cells["confidence"], strict=True)
        self.sure = np.array([how_sure(*cells) for cells in both], dtype=float)
        by = self.plan["decided_by"].eq("override").fillna(value=False)
        locked = self.plan["locked"].fillna(value=False).astype(bool)
        self.edited: Bools = (by | locked).to_numpy(dtype=bool)
        self.decided: Bools = self.edited.copy()
        self._texts: list[str | None] = [None] * len(self.urls)
        for url in self.decisions:
            self.show(url)

    def show(self, url: str) -> None:
        """Bring one row in line with its decision, or with the proposal."""
        row = self.place.get(url)
        if row is None:
            return
        made = self.decisions.get(url)
        for name in BASE:
            self.cells[name][row] = self.base[name][row]
        for name, cells in self.people.items():
            self.cells[name][row] = cells[row]
        if made is None:
            edited = bool(self.edited[row]) and self.base["decided_by"][row] != "match"
            self.decided[row] = edited
        else:
            self._take(row, made)
        action, confidence = self.cells["action"][row], self.cells["confidence"][row]
        self.sure[row] = how_sure(action, confidence)
        self._texts[row] = None

    def texts(self) -> list[str]:
        """Return what words are looked for in: URLs and title, case folded."""
        shown = (self.cells[name] for name in ("old_url", "new_url", "old_title"))
        self._texts = [
            known or f"{old}\n{new or ''}\n{title or ''}".casefold()
            for known, old, new, title in zip(self._texts, *shown, strict=True)
        ]
        return [text or "" for text in self._texts]

    def _take(self, row: int, made: Decision) -> None:
        if made.note is not None:
            self.cells["note"][row] = made.note
        self.decided[row] = made.action not in {None, "review"}
        if made.action is None:
            return
        self.cells["locked"][row] = made.locked
        self.cells["action"][row] = made.action
        if made.action != "review":
            self.cells["new_url"][row] = made.new_url
            self.cells["confidence"][row] = 1.0
            self.cells["margin"][row] = None
        self.cells["decided_by"][row] = "override"
        said = _MADE.get(made.decision or "", "set by a person")
        self.cells["reason"][row] = said

    def touch(self) -> None:
        """Count a change."""
        self.version += 1

    def origin(self, row: int) -> str | None:
        """Return who made the plan's own proposal for a row."""
        by: str | None = self.planned["decided_by"][row]
        return by

    def propose(
        self, row: int, cells: Mapping[str, Any] | None, how: str | None
    ) -> None:
        """Change the tool's proposal for an open row.

        Args:
            row: Number of the row.
            cells: The proposal; None puts the plan's own back.
            how: How it differs from the plan's own.
        """
        url = self.urls[row]
        if cells is None:
            cells = {name: self.planned[name][row] for name in BASE}
            self.changed.pop(url, None)
        else:
            self.changed[url] = str(how)
        for name, value in cells.items():
            self.base[name][row] = value
        self.show(url)

    def withdraw(self, url: str, cells: Mapping[str, Any]) -> None:
        """Put the tool's own proposal back under a decision that came with the plan."""
        row = self.place[url]
        for name, value in cells.items():
            self.base[name][row] = self.planned[name][row] = value
        for column in self.people.values():
            column[row] = None
        self.edited[row] = False
        self.show(url)

    def risk(self) -> NDArray[np.float64]:
        """Return value at risk times uncertainty of each row; 0 for decided ones."""
        risk: NDArray[np.float64] = self.value * (1.0 - self.sure) * ~self.decided
        return risk

    def progress(self) -> dict[str, Any]:
        """Return how far the work is.

        `decisions_left` is the least number of rows, in order of work, after
        which the expected share of wrong value is within the error budget.
        """
        risk = np.sort(self.risk())[::-1]
        after = risk.sum() - np.cumsum(risk)
        left = int((after > self.max_error).sum())
        within = float(risk.sum()) <= self.max_error
        return {
            "rows": len(self.urls),
            "decided": int(self.decided.sum()),
            "open": int((~self.decided).sum()),
            "value_decided": float(self.value[self.decided].sum()),
            "value_sure": float((self.value * self.sure_of()).sum()),
            "expected_wrong": float(risk.sum()),
            "max_error": self.max_error,
            "decisions_left": 0 if within else min(left + 1, len(risk)),
            "changed": len(self.changed),
        }

    def sure_of(self) -> NDArray[np.float64]:
        """Return how sure each row is, decided ones wholly."""
        return np.where(self.decided, 1.0, self.sure)

    def row(self, url: str) -> dict[str, Any]:
        """Return one row as the list shows it."""
        at = self.place[url]
        cells = {
            name: self.cells[name][at]
            for name in (
                *("old_url", "action", "new_url", "confidence", "margin", "reason"),
                *("decided_by", "old_title", "new_title", "note", "locked"),
                *("referring_domains", "backlinks", "clicks", "sessions", "inlinks"),
            )
        }
        made = self.decisions.get(url)
        return {
            **cells,
            "value": float(self.value[at]),
            "decided": bool(self.decided[at]),
            "decision": made.decision or made.action if made else None,
            "by": made.by if made else None,
            "at": made.at if made else None,
            "changed": self.changed.get(url),
            "findings": self.findings.get(url, []),
        }

    def snapshot(self) -> dict[str, list[Any]]:
        """Return the cells as they are; only what can change is copied."""
        changing = (*BASE, *self.people)
        return self.cells | {name: list(self.cells[name]) for name in changing}

    def as_plan(self, cells: Mapping[str, list[Any]]) -> pd.DataFrame:
        """Return the plan with every decision of a snapshot in it."""
        table = pd.DataFrame(cells, columns=list(self.plan.columns))
        status = [STATUS.get(action) for action in cells["action"]]
        before = self.plan["status"]
        kept = before.astype(object).where(before.notna(), None)
        same = table["action"].to_numpy() == self.plan["action"].to_numpy()
        table["status"] = np.where(same, kept, np.array(status, dtype=object))
        return PLAN.fit(table)


def _values(plan: pd.DataFrame) -> NDArray[np.float64]:
    """Return the share of the value of each row; they add up to 1."""
    for name in ("priority", "inlinks"):
        value = plan[name].astype(float).fillna(0.0).to_numpy()
        if value.sum() > 0:
            break
    value = value + 1e-12
    shares: NDArray[np.float64] = value / value.sum()
    return shares
