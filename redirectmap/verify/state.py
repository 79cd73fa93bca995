"""What a run has learned so far, in one SQLite file: a killed run goes on.

Walks are written in batches, each batch in one transaction. A row that was asked
but not yet written is asked again; no row is lost and none counts twice.

Bounds  `BATCH` walks or one second of work are repeated after a kill.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import orjson

from redirectmap.errors import InputError, UsageError
from redirectmap.verify.walk import Walk

BATCH = 500
_TABLES = """
CREATE TABLE IF NOT EXISTS meta (name TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS walks (
    kind TEXT NOT NULL, url TEXT NOT NULL, walk BLOB NOT NULL,
    PRIMARY KEY (kind, url)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS pages (url TEXT PRIMARY KEY, facts BLOB NOT NULL);
"""


class State:
    """The store of one run.

    Args:
        path: File; None keeps everything in memory (nothing to resume).
        fingerprint: Identity of plan and settings.
        resume: Keep what an unfinished run with this fingerprint stored.

    Raises:
        InputError: The file is not one of ours.
        UsageError: The folder cannot be made.
    """

    def __init__(self, path: Path | None, fingerprint: str, *, resume: bool) -> None:
        if path is not None:
            _make_folder(path.parent)
        try:
            self._db = sqlite3.connect(":memory:" if path is None else str(path))
            self._db.execute("PRAGMA trusted_schema=OFF")
            self._db.execute("PRAGMA journal_mode=WAL")
            self._db.execute("PRAGMA synchronous=NORMAL")
            self._db.executescript(_TABLES)
            self.resumed = resume and self._get("fingerprint") == fingerprint
            if not self.resumed:
                self._clear(fingerprint)
        except sqlite3.DatabaseError as error:
            raise InputError(
                f"is not a run of ours: {error}",
                hint="remove the file, or give another --out",
                where=str(path),
            ) from error
        self._batch: list[tuple[str, str, bytes]] = []
        self._written = time.monotonic()

    @property
    def started(self) -> str:
        """When the run began, UTC."""
        return self._get("started") or ""

    def _get(self, name: str) -> str | None:
        row = self._db.execute("SELECT value FROM meta WHERE name=?", (name,))
        found = row.fetchone()
        return None if found is None else str(found[0])

    def _clear(self, fingerprint: str) -> None:
        now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        with self._db:
            for table in ("meta", "walks", "pages"):
                self._db.execute(f"DELETE FROM {table}")  # noqa: S608 - our names
            values = [("fingerprint", fingerprint), ("started", now)]
            self._db.executemany("INSERT INTO meta VALUES (?, ?)", values)

    def add(self, kind: str, url: str, walk: Walk) -> None:
        """Keep a walk; it is on disk after the next batch."""
        self._batch.append((kind, url, orjson.dumps(walk.as_dict())))
        late = time.monotonic() - self._written > 1.0
        if len(self._batch) >= BATCH or late:
            self.flush()

    def flush(self) -> None:
        """Write what is kept."""
        with self._db:
            sql = "INSERT OR REPLACE INTO walks VALUES (?, ?, ?)"
            self._db.executemany(sql, self._batch)
        self._batch.clear()
        self._written = time.monotonic()

    def done(self, kind: str) -> set[str]:
        """Return the URLs whose walk of `kind` is stored."""
        self.flush()
        rows = self._db.execute("SELECT url FROM walks WHERE kind=?", (kind,))
        return {url for (url,) in rows}

    def walk(self, kind: str, url: str) -> Walk | None:
        """Return one stored walk."""
        sql = "SELECT walk FROM walks WHERE kind=? AND url=?"
        found = self._db.execute(sql, (kind, url)).fetchone()
        return None if found is None else Walk.from_dict(orjson.loads(found[0]))

    def add_pages(self, pages: Iterable[dict[str, Any]]) -> None:
        """Keep what pages showed, by their `url`; written at once."""
        with self._db:
            sql = "INSERT OR REPLACE INTO pages VALUES (?, ?)"
            rows = ((page["url"], orjson.dumps(page)) for page in pages)
            self._db.executemany(sql, rows)

    def pages(self) -> dict[str, dict[str, Any]]:
        """Return all pages' facts by URL."""
        rows = self._db.execute("SELECT url, facts FROM pages")
        return {url: orjson.loads(facts) for url, facts in rows}

    def close(self) -> None:
        """Close the file."""
        self._db.close()


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(
            f"cannot write here: {error.strerror}",
            hint="choose another folder with --out",
            where=str(folder),
        ) from error
