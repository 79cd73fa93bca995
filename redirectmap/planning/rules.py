"""Find the few patterns that say what many rows say, and prove it by replay.

Old and new path are cut into segments. Each pair of rows votes for shapes: what
of the new path is copied from the old one, what is fixed. The shape that explains
most rows not yet explained is taken, made as narrow as its rows allow, again and
again, while it saves lines.

A rule is only kept after replay: on every known old URL the rules give exactly
the plan's answer or nothing, rows that would be answered otherwise become its
exceptions (exact rows, which stand first on every server), and nothing that
lives on the old hosts, waits for review or is a target of the plan is caught.

One answer for a whole host is a policy, not a pattern, and never induced.

Bounds  URLs with a query stay exact rows, as do those whose escapes (`%c3`) the
        rule would have to spell; a rule must save at least 3 lines.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice

import numpy as np
import pandas as pd

from redirectmap.planning.candidates import shapes_of
from redirectmap.planning.shapes import Shape, tightened
from redirectmap.planning.spelling import host_of, keys_of, path_of, query_of

MIN_GAIN = 3
_MAX_ROUNDS = 400


@dataclass(frozen=True, slots=True)
class Rule:
    """A pattern that was proven by replay.

    Attributes:
        shape: The pattern and its target.
        rows: Rows of the plan that it answers, as the plan does.
        exceptions: Known old URLs that it would answer otherwise.
        examples: Up to three old URLs that it answers.
        use: What a person said: `yes`, `no` or nothing yet.
        problem: Why a rule that a person accepted is not used any more.
        requests: Logged requests of URLs that nobody listed, where known.
    """

    shape: Shape
    rows: tuple[int, ...] = ()
    exceptions: tuple[str, ...] = field(default=())
    examples: tuple[str, ...] = field(default=())
    use: str = ""
    problem: str = ""
    requests: int | None = None


@dataclass(frozen=True, slots=True)
class Induction:
    """The rules, and how many lines they save.

    Attributes:
        rules: In order; the first that matches answers. Rules that a person
            rejected, or that no longer hold, come last and have no rows.
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


Decisions = Sequence[tuple[Shape, str]]
"""Rules of the last rules.csv that a person accepted (`yes`) or rejected (`no`)."""


def induce(
    plan: pd.DataFrame, *, live: Collection[str] = (), decisions: Decisions = ()
) -> Induction:
    """Find the rules of `plan`.

    Args:
        plan: Schema PLAN; review rows are known URLs without an answer.
        live: Keys of live new pages; no rule may match one on an old host.
        decisions: What a person said of earlier rules: accepted ones are tried
            first, rejected ones are not proposed again.
    """
    table = known_urls(plan)
    replay = Replay(table, live)
    decided = [(shape, use) for shape, use in decisions if not shape.leftover]
    rejected = {shape for shape, use in decided if use == "no"}
    rules = [_again(replay, shape) for shape, use in decided if use == "yes"]
    votes = _votes(table)
    for wide in islice(_best_first(votes, replay.covered), _MAX_ROUNDS):
        fresh = votes[wide] - replay.covered
        shape = tightened(wide, [replay.paths[row] for row in fresh])
        found = None if shape in rejected else replay.take(shape)
        if isinstance(found, Rule):
            rules.append(found)
    working = [rule for rule in rules if rule.rows]
    lines = int(table["answered"].sum())
    left = lines - len(replay.covered)
    wrong = count_wrong(table, working, replay.covered)
    idle = [rule for rule in rules if not rule.rows]
    idle += [Rule(shape, use="no") for shape in sorted(rejected, key=str)]
    return Induction((*working, *idle), lines, len(working) + left, wrong)


def _again(replay: Replay, shape: Shape) -> Rule:
    """Prove a rule that a person accepted on the plan as it is now."""
    found = replay.take(shape, least=1)
    if isinstance(found, Rule):
        return Rule(shape, found.rows, found.exceptions, found.examples, "yes")
    return Rule(shape, use="yes", problem=found)


