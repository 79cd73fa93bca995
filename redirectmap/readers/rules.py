"""What redirect rules are, in whichever language they were written.

Decides nothing: a rule for one address becomes a row of LEGACY, a rule for many
(a pattern) a row of PATTERNS, everything else is refused with its line. Patterns
are applied to the URLs we know by `expand_patterns`.

Bounds  a pattern that could take exponential time (a repeated group that
        repeats inside) is refused, never run.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Hashable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from redirectmap.readers.records import Tally
from redirectmap.readers.values import address
from redirectmap.tables import LEGACY
from redirectmap.tables.schemas import Column, Schema
from redirectmap.urls import Url, parse

PATTERNS = Schema(
    "patterns",
    columns=(
        Column("regex", "str", "Python regular expression", nullable=False),
        Column("target", "str", r"template with \1 \2; empty for 410"),
        Column("status", "int", "HTTP status", low=300, high=599),
        Column("origin", "str", "file:line"),
        Column("subject", "str", "what it is matched with: path, wire, or query"),
        Column("base", "str", "origin of the old site"),
    ),
)
_NESTED = re.compile(
    r"\((?:[^()\\]|\\.)*(?<!\\)[*+}](?:[^()\\]|\\.)*\)(?:[*+]|\{\d+,\d*\})"
)
NO_TARGET = {200, 404, 410, 451}
MAX_REGEX = 1_000
MAX_SUBJECT = 4_000


@dataclass(slots=True)
class Rules:
    """Rules as they are read; `legacy` and `patterns` are the tables."""

    base: str
    tally: Tally
    rows: list[tuple[str, str | None, int, str]] = field(default_factory=list)
    shapes: list[tuple[str, str, int, str, str, str]] = field(default_factory=list)

    def add(self, line: int, source: str, target: str, status: int) -> None:
        """Take a rule for one address; `target` is empty for 410."""
        rooted = re.match(r"//[^/.]+(?:[/?]|$)", source)  # a path, no other host
        old = address(f"{self.base}{source}" if rooted else source, self.base)
        if isinstance(old, str):
            self.tally.refuse(line, _side(old, "source"), source, "source")
            return
        new = self._target(target) if target or status not in NO_TARGET else None
        if isinstance(new, str):
            self.tally.refuse(line, _side(new, "target"), target, "target")
            return
        where = f"{self.tally.path.name}:{line}"
        self.rows.append((old.key, new.href if new else None, status, where))

    def _target(self, text: str) -> Url | str:
        return address(text, self.base)

    def add_pattern(
        self, line: int, regex: str, target: str, status: int, subject: str = "path"
    ) -> None:
        r"""Take a rule for many addresses.

        Args:
            line: Line of the file.
            regex: As Python writes it, matched with `re.search`.
            target: Template with `\1`, absolute or beginning with `/`.
            status: HTTP status.
            subject: `path`, `rel` (path without its first slash) or `wire`.
        """
        reason = unsafe_regex(regex)
        if reason:
            self.tally.refuse(line, reason, regex, "pattern")
            return
        where = f"{self.tally.path.name}:{line}"
        self.shapes.append((regex, target, status, where, subject, self.base))
        self.tally.note("rules for many addresses are applied to the known URLs")

    @property
    def legacy(self) -> pd.DataFrame:
        """Schema `LEGACY`: rules for one address, the first of a source wins."""
        return LEGACY.fit(pd.DataFrame(self._first(), columns=LEGACY.names))

    @property
    def patterns(self) -> pd.DataFrame:
        """Schema `PATTERNS`: rules for many, in the order they apply."""
        return PATTERNS.fit(pd.DataFrame(self.shapes, columns=PATTERNS.names))

    def _first(self) -> list[tuple[str, str | None, int, str]]:
        chosen: dict[str, tuple[str, str | None, int, str]] = {}
        for row in self.rows:
            kept = chosen.setdefault(row[0], row)
            if kept is not row:
                same = kept[1:3] == row[1:3]
                self._settle(kept, row, same=same)
        return list(chosen.values())

    def _settle(
        self,
        kept: tuple[str, str | None, int, str],
        row: tuple[str, str | None, int, str],
        *,
        same: bool,
    ) -> None:
        line = int(row[3].rpartition(":")[2])
        if same:
            self.tally.aside["repeats a rule"] += 1
        else:
            text = f"{row[0]} has another target in {kept[3]}"
            self.tally.refuse(line, "conflict", text, "target")


def _side(reason: str, side: str) -> str:
    return f"bad_{side}" if reason in {"bad_url", "empty"} else reason


def unsafe_regex(regex: str) -> str | None:
    """Return why a pattern is not run: too_long, nested_repeat, bad_regex."""
    if len(regex) > MAX_REGEX:
        return "too_long"
    if _NESTED.search(regex):
        return "nested_repeat"
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", FutureWarning)  # [[: read otherwise some day
            re.compile(regex)
    except (re.error, OverflowError, RecursionError, FutureWarning):
        return "bad_regex"
    return None


def expand_patterns(patterns: pd.DataFrame, known_urls: Iterable[str]) -> pd.DataFrame:
    """Apply patterns to the URLs we know, the first that matches wins.

    Args:
        patterns: Schema `PATTERNS`.
        known_urls: URL keys of the old site.

    Returns:
        Schema `LEGACY`, one row per URL that a pattern catches.
    """
    shapes = [
        _Shape(re.compile(row["regex"]), row)
        for row in patterns.to_dict("records")
        if unsafe_regex(row["regex"]) is None
    ]
    rows = [row for url in known_urls for row in _first_match(url, shapes)]
    return LEGACY.fit(pd.DataFrame(rows, columns=LEGACY.names))


@dataclass(frozen=True, slots=True)
class _Shape:
    pattern: re.Pattern[str]
    row: Mapping[Hashable, Any]


def _first_match(
    text: str, shapes: list[_Shape]
) -> Iterator[tuple[str, str | None, int, str]]:
    url = parse(text)
    if not isinstance(url, Url) or len(url.wire) > MAX_SUBJECT:
        return
    for shape in shapes:
        row = shape.row
        found = shape.pattern.search(_subject(url, row["subject"]))
        if found is not None and _same_host(url, row["base"]):
            target = _filled(row["target"] or "", found, url)
            if target is not None or int(row["status"]) >= 400:
                yield url.key, target, int(row["status"]), row["origin"]
            return


def _same_host(url: Url, base: str) -> bool:
    found = parse(base)
    return isinstance(found, Url) and _bare(found.host) == _bare(url.host)


def _bare(host: str) -> str:
    return host.removeprefix("www.")


def _subject(url: Url, name: str) -> str:
    if name == "wire":
        return url.wire
    return url.path[1:] if name == "rel" else url.path


def _filled(template: str, found: re.Match[str], url: Url) -> str | None:
    if not template:
        return None
    groups = [found.group(0), *(group or "" for group in found.groups())]
    text = re.sub(
        r"\\(\d)",
        lambda m: groups[int(m[1])] if int(m[1]) < len(groups) else "",
        template,
    )
    new = parse(text, url.origin)
    return new.href if isinstance(new, Url) else None
