"""The one rule model behind every rule format.

Decides what a request must look like to be answered by a rule, and with what. Exporters
only spell these rules; `build` makes them of a plan. What a server has to answer the
prover works out anew, from the plan alone (`expect`).

Semantics: a request is answered by the rule of its exact path and query; else, unless
queries are `exact`, by that of its query without tracking parameters, or by the rule
of its path alone, and the request's own query is kept or dropped. Bytes are compared as
sent, letter case counts; only the case of hex digits in `%c3` does not (RFC 3986,
6.2.2.1), if an address writes all of them in one case.

A row that must not be answered (`keep`, `review`, refused) but that another row's rule
would answer is held: an entry of status 200 that keeps the rule from it.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Literal

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
