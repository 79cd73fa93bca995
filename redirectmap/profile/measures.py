"""Count a profile: by scope, by kind of page, by class of anchor.

Reads   classed links (see `links`).
Writes  tables with shares and intervals.
"""

from __future__ import annotations

from typing import Any

import pandas as pd

from redirectmap.profile.anchors import CLASSES
from redirectmap.profile.shares import Share, measure
from redirectmap.signals.kinds import KINDS

NEW_DAYS = 183
Scopes = dict[str, pd.DataFrame]


def scopes_of(links: pd.DataFrame) -> Scopes:
    """Return all links, those that are followed, and those of the last 6 months.

    The months are counted back from the newest date in the exports.
    """
    first = pd.to_datetime(links["first_seen"], errors="coerce", utc=True)
    new = first >= newest(links) - pd.Timedelta(days=NEW_DAYS)
    return {"all": links, "follow": links[links["follow"]], "new": links[new]}


def newest(links: pd.DataFrame) -> Any:  # noqa: ANN401 - a timestamp or NaT
    """Return the newest date of the exports; NaT where they have none."""
    dates = pd.concat([links["first_seen"], links["last_seen"]])
    return pd.to_datetime(dates, errors="coerce", utc=True).max()


def kind_table(scopes: Scopes) -> pd.DataFrame:
    """Return links and domains of each page kind in each scope, with intervals.

    A domain that links to two kinds counts for both, so shares of domains may
    add up to more than 1.
    """
    rows: list[dict[str, Any]] = []
    for scope, links in scopes.items():
        for kind in KINDS:
            found = measure(links, links["kind"].eq(kind).to_numpy(dtype=bool))
            counts = {"scope": scope, "kind": kind}
            rows.append(
                counts | _flat("links", found.links) | _flat("domains", found.domains)
            )
    return pd.DataFrame(rows)


def _flat(name: str, share: Share) -> dict[str, float]:
    return {
        name: share.part,
        f"{name}_share": share.value,
        f"{name}_low": share.low,
        f"{name}_high": share.high,
    }


def anchor_mix(links: pd.DataFrame) -> dict[str, dict[str, float]]:
    """Return links and referring domains by anchor class, and the share of domains."""
    grouped = links.groupby("class")["source_domain"]
    counts, domains = grouped.size(), grouped.nunique()
    total = max(int(links["source_domain"].nunique()), 1)
    return {
        name: {
            "links": int(counts.get(name, 0)),
            "domains": int(domains.get(name, 0)),
            "domains_share": round(int(domains.get(name, 0)) / total, 4),
        }
        for name in CLASSES
    }


def anchor_table(links: pd.DataFrame) -> pd.DataFrame:
    """Return one row per anchor and target, most referring domains first."""
    named = links.assign(anchor=links["anchor"].fillna(""))
    grouped = named.groupby(["target_url", "anchor", "class"], sort=True)
    table = grouped.agg(
        links=("source_url", "size"),
        domains=("source_domain", "nunique"),
        follow=("follow", "sum"),
    ).reset_index()
    return table.sort_values(
        ["domains", "links", "target_url", "anchor"],
        ascending=[False, False, True, True],
        ignore_index=True,
    )


def by_page(anchors: pd.DataFrame) -> pd.DataFrame:
    """Return links by anchor class, one row per page, most linked first."""
    counts = anchors.pivot_table(
        index="target_url", columns="class", values="links", aggfunc="sum", fill_value=0
    ).reindex(columns=list(CLASSES), fill_value=0)
    counts.insert(0, "links", counts.sum(axis=1))
    table = counts.reset_index()
    return table.sort_values(["links", "target_url"], ascending=[False, True])
