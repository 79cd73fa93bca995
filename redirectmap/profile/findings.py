"""Say what a profile shows, as findings with stable ids.

Everything about shares and anchors is a notice (sites win outside the ranges);
what a plan would break is a warning.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import pandas as pd

from redirectmap.profile.flags import Flag
from redirectmap.profile.ranges import Range, SiteType, judge
from redirectmap.profile.shares import HomepageShare, HomepageShares, Share

Row = dict[str, Any]
HOME_SHIFT = 0.10


def share_findings(
    shares: HomepageShares,
    usual: Range,
    new: HomepageShare | None,
    new_usual: Range,
) -> Iterator[Row]:
    """Yield what the homepage's share says, before and after the plan."""
    yield from _against("profile-homepage-share", "now", shares.before, usual)
    if new is not None:
        yield from _against("profile-new-links", "in new links", new, new_usual)
    if shares.after is None:
        return
    yield from _against(
        "profile-homepage-share-after", "after the plan", shares.after, usual
    )
    before, after = shares.before.links, shares.after.links
    if after.total and after.value - before.value > HOME_SHIFT:
        yield _row(
            "warning",
            "profile-homepage-dump",
            f"the plan lifts the homepage's share of links from {before.value:.0%} to "
            f"{after.value:.0%}",
            "send linked pages to their successors, not to the homepage",
            after.value - before.value,
        )


def _against(
    check: str, when: str, found: HomepageShare, usual: Range
) -> Iterator[Row]:
    for name, share in (("domains", found.domains), ("links", found.links)):
        verdict = judge(share, usual)
        if verdict == "inside":
            continue
        if verdict == "too_little":
            message = f"too little data on {name} {when}: {_figures(share)}"
            hint = "wait for more links, or merge another vendor's export"
        else:
            side = "above" if share.value > usual.high else "below"
            sure = "" if verdict == "outside" else ", which may be chance"
            message = (
                f"homepage share of {name} {when} is {side} {usual.text}{sure}: "
                f"{_figures(share)}"
            )
            hint = f"usual for {usual.reason}; sites win outside it too"
        yield _row("notice", f"{check}-{name}", message, hint, None)


def _figures(share: Share) -> str:
    if not share.total:
        return "none"
    return (
        f"{share.value:.0%} ({share.low:.0%}-{share.high:.0%}), "
        f"{share.part} of {share.total}"
    )


def kind_findings(kinds: pd.DataFrame, site_type: SiteType) -> Iterator[Row]:
    """Yield what a shop's inner links lean to."""
    if site_type != "ecommerce":
        return
    domains = kinds[kinds["scope"] == "all"].set_index("kind")["domains"]
    products, categories = int(domains["product"]), int(domains["category"])
    if products > categories and products + categories >= 20:
        yield _row(
            "notice",
            "profile-products-over-categories",
            f"{products} domains link to products, {categories} to categories",
            "categories outlive products: aim the next links at them",
            None,
        )


def loss_findings(shares: HomepageShares, plan: pd.DataFrame | None) -> Iterator[Row]:
    """Yield which referring domains the plan would lose."""
    if plan is None or not shares.lost_links:
        return
    names = ", ".join(shares.lost_domains[:3])
    yield _row(
        "warning",
        "profile-lost-domains",
        f"{shares.lost_links} links end at no page after the plan; "
        f"{len(shares.lost_domains)} domains are lost{f': {names}' if names else ''}",
        "redirect the linked pages, or accept the loss",
        shares.lost_links / shares.before.links.total,
    )


def flag_findings(raised: Sequence[Flag], links: pd.DataFrame) -> Iterator[Row]:
    """Yield one notice per flag, with examples of the links that cause it."""
    for flag in raised:
        sources = links.loc[list(flag.causes), "source_domain"].unique()
        examples = ", ".join(sorted(map(str, sources))[:3])
        row = _row(
            "notice", flag.check, f"{flag.message} ({examples})", flag.hint, None
        )
        yield {**row, "old_url": flag.page}


def _row(
    severity: str, check: str, message: str, hint: str, value: float | None
) -> Row:
    return {
        "severity": severity,
        "check": check,
        "old_url": None,
        "new_url": None,
        "message": message,
        "hint": hint,
        "value": value,
    }
