"""What an old URL is worth: its share of the old site's links and traffic.

    priority = mean of the shares that are known, of
        referring domains that link to the URL / of all linked URLs
        clicks (else sessions, else requests) of the URL / of all URLs

Priorities add up to 1 when anything is known. Referring domains, not links,
because a thousand links from one footer are one recommendation.
"""

from __future__ import annotations

import pandas as pd

from redirectmap.planning.spelling import keys_of

_TRAFFIC = ("clicks", "sessions", "requests")


def worth_of(
    urls: pd.Index,
    backlinks: pd.DataFrame,
    traffic: pd.DataFrame,
    home_of: dict[str, str] | None = None,
) -> pd.DataFrame:
    """Return the value columns of PLAN for `urls`.

    Args:
        urls: Keys of the plan's rows.
        backlinks: Schema BACKLINKS; lost links do not count.
        traffic: Schema TRAFFIC.
        home_of: Key of a variant (tracking parameters) to the key of its row.

    Returns:
        Index `urls`: priority, referring_domains, backlinks, clicks, sessions.
    """
    home_of = home_of or {}
    table = pd.DataFrame(index=urls)
    links = backlinks[backlinks["lost"].isna() | backlinks["lost"].eq("")]
    target = keys_of(links["target_url"]).map(lambda key: home_of.get(key, key))
    grouped = links.groupby(target)
    table["referring_domains"] = grouped["source_domain"].nunique().reindex(urls)
    table["backlinks"] = grouped.size().reindex(urls)
    visits = traffic.groupby(
        keys_of(traffic["url"]).map(lambda key: home_of.get(key, key))
    )[list(_TRAFFIC)].sum(min_count=1)
    for column in _TRAFFIC:
        table[column] = visits[column].reindex(urls).astype(float)
    if len(links):
        counts = ["referring_domains", "backlinks"]
        table[counts] = table[counts].fillna(0)
    table["priority"] = _priority(table)
    return table.drop(columns="requests")


def _priority(table: pd.DataFrame) -> pd.Series:
    shares = [_share(table["referring_domains"])]
    known = [name for name in _TRAFFIC if table[name].sum() > 0]
    shares += [_share(table[name]) for name in known[:1]]
    there = [share for share in shares if share.sum() > 0]
    if not there:
        return pd.Series(float("nan"), index=table.index)
    total = pd.concat(there, axis=1).fillna(0).mean(axis=1)
    return total.clip(0, 1)


def _share(values: pd.Series) -> pd.Series:
    numbers = values.astype(float).fillna(0)
    total = numbers.sum()
    return numbers / total if total > 0 else numbers
