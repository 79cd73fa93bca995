"""Class every link of a site: kind of page, class of anchor, followed or not.

Reads   `backlinks`, optionally `pages` for keywords and brand names.
Writes  `backlinks` with `kind`, `class`, `follow`.
Bounds  a keyword is a title, an h1 or a phrase that was given; each page is held
        against its own and the site's `SITEWIDE_KEYWORDS` commonest short ones.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable

import pandas as pd

from redirectmap.profile.anchors import (
    AnchorClass,
    Keyword,
    Words,
    classify,
    keywords_of,
)
from redirectmap.profile.moves import followed, own_links
from redirectmap.signals.kinds import page_kind
from redirectmap.urls import Url, parse, registrable_domain

SITEWIDE_KEYWORDS = 400


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
    seen: dict[tuple[str | None, str], AnchorClass] = {}
    general: dict[str | None, AnchorClass] = {}
    for anchor, target in pairs:
        if anchor not in general:
            general[anchor] = classify(anchor, words, wide)
        if (anchor, target) not in seen:
            own = classify(anchor, words, by_page.get(target, ()))
            seen[anchor, target] = _closer(own, general[anchor])
    again = zip(links["anchor"], links["target_url"], strict=True)
    kinds = {url: page_kind(url) for url in links["target_url"].unique()}
    return links.assign(
        kind=links["target_url"].map(kinds).astype(object),
        **{"class": pd.Series([seen[pair] for pair in again], dtype=object)},
        follow=followed(links),
    )


def _closer(own: AnchorClass, general: AnchorClass) -> AnchorClass:
    """Return the class that says more: by the page's keywords or the site's."""
    order: tuple[AnchorClass, ...] = ("exact", "partial", "brand_keyword")
    return next((name for name in order if name in {own, general}), general)


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
