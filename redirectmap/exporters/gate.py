"""The gate in front of every rule file: which URLs may enter one at all.

Stricter than the URL gate of floor 0: a row of a plan names absolute URLs, so a
text that only a browser's leniency turns into one (`https:host`, a backslash
behind the host, white space around it) is refused instead of mended.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

from redirectmap.urls import (
    REASONS,
    Url,
    is_private_host,
    parse,
    plain,
    registrable_domain,
    shown,
)

_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff]")
_ABSOLUTE = re.compile(r"https?://[^/\\?#]", re.IGNORECASE)
_PORT = re.compile(r":\d+$")
_BACKSLASH_HOST = re.compile(r"https?://[^/?#\\]*/?\\", re.IGNORECASE)
_DOCUMENTATION = re.compile(r"\[2001:db8:", re.IGNORECASE)  # RFC 3849: nobody's
_PLAIN_HOST = re.compile(r"https?://([a-z0-9-]+(?:\.[a-z0-9-]*[a-z])+)(?::\d+)?/")
_AUTHORITY = re.compile(r"(?:[A-Za-z][A-Za-z0-9+.-]*:)?[/\\]*[^/?#\\]*@")
_FOREIGN_SHARE = 0.01  # of the rows: fewer off the main domain are a slip

Source = tuple[str, str, str | None]
CODES = {"scheme": "bad_scheme", "unparsable": "bad_url"}


class Why(NamedTuple):
    """Why a text may not enter a rule."""

    code: str
    reason: str


@dataclass(frozen=True)
class Hosts:
    """The project's hosts, as the user names them; empty lets the plan speak."""

    old: tuple[str, ...] = ()
    target: tuple[str, ...] = ()


ANY_HOSTS = Hosts()


@dataclass(frozen=True)
class Gate:
    """What the project's hosts are, and which URLs may enter a rule.

    Attributes:
        old_hosts: Hosts a source may have; empty: any but a stray one.
        target_hosts: Hosts a target may have; empty: any but a look-alike.
        seen_hosts: Hosts that the plan's sources have.
        main_old: The host most sources have.
        main_target: The host most targets have; it may be private (staging).
    """

    old_hosts: frozenset[str]
    target_hosts: frozenset[str]
    seen_hosts: frozenset[str]
    stray: frozenset[str]
    main_old: str
    main_target: str
    _hosts: dict[str, Why | None] = field(default_factory=dict)

    @classmethod
    def for_rows(cls, old: Iterable[str], new: Iterable[str], named: Hosts) -> Gate:
        """Learn from the rows themselves which hosts the project has."""
        sources = Counter(map(_host_of, old))
        targets = Counter(map(_host_of, new))
        sources.pop("", None)
        targets.pop("", None)
        main = sources.most_common(1)[0][0] if sources else ""
        others = {h: n for h, n in sources.items() if not _same_site(h, main)}
        few = sum(others.values()) < sources.total() * _FOREIGN_SHARE
        stray = others if few else {}
        return cls(
            old_hosts=frozenset(map(_bare_host, named.old)),
            target_hosts=frozenset(map(_bare_host, named.target)),
            seen_hosts=frozenset(sources),
            stray=frozenset(stray),
            main_old=main,
            main_target=targets.most_common(1)[0][0] if targets else "",
        )

    def source(self, text: str) -> Source | Why:
        """Return host, path and query of an old URL, or code and reason."""
        found = _absolute(text)
        if not isinstance(found, Url):
            return found
        host = _bare_host(found.host)
        foreign = host not in self.old_hosts if self.old_hosts else host in self.stray
        if foreign:
            return Why(
                "foreign_host", f"{host} is no host of the old site (--old-host)"
            )
        return host, found.path, found.query

    def target(self, text: str) -> str | Why:
        """Return the href of a target, or code and reason."""
        if not text.strip():
            return Why("empty_target", "there is no target")
        found = _absolute(text)
        if not isinstance(found, Url):
            return found
        if found.host not in self._hosts:
            self._hosts[found.host] = self._wrong_host(found.host)
        return self._hosts[found.host] or found.href

    def _wrong_host(self, name: str) -> Why | None:
        """Say why no target may lead to a host."""
        host = _bare_host(name)
        if self.target_hosts and host not in self.target_hosts:
            return Why(
                "foreign_host", f"{host} is not among the targets (--target-host)"
            )
        private = is_private_host(name) and not _DOCUMENTATION.match(host)
        if private and not self._own(host):
            return Why("private_target", f"{host} is a private address (--target-host)")
        if not self.target_hosts and self._lookalike(host):
            return Why("foreign_host", f"{host} only looks like {self.main_target}")
        return None

    def _own(self, host: str) -> bool:
        return host == self.main_target or host in self.target_hosts

    def _lookalike(self, host: str) -> bool:
        return bool(self.main_target) and host.startswith(f"{self.main_target}.")

    @staticmethod
    def split_target(href: str) -> tuple[str, str]:
        """Return host and request target of a href."""
        host, slash, rest = href.partition("://")[2].partition("/")
        return _bare_host(host), f"{slash}{rest.partition('#')[0]}"

    @staticmethod
    def shown(text: str) -> str:
        """Return `text` if it is fit to print, else a form that is."""
        safe = not _CONTROL.search(text) and not _AUTHORITY.match(text)
        return text if safe else shown(text)


def _absolute(text: str) -> Url | Why:
    return plain(text) or _odd(text)


def _odd(text: str) -> Url | Why:
    if _CONTROL.search(text):
        return Why("control_char", REASONS["control_char"])
    if text != text.strip():
        return Why("whitespace", "white space stands around it")
    if not _ABSOLUTE.match(text):
        return _not_absolute(text)
    if _BACKSLASH_HOST.match(text):
        return Why("bad_url", "a backslash stands where the path begins")
    encoded = text.replace("\u2028", "%E2%80%A8").replace("\u2029", "%E2%80%A9")
    found = parse(encoded)
    if isinstance(found, Url):
        return found
    return Why(CODES.get(found.reason, found.reason), REASONS[found.reason])


def _not_absolute(text: str) -> Why:
    if not text:
        return Why("empty", "it is empty")
    scheme = re.match(r"([A-Za-z][A-Za-z0-9+.-]*):", text)
    if scheme and scheme[1].lower() not in {"http", "https"}:
        return Why("bad_scheme", "only http and https are followed")
    if scheme:
        return Why("bad_url", "it is not an absolute URL")
    return Why("no_scheme", "it is not an absolute URL")


def _host_of(text: str) -> str:
    plain = _PLAIN_HOST.match(text)
    if plain:
        return plain[1]
    found = _absolute(text)
    return _bare_host(found.host) if isinstance(found, Url) else ""


def _same_site(host: str, main: str) -> bool:
    """Say whether a host is of the main one's domain, also one like `old.internal`."""
    name = main.removeprefix("www.")
    below = host == name or host.endswith(f".{name}")
    return below or registrable_domain(host) == registrable_domain(main)


def _bare_host(host: str) -> str:
    return _PORT.sub("", host).rstrip(".").lower()
