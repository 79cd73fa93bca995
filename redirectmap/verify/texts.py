"""What crawls know of the plan's pages, taken into the run's file.

A crawl of ours is read page by page; other tables as a whole.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

import pandas as pd

from redirectmap.verify.known import PageText
from redirectmap.verify.state import State

TEXT_CAP = 5_000
_CRAWLED = f"""
SELECT u.url, coalesce(p.title, ''), coalesce(p.h1, ''),
  coalesce(substr(p.text, 1, {TEXT_CAP}), ''), coalesce(p.lang, '')
FROM pages p JOIN urls u ON u.id = p.id
WHERE u.kind = 'page' AND u.state = 'done' AND coalesce(p.status, 200) = 200
"""  # noqa: S608 - a number of ours


class Text(NamedTuple):
    """What is known of one page; empty where not known."""

    url: str
    title: str
    h1: str
    text: str
    lang: str


def frame_texts(pages: pd.DataFrame | None) -> Iterator[Text]:
    """Yield the texts of a table of pages (schema PAGES)."""
    if pages is None:
        return
    alive = pages[pages["status"].fillna(200) == 200]
    columns = [alive[name].fillna("") for name in ("title", "h1", "text", "lang")]
    for url, title, h1, text, lang in zip(alive["url"], *columns, strict=True):
        yield Text(url, str(title), str(h1), str(text)[:TEXT_CAP], str(lang))


def source_texts(source: str) -> Iterator[Text]:
    """Yield the texts of any SRC.

    Raises:
        InputError: It cannot be read.
    """
    from redirectmap.readers import read_site
    from redirectmap.sitefile import SiteFile

    if not _is_crawl(source):
        yield from frame_texts(read_site(source).pages)
        return
    file = SiteFile.read(Path(source))
    try:
        yield from map(Text._make, file.db.execute(_CRAWLED))
    finally:
        file.close()


def _is_crawl(source: str) -> bool:
    path = Path(source)
    if not path.is_file():
        return False
    with path.open("rb") as stream:
        return stream.read(16) == b"SQLite format 3\x00"


def load_texts(state: State, side: str, texts: Iterable[Text]) -> None:
    """Keep the texts of pages that the plan names; `side` is old or new."""
    sql = "SELECT 1 FROM rows WHERE old_url = ? OR expected = ? LIMIT 1"
    wanted = (t for t in texts if state.db.execute(sql, (t.url, t.url)).fetchone())
    state.insert("known", ((side, *text) for text in wanted))


def known_text(state: State, side: str, url: str) -> PageText | None:
    """Return what a crawl knows of `url`, or None."""
    sql = "SELECT title, h1, text, lang FROM known WHERE side = ? AND url = ?"
    found = state.db.execute(sql, (side, url)).fetchone()
    return None if found is None else PageText(*found)
