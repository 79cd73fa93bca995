"""Find a brand's name in a text, in the spellings people use for it.

Joined (`PelhamDental`), split (`Strom Fuchs`), in another order as domains have
it, with a company form, in the genitive, or with a letter wrong.

Reads   brand names, words of an anchor.
Bounds  a letter wrong is forgiven from 6 letters on, two from 13 on; the first
        letter must be right. Shorter names must be spelled right.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from rapidfuzz.distance import OSA

from redirectmap.profile.lexicon import words_of
from redirectmap.profile.vocabulary import LEGAL

MIN_GLUED = 3
ONE_WRONG, TWO_WRONG = 6, 13


@dataclass(frozen=True, slots=True)
class Words:
    """What anchors of one site are held against.

    Attributes:
        glued: Brand names without spaces, as in a domain.
        sets: Brand names of several words, sorted.
        longest: Words that a spelling of a name may have at most.
    """

    glued: frozenset[str]
    sets: frozenset[tuple[str, ...]]
    longest: int

    @classmethod
    def of(cls, brands: Iterable[str]) -> Words:
        """Build from brand names in any spelling; company forms are cut."""
        named: set[tuple[str, ...]] = set()
        for brand in brands:
            words = words_of(brand)
            named |= {words, tuple(word for word in words if word not in LEGAL)}
        glued = frozenset(
            text for words in named if len(text := "".join(words)) >= MIN_GLUED
        )
        several = frozenset(tuple(sorted(w)) for w in named if len(w) > 1)
        return cls(glued, several, max(map(len, named), default=0) + 1)

    def without_brand(self, words: Sequence[str]) -> tuple[tuple[str, ...], bool]:
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

    def _brand_at(self, words: Sequence[str], at: int) -> int:
        """Return how many words from `at` on spell a name; 0 for none."""
        sizes = range(1, min(self.longest, len(words) - at) + 1)
        parts = {size: words[at : at + size] for size in sizes}
        for size in reversed(sizes):
            text = "".join(parts[size])
            if text in self.glued or tuple(sorted(parts[size])) in self.sets:
                return size
        near = (s for s in reversed(sizes) if self._misspelt("".join(parts[s])))
        return next(near, 0)

    def _misspelt(self, text: str) -> bool:
        return any(_close(text, name) for name in self.glued)


def _close(text: str, name: str) -> bool:
    wrong = (len(name) >= ONE_WRONG) + (len(name) >= TWO_WRONG)
    return (
        wrong > 0
        and text[:1] == name[:1]
        and abs(len(text) - len(name)) <= wrong
        and OSA.distance(text, name, score_cutoff=wrong) <= wrong
    )
