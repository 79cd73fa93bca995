"""What checks look at: the plan, and whatever else is known of both sites.

Every derived column (keys, hosts, pages of the targets) is computed once, for
whole columns, and shared by the checks: that keeps a million rows linear.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from redirectmap.planning.chains import Walk, following, walk
from redirectmap.planning.spelling import (
    PLACEHOLDER_ORIGIN,
    Parts,
    folded,
    host_of,
    keys_of,
    parts_of,
)


@dataclass(frozen=True)
class PlanContext:
    """A plan and what is known beside it; None is not known.

    Attributes:
        plan: Schema PLAN (old URLs may repeat).
        old_pages: Schema PAGES of the old site.
        new_pages: Schema PAGES of the new site.
        backlinks: Schema BACKLINKS.
        traffic: Schema TRAFFIC.
        live: Schema LEGACY: redirects that stay active beside the plan.
        sitemap: URLs of the new site's sitemaps.
        blocked: URLs of the new site that its robots.txt forbids.
        logged: Requested URLs of the old site, index url, values requests.
        site_type: local, content, ecommerce, brand or general.
    """

    plan: pd.DataFrame
    old_pages: pd.DataFrame | None = None
    new_pages: pd.DataFrame | None = None
    backlinks: pd.DataFrame | None = None
    traffic: pd.DataFrame | None = None
    live: pd.DataFrame | None = None
    sitemap: frozenset[str] | None = None
    blocked: frozenset[str] = frozenset()
    logged: pd.Series | None = None
    site_type: str = "general"

    @cached_property
    def is_pattern(self) -> np.ndarray:
        """Rows whose source is a pattern (`re:^/blog/`), not a URL."""
        return self.plan["old_url"].str.startswith(("re:", "^")).to_numpy(dtype=bool)

    @cached_property
    def old_key(self) -> pd.Series:
        """Key of each old URL; paths stand on a placeholder host."""
        return keys_of(self.plan["old_url"].mask(self.is_pattern), PLACEHOLDER_ORIGIN)

    @cached_property
    def new_key(self) -> pd.Series:
        """Key of each target; a path stands on its own row's host."""
        keys = keys_of(self.plan["new_url"])
        bare = keys.isna() & self.plan["new_url"].fillna("").str.match("[/?#]")
        if bare.any():
            home = self.old_key.where(self.old_key.notna(), PLACEHOLDER_ORIGIN)
            origin = "http://" + host_of(home[bare])
            secure = home[bare].str.startswith("https:")
            origin = origin.mask(secure, "https://" + host_of(home[bare]))
            keys[bare] = keys_of(origin + self.plan.loc[bare, "new_url"])
        return keys

    @cached_property
    def is_redirect(self) -> np.ndarray:
        """Rows that redirect somewhere."""
        action = self.plan["action"].eq("redirect").to_numpy(dtype=bool)
        verdict: np.ndarray = (
            action & self.new_key.notna().to_numpy() & ~self.is_pattern
        )
        return verdict

    @cached_property
    def _old_parts(self) -> Parts:
        return parts_of(self.old_key)

    @cached_property
    def _new_parts(self) -> Parts:
        return parts_of(self.new_key)

    @property
    def old_host(self) -> pd.Series:
        """Host of each old URL."""
        return self._old_parts.host

    @property
    def new_host(self) -> pd.Series:
        """Host of each target."""
        return self._new_parts.host

    @property
    def old_path(self) -> pd.Series:
        """Path of each old URL."""
        return self._old_parts.path

    @property
    def new_path(self) -> pd.Series:
        """Path of each target."""
        return self._new_parts.path

    @property
    def old_query(self) -> pd.Series:
        """Query of each old URL."""
        return self._old_parts.query

    @property
    def new_query(self) -> pd.Series:
        """Query of each target."""
        return self._new_parts.query

    @cached_property
    def old_folded(self) -> pd.Series:
        """Old URLs in the spelling that lenient servers see."""
        return folded(self.old_key)

    @cached_property
    def new_folded(self) -> pd.Series:
        """Targets in the spelling that lenient servers see."""
        return folded(self.new_key)

    @cached_property
    def links(self) -> np.ndarray:
        """Row whose source is this redirect's target, -1 for none."""
        return following(
            self.old_key.where(self.is_redirect), self.new_key.where(self.is_redirect)
        )

    @cached_property
    def walked(self) -> Walk:
        """Where each redirect of the plan leads within the plan."""
        return walk(self.links)

    @cached_property
    def target_page(self) -> pd.DataFrame | None:
        """The new site's page of each target, aligned with the plan."""
        if self.new_pages is None:
            return None
        pages = self.new_pages.assign(_key=keys_of(self.new_pages["url"]))
        pages = pages[pages["_key"].notna()].drop_duplicates("_key").set_index("_key")
        found = pages.reindex(self.new_key)
        found["_there"] = self.new_key.isin(pages.index).to_numpy()
        return found.set_axis(self.plan.index)
