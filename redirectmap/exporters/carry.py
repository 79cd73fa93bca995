"""Which rules a platform can carry, from its declared limits alone.

The rest is refused with code and reason, dearest first when a platform takes only
so many rows. Nothing is dropped silently, and no rule answers for another row: where
a platform cannot keep a path's rule from a row that has a query, the path's rule
is refused, too.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import replace
from functools import lru_cache

from redirectmap.exporters.base import Carries, Exporter, Options
from redirectmap.exporters.rules import (
    KEPT,
    OPEN,
    Query,
    Refused,
    Rule,
    RuleSet,
    hex_upper,
)
from redirectmap.tracking import set_aside

Why = tuple[str, str]


def carried(
    rules: RuleSet, kind: Exporter, options: Options, most: int | None = None
) -> RuleSet:
    """Return the rules `kind` can carry, at most `most`; the rest is refused."""
    left = rules.without(_refused(rules, kind, options))
    left = left.without(_prefixes(left, rules, kind))
    left = left.without(_too_many(left, kind, most))
    kept = {rule.old_url for rule in left.rules}
    lost = [rule for rule in rules.rules if rule.old_url not in kept]
    return _guarded(left, [*rules.held, *lost], kind, options)


def _refused(rules: RuleSet, kind: Exporter, options: Options) -> Iterator[Refused]:
    taken: dict[str, Rule] = {}
    folds = not (kind.carries.case and kind.carries.slash)
    for rule in _by_value(rules.rules) if folds else rules.rules:
        why = why_not(rule, kind, options) or _clash(rule, taken, kind.carries)
        if why:
            yield Refused(rule.old_url, *why, rule.value)


def _by_value(rules: Iterable[Rule]) -> list[Rule]:
    return sorted(rules, key=lambda rule: (-rule.value, rule.key))


def _prefixes(left: RuleSet, rules: RuleSet, kind: Exporter) -> Iterator[Refused]:
    """Refuse rules that would answer for other addresses by prefix."""
    keys = sorted(rule.path for rule in rules.rules)
    after = dict(zip(keys, [*keys[1:], ""], strict=True))
    for rule in left.rules if kind.carries.prefix else ():
        if after[rule.path].startswith(rule.path):
            reason = (
                f"{kind.title} match by prefix; it would also catch {after[rule.path]}"
            )
            yield Refused(rule.old_url, "prefix", reason, rule.value)


def _too_many(rules: RuleSet, kind: Exporter, most: int | None) -> Iterator[Refused]:
    limit = kind.carries.rows if most is None else most
    if limit is None or len(rules.rules) <= limit:
        return
    says = f"{limit} rules" if most is None else f"files of {kind.carries.file_bytes} B"
    for rule in _by_value(rules.rules)[limit:]:
        reason = f"{kind.title} takes {says}; this one is worth less"
        yield Refused(rule.old_url, "too_many", reason, rule.value)


def _guarded(
    rules: RuleSet, others: list[Rule], kind: Exporter, options: Options
) -> RuleSet:
    """Keep the rules of paths from rows that are not theirs."""
    if not others:
        return replace(rules, held=())
    known: dict[str, list[Rule]] = defaultdict(list)
    for rule in rules.rules:
        known[hex_upper(rule.wire)].append(rule)
    held: list[Rule] = []
    over: dict[str, Refused] = {}
    for other in others:
        wires = _lesser(other, kind.carries, options.query)
        near = (rule for wire in wires for rule in known.get(hex_upper(wire), ()))
        covering = [rule for rule in near if _covers(rule, other)]
        if covering and kind.carries.holds and not _why_held(other, kind, options):
            held.append(replace(other, target=None, status=KEPT, twins=()))
            continue
        for rule in covering:
            if _gives_way(rule, other, kind):
                over[rule.old_url] = _answers_for(rule, other, kind)
    kept = rules.without(over.values())
    return replace(kept, held=tuple(sorted(held, key=Rule.order)))


def _lesser(other: Rule, can: Carries, query: Query) -> Iterator[str]:
    """Yield the addresses whose rules would answer a row that has none, too."""
    if not can.hex_case:
        yield other.wire  # as another spelling of its escapes
    if query == "exact" or other.query is None:
        return
    yield other.path
    kept, tags = set_aside(other.query)
    if can.tagged and kept and tags:
        yield f"{other.path}?{kept}"


def _gives_way(rule: Rule, other: Rule, kind: Exporter) -> bool:
    """Say whether a path's rule is refused for a row that it would answer, too.

    It is, for a page that stays. For rows that have no rule anyway it is only where
    they are worth more, or the format promises to keep them apart.
    """
    if other.status == OPEN:
        return kind.carries.holds
    return other.status == KEPT or kind.carries.holds or other.value > rule.value


def _why_held(other: Rule, kind: Exporter, options: Options) -> Why | None:
    return why_not(replace(other, target=None, status=410), kind, options)


def _covers(rule: Rule, other: Rule) -> bool:
    """Say whether a rule would answer `other`, too, and with another page."""
    same_host = not rule.host or not other.host or rule.host == other.host
    return rule.key != other.key and same_host and _page(rule) != _page(other)


def _page(rule: Rule) -> tuple[bool, str]:
    return rule.answers, re.split(r"[?#]", rule.target or "")[0]


def _answers_for(rule: Rule, other: Rule, kind: Exporter) -> Refused:
    reason = f"{kind.title} would answer {other.old_url} by it, too"
    return Refused(rule.old_url, "answers_others", reason, rule.value)


def why_not(rule: Rule, kind: Exporter, options: Options) -> Why | None:
    """Return code and reason if `kind` cannot carry `rule`."""
    can = kind.carries
    why = _unfit(rule, can) or _too_long(rule, can)
    if why:
        return why[0], f"{kind.title} {why[1]}"
    for patterns, text in ((can.bad, rule.wire), (can.bad_targets, rule.target)):
        if patterns and text and _any_of(patterns).search(text):
            found = (p for p in patterns if re.search(p[1], text))
            return next((code, reason) for code, _, reason in found)
    return kind.special(rule, options) if kind.special else None


@lru_cache
def _any_of(patterns: tuple[tuple[str, str, str], ...]) -> re.Pattern[str]:
    return re.compile("|".join(f"(?:{pattern})" for _, pattern, _ in patterns))


def _unfit(rule: Rule, can: Carries) -> Why | None:
    """Return code and what the format does, if a rule says what it cannot say."""
    if rule.status not in can.statuses:
        return "status", f"cannot answer {rule.status}"
    if rule.query is not None and not can.queries:
        return "query", "cannot match a query"
    if rule.host and not can.hosts:
        return "host", "cannot tell hosts apart"
    if rule.host and rule.host[0] == "[":
        return "host", "cannot tell an IPv6 host apart"
    if not can.fragments and "#" in (rule.target or ""):
        return "fragment", "cannot send a fragment"
    return None


def _too_long(rule: Rule, can: Carries) -> Why | None:
    if can.source_chars and len(rule.wire) > can.source_chars:
        return "too_long", f"takes sources of {can.source_chars} characters"
    if can.target_chars and len(rule.target or "") > can.target_chars:
        return "too_long", f"takes targets of {can.target_chars} characters"
    return None


def _clash(rule: Rule, taken: dict[str, Rule], can: Carries) -> Why | None:
    """Say whether a format that folds case or slashes mixes `rule` up."""
    if can.case and can.slash:
        return None
    key = rule.key if can.case else rule.key.lower()
    if not can.slash:
        key = key.rstrip("/")
    other = taken.setdefault(key, rule)
    if other is rule or other.answer == rule.answer:
        return None
    return "mixed_up", f"the platform cannot tell it from {other.old_url}"
