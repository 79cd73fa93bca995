"""Which hosts a plan is about, and which server answers for them.

With `--base` one server stands in for every old host: a staging copy of the
rules, or a loopback server before launch. The plan's URLs keep their spelling
in all reports; only the request goes elsewhere.
"""

from __future__ import annotations

import re
import string
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

import pandas as pd

from redirectmap.errors import InputError
from redirectmap.urls import Refusal, Url, parse, registrable_domain
from redirectmap.verify.guard import Guard, allowed_origin, split_host
from redirectmap.verify.judge import Row
from redirectmap.verify.settings import VerifySettings
from redirectmap.verify.walk import Scope


@dataclass(frozen=True, slots=True)
class Sites:
    """The hosts of one run.

    Attributes:
        scope: What walks are made with.
        old_hosts: Hosts of old URLs, as `Url.host` spells them.
        new_hosts: Hosts of planned targets.
        base: Origin that answers for the old hosts, or None.
    """

    scope: Scope
    old_hosts: frozenset[str]
    new_hosts: frozenset[str]
    base: str | None

    def same(self, key: str) -> str:
        """Spell `key` as it is requested, so that two URLs can be compared.

        What RFC 3986 (6.2.2) calls equivalent becomes equal: case and need of
        percent-encoding, an empty query.
        """
        return _same(key, self.base, self.old_hosts)


def rows_of(plan: pd.DataFrame) -> list[Row]:
    """Read the plan's rows, every URL through the gate.

    Raises:
        InputError: A URL is refused; the message names the row.
    """
    rows: list[Row] = []
    columns = zip(
        plan["old_url"],
        plan["action"],
        plan["status"],
        plan["new_url"],
        plan["priority"].fillna(0.0),
        strict=True,
    )
    for line, (old, action, status, new, value) in enumerate(columns, start=2):
        target = "" if action == "gone" or not _known(new) else _key(new, line)
        if action == "redirect" and not target:
            raise InputError(
                f"{old} has no new_url",
                hint="fill in the target, or set the action to gone or review",
                where=f"plan, line {line}",
            )
        planned = int(status) if _known(status) else _DEFAULT_STATUS[action]
        rows.append(Row(_key(old, line), action, planned, target, float(value)))
    return rows


_DEFAULT_STATUS = {"redirect": 301, "gone": 410, "keep": 200, "review": 0}


def _known(value: object) -> bool:
    return value is not None and value is not pd.NA and value == value and value != ""  # noqa: PLR0124 - NaN


def _key(text: str, line: int) -> str:
    url = parse(text)
    if isinstance(url, Refusal):
        raise InputError(
            url.message, hint="mend or remove the row", where=f"plan, line {line}"
        )
    return url.key


def sites_of(rows: list[Row], settings: VerifySettings) -> Sites:
    """Work out hosts and scope of a run.

    Raises:
        UsageError: `--base` or `--resolve` cannot be used.
    """
    old_hosts = frozenset(_hosts(row.old_url for row in rows))
    new_hosts = frozenset(_hosts(row.expected for row in rows if row.expected))
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
            return url
        key = base.origin + url.wire
        return Url(key, key, base.scheme, base.host, url.path, url.query)

    @lru_cache(maxsize=10_000)
    def inside(host: str) -> bool:
        return registrable_domain(host) in domains

    scope = Scope(guard, wire, inside, settings.max_hops)
    return Sites(scope, old_hosts, new_hosts, base.origin if base else None)


def _hosts(urls: Iterable[str]) -> set[str]:
    return {host_of(url) for url in urls}


def host_of(key: str) -> str:
    """Return the host (with port) of a URL that passed the gate."""
    return key.split("/", 3)[2].partition("?")[0]


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
