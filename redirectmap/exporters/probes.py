"""What is asked for a row of a plan: its own request, and those that are almost it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from redirectmap.exporters.expect import Asked

_DOTS = re.compile(r"/\.{1,2}(?:[/?]|$)")


@dataclass(frozen=True, slots=True)
class Probe:
    """One request: what it is for, and its bytes."""

    name: str
    method: str
    host: str
    wire: str


def probes(row: Asked, *, whole: bool) -> Iterator[Probe]:
    """Yield the requests for one row."""
    path, _, query = row.wire.partition("?")
    if not row.rule:
        yield Probe("left alone", "GET", row.host, row.wire)
        if query and whole:
            yield Probe("left alone, tagged", "GET", row.host, f"{row.wire}&gclid=1")
        return
    yield Probe("row", "GET", row.host, row.wire)
    if not whole:
        return
    yield Probe("head", "HEAD", row.host, row.wire)
    joint = "&" if "?" in row.wire else "?"
    yield Probe("tracking", "GET", row.host, f"{row.wire}{joint}utm_source=a%20b")
    if query:
        yield Probe("tracking", "GET", row.host, f"{path}?gclid=1&{query}&UTM_id=2")
        yield Probe("almost tracking", "GET", row.host, f"{row.wire}&xgclid=1")
    yield Probe("other host", "GET", "redirectmap.invalid", row.wire)
    for name, wire in _near(row.wire):
        if _DOTS.search(wire):
            continue  # no browser sends them: it resolves them first
        yield Probe(name, "GET", row.host, wire)


def _near(whole: str) -> Iterator[tuple[str, str]]:
    """Yield request targets that are almost the row's."""
    path, mark, query = whole.partition("?")
    tail = mark + query
    yield "one more", f"{path}x{tail}"
    yield "sub-path", f"{path.rstrip('/')}/x{tail}"
    yield "before", f"/x{path}{tail}"
    slash = path.rstrip("/") if path.endswith("/") else f"{path}/"
    if slash:
        yield "slash", f"{slash}{tail}"
    if len(path) > 1 and "%" not in path[-3:]:
        yield "one less", f"{path[:-1]}{tail}"
    if "%" not in path and path.swapcase() != path:
        yield "other case", f"{path.swapcase()}{tail}"
    if "." in path:
        yield "any character", f"{path.replace('.', 'x')}{tail}"
    if mark:
        yield "query more", f"{whole}x"
        yield "other query", f"{path}?redirectmap=1"
