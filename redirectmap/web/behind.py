"""What goes on behind a review: reading, learning, checking, saving.

One thread, in batches: decisions that come while it works wait for the next
round, and the page never waits for it.
"""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from redirectmap.errors import RedirectmapError
from redirectmap.planning.decisions import now
from redirectmap.tables.files import read_csv_table
from redirectmap.tables.schemas import FINDINGS
from redirectmap.web.pages import Search, read_pages

if TYPE_CHECKING:
    from redirectmap.web.work import Review

_PAUSE = 0.4
_SAVE_AFTER = 3.0
_CANDIDATES = 9
_LEAST = 0.02
_PART = 2_000
MOVED = "another page"


class Behind:
    """The thread that reads the pages, learns, checks and saves."""

    def __init__(self, review: Review) -> None:
        self.review = review
        self.findings: pd.DataFrame | None = None
        self.checks: dict[str, int] = {}
        self._judged: tuple[pd.DataFrame, dict[str, Any]] | None = None
        self._learner: Any = None
        self._first = pd.DataFrame()
        self._proposed: pd.DataFrame | None = None
        self._carried: pd.DataFrame | None = None
        self._wake = threading.Event()
        self._end = False
        self._unsaved = False
        self._thread = threading.Thread(target=self._run, name="behind", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def wake(self) -> None:
        """Say that something was decided."""
        self._unsaved = True
        self._wake.set()

    def stop(self) -> None:
        """Finish the round under way, save, end."""
        self._end = True
        self._wake.set()
        if self._thread.is_alive():
            self._thread.join()
        if self._unsaved:
            self._try(self.review.save, "saving the plan")

    def candidates(self, url: str) -> list[dict[str, Any]] | None:
        """Return the judged candidates of a row, best first."""
        if self._judged is None or url not in self._judged[1]:
            return None
        judged, places = self._judged
        own = judged.iloc[places[url]].sort_values("rank", kind="stable")
        return [
            {str(k): v for k, v in row.items()}
            for row in own.head(_CANDIDATES).to_dict("records")
        ]

    def proposal(self, url: str) -> dict[str, Any]:
        """Return what the tool alone would propose for a row."""
        if self._proposed is None or url not in self._proposed.index:
            return {"action": "review", "decided_by": "match", "reason": "open again"}
        found = self._proposed.loc[url].to_dict()
        return {**{str(k): v for k, v in found.items()}, "decided_by": "match"}

    def _run(self) -> None:
        self._try(self._prepare, "reading the scores")
        self._try(self._learn, "learning")
        self._try(self._read, "reading the pages")
        self._try(self._check, "checking")
        self._say("ready")
        saved = time.monotonic()
        while not self._end:
            woken = self._wake.wait(_PAUSE)
            self.review.catch_up()
            if woken:
                self._wake.clear()
                time.sleep(_PAUSE)
                self._try(self._learn, "learning")
                self._try(self._check, "checking")
                self._say("ready")
                saved = time.monotonic()
            elif self._unsaved and time.monotonic() - saved > _SAVE_AFTER:
                self._unsaved = False
                self._try(self.review.save, "saving the plan")
                self._say("ready")

    def _try(self, step: Callable[[], None], name: str) -> None:
        """Do a step; what goes wrong is shown on the page, and work goes on."""
        self._say(name)
        try:
            step()
        except (RedirectmapError, OSError, ValueError, KeyError) as error:
            self.review.trouble = f"{name}: {error}"
            self.review.desk.version += 1

    def _say(self, state: str) -> None:
        self.review.state = state

    def _prepare(self) -> None:
        from redirectmap.web.learning import Learner

        path = self.review.folder / "scores.parquet"
        if not path.exists():
            return
        scores = pd.read_parquet(path)
        desk = self.review.desk
        values = pd.Series(desk.value, index=desk.urls)
        self._learner = Learner(scores, (), values, desk.max_error)
        self._take(scores)
        self._first = self._proposed = self._learner.proposed(scores)

    def _take(self, judged: pd.DataFrame) -> None:
        places = judged.groupby("old_url").indices
        self._judged = judged, {str(url): at for url, at in places.items()}

    def _learn(self) -> None:
        if self._learner is None:
            return
        review = self.review
        with review.lock:
            decisions, seen = dict(review.store.current), review.seen
        judged = self._learner.judged(decisions)
        proposed = self._learner.proposed(judged)
        self._take(judged)
        self._proposed = proposed
        if decisions or review.desk.changed:
            self._adopt(proposed, seen)

    def _adopt(self, proposed: pd.DataFrame, seen: int) -> None:
        """Show what is now proposed where learning made a difference; say so.

        In parts, so that no decision waits for it; a decision that comes in
        between starts another round.
        """
        review = self.review
        counts: Counter[str] = Counter()
        moved: list[str] = []
        known = {name: proposed[name].tolist() for name in proposed.columns}
        before = {name: self._first[name].tolist() for name in proposed.columns}
        urls = proposed.index.tolist()
        for start in range(0, len(urls), _PART):
            with review.lock:
                if review.seen != seen:
                    return
                for number in range(start, min(start + _PART, len(urls))):
                    cells = {name: column[number] for name, column in known.items()}
                    was = {name: column[number] for name, column in before.items()}
                    how = self._propose(urls[number], was, cells)
                    counts.update([how] if how else [])
                    moved += [urls[number]] if how == MOVED else []
        if counts:
            said = ", ".join(f"{count} rows: {how}" for how, count in counts.items())
            review.learned.append({"at": now(), "said": said, "rows": moved[:50]})
        with review.lock:
            review.desk.touch()

    def _propose(
        self, url: str, was: dict[str, Any], cells: dict[str, Any]
    ) -> str | None:
        """Change one open row's proposal; return how, None for no change."""
        desk = self.review.desk
        row = desk.place.get(url)
        if row is None or desk.decided[row] or desk.origin(row) != "match":
            return None
        how = difference(was, cells)
        return how if desk.propose(row, cells, how) else None

    def _read(self) -> None:
        sources = self.review.sources
        if sources.old:
            self.review.old = read_pages(sources.old[0])
        if sources.new is not None:
            self.review.new = read_pages(sources.new)
            search = Search(self.review.new.table)
            self.review.search = search
            self.review.desk.touch()
            search.index()
            self._with_new_pages(search.urls)
        self.review.desk.touch()

    def _with_new_pages(self, urls: list[str]) -> None:
        if self._learner is None:
            return
        from redirectmap.web.learning import Learner

        old = self._learner
        self._learner = Learner(old.scores, urls, old.values, old.max_error)

    def _check(self) -> None:
        from redirectmap.checks import PlanContext, run_checks

        review = self.review
        with review.lock:
            held = review.desk.snapshot()
        context = PlanContext(
            review.desk.as_plan(held),
            old_pages=review.old.table if review.old else None,
            new_pages=review.new.table if review.new else None,
        )
        findings = run_checks(context)
        if self._carried is None:
            self._carried = unseen(review.folder / "findings.csv", findings)
        self.findings = pd.concat([findings, self._carried], ignore_index=True)
        by_url: dict[str, list[dict[str, Any]]] = {}
        names = ["severity", "check", "message", "hint"]
        known = findings[findings["old_url"].notna()]
        cells = known[names].astype(object).where(known[names].notna(), None)
        for url, row in zip(known["old_url"], cells.to_dict("records"), strict=True):
            found = {str(k): v for k, v in row.items()}
            by_url.setdefault(str(url), []).append(found)
        self.checks = {str(k): int(v) for k, v in known["check"].value_counts().items()}
        with review.lock:
            review.desk.findings = by_url
            review.desk.touch()


def unseen(path: Path, live: pd.DataFrame) -> pd.DataFrame:
    """Return the findings of a plan that the page cannot make anew.

    They need what the page has not: backlinks, traffic, logs, old rules.

    Args:
        path: The plan's findings.csv; it may be missing.
        live: What the page finds on the same plan.
    """
    if not path.is_file():
        return FINDINGS.empty()
    saved = read_csv_table(path, FINDINGS)
    return saved[~saved["check"].isin(live["check"])]


def difference(before: dict[str, Any], cells: dict[str, Any]) -> str | None:
    """Name how a proposal differs from the first one; None for not enough."""
    if before["new_url"] != cells["new_url"]:
        return MOVED
    if before["action"] != cells["action"]:
        return "sure enough now" if cells["action"] != "review" else "less sure"
    moved = float(cells["confidence"]) - float(before["confidence"])
    if not abs(moved) >= _LEAST:
        return None
    return "surer" if moved > 0 else "less sure"
