"""The pages of both sites: side by side, with their differences, and to search.

Reads   any SRC, behind: a plan can be worked on before its pages are read.
Cost    reading and embedding, about 20 s for 100 000 pages; a search some ms.
Bounds  of a page's text the first `EXCERPT` characters are kept.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from rapidfuzz.distance import LCSseq

EXCERPT = 1_200
LINKS_SHOWN = 8
HEADINGS_SHOWN = 12
_PIECE = re.compile(r"\w+|[^\w\s]|\s+")
_RRF = 60.0
Segments = list[tuple[str, str]]
Found = list[dict[str, Any]]


@dataclass(frozen=True)
class Pages:
    """One site's pages by URL, and who links to whom."""

    rows: dict[str, dict[str, Any]]
    links: dict[str, list[tuple[str, str]]]
    table: pd.DataFrame

    def page(self, url: str | None) -> dict[str, Any] | None:
        """Return what is known of a page; None where it was not crawled."""
        return self.rows.get((url or "").partition("#")[0])


def read_pages(source: Path) -> Pages:
    """Read a site for showing.

    Raises:
        InputError: The source cannot be used.
    """
    from redirectmap.readers import read_site

    site = read_site(source)
    names = ["url", "status", "title", "h1", "description", "lang", "inlinks"]
    known = site.pages[names].astype(object)
    known = known.where(known.notna(), None)
    rows = {
        str(row["url"]): {str(k): v for k, v in row.items()}
        for row in known.to_dict("records")
    }
    for url, headings, text in zip(
        site.pages["url"], site.pages["headings"], site.pages["text"], strict=True
    ):
        listed = list(headings)[:HEADINGS_SHOWN] if _listed(headings) else []
        rows[url]["headings"] = listed
        rows[url]["text"] = (text or "")[:EXCERPT] if isinstance(text, str) else ""
    return Pages(rows, _first_links(site.links), site.pages)


def _listed(value: object) -> bool:
    return isinstance(value, (list, tuple, np.ndarray))


def _first_links(links: pd.DataFrame) -> dict[str, list[tuple[str, str]]]:
    first = links[links.groupby("source").cumcount() < LINKS_SHOWN * 4]
    found: dict[str, list[tuple[str, str]]] = {}
    anchors = first["anchor"].fillna("")
    for source, target, anchor in zip(
        first["source"], first["target"], anchors, strict=True
    ):
        shown = found.setdefault(source, [])
        if len(shown) < LINKS_SHOWN and all(target != seen for seen, _ in shown):
            shown.append((target, anchor))
    return found


def compared(old: dict[str, Any] | None, new: dict[str, Any] | None) -> dict[str, Any]:
    """Return each field of two pages as segments: same, or only on its side."""
    fields = {}
    for name in ("title", "h1", "description", "text"):
        fields[name] = _segments(_text(old, name), _text(new, name))
    return {**fields, "headings": _headings(old, new)}


def _text(page: dict[str, Any] | None, name: str) -> str:
    return str(page.get(name) or "") if page else ""


def _segments(old: str, new: str) -> tuple[Segments, Segments]:
    """Split two texts into what they share and what is one's own, word by word."""
    left, right = _PIECE.findall(old), _PIECE.findall(new)
    folded = [[piece.casefold() for piece in side] for side in (left, right)]
    one: Segments = []
    other: Segments = []
    for op in LCSseq.opcodes(*folded):
        kind = "same" if op.tag == "equal" else "own"
        _append(one, kind, left[op.src_start : op.src_end])
        _append(other, kind, right[op.dest_start : op.dest_end])
    return one, other


def _append(side: Segments, kind: str, pieces: Sequence[str]) -> None:
    if not pieces:
        return
    text = "".join(pieces)
    kind = kind if text.strip() else "same"
    if side and side[-1][0] == kind:
        side[-1] = (kind, side[-1][1] + text)
    else:
        side.append((kind, text))


