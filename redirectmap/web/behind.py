"""What goes on behind a review: reading, learning, checking, saving.

One thread, in batches: decisions that come while it works wait for the next
round, and the page never waits for it.
"""

from __future__ import annotations

import threading
import time
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
    from redirectmap.web.learning import Learner
    from redirectmap.web.work import Review

_HEAD_START = 2.0
_PAUSE = 0.4
_PATIENCE = 3.0
_SAVE_AFTER = 3.0
_PART = 2_000
MOVED = "another page"


class Behind:
    """The thread that reads the pages, learns, checks and saves."""

    def __init__(self, review: Review) -> None:
        self.review = review
        self.findings: pd.DataFrame | None = None
        self.checks: dict[str, int] = {}
        self._learner: Learner | None = None
        self._moved: dict[str, dict[str, Any]] = {}
        self._carried: pd.DataFrame | None = None
        self.asked = threading.Event()
        self._wake = threading.Event()
        self._end = False
        self._unsaved = False
        self._decided = False
        self._thread = threading.Thread(target=self._run, name="behind", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def wake(self) -> None:
        """Say that something was decided."""
        self._unsaved = self._decided = True
        self._wake.set()

    def stop(self) -> None:
        """Finish the round under way, save, end."""
        self._end = True
        self.asked.set()
        self._wake.set()
        if self._thread.is_alive():
            self._thread.join()
        if self._unsaved:
            self._try(self.review.save, "saving the plan")
        if self._decided:
            self._try(self.review.save_rules, "looking for pattern rules")

    def candidates(self, url: str) -> list[dict[str, Any]] | None:
        """Return the judged candidates of a row, best first."""
        return self._learner.candidates(url) if self._learner else None

    def proposal(self, url: str) -> dict[str, Any]:
        """Return what the tool alone would propose for a row."""
        found = self._learner.best(url) if self._learner else {"reason": "open again"}
        return {"action": "review", "decided_by": "match", **found}

    def _run(self) -> None:
        self.asked.wait(_HEAD_START)  # the first rows come first
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
                self._settle()
                self._try(self._learn, "learning")
                if not self._wake.is_set():  # who goes on deciding comes first
                    self._try(self._check, "checking")
                self._say("ready")
                saved = time.monotonic()
            elif self._unsaved and time.monotonic() - saved > _SAVE_AFTER:
                self._unsaved = False
                self._try(self.review.save, "saving the plan")
                self._say("ready")

    def _settle(self) -> None:
        """Wait for a moment in which nobody decides, but not for long."""
        end = time.monotonic() + _PATIENCE
        self._wake.clear()
        while time.monotonic() < end and self._wake.wait(_PAUSE):
            self._wake.clear()

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

        with self.review.lock:
            self.review.desk.texts()
        path = self.review.folder / "scores.parquet"
        if path.exists():
            self._learner = Learner(self.review.desk, path)

    def _learn(self) -> None:
        if self._learner is None:
            return
        review = self.review
        with review.lock:
            decisions, seen = dict(review.store.current), review.seen
        moved = self._learner.learn(decisions)
        back = [url for url in self._moved if url not in moved]
        fresh = [url for url, cells in moved.items() if cells != self._moved.get(url)]
        urls = back + fresh
        for start in range(0, len(urls), _PART):
            with review.lock:
                if review.seen != seen:
                    return  # decided meanwhile: the next round takes it up
                for url in urls[start : start + _PART]:
                    self._propose(url, moved.get(url))
        self._tell([url for url in fresh if url in self._moved], back)

    def _propose(self, url: str, cells: dict[str, Any] | None) -> None:
        """Change one open row's proposal, or put the plan's own back."""
        desk = self.review.desk
        row = desk.place[url]
        self._moved.pop(url, None)
        if desk.decided[row]:
            return
        desk.propose(row, cells, MOVED if cells else None)
        if cells:
            self._moved[url] = cells

    def _tell(self, moved: list[str], back: list[str]) -> None:
        """Show how many rows the last decisions have moved."""
        parts = [f"{len(moved)} rows: {MOVED}"] if moved else []
        parts += [f"{len(back)} rows: as they were"] if back else []
        if parts:
            said = ", ".join(parts)
            found = {"at": now(), "said": said, "rows": (moved or back)[:50]}
            self.review.learned.append(found)
        with self.review.lock:
            self.review.desk.touch()

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
        if self._learner is not None:
            for url in urls:
                self._learner.site.target(url)

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
