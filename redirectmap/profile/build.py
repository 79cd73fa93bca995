"""Put a profile together: shares by kind, anchors, flags, rivals, after the plan.

Reads   `backlinks`, optionally `pages`, `plan`, competitors' `backlinks`.
Writes  `Profile`: a summary for JSON, anchors, page kinds and `findings`.
Bounds  brand names come from the domain and from what the titles share;
        keywords from titles and h1s, unless they are given.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from redirectmap.profile.anchors import CLASSES
from redirectmap.profile.findings import (
    flag_findings,
    kind_findings,
    loss_findings,
    share_findings,
)
from redirectmap.profile.flags import Flag, flags
from redirectmap.profile.links import classed_links
from redirectmap.profile.ranges import SiteType, expected, judge
from redirectmap.profile.rivals import cluster, rival_shares
from redirectmap.profile.shares import (
    HomepageShare,
    HomepageShares,
    Share,
    homepage_share,
    measure,
    measure_home,
)
from redirectmap.signals.kinds import KINDS, page_kind
from redirectmap.tables import FINDINGS, PAGES

NEW_DAYS = 183


@dataclass(frozen=True, slots=True)
class Profile:
    """A judged backlink profile.

    Attributes:
        summary: Everything that is not a long table, ready for JSON.
        anchors: One row per anchor text and target: class, links, domains.
        kinds: One row per scope and page kind: links and domains with intervals.
        causes: One row per flag and link that causes it.
        findings: Schema `FINDINGS`.
    """

    summary: dict[str, Any]
    anchors: pd.DataFrame
    kinds: pd.DataFrame
    causes: pd.DataFrame
    findings: pd.DataFrame


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

    Raises:
        InputError: No live link points at the site.
    """
    pages = _titles_of(plan) if pages is None else pages
    shares = homepage_share(backlinks, site, plan)
    links = classed_links(backlinks, site, pages, brands=brands, keywords=keywords)
    scopes = _scopes(links)
    base = _content_pages(pages)
    usual = expected(site_type, age_months, content_pages=base)
    raised = flags(links)
    table = kind_table(scopes)
    new = scopes["new"]
    new_share = measure_home(new) if len(new) else None
    new_usual = expected(site_type, age_months, scope="new", content_pages=base)
    found = [
        *share_findings(shares, usual, new_share, new_usual),
        *kind_findings(table, site_type),
        *loss_findings(shares, plan),
        *flag_findings(raised, links),
    ]
    summary = {
        "site": site,
        "site_type": site_type,
        "age_months": age_months,
        "range": {"low": usual.low, "high": usual.high, "why": usual.reason},
        "homepage": _homepage_rows(shares),
        "verdict": {
            "links": judge(shares.before.links, usual),
            "domains": judge(shares.before.domains, usual),
        },
        "scopes": {
            name: measure_home(rows).row() if len(rows) else None
            for name, rows in scopes.items()
        },
        "kinds": table[table["scope"] == "all"].round(4).to_dict("records"),
        "new_links": _new_row(new_share, new_usual.low, new_usual.high),
        "anchor_mix": anchor_mix(links),
        "competitors": _rivals_row(competitors, shares),
        "flags": [
            {"check": f.check, "page": f.page, "message": f.message} for f in raised
        ],
    }
    return Profile(
        summary,
        anchor_table(links),
        table,
        _causes(raised, links),
        FINDINGS.fit(pd.DataFrame(found, columns=FINDINGS.names)),
    )


def _titles_of(plan: pd.DataFrame | None) -> pd.DataFrame | None:
    """Return the old pages as a plan knows them; None without titles."""
    if plan is None or not plan["old_title"].notna().any():
        return None
    return PAGES.fit(plan[["old_url", "old_title"]].set_axis(["url", "title"], axis=1))


def _content_pages(pages: pd.DataFrame | None) -> int | None:
    if pages is None:
        return None
    return sum(page_kind(url) == "article" for url in pages["url"])


