"""What people decided about a plan: overrides.csv, and the history of it.

overrides.csv is the state, one row per decided old URL; history.jsonl says who
changed which row, when, from what to what. A decision is on disk, whole, before
`record` returns; a kill in between leaves the decision and loses at most its line
of history, which the next start writes anew.

Several programs may hold the same folder (two review pages, a plan): each
change is made under a lock, on the file as it is by then.

Cost    one change costs one write of overrides.csv: 100 000 rows about 0.1 s.
"""

from __future__ import annotations

import csv
import fcntl
import io
import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson
import pandas as pd

from redirectmap.errors import InputError, UsageError
from redirectmap.readers import OVERRIDES, read_overrides
from redirectmap.tables import write_atomic

OVERRIDES_FILE = "overrides.csv"
HISTORY_FILE = "history.jsonl"
_LOCK_FILE = ".overrides.lock"
_COLUMNS = (
    *("old_url", "action", "new_url", "locked", "note", "decision", "by", "at"),
)
_SAID = ("action", "new_url", "note", "locked")


@dataclass(frozen=True, slots=True)
class Decision:
    """What a person says about one old URL.

    Attributes:
        action: redirect, gone, keep, review; None where there is only a note.
        new_url: Absolute target.
        note: In the person's words.
        locked: Not to be touched by a re-plan.
        decision: How it was made: accept, choose, gone, merge ...
        by: Who.
        at: When, UTC, ISO 8601.
    """

    action: str | None = None
    new_url: str | None = None
    note: str | None = None
    locked: bool | None = None
    decision: str | None = None
    by: str | None = None
    at: str | None = None

    def same(self, other: Decision | None) -> bool:
        """Tell whether `other` says the same, whoever said it and when."""
        return other is not None and self.said == other.said

    @property
    def said(self) -> tuple[object, ...]:
        """What counts for the plan."""
        return tuple(getattr(self, name) for name in _SAID)


Rows = dict[str, Decision | None]


@dataclass(frozen=True, slots=True)
class Event:
    """One change: by whom, when, what, and its rows before and after."""

    number: int
    at: str
    by: str
    what: str
    before: Rows
    after: Rows


def now() -> str:
    """Return the time of a decision."""
    return datetime.now(UTC).isoformat(timespec="milliseconds")


