"""What wastes link equity inside a site, as findings with stable ids.

Reads   the page table of `flow`, `pages`, `links`.
Writes  rows of `findings`, largest share of equity first within a check.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlsplit

import pandas as pd

Row = dict[str, Any]
MAX_DEPTH = 3
MAX_NAV_LINKS = 100
PER_CHECK = 50
MAX_SEGMENTS = 5
MAX_PARAMETERS = 2
MAX_PATH_CHARS = 115
IMPORTANT = ("category", "service", "product", "location")
_NAV = ("nav", "header", "footer", "aside")
_LOW_VALUE = (
    "privacy|datenschutz|terms|agb|impressum|imprint|cookie|login|anmelden|register"
    "|cart|warenkorb|wishlist|tag/|author/|account|konto|widerruf|sitemap"
)


def faults(table: pd.DataFrame, pages: pd.DataFrame, links: pd.DataFrame) -> list[Row]:
    """Return every fault of one site, at most `PER_CHECK` rows a check."""
    strongest = table.sort_values(["equity", "url"], ascending=[False, True])
    status = pages.drop_duplicates("url").set_index("url")
    checks: tuple[Callable[[], Iterator[Row]], ...] = (
        lambda: _orphans(strongest, status),
        lambda: _deep(strongest),
        lambda: _weak_home(strongest),
        lambda: _navigation(links),
        lambda: _low_value(strongest, links),
        lambda: _nofollow(strongest, links),
        lambda: _stuck(strongest, status),
        lambda: _messy(strongest),
    )
    return [row for check in checks for row in check()]


def _orphans(table: pd.DataFrame, status: pd.DataFrame) -> Iterator[Row]:
    fetched = table["url"].isin(status.index)
    inner = table["kind"].ne("home")
    for page in _rows(table[fetched & inner & table["inlinks"].eq(0)]):
        text = f"no page links here; {page['referring_domains']} domains do"
        yield _row("equity-orphan", page, text, "link it from its section's page")


def _deep(table: pd.DataFrame) -> Iterator[Row]:
    for page in _rows(table[table["depth"] > MAX_DEPTH]):
        text = f"{page['depth']} clicks from the homepage"
        yield _row("equity-deep", page, text, "link it from a page nearer the homepage")


def _weak_home(table: pd.DataFrame) -> Iterator[Row]:
    """Important pages (by kind, and linked from outside) that home does not link."""
    wanted = table["kind"].isin(IMPORTANT) & table["referring_domains"].gt(0)
    for page in _rows(table[wanted & table["depth"].ge(2)]):
        text = (
            f"{page['referring_domains']} domains link to this {page['kind']} page, "
            "the homepage does not"
        )
        yield _row("equity-home-weak", page, text, "link it from the homepage")


def _navigation(links: pd.DataFrame) -> Iterator[Row]:
    menu = links[links["region"].isin(_NAV)]
    counts = menu.drop_duplicates(["source", "target"]).groupby("source").size()
    heavy = counts[counts > MAX_NAV_LINKS]
    if len(heavy):
        page = {"url": str(heavy.idxmax()), "equity": None}
        text = (
            f"{len(heavy)} pages carry more than {MAX_NAV_LINKS} navigation links, "
            f"up to {heavy.max()}"
        )
        yield _row("equity-navigation", page, text, "cut the menu to what visitors use")


def _low_value(table: pd.DataFrame, links: pd.DataFrame) -> Iterator[Row]:
    """Pages nobody searches for that navigation links from half the site."""
    menu = links[links["region"].isin(_NAV)]
    sources = max(int(links["source"].nunique()), 1)
    everywhere = menu.groupby("target")["source"].nunique()
    names = everywhere[everywhere >= 0.5 * sources].index
    low = table["url"].str.contains(_LOW_VALUE, case=False, regex=True)
    for page in _rows(table[low & table["url"].isin(names)]):
        text = f"linked from the navigation everywhere, holds {page['equity']:.2%}"
        yield _row("equity-low-value", page, text, "link it once, from the footer")


def _nofollow(table: pd.DataFrame, links: pd.DataFrame) -> Iterator[Row]:
    rel = links["rel"].fillna("").astype(str).str.lower()
    counts = links[rel.str.contains("nofollow")].groupby("target")["source"].nunique()
    for page in _rows(table[table["url"].isin(counts.index)]):
        text = f"{counts[page['url']]} internal pages link here with nofollow"
        yield _row("equity-nofollow", page, text, "drop nofollow on internal links")


def _stuck(table: pd.DataFrame, status: pd.DataFrame) -> Iterator[Row]:
    """Equity at pages that pass it on late or not at all; unread ones included."""
    code = table["url"].map(status["status"])
    robots = table["url"].map(status["robots"]).fillna("").astype(str).str.lower()
    reasons = pd.Series("", index=table.index, dtype=object)
    reasons[robots.str.contains("blocked|disallow|noindex").astype(bool)] = "blocked"
    known = pd.to_numeric(code, errors="coerce").fillna(0)
    reasons[known.between(300, 399)] = "a redirect"
    reasons[known.ge(400)] = "an error page"
    missed = ~table["url"].isin(status.index) & table["kind"].ne("file")
    reasons[missed] = "a page the crawl could not fetch (robots.txt, failure, limit)"
    stuck = table.assign(why=reasons)
    for page in _rows(stuck[stuck["why"].ne("") & stuck["inlinks"].gt(0)]):
        text = f"{page['equity']:.2%} of link equity sits behind {page['why']}"
        yield _row("equity-stuck", page, text, "link the final page directly")


def _messy(table: pd.DataFrame) -> Iterator[Row]:
    linked = table[table["referring_domains"].gt(0)]
    for page in _rows(linked[linked["url"].map(_is_messy).astype(bool)]):
        text = "deep or messy URL that other domains link to"
        yield _row("equity-messy-url", page, text, "give it a short, readable path")


def _is_messy(url: str) -> bool:
    parts = urlsplit(url)
    return (
        len([name for name in parts.path.split("/") if name]) > MAX_SEGMENTS
        or parts.query.count("=") > MAX_PARAMETERS
        or len(parts.path) > MAX_PATH_CHARS
    )


def _rows(table: pd.DataFrame) -> Iterator[Row]:
    for row in table.head(PER_CHECK).to_dict("records"):
        yield {str(name): value for name, value in row.items()}


def _row(check: str, page: Row, message: str, hint: str) -> Row:
    return {
        "severity": "notice",
        "check": check,
        "old_url": page["url"],
        "message": message,
        "hint": hint,
        "value": page["equity"],
    }