def known_urls(plan: pd.DataFrame) -> pd.DataFrame:
    """Return every old URL with the answer that the plan gives.

    Returns:
        old, host, path, query, new (empty for gone), action, status, answered
        (redirect or gone), usable (may be covered by a pattern).
    """
    old, new = keys_of(plan["old_url"]), keys_of(plan["new_url"])
    action = plan["action"].where(old.notna(), "review")
    redirect = action.eq("redirect") & new.notna()
    answered = (redirect | action.eq("gone")) & old.notna()
    path, query = path_of(old), query_of(old)
    usual = action.map({"redirect": 301, "gone": 410, "keep": 200, "review": 0})
    status = plan["status"].astype("float").fillna(usual.astype(float)).astype(int)
    locked = plan["locked"].fillna(value=False).astype(bool)
    href = plan["new_url"].where(redirect, "").fillna("").astype(str)
    return pd.DataFrame(
        {
            "old": plan["old_url"],
            "host": host_of(old),
            "path": path,
            "query": query,
            "new": new.where(redirect, "").fillna(""),
            "action": action,
            "status": status,
            "answered": answered,
            "usable": answered
            & query.eq("")
            & ~locked
            & ~href.str.contains("#", regex=False),
        }
    ).reset_index(drop=True)


def _votes(table: pd.DataFrame) -> dict[Shape, set[int]]:
    votes: dict[Shape, set[int]] = defaultdict(set)
    rows = table[table["usable"]]
    for number, row in zip(
        np.flatnonzero(table["usable"]).tolist(),
        rows[["host", "path", "new", "status"]].itertuples(index=False, name=None),
        strict=True,
    ):
        for shape in shapes_of(*row):
            votes[shape].add(number)
    return {shape: found for shape, found in votes.items() if len(found) > MIN_GAIN}


def _best_first(votes: dict[Shape, set[int]], covered: set[int]) -> Iterator[Shape]:
    """Yield shapes by rows newly explained, re-counted lazily."""
    import heapq

    order = list(votes)
    heap = [
        (-len(votes[shape]), shape.pattern.count("["), shape.pattern, place)
        for place, shape in enumerate(order)
    ]
    heapq.heapify(heap)
    while heap:
        count, loose, pattern, place = heapq.heappop(heap)
        fresh = len(votes[order[place]] - covered)
        if fresh <= MIN_GAIN:
            continue
        if fresh < -count:
            heapq.heappush(heap, (-fresh, loose, pattern, place))
            continue
        yield order[place]


class Replay:
    """Replays shapes on every known old URL of their host and on live pages.

    Attributes:
        covered: Rows that a rule taken so far answers.
        paths: Path of every row.
    """

    def __init__(self, table: pd.DataFrame, live: Collection[str] = ()) -> None:
        self.covered: set[int] = set()
        self._excepted: set[int] = set()
        self.paths = table["path"].tolist()
        self._answers = list(zip(table["status"], table["new"], strict=True))
        self._usable = table["usable"].tolist()
        self._answered = table["answered"].tolist()
        self._names = table["old"].tolist()
        self._kept = table["action"].eq("keep").tolist()
        self._by_host = {
            str(host): _Sorted([int(row) for row in rows], self.paths)
            for host, rows in table.groupby("host").indices.items()
        }
        self._plain = _paths_of(_without_query(table), self.paths)
        self._silent = _silent_paths(table, live)

    def take(self, shape: Shape, *, least: int = MIN_GAIN + 1) -> Rule | str:
        """Return the proven rule, and count its rows as covered; or why not."""
        problem = self.problem(shape)
        if problem:
            return problem
        regex, rows = shape.regex, self._by_host.get(shape.host)
        right: list[int] = []
        wrong: list[int] = []
        for row, path in rows.below(shape.head) if rows else ():
            found = regex.match(path)
            if not found or row in self.covered or row in self._excepted:
                continue
            same = self._answers[row] == (shape.status, shape.answer(found))
            same = same and not _keeps_escape(found)
            (right if self._usable[row] and same else wrong).append(row)
        wrong = [row for row in wrong if self._answered[row]]
        if len(right) < least or len(wrong) * 2 > len(right):
            return "it no longer says what the rows of the plan say"
        self.covered |= set(right)
        self._excepted |= set(wrong)
        names = self._names
        return Rule(
            shape,
            tuple(right),
            tuple(names[row] for row in wrong),
            tuple(names[row] for row in right[:3]),
        )

    def problem(self, shape: Shape) -> str | None:
        """Return why `shape` is not safe, None where it catches what it may."""
        regex = shape.regex
        caught = self._silent.get(shape.host, _Sorted([], []))
        if any(regex.match(path) for _, path in caught.below(shape.head)):
            return "it would catch a page that lives, or a target of the plan"
        rows = self._by_host.get(shape.host, _Sorted([], []))
        for row, path in rows.below(shape.head):
            if self._must_be_silent(row, shape) and regex.match(path):
                return f"it would answer {self._names[row]}, which has no answer"
        return None

    def _must_be_silent(self, row: int, shape: Shape) -> bool:
        """Tell a row without an answer that the rule would answer.

        A URL with a query gets the answer of its path, with and without rules.
        """
        if self._answered[row]:
            return False
        if self.paths[row] in self._plain.get(shape.host, ()):
            return False
        return self._kept[row] or not shape.leftover


