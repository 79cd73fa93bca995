"""Keyword phrases of a page or a site, and which of them a text touches.

Reads   titles, h1s, queries; the brand's words.
Writes  `Keywords`.
Cost    one look-up per beginning and end of each word, however many phrases.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from redirectmap.profile.brand import Words
from redirectmap.profile.lexicon import stem, words_of
from redirectmap.profile.vocabulary import FUNCTION, LEGAL, WEAK

MIN_COMPOUND = 5
MIN_HALF, MAX_BETWEEN = 4, 5
"""Letters of half a compound, and between its halves: `heiz`, `ungs`, `wart`."""
PARTIAL_OF_KEYWORD = 0.5
PARTIAL_OF_ANCHOR = 0.4
WHOLE_IN = 8
"""Words among which a whole keyword is still the point of the anchor ..."""
WORD_IN = 5
"""... and among which a keyword of one word is."""

Keyword = frozenset[str]
_WEAK = frozenset(map(stem, WEAK))


@dataclass(frozen=True, slots=True)
class Keywords:
    """Phrases as sets of stems, found by their words and parts of compounds.

    Attributes:
        phrases: The phrases, in order.
    """

    phrases: dict[Keyword, None]
    _by_stem: dict[str, list[Keyword]] = field(repr=False)
    _by_part: dict[str, set[str]] = field(repr=False)
    _by_start: dict[str, list[str]] = field(repr=False)

    @classmethod
    def of(cls, phrases: Iterable[Keyword]) -> Keywords:
        """Index phrases."""
        kept = dict.fromkeys(phrases)
        by_stem: dict[str, list[Keyword]] = defaultdict(list)
        by_part: dict[str, set[str]] = defaultdict(set)
        for phrase in kept:
            for word in phrase:
                by_stem[word].append(phrase)
        by_start: dict[str, list[str]] = defaultdict(list)
        for word in by_stem:
            by_start[word[:MIN_HALF]].append(word)
            for part in _parts(word):
                by_part[part].add(word)
        return cls(kept, dict(by_stem), dict(by_part), dict(by_start))

    def __contains__(self, phrase: Keyword) -> bool:
        """Say whether the words are one phrase, nothing more."""
        return phrase in self.phrases

    def touched_by(self, said: Keyword) -> bool:
        """Say whether the words share enough with one phrase."""
        strong = len(said - _WEAK) or 1
        shares = self._shares(said).items()
        return any(_enough(hits, len(phrase), strong) for phrase, hits in shares)

    def spoken_in(self, said: Keyword) -> set[Keyword]:
        """Return the phrases that a longer text speaks of: whole, or two words."""
        shares = self._shares(said).items()
        return {phrase for phrase, hits in shares if hits >= min(2, len(phrase))}

    def _shares(self, said: Keyword) -> dict[Keyword, int]:
        """Return how many words of each phrase are said."""
        hit = {stem for word in said for stem in self._like(word)}
        hit |= self._joined(said)
        near = {phrase for word in hit for phrase in self._by_stem[word]}
        return {phrase: len(phrase & hit) for phrase in near}

    def _like(self, word: str) -> set[str]:
        """Return stems of phrases that are `word`, hold it or are held by it.

        `heizungswartung` holds `wartung`; parts below five letters are chance.
        """
        held = {part for part in _parts(word) if part in self._by_stem}
        same = {word} if word in self._by_stem else set()
        return same | held | self._by_part.get(word, set()) | self._halves(word)

    def _halves(self, word: str) -> set[str]:
        """Return two stems that make up a compound: `heiz` and `wart`."""
        sizes = range(MIN_HALF, len(word) - MIN_HALF + 2)
        heads = [word[:size] for size in sizes if word[:size] in self._by_stem]
        ends = [f"{word[size:]}{more}" for size in sizes for more in ("", "t", "i")]
        tails = [end for end in ends if end in self._by_stem]
        pairs = [(h, t) for h in heads for t in tails if _compose(h, t, word)]
        return {half for pair in pairs for half in pair}

    def _joined(self, said: Keyword) -> set[str]:
        """Return compounds of which both halves are said: `Wartung der Heizung`."""
        halves = [word for word in said if len(word) >= MIN_HALF]
        return {
            word
            for head in halves
            for word in self._by_start.get(head[:MIN_HALF], ())
            for tail in halves
            if _compose(head, tail, word)
        }


def _parts(word: str) -> Iterator[str]:
    """Yield the beginnings and ends of a word that may be words themselves."""
    for size in range(MIN_COMPOUND, len(word)):
        yield word[:size]
        yield word[-size:]


def _compose(head: str, tail: str, word: str) -> bool:
    """Say whether a word is its head, a few letters, and its tail.

    A short stem keeps the ending that a longer one loses: `wart`, `sani`.
    """
    end = tail if word.endswith(tail) else tail.rstrip("ti")
    between = len(word) - len(head) - len(end)
    fits = 0 <= between <= MAX_BETWEEN and head != word
    return fits and word.startswith(head) and word.endswith(end)


def _enough(hits: int, length: int, strong: int) -> bool:
    """Say whether `hits` of a phrase's words are the point of `strong` words."""
    if hits == length:
        return strong <= (WHOLE_IN if hits > 1 else WORD_IN)
    return hits / length >= PARTIAL_OF_KEYWORD and hits / strong >= PARTIAL_OF_ANCHOR


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
