"""What external links bring to each page, before anything flows.

Reads   `backlinks`; only live, followed links count.
Writes  `External`: one row per page that others link to.
Bounds  a vendor's authority is believed only when the settings say so.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from redirectmap.profile.moves import followed, page_key

Seeds = Literal["domains", "links", "authority", "even"]
SEEDS: tuple[Seeds, ...] = ("domains", "links", "authority", "even")


@dataclass(frozen=True, slots=True)
class External:
    """External links by the page they point at.

    Attributes:
        pages: Index `page_key`; url (one spelling), weight, links.
        voices: key and source_domain, distinct: which domain links where.
    """

    pages: pd.DataFrame
    voices: pd.DataFrame

    def only(self, keys: Iterable[str]) -> External:
        """Return the links to these pages: exports may hold other sites' links."""
        ours = set(keys)
        pages = self.pages[self.pages.index.isin(ours)]
        return External(pages, self.voices[self.voices["key"].isin(ours)])

    def seeds(self, keys: pd.Index, at: pd.Series | None = None) -> NDArray[np.float64]:
        """Return the weight that arrives at each page.

        Args:
            keys: `page_key` of each page, in order.
            at: Where each row of `pages` leads; by default where it points.
        """
        return _sums(self.pages["weight"], self._ends(at), keys)

    def domains(self, keys: pd.Index, at: pd.Series | None = None) -> NDArray[np.int64]:
        """Return how many referring domains link to each page."""
        ends = self.voices["key"].map(self._ends(at))
        told = self.voices.assign(end=ends).drop_duplicates(["end", "source_domain"])
        ones = pd.Series(1.0, index=told.index)
        return _sums(ones, told["end"], keys).astype(np.int64)

    def _ends(self, at: pd.Series | None) -> pd.Series:
        return self.pages.index.to_series() if at is None else at


def _sums(weights: pd.Series, ends: pd.Series, keys: pd.Index) -> NDArray[np.float64]:
    """Add up weights by where they end; several pages may share a key: the first."""
    rows = pd.Series(np.arange(len(keys)), index=keys)
    rows = rows[~rows.index.duplicated()]
    place = ends.map(rows)
    known = place.notna().to_numpy()
    total = np.zeros(len(keys))
    np.add.at(total, place[known].astype(np.int64), weights.to_numpy()[known])
    return total


def external_of(backlinks: pd.DataFrame | None, how: Seeds) -> External:
    """Weigh external links.

    Args:
        backlinks: Schema `BACKLINKS`; None where there are none.
        how: `domains`: each referring domain counts once per page; `links`:
            each link; `authority`: each domain by the vendor's authority (at
            least 1, also where it is not known); `even`: nothing counts, all
            pages start alike.
    """
    names = ["source_domain", "target_url", "authority"]
    rows = pd.DataFrame(columns=names) if backlinks is None else backlinks
    if backlinks is not None:
        rows = rows.loc[rows["lost"].fillna("").eq("") & followed(rows), names]
    keys = {url: page_key(url) for url in rows["target_url"].unique()}
    rows = rows.assign(key=rows["target_url"].map(keys).astype(object), weight=1.0)
    if how == "authority":
        known = rows["authority"].astype("float64").fillna(1.0).clip(lower=1.0)
        rows = rows.assign(weight=known).sort_values("weight", ascending=False)
    voices = rows.drop_duplicates(["key", "source_domain"])
    counted = rows if how == "links" else voices
    pages = pd.DataFrame(
        {
            "url": rows.groupby("key")["target_url"].first(),
            "weight": counted.groupby("key")["weight"].sum() * (how != "even"),
            "links": rows.groupby("key").size(),
        }
    )
    return External(pages, voices[["key", "source_domain"]])
