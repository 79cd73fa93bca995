"""Tell whether a page is in the language of the old page it replaces.

What is wanted is told by the old page's own language where it was crawled, else
by the old URL (`/de/`, `de.example.com`, `?lang=de`) or the hreflang alternate that
bears its name. What is there is told by the text where it is long enough, else by
the page's own declarations.

Bounds  codes that are English words or countries on many sites (`/it/`, `/id/`)
        count only where the page's hreflang knows that language.
"""

from __future__ import annotations

import re
from typing import Any

from redirectmap.verify.known import Expected

Facts = dict[str, Any]
LANGUAGES = (
    "ar|bg|bn|ca|cs|da|de|el|en|es|et|fa|fi|fr|he|hi|hr|hu|id|it|ja|ko|lt|lv|ms|nb"
    "|nl|no|pl|pt|ro|ru|sk|sl|sr|sv|th|tr|uk|ur|vi|zh"
)
_DOUBTFUL = frozenset(
    re.findall(r"\w+", "ar ca el et fa he hi hr id it lt lv ms no sk sl sr th tr uk")
)
_KNOWN = frozenset(LANGUAGES.split("|"))
_ALIKE = tuple(
    set(pair.split())
    for pair in ("no da", "no sv", "da sv", "id ms", "cs sk", "hr sr", "sl hr", "es pt")
)
MIN_TEXT = 200
SURE_TEXT = 600
_CODE = rf"({LANGUAGES})(?:[-_][a-z]{{2}})?"
_IN_URL = re.compile(
    rf"//(?:www\.)?({LANGUAGES})\.[^/]+\."
    rf"|//[^/]+/{_CODE}(?:[/?#]|$)|//[^/]+/[^/?]+/{_CODE}/"
    rf"|[?&](?:lang|language|hl|locale|lng|sprache)=({LANGUAGES})\b"
    rf"|\.({LANGUAGES})\.html?(?:[?#]|$)",
    re.IGNORECASE,
)


def wrong_language(url: str, facts: Facts, expected: Expected) -> str | None:
    """Say which language the page `url` is in instead of the wanted one, or None."""
    wanted = _wanted(url, facts, expected)
    found = _found(url, facts, wanted)
    if not wanted or not found or wanted == found:
        return None
    if in_url(expected.old_url) != wanted and _same_by_text(facts, expected):
        return None
    message = f"the old page is in {wanted!r}, this one in {found!r}"
    alternate = _alternates(facts).get(wanted)
    return message + (f"; its {wanted} version is {alternate}" if alternate else "")


def _same_by_text(facts: Facts, expected: Expected) -> bool:
    """Templates often lie about their language; two long texts do not."""
    text, old = facts.get("text", ""), expected.old.text
    if min(len(old), len(text)) < MIN_TEXT:
        return False
    told = detected(old)
    return told in _KNOWN and told == detected(text)


def _wanted(url: str, facts: Facts, expected: Expected) -> str:
    if expected.old.lang:
        return two_letters(expected.old.lang)
    if len(expected.old.text) >= MIN_TEXT:
        return detected(expected.old.text)
    told = in_url(expected.old_url) or _by_slug(url, facts, expected.old_url)
    doubtful = told in _DOUBTFUL and told not in _alternates(facts)
    return "" if doubtful and told != in_url(url) else told


def _by_slug(url: str, facts: Facts, old_url: str) -> str:
    """Return the language of the alternate that is named as the old page was."""
    slug = _slug(old_url)
    if not slug or slug == _slug(url):
        return ""
    return next((c for c, to in _alternates(facts).items() if _slug(to) == slug), "")


def _slug(url: str) -> str:
    last = url.partition("?")[0].split("/", 3)[-1].rstrip("/").rpartition("/")[2]
    return last.partition(".")[0].lower()


def _found(url: str, facts: Facts, wanted: str) -> str:
    text = facts.get("text", "")
    said = two_letters(facts.get("lang") or facts.get("content_language") or "")
    if len(text) >= (SURE_TEXT if said == wanted else MIN_TEXT):
        told = detected(text)
        if told in _KNOWN and not (said == wanted and {told, said} in _ALIKE):
            return told
    own = (lang for lang, to in _alternates(facts).items() if to == url)
    return said or next(own, "") or _sure(in_url(url))


def _sure(code: str) -> str:
    return "" if code in _DOUBTFUL else code


def _alternates(facts: Facts) -> dict[str, str]:
    named = facts.get("hreflang", {}).items()
    codes = ((two_letters(lang), to) for lang, to in named)
    return {code: to for code, to in codes if code in _KNOWN}


def in_url(url: str) -> str:
    """Return the language that a URL names, or empty."""
    found = _IN_URL.search(url)
    return two_letters(next(g for g in found.groups() if g)) if found else ""


def two_letters(tag: str) -> str:
    """Return `de` of `de-AT`; Norwegian is one language here."""
    code = tag.strip().lower()[:2]
    return "no" if code in {"nb", "nn"} else code


def detected(text: str) -> str:
    """Return the language of a text as two letters."""
    from py3langid import classify

    return two_letters(str(classify(text[:2_000])[0]))
