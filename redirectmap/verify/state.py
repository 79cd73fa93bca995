"""Everything a run knows, in one SQLite file: memory stays flat, a kill loses none.

The plan's rows, their walks, pages, verdicts: each stage reads the tables of the
stages before it and writes its own. Walks are written in batches, each batch in
one transaction. A row that was asked but not yet written is asked again; no row
is lost and none counts twice.

Bounds  `BATCH` walks or one second of work are repeated after a kill.
"""

from __future__ import annotations

import itertools
import sqlite3
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import orjson

from redirectmap.errors import InputError, UsageError
from redirectmap.verify.problems import Problem
from redirectmap.verify.rows import Row
from redirectmap.verify.walk import Walk

BATCH = 500
PART = 2_000
_NAMES = (
    *("meta", "rows", "walks", "variants", "pages", "links", "said", "known"),
    *("before", "verdicts", "spellings", "visits", "differing"),
    *("visits_before", "lost"),
)
_TABLES = """
CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE rows (
    old_url TEXT NOT NULL, action TEXT NOT NULL, status INTEGER NOT NULL,
    expected TEXT NOT NULL, value REAL NOT NULL, n INTEGER PRIMARY KEY,
    old_title TEXT NOT NULL, new_title TEXT NOT NULL, clicks REAL, sessions REAL,
    asked INTEGER NOT NULL DEFAULT 1);
CREATE INDEX rows_old ON rows (old_url);
CREATE INDEX rows_new ON rows (expected);
CREATE TABLE walks (
    kind TEXT NOT NULL, n INTEGER NOT NULL, final_url TEXT NOT NULL,
    hops INTEGER NOT NULL, ends_on TEXT NOT NULL, walk BLOB NOT NULL,
    PRIMARY KEY (kind, n)) WITHOUT ROWID;
CREATE TABLE variants (
    way TEXT NOT NULL, url TEXT NOT NULL, n INTEGER NOT NULL, requests REAL,
    walk BLOB, PRIMARY KEY (way, url)) WITHOUT ROWID;
CREATE TABLE differing (
    n INTEGER NOT NULL, way TEXT NOT NULL, variant TEXT NOT NULL, requests REAL,
    message TEXT NOT NULL);
CREATE TABLE spellings (folded TEXT NOT NULL, n INTEGER NOT NULL);
CREATE TABLE pages (url TEXT PRIMARY KEY, facts BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE links (old_url TEXT NOT NULL, page TEXT NOT NULL,
    PRIMARY KEY (old_url, page)) WITHOUT ROWID;
CREATE TABLE said (n INTEGER NOT NULL, name TEXT NOT NULL, message TEXT NOT NULL);
CREATE INDEX said_n ON said (n);
CREATE TABLE known (
    side TEXT NOT NULL, url TEXT NOT NULL, title TEXT NOT NULL, h1 TEXT NOT NULL,
    text TEXT NOT NULL, lang TEXT NOT NULL, PRIMARY KEY (side, url)) WITHOUT ROWID;
CREATE TABLE before (
    old_url TEXT PRIMARY KEY, verdict TEXT, severity TEXT, expected TEXT,
    action TEXT, record BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE visits (url TEXT PRIMARY KEY, visits REAL NOT NULL) WITHOUT ROWID;
CREATE TABLE visits_before (
    url TEXT PRIMARY KEY, visits REAL NOT NULL) WITHOUT ROWID;
CREATE TABLE lost (
    n INTEGER PRIMARY KEY, old_url TEXT NOT NULL, new_url TEXT NOT NULL,
    value REAL NOT NULL, before REAL NOT NULL, after REAL NOT NULL,
    lost REAL NOT NULL);
CREATE TABLE verdicts (
    n INTEGER PRIMARY KEY, old_url TEXT NOT NULL, verdict TEXT NOT NULL,
    severity TEXT, rank INTEGER NOT NULL, value REAL NOT NULL,
    place INTEGER NOT NULL, record BLOB NOT NULL);
"""
_ROW = ", ".join(f"r.{name}" for name in Row._fields)


