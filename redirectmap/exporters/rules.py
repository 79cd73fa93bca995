"""The one rule model behind every rule format.

Decides which rows of a plan become a rule, what a request must look like to be
answered by it, and with what. Exporters only spell these rules; the prover asks
`Lookup` what a server has to answer.

Semantics: a request is answered by the rule of its exact path and query; else,
unless queries are `exact`, by the rule of its path alone, and the request's own
query is kept or dropped. Bytes are compared as sent, letter case counts; only
the case of hex digits in `%c3` does not (RFC 3986, 6.2.2.1). A rule holds for
every host, unless the plan wants other answers for the same path on another
host, or the rule would answer its own target: then it names its host.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Literal

import pandas as pd

from redirectmap.exporters.gate import ANY_HOSTS, Gate, Hosts, Why

Query = Literal["keep", "drop", "exact"]
REDIRECTS = (301, 302, 303, 307, 308)
GONE = (404, 410, 451)


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
        status: HTTP status.
        value: Share (0 to 1) of the old site's value on this row.
    """

    old_url: str
    host: str | None
    path: str
    query: str | None
    target: str | None
    status: int
    value: float

    @property
    def wire(self) -> str:
        """What a browser sends in the request line: path and query."""
        return self.path if self.query is None else f"{self.path}?{self.query}"

    @property
    def key(self) -> str:
        """Identity among the rules: host, if any, and `wire`."""
        return f"{self.host or ''}{self.wire}"

    @property
    def answer(self) -> str:
        """Status and target in one word: `301:https://new.example/`, `410:`."""
        return f"{self.status}:{self.target or ''}"


@dataclass(frozen=True)
class RuleSet:
    """Every rule of a plan, sorted by key, and the rows that are none.

    Attributes:
        rules: One per key.
        refused: Rows that must not or cannot become a rule.
        left_out: Rows that need no rule (`keep`, `review`).
        plan_hash: SHA-256 over old_url, action, status and new_url of all rows.
    """

    rules: tuple[Rule, ...]
    refused: tuple[Refused, ...]
    left_out: int
    plan_hash: str

    def without(self, refused: Iterable[Refused]) -> RuleSet:
        """Return the set less the rules of some rows, which are now refused."""
        more = tuple(refused)
        dropped = {item.old_url for item in more}
        kept = tuple(rule for rule in self.rules if rule.old_url not in dropped)
        return replace(self, rules=kept, refused=(*self.refused, *more))

    @cached_property
    def statuses(self) -> list[int]:
        """Statuses in use, ascending."""
        return sorted({rule.status for rule in self.rules})

    @cached_property
    def has_hosts(self) -> bool:
        """Whether a rule names its host."""
        return any(rule.host for rule in self.rules)


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
    by_wire: dict[str, list[tuple[_Row, Rule]]] = defaultdict(list)
    for row in rows:
        made = _rule(row, gate)
        if isinstance(made, Rule):
            by_wire[made.wire].append((row, made))
        elif row.wanted:
            refused.append(made)
    rules = list(_settled(by_wire, refused, gate))
    return RuleSet(
        rules=tuple(sorted(rules, key=lambda rule: rule.key)),
        refused=tuple(sorted(refused, key=lambda item: (-item.value, item.old_url))),
        left_out=sum(not row.wanted for row in rows),
        plan_hash=plan_hash(plan),
    )


def plan_hash(plan: pd.DataFrame) -> str:
    """Return the SHA-256 over what decides the rules, whatever the row order."""
    columns = [plan[name] for name in ("old_url", "action", "status", "new_url")]
    lines = sorted(
        "\t".join("" if pd.isna(cell) else str(cell) for cell in cells)
        for cells in zip(*columns, strict=True)
    )
    return hashlib.sha256("\n".join(lines).encode("utf-8", "replace")).hexdigest()


@dataclass(frozen=True, slots=True)
class _Row:
    old: str
    new: str
    status: int
    value: float
    wanted: bool


def _rows(plan: pd.DataFrame, *, include_review: bool) -> Iterator[_Row]:
    priority = plan["priority"].fillna(0.0).tolist()
    status = plan["status"].tolist()
    targets = plan["new_url"].fillna("").tolist()
    actions = plan["action"].tolist()
    for index, old in enumerate(plan["old_url"].tolist()):
        action, new, code = actions[index], targets[index], status[index]
        proposal = action == "review" and include_review and bool(new)
        default = 410 if action == "gone" else 301
        known = default if pd.isna(code) else int(code)
        if action == "gone":
            new = ""
        elif proposal and known not in REDIRECTS:
            known = 301
        wanted = action in {"redirect", "gone"} or proposal
        yield _Row(old, new, known, float(priority[index]), wanted)


