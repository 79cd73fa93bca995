"""Class the text of a link: branded, naked URL, generic, exact match and so on.

Rules, in order, over stemmed words: nothing to read, an address, the brand
with or without company, then the page's keywords. No model: each class can be
told from the words alone, and a person can check why. docs/profile.md defines
the classes.

Reads   anchor text, brand names, keywords of the target (title, h1, queries).
Bounds  German compounds are matched by their ends. Phrases such as `click here`
        are known in English and German, a few in five more languages; brand
        and keywords work in any script that puts spaces between words.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Literal

from redirectmap.profile.brand import Words
from redirectmap.profile.keywords import Keyword, Keywords, content
from redirectmap.profile.lexicon import (
    is_blank,
    is_placeholder,
    is_url,
    stem,
    words_of,
)
from redirectmap.profile.vocabulary import (
    GENERIC,
    POINTERS,
    TOWARDS,
    WEAK,
    WITH_BRAND,
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
MAX_KEYWORD = 5
"""Words of meaning from above which a phrase is a title, not a keyword."""
_NUMBER = re.compile(r"^\d+(?:st|nd|rd|th)?$")
_BRAND_BESIDE = 2
"""Words of no keyword beside a brand that still describe nothing."""


def classify(anchor: str | None, words: Words, keywords: Keywords) -> AnchorClass:
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
    spelled = words_of(text)
    rest, branded = words.without_brand(spelled)
    if branded:
        return _with_brand(rest, keywords)
    if spelled and is_placeholder(text):
        return "empty"
    return _without_brand(rest, keywords)


def _said(words: Iterable[str]) -> Keyword:
    """Return what words say: no generic ones, no numbers."""
    return content(w for w in words if w not in GENERIC and not _NUMBER.match(w))


_BESIDE = frozenset(map(stem, WITH_BRAND))
_WEAK = frozenset(map(stem, WEAK))


def _with_brand(rest: tuple[str, ...], keywords: Keywords) -> AnchorClass:
    whole, said = content(rest), _said(rest)
    if not rest or (not whole and not TOWARDS.intersection(rest)):
        return "branded"
    if whole in keywords:
        return "brand_keyword"
    if not said - _BESIDE:
        return "brand_generic"
    if keywords.touched_by(said):
        return "brand_keyword"
    few = len(said - _BESIDE - _WEAK) <= _BRAND_BESIDE
    return "brand_generic" if few else "descriptive"


def _without_brand(rest: tuple[str, ...], keywords: Keywords) -> AnchorClass:
    phrase = content(rest)
    if phrase and phrase in keywords:
        return "exact" if len(phrase) <= MAX_KEYWORD else "descriptive"
    if _says_nothing(rest, keywords):
        return "generic"
    return "partial" if keywords.touched_by(phrase) else "descriptive"


def _says_nothing(words: tuple[str, ...], keywords: Keywords) -> bool:
    """Say whether an anchor without brand only points: `more`, `this recipe`."""
    said = _said(words)
    if not said - _WEAK:
        return True
    points = words[0] in {"zum", "zur"} or bool(POINTERS.intersection(words))
    return points and len(said) == 1 and not keywords.touched_by(said)