def _scopes(links: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """Return the links of each scope; `new` is told by the export's last date."""
    first = pd.to_datetime(links["first_seen"], errors="coerce", utc=True)
    last = pd.to_datetime(links["last_seen"], errors="coerce", utc=True)
    until = pd.concat([first, last]).max()
    new = first >= until - pd.Timedelta(days=NEW_DAYS)
    return {"all": links, "follow": links[links["follow"]], "new": links[new]}


def kind_table(scopes: dict[str, pd.DataFrame]) -> pd.DataFrame:
    """Return links and domains of each page kind in each scope, with intervals."""
    rows: list[dict[str, Any]] = []
    for scope, links in scopes.items():
        for kind in KINDS:
            found = measure(links, links["kind"].eq(kind).to_numpy(dtype=bool))
            rows.append(
                {
                    "scope": scope,
                    "kind": kind,
                    **_flat("links", found.links),
                    **_flat("domains", found.domains),
                }
            )
    return pd.DataFrame(rows)


def _flat(name: str, share: Share) -> dict[str, float]:
    return {
        name: share.part,
        f"{name}_share": share.value,
        f"{name}_low": share.low,
        f"{name}_high": share.high,
    }


def anchor_mix(links: pd.DataFrame) -> dict[str, dict[str, int]]:
    """Return links and referring domains by anchor class."""
    grouped = links.groupby("class")["source_domain"]
    counts, domains = grouped.size(), grouped.nunique()
    return {
        name: {"links": int(counts.get(name, 0)), "domains": int(domains.get(name, 0))}
        for name in CLASSES
    }


def anchor_table(links: pd.DataFrame) -> pd.DataFrame:
    """Return one row per anchor and target, most referring domains first."""
    named = links.assign(anchor=links["anchor"].fillna(""))
    grouped = named.groupby(["target_url", "anchor", "class"], sort=True)
    table = grouped.agg(
        links=("source_url", "size"),
        domains=("source_domain", "nunique"),
        follow=("follow", "sum"),
    ).reset_index()
    return table.sort_values(
        ["domains", "links", "target_url", "anchor"],
        ascending=[False, False, True, True],
        ignore_index=True,
    )


def _causes(raised: Sequence[Flag], links: pd.DataFrame) -> pd.DataFrame:
    names = ["source_url", "source_domain", "target_url", "anchor", "class"]
    parts = [
        links.loc[list(flag.causes), names].assign(check=flag.check) for flag in raised
    ]
    empty = pd.DataFrame(columns=["check", *names])
    return pd.concat(parts)[["check", *names]] if parts else empty


def _homepage_rows(shares: HomepageShares) -> dict[str, Any]:
    return {
        "before": shares.before.row(),
        "after": shares.after.row() if shares.after else None,
        "lost_links": shares.lost_links,
        "lost_domains": list(shares.lost_domains),
        "open_links": shares.open_links,
    }


def _new_row(
    share: HomepageShare | None, low: float, high: float
) -> dict[str, Any] | None:
    return None if share is None else {**share.row(), "low": low, "high": high}


def _rivals_row(
    competitors: Sequence[tuple[str, pd.DataFrame]], own: HomepageShares
) -> dict[str, Any] | None:
    if not competitors:
        return None
    found = rival_shares(competitors)
    field = cluster({name: share.domains.value for name, share in found.items()})
    value = own.before.domains.value
    return {
        "sites": {name: share.row() for name, share in found.items()},
        "anchor_mix": {
            name: anchor_mix(classed_links(table, name, None))
            for name, table in competitors
        },
        "cluster": field
        and {
            "low": round(field.low, 4),
            "high": round(field.high, 4),
            "members": list(field.members),
            "outliers": list(field.outliers),
            "we_are": "inside"
            if field.low <= value <= field.high
            else ("below" if value < field.low else "above"),
        },
        "note": None if field else "too little data: a cluster needs 3 competitors",
    }
