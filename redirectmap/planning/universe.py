"""Which old URLs are rows of the plan.

Decides: every page of the old site that answered, every URL that a backlink, a
log, traffic or an old rule names on the old site's hosts. A URL that is dead
already is a row only when something of value points at it, or a rule names it; a
page that was fetched for its text alone (no source) is no row by that. A URL that
the site itself joins with another one (`redirectmap.planning.variants`), or that
differs from it only by tracking parameters, is that other's: the value counts
there.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import pandas as pd

from redirectmap.planning.spelling import host_of, keys_of
from redirectmap.tables.schemas import PAGES
from redirectmap.tracking import set_aside
from redirectmap.urls import registrable_domain


@dataclass(frozen=True, slots=True)
class Universe:
    """The plan's rows.

    Attributes:
        urls: Keys, in order of first sight.
        home_of: Other spellings, and whose row they share.
        origin: Where a row was seen when it is no page of the old site.
    """

    urls: pd.Index
    home_of: dict[str, str]
    origin: dict[str, str]


def without_tracking(key: str) -> str:
    """Return `key` without tracking parameters; the rest of the query stays."""
    path, mark, query = key.partition("?")
    if not mark:
        return key
    kept, tags = set_aside(query)
    if not tags:
        return key
    return f"{path}?{kept}" if kept else path


def gather(
    pages: pd.DataFrame,
    seen: Iterable[tuple[str, pd.Series]],
    *,
    valued: set[str],
    merged: Mapping[str, str] | None = None,
) -> Universe:
    """Collect the rows.

    Args:
        pages: The old site's pages, Schema PAGES.
        seen: Where from and URLs: backlinks, traffic, legacy, logs.
        valued: Keys that links or traffic point at.
        merged: Spellings that the site itself joins with another URL.
    """
    merged = merged or {}
    keys = keys_of(pages["url"])
    status = pages["status"].astype("float")
    answered = status.isna() | status.between(200, 399)
    fetched = pages["sources"].map(lambda names: names is not None and not len(names))
    own = answered & keys.notna() & ~fetched.astype(bool)
    rows: dict[str, str] = dict.fromkeys(keys[own].tolist(), "")
    home_of: dict[str, str] = {}
    dead = set(keys[~answered].dropna())
    hosts = {registrable_domain(host) for host in host_of(keys).unique() if host}
    for origin, urls in seen:
        for key in keys_of(urls).dropna().unique():
            if not _ours(key, hosts) or key in rows:
                continue
            if key in dead and key not in valued and origin != "legacy":
                continue
            named = origin == "legacy"  # a rule means the spelling it names
            clean = (not named and merged.get(key)) or without_tracking(key)
            if clean != key:
                home_of[key] = clean
            rows.setdefault(clean, origin)
    origin_of = {key: origin for key, origin in rows.items() if origin}
    return Universe(pd.Index(list(rows), dtype=object), home_of, origin_of)


def _ours(key: str, hosts: set[str]) -> bool:
    if not hosts:
        return True
    host = key.split("/", 3)[2]
    return registrable_domain(host) in hosts


def extended(pages: pd.DataFrame, universe: Universe) -> pd.DataFrame:
    """Return `pages` with a bare row for every URL that is no page of theirs."""
    known = set(keys_of(pages["url"]).dropna())
    extra = [url for url in universe.urls if url not in known]
    if not extra:
        return pages
    bare = pd.DataFrame(
        {
            "url": extra,
            "sources": [[universe.origin.get(url) or "file"] for url in extra],
        }
    )
    wanted = keys_of(pages["url"]).isin(universe.urls)
    return pd.concat([pages[wanted.to_numpy()], PAGES.fit(bare)], ignore_index=True)
