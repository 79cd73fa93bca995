"""Where the next backlink should point, by a checklist a person can follow.

An opportunity is a page that may link to us. The most relevant inner page is
the default; the homepage is right for a broad mention of the brand, or where
nothing inside fits. Among pages about as relevant, those win that rank 5-20,
convert, and have few links. Every answer says which points decided.

Reads   `pages`, `backlinks`, `traffic`; opportunities: title, url, text.
Writes  one row per opportunity; a ranked list of pages.
Bounds  relevance is the cosine of text embeddings: it knows topics, not trust.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from redirectmap.matching.embeddings import STATIC, embed
from redirectmap.profile.brand import Words
from redirectmap.profile.flags import EXACT_SHARE, MIN_PAGE_LINKS
from redirectmap.profile.lexicon import words_of
from redirectmap.profile.links import brand_names, classed_links
from redirectmap.profile.moves import page_key
from redirectmap.signals.kinds import page_kind
from redirectmap.signals.words import Floats
from redirectmap.urls import Url, parse, registrable_domain

STRIKING = (5.0, 20.0)
RELEVANT = 0.35
"""Cosine below which no inner page is about the opportunity's topic."""
NEAR = 0.85
"""Share of the best cosine from which a page is about as relevant."""
FEW_DOMAINS = 3
PARTIAL_SHARE = 0.20
IMPORTANT = ("category", "service", "product", "location")
OPPORTUNITY_COLUMNS = ("title", "url", "text")


@dataclass(frozen=True, slots=True)
class Ground:
    """What advice stands on.

    Attributes:
        site: URL of the site.
        pages: Our live pages: url, label, kind, domains, exact, partial, links,
            position, impressions, clicks, conversions; row = page number.
        vectors: One embedding per page, unit length.
        links: The classed links of the site.
        words: Brand names.
        model: Which embedding.
    """

    site: str
    pages: pd.DataFrame
    vectors: Floats
    links: pd.DataFrame
    words: Words
    model: str


def ground(
    pages: pd.DataFrame,
    site: str,
    backlinks: pd.DataFrame,
    traffic: pd.DataFrame | None = None,
    *,
    brands: Collection[str] = (),
    model: str = STATIC,
) -> Ground:
    """Prepare what `advise` and `deserving` need; embeds every page once."""
    links = classed_links(backlinks, site, pages, brands=brands)
    words = Words.of(brands or brand_names(site, pages))
    status = pages["status"].fillna(200)
    live = pages[status.eq(200) & _indexable(pages)].reset_index(drop=True)
    kinds = pd.Series([page_kind(url) for url in live["url"]], dtype=object)
    live = live.assign(kind=kinds)
    live = live[live["kind"] != "file"].reset_index(drop=True)
    fields = live[["title", "h1", "description", "text"]].fillna("")
    texts = fields.agg(" ".join, axis=1).tolist()
    table = pd.DataFrame(
        {
            "url": live["url"],
            "label": live["h1"].fillna(live["title"]).fillna(live["url"]),
            "kind": live["kind"],
        }
    )
    table = _with_links(table, links)
    table = _with_traffic(table, traffic)
    return Ground(site, table, embed(texts, model), links, words, model)


def _indexable(pages: pd.DataFrame) -> pd.Series:
    robots = pages["robots"].fillna("").astype(str).str.lower()
    return ~robots.str.contains("noindex")


def _with_links(table: pd.DataFrame, links: pd.DataFrame) -> pd.DataFrame:
    keys = links["target_url"].map(page_key)
    own = table["url"].map(page_key)
    domains = links.groupby(keys)["source_domain"].nunique()
    columns = {"domains": own.map(domains), "links": own.map(keys.value_counts())}
    for name in ("exact", "partial"):
        rows = links["class"] == name
        counts = links[rows].groupby(keys[rows])["source_domain"].nunique()
        columns[name] = own.map(counts)
    filled = {name: values.fillna(0).astype(int) for name, values in columns.items()}
    return table.assign(**filled)


def _with_traffic(table: pd.DataFrame, traffic: pd.DataFrame | None) -> pd.DataFrame:
    names = ["position", "impressions", "clicks", "conversions"]
    if traffic is None:
        return table.assign(**dict.fromkeys(names, np.nan))
    keyed = traffic.assign(key=traffic["url"].map(page_key)).drop_duplicates("key")
    by_key = keyed.set_index("key")
    own = table["url"].map(page_key)
    return table.assign(**{name: own.map(by_key[name]) for name in names})


def deserving(base: Ground, limit: int = 50) -> pd.DataFrame:
    """Return the pages that deserve the next links, most reasons first.

    Returns:
        url, kind, reasons, reason_count, position, impressions, conversions,
        referring_domains. A page without a reason is not in the list.
    """
    pages = base.pages[base.pages["kind"] != "home"]
    told = [_reasons(row) for row in pages.to_dict("records")]
    table = pages.assign(
        reasons=pd.Series(
            ["; ".join(t) for t in told], index=pages.index, dtype=object
        ),
        reason_count=[len(t) for t in told],
    ).rename(columns={"domains": "referring_domains"})
    table = table[table["reason_count"] > 0].sort_values(
        ["reason_count", "impressions", "referring_domains", "url"],
        ascending=[False, False, True, True],
    )
    names = ["url", "kind", "reason_count", "reasons", "position", "impressions"]
    names += ["conversions", "referring_domains"]
    return table[names].head(limit).reset_index(drop=True)


