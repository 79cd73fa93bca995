"""Put a profile together: shares by kind, anchors, flags, rivals, after the plan.

Reads   `backlinks`, optionally `pages`, `plan`, competitors' `backlinks`.
Writes  `Profile`: a summary for JSON, anchors, page kinds and `findings`.
Bounds  brand names come from the domain and from what the titles share;
        keywords from titles and h1s, unless they are given.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from redirectmap.profile.anchors import CLASSES, Keyword, Words, classify, keywords_of
from redirectmap.profile.findings import (
    flag_findings,
    kind_findings,
    loss_findings,
    share_findings,
)
from redirectmap.profile.flags import Flag, flags
from redirectmap.profile.moves import followed, own_links
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
from redirectmap.tables import FINDINGS
from redirectmap.urls import Url, parse, registrable_domain

NEW_DAYS = 183
SITEWIDE_KEYWORDS = 400


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


def classed_links(
    backlinks: pd.DataFrame,
    site: str,
    pages: pd.DataFrame | None,
    *,
    brands: Collection[str] = (),
    keywords: Collection[str] = (),
) -> pd.DataFrame:
    """Return the site's live links with `kind`, `class` and `follow`."""
    links = own_links(backlinks, site)
    words = Words.of(brands or brand_names(site, pages))
    wide = keywords_of(keywords, words)
    by_page = _page_keywords(pages, words)
    wide = tuple(dict.fromkeys([*wide, *_commonest(by_page)]))
    pairs = zip(links["anchor"], links["target_url"], strict=True)
    seen: dict[tuple[str | None, str], str] = {}
    for anchor, target in pairs:
        if (anchor, target) not in seen:
            own = by_page.get(target, ())
            seen[anchor, target] = classify(anchor, words, (*own, *wide))
    again = zip(links["anchor"], links["target_url"], strict=True)
    kinds = {url: page_kind(url) for url in links["target_url"].unique()}
    return links.assign(
        kind=links["target_url"].map(kinds).astype(object),
        **{"class": pd.Series([seen[pair] for pair in again], dtype=object)},
        follow=followed(links),
    )


def brand_names(site: str, pages: pd.DataFrame | None = None) -> list[str]:
    """Find the brand: the domain's name, and what most titles end or begin with."""
    found = parse(site if "//" in site else f"https://{site}")
    host = found.host if isinstance(found, Url) else site
    label = registrable_domain(host).removeprefix("www.").split(".")[0].split(":")[0]
    names = [label, label.replace("-", " ")]
    if pages is None or len(pages) < 3:
        return names
    ends: Counter[str] = Counter()
    titles = pages["title"].dropna()
    for title in titles:
        parts = re.split(r"\s[|\u2013\u2014-]\s", title)
        if len(parts) > 1:
            ends.update({parts[0].strip(), parts[-1].strip()})
    common = [text for text, n in ends.most_common(2) if n >= max(3, 0.3 * len(titles))]
    return [*names, *common]


def _page_keywords(
    pages: pd.DataFrame | None, words: Words
) -> dict[str, tuple[Keyword, ...]]:
    if pages is None:
        return {}
    rows = zip(pages["url"], pages["title"], pages["h1"], strict=True)
    return {url: keywords_of((title, h1), words) for url, title, h1 in rows}


def _commonest(by_page: dict[str, tuple[Keyword, ...]]) -> Iterable[Keyword]:
    """Short phrases of other pages: links often aim beside their page."""
    counts = Counter(k for found in by_page.values() for k in found if len(k) <= 4)
    return [keyword for keyword, _ in counts.most_common(SITEWIDE_KEYWORDS)]


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
