"""What a crawl refuses: addresses, schemes, and spaces without end.

Addresses are judged twice, by spelling before anything opens and by the
resolved address that is about to be connected to. Private ones are let through
only for the hosts that `--allow-private` names. Traps are recognised by what a
URL looks like and by how it was found; each rule has a name for the report.
"""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from typing import Generic, TypeVar
from urllib.parse import urlsplit

from redirectmap.urls import Url, is_private_address, is_private_host

T = TypeVar("T")
PRIVATE_NAMES = (".internal", ".local", ".home.arpa", ".localhost", ".onion")
"""Names reserved for private use (RFC 6762, 8375, 7686; ICANN 2024)."""
MAX_SEGMENTS = 20
MAX_REPEATS = 3
MAX_PARAMETERS = 12
MAX_DEPTH = 500
SELF_HOPS = 2
LONG_NUMBER = 12
MAX_SHAPES = 10_000
SESSION = re.compile(
    r"^(?:jsessionid|phpsessid|aspsessionid\w*|asp\.net_sessionid|cfid|cftoken|"
    r"sid|sessid|sessionid|session_id|osCsid|zenid)$",
    re.IGNORECASE,
)
_SESSION_PATH = re.compile(r";(?:jsessionid|phpsessid|sid)=[^/;?]*", re.IGNORECASE)
_RUN = re.compile(r"\w{16,}|[0-9a-f-]{8,}", re.IGNORECASE)


class FetchError(Exception):
    """One URL gave no usable answer.

    Attributes:
        outcome: Stable word: timeout, too_large, blocked_address ...
    """

    def __init__(self, outcome: str, message: str) -> None:
        self.outcome = outcome
        super().__init__(message)


class AddressGuard:
    """Judges hosts and addresses for one crawl."""

    def __init__(self, allowed: Collection[str]) -> None:
        self.allowed = {one.lower() for one in allowed}

    def allows(self, url: str) -> bool:
        """Say whether the user named this URL's host (with or without port)."""
        try:
            parts = urlsplit(url)
            port = parts.port
        except ValueError:
            return False
        host = (parts.hostname or "").lower()
        bare = f"[{host}]" if ":" in host else host
        port = port or (443 if parts.scheme == "https" else 80)
        names = {bare, host, f"{bare}:{port}"}
        return not names.isdisjoint(self.allowed)

    def refuses_url(self, url: str) -> str | None:
        """Say why the spelling alone forbids to connect, or None."""
        host = (urlsplit(url).hostname or "").rstrip(".").lower()
        bracketed = f"[{host}]" if ":" in host else host
        private = is_private_host(bracketed) or host.endswith(PRIVATE_NAMES)
        if ":" in host and not private:
            private = is_private_address(host)
        if private and not self.allows(url):
            return f"{host} is a private address"
        return None

    def refuses_address(self, url: str, address: str) -> str | None:
        """Say why the resolved address forbids to connect, or None."""
        try:
            private = is_private_address(address.partition("%")[0])
        except ValueError:
            return f"{address!r} is no address"
        if private and not self.allows(url):
            host = urlsplit(url).hostname or ""
            return f"{host} resolves to the private address {address}"
        return None


def shape(url: Url) -> str:
    """Return the pattern of a URL: numbers, tokens and values made equal."""
    parts = [_mask(part) for part in url.path.split("/")]
    path = "/".join(parts)
    if url.query is None:
        return path
    names = [pair.partition("=")[0] for pair in url.query.split("&")]
    return f"{path}?{'&'.join(_mask(name) for name in names)}"


def _mask(part: str) -> str:
    if part.lstrip("-").isdecimal():
        return "#" if len(part) < LONG_NUMBER else "*"
    part = _RUN.sub(_token, part)
    return re.sub(r"\d+", "#", part)


def _token(run: re.Match[str]) -> str:
    """Return `*` for a long run with a digit in it, an id; words stay."""
    text = run.group()
    return "*" if any(map(str.isdecimal, text)) else text


def without_session(url: Url) -> str | None:
    """Return the URL without its session id, or None where it has none."""
    path = _SESSION_PATH.sub("", url.path)
    pairs = url.query.split("&") if url.query else []
    kept = [pair for pair in pairs if not SESSION.match(pair.partition("=")[0])]
    if path == url.path and len(kept) == len(pairs):
        return None
    query = "&".join(kept)
    return f"{url.origin}{path}{'?' + query if query else ''}"


def endless_path(url: Url) -> str | None:
    """Say which rule of the path itself makes a URL look like a trap."""
    parts = [part for part in url.path.split("/") if part]
    if len(parts) > MAX_SEGMENTS:
        return "trap:path_depth"
    if any(parts.count(part) > MAX_REPEATS for part in set(parts)):
        return "trap:repeated_segment"
    if url.query and url.query.count("&") >= MAX_PARAMETERS:
        return "trap:parameters"
    return None


@dataclass(slots=True)
class _Seen:
    pages: int = 0
    contents: set[str] = field(default_factory=set)


class _Recent(Generic[T]):
    """What is known of the keys asked for last; memory stays flat.

    A trap asks for its shape again and again, and so it is never forgotten.
    """

    def __init__(self, make: Callable[[], T]) -> None:
        self._make = make
        self._kept: OrderedDict[str, T] = OrderedDict()

    def __getitem__(self, key: str) -> T:
        if key in self._kept:
            self._kept.move_to_end(key)
        else:
            self._kept[key] = self._make()
            if len(self._kept) > MAX_SHAPES:
                self._kept.popitem(last=False)
        return self._kept[key]


class Budgets:
    """Counts what was found and fetched per shape, and closes shapes that trap."""

    def __init__(self, budget: int) -> None:
        self.budget = budget
        self.closed: dict[str, str] = {}
        self._queries: _Recent[set[str]] = _Recent(set)
        self._selfmade = _Recent(_Seen)
        self._seen = _Recent(_Seen)

    def refuses(self, url: Url, run: int, depth: int) -> str | None:
        """Say which rule keeps a newly found URL out, or None."""
        if run > self.budget:
            return "trap:chain"
        if depth > MAX_DEPTH:
            return "trap:depth"
        pattern = shape(url)
        if pattern in self.closed:
            return self.closed[pattern]
        if run >= SELF_HOPS and "*" in pattern:
            # random names that only pages of random names lead to
            selfmade = self._selfmade[pattern]
            selfmade.pages += 1
            if selfmade.pages > 1.5 * self.budget:
                return "trap:shape"
        return self._too_many_queries(url)

    def _too_many_queries(self, url: Url) -> str | None:
        if not url.query or "&" not in url.query:
            return None
        names = "&".join(one.partition("=")[0] for one in url.query.split("&"))
        known = self._queries[url.path]
        if names not in known and len(known) >= self.budget:
            return "trap:parameters"
        known.add(names)
        return None

    def fetched(self, url: Url, content: str) -> str | None:
        """Count a page; return the rule if its shape is closed just now.

        A shape is closed when many pages of it share very few contents.
        """
        pattern = shape(url)
        if not ("#" in pattern or "*" in pattern or "?" in pattern):
            return None
        seen = self._seen[pattern]
        seen.pages += 1
        if len(seen.contents) >= self.budget:
            return None  # so varied that it is no trap
        seen.contents.add(content)
        enough = max(10, self.budget // 4)
        if seen.pages < enough or len(seen.contents) * 10 > seen.pages:
            return None
        self.closed[pattern] = "trap:same_content"
        return self.closed[pattern]
