"""One table of every old URL that ever mattered: who knows it, what it is worth.

Decides which spellings are one page, and the value of each. Spellings are merged
only where the site itself says so (`redirectmap.planning.variants`). The value of
a URL is the weighted mean of its shares:

    priority(u) = sum over known measures m of weight(m) * m(u) / sum of m
                  divided by the sum of the weights of the known measures

so priorities add up to 1. Every page counts one internal link more than it has:
a page that none was seen to link to is worth a little, not nothing. Referring
domains are counted by registrable domain, lost links not at all. With nothing
known every URL is worth the same.

Cost    linear in rows.
Reads   pages, links, backlinks, traffic, URLs by source.
Writes  the inventory: url, sources, spellings, the value columns.
Bounds  a source that was not given cannot be missed by name; `unknown_urls`
        estimates how many valuable URLs no source knows.
Source  Chao, "Estimating the population size for capture-recapture data with
        unequal catchability", Biometrics 43, 1987, doi:10.2307/2531532.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields

import pandas as pd

from redirectmap.planning.variants import merged_spellings
from redirectmap.tables import BACKLINKS, LINKS, TRAFFIC

MEASURES = (
    "referring_domains",
    "backlinks",
    "clicks",
    "sessions",
    "conversions",
    "requests",
    "inlinks",
)
NEXT_SOURCES = (
    ("logs", "an access log of the last months: it knows every URL people ask for"),
    ("backlinks", "a backlink export: it knows pages that nothing on the site links"),
    ("search_console", "Search Console pages: URLs that still earn clicks"),
    ("wayback", "the Wayback index (CDX): URLs of earlier years"),
    ("legacy", "the rules of earlier migrations: URLs that already redirect"),
    ("sitemap", "the sitemaps: URLs the site itself declares"),
    ("crawl", "a crawl: URLs linked today"),
    ("analytics", "GA4 landing pages: entry pages of campaigns"),
)


@dataclass(frozen=True, slots=True)
class ValueWeights:
    """How much each measure counts; only those that are known take part."""

    referring_domains: float = 0.40
    backlinks: float = 0.05
    clicks: float = 0.20
    sessions: float = 0.15
    conversions: float = 0.10
    requests: float = 0.05
    inlinks: float = 0.05

    def shown(self) -> str:
        """Return the weights as one line."""
        pairs = [(field.name, getattr(self, field.name)) for field in fields(self)]
        return ", ".join(f"{name} {weight:g}" for name, weight in pairs if weight)


@dataclass(frozen=True)
class Inventory:
    """Every old URL.

    Attributes:
        urls: One row per page: url, sources (list), spellings (list of other
            spellings merged into it), the measures, priority.
        merged: Spelling to the URL it is merged into.
        unknown: Estimated valuable URLs that no source knows; None when the
            sources do not overlap enough to tell.
        advice: Which source to add next, one line.
        weights: The weights the values were made with.
    """

    urls: pd.DataFrame
    merged: Mapping[str, str]
    unknown: float | None
    advice: str
    weights: str


def build_inventory(
    known: Mapping[str, Iterable[str]],
    *,
    pages: pd.DataFrame | None = None,
    links: pd.DataFrame | None = None,
    redirects: pd.DataFrame | None = None,
    backlinks: pd.DataFrame | None = None,
    traffic: pd.DataFrame | None = None,
    weights: ValueWeights | None = None,
) -> Inventory:
    """Bring all sources together.

    Args:
        known: Source name (crawl, sitemap, backlinks, logs ...) to URL keys.
        pages: Schema PAGES of the old site; says canonical and redirects.
        links: Schema LINKS.
        redirects: Schema LEGACY as observed on the old site.
        backlinks: Schema BACKLINKS.
        traffic: Schema TRAFFIC.
        weights: How much each measure counts.

    Returns:
        The inventory, most valuable first.
    """
    by_url = _sources_by_url(known)
    merged = merged_spellings(by_url, pages, redirects)
    sources: dict[str, set[str]] = {}
    spellings: dict[str, list[str]] = {}
    for url, names in by_url.items():
        home = merged.get(url, url)
        sources.setdefault(home, set()).update(names)
        if home != url:
            spellings.setdefault(home, []).append(url)
    table = value_table(
        list(sources),
        links=links,
        backlinks=backlinks,
        traffic=traffic,
        merged=merged,
        weights=weights,
    ).reset_index()
    table.insert(1, "sources", [sorted(sources[url]) for url in table["url"]])
    table.insert(2, "spellings", [sorted(spellings.get(u, [])) for u in table["url"]])
    table = table.sort_values(["priority", "url"], ascending=[False, True])
    return Inventory(
        urls=table.reset_index(drop=True),
        merged=merged,
        unknown=unknown_urls(table.loc[_valuable(table), "sources"].tolist()),
        advice=next_source(known),
        weights=(weights or ValueWeights()).shown(),
    )


def _sources_by_url(known: Mapping[str, Iterable[str]]) -> dict[str, set[str]]:
    by_url: dict[str, set[str]] = {}
    for name, urls in known.items():
        for url in urls:
            by_url.setdefault(url, set()).add(name)
    return by_url


def _valuable(table: pd.DataFrame) -> pd.Series:
    """Tell the rows with a link or a visit; all rows when nothing is known."""
    measured = table[[m for m in MEASURES if m != "inlinks"]].fillna(0).sum(axis=1)
    return measured > 0 if (measured > 0).any() else measured >= 0


def value_table(
    urls: Sequence[str],
    *,
    links: pd.DataFrame | None = None,
    backlinks: pd.DataFrame | None = None,
    traffic: pd.DataFrame | None = None,
    merged: Mapping[str, str] | None = None,
    weights: ValueWeights | None = None,
) -> pd.DataFrame:
    """Return what each URL is worth.

    Args:
        urls: URL keys of the old site, each once.
        links: Schema LINKS, for `inlinks`.
        backlinks: Schema BACKLINKS; lost links do not count.
        traffic: Schema TRAFFIC.
        merged: Spelling to the URL whose value it adds to.
        weights: How much each measure counts.

    Returns:
        Index `url`: the measures (NA where nobody measured, 0 where measured
        as none) and `priority`, 0 to 1, adding up to 1.
    """
    table = pd.DataFrame(index=pd.Index(list(urls), name="url", dtype=object))
    homes = dict(merged or {})
    _add_backlinks(
        table, backlinks if backlinks is not None else BACKLINKS.empty(), homes
    )
    _add_traffic(table, traffic if traffic is not None else TRAFFIC.empty(), homes)
    _add_inlinks(table, links if links is not None else LINKS.empty(), homes)
    table["priority"] = _priority(table, weights or ValueWeights())
    return table[[*MEASURES, "priority"]]


def _home(urls: pd.Series, homes: Mapping[str, str]) -> pd.Series:
    return urls.map(lambda url: homes.get(url, url)) if homes else urls


def _add_backlinks(
    table: pd.DataFrame, backlinks: pd.DataFrame, homes: Mapping[str, str]
) -> None:
    live = backlinks[backlinks["lost"].isna() | backlinks["lost"].eq("")]
    by_target = live.groupby(_home(live["target_url"], homes))
    known = len(backlinks) > 0
    counts = {
        "referring_domains": by_target["source_domain"].nunique(),
        "backlinks": by_target.size(),
    }
    for name, count in counts.items():
        table[name] = _counted(count, table.index, known=known)


def _add_inlinks(
    table: pd.DataFrame, links: pd.DataFrame, homes: Mapping[str, str]
) -> None:
    ends = pd.DataFrame(
        {"source": links["source"], "target": _home(links["target"], homes)}
    )
    ends = ends[ends["source"] != ends["target"]].drop_duplicates()
    count = ends.groupby("target").size()
    table["inlinks"] = _counted(count, table.index, known=len(links) > 0)


def _counted(count: pd.Series, index: pd.Index, *, known: bool) -> pd.Series:
    found = count.reindex(index).astype("Int64")
    return found.fillna(0) if known else found


def _add_traffic(
    table: pd.DataFrame, traffic: pd.DataFrame, homes: Mapping[str, str]
) -> None:
    names = ["clicks", "sessions", "conversions", "requests"]
    sums = traffic.groupby(_home(traffic["url"], homes))[names].sum(min_count=1)
    for name in names:
        table[name] = sums[name].reindex(table.index).astype("float64")


def _priority(table: pd.DataFrame, weights: ValueWeights) -> pd.Series:
    value = pd.Series(0.0, index=table.index)
    total = 0.0
    for name in MEASURES:
        measured = table[name].astype("float64").fillna(0)
        if name == "inlinks" and measured.any():
            measured += 1
        weight = float(getattr(weights, name))
        if weight > 0 and measured.sum() > 0:
            value += weight * (measured / measured.sum())
            total += weight
    if total > 0:
        return value / total
    return pd.Series(1 / max(1, len(table)), index=table.index)


def unknown_urls(sources: Sequence[Sequence[str]]) -> float | None:
    """Estimate how many URLs no source knows, from how the sources overlap.

    Chao's lower bound: with `once` URLs known to one source only and `twice` to
    exactly two, of t sources, (t-1)/t * once^2 / (2 * twice) are unseen.

    Returns:
        The estimate; None for fewer than two sources or too little overlap.
    """
    names = {name for row in sources for name in row}
    once = sum(len(set(row)) == 1 for row in sources)
    twice = sum(len(set(row)) == 2 for row in sources)
    if len(names) < 2 or twice < 3:
        return None
    return (len(names) - 1) / len(names) * once * once / (2 * twice)


def next_source(known: Mapping[str, Iterable[str]]) -> str:
    """Name the source that is missing and usually knows most."""
    for name, why in NEXT_SOURCES:
        if name not in known:
            return f"add {name}: {why}"
    return "every kind of source has been given"
