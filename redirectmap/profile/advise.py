"""Where the next backlink should point, by a checklist a person can follow.

An opportunity is a page that may link to us. The most relevant inner page is
the default; the homepage is right for a broad mention of the brand, or where
nothing inside fits. Among pages about as relevant, those win that rank 5-20,
convert, and have few links. Every answer says which points decided.

Reads   `Ground`; opportunities: title, url, text.
Writes  one row per opportunity; a ranked list of pages; rows of `findings`.
Bounds  relevance is the cosine of text embeddings: it knows topics, not trust.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from redirectmap.matching.embeddings import embed
from redirectmap.profile.flags import EXACT_SHARE, MIN_DOMAINS, MIN_PAGE_LINKS
from redirectmap.profile.ground import STRIKING, Ground
from redirectmap.profile.keywords import content
from redirectmap.profile.lexicon import words_of
from redirectmap.profile.moves import page_key
from redirectmap.signals.words import Floats
from redirectmap.tables import FINDINGS
from redirectmap.urls import Url, parse, registrable_domain

RELEVANT = 0.55
"""Cosine from which a page is about an opportunity's topic, by meaning alone ..."""
SPOKEN = 0.30
"""... and from which it is where the opportunity speaks of the page's heading."""
NEAR = 0.92
"""Share of the best cosine from which a page is about as relevant."""
FEW_DOMAINS = 3
PARTIAL_SHARE = 0.20
BRANDED_SHARE = 0.70
IMPORTANT = ("category", "service", "product", "location")
OPPORTUNITY_COLUMNS = ("title", "url", "text")
TOLD = 20
"""Pages that deserve a link and become findings, at most."""


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
    elif page["keyword"] is not None:
        rank = f"{page['keyword_position']:.0f}"
        found.append(f"query {page['keyword']!r} ranks {rank}, within reach")
    if page["conversions"] > 0:
        found.append(f"{page['conversions']:.0f} conversions")
    if page["kind"] in IMPORTANT and page["domains"] < FEW_DOMAINS:
        found.append(
            f"{page['kind']} page with {_count(page['domains'], 'referring domain')}"
        )
    return found


def advise(base: Ground, opportunities: pd.DataFrame) -> pd.DataFrame:
    """Say for each opportunity where its link should point, and why.

    Args:
        base: From `ground`.
        opportunities: title, url, text (str, any may be empty).

    Returns:
        title, url, target, kind, relevance (cosine), keyword, anchor_class,
        anchor_why, already_links_to, authority (of the linking domain, as a
        vendor gives it), why, alternatives; one row each, order kept.
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
    "anchor_why",
    "already_links_to",
    "authority",
    "why",
    "alternatives",
)


def _advice(base: Ground, opportunity: dict[Any, Any], near: Floats) -> dict[str, Any]:
    domain = _domain(opportunity["url"])
    linked = _already(base.links, domain)
    page, why, others = _choose(base, opportunity, near, linked)
    row = base.pages.iloc[page]
    anchor, reason = _anchor_class(base, row)
    authority = base.authority.get(domain)
    if authority is not None:
        why.append(f"its domain has authority {authority:.0f} of 100, says the vendor")
    return {
        "title": opportunity["title"],
        "url": opportunity["url"],
        "target": row["url"],
        "kind": row["kind"],
        "relevance": round(float(near[page]), 3),
        "keyword": None if row["kind"] == "home" else _keyword(base, row),
        "anchor_class": anchor,
        "anchor_why": reason,
        "already_links_to": " ".join(linked) or None,
        "authority": authority,
        "why": "; ".join(why),
        "alternatives": " ".join(base.pages["url"].iloc[others]) or None,
    }


def _choose(
    base: Ground, opportunity: dict[Any, Any], near: Floats, linked: list[str]
) -> tuple[int, list[str], list[int]]:
    """Return the page's number, the reasons, and up to three other numbers."""
    kinds = base.pages["kind"]
    nearest = np.argsort(-near, kind="stable")
    order = nearest[kinds.ne("home").to_numpy()[nearest]].tolist()
    text = f"{opportunity['title']} {opportunity['text']}"
    rest, brand = base.words.without_brand(words_of(text))
    spoken = _spoken(base, rest) & (near >= SPOKEN)
    fitting = [p for p in order if spoken[p] or (near[p] >= RELEVANT and not brand)]
    if not fitting:
        return _home(base, order, near, brand=brand)
    known = {page_key(url) for url in linked}
    tied = [p for p in fitting if near[p] >= NEAR * near[fitting[0]]]

    def rank(page: int) -> tuple[bool, int, float]:
        row = base.pages.iloc[page].to_dict()
        return page_key(row["url"]) in known, -len(_reasons(row)), -float(near[page])

    chosen = min(tied, key=rank)
    place = "the most relevant inner page" if len(tied) == 1 else "a most relevant page"
    why = [f"{place} (relevance {near[chosen]:.2f})"]
    why += ["it speaks of its heading"] * bool(spoken[chosen])
    why += _reasons(base.pages.iloc[chosen].to_dict())
    if linked:
        why.append(f"its domain already links to {_count(len(linked), 'page')} of ours")
    others = [*fitting, *order]
    return chosen, why, list(dict.fromkeys(p for p in others if p != chosen))[:3]


