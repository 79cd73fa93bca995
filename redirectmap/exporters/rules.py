"""The one rule model behind every rule format.

Decides which rows of a plan become a rule, what a request must look like to be
answered by it, and with what. Exporters only spell these rules. What a server has
to answer the prover works out anew, from the plan alone (`expect`).

Semantics: a request is answered by the rule of its exact path and query; else,
unless queries are `exact`, by the rule of its path alone, and the request's own
query is kept or dropped. Bytes are compared as sent, letter case counts; only
the case of hex digits in `%c3` does not (RFC 3986, 6.2.2.1). A rule holds for
every host, unless the plan wants other answers for the same path on another
host, or the rule would answer its own target: then it names its host.

A row that must not be answered (`keep`, `review`, refused) but whose path alone has
a rule is held: an entry of status 200 that keeps the path's rule from it.
"""

from __future__ import annotations

import hashlib
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Literal

import pandas as pd

from redirectmap.exporters.gate import ANY_HOSTS, Gate, Hosts, Why

if TYPE_CHECKING:
    from redirectmap.exporters.patterns import Pattern, RefusedPattern

Query = Literal["keep", "drop", "exact"]
REDIRECTS = (301, 302, 303, 307, 308)
GONE = (404, 410, 451)
KEPT, OPEN = 200, 0
"""Statuses of rows without an answer: the page stays, or nobody has decided."""


@dataclass(frozen=True, slots=True)
class Refused:
    """A row that does not become a rule.

    Attributes:
        old_url: As the plan has it, fit to print.
        code: Stable id.
        reason: One line for a person.
        value: Share (0 to 1) of the old site's value on this row.
    """

    old_url: str
    code: str
    reason: str
    value: float


@dataclass(frozen=True, slots=True)
class Rule:
    """One answer to one request.

    Attributes:
        old_url: The plan's row.
        host: Host name in ASCII without port; None for every host.
        path: Path as sent, begins with `/`.
        query: Query as sent without `?`; None where there is no `?`.
        target: Location, a WHATWG href; None where the page is gone.
        status: HTTP status; `KEPT` or `OPEN` where there must be no answer.
        value: Share (0 to 1) of the old site's value on this row.
        twins: (old_url, value) of rows that ask for the same and get the same.
    """

    old_url: str
    host: str | None
    path: str
    query: str | None
    target: str | None
    status: int
    value: float
    twins: tuple[tuple[str, float], ...] = ()

    @property
    def wire(self) -> str:
        """What a browser sends in the request line: path and query."""
        return self.path if self.query is None else f"{self.path}?{self.query}"

    @property
    def key(self) -> str:
        """Identity among the rules: host, if any, and `wire`."""
        return f"{self.host or ''}{self.wire}"

    def order(self) -> tuple[str, str]:
        """Sort key that no spelling of an escape changes."""
        return hex_upper(self.key), self.key

    @property
    def answer(self) -> str:
        """Status and target in one word: `301:https://new.example/`, `410:`."""
        return f"{self.status}:{self.target or ''}"

    @property
    def answers(self) -> bool:
        """Whether a request gets an answer from it at all."""
        return self.status >= 300


