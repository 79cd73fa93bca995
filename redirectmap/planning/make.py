"""Put the plan together: rows, value, decisions, old rules, people.

The order is the argument: what exists (universe), what it is worth, what the
scores say, what old redirects add, what a person said. Later steps overrule
earlier ones; nobody overrules a person.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import pandas as pd

from redirectmap.planning.decide import decide, name_merges
from redirectmap.planning.inventory import Inventory
from redirectmap.planning.legacy import Note, Sites, fold_legacy, widened
from redirectmap.planning.merge import Conflict, apply_overrides, carry_over
from redirectmap.planning.settle import copied, settle
from redirectmap.planning.spelling import host_of, keys_of
from redirectmap.planning.universe import Universe, gather
from redirectmap.planning.value import value_table
from redirectmap.readers import ReadReport, Site
from redirectmap.tables.schemas import BACKLINKS, LEGACY, PLAN, TRAFFIC
from redirectmap.urls import registrable_domain


@dataclass(frozen=True)
class PlanInputs:
    """Everything a plan is made of.

    Attributes:
        old: The old site.
        new: The new site.
        scores: As `redirectmap.matching.match` gives them.
        backlinks: Schema BACKLINKS.
        traffic: Schema TRAFFIC.
        legacy: Schema LEGACY, rules that exist already.
        overrides: A person's table: old_url and any of new_url, action, status,
            locked, note.
        generated: The last plan as the tool made it.
        previous: The same plan as people left it.
        clashes: What two people said differently about one row.
        extra_urls: Further old URLs (logs, lists).
        inventory: Every old URL; says which spellings are one page, and what
            each measure counts.
        blocked: Keys of new pages that robots.txt forbids.
        reports: What became of each file's rows.
        spelled: Old URLs as the source spells them, where that is not their
            key (a fragment, no slash after the host): each gets a row beside it.
    """

    old: Site
    new: Site
    scores: pd.DataFrame
    backlinks: pd.DataFrame = field(default_factory=BACKLINKS.empty)
    traffic: pd.DataFrame = field(default_factory=TRAFFIC.empty)
    legacy: pd.DataFrame = field(default_factory=LEGACY.empty)
    overrides: pd.DataFrame | None = None
    generated: pd.DataFrame | None = None
    previous: pd.DataFrame | None = None
    clashes: tuple[Conflict, ...] = ()
    extra_urls: tuple[str, ...] = ()
    inventory: Inventory | None = None
    reports: tuple[ReadReport, ...] = ()
    blocked: frozenset[str] = frozenset()
    spelled: tuple[str, ...] = ()


@dataclass(frozen=True)
class Made:
    """A plan, what the tool alone would have said, and where they clash.

    `notes` says what is wrong with rules that exist already.
    """

    plan: pd.DataFrame
    generated: pd.DataFrame
    conflicts: tuple[Conflict, ...]
    notes: tuple[Note, ...] = ()


def all_legacy(old: Site, legacy: pd.DataFrame) -> pd.DataFrame:
    """Return the rules given and the redirects the crawl met, given ones first."""
    frames = [LEGACY.fit(table) for table in (legacy, old.redirects) if len(table)]
    if not frames:
        return LEGACY.empty()
    return pd.concat(frames, ignore_index=True)


def universe_of(inputs: PlanInputs) -> Universe:
    """Return the old URLs that `inputs` make rows of the plan."""
    rules = all_legacy(inputs.old, inputs.legacy)
    valued = set(keys_of(inputs.backlinks["target_url"]).dropna())
    valued |= set(keys_of(inputs.traffic["url"]).dropna())
    seen = (
        ("backlinks", inputs.backlinks["target_url"]),
        ("traffic", inputs.traffic["url"]),
        ("legacy", rules["source"]),
        ("logs", pd.Series(list(inputs.extra_urls), dtype=object)),
    )
    merged = inputs.inventory.merged if inputs.inventory else {}
    found = gather(inputs.old.pages, seen, valued=valued, merged=merged)
    return widened(found, rules, inputs.old.pages)


def make_plan(inputs: PlanInputs, *, max_error: float = 0.01) -> Made:
    """Decide every old URL.

    Args:
        inputs: Everything known.
        max_error: Largest expected share of wrong rows among those that the
            tool redirects by itself.

    Returns:
        The plan (Schema PLAN, sorted by priority, then old_url) and its base.
    """
    universe = universe_of(inputs)
    live = live_pages(inputs.new.pages)
    value = value_of(inputs, universe)
    decided = decide(
        universe.urls, inputs.scores, live, max_error=max_error, valued=valued(value)
    )
    rules = all_legacy(inputs.old, inputs.legacy)
    folded = fold_legacy(decided, rules, sites_of(inputs, rules, live))
    table = folded.decided.join(value).reset_index(names="old_url")
    table = _titled(table, inputs)
    table["status"] = table["action"].map({"redirect": 301, "gone": 410, "keep": 200})
    generated = as_spelled(PLAN.fit(table), inputs)
    generated, clashes = apply_overrides(generated, inputs.overrides)
    generated = in_order(generated)
    merged = carry_over(generated, inputs.generated, inputs.previous)
    settled = settle(in_order(merged.plan), folded.goals)
    return Made(
        PLAN.fit(name_merges(settled.plan)),
        in_order(PLAN.fit(copied(merged.base, settled))),
        (*inputs.clashes, *clashes, *merged.conflicts),
        folded.notes,
    )


def sites_of(inputs: PlanInputs, rules: pd.DataFrame, live: set[str]) -> Sites:
    """Return what following old rules needs to know of both sites."""
    pages = inputs.old.pages
    answers = pages["status"].between(200, 299).fillna(value=False).to_numpy(bool)
    keys = pd.concat([pages["url"], inputs.new.pages["url"], rules["source"]])
    hosts = host_of(keys_of(keys)).unique()
    return Sites(
        live,
        set(keys_of(pages.loc[answers, "url"]).dropna()),
        {registrable_domain(host) for host in hosts if host},
    )


def as_spelled(plan: pd.DataFrame, inputs: PlanInputs) -> pd.DataFrame:
    """Name rows as the source does, so that every URL handed in is found again.

    Each other spelling becomes a row of the same answer, without a value.
    """
    given = pd.Series(list(inputs.spelled), dtype=object)
    if given.empty:
        return plan
    keys = keys_of(given)
    rows = plan.set_index("old_url", drop=False)
    keep = given[keys.isin(rows.index).to_numpy()]
    copies = rows.loc[keys[keep.index]].copy()
    copies["old_url"] = keep.to_numpy()
    said = copies["reason"].fillna("") + "; the same page as " + copies.index
    copies["reason"] = said.to_numpy()
    measures = ["priority", "referring_domains", "backlinks", "clicks", "sessions"]
    copies[measures] = pd.NA
    return PLAN.fit(pd.concat([plan, copies], ignore_index=True))


def value_of(inputs: PlanInputs, universe: Universe) -> pd.DataFrame:
    """Return what each row is worth: the measures and `priority`."""
    return value_table(
        universe.urls.tolist(),
        links=inputs.old.links,
        backlinks=inputs.backlinks,
        traffic=inputs.traffic,
        counts=inputs.old.counts,
        merged=universe.home_of,
        weights=inputs.inventory.weights if inputs.inventory else None,
    )


def valued(value: pd.DataFrame) -> pd.Index:
    """Return the old URLs that somebody links to or visits."""
    measures = ["referring_domains", "backlinks", "clicks", "sessions"]
    return value.index[value[measures].astype(float).gt(0).any(axis=1)]


def live_pages(pages: pd.DataFrame) -> set[str]:
    """Return the keys of pages that answer 200, or whose status is not known."""
    status = pages["status"].astype("float")
    live = pages.loc[status.isna() | status.between(200, 299), "url"]
    return set(keys_of(live).dropna())


def in_order(plan: pd.DataFrame) -> pd.DataFrame:
    """Return `plan` sorted by priority, then old_url."""
    return plan.sort_values(
        ["priority", "old_url"], ascending=[False, True], kind="stable"
    ).reset_index(drop=True)


def _titled(table: pd.DataFrame, inputs: PlanInputs) -> pd.DataFrame:
    for side, site in (("old", inputs.old), ("new", inputs.new)):
        pages = site.pages.assign(_key=keys_of(site.pages["url"]))
        pages = pages[pages["_key"].notna()].drop_duplicates("_key").set_index("_key")
        table[f"{side}_title"] = table[f"{side}_url"].map(pages["title"])
        if side == "old":
            known = table["old_url"].map(pages["inlinks"])
            table["inlinks"] = known.where(known.notna(), table["inlinks"])
    return table
