"""Which pattern rules one row of a plan speaks for, from narrow to wide.

A row votes for shapes by what its new path copies of its old one: the tail below
a folder, one segment, or nothing (one answer for a folder).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from redirectmap.planning.shapes import Shape

_CORE = re.compile(r"^(.*?)(\.(?:html?|php|aspx?|jsp|pdf|docx?|xlsx?))?$")


def shapes_of(host: str, path: str, new: str, status: int) -> Iterator[Shape]:
    """Yield the shapes that one row supports.

    Args:
        host: Old host.
        path: Old path.
        new: Key of the target, empty for gone.
        status: HTTP status.
    """
    segments = path[1:].split("/")
    for depth in range(len(segments)):
        if "%" in "".join(segments[:depth]):
            return
        head = "".join(f"/{re.escape(part)}" for part in segments[:depth])
        tail = "/".join(segments[depth:])
        if not tail:
            continue
        if depth:
            yield Shape(host, f"{head}/.*", new, status)
        if _ends_with(new, tail):
            yield Shape(host, f"{head}/(.+)", f"{new[: -len(tail)]}$1", status)
        yield from _endings(host, head, tail, new, status)
    if new:
        yield from _copied(host, segments, new, status)


def _ends_with(new: str, tail: str) -> bool:
    return new.endswith(tail) and new[: -len(tail)].endswith("/")


def _endings(host: str, head: str, tail: str, new: str, status: int) -> Iterator[Shape]:
    """Tails whose file ending or closing slash changes."""
    core, ending = _cut(tail)
    if ending and head:
        yield Shape(host, f"{head}/.+{re.escape(ending)}", new, status)
    if not new or not core:
        return
    for mark in ("", "/", ".html"):
        wanted = core + mark
        if wanted != tail and _ends_with(new, wanted):
            pattern = f"{head}/(.+){re.escape(tail[len(core) :])}"
            yield Shape(host, pattern, f"{new[: -len(wanted)]}$1{mark}", status)


def _cut(text: str) -> tuple[str, str]:
    if text.endswith("/"):
        return text[:-1], "/"
    found = _CORE.match(text)
    return (found.group(1), found.group(2) or "") if found else (text, "")


def _copied(
    host: str, segments: Sequence[str], new: str, status: int
) -> Iterator[Shape]:
    """Single segments that are dropped or copied: /blog/2019/04/x to /articles/x."""
    core, ending = _cut(segments[-1]) if segments[-1] else ("", "")
    if not core and len(segments) > 1:
        core, ending = segments[-2], "/"
        segments = segments[:-1]
    parts = new.split("/")
    if len(core) < 3 or core not in "/".join(parts[3:]) or "%" in "".join(segments):
        return
    place = next((i for i, part in enumerate(parts) if _cut(part)[0] == core), -1)
    if place < 3:
        return
    after = parts.copy()
    after[place] = after[place].replace(core, "$1", 1)
    fixed = [re.escape(part) for part in segments[:-1]]
    for first in range(len(fixed) - 1, 0, -1):
        middle = [*fixed[:first], *map(_any_like, segments[first:-1])]
        head = "".join(f"/{part}" for part in middle)
        pattern = f"{head}/([^/]+){re.escape(ending)}"
        yield Shape(host, pattern, "/".join(after), status)


def _any_like(segment: str) -> str:
    return "[0-9]+" if segment.isascii() and segment.isdigit() else "[^/]+"