@dataclass(frozen=True)
class RuleSet:
    """Every rule of a plan, sorted by key, and the rows that are none.

    Attributes:
        rules: One per key.
        refused: Rows that must not or cannot become a rule.
        left_out: Rows that need no rule (`keep`, `review`).
        held: Rows that the rule of their path, or of another spelling, must not answer.
        patterns: Pattern rules, asked after all others, in order.
        refused_patterns: Accepted pattern rules that are not written.
        covered: Rows that pattern rules stand for.
    """

    rules: tuple[Rule, ...]
    refused: tuple[Refused, ...]
    left_out: int
    held: tuple[Rule, ...] = ()
    patterns: tuple[Pattern, ...] = ()
    refused_patterns: tuple[RefusedPattern, ...] = ()
    covered: int = 0

    def without(self, refused: Iterable[Refused]) -> RuleSet:
        """Return the set less the rules of some rows, which are now refused."""
        dropped = {item.old_url: item for item in refused}
        if not dropped:
            return self
        kept = tuple(rule for rule in self.rules if rule.old_url not in dropped)
        twins = (
            replace(dropped[rule.old_url], old_url=old_url, value=value)
            for rule in self.rules
            if rule.old_url in dropped
            for old_url, value in rule.twins
        )
        more = (*dropped.values(), *twins)
        return replace(self, rules=kept, refused=(*self.refused, *more))

    @property
    def rows(self) -> int:
        """Rows of the plan that the rules stand for."""
        return sum(1 + len(rule.twins) for rule in self.rules) + self.covered

    @cached_property
    def entries(self) -> tuple[Rule, ...]:
        """Every entry of a lookup table: rules and held rows."""
        return (*self.rules, *self.held)

    @cached_property
    def spellings(self) -> dict[str, Rule]:
        """Every key a server should know, see `spelled`."""
        return spelled(self.entries)

    @cached_property
    def statuses(self) -> list[int]:
        """Statuses in use, ascending."""
        patterns = {one.shape.status for one in self.patterns}
        return sorted({rule.status for rule in self.rules} | patterns)

    @cached_property
    def has_hosts(self) -> bool:
        """Whether an entry names its host."""
        return any(rule.host for rule in self.entries)

    @cached_property
    def digest(self) -> str:
        """SHA-256 over what the plan says about these entries."""
        known = self.spellings.items()
        lines = sorted(f"{key}\t{rule.answer}\n" for key, rule in known)
        return hashlib.sha256("".join(lines).encode()).hexdigest()


def build_rules(
    plan: pd.DataFrame,
    *,
    include_review: bool = False,
    hosts: Hosts = ANY_HOSTS,
) -> RuleSet:
    """Turn the rows of a plan into rules.

    Args:
        plan: Schema `PLAN`.
        include_review: Make rules of `review` rows that hold a proposal, too.
        hosts: The project's hosts.
    """
    rows = list(_rows(plan, include_review=include_review))
    gate = Gate.for_rows(
        [row.old for row in rows],
        [row.new for row in rows if row.wanted],
        hosts,
    )
    refused: list[Refused] = []
    same: dict[str, list[Rule]] = defaultdict(list)
    for row in rows:
        rule, why = _rule(row, gate)
        if rule:
            same[hex_upper(rule.wire)].append(rule)
        if why:
            refused.append(Refused(gate.shown(row.old), *why, row.value))
    entries = sorted(_settled(same, refused, gate), key=Rule.order)
    return RuleSet(
        rules=tuple(rule for rule in entries if rule.answers),
        refused=tuple(sorted(refused, key=lambda item: (-item.value, item.old_url))),
        left_out=sum(not row.wanted for row in rows),
        held=tuple(r for r in entries if not r.answers and _can_be_caught(r)),
    )


def _can_be_caught(row: Rule) -> bool:
    """Say whether another rule may answer a row: its path's, or in other hex case."""
    return row.query is not None or "%" in row.path


@dataclass(frozen=True, slots=True)
class _Row:
    old: str
    new: str
    status: int
    value: float
    wanted: bool


def _rows(plan: pd.DataFrame, *, include_review: bool) -> Iterator[_Row]:
    priority = plan["priority"].fillna(0.0).tolist()
    status = plan["status"].fillna(0).tolist()
    targets = plan["new_url"].fillna("").tolist()
    actions = plan["action"].tolist()
    for index, old in enumerate(plan["old_url"].tolist()):
        action, new, code = actions[index], targets[index], status[index]
        proposal = action == "review" and include_review and bool(new)
        default = 410 if action == "gone" else 301
        known = int(code) or default
        wanted = action in {"redirect", "gone"} or proposal
        if action == "gone":
            new = ""
        elif proposal and known not in REDIRECTS:
            known = 301
        elif not wanted:
            known = OPEN if action == "review" else KEPT
        yield _Row(old, new, known, float(priority[index]), wanted)


def _rule(row: _Row, gate: Gate) -> tuple[Rule | None, Why | None]:
    """Return a row's entry, if its address can have one, and why it is refused."""
    source = gate.source(row.old)
    if isinstance(source, Why):
        return None, source if row.wanted else None
    answer = _answer(row, gate)
    if isinstance(answer, Why):
        return Rule(row.old, *source, None, OPEN, row.value), answer
    return Rule(row.old, *source, *answer, row.value), None


