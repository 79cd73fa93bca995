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
from typing import Protocol

import numpy as np
import pandas as pd
from scipy import sparse

from redirectmap.matching.embeddings import STATIC, embed, embed_counts, tokens_of
from redirectmap.signals.links import adjacency
from redirectmap.signals.pages import Fields, fields_of
from redirectmap.signals.words import (
    Floats,
    Vocabulary,
    count,
    rarity,
    runs,
    weigh,
    widen,
)

FIELDS = ("path", "slug", "folder", "title", "headings", "text", "all")
_EVERYTHING = {"path": 1, "slug": 1, "title": 3, "headings": 2, "text": 1}
_OPENING = 600
_TITLE_WEIGHT = 3
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
        counts: Word counts per field.
        words: The same, weighted, rows of length one.
        chars: Path in runs of three signs.
        vectors: Embedding; rows of zeros where the page has no text.
        names: Embedding of slug and title alone.
        links: 1 where row links to column.
    """

    fields: Fields
    counts: Counts
    words: dict[str, sparse.csr_matrix]
    chars: sparse.csr_matrix
    vectors: Floats
    names: Floats
    links: sparse.csr_matrix

    @property
    def has_text(self) -> bool:
        """Say whether any page has a title or text."""
        return bool(self.counts["title"].nnz or self.counts["text"].nnz)


@dataclass(frozen=True, slots=True)
class Evidence:
    """Both sites, and each word's rarity over both."""

    old: Side
    new: Side
    rarity: Floats


def gather(old: SiteTables, new: SiteTables, model: str = STATIC) -> Evidence:
    """Cut, count and weigh both sites; the texts themselves are let go."""
    sides = (fields_of(old.pages), fields_of(new.pages))
    vocabulary = Vocabulary()
    counts = [_counts(fields, vocabulary) for fields in sides]
    for per_field in counts:
        for matrix in per_field.values():
            widen(matrix, vocabulary.size)
        _add_sums(per_field)
    weight = {name: rarity([c[name] for c in counts]) for name in FIELDS}
    chars = _chars(sides)
    tokens = tokens_of(vocabulary.words())
    built = [
        Side(
            vectors=_about(fields, per_field, tokens, model),
            fields=replace(fields, text=[]),
            counts={name: per_field[name] for name in FIELDS},
            words={name: weigh(per_field[name], weight[name]) for name in FIELDS},
            chars=part,
            names=embed_counts(per_field["slug"] + per_field["title"], tokens),
            links=_links(site, fields),
        )
        for site, fields, per_field, part in zip(
            (old, new), sides, counts, chars, strict=True
        )
    ]
    return Evidence(built[0], built[1], weight["all"])


def _counts(fields: Fields, vocabulary: Vocabulary) -> Counts:
    cut = [_opening(text) for text in fields.text]
    rest = (text[end:] for text, end in zip(fields.text, cut, strict=True))
    opening = (text[:end] for text, end in zip(fields.text, cut, strict=True))
    return {
        "slug": count(fields.slug, vocabulary),
        "folder": count(fields.folder, vocabulary),
        "title": count(fields.title, vocabulary),
        "headings": count(map(" ".join, fields.headings), vocabulary),
        "opening": count(opening, vocabulary),
        "rest": count(rest, vocabulary),
    }


def _opening(text: str) -> int:
    """Return where the first words of a text end."""
    if len(text) <= _OPENING:
        return len(text)
    space = text.rfind(" ", 0, _OPENING)
    return space if space > 0 else _OPENING


def _add_sums(counts: Counts) -> None:
    """Add what is a sum of other fields, so that no text is cut twice."""
    counts["path"] = counts["slug"] + counts["folder"]
    counts["text"] = counts["opening"] + counts.pop("rest")
    counts["all"] = sum(
        (counts[name] * times for name, times in _EVERYTHING.items()),
        start=sparse.csr_matrix(counts["path"].shape, dtype=np.float32),
    ).tocsr()


def _chars(sides: Sequence[Fields]) -> list[sparse.csr_matrix]:
    """Weigh the paths' runs of three signs, over both sites."""
    known: defaultdict[str, int] = defaultdict()
    known.default_factory = known.__len__
    counts = [count((f"/{p}/" for p in f.path), known, runs) for f in sides]
    for matrix in counts:
        widen(matrix, max(len(known), 1))
    weight = rarity(counts)
    return [weigh(matrix, weight) for matrix in counts]


def _about(
    fields: Fields, counts: Counts, tokens: sparse.csr_matrix, model: str
) -> Floats:
    """Embed title, headings and the beginning of the text; the slug where none."""
    if model != STATIC:
        return embed(_texts_of(fields), model)
    about = counts["title"] * _TITLE_WEIGHT + counts["headings"] + counts["opening"]
    silent = np.diff(about.indptr) == 0
    return embed_counts(
        about + sparse.diags_array(silent * 1.0) @ counts["slug"], tokens
    )


def _texts_of(fields: Fields) -> list[str]:
    return [
        f"{title}. {'. '.join(heads[:8])}. {text[:_OPENING]}" if title or text else slug
        for title, heads, text, slug in zip(
            fields.title, fields.headings, fields.text, fields.slug, strict=True
        )
    ]


def _links(site: SiteTables, fields: Fields) -> sparse.csr_matrix:
    rows = {url: row for row, url in enumerate(fields.url)}
    table = site.links
    ends = zip(table["source"], table["target"], strict=True) if len(table) else ()
    return adjacency(ends, rows)
