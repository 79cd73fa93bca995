"""Which query parameters only say where a visitor came from.

Decides by name: those that campaign tools and ad networks append to any address. They
never choose the page, so a tagged spelling is the page without them.

Source  names in Google Analytics (utm_, gclid, gbraid, wbraid, dclid, _ga, _gl),
Meta (fbclid, igshid), Microsoft (msclkid), Yandex (yclid), Mailchimp (mc_cid, mc_eid),
Twitter (ref_src), Matomo (mtm_, pk_).
"""

from __future__ import annotations

import re

PREFIXES = ("utm_", "mtm_", "pk_")
"""Names begin with one of these and go on with letters, digits or `_`."""

NAMES = (
    *("gclid", "gbraid", "wbraid", "dclid", "_ga", "_gl"),
    *("fbclid", "igshid", "msclkid", "yclid", "mc_cid", "mc_eid", "ref_src"),
)

NAME = f"(?:(?:{'|'.join(PREFIXES)})[0-9A-Za-z_]+|{'|'.join(NAMES)})"
"""Regular expression of a name, for PCRE, RE2 and Python; letter case is ignored."""

_NAME = re.compile(NAME, re.IGNORECASE)


def is_tracking(name: str) -> bool:
    """Say whether a parameter of this name is one for tracking."""
    return bool(_NAME.fullmatch(name))


def set_aside(query: str) -> tuple[str, str]:
    """Return a query without its tracking parameters, and those, both in order."""
    kept: list[str] = []
    tags: list[str] = []
    for pair in query.split("&"):
        (tags if is_tracking(pair.partition("=")[0]) else kept).append(pair)
    return "&".join(kept), "&".join(tags)