def _answer(row: _Row, gate: Gate) -> tuple[str | None, int] | Why:
    if not row.wanted:
        return None, row.status
    if row.status in GONE:
        return None, row.status
    if row.status not in REDIRECTS:
        return Why("status", f"{row.status} is no status of a redirect")
    target = gate.target(row.new)
    return target if isinstance(target, Why) else (target, row.status)


def _settled(
    same: dict[str, list[Rule]], refused: list[Refused], gate: Gate
) -> Iterator[Rule]:
    """Yield one entry per key; hosts are named only where they must be.

    Args:
        same: Claims on one address, however the hex digits of its escapes are written.
        refused: Gets the rows that lose.
        gate: Knows the hosts.
    """
    for group in same.values():
        if len(group) == 1:
            yield from _with_hosts(group, refused, gate)
            continue
        first: dict[tuple[str | None, str], Rule] = {}
        for rule in sorted(group, key=_claim):
            place = rule.host, rule.wire
            won = first.setdefault(place, rule)
            if won is rule or not rule.answers:
                continue
            if won.answer == rule.answer:
                twins = (*won.twins, (rule.old_url, rule.value))
                first[place] = replace(won, twins=twins)
            else:
                refused.append(_duplicate(rule, gate.shown(won.old_url)))
        yield from _with_hosts(list(first.values()), refused, gate)


def _duplicate(rule: Rule, other: str) -> Refused:
    reason = f"asks for the same address as {other}"
    return Refused(rule.old_url, "duplicate_source", reason, rule.value)


def _with_hosts(
    claims: list[Rule], refused: list[Refused], gate: Gate
) -> Iterator[Rule]:
    many = len(claims) > 1 and len({rule.host for rule in claims}) > 1
    apart = many and len({rule.answer for rule in claims}) > 1
    if not apart and not any(_answers_itself(r, gate, any_host=True) for r in claims):
        yield from _for_all_hosts(claims)
        return
    for rule in claims:
        if _answers_itself(rule, gate, any_host=False):
            reason = "the target is the same address; the rule would loop"
            refused.append(Refused(rule.old_url, "loop", reason, rule.value))
            yield replace(rule, target=None, status=KEPT)
        else:
            yield rule


def _for_all_hosts(claims: list[Rule]) -> Iterator[Rule]:
    """Yield one rule per spelling; other hosts' rows are its twins."""
    wires: dict[str, list[Rule]] = defaultdict(list)
    for rule in claims if len(claims) > 1 else ():
        wires[rule.wire].append(rule)
    for one, *others in wires.values() or [claims]:
        same = ((r.old_url, r.value) for r in others)
        more = (twin for r in others for twin in r.twins)
        twins = (*one.twins, *same, *more)
        rest = (one.path, one.query, one.target, one.status, one.value, twins)
        yield Rule(one.old_url, None, *rest)  # replace() takes three times as long


def _claim(rule: Rule) -> tuple[bool, bool, float, str]:
    """Order rows that ask for the same address: the plainest, dearest first."""
    return (not rule.answers, "#" in rule.old_url, -rule.value, rule.old_url)


def _answers_itself(rule: Rule, gate: Gate, *, any_host: bool) -> bool:
    if rule.target is None:
        return False
    wire, target = hex_upper(rule.wire), hex_upper(rule.target)
    if wire not in target:
        return False
    host, own = gate.split_target(target)
    if own != wire:
        return False
    return host in gate.seen_hosts if any_host else host == rule.host


_HEX = re.compile(r"%[0-9A-Fa-f]{2}")


def hex_upper(text: str) -> str:
    """Return `text` with the hex digits of its escapes in upper case."""
    if "%" not in text:
        return text
    return _HEX.sub(lambda match: match.group().upper(), text)


def hex_lower(text: str) -> str:
    """Return `text` with the hex digits of its escapes in lower case."""
    return _HEX.sub(lambda match: match.group().lower(), text)


def spelled(rules: Iterable[Rule]) -> dict[str, Rule]:
    """Return every key a server should know: hex digits as is, upper, lower.

    A spelling that is a rule of its own is left to that rule.
    """
    known = {rule.key: rule for rule in rules}
    for key, rule in [(key, rule) for key, rule in known.items() if "%" in key]:
        known.setdefault(hex_upper(key), rule)
        known.setdefault(hex_lower(key), rule)
    return known
