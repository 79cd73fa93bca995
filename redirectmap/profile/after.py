"""The profile after a plan: what it becomes, who is lost, what a dump would do.

Reads   classed links, `plan`.
Writes  `After`.
Bounds  links to pages in review stay where they are until they are decided; an
        anchor keeps its class when its page moves.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from redirectmap.profile.flags import Flag, flags
from redirectmap.profile.links import page_kinds
from redirectmap.profile.moves import carry, destination, plan_targets
from redirectmap.profile.shares import HomepageShare, measure

_LOST = ["source_domain", "source_url", "target_url", "anchor"]


@dataclass(frozen=True, slots=True)
class After:
    """A profile after the plan.

    Attributes:
        links: The links that still lead to a page; target_url and kind are the
            new ones; before: where the link points today.
        lost: Links that lead nowhere: source_domain, source_url, target_url,
            anchor, last (True where the domain has no other link left).
        domains: Referring domains that are lost with their last link, sorted.
        open_links: Links whose page waits for a decision.
        sent_home: Links of inner pages that the plan sends to the homepage.
        flags: What looks unnatural after the plan and did not before.
        dumped: The homepage's share if every inner page that does not stay was
            sent to the homepage.
    """

    links: pd.DataFrame
    lost: pd.DataFrame
    domains: tuple[str, ...]
    open_links: int
    sent_home: pd.DataFrame
    flags: tuple[Flag, ...]
    dumped: HomepageShare


def after_plan(links: pd.DataFrame, plan: pd.DataFrame, raised: list[Flag]) -> After:
    """Carry classed links through a plan.

    Args:
        links: From `classed_links`.
        plan: Schema `PLAN`.
        raised: The flags of the profile as it is.
    """
    carried = carry(links, plan).assign(
        before=links["target_url"], kind_before=links["kind"]
    )
    alive = carried[carried["fate"] != "lost"]
    kinds = page_kinds(alive["target_url"].unique().tolist())
    alive = alive.assign(kind=alive["target_url"].map(kinds).astype(object))
    alive = alive.reset_index(drop=True)
    lost = carried[carried["fate"] == "lost"]
    gone = sorted(set(lost["source_domain"]) - set(alive["source_domain"]))
    moved = alive["fate"].eq("moved") & alive["kind"].eq("home")
    home = carried["kind_before"].eq("home") | carried["fate"].ne("kept")
    return After(
        alive,
        lost[_LOST].assign(last=lost["source_domain"].isin(gone)),
        tuple(gone),
        int(carried["fate"].eq("open").sum()),
        alive[moved & alive["kind_before"].ne("home")],
        tuple(_fresh(flags(alive), raised, plan)),
        measure(carried, np.asarray(home, dtype=bool)),
    )


def _fresh(found: list[Flag], raised: list[Flag], plan: pd.DataFrame) -> list[Flag]:
    """Leave out flags that the same page, or the profile, has today."""
    table = plan_targets(plan)
    known = {(f.check, f.page and destination(f.page, table)[1]) for f in raised}
    return [flag for flag in found if (flag.check, flag.page) not in known]
