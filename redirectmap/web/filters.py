"""Which rows are shown, and in which order.

Cost    one pass over the rows; a pattern some 50 ms for 100 000.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from redirectmap.web.desk import Bools, Desk
from redirectmap.web.wildcards import captured


@dataclass(frozen=True, slots=True)
class Filter:
    """Which rows are shown.

    Attributes:
        state: open, decided, changed (by what was learned) or all.
        action: Only this action; empty for any.
        pattern: Words or a pattern with `*` on old URL, titles and target.
        check: Only rows with a finding of this check.
        order: risk, confidence or url.
    """

    state: str = "open"
    action: str = ""
    pattern: str = ""
    check: str = ""
    order: str = "risk"


class Finder:
    """Finds the rows of filters; remembers the last answer until the desk changes."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self._last: tuple[tuple[Filter, int], NDArray[np.int64]] | None = None

    def __call__(self, wanted: Filter) -> NDArray[np.int64]:
        """Return the rows of a filter, in order of work."""
        key = wanted, self.desk.version
        if self._last is None or self._last[0] != key:
            self._last = key, matching(self.desk, wanted)
        return self._last[1]


def matching(desk: Desk, wanted: Filter) -> NDArray[np.int64]:
    """Return the rows of a filter, in order of work."""
    kept = _of_state(desk, wanted.state)
    if wanted.action:
        actions = desk.cells["action"]
        kept &= np.fromiter((a == wanted.action for a in actions), bool)
    if wanted.check:
        kept &= _with_finding(desk, wanted.check)
    if wanted.pattern.strip():
        kept &= _like(desk, wanted.pattern.strip(), kept)
    rows = np.flatnonzero(kept)
    return rows[np.argsort(_rank(desk, wanted.order)[rows], kind="stable")]


def _of_state(desk: Desk, state: str) -> Bools:
    if state == "open":
        return ~desk.decided
    if state == "decided":
        return desk.decided.copy()
    kept = np.full(len(desk.urls), state != "changed")
    if state == "changed":
        kept[[desk.place[url] for url in desk.changed]] = True
        kept &= ~desk.decided
    return kept


def _with_finding(desk: Desk, check: str) -> Bools:
    kept = np.zeros(len(desk.urls), dtype=bool)
    for url, found in desk.findings.items():
        if url in desk.place and any(f["check"] == check for f in found):
            kept[desk.place[url]] = True
    return kept


def _like(desk: Desk, pattern: str, among: Bools) -> Bools:
    """Tell which rows have all words, or a URL or title that fits a pattern."""
    words = pattern.casefold().replace("*", " ").split()
    cells = [desk.cells[n] for n in ("old_url", "new_url", "old_title")]
    kept = np.zeros(len(among), dtype=bool)
    known = desk.texts()
    for row in np.flatnonzero(among).tolist():
        text = known[row]
        if all(word in text for word in words):
            texts = (column[row] for column in cells)
            kept[row] = "*" not in pattern or any(
                text and captured(pattern, text) is not None for text in texts
            )
    return kept


def _rank(desk: Desk, order: str) -> NDArray[np.float64]:
    if order == "confidence":
        return desk.sure.astype(np.float64)
    if order == "url":
        places = np.argsort(np.array(desk.urls, dtype=object), kind="stable")
        return np.argsort(places).astype(np.float64)
    return -desk.risk()
