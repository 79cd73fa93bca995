"""Say what a profile shows, as findings with stable ids.

Everything about shares and anchors is a notice (sites win outside the ranges);
what a plan would break is a warning.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import pandas as pd

from redirectmap.profile.after import After
from redirectmap.profile.flags import Flag
from redirectmap.profile.ranges import Range, SiteType, judge
from redirectmap.profile.rivals import Field
from redirectmap.profile.shares import HomepageShare, Share, measure_home

if TYPE_CHECKING:
    from redirectmap.profile.build import Measured

Row = dict[str, Any]
HOME_SHIFT = 0.10
SHOWN = 3


def findings_of(found: Measured) -> list[Row]:
    """Return everything a profile shows, as rows of `FINDINGS`."""
    home, links = found.home, found.scopes["all"]
    rows = [*_against("profile-homepage-share", "now", home["all"], found.usual)]
    if "new" in home:
        new = found.new_usual
        rows += _against("profile-new-links", "in new links", home["new"], new)
    if found.after is not None:
        rows += _after(home["all"], found.after, found.usual)
        rows += flag_findings(found.after.flags, found.after.links, "after the plan: ")
    rows += kind_findings(found.kinds, found.site_type)
    rows += _place(found.field)
    return [*rows, *flag_findings(found.flags, links)]


def _after(before: HomepageShare, after: After, usual: Range) -> Iterator[Row]:
    if len(after.links):
        now = measure_home(after.links)
        name = "profile-homepage-share-after"
        yield from _against(name, "after the plan", now, usual)
        yield from _dump(before, now, after)
    if len(after.lost):
        yield _lost(after, before.links.total)


def _dump(before: HomepageShare, now: HomepageShare, after: After) -> Iterator[Row]:
    rise = max(
        now.links.value - before.links.value, now.domains.value - before.domains.value
    )
    if rise <= HOME_SHIFT:
        return
    pages = after.sent_home.groupby("before")["source_domain"].nunique()
    most = ", ".join(pages.sort_values(ascending=False).head(SHOWN).index)
    sent = f"; {len(after.sent_home)} links of inner pages land there" if most else ""
    yield _row(
        "warning",
        "profile-homepage-dump",
        f"the plan lifts the homepage's share of links from {before.links.value:.0%} "
        f"to {now.links.value:.0%}, of domains from {before.domains.value:.0%} to "
        f"{now.domains.value:.0%}{sent}",
        "send linked pages to their successors, not to the homepage"
        + (f": {most}" if most else ""),
        rise,
    )


def _lost(after: After, total: int) -> Row:
    names = ", ".join(after.domains[:SHOWN])
    more = f": {names}{' ...' if len(after.domains) > SHOWN else ''}" if names else ""
    return _row(
        "warning",
        "profile-lost-domains",
        f"{len(after.lost)} links end at no page after the plan; "
        f"{len(after.domains)} domains are lost{more}",
        "redirect the linked pages, or accept the loss; lost_links.csv lists them",
        len(after.lost) / total,
    )


def _place(field: Field | None) -> Iterator[Row]:
    """Yield where we stand among competitors, if not among them."""
    if field is None:
        return
    if field.cluster is None:
        hint = "add exports of competitors that rank for the same queries"
        yield _row("notice", "profile-competitors", field.note, hint, None)
        return
    share = next(iter(field.shares.values())).domains
    if field.verdict in {"edge", "outside"}:
        side = "above" if share.value > field.cluster.high else "below"
        sure = "" if field.verdict == "outside" else ", which may be chance"
        odd = ", ".join(field.cluster.outliers)
        yield _row(
            "notice",
            "profile-competitors",
            f"homepage share of domains is {side} the {field.cluster.range.text} of "
            f"{len(field.cluster.members)} competitors{sure}: {_figures(share)}",
            "what ranks in your field is the better guide"
            + (f"; left out as outliers: {odd}" if odd else ""),
            None,
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


def flag_findings(
    raised: Sequence[Flag], links: pd.DataFrame, when: str = ""
) -> Iterator[Row]:
    """Yield one notice per flag, with examples of the links that cause it."""
    for flag in raised:
        sources = links.loc[list(flag.causes), "source_domain"].unique()
        examples = ", ".join(sorted(map(str, sources))[:3])
        text = f"{when}{flag.message} ({examples})"
        row = _row("notice", flag.check, text, flag.hint, None)
        yield {**row, "new_url" if when else "old_url": flag.page}


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
