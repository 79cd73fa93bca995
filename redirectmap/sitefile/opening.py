"""Make, open and check the SQLite file of a site.

A file that is damaged, of another program, or that holds code (triggers,
views) is refused: it may come from anywhere.
"""

from __future__ import annotations

import errno
import os
import sqlite3
from pathlib import Path

from redirectmap.errors import InputError, ResumableError, UsageError

FORMAT = "1"
MAX_CHECKED = 1_000_000_000
"""Larger files are not read through at every opening, only where they are used."""
SCHEMA = """
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT) WITHOUT ROWID;
CREATE TABLE urls (
  id INTEGER PRIMARY KEY, url TEXT NOT NULL UNIQUE,
  kind TEXT NOT NULL,
  state TEXT NOT NULL,
  depth INTEGER, run INTEGER NOT NULL DEFAULT 0, hops INTEGER NOT NULL DEFAULT 0,
  tries INTEGER NOT NULL DEFAULT 0,
  linked INTEGER NOT NULL DEFAULT 0, in_sitemap INTEGER NOT NULL DEFAULT 0,
  listed INTEGER NOT NULL DEFAULT 0,
  outcome TEXT, reason TEXT);
CREATE INDEX queue ON urls (kind, depth, id) WHERE state = 'queued';
CREATE TABLE pages (
  id INTEGER PRIMARY KEY, status INTEGER, content_type TEXT, canonical TEXT,
  title TEXT, h1 TEXT, description TEXT, headings TEXT, text TEXT, lang TEXT,
  robots TEXT, identifiers TEXT, hreflang TEXT, content_hash TEXT,
  fetched_at TEXT, bytes INTEGER, seconds REAL, rendered INTEGER);
CREATE TABLE links (
  source INTEGER NOT NULL, target INTEGER NOT NULL, position INTEGER,
  anchor TEXT, rel TEXT, region TEXT);
CREATE INDEX links_source ON links (source);
CREATE TABLE redirects (
  source INTEGER PRIMARY KEY, status INTEGER, kind TEXT, location TEXT,
  target TEXT);
CREATE TABLE alternates (
  id INTEGER NOT NULL, sitemap TEXT, lang TEXT, url TEXT, lastmod TEXT);
CREATE TABLE warnings (url TEXT, code TEXT, message TEXT);
CREATE TABLE probes (
  id INTEGER PRIMARY KEY, folder TEXT, status INTEGER, target TEXT,
  content_hash TEXT, title TEXT);
"""
TABLES = ("meta", "urls", "pages", "links", "redirects", "warnings", "probes")


def make(path: Path) -> None:
    """Make a new file; it takes its name when it is a whole crawl file.

    Raises:
        UsageError: The name is taken, or the folder cannot be written to.
        ResumableError: The disk is full or fails.
    """
    if path.exists():
        raise UsageError(
            "this file exists already",
            hint="go on with --resume, or choose another name",
            where=str(path),
        )
    young = path.with_name(f".{path.name}.new")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        young.unlink(missing_ok=True)
        db = connect(young)
        db.executescript(f"BEGIN; {SCHEMA} COMMIT;")
        db.execute("INSERT INTO meta VALUES ('format', ?)", (FORMAT,))
        db.execute("INSERT INTO meta VALUES ('state', 'running')")
        db.close()
        os.link(young, path)
        young.unlink()
    except (OSError, sqlite3.OperationalError) as error:
        problem = f"cannot write here: {getattr(error, 'strerror', None) or error}"
        if _is_disk(error):
            hint = "make room, then run the same command again"
            raise ResumableError(problem, hint=hint, where=str(path)) from error
        hint = "choose another folder"
        raise UsageError(problem, hint=hint, where=str(path)) from error


def _is_disk(error: OSError | sqlite3.OperationalError) -> bool:
    if isinstance(error, OSError):
        return error.errno in {errno.ENOSPC, errno.EDQUOT, errno.EIO}
    return error.sqlite_errorcode & 0xFF in {sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR}


def connect(path: Path) -> sqlite3.Connection:
    """Open the database with the settings that every use shares."""
    db = sqlite3.connect(path, timeout=30, isolation_level=None)
    db.execute("PRAGMA trusted_schema = OFF")
    db.execute("PRAGMA synchronous = NORMAL")
    db.execute("PRAGMA cache_size = -16000")
    return db


def check_header(path: Path) -> None:
    """Refuse what is no SQLite file.

    Raises:
        InputError: It cannot be read, or is something else.
    """
    try:
        with path.open("rb") as stream:
            head = stream.read(16)
    except OSError as error:
        raise InputError.unreadable(path, error) from error
    if head != b"SQLite format 3\x00":
        raise InputError(
            "is not a crawl (no SQLite file)",
            hint="crawl the site again under another name",
            where=str(path),
        )


def check_schema(db: sqlite3.Connection, path: Path) -> None:
    """Refuse files that are damaged, of another program, or that hold code."""
    hint = "crawl the site again under another name"
    sound = "ok"
    try:
        rows = db.execute("SELECT type, name FROM sqlite_master").fetchall()
        if path.stat().st_size < MAX_CHECKED:
            sound = db.execute("PRAGMA quick_check(1)").fetchone()[0]
    except sqlite3.DatabaseError as error:
        db.close()
        raise InputError(f"is damaged: {error}", hint=hint, where=str(path)) from error
    names = {name for kind, name in rows if kind == "table"}
    if any(kind in {"trigger", "view"} for kind, _ in rows):
        problem = "holds triggers or views, which no crawl of ours does"
    elif not names.issuperset(TABLES):
        problem = "is an SQLite file, but not a crawl"
    elif sound != "ok":
        problem = f"is damaged: {sound}"
    else:
        return
    db.close()
    raise InputError(problem, hint=hint, where=str(path))
