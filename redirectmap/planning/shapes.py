r"""The language of pattern rules: what a pattern may say, and how it is read.

A pattern is a path from end to end: plain text, and parts that stand for text,
one of `CHARS` repeated. One part may be kept (`([^/]+)`) and stands in the
target as `$1`. Two parts never touch, nothing repeats inside a repetition, so
matching takes linear time; the target's host is plain text, so no request can
choose where it is sent.

    ^/blog/[0-9]{4}/[0-9]{2}/([a-z0-9-]+)\.html$   https://new.example/articles/$1
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from itertools import pairwise

from redirectmap.urls import Url, parse

SEGMENT = (
    "[0-9]",
    "[a-z0-9-]",
    "[a-z0-9_-]",
    "[A-Za-z0-9_-]",
    "[A-Za-z0-9_.-]",
    "[^/]",
)
TAIL = ("[a-z0-9/-]", "[A-Za-z0-9_./-]", ".")
CHARS = frozenset((*SEGMENT, *TAIL))
"""What one character of a part may be, from narrow to wide."""

_PART = re.compile(
    r"(?P<text>(?:\\[^A-Za-z0-9]|[A-Za-z0-9/_~!@%&=:;,'\"<>`#-])+)"
    r"|(?P<open>\()?(?P<chars>\[[^\]]+\]|\.)(?P<times>[+*]|\{\d+\})(?(open)\))"
)


@dataclass(frozen=True, slots=True)
class Part:
    """A piece of a pattern.

    Attributes:
        text: Plain text, unescaped; empty for a part that stands for text.
        chars: One of `CHARS`.
        times: `+`, `*` or `{4}`.
        kept: It stands in the target as `$1`.
    """

    text: str = ""
    chars: str = ""
    times: str = "+"
    kept: bool = False

    @property
    def pattern(self) -> str:
        """The piece as a regular expression."""
        if self.text:
            return re.escape(self.text)
        body = f"{self.chars}{self.times}"
        return f"({body})" if self.kept else body


@dataclass(frozen=True, slots=True)
class Shape:
    """A pattern rule.

    Attributes:
        host: Old host, with its port.
        pattern: Old path without `^` and `$`.
        target: New URL, `$1` for the part kept; empty for gone.
        status: HTTP status.
        leftover: It answers for URLs that nobody listed, after everything else.
    """

    host: str
    pattern: str
    target: str
    status: int = 301
    leftover: bool = False

    @property
    def rule_id(self) -> str:
        """Stable id: the same rule has the same id in every plan."""
        text = f"{self.host} {self.pattern} {self.target} {self.status}"
        return "r" + hashlib.sha256(text.encode()).hexdigest()[:8]

    @property
    def regex(self) -> re.Pattern[str]:
        """The anchored pattern, for a path."""
        return re.compile(f"^{self.pattern}$")

    @property
    def parts(self) -> list[Part]:
        """The pieces of the pattern, in order."""
        return [_part(found) for found in _PART.finditer(self.pattern)]

    @property
    def head(self) -> str:
        """The plain text that every path it matches begins with."""
        first = self.parts[0]
        return first.text or "/"

    @property
    def base(self) -> str:
        """Scheme and host of the target."""
        return "/".join(self.target.split("/", 3)[:3])

    def answer(self, match: re.Match[str]) -> str:
        """Return the target with the part that was kept."""
        kept = match.group(1) if match.re.groups else ""
        return self.target.replace("$1", kept)

    def spelled(
        self, text: Callable[[str], str], *, segment: str, tail: str, kept: str = "({})"
    ) -> str:
        """Return the pattern in a server's own spelling.

        Args:
            text: Escapes plain text.
            segment: What the server needs for `[^/]`.
            tail: What it needs for `.`.
            kept: Form of the part that is kept.
        """
        own = {"[^/]": segment, ".": tail}
        pieces = []
        for part in self.parts:
            body = f"{own.get(part.chars, part.chars)}{part.times}"
            body = kept.format(body) if part.kept else body
            pieces.append(text(part.text) if part.text else body)
        return "".join(pieces)


def _part(found: re.Match[str]) -> Part:
    if found["text"]:
        return Part(re.sub(r"\\(.)", r"\1", found["text"]))
    return Part("", found["chars"], found["times"], bool(found["open"]))


def problem_of(shape: Shape) -> str | None:
    """Return why `shape` must not be used, None where it is sound."""
    parts = shape.parts
    if "".join(found.group() for found in _PART.finditer(shape.pattern)) != (
        shape.pattern
    ):
        return "the pattern says what pattern rules cannot say"
    if not parts or not parts[0].text.startswith("/"):
        return "the pattern does not begin with /"
    if any(not (one.text or two.text) for one, two in pairwise(parts)):
        return "two parts of the pattern touch"
    if any(part.chars and part.chars not in CHARS for part in parts):
        return "a part of the pattern is of no known kind"
    return _target_problem(shape, kept=sum(part.kept for part in parts))


def _target_problem(shape: Shape, *, kept: int) -> str | None:
    if shape.status in {404, 410}:
        return "a rule for pages that are gone has a target" if shape.target else None
    if shape.status not in {301, 302, 303, 307, 308}:
        return f"{shape.status} is no status of a redirect"
    if kept > 1 or shape.target.count("$1") > kept:
        return "the target needs one part of the pattern, and the pattern keeps another"
    found = parse(shape.target.replace("$1", "x"))
    if not isinstance(found, Url) or "$" in shape.base or "$" in found.href:
        return "the target is no URL with a host of its own"
    return "the target has a fragment" if "#" in shape.target else None


def tightened(shape: Shape, paths: Iterable[str]) -> Shape:
    """Return `shape` with parts as narrow as `paths` allow, all of which match."""
    parts = shape.parts
    places = [place for place, part in enumerate(parts) if not part.text]
    every = [replace(part, kept=True) if part.chars else part for part in parts]
    regex = re.compile("".join(part.pattern for part in every))
    matches = [found for found in map(regex.fullmatch, paths) if found]
    for group, place in enumerate(places, 1):
        values = [found.group(group) for found in matches]
        parts[place] = _narrow(parts[place], values)
    return replace(shape, pattern="".join(part.pattern for part in parts))


def _narrow(part: Part, values: list[str]) -> Part:
    ladder = TAIL if any("/" in value for value in values) else SEGMENT
    times = "*" if not all(values) else "+"
    for chars in ladder:
        fits = re.compile(f"{chars}*").fullmatch
        if all(fits(value) for value in values):
            break
    else:
        return part
    lengths = {len(value) for value in values}
    if chars == "[0-9]" and not part.kept and len(lengths) == 1 and times == "+":
        times = f"{{{lengths.pop()}}}"
    return replace(part, chars=chars, times=times)