def _keeps_escape(found: re.Match[str]) -> bool:
    """Tell a kept part with an escape: servers may be sent it in another case."""
    return bool(found.re.groups) and "%" in found.group(1)


def _without_query(table: pd.DataFrame) -> pd.DataFrame:
    return table[table["answered"] & table["query"].eq("")]


def _paths_of(table: pd.DataFrame, paths: Sequence[str]) -> dict[str, set[str]]:
    return {
        str(host): {paths[int(row)] for row in table.index[rows]}
        for host, rows in table.groupby("host").indices.items()
    }


class _Sorted:
    """Paths in order, so that those below a folder are found without a scan."""

    def __init__(self, rows: Sequence[int], paths: Sequence[str]) -> None:
        self.rows = sorted(rows, key=lambda row: paths[row])
        self.paths = [paths[row] for row in self.rows]

    def below(self, head: str) -> Iterator[tuple[int, str]]:
        """Yield the rows whose path begins with `head`."""
        for place in range(bisect_left(self.paths, head), len(self.paths)):
            if not self.paths[place].startswith(head):
                return
            yield self.rows[place], self.paths[place]


def _silent_paths(table: pd.DataFrame, live: Collection[str]) -> dict[str, _Sorted]:
    """Return what no rule may match: live pages and targets, on old hosts."""
    hosts = set(table["host"]) - {""}
    targets = table.loc[table["answered"] & table["new"].ne(""), "new"]
    keys = pd.Series(sorted({*live, *targets.unique()}), dtype=object)
    on = host_of(keys)
    keys = keys[on.isin(hosts)]
    found: dict[str, list[str]] = defaultdict(list)
    for host, path in zip(on[keys.index], path_of(keys), strict=True):
        found[str(host)].append(path)
    return {host: _Sorted(range(len(p)), p) for host, p in found.items()}


def count_wrong(
    table: pd.DataFrame, rules: Sequence[Rule], covered: Collection[int]
) -> int:
    """Count known old URLs answered otherwise than planned: exact rows, then rules.

    Args:
        table: As `known_urls` gives it.
        rules: In order.
        covered: Rows that are no exact rows any more.
    """
    by_host: dict[str, list[tuple[re.Pattern[str], Shape]]] = defaultdict(list)
    for rule in rules:
        by_host[rule.shape.host].append((rule.shape.regex, rule.shape))
    exact = table["answered"].to_numpy() & ~np.isin(
        np.arange(len(table)), list(covered)
    )
    plain = _paths_of(_without_query(table), table["path"].tolist())
    wrong = 0
    cells = table[["host", "path", "query", "new", "status", "answered"]]
    for number, row in enumerate(cells.itertuples(index=False, name=None)):
        host, path, query, new, status, answered = row
        if exact[number] or (query and path in plain.get(host, ())):
            continue
        want = (status, new) if answered else None
        wrong += _first_answer(by_host.get(host, ()), path) != want
    return wrong


def _first_answer(
    rules: Sequence[tuple[re.Pattern[str], Shape]], path: str
) -> tuple[int, str] | None:
    for regex, shape in rules:
        if found := regex.match(path):
            return shape.status, shape.answer(found)
    return None
