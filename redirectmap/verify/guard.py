"""Decide which address a URL may be connected to.

Every hop of every walk asks here first. A host name is resolved once, all its
addresses are looked at, and the connection goes to the address that was checked,
so a name cannot answer differently in between (DNS rebinding). Private, reserved
and multicast addresses need the user's word: `--allow-private`, `--resolve` or
`--base`.

Source  RFC 6890; redirectmap.urls.is_private_address says what is private.
"""

from __future__ import annotations

import ipaddress
import re
import socket
import ssl
from collections.abc import Iterable
from dataclasses import dataclass

from redirectmap.errors import UsageError
from redirectmap.urls import (
    Refusal,
    Url,
    is_private_address,
    is_private_host,
    parse,
)

_NOT_TLS = {"WRONG_VERSION_NUMBER", "RECORD_LAYER_FAILURE", "HTTP_REQUEST"}
_INNER_NAMES = re.compile(
    r"\.(?:internal|local|localdomain|lan|corp|home|intranet|home\.arpa)$"
)


@dataclass(frozen=True, slots=True)
class Address:
    """Where to connect to: an IP address and a port."""

    ip: str
    port: int

    @property
    def connect_to(self) -> str:
        """The form of libcurl's CONNECT_TO: whatever the host, connect here."""
        return f"::{f'[{self.ip}]' if ':' in self.ip else self.ip}:{self.port}"


@dataclass(frozen=True, slots=True)
class Blocked:
    """No connection is made; `kind` is `private` or `dns`."""

    kind: str
    detail: str


class Guard:
    """Answers `address` for URLs, remembering what names resolved to.

    Args:
        allow: `HOST` or `HOST:PORT` that may be private.
        resolve: `HOST[:PORT]=ADDRESS[:PORT]`.
    """

    def __init__(self, allow: Iterable[str] = (), resolve: Iterable[str] = ()) -> None:
        self._allow = {entry.strip().lower() for entry in allow}
        self._pinned = dict(map(_pin, resolve))
        self._names: dict[str, Address | Blocked] = {}
        self._spelled: dict[str, bool] = {}
        self._known: dict[str, Address | Blocked] = {}
        self._plain: dict[str, bool] = {}

    @property
    def plain_origins(self) -> list[str]:
        """The https origins that are asked without TLS."""
        return sorted(origin for origin, plain in self._plain.items() if plain)

    def is_plain(self, url: Url) -> bool:
        """Say whether the server pinned for an https URL speaks http alone.

        So it is with a staging server on a port of its own; it is asked by http
        then, under the name and the path that the plan spells.
        """
        if url.scheme != "https" or not self._pinned:
            return False
        found = self._plain.get(url.origin)
        if found is None:
            pinned = self._pinned.get(split_host(url.host, 443)[0])
            found = bool(pinned and pinned[1] and not _speaks_tls(*pinned))
            self._plain[url.origin] = found
        return found

    @property
    def pinned_hosts(self) -> set[str]:
        """Host names (without port) that the user has pinned."""
        return {split_host(name, 0)[0] for name in self._pinned}

    def address(self, url: Url) -> Address | Blocked:
        """Return the checked address of `url`, or why it is not connected to."""
        origin = url.origin
        found = self._known.get(origin)
        if found is None:
            found = self._known[origin] = self._find(url)
        return found

    def spelled_private(self, url: Url) -> bool:
        """Say whether the spelling alone names a private host nobody allowed."""
        found = self._spelled.get(url.origin)
        if found is None:
            name, port = split_host(url.host, _default_port(url))
            open_to = self._is_allowed(name, port) or self._pin_of(name, port)
            found = self._spelled[url.origin] = not open_to and _is_inner(name)
        return found

    def points_inside(self, text: str) -> bool:
        """Say whether a refused reference names a private host all the same.

        User names and IPv6 zones are what the URL gate stumbles over first; the
        report should still say where the redirect wanted to go.
        """
        if re.search(r"//\[fe[89ab][0-9a-f]:", text, re.IGNORECASE):
            return True
        bare = parse(re.sub(r"(?<=//)[^/?#]*@", "", text))
        return isinstance(bare, Url) and self.spelled_private(bare)

    def _find(self, url: Url) -> Address | Blocked:
        name, port = split_host(url.host, _default_port(url))
        pinned = self._pin_of(name, port)
        if pinned:
            ip, other_port = pinned
            return Address(ip, other_port or port)
        if self.spelled_private(url):
            return Blocked("private", f"{name} is a private address")
        found = self._names.get(name)
        if found is None:
            found = self._names[name] = self._look_up(name, port)
        if isinstance(found, Blocked):
            return found
        if is_private_address(found.ip) and not self._is_allowed(name, port):
            return Blocked("private", f"{name} resolves to {found.ip}, a private one")
        return Address(found.ip, port)

    def _look_up(self, name: str, port: int) -> Address | Blocked:
        try:
            rows = socket.getaddrinfo(name.strip("[]"), port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError) as error:
            return Blocked("dns", f"{name} does not resolve: {error}")
        ips = [str(row[4][0]) for row in rows]
        private = [ip for ip in ips if is_private_address(ip.partition("%")[0])]
        public_v4_first = sorted(ips, key=lambda ip: ":" in ip)
        return Address((private or public_v4_first)[0], port)

    def _is_allowed(self, name: str, port: int) -> bool:
        return name in self._allow or f"{name}:{port}" in self._allow

    def _pin_of(self, name: str, port: int) -> tuple[str, int | None] | None:
        return self._pinned.get(f"{name}:{port}") or self._pinned.get(name)