class State:
    """The store of one run.

    Args:
        path: The file; its folder is made.
        fingerprint: Identity of plan and settings.
        resume: Keep what an unfinished run with this fingerprint stored.

    Raises:
        InputError: The file is not one of ours.
        UsageError: The folder cannot be made.
    """

    def __init__(self, path: Path, fingerprint: str, *, resume: bool) -> None:
        _make_folder(path.parent)
        self.path = path
        try:
            self.db = sqlite3.connect(path)
            self.db.execute("PRAGMA trusted_schema=OFF")
            self.db.execute("PRAGMA journal_mode=WAL")
            self.db.execute("PRAGMA synchronous=NORMAL")
            self.resumed = resume and self._is_of(fingerprint)
            if not self.resumed:
                self._make_anew(fingerprint)
        except sqlite3.DatabaseError as error:
            raise InputError(
                f"is not a run of ours: {error}",
                hint="remove the file, or give another --out",
                where=str(path),
            ) from error
        self._batch: list[tuple[str, int, str, int, str, bytes]] = []
        self._written = time.monotonic()

    def _is_of(self, fingerprint: str) -> bool:
        try:
            return self.get("fingerprint") == fingerprint
        except sqlite3.OperationalError:
            return False

    def _make_anew(self, fingerprint: str) -> None:
        drops = "".join(f"DROP TABLE IF EXISTS {name};" for name in _NAMES)
        self.db.executescript(f"BEGIN; {drops} {_TABLES} COMMIT;")
        self.put("started", time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()))
        self._young = fingerprint

    @property
    def started(self) -> str:
        """When the run began, UTC."""
        return self.get("started") or ""

    def get(self, name: str) -> str | None:
        """Return a note of the run about itself."""
        row = self.db.execute("SELECT value FROM meta WHERE name=?", (name,))
        found = row.fetchone()
        return None if found is None else str(found[0])

    def put(self, name: str, value: str) -> None:
        """Keep a note of the run about itself."""
        with self.db:
            self.db.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (name, value))

    def load(self, rows: Iterable[Row]) -> None:
        """Take the plan; the run can be resumed once `settle` was called."""
        places = ", ".join("?" * len(Row._fields))
        with self.db:
            self.db.executemany(
                f"INSERT INTO rows ({', '.join(Row._fields)}) VALUES ({places})",  # noqa: S608 - our names
                rows,
            )

    def settle(self) -> None:
        """Say that all inputs are in: from here a killed run goes on."""
        self.put("fingerprint", self._young)

    def rows(self, where: str = "1", values: tuple[object, ...] = ()) -> Iterator[Row]:
        """Yield rows in the plan's order, read in parts, so writes may go on."""
        sql = f"SELECT {_ROW} FROM rows r WHERE r.n > ? AND ({where}) ORDER BY r.n LIMIT ?"  # noqa: S608, E501 - our conditions
        last = -1
        while part := self.db.execute(sql, (last, *values, PART)).fetchall():
            yield from map(Row._make, part)
            last = part[-1][5]

    def unasked(self, kind: str) -> Iterator[Row]:
        """Yield the rows to be asked that have no walk of `kind`."""
        have = "SELECT 1 FROM walks w WHERE w.kind = ? AND w.n = r.n"
        return self.rows(f"r.asked AND NOT EXISTS ({have})", (kind,))

    def count(self, sql: str, values: tuple[object, ...] = ()) -> int:
        """Return the one number that a query gives."""
        return int(self.db.execute(sql, values).fetchone()[0] or 0)

    def add(self, kind: str, n: int, walk: Walk) -> None:
        """Keep a walk; it is on disk after the next batch."""
        head = (kind, n, walk.final_url, len(walk.hops), walk.ends_on)
        self._batch.append((*head, orjson.dumps(walk.as_dict())))
        late = time.monotonic() - self._written > 1.0
        if len(self._batch) >= BATCH or late:
            self.flush()

    def flush(self) -> None:
        """Write what is kept."""
        with self.db:
            sql = "INSERT OR REPLACE INTO walks VALUES (?, ?, ?, ?, ?, ?)"
            self.db.executemany(sql, self._batch)
        self._batch.clear()
        self._written = time.monotonic()

    def walk(self, kind: str, n: int) -> Walk | None:
        """Return one stored walk."""
        sql = "SELECT walk FROM walks WHERE kind=? AND n=?"
        found = self.db.execute(sql, (kind, n)).fetchone()
        return None if found is None else walk_of(found[0])

    def say(self, problems: Iterable[tuple[int, Problem]]) -> None:
        """Keep what a stage found about rows, beside what their walks tell."""
        with self.db:
            self.db.executemany(
                "INSERT INTO said VALUES (?, ?, ?)",
                ((n, problem.name, problem.message) for n, problem in problems),
            )

    def forget(self, *tables: str) -> None:
        """Empty tables of a stage that begins anew."""
        with self.db:
            for table in tables:
                self.db.execute(f"DELETE FROM {table}")  # noqa: S608 - our names

    def add_pages(self, pages: Iterable[dict[str, Any]]) -> None:
        """Keep what pages showed, by their `url`; written at once."""
        kept = list(pages)
        with self.db:
            self.db.executemany(
                "INSERT OR REPLACE INTO pages VALUES (?, ?)",
                ((page["url"], orjson.dumps(page)) for page in kept),
            )
            links = ((old, p["url"]) for p in kept for old in p.get("old_links", ()))
            self.db.executemany("INSERT OR IGNORE INTO links VALUES (?, ?)", links)

    def page(self, url: str) -> dict[str, Any] | None:
        """Return what one page showed."""
        sql = "SELECT facts FROM pages WHERE url=?"
        found = self.db.execute(sql, (url,)).fetchone()
        return None if found is None else dict(orjson.loads(found[0]))

    def insert(self, table: str, values: Iterable[tuple[object, ...]]) -> None:
        """Add rows to one of the tables, part by part."""
        todo = iter(values)
        while part := list(itertools.islice(todo, PART)):
            places = ", ".join("?" * len(part[0]))
            with self.db:
                self.db.executemany(
                    f"INSERT OR REPLACE INTO {table} VALUES ({places})",  # noqa: S608 - our names
                    part,
                )

    def close(self) -> None:
        """Close the file."""
        self.db.close()


def walk_of(blob: bytes) -> Walk:
    """Read a walk as it is stored."""
    return Walk.from_dict(orjson.loads(blob))


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(
            f"cannot write here: {error.strerror}",
            hint="choose another folder with --out",
            where=str(folder),
        ) from error