class Decisions:
    """The decisions of one plan's folder.

    Args:
        folder: Where the plan lies.

    Raises:
        InputError: overrides.csv holds rows that cannot be read: rewriting the
            file would lose them.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.path = folder / OVERRIDES_FILE
        self.current: dict[str, Decision] = {}
        self.history: list[Event] = []
        self._lines: dict[str, str] = {}
        self._seen: tuple[int, ...] | None = None
        self._foreign = False
        self.refresh()

    def refresh(self) -> bool:
        """Read the files again if another program wrote them; tell whether so."""
        stamp = _stamp(self.path)
        if stamp == self._seen and self.history:
            return False
        self.current, self._foreign = _read(self.path)
        self._lines = {url: _line(url, row) for url, row in self.current.items()}
        self.history = list(_read_history(self.folder / HISTORY_FILE))
        changed = stamp != self._seen
        self._seen = stamp
        self._note_unwritten()
        return changed

    def record(self, rows: Rows, *, by: str, what: str) -> Event:
        """Write decisions down; they are on disk when this returns.

        Args:
            rows: New decision by old URL; None takes a decision back.
            by: Who.
            what: How it was made, for the history.
        """
        with self._alone():
            self.refresh()
            return self._apply(rows, by=by, what=what)

    def undo(self, number: int, *, by: str) -> Event:
        """Take event `number` back, where its rows still say what it made them say.

        Raises:
            UsageError: There is no such event, or later ones have changed all of
                its rows.
        """
        with self._alone():
            self.refresh()
            event = next((e for e in self.history if e.number == number), None)
            rows = {} if event is None else self._still(event)
            if event is None or not rows:
                raise UsageError(
                    f"event {number} cannot be undone",
                    hint="its rows were changed since; undo the later events first",
                )
            return self._apply(rows, by=by, what=f"undo {number}: {event.what}")

    def since(self, number: int) -> list[Event]:
        """Return the events after `number`."""
        return [event for event in self.history if event.number > number]

    def table(self) -> pd.DataFrame | None:
        """Return the decisions as `apply_overrides` takes them; None for none."""
        return table_of(self.current)

    def said_by(self, source: str) -> dict[str, Decision | None]:
        """Return what `source` said last about each old URL."""
        said: Rows = {}
        for event in self.history:
            if event.by == source and event.what.startswith("handed in"):
                said.update(event.after)
        return said

    def _still(self, event: Event) -> Rows:
        return {
            url: event.before.get(url)
            for url, made in event.after.items()
            if _same(self.current.get(url), made)
        }

    def _apply(self, rows: Rows, *, by: str, what: str) -> Event:
        before = {url: self.current.get(url) for url in rows}
        number = self.history[-1].number + 1 if self.history else 1
        event = Event(number, now(), by, what, before, rows)
        for url, row in rows.items():
            if row is None:
                self.current.pop(url, None)
                self._lines.pop(url, None)
            else:
                self.current[url] = row
                self._lines[url] = _line(url, row)
        self._write()
        self._append(event)
        return event

    def _write(self) -> None:
        if self._foreign:
            shutil.copy2(self.path, self.path.with_suffix(".before-review.csv"))
            self._foreign = False
        header = ",".join(_COLUMNS)
        write_atomic(self.path, f"{header}\n{''.join(self._lines.values())}")
        self._seen = _stamp(self.path)

    def _append(self, event: Event) -> None:
        line = orjson.dumps(_as_json(event)) + b"\n"
        path = self.folder / HISTORY_FILE
        handle = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o666)
        try:
            size = os.fstat(handle).st_size
            torn = size and os.pread(handle, 1, size - 1) != b"\n"
            os.write(handle, b"\n" + line if torn else line)
            os.fsync(handle)
        finally:
            os.close(handle)
        self.history.append(event)

    def _note_unwritten(self) -> None:
        """Add what overrides.csv holds and the history does not know."""
        known: Rows = {}
        for event in self.history:
            known.update(event.after)
        rows: Rows = {
            url: row
            for url, row in self.current.items()
            if not row.same(known.get(url))
        }
        gone = [url for url, row in known.items() if row and url not in self.current]
        rows.update(dict.fromkeys(gone))
        if not rows:
            return
        by = {row.by for row in rows.values() if row and row.by}
        who = by.pop() if len(by) == 1 else OVERRIDES_FILE
        number = self.history[-1].number + 1 if self.history else 1
        before = {url: known.get(url) for url in rows}
        self._append(Event(number, now(), who, "found in overrides.csv", before, rows))

    @contextmanager
    def _alone(self) -> Iterator[None]:
        self.folder.mkdir(parents=True, exist_ok=True)
        with (self.folder / _LOCK_FILE).open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield


def _same(one: Decision | None, other: Decision | None) -> bool:
    return other is None if one is None else one.same(other)


def _stamp(path: Path) -> tuple[int, ...] | None:
    try:
        found = path.stat()
    except FileNotFoundError:
        return None
    return found.st_ino, found.st_mtime_ns, found.st_size


def _read(path: Path) -> tuple[dict[str, Decision], bool]:
    """Return the decisions of overrides.csv, and whether others made the file."""
    if not path.exists() or not path.stat().st_size:
        return {}, False
    with path.open("rb") as stream:
        first = stream.readline().strip()
    ours = first == ",".join(_COLUMNS).encode()
    if ours and path.stat().st_size <= len(first) + 1:
        return {}, False
    table, report = read_overrides(path)
    if report.refused:
        bad = report.refused[0]
        raise InputError(
            f"a decision cannot be read: {bad.reason} ({bad.text})",
            hint="mend or delete the line; all others are kept",
            where=f"{path}:{bad.line}",
        )
    return {str(row["old_url"]): decision_of(row) for row in _records(table)}, not ours


def _records(table: pd.DataFrame) -> list[dict[str, Any]]:
    plain = table.astype(object).where(table.notna(), None)
    return [{str(k): v for k, v in row.items()} for row in plain.to_dict("records")]


def decision_of(row: Mapping[str, Any]) -> Decision:
    """Return a row of `OVERRIDES` as a decision."""
    names = ("action", "new_url", "note", "locked", "decision", "by", "at")
    return Decision(**{name: row.get(name) for name in names})


def table_of(decisions: Mapping[str, Decision]) -> pd.DataFrame | None:
    """Return decisions as a table of `OVERRIDES`; None for none."""
    if not decisions:
        return None
    rows = [{"old_url": url, **asdict(row)} for url, row in decisions.items()]
    return OVERRIDES.fit(pd.DataFrame(rows))


def joined(earlier: Decision | None, later: Decision) -> Decision:
    """Return `later`, with what it leaves open taken from `earlier`."""
    if earlier is None:
        return later
    note = later.note if later.note is not None else earlier.note
    if later.action is None:
        return replace(earlier, note=note, by=later.by, at=later.at)
    return replace(later, note=note)


def _line(url: str, row: Decision) -> str:
    out = io.StringIO()
    cells = asdict(row) | {"old_url": url, "locked": "true" if row.locked else ""}
    if row.action and row.locked is False:
        cells["locked"] = "false"
    line = [cells[name] if cells[name] is not None else "" for name in _COLUMNS]
    csv.writer(out, lineterminator="\n").writerow(line)
    return out.getvalue()


def _as_json(event: Event) -> dict[str, Any]:
    rows = [
        {"old_url": url, "before": _plain(event.before.get(url)), "after": _plain(row)}
        for url, row in event.after.items()
    ]
    head = {"n": event.number, "at": event.at, "by": event.by, "what": event.what}
    return {**head, "rows": rows}


def _plain(row: Decision | None) -> dict[str, Any] | None:
    return None if row is None else asdict(row)


def _read_history(path: Path) -> Iterator[Event]:
    """Yield the events; a line that a kill cut short is passed over."""
    if not path.exists():
        return
    for line in path.read_bytes().splitlines():
        try:
            yield _event(orjson.loads(line))
        except (orjson.JSONDecodeError, KeyError, TypeError):
            continue


def _event(value: Mapping[str, Any]) -> Event:
    rows = value["rows"]
    before = {row["old_url"]: _decision(row["before"]) for row in rows}
    after = {row["old_url"]: _decision(row["after"]) for row in rows}
    who, what = str(value["by"]), str(value["what"])
    return Event(int(value["n"]), str(value["at"]), who, what, before, after)


def _decision(value: Mapping[str, Any] | None) -> Decision | None:
    return None if value is None else Decision(**value)
