"""Put a profile together: shares by kind, anchors, flags, rivals, after the plan.

Reads   `backlinks`, optionally `pages`, `plan`, competitors' `backlinks`.
Writes  `Profile`: a summary for JSON, its tables and `findings`.
Bounds  brand names come from the domain and from what the titles share;
        keywords from titles and h1s, unless they are given.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from redirectmap.errors import InputError
from redirectmap.profile.after import After, after_plan
from redirectmap.profile.findings import findings_of
from redirectmap.profile.flags import Flag, flags, variety
from redirectmap.profile.links import classed_links
from redirectmap.profile.measures import (
    Scopes,
    anchor_mix,
    anchor_table,
    kind_table,
    newest,
    scopes_of,
)
from redirectmap.profile.ranges import (
    GROWING,
    GROWING_MONTHS,
    SOLID_CONTENT_PAGES,
    YOUNG_MONTHS,
    Range,
    SiteType,
    expected,
    judge,
)
from redirectmap.profile.rivals import Field, field_of, site_of
from redirectmap.profile.shares import HomepageShare, measure_home
from redirectmap.signals.kinds import page_kind
from redirectmap.tables import FINDINGS, PAGES


@dataclass(frozen=True, slots=True)
class Profile:
    """A judged backlink profile.

    Attributes:
        summary: Everything that is not a long table, ready for JSON.
        anchors: One row per anchor text and target: class, links, domains.
        kinds: One row per scope and page kind: links and domains with intervals;
            scopes all, follow, new, and with a plan after, after_follow,
            after_new.
        causes: One row per flag and link that causes it.
        lost: Links that the plan leads nowhere; empty without a plan.
        rivals: One row per site, ours first; empty without competitors.
        findings: Schema `FINDINGS`.
    """

    summary: dict[str, Any]
    anchors: pd.DataFrame
    kinds: pd.DataFrame
    causes: pd.DataFrame
    lost: pd.DataFrame
    rivals: pd.DataFrame
    findings: pd.DataFrame


@dataclass(frozen=True, slots=True)
class Measured:
    """What is known of a profile before anything is said about it.

    Attributes:
        scopes: Classed links: all, follow, new.
        home: Homepage shares of each scope that has links.
        usual: The range of all links.
        new_usual: The range of new links.
        kinds: See `Profile`.
        flags: What looks unnatural today.
        after: After the plan; None without one.
        field: Competitors; None without any.
        site_type: What the site is.
    """

    scopes: Scopes
    home: dict[str, HomepageShare]
    usual: Range
    new_usual: Range
    kinds: pd.DataFrame
    flags: list[Flag]
    after: After | None
    field: Field | None
    site_type: SiteType


def build_profile(  # noqa: PLR0913 (every input is optional but two)
    backlinks: pd.DataFrame,
    site: str,
    *,
    site_type: SiteType = "general",
    age_months: float | None = None,
    pages: pd.DataFrame | None = None,
    plan: pd.DataFrame | None = None,
    competitors: Sequence[tuple[str, pd.DataFrame]] = (),
    brands: Collection[str] = (),
    keywords: Collection[str] = (),
    queries: Collection[str] = (),
) -> Profile:
    """Judge the backlink profile of one site.

    Args:
        backlinks: Schema `BACKLINKS`.
        site: Any URL of the site, or its domain.
        site_type: Which range applies.
        age_months: Age of the site; None where not known.
        pages: Schema `PAGES` of the site, for keywords, brand and content base.
        plan: Schema `PLAN`, for the profile after the migration.
        competitors: Site and `BACKLINKS` of each competitor.
        brands: Brand names; found from domain and titles where empty.
        keywords: Phrases the site wants to be found for, besides titles.
        queries: Search Console queries; those of empty words are left out.

    Raises:
        InputError: No live link points at the site.
        UsageError: A competitor's export is about the site itself.
    """
    pages = _titles_of(plan) if pages is None else pages
    links = classed_links(
        backlinks, site, pages, brands=brands, keywords=keywords, queries=queries
    )
    if links.empty:
        raise InputError(
            "no live link points at this site",
            hint=_other_site(backlinks),
            where=site,
        )
    base = _content_pages(pages)
    scopes, raised = scopes_of(links), flags(links)
    after = None if plan is None else after_plan(links, plan, raised)
    kinds = kind_table(scopes | _later(after))
    found = Measured(
        scopes,
        {name: measure_home(rows) for name, rows in scopes.items() if len(rows)},
        expected(site_type, age_months, content_pages=base),
        expected(site_type, age_months, scope="new", content_pages=base),
        kinds,
        raised,
        after,
        field_of(competitors, site, links),
        site_type,
    )
    facts = {"site": site, "site_type": site_type, "age_months": age_months}
    return Profile(
        {**facts, "content_pages": base, **_summary(found, _missing(age_months, base))},
        anchor_table(links),
        kinds,
        _causes(found),
        after.lost if after else pd.DataFrame(),
        found.field.table() if found.field else pd.DataFrame(),
        FINDINGS.fit(pd.DataFrame(findings_of(found), columns=FINDINGS.names)),
    )


def _other_site(backlinks: pd.DataFrame) -> str:
    other = site_of(backlinks)
    return f"they point at {other}" if other else "export them anew, there is none"


def _titles_of(plan: pd.DataFrame | None) -> pd.DataFrame | None:
    """Return the old pages as a plan knows them; None without titles."""
    if plan is None or not plan["old_title"].notna().any():
        return None
    return PAGES.fit(plan[["old_url", "old_title"]].set_axis(["url", "title"], axis=1))


def _content_pages(pages: pd.DataFrame | None) -> int | None:
    if pages is None:
        return None
    rows = zip(pages["url"], pages["title"], strict=True)
    return sum(page_kind(url, title) == "article" for url, title in rows)


def _later(after: After | None) -> Scopes:
    """Return the scopes after the plan."""
    if after is None:
        return {}
    scopes = scopes_of(after.links)
    return {
        "after": scopes["all"],
        "after_follow": scopes["follow"],
        "after_new": scopes["new"],
    }


def _causes(found: Measured) -> pd.DataFrame:
    """Return the links behind each flag, as they point today or after the plan."""
    names = ["source_url", "source_domain", "target_url", "anchor", "class"]
    when = [("now", found.flags, found.scopes["all"])]
    if found.after:
        when.append(("after", list(found.after.flags), found.after.links))
    parts = [
        links.loc[list(flag.causes), names].assign(check=flag.check, when=name)
        for name, raised, links in when
        for flag in raised
    ]
    columns = ["check", "when", *names]
    return pd.concat(parts)[columns] if parts else pd.DataFrame(columns=columns)


def _missing(age_months: float | None, content_pages: int | None) -> str | None:
    """Return what must be known before the range of growing sites can apply."""
    growing = age_months is not None and YOUNG_MONTHS < age_months <= GROWING_MONTHS
    if not growing or content_pages is not None:
        return None
    return (
        f"with {SOLID_CONTENT_PAGES} articles or more {GROWING.text} would be usual: "
        "--pages would tell"
    )


def _summary(found: Measured, note: str | None) -> dict[str, Any]:
    usual, home = found.usual, found.home["all"]
    return {
        "links": len(found.scopes["all"]),
        "domains": int(found.scopes["all"]["source_domain"].nunique()),
        "range": {"low": usual.low, "high": usual.high, "why": usual.reason},
        "homepage": _homepage(found),
        "verdict": {
            "links": judge(home.links, usual),
            "domains": judge(home.domains, usual),
        },
        "scopes": {
            name: found.home[name].row() if name in found.home else None
            for name in found.scopes
        },
        "kinds": _records(found.kinds),
        "new_links": _new(found, note),
        "newest": _day(found.scopes["all"]),
        "anchor_mix": anchor_mix(found.scopes["all"]),
        "anchor_mix_after": anchor_mix(found.after.links) if found.after else None,
        "anchor_variety": round(variety(found.scopes["all"]), 4),
        "competitors": found.field.row() if found.field else None,
        "flags": _flag_rows(found.flags),
        "flags_after": _flag_rows(found.after.flags) if found.after else None,
    }


def _homepage(found: Measured) -> dict[str, Any]:
    after = found.after
    if after is None:
        return {"before": found.home["all"].row(), "after": None, "dumped": None}
    still = measure_home(after.links).row() if len(after.links) else None
    return {
        "before": found.home["all"].row(),
        "after": still,
        "dumped": after.dumped.row(),
        "sent_home": len(after.sent_home),
        "lost_links": len(after.lost),
        "lost_domains": list(after.domains),
        "open_links": after.open_links,
    }


def _new(found: Measured, note: str | None) -> dict[str, Any] | None:
    if "new" not in found.home:
        return None
    share, usual = found.home["new"], found.new_usual
    limits = {"low": usual.low, "high": usual.high, "why": usual.reason}
    verdict = judge(share.domains, usual)
    return {**share.row(), **limits, "verdict": verdict, "note": note}


def _day(links: pd.DataFrame) -> str | None:
    date = newest(links)
    return None if pd.isna(date) else date.date().isoformat()


def _flag_rows(raised: Sequence[Flag]) -> list[dict[str, Any]]:
    return [
        {"check": f.check, "page": f.page, "message": f.message, "links": len(f.causes)}
        for f in raised
    ]


def _records(table: pd.DataFrame) -> list[dict[str, Any]]:
    """Return rows for JSON: not known becomes null."""
    known = table.round(4).astype(object)
    rows = known.where(table.notna(), None).to_dict("records")
    return [{str(name): value for name, value in row.items()} for row in rows]