def _rule(row: _Row, gate: Gate) -> Rule | Refused:
    source = gate.source(row.old)
    if isinstance(source, Why):
        return Refused(gate.shown(row.old), *source, row.value)
    gone = row.status in GONE
    if row.wanted and not gone and row.status not in REDIRECTS:
        reason = f"{row.status} is no status of a redirect"
        return Refused(gate.shown(row.old), "status", reason, row.value)
    target = None
    if row.wanted and not gone:
        found = gate.target(row.new)
        if isinstance(found, Why):
            return Refused(gate.shown(row.old), *found, row.value)
        target = found
    host, path, query = source
    return Rule(row.old, host, path, query, target, row.status, row.value)


def _settled(
    by_wire: dict[str, list[tuple[_Row, Rule]]], refused: list[Refused], gate: Gate
) -> Iterator[Rule]:
    """Yield one rule per key; hosts are named only where they must be."""
    for group in by_wire.values():
        first: dict[str | None, tuple[_Row, Rule]] = {}
        for row, rule in sorted(group, key=_claim):
            won = first.setdefault(rule.host, (row, rule))[1]
            if row.wanted and won is not rule and won.answer != rule.answer:
                reason = f"asks for the same address as {won.old_url}"
                refused.append(
                    Refused(rule.old_url, "duplicate_source", reason, rule.value)
                )
        wanted = [rule for row, rule in first.values() if row.wanted]
        answers = {rule.answer for rule in wanted}
        plain = len(answers) == 1 and len(wanted) == len(first)
        if plain and not _answers_itself(wanted[0], gate, any_host=True):
            yield replace(wanted[0], host=None)
            continue
        for rule in wanted:
            if _answers_itself(rule, gate, any_host=False):
                reason = "the target is the same address; the rule would loop"
                refused.append(Refused(rule.old_url, "loop", reason, rule.value))
            else:
                yield rule


def _claim(item: tuple[_Row, Rule]) -> tuple[bool, bool, float, str]:
    """Order rows that ask for the same address: the plainest, dearest first."""
    row, rule = item
    return (not row.wanted, "#" in rule.old_url, -rule.value, rule.old_url)


def _answers_itself(rule: Rule, gate: Gate, *, any_host: bool) -> bool:
    if rule.target is None:
        return False
    host, wire = gate.split_target(rule.target)
    if wire != rule.wire:
        return False
    return host in gate.seen_hosts if any_host else host == rule.host


_HEX = re.compile(r"%[0-9A-Fa-f]{2}")


def hex_upper(text: str) -> str:
    """Return `text` with the hex digits of its escapes in upper case."""
    return _HEX.sub(lambda match: match.group().upper(), text)


def hex_lower(text: str) -> str:
    """Return `text` with the hex digits of its escapes in lower case."""
    return _HEX.sub(lambda match: match.group().lower(), text)


def spelled(rules: Iterable[Rule]) -> dict[str, Rule]:
    """Return every key a server should know: hex digits as is, upper, lower.

    A spelling that is a rule of its own is left to that rule.
    """
    known = {rule.key: rule for rule in rules}
    for key, rule in list(known.items()):
        if "%" in key:
            known.setdefault(hex_upper(key), rule)
            known.setdefault(hex_lower(key), rule)
    return known


def with_query(target: str, query: str) -> str:
    """Return `target` with `query` joined to its own, before its fragment."""
    if not query:
        return target
    base, mark, fragment = target.partition("#")
    joint = "?" if "?" not in base else ("" if base.endswith("?") else "&")
    return f"{base}{joint}{query}{mark}{fragment}"


class Lookup:
    """What a server has to answer, by the semantics above."""

    def __init__(self, rules: Collection[Rule], query: Query) -> None:
        self._known = spelled(rules)
        self._query = query
        self.hosts = Counter(rule.host for rule in rules if rule.host)

    def answer(self, host: str, wire: str) -> tuple[int, str | None] | None:
        """Return status and Location for a request; None where no rule holds."""
        rule = self._known.get(f"{host}{wire}") or self._known.get(wire)
        if rule is not None:
            return rule.status, rule.target
        path, mark, query = wire.partition("?")
        if not mark or self._query == "exact":
            return None
        rule = self._known.get(f"{host}{path}") or self._known.get(path)
        if rule is None:
            return None
        if rule.target is None or self._query == "drop":
            return rule.status, rule.target
        return rule.status, with_query(rule.target, query)
