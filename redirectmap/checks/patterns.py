"""Checks on rows whose source is a pattern: `re:^/blog/(.*)$`."""

from __future__ import annotations

import re
from collections.abc import Iterator

import numpy as np

from redirectmap.checks.context import PlanContext
from redirectmap.checks.findings import Finding, each

_NESTED = re.compile(r"\([^()]*[+*][^()]*\)[+*{]")


def patterns(context: PlanContext) -> Iterator[Finding]:
    """Patterns that feed themselves, swallow exact rows or cannot be compiled."""
    rows = np.flatnonzero(context.is_pattern)
    for row in rows.tolist():
        source = str(context.plan["old_url"].iloc[row]).removeprefix("re:")
        target = context.plan["new_url"].iloc[row]
        yield from _judge(
            context, row, source, target if isinstance(target, str) else ""
        )


def _judge(
    context: PlanContext, row: int, source: str, target: str
) -> Iterator[Finding]:
    only = np.zeros(len(context.plan), dtype=bool)
    only[row] = True
    try:
        pattern = re.compile(source)
    except re.error as error:
        hint = "mend the expression"
        found = Finding("error", "pattern-broken", "", hint)
        yield from each(context.plan, only, f"is no regular expression: {error}", found)
        return
    if _NESTED.search(source):
        hint = "write it without a repeated group"
        found = Finding("error", "pattern-nested", "", hint)
        yield from each(context.plan, only, "has nested repetition", found)
        return
    if not source.startswith("^"):
        found = Finding("warning", "pattern-unanchored", "", "begin with ^")
        yield from each(context.plan, only, "matches anywhere in a path", found)
    if pattern.search(_asked_next(context, target)):
        hint = "anchor the target out of the pattern's reach"
        found = Finding("error", "pattern-growth", "", hint)
        yield from each(context.plan, only, "its output matches its own source", found)
    yield from _shadowed(context, row, pattern)


def _asked_next(context: PlanContext, target: str) -> str:
    """Return what the server is asked after the redirect: a path on the old host."""
    filled = re.sub(r"\$\d|\\\d", "x", target)
    _scheme, mark, rest = filled.partition("://")
    host, slash, path = rest.partition("/")
    if mark and host.lower() in set(context.old_host):
        return slash + path
    return filled


def _shadowed(
    context: PlanContext, row: int, pattern: re.Pattern[str]
) -> Iterator[Finding]:
    mine = context.plan["new_url"].iloc[row]
    hit = context.old_path.map(lambda path: pattern.search(path) is not None)
    mask = (
        hit.to_numpy(dtype=bool)
        & ~context.is_pattern
        & context.plan["new_url"].ne(mine).to_numpy(dtype=bool)
    )
    mask[row] = False
    name = context.plan["old_url"].iloc[row]
    yield from each(
        context.plan,
        mask,
        f"is swallowed by {name} unless exact rows come first",
        Finding("warning", "shadowed-by-pattern", "", "put exact rules first"),
    )
