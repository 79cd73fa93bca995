r"""Find the few patterns that say what many rows say, and prove it by replay.

Old and new path are cut into segments. Each pair of rows votes for shapes: what
of the new path is copied from the old one, what is fixed. The shape that explains
most rows not yet explained is taken, again and again, while it saves lines.

A pattern is only kept after replay: on every known old URL the rules give exactly
the plan's answer or nothing, rows that would be answered otherwise become its
exceptions (exact rows, which stand first on every server), and no live page of
the new site is caught. Patterns are anchored, a variable is `([^/]+)` or one tail
`(.+)` after a slash, so matching is linear and a target's host is never a
variable (no open redirect).

One answer for a whole host is a policy, not a pattern, and never induced.

Bounds  URLs with a query stay exact rows; a rule must save at least 3 lines.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from redirectmap.planning.spelling import host_of, keys_of, path_of, query_of

MIN_GAIN = 3
_MAX_ROUNDS = 400
_CORE = re.compile(r"^(.*?)(\.(?:html?|php|aspx?|jsp|pdf|docx?|xlsx?))?$")


@dataclass(frozen=True, slots=True)
class Shape:
    """A candidate rule.

    Attributes:
        host: Old host.
        pattern: Old path; variables as `([^/]+)` or `(.+)`.
        target: New URL, variables as `$1`, `$2`; empty for gone.
        action: redirect or gone.
    """

    host: str
    pattern: str
    target: str
    action: str = "redirect"

    @property
    def regex(self) -> re.Pattern[str]:
        """The anchored pattern, for a path."""
        return re.compile(f"^{self.pattern}$")

    def answer(self, match: re.Match[str]) -> str:
        """Return the target with the variables filled in."""
        return re.sub(r"\$(\d)", lambda m: match.group(int(m.group(1))), self.target)


@dataclass(frozen=True, slots=True)
class Rule:
    """A pattern that was proven by replay.

    Attributes:
        shape: The pattern and its target.
        rows: Rows of the plan that it answers, as the plan does.
        exceptions: Known old URLs that it would answer otherwise.
        examples: Up to three old URLs that it answers.
    """

    shape: Shape
    rows: tuple[int, ...]
    exceptions: tuple[str, ...] = field(default=())
    examples: tuple[str, ...] = field(default=())


@dataclass(frozen=True, slots=True)
class Induction:
    """The rules, and how many lines they save.

    Attributes:
        rules: In order; the first that matches answers.
        lines_before: Rows that are redirect or gone.
        lines_after: Rules, exceptions and the rows no rule covers.
        wrong: Known old URLs that exact rows plus rules answer otherwise than
            the plan; 0 or the rules are not used.
    """

    rules: tuple[Rule, ...]
    lines_before: int
    lines_after: int
    wrong: int

    @property
    def ratio(self) -> float:
        """Lines before for one line after."""
        return self.lines_before / max(1, self.lines_after)


def induce(plan: pd.DataFrame, *, live: Collection[str] = ()) -> Induction:
    """Find the rules of `plan`.

    Args:
        plan: Schema PLAN; review rows are known URLs without an answer.
        live: Keys of live new pages; no rule may match one on an old host.
    """
    table = _table(plan)
    lines = int(table["answered"].sum())
    shapes = _shapes(table)
    pages = _live_paths(live, set(table["host"]))
    rules: list[Rule] = []
    covered: set[int] = set()
    excepted: set[int] = set()
    matcher = _Matcher(table, pages)
    for shape, _ in zip(_best_first(shapes, covered), range(_MAX_ROUNDS), strict=False):
        found = matcher.replay(shape, covered, excepted)
        if found is None:
            continue
        rules.append(found)
        covered |= set(found.rows)
        excepted |= set(matcher.wrong)
    left = lines - len(covered)
    wrong = _replay(table, rules, covered)
    return Induction(tuple(rules), lines, len(rules) + left, wrong)


def _table(plan: pd.DataFrame) -> pd.DataFrame:
    old, new = keys_of(plan["old_url"]), keys_of(plan["new_url"])
    action = plan["action"].where(old.notna(), "review")
    redirect = action.eq("redirect") & new.notna()
    gone = action.eq("gone")
    locked = plan["locked"].fillna(value=False).astype(bool)
    return pd.DataFrame(
        {
            "old": plan["old_url"],
            "host": host_of(old),
            "path": path_of(old),
            "query": query_of(old),
            "new": new.where(redirect, "").fillna(""),
            "action": action,
            "status": plan["status"],
            "answered": (redirect | gone) & old.notna(),
            "usable": (redirect | gone) & query_of(old).eq("") & ~locked,
        }
    ).reset_index(drop=True)


def _live_paths(live: Collection[str], hosts: set[str]) -> dict[str, list[str]]:
    paths: dict[str, list[str]] = defaultdict(list)
    keys = pd.Series(sorted(live), dtype=object)
    for host, path in zip(host_of(keys), path_of(keys), strict=True):
        if host in hosts:
            paths[host].append(path)
    return paths


def _shapes(table: pd.DataFrame) -> dict[Shape, set[int]]:
    votes: dict[Shape, set[int]] = defaultdict(set)
    rows = table[table["usable"]]
    for number, row in zip(
        np.flatnonzero(table["usable"]).tolist(), rows.itertuples(), strict=True
    ):
        for shape in _of_row(
            str(row.host), str(row.path), str(row.new), str(row.action)
        ):
            votes[shape].add(number)
    return {shape: found for shape, found in votes.items() if len(found) > MIN_GAIN}


def _of_row(host: str, path: str, new: str, action: str) -> Iterator[Shape]:
    """Yield the shapes that one row supports, from narrow to wide."""
    segments = path[1:].split("/")
    for depth in range(len(segments)):
        head = "".join(f"/{re.escape(part)}" for part in segments[:depth])
        tail = "/".join(segments[depth:])
        if not tail:
            continue
        if depth:
            yield Shape(host, f"{head}/(.*)", new, action)
        if (
            action == "redirect"
            and new.endswith(tail)
            and new[: -len(tail)].endswith("/")
        ):
            yield Shape(host, f"{head}/(.+)", f"{new[: -len(tail)]}$1")
        yield from _endings(host, head, tail, new, action)
    if action == "redirect":
        yield from _copied(host, segments, new)


def _endings(host: str, head: str, tail: str, new: str, action: str) -> Iterator[Shape]:
    """Tails whose file ending or closing slash changes."""
    core, ending = _cut(tail)
    if ending and head:
        yield Shape(host, f"{head}/(.+){re.escape(ending)}", new, action)
    if action != "redirect" or not core:
        return
    for mark in ("", "/", ".html"):
        wanted = core + mark
        if (
            wanted != tail
            and new.endswith(wanted)
            and new[: -len(wanted)].endswith("/")
        ):
            yield Shape(
                host,
                f"{head}/(.+){re.escape(tail[len(core) :])}",
                f"{new[: -len(wanted)]}$1{mark}",
            )


def _cut(text: str) -> tuple[str, str]:
    if text.endswith("/"):
        return text[:-1], "/"
    found = _CORE.match(text)
    return (found.group(1), found.group(2) or "") if found else (text, "")


def _copied(host: str, segments: Sequence[str], new: str) -> Iterator[Shape]:
    """Single segments that are dropped or copied: /blog/2019/04/x to /articles/x."""
    core, ending = _cut(segments[-1]) if segments[-1] else ("", "")
    if not core and len(segments) > 1:
        core, ending = segments[-2], "/"
        segments = segments[:-1]
    parts = new.split("/")
    if len(core) < 3 or core not in "/".join(parts[3:]):
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
        yield Shape(host, f"{head}/([^/]+?){re.escape(ending)}", "/".join(after))


def _any_like(segment: str) -> str:
    return "[0-9]+" if segment.isascii() and segment.isdigit() else "[^/]+"


def _best_first(shapes: dict[Shape, set[int]], covered: set[int]) -> Iterator[Shape]:
    """Yield shapes by rows newly explained, re-counted lazily."""
    import heapq

    heap = [
        (-len(rows), shape.pattern.count("["), shape.pattern, i)
        for i, (shape, rows) in enumerate(shapes.items())
    ]
    order = list(shapes)
    heapq.heapify(heap)
    while heap:
        count, loose, pattern, index = heapq.heappop(heap)
        fresh = len(shapes[order[index]] - covered)
        if fresh <= MIN_GAIN:
            continue
        if fresh < -count:
            heapq.heappush(heap, (-fresh, loose, pattern, index))
            continue
        yield order[index]


class _Matcher:
    """Replays one shape on every known old URL of its host and on live pages."""

    def __init__(self, table: pd.DataFrame, live: dict[str, list[str]]) -> None:
        self.table = table
        self.live = live
        self.wrong: list[int] = []
        self.rows = {
            str(host): [(int(row), table["path"].iloc[row]) for row in rows]
            for host, rows in table.groupby("host").indices.items()
        }
        self.answers = table["new"].tolist()
        self.actions = table["action"].tolist()
        self.usable = table["usable"].tolist()
        self.names = table["old"].tolist()

    def replay(
        self, shape: Shape, covered: set[int], excepted: set[int]
    ) -> Rule | None:
        """Return the proven rule, None where it does not pay or is not safe."""
        regex = shape.regex
        if any(regex.match(path) for path in self.live.get(shape.host, ())):
            return None
        right, self.wrong = [], []
        for row, path in self.rows[shape.host]:
            found = regex.match(path)
            if not found or row in covered or row in excepted:
                continue
            same = self.actions[row] == shape.action and self.usable[row]
            if same and (
                shape.action == "gone" or shape.answer(found) == self.answers[row]
            ):
                right.append(row)
            else:
                self.wrong.append(row)
        silent = [r for r in self.wrong if self.actions[r] in {"review", "keep"}]
        if silent or not _pays(len(right), self.wrong):
            return None
        return Rule(
            shape,
            tuple(right),
            tuple(self.names[row] for row in self.wrong),
            tuple(self.names[row] for row in right[:3]),
        )


def _pays(right: int, wrong: Sequence[int]) -> bool:
    """A rule pays when it saves lines; its exceptions are rows anyway.

    More than half as many exceptions as rows is no rule, but a coincidence.
    """
    return right > MIN_GAIN and len(wrong) * 2 <= right


def _replay(table: pd.DataFrame, rules: Sequence[Rule], covered: set[int]) -> int:
    """Count known old URLs answered otherwise than planned: exact rows, then rules."""
    by_host: dict[str, list[Shape]] = defaultdict(list)
    compiled = {rule.shape: rule.shape.regex for rule in rules}
    for rule in rules:
        by_host[rule.shape.host].append(rule.shape)
    exact = table["answered"].to_numpy() & ~np.isin(
        np.arange(len(table)), list(covered)
    )
    wrong = 0
    for number, row in enumerate(table.itertuples()):
        if exact[number] or row.query:
            continue
        got = ("none", "")
        for shape in by_host.get(str(row.host), ()):
            found = compiled[shape].match(str(row.path))
            if found:
                got = (shape.action, shape.answer(found))
                break
        want = (row.action, row.new) if row.answered else ("none", "")
        wrong += got != want
    return wrong


def rules_table(induction: Induction) -> pd.DataFrame:
    """Return the rules as rules.csv shows them; `use` is a person's cell."""
    return pd.DataFrame(
        [
            {
                "rule": f"r{number}",
                "host": rule.shape.host,
                "pattern": f"^{rule.shape.pattern}$",
                "target": rule.shape.target,
                "action": rule.shape.action,
                "rows": len(rule.rows),
                "exceptions": len(rule.exceptions),
                "example": rule.examples[0] if rule.examples else "",
                "exception_urls": " ".join(rule.exceptions[:20]),
                "use": "",
            }
            for number, rule in enumerate(induction.rules, 1)
        ],
        columns=[
            "rule",
            "host",
            "pattern",
            "target",
            "action",
            "rows",
            "exceptions",
            "example",
            "exception_urls",
            "use",
        ],
    )
