"""What every reader hands back: the table, and an account of what was read."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd


@dataclass(frozen=True, slots=True)
class Refused:
    """One row, or one part of a file, that was not taken, and why.

    Attributes:
        line: Line in the file, from 1; None where a format has no lines.
        column: Column name; None where the whole row is meant.
        reason: Stable code: a reason of `redirectmap.urls`, or the reader's own.
        text: The text at fault, fit to print.
    """

    line: int | None
    column: str | None
    reason: str
    text: str


@dataclass(frozen=True, slots=True)
class ReadReport:
    """What was made of one file.

    `rows_in` equals `rows_read` plus the refused ones, plus those that were
    merged or left out on purpose, which `notes` name with their count.
    """

    path: str
    format: str
    rows_in: int
    rows_read: int
    refused: tuple[Refused, ...]
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Site:
    """A site as a crawl or an export describes it.

    Attributes:
        pages: Schema PAGES.
        links: Schema LINKS; empty where the source knows no links.
        redirects: Schema LEGACY, as seen by the crawl.
        report: What was read.
    """

    pages: pd.DataFrame
    links: pd.DataFrame
    redirects: pd.DataFrame
    report: ReadReport
