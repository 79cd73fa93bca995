"""Tell what kind of page a URL is: home, category, product, article and so on.

A statement about spelling: words in the path, the title and the identifiers,
English and German. Nothing is fetched. The kind is a hint for matching (a
product seldom becomes an article) and the grouping of a backlink profile.

Reads   a URL that passed the gate, optionally its title and identifiers.
Bounds  a page whose URL says nothing (`/p/4711`) is `other`; a shop that calls
        its articles `/products/` is believed.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Literal
from urllib.parse import unquote

PageKind = Literal[
    "home",
    "category",
    "product",
    "service",
    "location",
    "article",
    "other",
    "file",
]
KINDS: tuple[PageKind, ...] = (
    "home",
    "category",
    "product",
    "service",
    "location",
    "article",
    "other",
    "file",
)

_FILE = re.compile(
    r"\.(?:pdf|docx?|xlsx?|pptx?|od[tsp]|csv|zip|gz|rar|7z|dmg|exe|apk|jpe?g|png|gif"
    r"|webp|svg|avif|ico|mp[34]|m4a|webm|mov|avi|wav|ogg|epub|ics|css|js|xml|json|txt"
    r"|woff2?)$"
)
_INDEX = re.compile(r"^(?:index|default|home|start|startseite)(?:\.\w{2,5})?$")
_PAGE_END = re.compile(r"\.(?:html?|php\d?|aspx?|jsp|cfm|shtml)$")
_LANGUAGE = re.compile(r"^[a-z]{2}(?:[-_][a-z]{2})?$")
_DATE = re.compile(r"(?:^|/)(?:19|20)\d{2}/(?:0?[1-9]|1[0-2])(?:/|$)")
_DATE_SLUG = re.compile(r"(?:^|/)(?:19|20)\d{2}-(?:0[1-9]|1[0-2])-\d{2}\b")
_SKU = re.compile(r"^(?:sku|gtin\d*|mpn|ean|isbn|product):", re.IGNORECASE)
_TRACKING = re.compile(r"^(?:utm_\w+|gclid|fbclid|msclkid|mc_[ce]id|_ga|ref)$")


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_WORDS: tuple[tuple[PageKind, frozenset[str]], ...] = (
    (
        "location",
        _words(
            "location locations standort standorte branch branches filiale filialen"
            " area areas areas-served service-area service-areas service-areas-served"
            " einsatzgebiet einsatzgebiete cities city stadt staedte region regionen"
            " regions near-me stores store-locator niederlassung niederlassungen"
            " where-we-work"
        ),
    ),
    (
        "article",
        _words(
            "blog blogs news article articles artikel post posts story stories"
            " magazin magazine ratgeber guide guides how-to howto tutorial tutorials"
            " aktuelles neuigkeiten presse press journal insights tipps tips wissen"
            " lexikon glossary glossar wiki docs documentation doku dokumentation help"
            " hilfe faq faqs learn knowledge knowledge-base kb case-studies case-study"
            " referenzen whitepaper archive archiv beitrag beitraege"
        ),
    ),
    (
        "service",
        _words(
            "service services leistung leistungen dienstleistung dienstleistungen"
            " angebot angebote what-we-do solutions solution loesungen repair"
            " reparatur installation maintenance wartung consulting beratung"
            " notdienst emergency"
        ),
    ),
    (
        "product",
        _words(
            "product products produkt produkte item items dp buy sku p"
            " produktdetails product-detail"
        ),
    ),
    (
        "category",
        _words(
            "category categories kategorie kategorien collection collections"
            " kollektion kollektionen shop store catalog catalogue katalog"
            " sortiment c cat department departments product-category"
            " produkt-kategorie produktkategorie range topics topic thema themen"
            " tag tags"
        ),
    ),
)
_KIND_OF_WORD = {word: kind for kind, words in reversed(_WORDS) for word in words}
_LISTING_AT_END = _words("product products produkt produkte item items")
_QUERY_KINDS: tuple[tuple[str, PageKind], ...] = (
    ("product_id", "product"),
    ("productid", "product"),
    ("sku", "product"),
    ("artnr", "product"),
    ("category_id", "category"),
    ("cat", "category"),
    ("category", "category"),
    ("p", "article"),
)


def page_kind(
    url: str,
    title: str | None = None,
    identifiers: Collection[str] | None = None,
) -> PageKind:
    """Say what kind of page `url` is.

    Args:
        url: Absolute URL, or a path.
        title: Title of the page; only read where the URL says nothing.
        identifiers: `kind:value`; a SKU, GTIN, MPN, EAN or ISBN makes a product.

    Returns:
        One of `KINDS`; `other` where nothing speaks for a kind.
    """
    raw, query = _path_and_query(url)
    path = unquote(raw).lower()
    if _FILE.search(path):
        return "file"
    segments = _segments(path)
    by_query = _kind_of_query(query) if query else None
    if not segments:
        return by_query or ("home" if _no_query(query) else "other")
    if any(_SKU.match(value) for value in identifiers or ()):
        return "product"
    return _kind_of_path(path, segments) or by_query or _kind_of_title(title) or "other"


def _path_and_query(url: str) -> tuple[str, str]:
    """Split as `urlsplit` does, five times as fast: sites have millions of URLs."""
    bare, _, query = url.partition("#")[0].partition("?")
    _, slashes, rest = bare.partition("//")
    return (f"/{rest.partition('/')[2]}" if slashes else bare), query


def is_home(url: str) -> bool:
    """Say whether `url` is the front page of its host, or of one of its languages."""
    return page_kind(url) == "home"


def _segments(path: str) -> list[str]:
    """Return the path's segments without index file, endings and language."""
    found = [segment for segment in _ascii(path).split("/") if segment]
    if found and _INDEX.match(found[-1]):
        found.pop()
    if found and _LANGUAGE.match(found[0]):
        found.pop(0)
    if found:
        found[-1] = _PAGE_END.sub("", found[-1])
    return found


