"""What to answer for URLs that nobody listed: each choice counted on the logs.

Never the front page. A folder gets a fallback only when its known rows all go to
one new folder; everything else stays 404, which is the honest answer.
"""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from redirectmap.checks.context import PlanContext
from redirectmap.checks.findings import Finding
from redirectmap.planning.spelling import host_of, keys_of, path_of


def leftovers(context: PlanContext) -> pd.DataFrame:
    """Count logged requests of unlisted URLs by folder and by possible answer.

    Returns:
        folder, urls, requests, fallback (the new folder that most listed rows of
        the folder go to, None below 80 %), listed (rows of the plan there).
    """
    empty = pd.DataFrame(columns=["folder", "urls", "requests", "fallback", "listed"])
    if context.logged is None or context.logged.empty:
        return empty
    urls = pd.Series(context.logged.index, index=range(len(context.logged)))
    keys = keys_of(urls)
    listed = keys.isin(set(context.old_key.dropna()))
    ours = host_of(keys).isin(set(context.old_host.unique()))
    missing = (~listed & ours & keys.notna()).to_numpy()
    if not missing.any():
        return empty
    counted = pd.DataFrame(
        {
            "folder": _folder(path_of(keys[missing])).to_numpy(),
            "requests": context.logged.to_numpy()[missing],
        }
    )
    table = counted.groupby("folder")["requests"].agg(urls="size", requests="sum")
    aimed = context.is_redirect
    old = _folder(context.old_path[aimed])
    new = _folder(context.new_path[aimed])
    share = new.groupby(old).agg(
        lambda found: found.value_counts(normalize=True).iloc[0]
    )
    common = new.groupby(old).agg(lambda found: found.value_counts().index[0])
    table["fallback"] = common.where(share.ge(0.8) & common.ne("/")).reindex(
        table.index
    )
    table["listed"] = old.value_counts().reindex(table.index).fillna(0).astype(int)
    return table.reset_index().sort_values(
        ["requests", "folder"], ascending=[False, True]
    )


def _folder(paths: pd.Series) -> pd.Series:
    return paths.str.extract(r"^(/(?:[^/]+/)?)")[0].fillna("/")


def wildcard(context: PlanContext) -> Iterator[Finding]:
    """How many logged requests no row answers, and what a fallback would catch."""
    table = leftovers(context)
    if table.empty:
        return
    requests = int(table["requests"].sum())
    caught = int(table.loc[table["fallback"].notna(), "requests"].sum())
    yield Finding(
        "notice",
        "wildcard",
        f"{requests} logged requests of {int(table['urls'].sum())} URLs have no row; a "
        f"folder fallback would catch {caught}, 404 the other {requests - caught}",
        "list the URLs with requests; never send the rest to the front page",
    )
