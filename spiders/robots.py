"""robots.txt by RFC 9309, and the file's own words about sitemaps and delay.

Own parser: the matcher must not backtrack (a rule of 2 000 wildcards is matched
in linear steps), groups of one agent are merged, and the longest rule wins.

Bounds  500 KiB are read, lines cut at 16 664 bytes as Google does.
Source  RFC 9309 sections 2.2 and 2.5.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field
from urllib.parse import quote_from_bytes

MAX_BYTES = 512_000
MAX_LINE = 16_664
MAX_DELAY = 30.0
MAX_REDIRECTS = 5
_UNRESERVED = frozenset(
    b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~"
)
_LINE_ENDS = re.compile(rb"\r\n|\r|\n")


@dataclass(slots=True)
class Robots:
    """The rules of one origin for one agent.

    Attributes:
        rules: (pattern, allow), patterns normalised.
        delay: Seconds between requests, at most `MAX_DELAY`; None if not said.
        sitemaps: As written, may be relative.
        warnings: (code, message) about the file itself.
    """

    rules: list[tuple[str, bool]] = field(default_factory=list)
    delay: float | None = None
    sitemaps: list[str] = field(default_factory=list)
    warnings: list[tuple[str, str]] = field(default_factory=list)
    closed: str | None = None

    def allows(self, wire: str) -> bool:
        """Say whether a path with its query may be fetched."""
        return self.forbids(wire) is None

    def forbids(self, wire: str) -> str | None:
        """Return what forbids to fetch a path with its query, or None."""
        if self.closed:
            return self.closed
        if not self.rules or wire == "/robots.txt":
            return None
        path = normalised(wire)
        best, rule, verdict = -1, "", True
        for pattern, allow in self.rules:
            longer = len(pattern) > best or (len(pattern) == best and allow)
            if longer and matches(pattern, path):
                best, rule, verdict = len(pattern), pattern, allow
        return None if verdict else f"robots.txt: Disallow: {rule[:200]}"


def product_token(user_agent: str | None) -> str:
    """Return the name by which robots.txt may address us (RFC 9309, 2.2.1).

    That of a custom user agent, but not `Mozilla`, which is nobody's name.
    """
    found = re.match(r"[A-Za-z_-]+", user_agent or "")
    name = found.group().lower() if found else "mozilla"
    return "redirectmap" if name == "mozilla" else name


def for_status(status: int) -> Robots:
    """Return what a status other than 200 means: 4xx no rules, 5xx all closed."""
    if status >= 500:
        return Robots(closed=f"robots.txt answers {status}, which closes the site")
    return Robots()


def parse(body: bytes, agent: str) -> Robots:
    """Read a robots.txt for the agent token `agent` (`redirectmap`)."""
    robots = Robots()
    data = body[:MAX_BYTES].removeprefix(b"\xef\xbb\xbf")
    if data[:2] in {b"\xff\xfe", b"\xfe\xff"}:
        robots.warnings.append(("robots_unreadable", "robots.txt is UTF-16: no rules"))
        return robots
    if re.match(rb"\s*<(?:!doctype|html|head|\?xml)", data, re.IGNORECASE):
        robots.warnings.append(("robots_unreadable", "robots.txt is HTML: no rules"))
        return robots
    if len(body) > MAX_BYTES:
        robots.warnings.append(("robots_cut", f"read {MAX_BYTES} bytes, not the rest"))
    _fill(robots, _groups(data, robots), agent.lower())
    return robots


@dataclass(slots=True)
class _Group:
    agents: list[str] = field(default_factory=list)
    rules: list[tuple[str, bool]] = field(default_factory=list)
    delays: list[str] = field(default_factory=list)


def _groups(data: bytes, robots: Robots) -> list[_Group]:
    groups: list[_Group] = []
    naming = False
    for raw in _LINE_ENDS.split(data):
        line = raw[:MAX_LINE].partition(b"#")[0]
        key, colon, value = line.partition(b":")
        if not colon:
            continue
        name = key.strip(b" \t\x00").decode("latin-1").lower()
        text = value.strip(b" \t\x00").decode("utf-8", "surrogateescape")
        if name == "user-agent":
            if not naming:
                groups.append(_Group())
            groups[-1].agents.append(_token(text))
            naming = True
        elif name == "sitemap":
            robots.sitemaps.append(text)
        elif name in {"allow", "disallow", "crawl-delay"}:
            naming = False
            if groups:
                _add_rule(groups[-1], name, text)
    return groups


def _token(agent: str) -> str:
    found = re.match(r"[A-Za-z_-]+", agent)
    return "*" if agent.startswith("*") else found.group().lower() if found else ""


def _add_rule(group: _Group, name: str, text: str) -> None:
    if name == "crawl-delay":
        group.delays.append(text)
    elif text:
        pattern = text if text[0] in "/*" else f"/{text}"
        group.rules.append((normalised(pattern), name == "allow"))


def _fill(robots: Robots, groups: list[_Group], agent: str) -> None:
    own = [group for group in groups if agent in group.agents]
    mine = own or [group for group in groups if "*" in group.agents]
    for group in mine:
        robots.rules += group.rules
        for text in group.delays:
            _set_delay(robots, text)


def _set_delay(robots: Robots, text: str) -> None:
    try:
        delay = float(text)
    except ValueError:
        delay = math.nan
    if math.isnan(delay) or delay < 0:
        robots.warnings.append(("crawl_delay", f"Crawl-delay {text!r} is ignored"))
        return
    if delay > MAX_DELAY:
        message = f"Crawl-delay {text} is capped at {MAX_DELAY:g} s"
        robots.warnings.append(("crawl_delay", message))
    robots.delay = min(delay, MAX_DELAY)


def normalised(path: str) -> str:
    """Return one spelling: unreserved plain, the rest percent-encoded, upper case."""
    data = path.encode("utf-8", "surrogateescape")
    data = re.sub(rb"%([0-9A-Fa-f]{2})", _one_escape, data)
    return quote_from_bytes(data, safe="/%*$?&=+,;:@!'()~[]#|{}^<>\"\\` ")


def _one_escape(found: re.Match[bytes]) -> bytes:
    value = int(found.group(1), 16)
    return bytes([value]) if value in _UNRESERVED else found.group().upper()


def matches(pattern: str, path: str) -> bool:
    """Match a rule with `*` and a final `$`, without backtracking."""
    anchored = pattern.endswith("$")
    pieces = (pattern[:-1] if anchored else pattern).split("*")
    if not path.startswith(pieces[0]):
        return False
    place = len(pieces[0])
    if len(pieces) == 1:
        return not anchored or place == len(path)
    last = pieces.pop() if anchored else ""
    for piece in pieces[1:]:
        place = path.find(piece, place)
        if place < 0:
            return False
        place += len(piece)
    return not anchored or (path.endswith(last) and len(path) - len(last) >= place)
