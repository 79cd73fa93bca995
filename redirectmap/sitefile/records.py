"""The rows that pass between the crawler and the file of a site."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any


@dataclass(slots=True)
class Row:
    """One URL of the frontier, in work."""

    id: int
    url: str
    kind: str
    depth: int = 0
    run: int = 0
    hops: int = 0
    tries: int = 0
    listed: bool = False

    @property
    def host(self) -> str:
        """Host, with the port where the URL has one."""
        return self.url.split("/", 3)[2]


@dataclass(slots=True)
class Found:
    """A URL that a page, a sitemap or a list names.

    Attributes:
        kind: page, robots, sitemap or probe.
        run: How many hops in a row led to a URL of the same shape.
        skip: Why it is not to be fetched, or None; and in `why` a line for people.
    """

    url: str
    kind: str = "page"
    depth: int = 0
    run: int = 0
    hops: int = 0
    skip: str | None = None
    why: str | None = None
    linked: bool = False
    in_sitemap: bool = False
    listed: bool = False


@dataclass(slots=True)
class Result:
    """What came of fetching one URL: everything that one transaction writes.

    Attributes:
        state: done, failed or skipped.
        outcome: Stable word: ok, redirect, gone, timeout, robots ...
        page: Columns of the table `pages`.
        links: (target, position, anchor, rel, region).
        redirect: (status, http or meta or js, Location as written, target).
        warnings: (code, message).
        alternates: (URL, sitemap, language, alternate, lastmod).
        probe: (folder, status, redirect target, content hash, title).
    """

    state: str
    outcome: str
    reason: str | None = None
    page: Mapping[str, Any] | None = None
    links: Sequence[tuple[Found, int, str, str, str]] = ()
    found: Sequence[Found] = ()
    redirect: tuple[int, str, str, str | None] | None = None
    warnings: Sequence[tuple[str, str]] = ()
    alternates: Sequence[tuple[str, str, str, str | None, str | None]] = ()
    probe: tuple[str, int, str | None, str | None, str | None] | None = None


@dataclass(frozen=True, slots=True)
class Counts:
    """How far a crawl is; every known page URL is in exactly one of these."""

    known: int
    done: int
    failed: int
    queued: int
    skipped: Mapping[str, int] = field(default_factory=dict)

    @property
    def adds_up(self) -> bool:
        """Say whether known = queued + done + failed + skipped."""
        total = self.queued + self.done + self.failed + sum(self.skipped.values())
        return self.known == total
