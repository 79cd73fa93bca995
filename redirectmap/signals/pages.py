"""Cut pages into the fields that signals compare.

Decides which words of a title are the site's own name ("Thing | Docs") and
which part of a URL names the page. Learned from the site: an end of a title
that stands on a tenth of the pages is its template.

Cost    linear in the text.
Reads   `pages` of one site.
Writes  `Fields`: one list of texts per field, in the order of the pages.
Bounds  a site of fewer than five pages has no template.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

import pandas as pd

from redirectmap.signals.kinds import page_kind

_SPLIT = re.compile(r"\s+[|\-\u2013\u2014\u00b7:\u00bb\u2022]\s+")
_ENDING = re.compile(
    r"\.(?:html?|php\d?|aspx?|jsp|cfm|shtml|md|pdf|docx?|xlsx?)$", re.IGNORECASE
)
_INDEX = re.compile(r"^(?:index|default|home|readme|overview|_?toc)$", re.IGNORECASE)
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")
_LANG = re.compile(r"^(?:[a-z]{2}|zh-hans|zh-hant|zh-cn|zh-tw)(?:[-_][a-z]{2})?$")
_LANGUAGES = frozenset(
    re.findall(
        r"..",
        "endefresitptnlplruzhjakotrarcsdasvnofihuroukelheidvithbghrsksl",
    )
)
_TEMPLATE_SHARE = 0.1
_TEXT_CHARS = 3_000


@dataclass(frozen=True, slots=True)
class Fields:
    """The comparable texts of one site's pages, all lists in page order.

    Attributes:
        url: Identity of the page.
        path: Decoded path without ending or index file, and the query's values.
        slug: Last segment of `path`.
        folder: What stands before the slug.
        title: Title and h1 without the site's template.
        headings: h2 and h3.
        text: Description and main text.
        length: Signs of `text`.
        lang: First two letters of the language, empty where not known.
        kind: As `page_kind`.
        identifiers: Set of `kind:value`.
    """

    url: list[str]
    path: list[str]
    slug: list[str]
    folder: list[str]
    title: list[str]
    headings: list[list[str]]
    text: list[str]
    length: list[int]
    lang: list[str]
    kind: list[str]
    identifiers: list[frozenset[str]]

    def __len__(self) -> int:
        """Return the number of pages."""
        return len(self.url)


def fields_of(pages: pd.DataFrame) -> Fields:
    """Cut every page of `pages` (schema PAGES) into fields."""
    urls = [str(url) for url in pages["url"]]
    titles, firsts = _texts(pages, "title"), _texts(pages, "h1")
    said = zip(urls, _texts(pages, "lang"), titles, strict=True)
    # page by page, so that urlsplit finds its last answer again
    read = [(readable_path(u), language(u, d), page_kind(u, t)) for u, d, t in said]
    paths = [path for path, _, _ in read]
    clean = without_template(titles)
    about, body = _texts(pages, "description"), _texts(pages, "text")
    text = [
        (f"{a} {b}" if a else b)[:_TEXT_CHARS] for a, b in zip(about, body, strict=True)
    ]
    known = _lists(pages, "identifiers")
    return Fields(
        url=urls,
        path=paths,
        slug=[path.rpartition("/")[2] for path in paths],
        folder=[path.rpartition("/")[0] for path in paths],
        title=[_join(a, b) for a, b in zip(clean, firsts, strict=True)],
        headings=_lists(pages, "headings"),
        text=text,
        length=[len(t) for t in text],
        lang=[lang for _, lang, _ in read],
        kind=[kind for _, _, kind in read],
        identifiers=[frozenset(ids) for ids in known],
    )


def readable_path(url: str) -> str:
    """Return what a person reads in a URL's path: no ending, no index file."""
    parts = urlsplit(url)
    segments = [s for s in unquote(parts.path).strip("/").split("/") if s]
    if segments:
        segments[-1] = _ENDING.sub("", segments[-1])
        if _INDEX.match(segments[-1]) and len(segments) > 1:
            segments.pop()
    path = "/".join(_CAMEL.sub("-", segment).lower() for segment in segments)
    if not parts.query:
        return path
    values = [pair.partition("=") for pair in unquote(parts.query).split("&")]
    return "/".join([path, *(f"{k} {v}".lower() for k, _, v in values[:6])])


def language(url: str, declared: str) -> str:
    """Return two letters: a language folder in the path wins over the page's own."""
    for segment in urlsplit(url).path.lower().split("/")[1:3]:
        if _LANG.match(segment) and segment[:2] in _LANGUAGES:
            return segment[:2]
    return declared[:2].lower()


def without_template(titles: Sequence[str]) -> list[str]:
    """Cut the parts of titles that stand on a tenth of all pages."""
    parts = [_SPLIT.split(title) for title in titles]
    ends = Counter(end for p in parts if len(p) > 1 for end in {p[0], p[-1]})
    floor = max(3, _TEMPLATE_SHARE * len(titles))
    template = {end for end, seen in ends.items() if seen >= floor}
    return [
        " ".join(part for part in p if part not in template) or " ".join(p)
        for p in parts
    ]


def _join(title: str, first: str) -> str:
    return (
        title
        if title.strip().lower() == first.strip().lower()
        else (f"{title} {first}".strip())
    )


def _texts(pages: pd.DataFrame, column: str) -> list[str]:
    if column not in pages.columns:
        return [""] * len(pages)
    return [value if isinstance(value, str) else "" for value in pages[column]]


def _lists(pages: pd.DataFrame, column: str) -> list[list[str]]:
    if column not in pages.columns:
        return [[] for _ in range(len(pages))]
    return [
        [str(v) for v in value] if hasattr(value, "__len__") else []
        for value in pages[column]
    ]
