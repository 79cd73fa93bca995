"""Carry backlinks through a plan: where each link will lead, and which are lost.

Matching follows what the exported rules do: the exact URL first, then the same
path without its query. `http`, `https`, `www.` and a fragment make no
difference, as the old host answers all of them.

Reads   `backlinks`, `plan`.
Writes  `backlinks` with target_url moved, and `fate`: kept, moved, lost, open.
"""

from __future__ import annotations

from typing import Literal

import pandas as pd

from redirectmap.signals.kinds import is_home
from redirectmap.urls import Url, parse, registrable_domain

Fate = Literal["kept", "moved", "lost", "open"]
_FATES: dict[str, Fate] = {
    "keep": "kept",
    "redirect": "moved",
    "gone": "lost",
    "review": "open",
}
_NOT_FOLLOWED = r"nofollow|ugc|sponsored"


def page_key(url: str) -> str:
    """Return host (without `www.`), path and query: one page's identity here."""
    found = parse(url)
    return gated_key(found.key) if isinstance(found, Url) else url


def gated_key(url: str) -> str:
    """Return the `page_key` of a URL that passed the gate; ten times as fast."""
    return url.partition("://")[2].removeprefix("www.")


def own_links(backlinks: pd.DataFrame, site: str) -> pd.DataFrame:
    """Return the live links that point at `site`, fresh index."""
    own = _domain_of(site)
    targets = pd.Series(backlinks["target_url"].unique(), dtype=object)
    ours = set(targets[targets.map(_domain_of) == own])
    lost = backlinks["lost"].fillna("").astype(str).str.strip()
    keep = backlinks["target_url"].isin(ours) & lost.isin(["", "false", "False"])
    return backlinks[keep].reset_index(drop=True)


def followed(links: pd.DataFrame) -> pd.Series:
    """Say for each link whether it passes equity (no nofollow, ugc, sponsored)."""
    rel = links["rel"].fillna("").astype(str).str.lower()
    return ~rel.str.contains(_NOT_FOLLOWED, regex=True)


def carry(links: pd.DataFrame, plan: pd.DataFrame) -> pd.DataFrame:
    """Return `links` as they will be after the plan.

    Args:
        links: Schema `BACKLINKS`.
        plan: Schema `PLAN`.

    Returns:
        The same rows; target_url is the new page for moved links and unchanged
        for the others; `fate` as in the module's header. A page that the plan
        does not know is lost, the front page excepted: it is kept.
    """
    table = plan_targets(plan)
    targets = {url: destination(url, table) for url in links["target_url"].unique()}
    fate = links["target_url"].map(lambda url: targets[url][0])
    moved = links["target_url"].map(lambda url: targets[url][1])
    return links.assign(target_url=moved.astype(object), fate=fate.astype(object))


def plan_targets(plan: pd.DataFrame) -> dict[str, tuple[Fate, str | None]]:
    """Return what the plan does with each page, by `page_key`."""
    rows = zip(plan["old_url"], plan["action"], plan["new_url"], strict=True)
    return {
        page_key(old): (_FATES[action], new if isinstance(new, str) and new else None)
        for old, action, new in rows
    }


def destination(
    url: str, table: dict[str, tuple[Fate, str | None]]
) -> tuple[Fate, str]:
    """Say what becomes of a link to `url`, and where it will lead."""
    return destination_of(page_key(url), url, table)


def destination_of(
    key: str, url: str, table: dict[str, tuple[Fate, str | None]]
) -> tuple[Fate, str]:
    """Say what becomes of a link to `url`, whose `page_key` is known."""
    found = table.get(key) or table.get(key.partition("?")[0])
    if found is None:
        return ("kept" if is_home(url) else "lost"), url
    fate, new = found
    if fate == "moved":
        return (fate, new) if new else ("lost", url)
    return fate, new if fate == "kept" and new else url


def _domain_of(url: str) -> str:
    found = parse(url if "//" in url else f"https://{url}")
    if not isinstance(found, Url):
        return ""
    return registrable_domain(found.host).removeprefix("www.")
