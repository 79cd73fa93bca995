"""Which hosts a plan is about, and which server answers for them.

With `--base` one server stands in for every old host: a staging copy of the
rules, or a loopback server before launch. The plan's URLs keep their spelling
in all reports; only the request goes elsewhere.
"""

from __future__ import annotations

import re
import string
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

from redirectmap.urls import Url, registrable_domain
from redirectmap.verify.guard import Guard, allowed_origin, split_host
from redirectmap.verify.settings import VerifySettings
from redirectmap.verify.walk import Scope


@dataclass(frozen=True, slots=True)
class Sites:
    """The hosts of one run.

    Attributes:
        scope: What walks are made with.
        main_origin: Scheme and host of most old URLs; empty for an empty plan.
        old_hosts: Hosts of old URLs, as `Url.host` spells them.
        new_hosts: Hosts of planned targets.
        base: Origin that answers for the old hosts, or None.
    """

    scope: Scope
    main_origin: str
    old_hosts: frozenset[str]
    new_hosts: frozenset[str]
    base: str | None

    def same(self, key: str) -> str:
        """Spell `key` as it is requested, so that two URLs can be compared.

        What RFC 3986 (6.2.2) calls equivalent becomes equal: case and need of
        percent-encoding, an empty query.
        """
        return _same(key, self.base, self.old_hosts)


class Hosts(NamedTuple):
    """Origins of old URLs (most frequent first) and hosts of targets."""

    old: tuple[str, ...]
    new: frozenset[str]


def sites_of(hosts: Hosts, settings: VerifySettings) -> Sites:
    """Work out hosts and scope of a run.

    Raises:
        UsageError: `--base` or `--resolve` cannot be used.
    """
    old_hosts = frozenset(host_of(f"{origin}/") for origin in hosts.old)
    new_hosts = hosts.new
    base: Url | None = None
    allow = list(settings.allow_private)
    if settings.base is not None:
        base, spelled = allowed_origin(settings.base)
        allow.append(spelled)
    guard = Guard(allow, settings.resolve)
    names = old_hosts | new_hosts | guard.pinned_hosts
    domains = {registrable_domain(name) for name in names}
    if base:
        domains.add(registrable_domain(split_host(base.host, 80)[0]))

    def wire(url: Url) -> Url:
        if base is None or url.host not in old_hosts:
            return _by_http(url) if guard.is_plain(url) else url
        key = base.origin + url.wire
        return Url(key, key, base.scheme, base.host, url.path, url.query)

    @lru_cache(maxsize=10_000)
    def inside(host: str) -> bool:
        return registrable_domain(host) in domains

    scope = Scope(guard, wire, inside, settings.max_hops)
    main = hosts.old[0] if hosts.old else ""
    return Sites(scope, main, old_hosts, new_hosts, base.origin if base else None)


def origin_of(url: str) -> str:
    """Return scheme and host of a URL that passed the gate."""
    return url.partition("//")[0] + "//" + host_of(url)


def host_of(key: str) -> str:
    """Return the host (with port) of a URL that passed the gate."""
    return key.split("/", 3)[2].partition("?")[0]


def _by_http(url: Url) -> Url:
    key = "http" + url.key.removeprefix("https")
    return Url(key, key, "http", url.host, url.path, url.query)


@lru_cache(maxsize=20_000)
def _same(key: str, base: str | None, old_hosts: frozenset[str]) -> str:
    key = _ENCODED.sub(_plain, key).removesuffix("?") if key else key
    if base is None or not key or host_of(key) not in old_hosts:
        return key
    rest = key.partition("//")[2]
    return base + rest[len(host_of(key)) :]


_ENCODED = re.compile("%[0-9A-Fa-f]{2}")
_UNRESERVED = frozenset(string.ascii_letters + string.digits + "-._~")


def _plain(found: re.Match[str]) -> str:
    sign = chr(int(found[0][1:], 16))
    return sign if sign in _UNRESERVED else found[0].upper()
