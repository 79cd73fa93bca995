"""What each old URL is worth, in shares of the whole site's value.

The value of a URL is the weighted mean of its shares:

    priority(u) = sum over known measures m of weight(m) * m(u) / sum of m
                  divided by the sum of the weights of the known measures

so priorities add up to 1. Every page counts one internal link more than it has:
a page that none was seen to link to is worth a little, not nothing. Referring
domains are counted by registrable domain, lost links not at all. Where a vendor
counts links without listing them, the larger of both counts stands, so that no
link counts twice. With nothing known every URL is worth the same.

Cost    linear in rows.
Reads   links, backlinks, link_counts, traffic.
Writes  the measures and `priority`, one row per URL.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields

import pandas as pd

from redirectmap.readers import inlinks_of
from redirectmap.tables import BACKLINKS, LINK_COUNTS, LINKS, TRAFFIC

MEASURES = (
    "referring_domains",
    "backlinks",
    "clicks",
    "sessions",
    "conversions",
    "requests",
    "inlinks",
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


def value_table(
    urls: Sequence[str],
    *,
    links: pd.DataFrame | None = None,
    backlinks: pd.DataFrame | None = None,
    traffic: pd.DataFrame | None = None,
    counts: pd.DataFrame | None = None,
    merged: Mapping[str, str] | None = None,
    weights: ValueWeights | None = None,
) -> pd.DataFrame:
    """Return what each URL is worth.

    Args:
        urls: URL keys of the old site, each once.
        links: Schema LINKS, for `inlinks`.
        backlinks: Schema BACKLINKS; lost links do not count.
        traffic: Schema TRAFFIC.
        counts: Schema LINK_COUNTS.
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
    _add_counts(table, counts if counts is not None else LINK_COUNTS.empty(), homes)
    _add_traffic(table, traffic if traffic is not None else TRAFFIC.empty(), homes)
    _add_inlinks(table, links if links is not None else LINKS.empty(), homes)
    table["priority"] = _priority(table, weights or ValueWeights())
    return table[[*MEASURES, "priority"]]


def _home(urls: pd.Series, homes: Mapping[str, str]) -> pd.Series:
    if not homes:
        return urls
    moved = urls.map(homes)
    return moved.where(moved.notna(), urls)


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


def _add_counts(
    table: pd.DataFrame, counts: pd.DataFrame, homes: Mapping[str, str]
) -> None:
    """Raise the link measures to what a vendor counted without listing."""
    if counts.empty:
        return
    largest = counts.groupby(_home(counts["url"], homes)).max(numeric_only=True)
    for name in ("referring_domains", "backlinks"):
        said = largest[name].reindex(table.index).astype("Int64")
        listed = table[name]
        more = said.notna() & (listed.isna() | (said > listed.fillna(-1)))
        table[name] = listed.mask(more.astype(bool), said)


def _add_inlinks(
    table: pd.DataFrame, links: pd.DataFrame, homes: Mapping[str, str]
) -> None:
    count = inlinks_of(links.assign(target=_home(links["target"], homes)))
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
