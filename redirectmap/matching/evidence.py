"""Hold both sites' weighted matrices, once, for every signal that needs them.

Cost    one pass over the text; a matrix per field and site.
Reads   `pages` and `links` of both sites.
Writes  `Evidence`.
Bounds  at most 3 000 characters of a page's text are read.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import chain
from typing import NamedTuple, Protocol

import numpy as np
import pandas as pd
from scipy import sparse

from redirectmap.matching.embeddings import STATIC, embed, embed_counts, tokens_of
from redirectmap.matching.vector_store import Halves
from redirectmap.signals.links import adjacency
from redirectmap.signals.pages import Fields, fields_of
from redirectmap.signals.words import (
    Floats,
    Vocabulary,
    count,
    rarity,
    renumber,
    runs,
    total,
    weigh,
)
from redirectmap.tables.beside import beside
from redirectmap.tables.memory import give_back

FIELDS = ("path", "slug", "folder", "title", "headings", "text", "all")
_TEXTS = ("description", "text")
_EVERYTHING = {"path": 1, "slug": 1, "title": 3, "headings": 2, "text": 1}
_OPENING = 600
_FEW_PAGES = 500
_LARGE_SITE = 20_000
_ABOUT = {"title": 3, "headings": 1, "opening": 1}
Counts = dict[str, sparse.csr_matrix]


class SiteTables(Protocol):
    """The part of a read site that matching looks at."""

    @property
    def pages(self) -> pd.DataFrame:
        """Schema PAGES."""

    @property
    def links(self) -> pd.DataFrame:
        """Schema LINKS."""


@dataclass(frozen=True, slots=True)
class Side:
    """One site, cut and weighed.

    Attributes:
        fields: Texts, without the main text.
        words: Weighted words per field, rows of length one.
        chars: Path in runs of three signs.
        vectors: Embedding, half precision; zeros where the page has no text.
        names: Embedding of slug and title alone.
        links: 1 where row links to column.
    """

    fields: Fields
    words: dict[str, sparse.csr_matrix]
    chars: sparse.csr_matrix
    vectors: Halves
    names: Halves
    links: sparse.csr_matrix

    @property
    def has_text(self) -> bool:
        """Say whether any page has a title or text."""
        return bool(self.words["title"].nnz or self.words["text"].nnz)


@dataclass(frozen=True, slots=True)
class Evidence:
    """Both sites, and each word's rarity over both."""

    old: Side
    new: Side
    rarity: Floats

    @property
    def large(self) -> bool:
        """Say whether the old site is so large that less is looked at per page."""
        return len(self.old.fields) > _LARGE_SITE

    def without_words(self) -> Evidence:
        """Return what the close look needs; the largest things are let go."""
        sides = [
            replace(side, words={}, chars=sparse.csr_matrix((0, 0)))
            for side in (self.old, self.new)
        ]
        return Evidence(sides[0], sides[1], self.rarity)


def gather(
    old: SiteTables, new: SiteTables, model: str = STATIC, *, keep_texts: bool = True
) -> Evidence:
    """Cut, count and weigh both sites.

    Args:
        old: The old site's tables.
        new: The new site's.
        model: Of the embeddings.
        keep_texts: False: drop the main texts from both `pages` once they are
            read, in place; 0.3 GB for 100 000 pages.
    """
    give_back()
    pays = model == STATIC and len(new.pages) > _FEW_PAGES
    with beside(partial(_read, new.pages, model), pays=pays) as new_read:
        read = [_read(old.pages, model), new_read()]
    if not keep_texts:
        let_go_of_texts(old.pages, new.pages)
    words = _alike([part.words for part in read])
    _alike([part.runs for part in read])
    counts = [part.words.counts for part in read]
    for per_field in counts:
        _add_sums(per_field)
    weight = {name: rarity([c[name] for c in counts]) for name in FIELDS}
    path_runs = [part.runs.counts["path"] for part in read]
    rare_runs = rarity(path_runs)
    tokens = tokens_of(words)
    give_back()
    built = [
        _side(
            part, weight, weigh(part_runs, rare_runs), tokens, _links(site, part.fields)
        )
        for site, part, part_runs in zip((old, new), read, path_runs, strict=True)
    ]
    del read, counts, path_runs
    give_back()
    return Evidence(built[0], built[1], weight["all"])


