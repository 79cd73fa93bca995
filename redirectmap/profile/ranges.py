"""Which share of links to the homepage is usual, by site type and age.

The ranges are a practitioner's guardrails, not laws: sites win at 20 % and at
80 %. So a share outside its range is a notice with its reason, never an error,
and a sample too small to tell is called that.

Bounds  no range is measured here; only the interval of the share is.
Source  the practitioner's guide this project began with; a study of 75 sites
        finds that the ratio depends on the industry:
        https://www.stateofdigital.com/deep-link-ratio-backlink-profile-natural/
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from redirectmap.profile.shares import Share

SiteType = Literal["general", "brand", "local", "content", "ecommerce"]
Scope = Literal["all", "new"]
Verdict = Literal["inside", "edge", "outside", "too_little"]

SITE_TYPES: tuple[SiteType, ...] = ("general", "brand", "local", "content", "ecommerce")

MIN_SAMPLE = 20
"""Referring domains (or independent links) below which nothing is said: with
20, the 95 % interval of a share of one half is still 40 points wide."""

YOUNG_MONTHS = 6
GROWING_MONTHS = 18
SOLID_CONTENT_PAGES = 20


@dataclass(frozen=True, slots=True)
class Range:
    """The usual share of links to the homepage.

    Attributes:
        low: Share, 0 to 1, inclusive.
        high: Share, 0 to 1, inclusive; 1 where the range is open above.
        reason: Why this range, one clause.
    """

    low: float
    high: float
    reason: str

    @property
    def text(self) -> str:
        """`40-60 %`, or `60 % or more`."""
        if self.high >= 1:
            return f"{self.low:.0%} or more"
        return f"{self.low * 100:.0f}-{self.high * 100:.0f} %"


BY_TYPE: dict[SiteType, Range] = {
    "general": Range(0.40, 0.60, "sites of no special kind"),
    "brand": Range(0.60, 1.00, "brands and companies, mostly 60-70 %"),
    "local": Range(0.50, 0.70, "local businesses"),
    "content": Range(0.30, 0.50, "blogs, publishers, affiliate and content sites"),
    "ecommerce": Range(0.40, 0.60, "shops, inner links leaning to categories"),
}
YOUNG = Range(0.60, 0.80, "sites up to 6 months old, whatever their type")
GROWING = Range(
    0.30, 0.40, "new links of sites 6 to 18 months old with a solid content base"
)


def expected(
    site_type: SiteType = "general",
    age_months: float | None = None,
    *,
    scope: Scope = "all",
    content_pages: int | None = None,
) -> Range:
    """Return the range that a share is held against.

    Args:
        site_type: What the site is.
        age_months: Age of the site; None where it is not known.
        scope: `all` links, or only the `new` ones of the last 6 months.
        content_pages: Articles and guides the site has; the range of new links
            applies from `SOLID_CONTENT_PAGES` on. None: not known.
    """
    if age_months is not None and age_months <= YOUNG_MONTHS:
        return YOUNG
    solid = content_pages is not None and content_pages >= SOLID_CONTENT_PAGES
    growing = age_months is not None and age_months <= GROWING_MONTHS
    if scope == "new" and growing and solid:
        return GROWING
    return BY_TYPE[site_type]


def judge(share: Share, usual: Range) -> Verdict:
    """Say where a share stands.

    Returns:
        `too_little` below `MIN_SAMPLE` independent observations; `inside`;
        `edge` where the share lies outside but its interval reaches into the
        range, so the difference may be chance; else `outside`.
    """
    if share.sample < MIN_SAMPLE:
        return "too_little"
    if usual.low <= round(share.value, 9) <= usual.high:
        return "inside"
    overlaps = share.low <= usual.high and share.high >= usual.low
    return "edge" if overlaps else "outside"
