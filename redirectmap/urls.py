"""One gate for URLs: every URL, from anywhere, passes here once.

Decides whether a text is a URL we may work with, and which spelling of it is
the identity of a page. Parsing follows the WHATWG URL standard, because that is
what browsers and search engines do (ada-url agrees with all 891 of the web
platform tests' cases; urllib with 273).

Control characters are refused before parsing: the standard deletes tabs and
line ends, so a parser would hide an attack on a rule file.

Source  https://url.spec.whatwg.org/, RFC 6890 (special-purpose addresses).
"""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Literal

import ada_url

if TYPE_CHECKING:
    import tldextract

MAX_URL_CHARS = 4_080  # nginx reads words of 4 095 bytes, most servers lines of 8 KiB
MAX_INPUT_CHARS = 16 * MAX_URL_CHARS

Reason = Literal[
    "control_char",
    "credentials",
    "empty",
    "private_address",
    "scheme",
    "too_long",
    "unparsable",
]

REASONS: dict[Reason, str] = {
    "control_char": "it holds a control character",
    "credentials": "it holds a user name or password",
    "empty": "it is empty",
    "private_address": "it points to a private address",
    "scheme": "only http and https are followed",
    "too_long": f"it is longer than {MAX_URL_CHARS} characters",
    "unparsable": "it is not a URL",
}

_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
_EDGE_SPACE = " \t\n\r\f"
_LABEL = r"[a-z0-9](?:[a-z0-9]|-(?!-))*+\."
_SIGNS = r"A-Za-z0-9_~!$&()*+,;=:@%."
_PLAIN = re.compile(
    rf"(https?)://((?:{_LABEL})++[a-z]++)"
    rf"((?:/(?!\.|%2[eE])[{_SIGNS}-]*+)++)(?:\?([{_SIGNS}/?-]*+))?"
)
"""URLs that are their own href: nothing in them is ever encoded, folded or resolved."""


@dataclass(frozen=True, slots=True)
class Url:
    """A URL that passed the gate.

    Attributes:
        href: WHATWG serialisation, with its fragment.
        key: `href` without the fragment; the identity of a page.
        scheme: `http` or `https`.
        host: Host in ASCII form with the port where it is not the default.
        path: Percent-encoded path, begins with `/`.
        query: Query without `?`; None where there is no `?` at all.
    """

    href: str
    key: str
    scheme: str
    host: str
    path: str
    query: str | None

    @property
    def origin(self) -> str:
        """Scheme and host: `https://example.com`."""
        return f"{self.scheme}://{self.host}"

    @property
    def wire(self) -> str:
        """What a browser sends in the request line: path and query."""
        return self.path if self.query is None else f"{self.path}?{self.query}"


@dataclass(frozen=True, slots=True)
class Refusal:
    """A text that did not pass the gate, and why.

    Attributes:
        text: The text, shortened, control characters made visible, and without
            the part that may hold a password.
        reason: Stable code, one of `REASONS`.
    """

    text: str
    reason: Reason

    @property
    def message(self) -> str:
        """One line for a person."""
        return f"refused {self.text}: {REASONS[self.reason]} ({self.reason})"


def parse(
    text: str,
    base: str | None = None,
    *,
    as_browser: bool = False,
    private: bool = True,
) -> Url | Refusal:
    """Pass `text` through the gate.

    Args:
        text: Anything that claims to be a URL, absolute or relative to `base`.
            Spaces and line ends around it are cut, as cells and attributes
            carry them.
        base: Absolute URL that relative references are resolved against.
        as_browser: For links on a page: delete tabs and line ends inside, as
            the standard says and browsers do. Everything else (files, rules,
            options) refuses them.
        private: Let URLs through whose host is spelled as a private address
            (the crawler's own guard checks resolved addresses).

    Returns:
        The URL, or the refusal with its reason code.
    """
    url = plain(text)
    if url is not None and (private or not is_private_host(url.host)):
        return url
    bare = text.strip(_EDGE_SPACE)
    if not bare and base is None:
        return Refusal("(nothing)", "unparsable" if as_browser else "empty")
    if len(bare) > MAX_INPUT_CHARS:
        return Refusal(shown(bare), "too_long")
    if not as_browser and _CONTROL.search(bare):
        return Refusal(shown(bare), "control_char")
    return _parse(text if as_browser else bare, base, private=private)


