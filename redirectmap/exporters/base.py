"""What an exporter is: a name, what it can carry, and how it spells rules.

Decides, from declared limits alone, which rules a platform can carry; the rest
is refused with code and reason, dearest first when a platform takes only so
many rows. Exporters never drop a row on their own.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from redirectmap.exporters.rules import Query, Refused, Rule, RuleSet

BAD_PERCENT = re.compile(r"%(?![0-9A-Fa-f]{2})")
ANY_STATUS = frozenset({301, 302, 303, 307, 308, 404, 410, 451})


@dataclass(frozen=True)
class Options:
    """How a plan is to be exported.

    Attributes:
        query: What becomes of a request's own query.
        folder: Where the files will live on the server.
        version: Version of redirectmap, for the header.
    """

    query: Query
    folder: Path
    version: str


@dataclass(frozen=True)
class Carries:
    """What a format can say, and how much of it.

    Attributes:
        statuses: Statuses it can answer with.
        queries: A source may have a query that must match exactly.
        hosts: A rule may hold for one host only.
        case: Letter case of a source counts.
        slash: A trailing slash of a source counts.
        fragments: A target may have a fragment.
        modes: What may become of a request's own query.
        bad: (code, pattern, reason) of sources it cannot carry.
        bad_targets: The same of targets.
        rows: Most rules; None where no limit is known.
        source_chars: Longest source, path and query.
        target_chars: Longest target.
        file_bytes: Largest file, for the table.
        origin: Where the limits are from.
    """

    statuses: frozenset[int] = ANY_STATUS
    queries: bool = True
    hosts: bool = True
    case: bool = True
    slash: bool = True
    fragments: bool = True
    modes: tuple[Query, ...] = ("keep", "drop", "exact")
    bad: tuple[tuple[str, str, str], ...] = ()
    bad_targets: tuple[tuple[str, str, str], ...] = ()
    rows: int | None = None
    source_chars: int | None = None
    target_chars: int | None = None
    file_bytes: int | None = None
    origin: str = ""


Render = Callable[[RuleSet, Options], dict[str, bytes]]
Reread = Callable[[dict[str, bytes]], dict[str, str]]
Special = Callable[[Rule, Options], tuple[str, str] | None]


@dataclass(frozen=True)
class Exporter:
    """One rule format.

    Attributes:
        name: On the command line.
        title: For people.
        carries: What it can say.
        render: Rules to file name and bytes; same rules, same bytes.
        load: How to load the files, lines for README.txt; `{folder}` is theirs.
        special: Code and reason for a rule that this format alone refuses.
        server: Name of the prover that can run it, if any.
        reread: Files back to key and answer, to compare before they are written.
    """

    name: str
    title: str
    carries: Carries
    render: Render
    load: str
    special: Special | None = None
    server: str | None = None
    reread: Reread | None = None


def carried(rules: RuleSet, exporter: Exporter, options: Options) -> RuleSet:
    """Return the rules `exporter` can carry; the rest is among the refused."""
    refused = list(_refused(rules, exporter, options))
    left = rules.without(refused)
    limit = exporter.carries.rows
    if limit is None or len(left.rules) <= limit:
        return left
    by_value = sorted(left.rules, key=lambda rule: (-rule.value, rule.key))
    reason = f"{exporter.title} takes {limit} rules; this one is worth less"
    over = [Refused(r.old_url, "too_many", reason, r.value) for r in by_value[limit:]]
    return left.without(over)


def _refused(rules: RuleSet, exporter: Exporter, options: Options) -> Iterator[Refused]:
    taken: dict[str, Rule] = {}
    for rule in sorted(rules.rules, key=lambda rule: (-rule.value, rule.key)):
        why = _why_not(rule, exporter, options) or _clash(rule, taken, exporter.carries)
        if why:
            yield Refused(rule.old_url, *why, rule.value)


def _why_not(
    rule: Rule, exporter: Exporter, options: Options
) -> tuple[str, str] | None:
    for code, wrong, reason in _limits(rule, exporter.carries):
        if wrong:
            return code, f"{exporter.title} {reason}"
    can = exporter.carries
    for patterns, text in ((can.bad, rule.wire), (can.bad_targets, rule.target or "")):
        for code, pattern, reason in patterns:
            if re.search(pattern, text):
                return code, reason
    return exporter.special(rule, options) if exporter.special else None


def _limits(rule: Rule, can: Carries) -> Iterator[tuple[str, bool, str]]:
    """Yield (code, goes beyond it, what the format does) for each declared limit."""
    target, endless = rule.target or "", 1 << 30
    longest, target_most = can.source_chars or endless, can.target_chars or endless
    yield "status", rule.status not in can.statuses, f"cannot answer {rule.status}"
    yield "query", rule.query is not None and not can.queries, "cannot match a query"
    yield "host", bool(rule.host) and not can.hosts, "cannot tell hosts apart"
    yield "fragment", "#" in target and not can.fragments, "cannot send a fragment"
    yield "too_long", len(rule.wire) > longest, f"takes sources of {longest} characters"
    too_long = len(target) > target_most
    yield "too_long", too_long, f"takes targets of {target_most} characters"


def _clash(rule: Rule, taken: dict[str, Rule], can: Carries) -> tuple[str, str] | None:
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


def header(rules: RuleSet, options: Options, name: str, mark: str = "#") -> str:
    """Return the comment lines that every generated file begins with."""
    queries = {
        "keep": "the request's own query is kept",
        "drop": "the request's own query is dropped",
        "exact": "only exact requests are answered",
    }[options.query]
    lines = (
        f"redirectmap {options.version}, rules for {name}; do not edit, export anew",
        f"plan sha256 {rules.plan_hash}",
        f"{len(rules.rules)} rules; {queries}",
        "how to load: see README.txt",
    )
    return "".join(f"{mark} {line}\n" for line in lines)


SERVER_BAD = (
    ("bad_percent", BAD_PERCENT.pattern, "servers answer 400 to a broken escape"),
    ("control_char", "%00", "servers answer 400 or 404 to %00"),
)
