"""One crawled site in one SQLite file: frontier, pages, links, redirects.

A page and its out-links commit in one transaction, and a URL leaves the queue
in that same transaction: a killed crawl loses nothing, because what was not
committed is still queued. Only one process may write (an flock on the file,
which the kernel lets go of when the process dies), so a URL in work needs no
mark in the file, and a dead process leaves none behind.

Counts  known = queued + done + failed + skipped, always.
Source  https://sqlite.org/wal.html (WAL survives a killed process).
"""

from __future__ import annotations

import fcntl
import json
import os
import sqlite3
import time
from collections import OrderedDict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from redirectmap.errors import ResumableError
from redirectmap.sitefile.opening import check_header, check_schema, connect, make
from redirectmap.sitefile.records import Counts, Found, Result, Row

CACHED_IDS = 25_000
LOCK_SECONDS = 2.0


class SiteFile:
    """The file of one site, open for one writer or for readers."""

    def __init__(self, path: Path, db: sqlite3.Connection, lock: int | None) -> None:
        self.path = path
        self.db = db
        self._lock = lock
        self._ids: OrderedDict[str, int] = OrderedDict()

    @classmethod
    def create(cls, path: Path) -> SiteFile:
        """Make a new file; it takes its name when it is a whole crawl file.

        Raises:
            UsageError: The name is taken, or the folder cannot be written to.
        """
        make(path)
        return cls.resume(path)

    @classmethod
    def resume(cls, path: Path) -> SiteFile:
        """Open a file to go on with its crawl.

        Raises:
            InputError: It is no crawl of ours, or it is damaged.
            ResumableError: Another process writes to it.
        """
        check_header(path)
        lock = _locked(path)
        db = connect(path)
        check_schema(db, path)
        db.execute("PRAGMA journal_mode = WAL")
        return cls(path, db, lock)

    @classmethod
    def read(cls, path: Path) -> SiteFile:
        """Open a file to read from it, while it is written or after.

        Raises:
            InputError: It is no crawl of ours, or it is damaged.
        """
        check_header(path)
        db = connect(path)
        db.execute("PRAGMA query_only = ON")
        check_schema(db, path)
        return cls(path, db, None)

    def close(self) -> None:
        """Close; the writer leaves one file, without side files.

        Raises:
            sqlite3.OperationalError: The disk fails; what was committed is kept.
        """
        try:
            if self._lock is not None:
                with self.transaction():
                    pass  # a journal that was never used cannot be checkpointed
                self.db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
                self.db.execute("PRAGMA journal_mode = DELETE")
        finally:
            self.db.close()
            if self._lock is not None:
                os.close(self._lock)
                self._lock = None

    def meta(self) -> dict[str, str]:
        """Return what is known about the crawl itself."""
        return dict(self.db.execute("SELECT key, value FROM meta").fetchall())

    def set_meta(self, **values: str) -> None:
        """Note facts about the crawl itself."""
        with self.transaction():
            self.db.executemany(
                "INSERT OR REPLACE INTO meta VALUES (?, ?)", list(values.items())
            )

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Write all of the block or nothing."""
        self.db.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._ids.clear()
            self.db.execute("ROLLBACK") if self.db.in_transaction else None
            raise
        self.db.execute("COMMIT")

    def add(self, found: Iterable[Found]) -> None:
        """Add URLs to the frontier; known ones only gain marks."""
        with self.transaction():
            for one in found:
                self.url_id(one)

    def url_id(self, found: Found) -> int:
        """Return the id of a URL, made known if it was not. In a transaction."""
        key = found.url
        known = self._ids.get(key)
        marks = (found.in_sitemap, found.listed, found.hops and not found.linked)
        if known is not None and not any(marks):
            self._ids.move_to_end(key)
            return known
        known = self._insert(found)
        if found.linked:
            self._ids[key] = known
            if len(self._ids) > CACHED_IDS:
                self._ids.popitem(last=False)
        return known

    def _insert(self, found: Found) -> int:
        state = "skipped" if found.skip else "queued"
        row = self.db.execute(
            "INSERT INTO urls (url, kind, state, depth, run, hops, linked,"
            " in_sitemap, listed, outcome, reason)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
            " ON CONFLICT (url) DO UPDATE SET linked = linked | excluded.linked,"
            " in_sitemap = in_sitemap | excluded.in_sitemap,"
            " listed = listed | excluded.listed RETURNING id",
            (
                found.url,
                found.kind,
                state,
                found.depth,
                found.run,
                found.hops,
                int(found.linked),
                int(found.in_sitemap),
                int(found.listed),
                found.skip,
                found.why,
            ),
        ).fetchone()
        return int(row[0])

    def commit(self, row: Row, result: Result) -> None:
        """Write what came of one URL, its links included, in one transaction."""
        with self.transaction():
            self.db.execute(
                "UPDATE urls SET state = ?, outcome = ?, reason = ?, tries = ?"
                " WHERE id = ?",
                (result.state, result.outcome, result.reason, row.tries, row.id),
            )
            if result.page is not None:
                self._write_page(row.id, result.page)
            for one in result.found:
                self.url_id(one)
            if result.links:
                self._write_links(row.id, result.links)
            if result.redirect is not None:
                self.db.execute(
                    "INSERT OR REPLACE INTO redirects VALUES (?, ?, ?, ?, ?)",
                    (row.id, *result.redirect),
                )
            if result.probe is not None:
                self.db.execute(
                    "INSERT OR REPLACE INTO probes VALUES (?, ?, ?, ?, ?, ?)",
                    (row.id, *result.probe),
                )
            self._write_notes(row, result)

    def _write_page(self, key: int, page: Mapping[str, Any]) -> None:
        names = ", ".join(page)
        marks = ", ".join("?" * (len(page) + 1))
        values = [
            json.dumps(value, ensure_ascii=False) if isinstance(value, list) else value
            for value in page.values()
        ]
        self.db.execute(
            f"INSERT OR REPLACE INTO pages (id, {names}) VALUES ({marks})",  # noqa: S608
            (key, *values),
        )

    def _write_links(
        self, source: int, links: Sequence[tuple[Found, int, str, str, str]]
    ) -> None:
        self.db.execute("DELETE FROM links WHERE source = ?", (source,))
        self.db.executemany(
            "INSERT INTO links VALUES (?, ?, ?, ?, ?, ?)",
            [(source, self.url_id(found), *rest) for found, *rest in links],
        )

    def _write_notes(self, row: Row, result: Result) -> None:
        self.db.executemany(
            "INSERT INTO warnings VALUES (?, ?, ?)",
            [(row.url, code, message) for code, message in result.warnings],
        )
        self.db.executemany(
            "INSERT INTO alternates SELECT id, ?, ?, ?, ? FROM urls WHERE url = ?",
            [(*rest, url) for url, *rest in result.alternates],
        )

    def warn(self, url: str, code: str, message: str) -> None:
        """Note something that a person should know."""
        with self.transaction():
            self.db.execute(
                "INSERT INTO warnings VALUES (?, ?, ?)", (url, code, message)
            )

    def known(self, url: str) -> bool:
        """Say whether a link to `url` was written lately (a cache, not the file)."""
        return url in self._ids

    def queued(self, limit: int) -> list[Row]:
        """Return the next URLs to fetch: sitemaps first, then by clicks."""
        rows: list[tuple[Any, ...]] = []
        for kind in ("sitemap", "probe", "page"):
            rows += self.db.execute(
                "SELECT id, url, kind, depth, run, hops, tries, listed FROM urls"
                " WHERE state = 'queued' AND kind = ? ORDER BY depth, id LIMIT ?",
                (kind, limit - len(rows)),
            ).fetchall()
        return [Row(*row) for row in rows]

    def requeue_failed(self) -> int:
        """Queue again what failed; return how many URLs that is."""
        with self.transaction():
            return self.db.execute(
                "UPDATE urls SET state = 'queued', tries = 0 WHERE state = 'failed'"
                " OR (state = 'skipped' AND outcome = 'max_pages')"
            ).rowcount

    def counts(self) -> Counts:
        """Count the page URLs by what became of them."""
        rows = self.db.execute(
            "SELECT state, CASE state WHEN 'skipped' THEN outcome END, count(*)"
            " FROM urls WHERE kind = 'page' GROUP BY 1, 2"
        ).fetchall()
        by_state: dict[str, int] = {}
        for state, _, number in rows:
            by_state[state] = by_state.get(state, 0) + number
        return Counts(
            known=sum(by_state.values()),
            done=by_state.get("done", 0),
            failed=by_state.get("failed", 0),
            queued=by_state.get("queued", 0),
            skipped={why: n for state, why, n in rows if state == "skipped"},
        )


def _locked(path: Path) -> int:
    """Lock the file for one writer; wait a moment for one that was just killed."""
    lock = os.open(path, os.O_RDWR)
    last = time.monotonic() + LOCK_SECONDS
    while True:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            if time.monotonic() < last:
                time.sleep(0.05)
                continue
            os.close(lock)
            raise ResumableError(
                "another crawl writes to this file",
                hint="wait for it, or stop it",
                where=str(path),
            ) from error
        return lock
