"""A plan as rules.

Decides which rows of a plan become a rule. A rule holds for every host, unless the plan
wants other answers for the same path on another host, or the rule would answer its own
target: then it names its host. Of rows that ask for the same address the plainest and
dearest wins; the others are refused, or its twins where they want the same.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, replace

import pandas as pd

from redirectmap.exporters.gate import ANY_HOSTS, Gate, Hosts, Why
from redirectmap.exporters.rules import (
    GONE,
    KEPT,
    OPEN,
    REDIRECTS,
    Refused,
    Rule,
    RuleSet,
    hex_upper,
)


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