def plain(text: str) -> Url | None:
    """Return the URL of a text that the standard would not change, None for others.

    Most URLs are such, and to see that costs an eighth of parsing them.
    """
    found = _PLAIN.fullmatch(text)
    if found is None or len(text) > MAX_URL_CHARS:
        return None
    scheme, host, path, query = found.groups()
    return None if len(host) > 253 else Url(text, text, scheme, host, path, query)


def _parse(text: str, base: str | None, *, private: bool) -> Url | Refusal:
    try:
        href = (ada_url.URL(text, base) if base else ada_url.URL(text)).href
    except (ValueError, UnicodeEncodeError):
        return Refusal(shown(text), "unparsable")
    if not href.startswith(("http://", "https://")):
        return Refusal(shown(text), "scheme")
    if "@" in href.split("/", 3)[2]:
        return Refusal(shown(text), "credentials")
    if len(href) > MAX_URL_CHARS:
        return Refusal(shown(text), "too_long")
    url = taken_apart(href)
    if not private and is_private_host(url.host):
        return Refusal(shown(text), "private_address")
    return url


def taken_apart(href: str) -> Url:
    """Split a URL that has passed the gate already, or its key.

    Asking the parser for each part would cost four times as much.
    """
    key = href.partition("#")[0]
    location, mark, query = key.partition("?")
    scheme, _, host, path = location.split("/", 3)
    return Url(href, key, scheme[:-1], host, f"/{path}", query if mark else None)


def shown(text: str) -> str:
    """Make a refused text fit to print: no control characters, no password."""
    visible = _CONTROL.sub(lambda m: f"\\x{ord(m.group()):02x}", text[:400])
    visible = re.sub(r"(?<=//)[^/?#@]*@", "***@", visible)
    return visible if len(visible) <= 120 else f"{visible[:117]}..."


def is_private_host(host: str) -> bool:
    """Say whether `host` (with or without port) is spelled as a private address.

    A statement about the spelling alone; what a name resolves to, and whether
    it may be connected to, is `is_private_address`.
    """
    name = re.sub(r":\d+$", "", host).rstrip(".").lower()
    if name == "localhost" or name.endswith(".localhost"):
        return True
    try:
        return not _unmapped(name.strip("[]")).is_global
    except ValueError:
        return False


def is_private_address(address: str) -> bool:
    """Say whether an IP address must not be connected to for a page on the web.

    Besides private and reserved ranges: multicast, and IPv6 forms that carry an
    IPv4 address inside (NAT64, 6to4).

    Raises:
        ValueError: `address` is not an IP address.
    """
    parsed = _unmapped(address)
    if any(parsed in net for net in _CARRIERS if net.version == parsed.version):
        return True
    return not parsed.is_global or parsed.is_multicast


def _unmapped(address: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
    parsed = ipaddress.ip_address(address)
    if isinstance(parsed, ipaddress.IPv6Address) and parsed.ipv4_mapped is not None:
        return parsed.ipv4_mapped
    return parsed


_CARRIERS = (ipaddress.ip_network("64:ff9b::/96"), ipaddress.ip_network("2002::/16"))


@lru_cache(maxsize=1)
def _suffixes() -> tldextract.TLDExtract:
    import tldextract  # slow to import, seldom needed

    return tldextract.TLDExtract(suffix_list_urls=(), cache_dir=None)


@lru_cache(maxsize=100_000)
def registrable_domain(host: str) -> str:
    """Return the domain somebody registered: `shop.example.co.uk` -> `example.co.uk`.

    A host without a public suffix (an address, a bare name) is its own domain.
    """
    name = re.sub(r":\d+$", "", host).lower()
    return _suffixes()(name).top_domain_under_public_suffix or name
