r"""Accepted pattern rules in place of the exact rules they stand for.

Decides, on the rules as they will be written, which exact ones a pattern may
replace: those it answers to the byte. It is proven here anew, whatever the plan's
own proof said: a pattern that would answer a kept, undecided or refused row, or a
target of the plan, is refused. Exact rules stand first on every server, so rules
that a pattern would answer otherwise simply stay. Before a rule for leftovers, rows
that wait for review are held: entries that keep it from them.

A pattern holds for every host when the plan has one old host and no target of the
plan matches it on any host, else for its own.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import pandas as pd

from redirectmap.exporters.expect import bare
from redirectmap.exporters.rules import KEPT, REDIRECTS, Rule, RuleSet
from redirectmap.planning.shapes import Shape
from redirectmap.planning.spelling import keys_of, parts_of

SEGMENT, TAIL = "[^/? ]", "[^? ]"  # a path as sent ends at `?`


@dataclass(frozen=True, slots=True)
class Pattern:
    """A pattern rule as it is written.

    Attributes:
        shape: The pattern and its target.
        host: Host name without port; None for every host.
        rows: Exact rules that it replaces.
        held: Rows with a query that it must not answer.
    """

    shape: Shape
    host: str | None
    rows: int
    held: tuple[Rule, ...] = ()

    def answer(self, host: str, path: str) -> tuple[int, str | None] | None:
        """Return status and Location for a path, None where it does not match."""
        if self.host is not None and bare(host) != self.host:
            return None
        found = self.shape.regex.match(path)
        if not found:
            return None
        return self.shape.status, self.shape.answer(found) or None

    def as_json(self) -> dict[str, Any]:
        """Return it for export.json."""
        shape = self.shape
        return {
            "rule": shape.rule_id,
            "host": self.host,
            "pattern": shape.pattern,
            "target": shape.target,
            "status": shape.status,
            "rows": self.rows,
        }

    @classmethod
    def from_json(cls, record: Mapping[str, Any]) -> Pattern:
        """Read it from export.json."""
        cells = (record[name] for name in ("pattern", "target", "status"))
        return cls(Shape(record["host"] or "", *cells), record["host"], record["rows"])


@dataclass(frozen=True, slots=True)
class RefusedPattern:
    """An accepted rule that is not written, and why."""

    rule_id: str
    reason: str


@dataclass
class _Replay:
    """What patterns may and must not answer."""

    rules: Sequence[Rule]
    hosts: dict[str, str]
    silent: Sequence[tuple[str, str, str, bool]]
    held: dict[str, Rule] = field(default_factory=dict)
    covered: set[str] = field(default_factory=set)
    excepted: set[str] = field(default_factory=set)

    def take(self, shape: Shape, host: str | None) -> Pattern | str:
        """Return the pattern, its rules counted as covered; or why not."""
        regex = shape.regex
        for old_url, name, path, undecided in self.silent:
            if host is not None and name != host:
                continue
            if not (path.startswith(shape.head) and regex.match(path)):
                continue
            if not (undecided and shape.leftover):
                return f"it would answer {old_url}, which must stay as it is"
            self.held[old_url] = Rule(old_url, name, path, None, None, KEPT, 0.0)
        if shape.leftover:
            return Pattern(shape, host, 0)
        right, wrong = self._tell(shape, regex, host)
        if not right:
            return "it stands for no rule of this plan"
        self.covered |= right
        self.excepted |= wrong
        return Pattern(shape, host, len(right))

    def _tell(
        self, shape: Shape, regex: re.Pattern[str], host: str | None
    ) -> tuple[set[str], set[str]]:
        right: set[str] = set()
        wrong: set[str] = set()
        for rule in self.rules:
            if not rule.path.startswith(shape.head):
                continue
            found = regex.match(rule.path)
            if not found or rule.old_url in self.covered | self.excepted:
                continue
            mine = host is None or self.hosts.get(rule.old_url) == host
            if mine and rule.host in {None, host}:
                same = rule.answer == f"{shape.status}:{shape.answer(found)}"
                plain = "%" not in (found.group(1) if regex.groups else "")
                (right if same and plain else wrong).add(rule.old_url)
        return right, wrong


def with_patterns(
    rules: RuleSet, plan: pd.DataFrame, shapes: Iterable[Shape]
) -> RuleSet:
    """Put accepted patterns in place of the rules they stand for.

    Args:
        rules: As they would be written one by one.
        plan: Schema PLAN they were made of.
        shapes: In order; the first that matches answers, leftovers last.
    """
    hosts = _hosts(plan)
    plain = [rule for rule in rules.rules if rule.query is None]
    replay = _Replay(plain, hosts, list(_silent(rules, plan)))
    names = {name.removeprefix("www.") for name in hosts.values()}
    patterns: list[Pattern] = []
    refused: list[RefusedPattern] = []
    for shape in sorted(shapes, key=lambda shape: shape.leftover):
        own = bare(shape.host)
        host = None if len(names) == 1 else own
        if any(_says_the_same(one, shape, host) for one in patterns):
            continue
        taken = replay.take(shape, host)
        if isinstance(taken, str) and host is None:
            taken = replay.take(shape, own)
        if isinstance(taken, Pattern):
            patterns.append(taken)
        else:
            refused.append(RefusedPattern(shape.rule_id, taken))
    gone = [rule for rule in rules.rules if rule.old_url in replay.covered]
    held = (*rules.held, *replay.held.values())
    patterns = [replace(one, held=tuple(_caught(one, held))) for one in patterns]
    return replace(
        rules,
        held=held,
        rules=tuple(r for r in rules.rules if r.old_url not in replay.covered),
        patterns=tuple(patterns),
        refused_patterns=tuple(refused),
        covered=sum(1 + len(rule.twins) for rule in gone),
    )


def _caught(pattern: Pattern, held: Iterable[Rule]) -> Iterator[Rule]:
    for rule in held:
        near = pattern.host is None or rule.host in {None, pattern.host}
        if near and pattern.shape.regex.match(rule.path):
            yield rule


def _says_the_same(one: Pattern, shape: Shape, host: str | None) -> bool:
    return replace(one.shape, host=shape.host) == shape and one.host == host


def _hosts(plan: pd.DataFrame) -> dict[str, str]:
    host = parts_of(keys_of(plan["old_url"])).host
    return {u: bare(h) for u, h in zip(plan["old_url"], host, strict=True) if h}


def _silent(rules: RuleSet, plan: pd.DataFrame) -> Iterator[tuple[str, str, str, bool]]:
    """Yield (old_url, host, path, undecided) of what no pattern may answer.

    A row with a query and without an answer is held, whoever answers its path.
    """
    answered = {rule.old_url for rule in rules.rules}
    answered |= {old_url for rule in rules.rules for old_url, _ in rule.twins}
    parts = parts_of(keys_of(plan["old_url"]))
    rows = zip(
        plan["old_url"],
        parts.host,
        parts.path,
        parts.query,
        plan["action"],
        strict=True,
    )
    for old_url, host, path, query, action in rows:
        if host and old_url not in answered and not query:
            yield old_url, bare(host), path, action != "keep"
    targets = pd.Series([r.target for r in rules.rules if r.target], dtype=object)
    ends = parts_of(keys_of(targets.drop_duplicates()))
    for host, path in zip(ends.host, ends.path, strict=True):
        yield f"{host}{path}", bare(host), path, False


def apache_lines(pattern: Pattern, query: str, flags: str) -> Iterator[str]:
    """Yield pairs of a condition and a rule for mod_rewrite, on the request as sent.

    The target stands behind the request in the text that is tested, so that neither
    is ever read as a substitution: `"%{THE_REQUEST} https://new.example/a/ .html"`.

    Args:
        pattern: The rule.
        query: What becomes of a request's own query.
        flags: Of a redirect, besides its status.
    """
    shape = pattern.shape
    path = shape.spelled(escaped, segment=SEGMENT, tail=TAIL)
    if shape.status not in REDIRECTS:
        end = "" if query == "exact" else r"(?:\?[^ ]*)?"
        yield f'RewriteCond "%{{THE_REQUEST}}" "^[A-Z]+ {path}{end} HTTP/"\n'
        yield f'RewriteRule "^" "-" [R={shape.status},L]\n'
        return
    before, kept, after = shape.target.partition("$1")
    first = 2 if kept else 1
    if query == "keep":
        joint = "&" if "?" in shape.target else "?"
        yield _condition(rf"{path}\?([^ ]+)", before, after + joint)
        said = f"%{first + 1}{'%1' if kept else ''}%{first + 2}%{first}"
        yield f'RewriteRule "^" "{said}" [R={shape.status},{flags}]\n'
    end = {"keep": r"\??", "drop": r"(?:\?[^ ]*)?"}.get(query, "")
    yield _condition(f"{path}{end}", before, after)
    said = f"%{first}{'%1' if kept else ''}%{first + 1}"
    yield f'RewriteRule "^" "{said}" [R={shape.status},{flags}]\n'


def _condition(wire: str, before: str, after: str) -> str:
    subject = f"%{{THE_REQUEST}} {literal(before)} {literal(after)}"
    return f'RewriteCond "{subject}" "^[A-Z]+ {wire} HTTP/[^ ]* ([^ ]*) ([^ ]*)$"\n'


def escaped(text: str) -> str:
    """Write text as a regular expression of PCRE that matches it and nothing else."""
    return re.sub(
        r"[^A-Za-z0-9/_%&=,;:@~-]", lambda m: f"\\x{ord(m.group()):02x}", text
    )


def literal(text: str) -> str:
    """Write text as the test string of a condition, nothing in it expanded."""
    return re.sub(r"[\\%$\{\}\"]", lambda m: f"\\{m.group()}", text)