def _speaks_tls(ip: str, port: int | None) -> bool:
    """Shake hands once; only an answer that is not TLS at all counts as no."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    try:
        with (
            socket.create_connection((ip, port or 443), timeout=3) as bare,
            context.wrap_socket(bare),
        ):
            return True
    except ssl.SSLError as error:
        return error.reason not in _NOT_TLS
    except TimeoutError:
        return False
    except OSError:
        return True


def _is_inner(name: str) -> bool:
    if is_private_host(name) or _INNER_NAMES.search(name):
        return True
    try:
        return is_private_address(name.strip("[]"))
    except ValueError:
        return False


def split_host(host: str, default_port: int) -> tuple[str, int]:
    """Split `name:8080` or `[::1]:8080`; the port may be missing."""
    found = re.fullmatch(r"(.*?)(?::(\d+))?", host)
    assert found is not None  # noqa: S101 - the pattern matches any text
    return found[1].rstrip(".").lower(), int(found[2] or default_port)


def _default_port(url: Url) -> int:
    return 443 if url.scheme == "https" else 80


def _pin(text: str) -> tuple[str, tuple[str, int | None]]:
    host, equals, target = text.strip().lower().partition("=")
    found = re.fullmatch(r"\[?([0-9a-f.:]+?)\]?(?::(\d+))?", target)
    if not (host and equals and found and _is_ip(found[1])):
        raise UsageError(
            f"--resolve {text!r} is not HOST[:PORT]=ADDRESS[:PORT]",
            hint="for example --resolve www.old.example=127.0.0.1:8080",
        )
    return host, (found[1], int(found[2]) if found[2] else None)


def _is_ip(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def allowed_origin(base: str) -> tuple[Url, str]:
    """Check `--base`; return its URL and the `HOST:PORT` the user stands for.

    Raises:
        UsageError: It is not an origin.
    """
    url = parse(base)
    if isinstance(url, Refusal):
        raise UsageError(
            url.message, hint="give an origin such as http://127.0.0.1:8080"
        )
    if url.wire != "/":
        raise UsageError(
            f"--base {base!r} has a path",
            hint=f"give the origin alone: {url.origin}",
        )
    name, port = split_host(url.host, _default_port(url))
    return url, f"{name}:{port}"
