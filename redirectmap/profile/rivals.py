"""Where competitors stand, and which of them make up the natural range.

Reads   one backlinks table per competitor.
Writes  `Field`: each one's homepage share and anchor mix, the cluster, our place.
Bounds  the cluster needs three rivals of `MIN_SAMPLE` referring domains; it is
        the span of those within 2.5 robust deviations (MAD, at least 5 points)
        of the median, so one outlier among three does not stretch it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

import pandas as pd

from redirectmap.errors import UsageError
from redirectmap.profile.anchors import CLASSES
from redirectmap.profile.links import classed_links
from redirectmap.profile.measures import anchor_mix
from redirectmap.profile.ranges import MIN_SAMPLE, Range, Verdict, judge
from redirectmap.profile.shares import HomepageShare, measure_home
from redirectmap.urls import Url, parse

MIN_RIVALS = 3
_MAD_TO_DEVIATION = 1.4826
_FLOOR = 0.05
_REACH = 2.5


@dataclass(frozen=True, slots=True)
class Cluster:
    """The natural range of a field: shares, 0 to 1, and who is in it."""

    low: float
    high: float
    members: tuple[str, ...]
    outliers: tuple[str, ...]

    @property
    def range(self) -> Range:
        """The cluster as a range to judge by."""
        return Range(self.low, self.high, f"{len(self.members)} competitors")


@dataclass(frozen=True, slots=True)
class Field:
    """Competitors and us.

    Attributes:
        shares: Homepage shares by site, ours first.
        mixes: Anchor mix by site, ours first.
        cluster: Of the shares of referring domains; None for too few.
        verdict: Where we stand in the cluster.
        small: Competitors with too few domains to count.
    """

    shares: dict[str, HomepageShare]
    mixes: dict[str, dict[str, dict[str, float]]]
    cluster: Cluster | None
    verdict: Verdict
    small: tuple[str, ...]

    def table(self) -> pd.DataFrame:
        """Return one row per site: shares, intervals, place, anchor mix by domains."""
        return pd.DataFrame([self._row(site) for site in self.shares])

    def _row(self, site: str) -> dict[str, Any]:
        share = self.shares[site]
        first = next(iter(self.shares))
        place = "we" if site == first else self._place(site)
        mix = {str(name): self.mixes[site][name]["domains_share"] for name in CLASSES}
        return {
            "site": site,
            "place": place,
            "links": share.links.total,
            "domains": share.domains.total,
            "homepage_links": share.links.value,
            "homepage_domains": share.domains.value,
            "homepage_domains_low": share.domains.low,
            "homepage_domains_high": share.domains.high,
        } | mix

    def _place(self, site: str) -> str:
        if site in self.small:
            return "too little data"
        if self.cluster is None:
            return "counted"
        return "cluster" if site in self.cluster.members else "outlier"

    def row(self) -> dict[str, Any]:
        """Return the field for a JSON file."""
        return {
            "sites": {name: share.row() for name, share in self.shares.items()},
            "anchor_mix": self.mixes,
            "cluster": self.cluster
            and {
                "low": round(self.cluster.low, 4),
                "high": round(self.cluster.high, 4),
                "members": list(self.cluster.members),
                "outliers": list(self.cluster.outliers),
                "we_are": self._where(self.cluster),
                "verdict": self.verdict,
            },
            "too_small": list(self.small),
            "note": None if self.cluster else self.note,
        }

    def _where(self, cluster: Cluster) -> str:
        value = next(iter(self.shares.values())).domains.value
        if cluster.low <= value <= cluster.high:
            return "inside"
        return "below" if value < cluster.low else "above"

    @property
    def note(self) -> str:
        """Why there is no cluster."""
        counted = len(self.shares) - 1 - len(self.small)
        return (
            f"too little data: a natural range needs {MIN_RIVALS} competitors with "
            f"{MIN_SAMPLE} referring domains or more, {counted} given"
        )


def field_of(
    competitors: Sequence[tuple[str, pd.DataFrame]], site: str, links: pd.DataFrame
) -> Field | None:
    """Hold our profile against competitors'; None where there are none.

    Args:
        competitors: Site and `BACKLINKS` of each.
        site: Ours.
        links: Our classed links.

    Raises:
        UsageError: A competitor's export points at our own site.
    """
    if not competitors:
        return None
    shares, mixes = {site: measure_home(links)}, {site: anchor_mix(links)}
    own = set(links["target_url"])
    for name, table in competitors:
        theirs = classed_links(table, name, None)
        if theirs["target_url"].isin(own).any():
            raise UsageError(
                f"the export of {name} is about the site itself",
                hint="give --competitor other sites' exports",
            )
        shares[name], mixes[name] = measure_home(theirs), anchor_mix(theirs)
    rivals = {name: shares[name].domains for name in shares if name != site}
    small = tuple(n for n, share in rivals.items() if share.sample < MIN_SAMPLE)
    found = cluster({n: s.value for n, s in rivals.items() if n not in small})
    verdict: Verdict = "too_little"
    if found is not None:
        verdict = judge(shares[site].domains, found.range)
    return Field(shares, mixes, found, verdict, small)


def cluster(values: dict[str, float]) -> Cluster | None:
    """Return the cluster of the rivals' shares; None for fewer than three."""
    if len(values) < MIN_RIVALS:
        return None
    middle = median(values.values())
    spread = median(abs(value - middle) for value in values.values())
    reach = _REACH * max(_MAD_TO_DEVIATION * spread, _FLOOR)
    inside = {n: v for n, v in values.items() if abs(v - middle) <= reach}
    return Cluster(
        min(inside.values()),
        max(inside.values()),
        tuple(sorted(inside)),
        tuple(sorted(values.keys() - inside.keys())),
    )


def site_of(backlinks: pd.DataFrame) -> str:
    """Return the host that most links of an export point at."""
    hosts: dict[str, int] = {}
    for url, count in backlinks["target_url"].value_counts().items():
        found = parse(str(url))
        if isinstance(found, Url):
            host = found.host.removeprefix("www.")
            hosts[host] = hosts.get(host, 0) + int(count)
    return max(sorted(hosts), key=lambda host: hosts[host], default="")
