"""One table of every old URL that ever mattered: who knows it, what it is worth.

Decides which URLs are of the old site (its registrable domains), which spellings
are one page (only where the site itself says so, `redirectmap.planning.variants`),
and which of them no crawl can see. The value is that of
`redirectmap.planning.value`.

Cost    linear in rows.
Reads   URLs by source and file, the old site, backlinks, traffic.
Writes  the inventory: url, sources, files, spellings, kind, status, title, the
        measures, priority; the parameters and their use.
Bounds  a source that was not given cannot be missed by name; `unknown` estimates
        how many valuable URLs no source knows.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from redirectmap.planning.overlap import next_source, unknown_urls
from redirectmap.planning.value import MEASURES, ValueWeights, value_table
from redirectmap.planning.variants import merged_spellings, parameter_uses
from redirectmap.readers import Site
from redirectmap.urls import registrable_domain

LINKED = frozenset({"crawl", "sitemap"})
"""Sources that a crawl of the site has by itself."""

_KINDS = {
    "image": "jpg jpeg png gif webp avif svg ico bmp tif tiff",
    "document": "pdf doc docx xls xlsx ppt pptx odt ods epub rtf",
    "file": "zip gz rar 7z mp3 mp4 m4a webm avi mov csv exe",
}
_KIND_OF = {end: kind for kind, ends in _KINDS.items() for end in ends.split()}


@dataclass(frozen=True)
class Sighting:
    """URLs that one file knows.

    Attributes:
        source: crawl, sitemap, backlinks, logs, search_console ...
        file: Name of the file, for people.
        urls: URL keys, in any order, repeated or not.
    """

    source: str
    file: str
    urls: Iterable[str]


@dataclass(frozen=True)
class Inventory:
    """Every old URL.

    Attributes:
        urls: One row per page, most valuable first: url, sources (list), files
            (list), spellings (list of others merged into it), kind (page,
            document, image, file), status, title, the measures, priority.
        merged: Spelling to the URL it is merged into.
        parameters: Query parameters and their use, see `parameter_uses`.
        unknown: Estimated valuable URLs that no source knows; None when the
            sources do not overlap enough to tell.
        valuable: How many URLs have a link or a visit.
        advice: Which source to add next, one line.
        weights: The weights the values were made with.
        elsewhere: URLs of other sites that exports named; they are left out.
        own: Sources that describe the site itself.
    """

    urls: pd.DataFrame
    merged: Mapping[str, str]
    parameters: pd.DataFrame
    unknown: float | None
    valuable: int
    advice: str
    weights: ValueWeights
    elsewhere: int
    own: frozenset[str]

    def unlinked(self) -> pd.DataFrame:
        """Return the rows that only exports know: no crawl, no sitemap."""
        seen = self.urls["sources"].map(self.own.isdisjoint)
        return self.urls[seen.astype(bool)]


def build_inventory(
    sightings: Sequence[Sighting],
    *,
    old: Site | None = None,
    backlinks: pd.DataFrame | None = None,
    traffic: pd.DataFrame | None = None,
    linking: Collection[str] = (),
    weights: ValueWeights | None = None,
    own: Collection[str] = (),
) -> Inventory:
    """Bring all sources together.

    Args:
        sightings: Which file knows which URLs.
        old: The old site; its hosts, canonicals and redirects decide.
        backlinks: Schema BACKLINKS.
        traffic: Schema TRAFFIC.
        linking: Domains that Search Console says link to the site.
        weights: How much each measure counts.
        own: Further sources that describe the site itself, e.g. a pages table.

    Returns:
        The inventory, most valuable first.
    """
    pages = old.pages if old is not None else None
    sources, files, elsewhere = _known(sightings, _domains(pages))
    redirects = old.redirects if old is not None else None
    merged = merged_spellings(sources, pages, redirects)
    weights = weights or ValueWeights()
    table = value_table(
        list(dict.fromkeys(merged.get(url, url) for url in sources)),
        links=old.links if old is not None else None,
        backlinks=backlinks,
        traffic=traffic,
        counts=old.counts if old is not None else None,
        merged=merged,
        weights=weights,
    ).reset_index()
    table = _described(table, _gathered(sources, merged), files, merged, pages)
    table = table.sort_values(["priority", "url"], ascending=[False, True])
    worth = _valuable(table)
    given = {one.source for one in sightings}
    listed = set(backlinks["source_domain"]) if backlinks is not None else set()
    return Inventory(
        urls=table.reset_index(drop=True),
        merged=merged,
        parameters=parameter_uses(sources, pages),
        unknown=unknown_urls(table.loc[worth, "sources"].tolist()),
        valuable=int(worth.sum()),
        advice=next_source(given, linking=linking, listed=listed),
        weights=weights,
        elsewhere=elsewhere,
        own=LINKED.union(own),
    )


def _domains(pages: pd.DataFrame | None) -> set[str]:
    """Return the registrable domains of the old site; empty where not known."""
    urls = () if pages is None else pages["url"]
    hosts = {url.split("/", 3)[2] for url in urls if "://" in url}
    return {registrable_domain(host) for host in hosts}


def _known(
    sightings: Sequence[Sighting], domains: set[str]
) -> tuple[dict[str, set[str]], dict[str, set[str]], int]:
    """Return sources and files by URL, and how many URLs are of other sites."""
    sources: dict[str, set[str]] = {}
    files: dict[str, set[str]] = {}
    elsewhere: set[str] = set()
    for one in sightings:
        for url in set(one.urls):
            if domains and registrable_domain(url.split("/", 3)[2]) not in domains:
                elsewhere.add(url)
                continue
            sources.setdefault(url, set()).add(one.source)
            files.setdefault(url, set()).add(one.file)
    return sources, files, len(elsewhere)


def _gathered(
    known: Mapping[str, set[str]], merged: Mapping[str, str]
) -> dict[str, set[str]]:
    """Hand what spellings are known by to the page they are merged into."""
    found: dict[str, set[str]] = {}
    for url, names in known.items():
        found.setdefault(merged.get(url, url), set()).update(names)
    return found


def _described(
    table: pd.DataFrame,
    sources: Mapping[str, set[str]],
    files: Mapping[str, set[str]],
    merged: Mapping[str, str],
    pages: pd.DataFrame | None,
) -> pd.DataFrame:
    """Add who knows each URL, its other spellings, and what it is."""
    spellings: dict[str, list[str]] = {}
    for url in files:
        if url in merged:
            spellings.setdefault(merged[url], []).append(url)
    found, urls = _gathered(files, merged), table["url"]
    about = None if pages is None else pages.set_index("url")[["status", "title"]]
    columns = {
        "url": urls,
        "sources": [sorted(sources[url]) for url in urls],
        "files": [sorted(found[url]) for url in urls],
        "spellings": [sorted(spellings.get(url, [])) for url in urls],
        "kind": [kind_of(url) for url in urls],
        "status": pd.NA if about is None else urls.map(about["status"]),
        "title": None if about is None else urls.map(about["title"]),
    }
    described = pd.DataFrame(columns, index=table.index)
    return pd.concat([described, table.drop(columns="url")], axis=1)


def kind_of(url: str) -> str:
    """Tell a page from a document, an image and another file, by its address."""
    _, dot, end = url.partition("?")[0].rpartition("/")[2].rpartition(".")
    return _KIND_OF.get(end.lower(), "page") if dot else "page"


def _valuable(table: pd.DataFrame) -> pd.Series:
    """Tell the rows with a link or a visit; all rows when nothing is known."""
    names = [name for name in MEASURES if name != "inlinks"]
    measured = table[names].astype("float64").fillna(0).sum(axis=1)
    return measured > 0 if (measured > 0).any() else measured >= 0
