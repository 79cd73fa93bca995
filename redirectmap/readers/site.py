"""A crawl's file as the tables that everything above reads.

Counts inlinks (distinct pages that link to a URL), follows the recorded
redirects to their end, and hands on all answered URLs of the crawl.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pandas as pd

from redirectmap.readers.records import ReadReport, Site
from redirectmap.sitefile import SiteFile
from redirectmap.tables import LEGACY, LINKS, PAGES

_PAGES = """
SELECT u.url, p.status, p.content_type, p.canonical, p.title, p.h1, p.description,
  p.headings, p.text, p.lang, p.robots, u.depth, coalesce(i.n, 0) AS inlinks,
  p.identifiers, p.content_hash, p.fetched_at, u.linked, u.in_sitemap, u.listed
FROM pages p JOIN urls u ON u.id = p.id
LEFT JOIN (SELECT target, count(DISTINCT source) AS n FROM links
  WHERE source != target GROUP BY target) i ON i.target = u.id
WHERE u.kind = 'page' AND u.state = 'done' ORDER BY u.url
"""
_LINKS = """
SELECT s.url AS source, t.url AS target, l.position, l.anchor, l.rel, l.region
FROM links l JOIN urls s ON s.id = l.source JOIN urls t ON t.id = l.target
ORDER BY s.url, l.position
"""
_REDIRECTS = """
SELECT u.url AS source, r.target, r.status, r.kind FROM redirects r
JOIN urls u ON u.id = r.source WHERE r.target IS NOT NULL ORDER BY u.url
"""
MAX_HOPS = 20


def read_sitefile(path: Path) -> Site:
    """Read a crawl.

    Raises:
        InputError: The file is no crawl, or it is damaged.
    """
    file = SiteFile.read(path)
    try:
        counts, meta = file.counts(), file.meta()
        pages = pd.read_sql_query(_PAGES, file.db)
        links = pd.read_sql_query(_LINKS, file.db)
        redirects = pd.read_sql_query(_REDIRECTS, file.db)
    finally:
        file.close()
    notes = _notes(meta, counts.queued, counts.failed, dict(counts.skipped))
    report = ReadReport(
        path=str(path),
        format="redirectmap crawl",
        rows_in=len(pages),
        rows_read=len(pages),
        refused=(),
        notes=notes,
        kind="pages",
    )
    return Site(
        pages=_pages(pages, redirects),
        links=LINKS.fit(links),
        redirects=_legacy(redirects),
        report=report,
    )


def blocked_in(path: Path) -> frozenset[str]:
    """Return the URLs of a crawl that robots.txt kept it from.

    Raises:
        InputError: The file is no crawl, or it is damaged.
    """
    file = SiteFile.read(path)
    try:
        rows = file.db.execute(
            "SELECT url FROM urls WHERE state = 'skipped' AND outcome = 'robots'"
        ).fetchall()
    finally:
        file.close()
    return frozenset(url for (url,) in rows)


def _notes(
    meta: dict[str, str], queued: int, failed: int, skipped: dict[str, int]
) -> tuple[str, ...]:
    state = meta.get("state", "running")
    notes = [
        f"crawl of {meta.get('start_url', '?')}: {state}, {meta.get('reason', '')}"
    ]
    if queued:
        notes.append(f"{queued} known URLs were not fetched")
    if failed:
        notes.append(f"{failed} URLs gave no usable answer")
    notes += [
        f"{number} URLs skipped: {why}" for why, number in sorted(skipped.items())
    ]
    return tuple(notes)


def _pages(raw: pd.DataFrame, redirects: pd.DataFrame) -> pd.DataFrame:
    ends = ends_of(dict(zip(redirects["source"], redirects["target"], strict=True)))
    pages = raw.assign(final_url=raw["url"].map(ends))
    for name in ("headings", "identifiers"):
        pages[name] = [_listed(text) for text in raw[name]]
    pages["sources"] = [
        ["crawl", *(["sitemap"] if mapped else [])] for mapped in raw["in_sitemap"]
    ]
    return PAGES.fit(pages)


def _listed(text: Any) -> list[str]:  # noqa: ANN401
    return list(json.loads(text)) if isinstance(text, str) else []


def ends_of(hops: dict[str, str]) -> dict[str, str | None]:
    """Return where each redirecting URL ends; None where it never does."""
    ends: dict[str, str | None] = {}
    for source in hops:
        place, count = source, 0
        while place in hops and count <= MAX_HOPS:
            place, count = hops[place], count + 1
        ends[source] = place if place not in hops else None
    return ends


def _legacy(redirects: pd.DataFrame) -> pd.DataFrame:
    rules = redirects[redirects["kind"] == "http"].assign(origin="crawl")
    return LEGACY.fit(rules)
