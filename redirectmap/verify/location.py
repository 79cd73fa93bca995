"""Read a Location header as browsers do.

Source  https://url.spec.whatwg.org/; RFC 9110, 10.2.2 (a fragment is inherited).
"""

from __future__ import annotations

import unicodedata
from functools import lru_cache

from redirectmap.urls import Refusal, Url, parse, shown


def read_location(raw: bytes, base: str) -> Url | Refusal:
    """Read a Location as browsers do: UTF-8 where it is, else byte by byte."""
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError:
        text = "".join(f"%{b:02X}" if b > 127 else chr(b) for b in raw)
    target = _resolved(text, _base_of(text, base))
    if isinstance(target, Url) and _is_broken_idn(target.host):
        return Refusal(shown(text), "unparsable")
    if isinstance(target, Url) and "#" not in target.href and "#" in base:
        return parse(f"{target.href}#{base.partition('#')[2]}")
    return target


def _base_of(text: str, base: str) -> str | None:
    """Return as much of `base` as `text` needs, so that equal texts meet again."""
    if text.startswith(("http://", "https://")):
        return None
    if text[:1] == "/" and text[1:2] not in {"/", "\\"}:
        return base[: base.index("/", 8) + 1]
    return base


@lru_cache(maxsize=4_000)
def _resolved(text: str, base: str | None) -> Url | Refusal:
    return parse(text, base, as_browser=True)


def _is_broken_idn(host: str) -> bool:
    """Say whether a label claims to be encoded and does not decode to letters."""
    for label in host.partition(":")[0].split("."):
        if label.startswith("xn--"):
            try:
                plain = label[4:].encode("ascii").decode("punycode")
            except UnicodeError:
                return True
            if any(unicodedata.category(sign).startswith("C") for sign in plain):
                return True
    return False