def let_go_of_texts(*pages: pd.DataFrame) -> None:
    """Drop the main texts of `pages`, in place."""
    for table in pages:
        for name in _TEXTS:
            if name in table:
                del table[name]


class _Counted(NamedTuple):
    """Counts of one site, and what stands in each of their columns."""

    counts: Counts
    words: list[str]


class _Read(NamedTuple):
    """One site's words, and its pages' vectors where a transformer made them."""

    fields: Fields
    words: _Counted
    runs: _Counted
    vectors: Floats | None


def _read(pages: pd.DataFrame, model: str) -> _Read:
    fields = fields_of(pages)
    vectors = None if model == STATIC else embed(_texts_of(fields), model)
    words, path_runs = _count_words(fields), _count_runs(fields)
    return _Read(replace(fields, text=[]), words, path_runs, vectors)


def _alike(sites: Sequence[_Counted]) -> list[str]:
    """Number the words of all sites alike, in place; return them."""
    words = list(dict.fromkeys(chain.from_iterable(one.words for one in sites))) or [""]
    number = {word: place for place, word in enumerate(words)}
    for one in sites:
        own = np.array([number[word] for word in one.words], dtype=np.int32)
        for name, matrix in one.counts.items():
            one.counts[name] = renumber(matrix, own, len(words))
    return words


def _side(
    read: _Read,
    weight: dict[str, Floats],
    chars: sparse.csr_matrix,
    tokens: sparse.csr_matrix,
    links: sparse.csr_matrix,
) -> Side:
    counts = read.words.counts
    called = total([(counts["slug"], 1), (counts["title"], 1)])
    vectors = _about(counts, tokens) if read.vectors is None else read.vectors
    return Side(
        fields=read.fields,
        words={name: weigh(counts[name], weight[name]) for name in FIELDS},
        chars=chars,
        vectors=vectors.astype(np.float16, copy=False),
        names=embed_counts(called, tokens),
        links=links,
    )


def _count_words(fields: Fields) -> _Counted:
    cut = [_opening(text) for text in fields.text]
    rest = (text[end:] for text, end in zip(fields.text, cut, strict=True))
    opening = (text[:end] for text, end in zip(fields.text, cut, strict=True))
    known = Vocabulary()
    counts = {
        "slug": count(fields.slug, known),
        "folder": count(fields.folder, known),
        "title": count(fields.title, known),
        "headings": count(map(" ".join, fields.headings), known),
        "opening": count(opening, known),
        "rest": count(rest, known),
    }
    return _Counted(counts, known.words())


def _count_runs(fields: Fields) -> _Counted:
    """Count the paths' runs of three signs."""
    known: defaultdict[str, int] = defaultdict()
    known.default_factory = known.__len__
    counts = {"path": count((f"/{path}/" for path in fields.path), known, runs)}
    return _Counted(counts, list(known))


def _opening(text: str) -> int:
    """Return where the first words of a text end."""
    if len(text) <= _OPENING:
        return len(text)
    space = text.rfind(" ", 0, _OPENING)
    return space if space > 0 else _OPENING


def _add_sums(counts: Counts) -> None:
    """Add what is a sum of other fields, so that no text is cut twice."""
    counts["path"] = total([(counts["slug"], 1), (counts["folder"], 1)])
    counts["text"] = total([(counts["opening"], 1), (counts.pop("rest"), 1)])
    counts["all"] = total((counts[name], times) for name, times in _EVERYTHING.items())


def _about(counts: Counts, tokens: sparse.csr_matrix) -> Halves:
    """Embed title, headings and the beginning of the text; the slug where none."""
    about = total((counts[name], times) for name, times in _ABOUT.items())
    vectors = embed_counts(about, tokens)
    silent = np.flatnonzero(np.diff(about.indptr) == 0)
    vectors[silent] = embed_counts(counts["slug"][silent], tokens)
    return vectors


def _texts_of(fields: Fields) -> list[str]:
    return [
        f"{title}. {'. '.join(heads[:8])}. {text[:_OPENING]}" if title or text else slug
        for title, heads, text, slug in zip(
            fields.title, fields.headings, fields.text, fields.slug, strict=True
        )
    ]


def _links(site: SiteTables, fields: Fields) -> sparse.csr_matrix:
    known = site.links if len(site.links) else {"source": (), "target": ()}
    return adjacency(known["source"], known["target"], fields.url)
