"""Class the text of a link: branded, naked URL, generic, exact match and so on.

Rules, in order, over stemmed words: nothing to read, an address, the brand
with or without company, then the page's keywords. No model: each class can be
told from the words alone, and a person can check why.

Reads   anchor text, brand names, keywords of the target (title, h1, queries).
Bounds  German compounds are matched by their ends; other languages by words
        only, so their generic phrases need `--generic`-like lists to come.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Literal

from redirectmap.profile.lexicon import (
    FUNCTION,
    GENERIC,
    LEGAL,
    WITH_BRAND,
    is_blank,
    is_url,
    stem,
    words_of,
)

AnchorClass = Literal[
    "branded",
    "brand_generic",
    "naked_url",
    "generic",
    "exact",
    "partial",
    "descriptive",
    "brand_keyword",
    "empty",
]
CLASSES: tuple[AnchorClass, ...] = (
    "branded",
    "brand_generic",
    "brand_keyword",
    "naked_url",
    "generic",
    "exact",
    "partial",
    "descriptive",
    "empty",
)
_MIN_COMPOUND = 5
_PARTIAL_OF_KEYWORD = 0.5
_PARTIAL_OF_ANCHOR = 0.3


@dataclass(frozen=True, slots=True)
class Words:
    """What anchors of one site are held against.

    Attributes:
        brands: Brand names as word tuples, longest first.
        glued: Brand names without spaces, as in a domain.
    """

    brands: tuple[tuple[str, ...], ...]
    glued: frozenset[str]

    @classmethod
    def of(cls, brands: Iterable[str]) -> Words:
        """Build from brand names in any spelling; company forms are cut."""
        named: set[tuple[str, ...]] = set()
        for brand in brands:
            words = words_of(brand)
            named |= {words, tuple(word for word in words if word not in LEGAL)}
        known = sorted((w for w in named if w), key=lambda w: (-len(w), w))
        glued = frozenset(g for w in known if len(g := "".join(w)) >= 3)
        return cls(tuple(known), glued)

    def without_brand(self, words: tuple[str, ...]) -> tuple[tuple[str, ...], bool]:
        """Return the words that are not the brand, and whether it was there."""
        left: list[str] = []
        at = 0
        found = False
        while at < len(words):
            size = self._brand_at(words, at)
            found |= size > 0
            if not size:
                left.append(words[at])
            at += size or 1
        return tuple(left), found

    def _brand_at(self, words: tuple[str, ...], at: int) -> int:
        for brand in self.brands:
            if words[at : at + len(brand)] == brand:
                return len(brand)
        return 1 if words[at] in self.glued else 0


Keyword = frozenset[str]


def keywords_of(texts: Iterable[str | None], words: Words) -> tuple[Keyword, ...]:
    """Return keyword phrases as sets of stems, brand and function words cut.

    Args:
        texts: Titles, h1s, queries. A title is cut at ` | `, ` - ` and colons.
        words: The brand's.
    """
    found: dict[Keyword, None] = {}
    for text in texts:
        for part in re.split(r"\s[|\u2013\u2014-]\s|[:|]\s", text or ""):
            phrase = content(words.without_brand(words_of(part))[0])
            if phrase:
                found[phrase] = None
    return tuple(found)


def content(words: Iterable[str]) -> Keyword:
    """Return the stems of the words that carry meaning."""
    return frozenset(
        stem(word) for word in words if word not in FUNCTION and word not in LEGAL
    )


def classify(
    anchor: str | None, words: Words, keywords: Collection[Keyword]
) -> AnchorClass:
    """Say which class an anchor belongs to.

    Args:
        anchor: Text of the link, or alt of its image; None or empty: no text.
        words: Brand names of the site.
        keywords: Phrases of the target page, or of the whole site.
    """
    if is_blank(anchor):
        return "empty"
    text = anchor or ""
    if is_url(text):
        return "naked_url"
    rest, branded = words.without_brand(words_of(text))
    said = content(word for word in rest if word not in GENERIC)
    if branded:
        return _with_brand(rest, said, keywords)
    phrase = content(rest)
    if phrase in keywords:
        return "exact"
    if all(word.isdigit() for word in said):
        return "generic"
    return "partial" if _touches(phrase, keywords) else "descriptive"


_BESIDE = frozenset(map(stem, WITH_BRAND))


def _with_brand(
    rest: tuple[str, ...], said: Keyword, keywords: Collection[Keyword]
) -> AnchorClass:
    if not content(rest):
        return "branded"
    if not said - _BESIDE:
        return "brand_generic"
    if _touches(said, keywords) or content(rest) in keywords:
        return "brand_keyword"
    return "descriptive"


def _touches(said: Keyword, keywords: Collection[Keyword]) -> bool:
    """Say whether the words share enough with one keyword phrase."""
    return any(_shares(said, keyword) for keyword in keywords)


def _shares(said: Keyword, keyword: Keyword) -> bool:
    both = said & keyword
    hits = len(both) + sum(
        any(_compound(word, part) for word in said - both) for part in keyword - both
    )
    return (
        hits >= 1
        and hits / len(keyword) >= _PARTIAL_OF_KEYWORD
        and hits / len(said) >= _PARTIAL_OF_ANCHOR
    )


def _compound(word: str, part: str) -> bool:
    """`heizungswartung` holds `wartung`; short parts are chance."""
    short, long = sorted((word, part), key=len)
    return len(short) >= _MIN_COMPOUND and (
        long.startswith(short) or long.endswith(short)
    )
