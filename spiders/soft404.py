"""Soft 404s: pages that say what an invented path in the same folder is told.

One made-up path is asked per host and folder (two levels deep), and one more
with an extension per host, since servers often treat those apart. The names are
made of the folder, so that a resumed crawl asks the same ones. A page is
compared without its own name, because "nothing found for shoes-12" is the same
answer as "nothing found for boots-7".

Bounds  a page is flagged when its title is the same and at least nine tenths of
        the words are; a page that answers an honest 404 needs no flag.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from functools import cached_property
from urllib.parse import unquote, urlsplit

from redirectmap.sitefile import SiteFile
from redirectmap.urls import Url

FOLDER_LEVELS = 2
ALIKE = 0.9


def probes_for(url: Url) -> list[str]:
    """Return the invented URLs that tell how the folders of `url` answer."""
    parts = url.path.split("/")[1:-1][:FOLDER_LEVELS]
    folders = ["/"] + ["/" + "/".join(parts[: n + 1]) + "/" for n in range(len(parts))]
    places = [url.origin + folder + _name(url.origin + folder) for folder in folders]
    return [*places, f"{places[0]}.html"]


def _name(folder: str) -> str:
    return hashlib.blake2b(folder.encode(), digest_size=6).hexdigest() + "-nowhere"


class _Answer:
    """What one URL is told, seen without the URL's own name."""

    def __init__(self, url: str, title: str | None, text: str | None) -> None:
        path = unquote(urlsplit(url).path)
        slug = path.rstrip("/").rpartition("/")[2]
        names = {url, path, slug, re.sub(r"[-_.+]+", " ", slug)} - {"", "/"}
        own = "|".join(re.escape(one) for one in sorted(names, key=len, reverse=True))
        self._own = re.compile(own or r"(?!)", re.IGNORECASE)
        self.title = " ".join(self._own.sub(" ", title or "").lower().split())
        self._text = text or ""

    @cached_property
    def words(self) -> frozenset[str]:
        """The words of the text; most pages differ by title, so made late."""
        return frozenset(re.findall(r"\w+", self._own.sub(" ", self._text).lower()))

    def is_like(self, other: _Answer) -> bool:
        """Say whether two answers are the same but for the name."""
        if self.title != other.title:
            return False
        shared, every = self.words & other.words, self.words | other.words
        return len(shared) >= ALIKE * len(every)


def note_soft_404s(site: SiteFile) -> None:
    """Write a warning for every page that answers as an invented one does."""
    notes = [*_same_pages(site), *_same_redirects(site)]
    with site.transaction():
        site.db.execute("DELETE FROM warnings WHERE code = 'soft_404'")
        site.db.executemany("INSERT INTO warnings VALUES (?, 'soft_404', ?)", notes)


def _same_pages(site: SiteFile) -> Iterator[tuple[str, str]]:
    invented = site.db.execute(
        "SELECT b.folder, u.url, p.title, p.text FROM probes b"
        " JOIN urls u ON u.id = b.id JOIN pages p ON p.id = b.id WHERE b.status = 200"
    ).fetchall()
    for folder, probe, title, text in invented:
        told = _Answer(probe, title, text)
        pages = site.db.execute(
            "SELECT u.url, p.title, p.text FROM urls u JOIN pages p ON p.id = u.id"
            " WHERE u.kind = 'page' AND p.status = 200"
            " AND substr(u.url, 1, length(?1)) = ?1",
            (folder,),
        )
        for url, *said in pages:
            # "page" in "page not found" is no name, so also with the name left in
            if told.is_like(_Answer(url, *said)) or told.is_like(_Answer("", *said)):
                yield url, f"says what the invented {probe} is told"


def _same_redirects(site: SiteFile) -> Iterator[tuple[str, str]]:
    yield from site.db.execute(
        "SELECT DISTINCT u.url, 'redirects to ' || r.target || ', as an invented'"
        " || ' path does' FROM probes b JOIN redirects r ON r.target = b.target"
        " JOIN urls u ON u.id = r.source WHERE u.kind = 'page'"
        " AND substr(u.url, 1, length(b.folder)) = b.folder"
    )