def _home(
    base: Ground, order: list[int], near: Floats, *, brand: bool
) -> tuple[int, list[str], list[int]]:
    homes = np.flatnonzero(base.pages["kind"].eq("home"))
    chosen = int(homes[0]) if len(homes) else order[0]
    cause = "broad mention of the brand" if brand else "no inner page on its topic"
    best = f" (nearest {near[order[0]]:.2f})" if order else ""
    return chosen, [f"{cause}{best}"], [p for p in order[:3] if p != chosen]


def _spoken(base: Ground, words: Sequence[str]) -> NDArray[np.bool_]:
    """Say which inner pages' headings the words speak of."""
    said = base.topics.spoken_in(content(words))
    found = [not said.isdisjoint(topics) for topics in base.pages["topics"]]
    return np.array(found, dtype=bool) & base.pages["kind"].ne("home").to_numpy(bool)


def _count(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"


def _domain(url: str) -> str:
    found = parse(url)
    if not isinstance(found, Url):
        return ""
    return registrable_domain(found.host).removeprefix("www.")


def _already(links: pd.DataFrame, domain: str) -> list[str]:
    """Return which of our pages the opportunity's domain links to, sorted."""
    same = links["source_domain"].str.removeprefix("www.") == domain
    return sorted(links.loc[same, "target_url"].unique()) if domain else []


def _keyword(base: Ground, page: pd.Series) -> str:
    """Return the query in reach, or what the page calls itself."""
    if page["keyword"] is not None:
        return str(page["keyword"])
    return " ".join(base.words.without_brand(words_of(str(page["label"])))[0])


def _anchor_class(base: Ground, page: pd.Series) -> tuple[str, str]:
    """Say which class of anchor keeps the mix healthy, and why."""
    domains = max(int(page["domains"]), 1)
    if page["kind"] == "home":
        named = page["branded"] / domains
        if page["domains"] >= MIN_DOMAINS and named >= BRANDED_SHARE:
            return "naked_url", f"{named:.0%} of its domains use the name already"
        return "branded", "the homepage is linked by its name"
    exact = page["exact"] / domains
    if page["links"] >= MIN_PAGE_LINKS and exact >= EXACT_SHARE:
        return "branded", f"{exact:.0%} of its domains use exact keywords"
    everywhere = _exact_share(base.links)
    if everywhere >= EXACT_SHARE:
        return "descriptive", f"{everywhere:.0%} of all domains use exact keywords"
    keyworded = (page["exact"] + page["partial"]) / domains
    if keyworded >= PARTIAL_SHARE:
        return "descriptive", f"{keyworded:.0%} of its domains use its keyword"
    return "partial", "few links use its keyword yet"


def _exact_share(links: pd.DataFrame) -> float:
    """Return the share of referring domains with an exact anchor; 0 for few."""
    total = int(links["source_domain"].nunique())
    exact = links.loc[links["class"] == "exact", "source_domain"].nunique()
    return exact / total if total >= MIN_DOMAINS else 0.0


def advice_findings(answers: pd.DataFrame, ranked: pd.DataFrame) -> pd.DataFrame:
    """Return what advice tells, as schema `FINDINGS`.

    Args:
        answers: From `advise`.
        ranked: From `deserving`.
    """
    rows = [*_opportunity_findings(answers), *_page_findings(ranked.head(TOLD))]
    return FINDINGS.fit(pd.DataFrame(rows, columns=FINDINGS.names))


def _opportunity_findings(answers: pd.DataFrame) -> Iterator[dict[str, Any]]:
    for row in answers.to_dict("records"):
        name = row["title"] or row["url"]
        if row["already_links_to"] is not None:
            text = f"{name!r}: its domain links to {row['already_links_to']} already"
            hint = "a domain that does not link to you yet is worth more"
            yield _row("advise-already-links", row["target"], text, hint)
        if row["kind"] == "home" and "no inner page" in row["why"]:
            text = f"{name!r}: {row['why']}"
            hint = "write a page on this topic, or take the homepage"
            yield _row("advise-no-inner-page", row["target"], text, hint)


def _page_findings(ranked: pd.DataFrame) -> Iterator[dict[str, Any]]:
    for row in ranked.to_dict("records"):
        hint = "aim one of the next links at it"
        yield _row("advise-deserves-link", row["url"], row["reasons"], hint)


def _row(check: str, url: str, message: str, hint: str) -> dict[str, Any]:
    row = {"severity": "notice", "check": check, "old_url": url}
    return {**row, "message": message, "hint": hint}
