"""Put several descriptions of one site together.

Decides what is known of a page that several files describe: the first file that
knows a value wins, the others fill what it left open, and all are its sources.
"""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from redirectmap.readers.records import Site
from redirectmap.tables import PAGES


def joined_sites(sites: Sequence[Site]) -> Site:
    """Return one site; the report is that of the first.

    Args:
        sites: At least one; earlier ones overrule later ones.
    """
    first = sites[0]
    if len(sites) == 1:
        return first
    pages = pd.concat([site.pages for site in sites], ignore_index=True)
    return Site(
        pages=_one_per_url(pages),
        links=_stacked([site.links for site in sites]),
        redirects=_stacked([s.redirects for s in sites]).drop_duplicates("source"),
        report=first.report,
        counts=_stacked([site.counts for site in sites]),
    )


def _stacked(tables: Sequence[pd.DataFrame]) -> pd.DataFrame:
    filled = [table for table in tables if len(table)]
    return pd.concat(filled, ignore_index=True) if filled else tables[0]


def _one_per_url(pages: pd.DataFrame) -> pd.DataFrame:
    repeated = pages["url"].duplicated(keep=False)
    again = pages[repeated].groupby("url", sort=False)
    if not repeated.any():
        return pages
    merged = again.first().reset_index()
    names = again["sources"].agg(lambda lists: [n for one in lists for n in one or ()])
    merged["sources"] = [list(dict.fromkeys(one)) for one in names]
    order = pages.loc[~pages["url"].duplicated(), "url"]
    whole = pd.concat([pages[~repeated], PAGES.fit(merged)], ignore_index=True)
    return PAGES.fit(whole.set_index("url").reindex(order).reset_index())
