"""Class every link of a site: kind of page, class of anchor, followed or not.

Reads   `backlinks`, optionally `pages` for keywords, kinds and brand names.
Writes  `backlinks` with `kind`, `class`, `follow`.
Bounds  a keyword is a title, an h1, a query or a phrase that was given; each
        page is held against its own and the site's `SITEWIDE_KEYWORDS`
        commonest short ones. A title of words that say nothing (`Home`,
        `About us`) is no keyword.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable

import pandas as pd

from redirectmap.profile.anchors import MAX_KEYWORD, AnchorClass, classify
from redirectmap.profile.brand import Words
from redirectmap.profile.keywords import Keyword, Keywords, keywords_of
from redirectmap.profile.lexicon import stem, words_of
from redirectmap.profile.moves import followed, own_links, page_key
from redirectmap.profile.vocabulary import GENERIC, WITH_BRAND
from redirectmap.signals.kinds import PageKind, is_home, page_kind
from redirectmap.urls import Url, parse, registrable_domain

SITEWIDE_KEYWORDS = 400
MIN_NAME = 4
"""Letters from which the beginning of a longer name is a name."""
_BETWEEN = re.compile(r"\s(?:[|\u2013\u2014\u00b7\u2022\u00bb~-]|::)\s")
_EMPTY_WORDS = frozenset(map(stem, GENERIC | WITH_BRAND))


def classed_links(
    backlinks: pd.DataFrame,
    site: str,
    pages: pd.DataFrame | None,
    *,
    brands: Collection[str] = (),
    keywords: Collection[str] = (),
    queries: Collection[str] = (),
) -> pd.DataFrame:
    """Return the site's live links with `kind`, `class` and `follow`.

    Each page has one spelling of its address, whatever links use.
    """
    links = _one_spelling(own_links(backlinks, site))
    words = Words.of(brands or brand_names(site, pages))
    given = keywords_of(keywords, words)
    searched = telling(keywords_of(queries, words))
    by_page = _page_keywords(pages, words)
    wide = Keywords.of([*given, *searched, *_commonest(by_page)])
    kinds = page_kinds(links["target_url"].unique().tolist(), pages)
    return links.assign(
        kind=links["target_url"].map(kinds).astype(object),
        **{"class": _classes(links, words, wide, by_page)},
        follow=followed(links),
    )


def _one_spelling(links: pd.DataFrame) -> pd.DataFrame:
    """Give each page one address: the one most links use, of http, https, www."""
    counts = links["target_url"].value_counts().sort_index(kind="stable")
    often = counts.sort_values(ascending=False, kind="stable").index
    chosen: dict[str, str] = {}
    spelled = {url: chosen.setdefault(page_key(url), url) for url in often}
    return links.assign(target_url=links["target_url"].map(spelled).astype(object))


def _classes(
    links: pd.DataFrame,
    words: Words,
    wide: Keywords,
    by_page: dict[str, tuple[Keyword, ...]],
) -> pd.Series:
    anchors = links["anchor"].unique()
    general = {anchor: classify(anchor, words, wide) for anchor in anchors}
    own = {
        url: Keywords.of(by_page.get(page_key(url), ()))
        for url in links["target_url"].unique()
    }
    pairs = list(zip(links["anchor"], links["target_url"], strict=True))
    known = {
        (anchor, url): _closer(classify(anchor, words, own[url]), general[anchor])
        for anchor, url in dict.fromkeys(pairs)
    }
    return pd.Series([known[pair] for pair in pairs], index=links.index, dtype=object)


def page_kinds(
    urls: Iterable[str], pages: pd.DataFrame | None = None
) -> dict[str, PageKind]:
    """Return the kind of each URL; title and identifiers help where known."""
    known: dict[str, tuple[str | None, list[str] | None]] = {}
    if pages is not None:
        rows = zip(pages["url"], pages["title"], pages["identifiers"], strict=True)
        known = {page_key(url): (title, ids or None) for url, title, ids in rows}
    return {
        url: page_kind(url, *known.get(page_key(url), (None, None))) for url in urls
    }


def _closer(own: AnchorClass, general: AnchorClass) -> AnchorClass:
    """Return the class that says more: by the page's keywords or the site's."""
    order: tuple[AnchorClass, ...] = ("exact", "partial", "brand_keyword")
    return next((name for name in order if name in {own, general}), general)


def brand_names(site: str, pages: pd.DataFrame | None = None) -> list[str]:
    """Find the brand: the domain's name, and what most titles end or begin with.

    A part of the homepage's title that begins such a name is one as well:
    `Hartmann` of `Hartmann Leeds`.
    """
    found = parse(site if "//" in site else f"https://{site}")
    host = found.host if isinstance(found, Url) else site
    label = registrable_domain(host).removeprefix("www.").split(".")[0].split(":")[0]
    names = [label, label.replace("-", " ")]
    if pages is None or len(pages) < 3:
        return names
    titles = pages["title"].dropna()
    ends: Counter[str] = Counter()
    for title in titles:
        parts = _parts(title)
        if len(parts) > 1:
            ends.update({parts[0], parts[-1]})
    common = [text for text, n in ends.most_common(2) if n >= max(3, 0.3 * len(titles))]
    home = titles[pages["url"].map(is_home).astype(bool)]
    short = (p for title in home for p in _parts(title) if _begins(p, common))
    return list(dict.fromkeys([*names, *common, *short]))


def _parts(title: str) -> list[str]:
    """Cut a title at ` | `, ` - ` and their like."""
    return [part.strip() for part in _BETWEEN.split(title) if part.strip()]


def _begins(part: str, names: list[str]) -> bool:
    """Say whether a part of the homepage's title begins one of the names."""
    words = words_of(part)
    begun = any(words_of(name)[: len(words)] == words for name in names)
    return begun and len("".join(words)) >= MIN_NAME and part not in names


def _page_keywords(
    pages: pd.DataFrame | None, words: Words
) -> dict[str, tuple[Keyword, ...]]:
    if pages is None:
        return {}
    rows = zip(pages["url"], pages["title"], pages["h1"], strict=True)
    return {
        page_key(url): telling(keywords_of((title, h1), words))
        for url, title, h1 in rows
    }


def telling(phrases: Iterable[Keyword]) -> tuple[Keyword, ...]:
    """Leave out phrases of words that say nothing: `Home`, `login`."""
    return tuple(phrase for phrase in phrases if phrase - _EMPTY_WORDS)


def _commonest(by_page: dict[str, tuple[Keyword, ...]]) -> Iterable[Keyword]:
    """Short phrases of other pages: links often aim beside their page."""
    short = (k for found in by_page.values() for k in found if len(k) < MAX_KEYWORD)
    counts = Counter(short)
    return [keyword for keyword, _ in counts.most_common(SITEWIDE_KEYWORDS)]
