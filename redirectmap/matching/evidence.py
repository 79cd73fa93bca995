"""Hold both sites' weighted matrices, once, for every signal that needs them.

Cost    one pass over the text; a matrix per field and site.
Reads   `pages` and `links` of both sites.
Writes  `Evidence`.
Bounds  at most 3 000 characters of a page's text are read.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import pandas as pd
from scipy import sparse

from redirectmap.matching.embeddings import embed
from redirectmap.signals.links import adjacency
from redirectmap.signals.pages import Fields, fields_of
from redirectmap.signals.words import (
    Floats,
    Vocabulary,
    count,
    rarity,
    weigh,
    widen,
)

FIELDS = ("path", "slug", "folder", "title", "headings", "text", "all")
_EVERYTHING = {"path": 1, "slug": 1, "title": 3, "headings": 2, "text": 1}
_CHAR_MIN_PAGES = 2


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
        fields: Texts.
        counts: Word counts per field.
        words: The same, weighted, rows of length one.
        chars: Path in runs of three signs.
        vectors: Embedding; rows of zeros where the page has no text.
        names: Embedding of slug and title alone.
        links: 1 where row links to column.
    """

    fields: Fields
    counts: dict[str, sparse.csr_matrix]
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


def gather(old: SiteTables, new: SiteTables, model: str = "static") -> Evidence:
    """Cut, count and weigh both sites."""
    sides = (fields_of(old.pages), fields_of(new.pages))
    vocabulary = Vocabulary()
    counts = [_counts(fields, vocabulary) for fields in sides]
    for per_field in counts:
        for matrix in per_field.values():
            widen(matrix, vocabulary.size)
        per_field["all"] = sum(
            (per_field[name] * times for name, times in _EVERYTHING.items()),
            start=sparse.csr_matrix(per_field["path"].shape, dtype=np.float32),
        ).tocsr()
    weight = {name: rarity([c[name] for c in counts]) for name in FIELDS}
    chars = _chars(sides)
    built = [
        Side(
            fields=fields,
            counts=per_field,
            words={name: weigh(per_field[name], weight[name]) for name in FIELDS},
            chars=part,
            vectors=embed(_about(fields), model),
            names=embed(_called(fields)),
            links=_links(site, fields),
        )
        for site, fields, per_field, part in zip(
            (old, new), sides, counts, chars, strict=True
        )
    ]
    return Evidence(built[0], built[1], weight["all"])


def _counts(fields: Fields, vocabulary: Vocabulary) -> dict[str, sparse.csr_matrix]:
    return {
        "path": count(fields.path, vocabulary),
        "slug": count(fields.slug, vocabulary),
        "folder": count(fields.folder, vocabulary),
        "title": count(fields.title, vocabulary),
        "headings": count(map(" ".join, fields.headings), vocabulary),
        "text": count(fields.text, vocabulary),
    }


def _chars(sides: Sequence[Fields]) -> list[sparse.csr_matrix]:
    """Weigh the paths' runs of three signs, over both sites."""
    from sklearn.feature_extraction.text import CountVectorizer

    texts = [f"/{path}/" for fields in sides for path in fields.path]
    if len(texts) < _CHAR_MIN_PAGES:
        return [sparse.csr_matrix((len(f), 1), dtype=np.float32) for f in sides]
    counter = CountVectorizer(
        analyzer="char", ngram_range=(3, 3), lowercase=False, dtype=np.float32
    )
    matrix = counter.fit_transform(texts)
    weighed = weigh(matrix, rarity([matrix]))
    cut = len(sides[0])
    return [weighed[:cut], weighed[cut:]]


def _about(fields: Fields) -> list[str]:
    """Return title, headings and the beginning of the text; the slug where none."""
    return [
        f"{title}. {'. '.join(heads[:8])}. {text[:600]}" if title or text else slug
        for title, heads, text, slug in zip(
            fields.title, fields.headings, fields.text, fields.slug, strict=True
        )
    ]


def _called(fields: Fields) -> list[str]:
    return [
        f"{slug} {title}".replace("_", " ").replace("-", " ")
        for slug, title in zip(fields.slug, fields.title, strict=True)
    ]


def _links(site: SiteTables, fields: Fields) -> sparse.csr_matrix:
    rows = {url: row for row, url in enumerate(fields.url)}
    table = site.links
    ends = zip(table["source"], table["target"], strict=True) if len(table) else ()
    return adjacency(ends, rows)
