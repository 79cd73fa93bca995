r"""Tracking parameters as the servers' regular expressions see them.

Every pair begins with `&` here (`&id=14&gclid=x`), so that a name is never a part of
another one. A regular expression cannot collect what stands between matches, so servers
that only match (nginx, Apache) know tracking parameters in up to three places; no
campaign tool writes more.
"""

from __future__ import annotations

from redirectmap.exporters.rules import Query, Rule
from redirectmap.tracking import NAME, set_aside

RUNS = 3
TAG = f"&{NAME}(?:=[^& ]*)?(?=&|$)"
"""One tracking pair; for PCRE, letter case ignored."""

OTHER = f"&(?!{TAG[1:]})[^& ]*"
"""One pair that is none for tracking."""

APART = (
    f"^(?(DEFINE)({TAG}))"
    + RUNS * "((?:(?!(?1))&[^& ]*)*+)((?1)*+)"
    + "((?:(?!(?1))&[^& ]*)*+)$"
)
"""A whole query: groups 2, 4, 6 and 8 are kept, 3, 5 and 7 are tracking pairs."""


def stage_of(rule: Rule, query: Query) -> str:
    """Return which lookup of a request finds a rule: tagged, exact or path.

    A rule that has tracking parameters itself is found by the request as sent; one
    with another query by the request without them.
    """
    if query == "exact":
        return "exact"
    if rule.query is None:
        return "path"
    return "tagged" if set_aside(rule.query)[1] else "exact"
