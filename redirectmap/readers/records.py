"""What every reader hands back: the tables, and an account of every row.

Decides nothing but the bookkeeping: each row that came in was read, refused
with a reason, or set aside by a named rule (merged with another row, a bot's
request, a row that is no page). `ReadReport.adds_up` says so, and the tests hold
every reader to it.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

from redirectmap.tables import LINK_COUNTS
from redirectmap.urls import shown

MAX_LISTED = 10_000
"""Refused rows kept one by one; beyond it they are counted by reason."""

_SOURCES = (
    ("crawl", "crawl"),
    ("screaming frog", "crawl"),
    ("sitebulb", "crawl"),
    ("sitemap", "sitemap"),
    ("search console", "search_console"),
    ("ga4", "analytics"),
    ("traffic table", "analytics"),
    ("log", "logs"),
    ("wayback", "wayback"),
    ("wordpress", "wordpress"),
    ("warc", "warc"),
    ("ahrefs", "backlinks"),
    ("moz", "backlinks"),
    ("majestic", "backlinks"),
    ("backlink", "backlinks"),
)


def source_of(form: str, kind: str) -> str:
    """Return the name of a source of URLs: crawl, sitemap, backlinks, logs ...

    Args:
        form: What the file was recognised as, `ReadReport.format`.
        kind: What it feeds, `ReadReport.kind`.
    """
    if kind in {"backlinks", "legacy"}:
        return kind
    words = form.casefold()
    return next((name for word, name in _SOURCES if word in words), "file")


@dataclass(frozen=True, slots=True)
class Refused:
    """One row that could not be used.

    Attributes:
        line: Line of the file the row begins on, from 1; None where the format
            has no lines.
        column: Column at fault, as the file calls it; None for the whole row.
        reason: Stable code: `control_char`, `fields`, `too_long` ...
        text: What stood there, shortened and safe to print.
    """

    line: int | None
    column: str | None
    reason: str
    text: str


@dataclass(frozen=True, slots=True)
class ReadReport:
    """What one file was, and what became of its rows.

    Attributes:
        path: The file.
        format: What it was recognised as, e.g. `ahrefs backlinks`.
        rows_in: Rows of data in the file (headers and blank lines are none).
        rows_read: Rows that are in the table.
        refused: Rows that cannot be used, at most `MAX_LISTED`.
        notes: Lines for a person.
        set_aside: Rows left out by a rule, counted by its name.
        kind: What the file can feed: pages, links, backlinks, traffic, legacy,
            urls or overrides.
    """

    path: str
    format: str
    rows_in: int
    rows_read: int
    refused: tuple[Refused, ...]
    notes: tuple[str, ...] = ()
    set_aside: tuple[tuple[str, int], ...] = ()
    kind: str = ""

    @property
    def adds_up(self) -> bool:
        """Whether every row that came in is accounted for."""
        aside = sum(count for _, count in self.set_aside)
        return self.rows_in == self.rows_read + len(self.refused) + aside

    @property
    def source(self) -> str:
        """Which source of URLs it is: crawl, sitemap, backlinks, logs ..."""
        return source_of(self.format, self.kind)


@dataclass(frozen=True)
class Site:
    """One site as a source describes it.

    Attributes:
        pages: Schema `PAGES`.
        links: Schema `LINKS`; empty where the source knows no links.
        redirects: Schema `LEGACY`, as observed by the crawl.
        report: The account of the file.
        counts: Schema `LINK_COUNTS`; links that are counted but not listed.
    """

    pages: pd.DataFrame
    links: pd.DataFrame
    redirects: pd.DataFrame
    report: ReadReport
    counts: pd.DataFrame = field(default_factory=LINK_COUNTS.empty)


@dataclass(slots=True)
class Tally:
    """Counts rows while a file is read; `report` closes the account."""

    path: Path
    format: str
    kind: str
    rows_in: int = 0
    refused: list[Refused] = field(default_factory=list)
    aside: Counter[str] = field(default_factory=Counter)
    notes: list[str] = field(default_factory=list)

    def refuse(
        self, line: int | None, reason: str, text: str, column: str | None = None
    ) -> None:
        """Account for a row that cannot be used."""
        if len(self.refused) < MAX_LISTED:
            self.refused.append(Refused(line, column, reason, shown(text)))
        else:
            self.aside[f"refused, not listed: {reason}"] += 1

    def note(self, text: str) -> None:
        """Tell the person something once."""
        if text not in self.notes:
            self.notes.append(text)

    def report(self) -> ReadReport:
        """Close the account; what was neither refused nor set aside was read."""
        gone = len(self.refused) + sum(self.aside.values())
        return ReadReport(
            path=str(self.path),
            format=self.format,
            rows_in=self.rows_in,
            rows_read=self.rows_in - gone,
            refused=tuple(self.refused),
            notes=tuple(self.notes),
            set_aside=tuple(sorted(self.aside.items())),
            kind=self.kind,
        )
