"""A site's links as numbers: what link equity needs, and nothing else.

A page is a row number; a link is two of them and a byte of flags.

Reads   `pages`, `links`; files in `linkfiles`.
Writes  `SiteLinks`.
Bounds  links to hosts without a fetched page are left out.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

Ints = NDArray[np.int32]
NOFOLLOW, MENU, FOOTER = 1, 2, 4
MENUS = ("nav", "header", "aside")
UNREAD = "the crawl could not or did not fetch it (robots.txt, failure, limit)"
FACTS = ("status", "robots", "final_url", "title", "identifiers")


@dataclass(frozen=True, slots=True)
class SiteLinks:
    """A site's pages and internal links.

    Attributes:
        pages: Row number = page number; url (passed the gate), status (float,
            NaN not known), robots, final_url, title, identifiers (all may be
            None), missing (None for a page that was fetched, else why not).
        source: Page number of each link's page, shape (m,).
        target: Page number of each link's target, shape (m,).
        flags: `NOFOLLOW`, `MENU` (nav, header, aside) and `FOOTER` of each
            link, shape (m,), uint8.
    """

    pages: pd.DataFrame
    source: Ints
    target: Ints
    flags: NDArray[np.uint8]

    def with_pages(self, urls: Iterable[str], why: str) -> SiteLinks:
        """Return the site with pages that only others know, without links."""
        more = pd.DataFrame({"url": pd.Series(list(urls), dtype=object)})
        if more.empty:
            return self
        more = more.assign(status=np.nan, missing=why)
        pages = pd.concat([self.pages, more], ignore_index=True)
        return replace(self, pages=pages.astype({"status": "float64"}))

    def robots_say(self, pattern: str) -> NDArray[np.bool_]:
        """Say which pages' robots directives match a pattern, case ignored."""
        found = re.compile(pattern, re.IGNORECASE)
        said = self.pages["robots"].tolist()
        told = {text: bool(found.search(str(text))) for text in set(said) if text}
        return np.fromiter((told.get(text, False) for text in said), bool, len(said))


def links_of(pages: pd.DataFrame, links: pd.DataFrame) -> SiteLinks:
    """Number the tables of a site.

    Args:
        pages: Schema `PAGES`.
        links: Schema `LINKS`.
    """
    known = pd.Index(pages["url"])
    more = [links["target"], links["source"], pages["final_url"].dropna()]
    urls = known.append([pd.Index(part) for part in more]).unique()
    rel = links["rel"].fillna("").astype(str).str.lower().str.contains("nofollow")
    region = links["region"].fillna("")
    flags = NOFOLLOW * rel + MENU * region.isin(MENUS) + FOOTER * region.eq("footer")
    fetched = urls.isin(known)
    table = pages[["url", *FACTS]].set_axis(known).reindex(urls)
    table["missing"] = pd.Series(UNREAD, index=urls, dtype=object).mask(fetched, None)
    table["url"] = urls
    return own_pages(
        SiteLinks(
            table.reset_index(drop=True).astype({"status": "float64"}),
            urls.get_indexer(links["source"]).astype(np.int32),
            urls.get_indexer(links["target"]).astype(np.int32),
            flags.to_numpy().astype(np.uint8),
        )
    )


def own_pages(site: SiteLinks) -> SiteLinks:
    """Leave out pages of hosts on which nothing was fetched, and their links."""
    urls, missing = site.pages["url"].tolist(), site.pages["missing"].tolist()
    hosts = [host_of(url) for url in urls]
    ours = {host for host, why in zip(hosts, missing, strict=True) if why is None}
    kept = np.fromiter((host in ours for host in hosts), bool, len(hosts))
    if kept.all():
        return site
    numbers = np.where(kept, np.cumsum(kept) - 1, -1).astype(np.int32)
    inside = kept[site.source] & kept[site.target]
    return SiteLinks(
        site.pages[kept].reset_index(drop=True),
        numbers[site.source[inside]],
        numbers[site.target[inside]],
        site.flags[inside],
    )


def host_of(url: str) -> str:
    """Return the host of a URL that passed the gate."""
    parts = url.split("/", 3)
    return parts[2] if len(parts) > 2 else ""
