"""One review: the desk, the decisions on disk, and what goes on behind.

A decision is written down and shown at once. Behind, in one thread and in
batches, the rest follows: the open rows are judged anew, the checks run on the
plan as it is by then, and plan.csv, findings.csv and plan.json are brought in
line. Only `Decisions` must never be behind.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pandas as pd

from redirectmap.errors import RedirectmapError, UsageError
from redirectmap.planning.decisions import Decision, Decisions, Event, now
from redirectmap.planning.files import GENERATED, plan_text, read_plan
from redirectmap.tables import PLAN, read_json, write_atomic, write_csv, write_json
from redirectmap.tables.schemas import ACTIONS
from redirectmap.web.behind import Behind
from redirectmap.web.bulk import Bulk, accepted, planned, preview, stamp_of
from redirectmap.web.desk import Desk
from redirectmap.web.pages import Pages, Search, compared

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
        table = own_plan(plan)
        if table is None:
            table = read_plan(plan)
        table = table.drop_duplicates("old_url", ignore_index=True)
        budget = float(self.summary.get("max_error", 0.01))
        self.desk = Desk(table, self.store.current, budget)
        self.versions: dict[str, int] = {}
        self.seen = self.store.history[-1].number if self.store.history else 0
        self.old: Pages | None = None
        self.new: Pages | None = None
        self.search: Search | None = None
        self.scores: pd.DataFrame | None = None
        self.state = "reading the pages"
        self.trouble = ""
        self.learned: list[Answer] = []
        self._behind = Behind(self)

    def start(self) -> None:
        """Begin what goes on behind."""
        self._behind.start()

    def close(self) -> None:
        """Finish what goes on behind and write the plan."""
        self._behind.stop()

    # what the page asks

    def row(self, url: str, target: str | None = None) -> Answer:
        """Return one row in full: both pages, candidates, findings, history."""
        with self.lock:
            self._known(url)
            row = self.desk.row(url)
            history = [
                _event(event, url) for event in self.store.history if url in event.after
            ]
        shown = target or row["new_url"]
        old = self.old.page(url) if self.old else None
        new = self.new.page(shown) if self.new and shown else None
        return {
            "row": row,
            "seen": self.versions.get(url, 0),
            "shown": shown,
            "old": old,
            "new": new,
            "links": self._links(url, shown),
            "compared": compared(old, new),
            "candidates": self._candidates(url),
            "sharing": self._sharing(url, shown),
            "history": history[-20:],
            "pages_known": self.old is not None and self.new is not None,
        }

    def _links(self, url: str, target: str | None) -> Answer:
        old = self.old.links.get(url, []) if self.old else []
        new = self.new.links.get(target or "", []) if self.new else []
        return {"old": old, "new": new}

    def _candidates(self, url: str) -> list[Answer]:
        own = self._behind.candidates(url)
        if own is None:
            return self._from_plan(url)
        titles = self.new.rows if self.new else {}
        return [
            {**one, "title": (titles.get(one["url"]) or {}).get("title")} for one in own
        ]

    def _from_plan(self, url: str) -> list[Answer]:
        at, cells = self.desk.place[url], self.desk.cells
        found = [(self.desk.base["new_url"][at], self.desk.base["confidence"][at])]
        found += [
            (cells[name][at], cells[f"{name}_confidence"][at])
            for name in ("alternative_1", "alternative_2")
        ]
        return [
            {"url": target, "title": None, "probability": chance or 0.0, "reason": ""}
            for target, chance in found
            if target
        ]

    def _sharing(self, url: str, target: str | None) -> list[str]:
        """Return other old URLs that go to the same page."""
        if not target:
            return []
        targets, urls = self.desk.cells["new_url"], self.desk.urls
        same = (u for u, t in zip(urls, targets, strict=True) if t == target)
        return [other for other in same if other != url][:20]

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
                made = self.store.current.get(url)
                said = (
                    f"{made.by}: {made.decision or made.action}" if made else "undone"
                )
                raise StaleError(
                    f"this row was decided elsewhere meanwhile ({said})",
                    hint="look at it again, then decide",
                )
            made = self._made(url, asked)
            event = self.store.record({url: made}, by=self.who, what=asked["kind"])
            return self._shown(event)

    def _made(self, url: str, asked: Answer) -> Decision:
        at = self.desk.place[url]
        action, proposed = (self.desk.cells[n][at] for n in ("action", "new_url"))
        earlier = self.store.current.get(url, Decision())
        kind, target = str(asked["kind"]), asked.get("target")
        by, when = self.who, now()
        if kind == "note":
            note = str(asked.get("note") or "") or None
            return replace(earlier, note=note, by=by, at=when)
        if kind == "lock":
            made = replace(earlier, decision=earlier.decision or "lock", by=by, at=when)
            settled = replace(made, action=action, new_url=proposed)
            return replace(settled, locked=not bool(self.desk.cells["locked"][at]))
        pair = _meant(kind, action, proposed, target)
        if pair[0] == "keep":
            pair = "keep", url
        note = asked.get("note") or earlier.note
        return Decision(*pair, note, True, kind, self.who, now())

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
            "event": _event(event, first),
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
        self._behind.wake()

    def _changed(self, url: str, event: Event) -> None:
        self.versions[url] = event.number
        row = self.desk.place.get(url)
        if row is None:
            return
        self.desk.show(url)
        baked = self.desk.base["decided_by"][row] == "override"
        if event.after[url] is None and baked and event.before.get(url):
            self.desk.withdraw(url, self._behind.proposal(url))

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
        return {
            "version": self.desk.version,
            "state": self.state,
            "trouble": self.trouble,
            "progress": self.desk.progress(),
            "learned": self.learned[-5:],
            "who": self.who,
            "checks": self._behind.checks,
        }

    def events(self, limit: int) -> Answer:
        """Return the latest events, newest first."""
        latest = self.store.history[-limit:][::-1]
        return {"events": [_event(e, next(iter(e.after))) for e in latest]}

    # what is written behind

    def save(self) -> None:
        """Bring plan.csv, the generated plan, findings and summary in line."""
        from redirectmap.planning.summary import summarise

        with self.lock:
            cells, decided = self.desk.snapshot(), set(self.store.current)
            findings = self._behind.findings
        plan = self.desk.as_plan(cells)
        base = _generated(self.desk, plan, decided, self.folder)
        if findings is not None:
            write_csv(self.folder / "findings.csv", findings)
            made = summarise(plan, findings)
            made.pop("conflicts")
            write_json(self.folder / "plan.json", {**self.summary, **made})
        write_atomic(self.folder / GENERATED, plan_text(base))
        write_atomic(self.path, plan_text(plan))


def own_plan(path: Path) -> pd.DataFrame | None:
    """Read a plan.csv as the tool wrote it, fast; None where it is another one."""
    import pyarrow as pa
    from pyarrow import csv

    kinds = {"int": pa.int64(), "float": pa.float64()}
    types = {c.name: kinds.get(c.kind, pa.string()) for c in PLAN.columns}
    convert = csv.ConvertOptions(
        column_types=types, null_values=[""], strings_can_be_null=True
    )
    parse = csv.ParseOptions(newlines_in_values=True)
    try:
        read = csv.read_csv(path, parse_options=parse, convert_options=convert)
    except (pa.ArrowInvalid, pa.ArrowKeyError, OSError):
        return None
    if read.column_names != PLAN.names:
        return None
    table = PLAN.fit(read.to_pandas())
    known = table["action"].isin(ACTIONS).all() and table["old_url"].notna().all()
    return table if known else None


def _generated(
    desk: Desk, plan: pd.DataFrame, decided: set[str], folder: Path
) -> pd.DataFrame:
    """Return the base of the next merge: decided rows as they now are.

    What people edited in plan.csv before stays an edit against the old base.
    """
    path = folder / GENERATED
    if not path.exists():
        return plan
    before = read_plan(path).drop_duplicates("old_url").set_index("old_url")
    plan = plan.set_index("old_url")
    edited = [
        url
        for url, row in desk.place.items()
        if desk.edited[row] and url not in decided and url in before.index
    ]
    if edited:
        plan.loc[edited] = before.loc[edited, plan.columns]
    return PLAN.fit(plan.reset_index())


def _meant(
    kind: str, action: str, proposed: str | None, target: object
) -> tuple[str, str | None]:
    """Return action and target of a decision.

    Raises:
        UsageError: It has none, or is no decision.
    """
    if kind == "gone":
        return "gone", None
    if kind == "keep":
        return "keep", None
    if kind == "review":
        return "review", None
    if kind == "accept" and not target:
        pair = accepted(action, proposed)
        if isinstance(pair, str):
            raise UsageError(pair, hint="choose a page, or say gone")
        return pair
    if kind not in {"accept", "choose", "merge"}:
        raise UsageError(
            f"{kind} is no decision", hint="accept, choose, gone, merge ..."
        )
    from redirectmap.urls import Url, parse

    url = parse(str(target or proposed or ""), proposed or None)
    if not isinstance(url, Url):
        raise UsageError(f"{target} is no address", hint="give it as https://host/path")
    return "redirect", url.href


def _event(event: Event, url: str) -> Answer:
    def words(made: Decision | None) -> str:
        if made is None:
            return "open"
        return " ".join(str(part) for part in (made.action, made.new_url) if part)

    return {
        "number": event.number,
        "at": event.at,
        "by": event.by,
        "what": event.what,
        "rows": len(event.after),
        "old_url": url,
        "before": words(event.before.get(url)),
        "after": words(event.after.get(url)),
    }