def _ascii(text: str) -> str:
    if not text.isascii():
        for letter, spelled in (("ä", "ae"), ("ö", "oe"), ("ü", "ue"), ("ß", "ss")):
            text = text.replace(letter, spelled)
    return text.replace("_", "-")


def _no_query(query: str) -> bool:
    """Say whether the query is empty, but for tracking."""
    names = [pair.partition("=")[0].lower() for pair in query.split("&") if pair]
    return all(_TRACKING.match(name) for name in names)


def _kind_of_query(query: str) -> PageKind | None:
    names = {pair.partition("=")[0].lower() for pair in query.split("&") if "=" in pair}
    return next((kind for name, kind in _QUERY_KINDS if name in names), None)


def _kind_of_path(path: str, segments: list[str]) -> PageKind | None:
    dated = "19" in path or "20" in path
    if dated and (_DATE.search(path) or _DATE_SLUG.search(path)):
        return "article"
    for segment in segments:
        kind = _kind_of_segment(segment)
        if kind == "product" and segment == segments[-1] and len(segments) == 1:
            return "category" if segment in _LISTING_AT_END else None
        if kind == "category" and _deep_in_shop(segment, segments):
            return "product"
        if kind:
            return kind
    return _kind_of_slug(segments[-1])


def _kind_of_segment(segment: str) -> PageKind | None:
    return _KIND_OF_WORD.get(segment)


def _deep_in_shop(segment: str, segments: list[str]) -> bool:
    """`/shop/boilers/ecotec-pro` is a product, `/shop/boilers` a category.

    A product folder anywhere below says so too: `/collections/x/products/y`.
    """
    rest = segments[segments.index(segment) + 1 :]
    if any(_kind_of_segment(name) == "product" for name in rest[:-1]):
        return True
    shops = {"shop", "store", "catalog", "catalogue", "katalog", "sortiment"}
    return segment in shops and len(rest) >= 2 and _kind_of_segment(rest[0]) is None


_SLUG_KINDS: tuple[tuple[PageKind, re.Pattern[str]], ...] = (
    ("article", re.compile(r"^(?:how-to|why|what-is|was-ist|wie|warum|\d+-tip)")),
    (
        "service",
        re.compile(
            r"(?:^|-)(?:services?|repairs?|installation|maintenance|reparatur|wartung"
            r"|notdienst|beratung|sanierung|montage)(?:-|$)"
        ),
    ),
)


def _kind_of_slug(slug: str) -> PageKind | None:
    return next((kind for kind, words in _SLUG_KINDS if words.search(slug)), None)


def _kind_of_title(title: str | None) -> PageKind | None:
    words = re.findall(r"[\w-]+", _ascii((title or "").lower()))
    if re.match(r"(?:how to|why|what is|was ist|wie|warum)\b", " ".join(words)):
        return "article"
    return None


def section(url: str) -> str:
    """Return the first folder of a URL: `/blog/`; `/` for pages of the root."""
    parts = url.partition("?")[0].split("/", 4)
    return f"/{parts[3]}/" if len(parts) > 4 else "/"
