"""What surrounds the pages: robots.txt, sitemaps, and URLs that cannot exist.

Each is asked once per host (probes: once per host and first folder).

Bounds  `MAX_SITEMAPS` sitemaps of `SITEMAP_CAP` bytes, `MAX_PROBES` probes a run.
Source  RFC 9309 (4xx = all allowed, 5xx = all forbidden); sitemaps.org.
"""

from __future__ import annotations

import hashlib
import html
import re
import zlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

from protego import Protego

from redirectmap.urls import Url, parse
from redirectmap.verify.engine import Engine
from redirectmap.verify.sites import Sites, host_of, origin_of
from redirectmap.verify.walk import Walk, Walker

ROBOTS_CAP = 512 * 1024
SITEMAP_CAP = 50_000_000
MAX_SITEMAPS = 50
MAX_PROBES = 300
_LOC = re.compile(
    rb"<loc>\s*(?:<!\[CDATA\[)?\s*([^<\]]{1,4000}?)\s*(?:\]\]>)?\s*</loc>"
)


@dataclass(slots=True)
class Robots:
    """The robots.txt of every origin asked."""

    files: dict[str, Protego | None] = field(default_factory=dict)
    sitemaps: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def allows(self, url: str) -> bool:
        """Say whether Googlebot may fetch `url`; unknown files allow all."""
        if origin_of(url) not in self.files:
            return True
        rules = self.files[origin_of(url)]
        return rules is not None and bool(rules.can_fetch(url, "Googlebot"))


def fetch(urls: Iterable[str], sites: Sites, engine: Engine, cap: int) -> list[Walker]:
    """Fetch `urls`, following redirects, bodies kept up to `cap` bytes."""
    done: list[Walker] = []
    starts = (url for url in map(parse, urls) if isinstance(url, Url))
    scope = sites.scope
    walkers = (Walker(start, scope, agent="googlebot", cap=cap) for start in starts)
    engine.run(walkers, done.append)
    return done


def read_robots(origins: Iterable[str], sites: Sites, engine: Engine) -> Robots:
    """Fetch and read the robots.txt of every origin."""
    robots = Robots()
    urls = {f"{origin}/robots.txt": origin for origin in sorted(set(origins))}
    for walker in fetch(urls, sites, engine, ROBOTS_CAP):
        origin = urls[walker.walk.start]
        status = walker.walk.status
        if walker.walk.end == "answer" and status < 400:
            rules = Protego.parse(walker.body.decode("utf-8-sig", "replace"))
            robots.files[origin] = rules
            robots.sitemaps += [str(url) for url in rules.sitemaps]
        elif 500 <= status < 600:
            robots.files[origin] = None
            robots.notes.append(
                f"{origin}/robots.txt answers {status}: search engines stay away"
            )
    return robots


def listed_urls(
    robots: Robots,
    origins: Iterable[str],
    sites: Sites,
    engine: Engine,
    wanted: Callable[[str], bool],
) -> dict[str, str]:
    """Return the `wanted` URLs that sitemaps of `origins` list, and which one does."""
    hosts = {host_of(f"{origin}/") for origin in origins}
    todo = [f"{origin}/sitemap.xml" for origin in sorted(set(origins))]
    todo += [url for url in robots.sitemaps if url.startswith("http")]
    asked: set[str] = set()
    found: dict[str, str] = {}
    while todo and len(asked) < MAX_SITEMAPS:
        batch = [url for url in dict.fromkeys(todo) if url not in asked]
        asked.update(batch)
        todo = []
        for walker in fetch(batch[:MAX_SITEMAPS], sites, engine, SITEMAP_CAP):
            body = _unpacked(walker.body) if walker.walk.status == 200 else b""
            walker.body = b""
            if b"<sitemapindex" in body[:2_000]:
                todo += [url for url in _locs(body) if host_of(url) in hosts]
            else:
                listed = filter(wanted, _locs(body))
                found.update(dict.fromkeys(listed, walker.walk.start))
    return found


def _unpacked(body: bytes) -> bytes:
    if not body.startswith(b"\x1f\x8b"):
        return body
    try:
        return zlib.decompressobj(31).decompress(body, SITEMAP_CAP)
    except zlib.error:
        return b""


def _locs(body: bytes) -> Iterator[str]:
    texts = (
        html.unescape(m[1].decode("utf-8", "replace")) for m in _LOC.finditer(body)
    )
    return (url.key for url in map(parse, texts) if isinstance(url, Url))


def probe_urls(finals: Iterable[str], seed: str) -> dict[str, str]:
    """Make one URL that cannot exist per host and first folder of `finals`.

    Returns:
        Probe URL -> the `origin/folder` it speaks for.
    """
    places = sorted({place_of(url) for url in finals})[:MAX_PROBES]
    return {
        f"{place}/{hashlib.sha256((seed + place).encode()).hexdigest()[:20]}": place
        for place in places
    }


def place_of(url: str) -> str:
    """Return host and first folder: `https://x/a/b/c` -> `https://x/a`."""
    origin = origin_of(url)
    folder, slash, _ = url[len(origin) + 1 :].partition("?")[0].partition("/")
    return f"{origin}/{folder}" if slash and folder else origin


def walk_note(place: str, walk: Walk) -> str | None:
    """Say what a host does wrong with a URL that cannot exist, or None."""
    if walk.end == "answer" and walk.status == 200:
        how = f"goes to {walk.final_url}" if walk.hops else "answers 200"
        return f"a URL that cannot exist below {place}/ {how}: soft 404"
    return None