def _headings(
    old: dict[str, Any] | None, new: dict[str, Any] | None
) -> tuple[Segments, Segments]:
    sides = [list(page["headings"]) if page else [] for page in (old, new)]
    known = [{text.casefold() for text in side} for side in sides]
    marked = [
        [("same" if text.casefold() in other else "own", text) for text in side]
        for side, other in zip(sides, reversed(known), strict=True)
    ]
    return marked[0], marked[1]


class Search:
    """Finds new pages by words and by meaning.

    Args:
        pages: Schema PAGES of the new site; only those that answer are found.
    """

    def __init__(self, pages: pd.DataFrame) -> None:
        live = pages["status"].isna() | pages["status"].eq(200)
        table = pages[live.fillna(value=True).to_numpy(dtype=bool)]
        self.urls: list[str] = table["url"].tolist()
        self.titles = [text or "" for text in table["title"].fillna("")]
        self.plain = [
            f"{unquote(url)} {title}".casefold()
            for url, title in zip(self.urls, self.titles, strict=True)
        ]
        self._about = [
            " ".join(part for part in parts if part)
            for parts in zip(
                self.titles,
                table["h1"].fillna(""),
                table["description"].fillna(""),
                table["text"].fillna("").str[:EXCERPT],
                strict=True,
            )
        ]
        self._words: Any = None
        self._matrix: Any = None
        self._meaning: NDArray[np.float32] | None = None

    def index(self) -> None:
        """Build both indexes; until then only addresses and titles are found."""
        from sklearn.feature_extraction.text import TfidfVectorizer

        from redirectmap.matching.embeddings import embed
        from redirectmap.signals.words import words

        if not self.urls:
            return
        vectorizer = TfidfVectorizer(analyzer=words, dtype=np.float32)
        named = [
            f"{plain} {plain} {about}"
            for plain, about in zip(self.plain, self._about, strict=True)
        ]
        self._matrix = vectorizer.fit_transform(named).T.tocsr()
        self._words = vectorizer
        self._meaning = embed(self._about)

    def find(self, query: str, limit: int = 20) -> Found:
        """Return pages for a query, best first, each with how it was found."""
        asked = query.strip().casefold()
        if not asked or not self.urls:
            return []
        lists = {
            "address": self._by_address(asked, limit),
            "words": self._by_words(query, limit),
            "meaning": self._by_meaning(query, limit),
        }
        score: dict[int, float] = {}
        how: dict[int, list[str]] = {}
        for name, rows in lists.items():
            for place, row in enumerate(rows):
                score[row] = score.get(row, 0.0) + 1 / (_RRF + place)
                how.setdefault(row, []).append(name)
        best = sorted(score, key=lambda row: (-score[row], row))[:limit]
        return [
            {"url": self.urls[row], "title": self.titles[row], "how": how[row]}
            for row in best
        ]

    def _by_address(self, asked: str, limit: int) -> list[int]:
        parts = asked.split()
        rows = [n for n, text in enumerate(self.plain) if all(p in text for p in parts)]
        return sorted(rows, key=lambda row: len(self.plain[row]))[:limit]

    def _by_words(self, query: str, limit: int) -> list[int]:
        if self._words is None:
            return []
        asked = self._words.transform([query])
        if asked.nnz == 0:
            return []
        return _top(np.asarray((asked @ self._matrix).todense()).ravel(), limit)

    def _by_meaning(self, query: str, limit: int) -> list[int]:
        if self._meaning is None:
            return []
        from redirectmap.matching.embeddings import embed

        return _top(self._meaning @ embed([query])[0], limit)


def _top(score: NDArray[np.float32], limit: int) -> list[int]:
    rows = np.flatnonzero(score > 0)
    if len(rows) > limit:
        rows = rows[np.argpartition(-score[rows], limit)[:limit]]
    rows = rows[np.lexsort((rows, -score[rows]))]
    return [int(row) for row in rows]
