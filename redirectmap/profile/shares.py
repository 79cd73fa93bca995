"""Measure shares of a backlink profile, each with its interval.

Links of one domain are not independent: a footer link on 10 000 pages is one
decision. So the interval of a share of links is Wilson's with the sample that
the likeness within domains leaves (Kish's effective size as the floor), and a
share of referring domains counts every domain once.

Reads   `backlinks`.
Writes  `Share`s.
Bounds  what the vendor never saw is not in the sample; the interval knows
        nothing about that.
Source  Wilson (1927), J. Am. Stat. Assoc. 22; Kish (1965), Survey Sampling;
        Dean and Pagano (2015), J. Surv. Stat. Methodol. 3 (Wilson with the
        effective sample size of a clustered sample).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import NormalDist
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from redirectmap.signals.kinds import is_home

LEVEL = 0.95


@dataclass(frozen=True, slots=True)
class Share:
    """A measured share.

    Attributes:
        part: Observations counted.
        total: Observations in all.
        value: part / total; NaN where there is nothing.
        low: Lower end of the 95 % interval.
        high: Upper end.
        sample: Independent observations behind the interval, at most total.
    """

    part: int
    total: int
    value: float
    low: float
    high: float
    sample: float

    def row(self) -> dict[str, Any]:
        """Return the share for a JSON file."""
        shown = math.isfinite(self.value)
        return {
            "part": self.part,
            "total": self.total,
            "share": round(self.value, 4) if shown else None,
            "low": round(self.low, 4),
            "high": round(self.high, 4),
            "independent": round(self.sample, 1),
        }


@dataclass(frozen=True, slots=True)
class HomepageShare:
    """Share of links, and of referring domains, that point at the homepage.

    A domain counts when at least one of its links does.
    """

    links: Share
    domains: Share

    def row(self) -> dict[str, Any]:
        """Return both shares for a JSON file."""
        return {"links": self.links.row(), "domains": self.domains.row()}


def measure_home(links: pd.DataFrame) -> HomepageShare:
    """Measure the homepage's share of `links` (source_domain, target_url)."""
    home = {url: is_home(url) for url in links["target_url"].unique()}
    return measure(links, links["target_url"].map(home).to_numpy(dtype=bool))


def measure(links: pd.DataFrame, hit: NDArray[np.bool_]) -> HomepageShare:
    """Measure the share of `links` where `hit`, and of domains with such a link."""
    domains = links["source_domain"].to_numpy()
    by_domain = pd.Series(hit).groupby(domains).any()
    return HomepageShare(
        links=clustered_share(hit, domains),
        domains=plain_share(int(by_domain.sum()), len(by_domain)),
    )


def plain_share(part: int, total: int) -> Share:
    """Return the share of independent observations."""
    return _share(part, total, float(total), NormalDist().inv_cdf((1 + LEVEL) / 2))


def clustered_share(hit: NDArray[np.bool_], cluster: NDArray[Any]) -> Share:
    """Return the share of observations that come in clusters.

    Args:
        hit: Whether each observation counts.
        cluster: Label of its cluster (the referring domain), same length.
    """
    total = len(hit)
    if total == 0:
        return plain_share(0, 0)
    grouped = pd.DataFrame({"hit": hit, "cluster": cluster}).groupby("cluster")["hit"]
    parts: NDArray[np.float64] = np.asarray(grouped.sum(), dtype=np.float64)
    sizes: NDArray[np.float64] = np.asarray(grouped.size(), dtype=np.float64)
    kish = total**2 / float((sizes**2).sum())
    sample = _effective_sample(parts, sizes, kish)
    return _share(int(hit.sum()), total, sample, _student(kish - 1))


def _effective_sample(
    parts: NDArray[np.float64], sizes: NDArray[np.float64], kish: float
) -> float:
    """Return how many independent observations are worth the clustered ones.

    By the correlation within clusters (analysis of variance); where every
    cluster holds one observation or all agree, Kish's size.
    """
    total = float(sizes.sum())
    value = float(parts.sum()) / total
    count = len(sizes)
    if count in {1, total} or value in {0.0, 1.0}:
        return kish
    means = parts / sizes
    between = float((sizes * (means - value) ** 2).sum()) / (count - 1)
    within = float((parts * (1 - means)).sum()) / (total - count)
    usual_size = (total - float((sizes**2).sum()) / total) / (count - 1)
    below = between + (usual_size - 1) * within
    alike = (between - within) / below if below > 0 else 1.0
    alike = min(max(alike, 0.0), 1.0)
    worth = total**2 / float((sizes * (1 + (sizes - 1) * alike)).sum())
    return min(max(worth, kish), total)


def _student(freedom: float) -> float:
    """Return the two-sided quantile of Student's t at `LEVEL`."""
    from scipy.special import stdtrit

    return float(stdtrit(max(freedom, 1.0), (1 + LEVEL) / 2))


def _share(part: int, total: int, sample: float, z: float) -> Share:
    if total == 0:
        return Share(0, 0, math.nan, 0.0, 1.0, 0.0)
    value = part / total
    middle = (value + z**2 / (2 * sample)) / (1 + z**2 / sample)
    half = math.sqrt(value * (1 - value) / sample + z**2 / (4 * sample**2))
    half *= z / (1 + z**2 / sample)
    low = 0.0 if part == 0 else max(0.0, middle - half)
    high = 1.0 if part == total else min(1.0, middle + half)
    return Share(part, total, value, low, high, sample)
