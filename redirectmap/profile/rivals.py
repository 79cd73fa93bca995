"""Where competitors stand, and which of them make up the natural range.

Reads   one backlinks table per competitor.
Writes  `Rivals`: each one's homepage share and anchor-free facts, the cluster.
Bounds  the cluster needs three rivals; it is the span of those within 2.5
        robust deviations (MAD, at least 5 points) of the median, so one
        outlier among three does not stretch it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

import pandas as pd

from redirectmap.profile.shares import HomepageShare, homepage_share
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


def rival_shares(
    rivals: Sequence[tuple[str, pd.DataFrame]],
) -> dict[str, HomepageShare]:
    """Return each rival's homepage share by its site."""
    return {site: homepage_share(table, site).before for site, table in rivals}


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