def _reasons(page: dict[Any, Any]) -> list[str]:
    """Return what speaks for a link to this page, besides relevance."""
    found = []
    if STRIKING[0] <= page["position"] <= STRIKING[1]:
        found.append(f"ranks {page['position']:.0f}, within reach")
    if page["conversions"] > 0:
        found.append(f"{page['conversions']:.0f} conversions")
    if page["kind"] in IMPORTANT and page["domains"] < FEW_DOMAINS:
        found.append(f"{page['kind']} page with {page['domains']} referring domains")
    return found


def advise(base: Ground, opportunities: pd.DataFrame) -> pd.DataFrame:
    """Say for each opportunity where its link should point, and why.

    Args:
        base: From `ground`.
        opportunities: title, url, text (str, any may be empty).

    Returns:
        title, url, target, kind, relevance (cosine), keyword, anchor_class,
        already_links_to, why, alternatives; one row each, order kept.
    """
    named = opportunities.reindex(columns=list(OPPORTUNITY_COLUMNS))
    named = named.astype(object).where(named.notna(), "")
    texts = (named["title"] + " " + named["text"]).tolist()
    closeness = embed(texts, base.model) @ base.vectors.T
    rows = [
        _advice(base, opportunity, closeness[number])
        for number, opportunity in enumerate(named.to_dict("records"))
    ]
    return pd.DataFrame(rows, columns=[*OPPORTUNITY_COLUMNS[:2], *_ADVICE])


_ADVICE = (
    "target",
    "kind",
    "relevance",
    "keyword",
    "anchor_class",
    "already_links_to",
    "why",
    "alternatives",
)


def _advice(base: Ground, opportunity: dict[Any, Any], near: Floats) -> dict[str, Any]:
    linked = _already(base.links, opportunity["url"])
    page, why, others = _choose(base, opportunity, near, linked)
    row = base.pages.iloc[page]
    home = row["kind"] == "home"
    return {
        "title": opportunity["title"],
        "url": opportunity["url"],
        "target": row["url"],
        "kind": row["kind"],
        "relevance": round(float(near[page]), 3),
        "keyword": None if home else _keyword(base, str(row["label"])),
        "anchor_class": _anchor_class(row),
        "already_links_to": " ".join(linked) or None,
        "why": "; ".join(why),
        "alternatives": " ".join(base.pages["url"].iloc[others]) or None,
    }


def _choose(
    base: Ground, opportunity: dict[Any, Any], near: Floats, linked: list[str]
) -> tuple[int, list[str], list[int]]:
    """Return the page's number, the reasons, and up to three other numbers."""
    inner = np.flatnonzero((base.pages["kind"] != "home").to_numpy())
    homes = np.flatnonzero((base.pages["kind"] == "home").to_numpy())
    order = inner[np.argsort(-near[inner], kind="stable")]
    best = float(near[order[0]]) if len(order) else 0.0
    said = words_of(f"{opportunity['title']} {opportunity['text']}")
    brand = base.words.without_brand(said)[1]
    broad = brand and len(homes) > 0 and float(near[homes[0]]) > best
    if len(homes) and (best < RELEVANT or broad):
        cause = "broad mention of the brand" if brand else "no inner page on its topic"
        return int(homes[0]), [f"{cause} (nearest {best:.2f})"], order[:3].tolist()
    tied = [int(p) for p in order if near[p] >= NEAR * best] or homes[:1].tolist()
    known = {page_key(url) for url in linked}

    def rank(page: int) -> tuple[bool, int, float]:
        row = base.pages.iloc[page].to_dict()
        return page_key(row["url"]) in known, -len(_reasons(row)), -float(near[page])

    chosen = min(tied, key=rank)
    why = [f"most relevant inner pages ({near[chosen]:.2f})"]
    why += _reasons(base.pages.iloc[chosen].to_dict())
    if linked:
        why.append(f"its domain already links to {len(linked)} of our pages")
    return chosen, why, [p for p in order[:4].tolist() if p != chosen][:3]


def _already(links: pd.DataFrame, url: str) -> list[str]:
    """Return which of our pages the opportunity's domain links to, sorted."""
    found = parse(url)
    if not isinstance(found, Url):
        return []
    domain = registrable_domain(found.host).removeprefix("www.")
    same = links["source_domain"].str.removeprefix("www.") == domain
    return sorted(links.loc[same, "target_url"].unique())


def _keyword(base: Ground, label: str) -> str:
    return " ".join(base.words.without_brand(words_of(label))[0])


def _anchor_class(page: pd.Series) -> str:
    """Say which class of anchor keeps the page's mix healthy."""
    if page["kind"] == "home":
        return "branded"
    domains = max(int(page["domains"]), 1)
    if page["links"] >= MIN_PAGE_LINKS and page["exact"] / domains >= EXACT_SHARE:
        return "branded"
    keyworded = (page["exact"] + page["partial"]) / domains
    return "descriptive" if keyworded >= PARTIAL_SHARE else "partial"
