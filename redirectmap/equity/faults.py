"""What wastes link equity inside a site, as findings with stable ids.

Reads   the page table of `flow`, `SiteLinks`.
Writes  rows of `findings`, largest share of equity first, `PER_CHECK` a check.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlsplit

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from redirectmap.equity.graph import SILENT
from redirectmap.readers.linkgraph import FOOTER, MENU, NOFOLLOW, SiteLinks

Row = dict[str, Any]
Mask = NDArray[np.bool_]
MAX_DEPTH = 3
MAX_NAV_LINKS = 100
PER_CHECK = 50
MAX_SEGMENTS = 5
MAX_PARAMETERS = 2
MAX_PATH_CHARS = 115
EVERYWHERE = 0.5
"""Share of pages whose navigation links a page: linked everywhere."""
IMPORTANT = ("category", "service", "product", "location")
_LOW_VALUE = (
    "privacy|datenschutz|terms|agb|impressum|imprint|cookie|login|anmelden|register"
    "|cart|warenkorb|wishlist|tag/|author/|account|konto|widerruf|sitemap"
)


def faults(table: pd.DataFrame, site: SiteLinks) -> list[Row]:
    """Return every fault of one site.

    Args:
        table: Page table of `flow`, row = page number.
        site: The site's links.
    """
    pages = table.assign(
        status=site.pages["status"],
        blocked=site.robots_say("blocked|disallow"),
        noindex=site.robots_say("noindex"),
        silent=site.robots_say(SILENT),
        missing=site.pages["missing"],
    )
    checks: tuple[Callable[[], Iterator[Row]], ...] = (
        lambda: _orphans(pages),
        lambda: _unreached(pages),
        lambda: _deep(pages),
        lambda: _weak_home(pages, site),
        lambda: _navigation(pages, site),
        lambda: _low_value(pages, site),
        lambda: _nofollow(pages, site),
        lambda: _stuck(pages),
        lambda: _messy(pages),
    )
    return [row for check in checks for row in check()]


def _orphans(pages: pd.DataFrame) -> Iterator[Row]:
    inner = pages["missing"].isna() & pages["kind"].ne("home") & ~_off(pages)
    for page in _worst(pages, inner & pages["inlinks"].eq(0)):
        text = f"no page links here{_linked(page, ', yet {} from outside')}"
        yield _row("equity-orphan", page, text, "link it from its section's page")


def _unreached(pages: pd.DataFrame) -> Iterator[Row]:
    """Pages that link to each other, and no path from the homepage leads in."""
    if pages["depth"].max() < 0:
        return
    alone = pages["depth"].lt(0) & pages["inlinks"].gt(0) & pages["missing"].isna()
    for page in _worst(pages, alone & ~_off(pages)):
        text = "no path of followed links leads here from the homepage"
        yield _row("equity-unreached", page, text, "link it from its section's page")


def _deep(pages: pd.DataFrame) -> Iterator[Row]:
    deep = pages["depth"].gt(MAX_DEPTH) & pages["missing"].isna() & ~_off(pages)
    for page in _worst(pages, deep):
        text = f"{page['depth']} clicks from the homepage"
        yield _row("equity-deep", page, text, "link it from a page nearer the homepage")


def _weak_home(pages: pd.DataFrame, site: SiteLinks) -> Iterator[Row]:
    """Important pages (by kind, and linked from outside) that home hardly links."""
    homes = np.flatnonzero(pages["depth"].eq(0))
    if not len(homes):
        return
    given = (site.source == homes[0]) & (site.flags & NOFOLLOW == 0)
    strong = np.zeros(len(pages), dtype=bool)
    strong[site.target[given & (site.flags & FOOTER == 0)]] = True
    linked = np.zeros(len(pages), dtype=bool)
    linked[site.target[given]] = True
    wanted = pages["kind"].isin(IMPORTANT) & pages["referring_domains"].gt(0)
    for page in _worst(pages, wanted & ~strong & ~_off(pages)):
        how = "only in its footer" if linked[page["number"]] else "not at all"
        text = f"the homepage links this {page['kind']} page {how}{_linked(page)}"
        yield _row("equity-home-weak", page, text, "link it from the homepage's text")


def _navigation(pages: pd.DataFrame, site: SiteLinks) -> Iterator[Row]:
    menu = site.flags & (MENU | FOOTER) > 0
    size = len(pages)
    often = np.bincount(site.source[menu], minlength=size) > MAX_NAV_LINKS
    counts = _sources_per(site.target, site.source, menu & often[site.source], size)
    heavy = counts > MAX_NAV_LINKS
    if heavy.any():
        page = {"url": pages["url"].iloc[int(counts.argmax())], "equity": None}
        text = (
            f"{heavy.sum()} pages carry more than {MAX_NAV_LINKS} navigation links, "
            f"up to {counts.max()}"
        )
        yield _row("equity-navigation", page, text, "cut the menu to what visitors use")


def _low_value(pages: pd.DataFrame, site: SiteLinks) -> Iterator[Row]:
    """Pages nobody searches for that navigation links from half the site."""
    urls = pages["url"].astype("str")  # Arrow's search is ten times Python's
    low = urls.str.contains(_LOW_VALUE, case=False, regex=True).to_numpy(bool)
    menu = (site.flags & (MENU | FOOTER) > 0) & low[site.target]
    counts = _sources_per(site.source, site.target, menu, len(pages))
    linking = np.count_nonzero(np.bincount(site.source, minlength=1))
    for page in _worst(pages, low & (counts >= max(1, EVERYWHERE * linking))):
        text = f"linked from the navigation everywhere, holds {page['equity']:.2%}"
        yield _row("equity-low-value", page, text, "link it once, from the footer")


def _nofollow(pages: pd.DataFrame, site: SiteLinks) -> Iterator[Row]:
    without = site.flags & NOFOLLOW > 0
    counts = _sources_per(site.source, site.target, without, len(pages))
    for page in _worst(pages, counts > 0):
        text = f"{counts[page['number']]} internal pages link here with nofollow"
        yield _row("equity-nofollow", page, text, "drop nofollow on internal links")
    for page in _worst(pages, pages["silent"] & pages["outlinks"].gt(0)):
        text = "its robots directive says nofollow: none of its links passes equity"
        yield _row("equity-nofollow", page, text, "drop nofollow from the directive")


def _stuck(pages: pd.DataFrame) -> Iterator[Row]:
    """Equity at pages that pass it on late or not at all; unread ones included."""
    told = {why: f"a page that was not fetched: {why}" for why in _known(pages)}
    reasons = pages["missing"].map(told).astype(object)
    reasons = reasons.where(reasons.notna(), "")
    reasons[pages["blocked"]] = "a page that robots.txt blocks"
    reasons[pages["noindex"]] = "a page with noindex"
    reasons[pages["status"].between(300, 399)] = "a redirect"
    reasons[pages["status"].ge(400)] = "an error page"
    wanted = reasons.ne("") & pages["inlinks"].gt(0) & pages["kind"].ne("file")
    for page in _worst(pages.assign(why=reasons), wanted):
        text = f"{page['equity']:.2%} of link equity sits behind {page['why']}"
        yield _row("equity-stuck", page, text, "link a page that answers 200 instead")


def _known(pages: pd.DataFrame) -> list[str]:
    return pages["missing"].dropna().unique().tolist()


def _messy(pages: pd.DataFrame) -> Iterator[Row]:
    wanted = pages["referring_domains"].gt(0) & pages["kind"].ne("file")
    messy = pages.loc[wanted, "url"].map(_is_messy).reindex(pages.index)
    for page in _worst(pages, messy.eq(other=True)):
        text = f"deep or messy URL{_linked(page)}"
        yield _row("equity-messy-url", page, text, "give it a short, readable path")


def _linked(page: Row, text: str = ", {} from outside") -> str:
    """Return how many referring domains a page has; nothing for none."""
    count = page["referring_domains"]
    what = "1 domain links here" if count == 1 else f"{count} domains link here"
    return text.format(what) if count else ""


def _is_messy(url: str) -> bool:
    parts = urlsplit(url)
    return (
        len([name for name in parts.path.split("/") if name]) > MAX_SEGMENTS
        or parts.query.count("=") > MAX_PARAMETERS
        or len(parts.path) > MAX_PATH_CHARS
    )


def _off(pages: pd.DataFrame) -> pd.Series:
    """Say which pages are no place to send visitors: redirects, errors, noindex."""
    bad = pages["status"].ge(300) | pages["noindex"]
    return bad | pages["kind"].eq("file")


def _sources_per(
    one: NDArray[Any], of: NDArray[Any], which: Mask, size: int
) -> NDArray[np.int64]:
    """Count the distinct numbers in `one` for each number in `of`."""
    pairs = np.unique(of[which].astype(np.int64) * size + one[which])
    return np.bincount(pairs // size, minlength=size)


def _worst(pages: pd.DataFrame, which: pd.Series | Mask) -> Iterator[Row]:
    """Yield the pages with most equity as rows, `number` included."""
    found = pages[which].sort_values(["equity", "url"], ascending=[False, True])
    for number, row in found.head(PER_CHECK).iterrows():
        yield {**{str(name): value for name, value in row.items()}, "number": number}


def _row(check: str, page: Row, message: str, hint: str) -> Row:
    where = "new_url" if page.get("site") == "new" else "old_url"
    return {
        "severity": "notice",
        "check": check,
        where: page["url"],
        "message": message,
        "hint": hint,
        "value": page["equity"],
    }
