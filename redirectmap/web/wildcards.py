"""Patterns with `*`, for filters and bulk decisions; never regular expressions.

`*` stands for any run of characters. In a target the n-th `*` (or `$n`) is what
the n-th `*` of the pattern stood for. Matching goes from one literal part to the
next, so no pattern can take long.
"""

from __future__ import annotations

import re

_SLOT = re.compile(r"\$(\d)|\*")


def captured(pattern: str, url: str) -> list[str] | None:
    """Return what each `*` stands for; None where the pattern does not fit.

    A pattern that begins with `/` is held against the path and query.
    """
    text = url
    if pattern.startswith("/"):
        text = "/" + url.partition("://")[2].partition("/")[2]
    parts = pattern.split("*")
    if not text.startswith(parts[0]):
        return None
    if len(parts) == 1:
        return [] if text == pattern else None
    found, at = [], len(parts[0])
    for part in parts[1:-1]:
        place = text.find(part, at)
        if place < 0:
            return None
        found.append(text[at:place])
        at = place + len(part)
    end = len(text) - len(parts[-1])
    if end < at or not text.endswith(parts[-1]):
        return None
    return [*found, text[at:end]]


def filled(target: str, found: list[str]) -> str:
    """Return `target` with its slots filled."""
    at = iter(range(len(found)))

    def slot(match: re.Match[str]) -> str:
        number = int(match[1]) - 1 if match[1] else next(at, -1)
        return found[number] if 0 <= number < len(found) else ""

    return _SLOT.sub(slot, target)
