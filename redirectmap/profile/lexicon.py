"""Spell and read the text of a link: its words, their stems, is it an address.

Reads   any text.
Bounds  stems are of the commonest English and German endings and umlauts; they
        are for comparing, not for reading.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

from redirectmap.profile.vocabulary import IMAGE, PLACEHOLDER

_ENDS_OF_HOSTS = frozenset({"example", "test", "local", "localhost", "invalid"})
_SCHEME = re.compile(r"^(?:https?:)?//\s?\S|^https?:|^www\.\S+", re.IGNORECASE)
_HOST = re.compile(
    r"^((?:[\w-]+\.)+[a-z]{2,24})(?::\d+)?(?:[/?#]\S*|\.{2,}|…)?(?:\s*[\u203a»>].*)?$",
    re.IGNORECASE,
)
_MAIL = re.compile(r"^(?:mailto:)?[\w.+-]+@(?:[\w-]+\.)+[a-z]{2,24}$", re.IGNORECASE)
_IMAGE_FILE = re.compile(r"\.(?:jpe?g|png|gif|svg|webp|avif|bmp|ico)$", re.IGNORECASE)
_NOTHING = re.compile(r"&nbsp;|[\u00a0\u200b-\u200f\u2060\ufeff]|\s")
_WORD = re.compile(r"#1\b|[^\W_]+")
_OWNED = re.compile(r"['\u2019`\u00b4]s?\b")
_SPELLED = str.maketrans(
    {"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss", "ø": "o", "ł": "l"}
    | {"©": " copyright ", "®": " ", "™": " ", "æ": "ae", "œ": "oe"}
)
_JOINERS = frozenset({"and", "und"})


@lru_cache(maxsize=200_000)
def words_of(text: str) -> tuple[str, ...]:
    """Return the words of `text`, spelled alike: case, umlauts, accents, `and`."""
    plain = unicodedata.normalize("NFC", text).casefold().translate(_SPELLED)
    letters = unicodedata.normalize("NFKD", plain)
    bare = "".join(c for c in letters if not unicodedata.combining(c))
    found = _WORD.findall(_OWNED.sub("", bare))
    return tuple(word for word in found if word not in _JOINERS)


def is_url(text: str) -> bool:
    """Say whether an anchor is a bare address, shortened or not, or a mailbox."""
    bare = text.strip().strip("()[]<>{}\"'„“”»«").strip(" .,;:")
    if _IMAGE_FILE.search(bare) and not _SCHEME.match(bare):
        return False
    if _MAIL.match(bare):
        return True
    if _SCHEME.match(bare):
        return len(bare.split()) <= 2
    found = _HOST.match(bare)
    return found is not None and _is_host(found[1])


@lru_cache(maxsize=10_000)
def _is_host(host: str) -> bool:
    """Say whether a name ends as hosts do: `node.js` does not."""
    from redirectmap.urls import registrable_domain

    longer = f"a.{host.lower()}"
    known = registrable_domain(longer) != longer
    return known or host.rpartition(".")[2].lower() in _ENDS_OF_HOSTS


def is_blank(text: str | None) -> bool:
    """Say whether an anchor holds nothing at all, or the name of an image file."""
    bare = _NOTHING.sub("", text or "")
    return not bare or bool(_IMAGE_FILE.search(bare) and not _SCHEME.match(bare))


def is_placeholder(text: str) -> bool:
    """Say whether an anchor stands for an image or for a missing text."""
    words = words_of(text)
    if words in {("text",), ("no",)}:
        return False
    if words == ("n", "a"):
        return True
    known = all(word in PLACEHOLDER for word in words)
    return known and any(word in IMAGE for word in words)


_ENDINGS = (
    *("ungen", "ung", "ings", "ing", "ern", "en", "er", "es", "em", "et"),
    *("e", "n", "s", "t", "y", "i"),
)
_UMLAUT = re.compile(r"([aou])e")


@lru_cache(maxsize=200_000)
def stem(word: str) -> str:
    """Cut the commonest English and German endings and umlauts; four letters stay."""
    plain = _UMLAUT.sub(r"\1", word)
    while (shorter := _cut(plain)) != plain:
        plain = shorter
    return plain


def _cut(word: str) -> str:
    for ending in _ENDINGS:
        least = 3 if ending == "s" else 4
        if word.endswith(ending) and len(word) - len(ending) >= least:
            return word[: -len(ending)]
    return word
