"""One review: the desk, the decisions on disk, and what goes on behind.

A decision is written down and shown at once. Behind, in one thread and in
batches, the rest follows: the open rows are judged anew, the checks run on the
plan as it is by then, and plan.csv, findings.csv and plan.json are brought in
line. Only `Decisions` must never be behind.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from redirectmap.errors import RedirectmapError, UsageError
from redirectmap.planning.decisions import Decision, Decisions, Event, now
from redirectmap.tables import read_json
from redirectmap.web.behind import Behind
from redirectmap.web.bulk import Bulk, planned, preview, stamp_of
from redirectmap.web.deciding import made
from redirectmap.web.desk import Desk
from redirectmap.web.filters import Finder
from redirectmap.web.pages import Pages, Search
from redirectmap.web.saving import plan_of, save, save_rules
from redirectmap.web.show import event_line, row_view

Answer = dict[str, Any]


class StaleError(RedirectmapError):
    """Another tab decided the row since this one looked."""


@dataclass(frozen=True, slots=True)
class Sources:
    """Where the pages come from, as far as it is known."""

    old: tuple[Path, ...] = ()
    new: Path | None = None


class Review:
    """A plan's folder under review.

    Args:
        plan: plan.csv.
        sources: The two sites; without them only addresses and titles are shown.
        who: Name of the person, for the history.

    Raises:
        InputError: The plan or its overrides cannot be read.
    """

    def __init__(self, plan: Path, sources: Sources, *, who: str) -> None:
        self.path = plan
        self.folder = plan.parent
        self.who = who
        self.sources = sources
        self.lock = threading.RLock()
        summary = self.folder / "plan.json"
        self.summary = read_json(summary) if summary.exists() else {}
        self.store = Decisions(self.folder)
        budget = float(self.summary.get("max_error", 0.01))
        self.desk = Desk(plan_of(plan), self.store.current, budget)
        self.rows = Finder(self.desk)
        self.versions: dict[str, int] = {}
        self.seen = self.store.history[-1].number if self.store.history else 0
        self.old: Pages | None = None
        self.new: Pages | None = None
        self.search: Search | None = None
        self.state = "reading the pages"
        self.trouble = ""
        self.learned: list[Answer] = []
        self.behind = Behind(self)

    def start(self) -> None:
        """Begin what goes on behind."""
        self.behind.start()

    def close(self) -> None:
        """Finish what goes on behind and write the plan."""
        self.behind.stop()

    # what the page asks

    def row(self, url: str, target: str | None = None) -> Answer:
        """Return one row in full, held against `target` or its proposal."""
        self._known(url)
        return row_view(self, url, target)

    def find(self, query: str) -> Answer:
        """Search the new pages."""
        search = self.search
        found = search.find(query) if search else []
        return {"found": found, "ready": search is not None}

    # what the page decides

    def decide(self, asked: Answer) -> Answer:
        """Make one decision; it is on disk when this returns."""
        with self.lock:
            url = str(asked["url"])
            self._known(url)
            if asked.get("seen") != self.versions.get(url, 0):
                said = _said(self.store.current.get(url))
                raise StaleError(
                    f"this row was decided elsewhere meanwhile ({said})",
                    hint="look at it again, then decide",
                )
            decision = made(self.desk, url, asked, self.who)
            event = self.store.record({url: decision}, by=self.who, what=asked["kind"])
            return self._shown(event)

    def bulk(self, asked: Bulk, *, apply: str | None) -> Answer:
        """Preview a bulk, or make it if the rows are still those of the preview."""
        with self.lock:
            known = set(self.new.rows) if self.new else set()
            rows, left = planned(self.desk, asked, known=known, by=self.who, at=now())
            if apply is None:
                return preview(rows, left, self.desk)
            if apply != stamp_of(rows):
                raise StaleError(
                    "it would now be other rows or other pages than you saw",
                    hint="look at the preview again",
                )
            if not rows:
                raise UsageError("no row to decide", hint="choose another filter")
            what = f"bulk {asked.kind}, {len(rows)} rows"
            return self._shown(self.store.record(rows, by=self.who, what=what))

    def undo(self, number: int | None) -> Answer:
        """Take an event back; the latest one that is not an undo by default."""
        with self.lock:
            number = number or self._last()
            return self._shown(self.store.undo(number, by=self.who))

    def _last(self) -> int:
        undone = {
            int(event.what.split()[1].rstrip(":"))
            for event in self.store.history
            if event.what.startswith("undo ")
        }
        for event in reversed(self.store.history):
            if event.number not in undone and not event.what.startswith("undo "):
                return event.number
        raise UsageError("there is nothing to undo", hint="decide a row first")

    def _shown(self, event: Event) -> Answer:
        """Return what the page needs after an event of its own."""
        self._follow()
        first = next(iter(event.after))
        return {
            "event": event_line(event, first),
            "row": self.desk.row(first) if first in self.desk.place else None,
            "seen": self.versions.get(first, 0),
            "progress": self.desk.progress(),
            "version": self.desk.version,
        }

    def _follow(self) -> None:
        """Bring the desk in line with every event it has not seen."""
        self.desk.decisions = self.store.current
        for event in self.store.since(self.seen):
            self.seen = event.number
            for url in event.after:
                self._changed(url, event)
        self.desk.touch()
        self.behind.wake()

    def _changed(self, url: str, event: Event) -> None:
        self.versions[url] = event.number
        row = self.desk.place.get(url)
        if row is None:
            return
        self.desk.show(url)
        baked = self.desk.base["decided_by"][row] == "override"
        if event.after[url] is None and baked and event.before.get(url):
            self.desk.withdraw(url, self.behind.proposal(url))

    def catch_up(self) -> None:
        """Take in what another program wrote to overrides.csv."""
        with self.lock:
            if self.store.refresh():
                self._follow()

    def _known(self, url: str) -> None:
        if url not in self.desk.place:
            raise UsageError(f"{url} is no row of the plan", hint="reload the page")

    def status(self) -> Answer:
        """Return what every page shows on top."""
        self.behind.asked.set()
        return {
            "version": self.desk.version,
            "state": self.state,
            "trouble": self.trouble,
            "progress": self.desk.progress(),
            "learned": self.learned[-5:],
            "who": self.who,
            "checks": self.behind.checks,
        }

    def events(self, limit: int) -> Answer:
        """Return the latest events, newest first."""
        latest = self.store.history[-limit:][::-1]
        return {"events": [event_line(e, next(iter(e.after))) for e in latest]}

    def save(self) -> None:
        """Bring the plan's files in line."""
        save(self, self.behind.findings)

    def save_rules(self) -> None:
        """Bring rules.csv in line, where the plan has one."""
        save_rules(self)


def _said(made: Decision | None) -> str:
    return f"{made.by}: {made.decision or made.action}" if made else "undone"
