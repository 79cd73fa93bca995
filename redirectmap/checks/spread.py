"""Checks on how the plan spreads visitors: dumps, merges, lost value."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from redirectmap.checks.context import PlanContext
from redirectmap.checks.findings import Finding, each
from redirectmap.checks.languages import CODES
from redirectmap.planning.spelling import host_of, keys_of, shown_key
from redirectmap.planning.universe import without_tracking
from redirectmap.signals.kinds import page_kind
from redirectmap.urls import registrable_domain

HOME_SHARE = 0.05
CATEGORY_SHARE = 0.10
FAN_IN = 10
TOP_SHARE = 0.01


def homepage_dump(context: PlanContext) -> Iterator[Finding]:
    """Old inner pages that land on the front page."""
    aimed = context.is_redirect & _at_home(context)
    dumped = aimed & is_front(context.new_path, context.new_query)
    dumped &= ~is_front(context.old_path, context.old_query)
    count, total = int(dumped.sum()), int(aimed.sum())
    if not count:
        return
    value = _value(context, dumped)
    severe = count > max(2, HOME_SHARE * total)
    yield Finding(
        "error" if severe else "warning",
        "homepage-dump",
        f"{count} of {total} redirects ({count / total:.1%}) end on a front page",
        "give each its own page, or make it gone; search engines read this as 404",
        value=value,
    )
    yield from each(
        context.plan,
        dumped,
        "lands on a front page",
        Finding("warning", "homepage-target", "", "choose a page, or make it gone"),
    )


_FRONT = (
    rf"(?i)^/(?:(?:{CODES})(?:[-_][a-z]{{2}})?/?)?"
    r"(?:(?:index|default|home|start|startseite)(?:\.\w{2,5})?)?/?$"
)


def is_front(path: pd.Series, query: pd.Series) -> np.ndarray:
    """Tell front pages, of a language too: `/`, `/de/`, `/index.html`."""
    found = path.astype("string[pyarrow]").str.match(_FRONT)
    front: np.ndarray = found.to_numpy(dtype=bool) & query.eq("").to_numpy(dtype=bool)
    return front


def _at_home(context: PlanContext) -> np.ndarray:
    """Rows whose target is on a host that the plan uses more than once."""
    counts = context.new_host[context.is_redirect].value_counts()
    usual = set(counts.index[counts > 1]) | set(context.old_host.unique())
    at_home: np.ndarray = context.new_host.isin(usual).to_numpy(dtype=bool)
    return at_home


def _value(context: PlanContext, mask: np.ndarray) -> float | None:
    value = context.plan["priority"].to_numpy(dtype=float, na_value=np.nan)[mask]
    return None if np.isnan(value).all() else float(np.nansum(value))


def fan_in(context: PlanContext) -> Iterator[Finding]:
    """Many old URLs on one target: listings as a dump, others without evidence."""
    aimed = context.is_redirect
    targets = context.new_key.where(aimed)
    counts = targets.value_counts()
    reasons = context.plan["reason"].fillna("").str.contains("merged: ", regex=False)
    locked = context.plan["locked"].fillna(value=False).astype(bool)
    unsaid = targets[~(reasons | locked)].value_counts()
    crowded = np.flatnonzero(targets.isin(counts.index[counts >= FAN_IN]))
    groups = pd.Series(crowded).groupby(targets.to_numpy()[crowded])
    for target, rows in groups.indices.items():
        yield from _crowd(context, str(target), crowded[rows])
    pairs = counts[(counts > 1) & (counts < FAN_IN) & counts.index.isin(unsaid.index)]
    mask = targets.isin(pairs.index).to_numpy() & ~targets.duplicated().to_numpy()
    texts = [f"{pairs[target]} old URLs share this target" for target in targets[mask]]
    yield from each(
        context.plan,
        mask,
        texts,
        Finding("notice", "many-to-one", "", "fine for a merge; say so, or split them"),
    )


def _crowd(context: PlanContext, target: str, rows: np.ndarray) -> Iterator[Finding]:
    count = len(rows)
    path = context.new_path.iloc[rows[0]]
    if path == "/":
        return
    listing = page_kind(target) == "category"
    share = count / max(1, int(context.is_redirect.sum()))
    dump = listing and share > CATEGORY_SHARE
    yield Finding(
        "warning",
        "category-dump" if dump else "mass-fan-in",
        f"{count} old URLs ({share:.1%} of the redirects) share {shown_key(target)}",
        "look for a closer page for the valuable ones; make the rest gone",
        str(context.plan["old_url"].to_numpy()[rows][0]),
        target,
        _value(context, rows),
    )


def high_value(context: PlanContext) -> Iterator[Finding]:
    """Valuable URLs that are gone or wait for a decision."""
    value = context.plan["priority"].astype(float).fillna(0)
    linked = context.plan["referring_domains"].astype(float).fillna(0)
    visited = context.plan[["clicks", "sessions"]].fillna(0).sum(axis=1).gt(0)
    top = (value.ge(TOP_SHARE) & (visited | linked.gt(0))) | linked.ge(5)
    for action, severity, said in (
        ("gone", "error", "is valuable and answers 410"),
        ("review", "warning", "is valuable and has no decision"),
    ):
        mask = (top & context.plan["action"].eq(action)).to_numpy(dtype=bool)
        texts = [
            f"{said}: {share:.1%} of the site's value, {_counted(domains)}{proposal}"
            for share, domains, proposal in zip(
                value[mask], linked[mask], _proposals(context, mask), strict=True
            )
        ]
        hint = "accept the proposal, or find it a page before launch"
        template = Finding(
            "error" if severity == "error" else "warning",
            f"high-value-{action}",
            "",
            hint,
        )
        yield from each(context.plan, mask, texts, template)


def _counted(domains: float) -> str:
    return f"{int(domains)} referring domain{'' if domains == 1 else 's'}"


def _proposals(context: PlanContext, mask: np.ndarray) -> list[str]:
    """Return the best proposal of each row, as words to add to a message."""
    sure = context.plan["confidence"].to_numpy(dtype=float, na_value=np.nan)[mask]
    return [
        f"; proposed: {url} ({share:.0%})"
        if isinstance(url, str) and share >= 0
        else ""
        for url, share in zip(context.plan["new_url"][mask], sure, strict=True)
    ]


def unplanned_value(context: PlanContext) -> Iterator[Finding]:
    """Linked URLs that are no rows of the plan."""
    if context.backlinks is None or context.backlinks.empty:
        return
    known = set(context.old_key.dropna())
    hosts = set(context.old_host.unique())
    keys = keys_of(context.backlinks["target_url"])
    ours = keys.notna() & host_of(keys).isin(hosts)
    domains = context.backlinks["source_domain"][ours].groupby(keys[ours]).nunique()
    total = max(1, int(domains.sum()))
    for key, count in domains.sort_values(ascending=False).items():
        if key in known or without_tracking(str(key)) in known:
            continue
        yield Finding(
            "error" if count >= 5 else "warning",
            "high-value-missing",
            f"{count} referring domains link here, and the plan has no row for it",
            "add a row",
            str(key),
            value=count / total,
        )


def top_linked_changed(context: PlanContext) -> Iterator[Finding]:
    """Best-linked URLs that move although their address could stay."""
    linked = context.plan["referring_domains"].astype(float).fillna(0)
    if not linked.gt(0).any():
        return
    cut = max(3.0, float(linked.nlargest(min(20, len(linked))).min()))
    moved = context.is_redirect & linked.ge(cut).to_numpy()
    same = [
        registrable_domain(a) == registrable_domain(b)
        for a, b in zip(context.old_host[moved], context.new_host[moved], strict=True)
    ]
    mask = moved.copy()
    mask[moved] = same
    mask &= context.old_path.ne(context.new_path).to_numpy()
    texts = [f"{int(n)} domains link here, and the URL changes" for n in linked[mask]]
    hint = "keep the best-linked URLs as they are if the new platform can"
    yield from each(
        context.plan, mask, texts, Finding("notice", "top-linked-changed", "", hint)
    )


def value_lost(context: PlanContext) -> Iterator[Finding]:
    """The whole plan: how much value ends in gone or waits in review."""
    value = context.plan["priority"].astype(float).fillna(0)
    if not value.gt(0).any():
        return
    total = value.sum()
    by = pd.Series(value).groupby(context.plan["action"]).sum() / total
    lost, open_ = float(by.get("gone", 0)), float(by.get("review", 0))
    if lost + open_ <= 0:
        return
    yield Finding(
        "warning" if lost > 0.05 or open_ > 0.05 else "notice",
        "value-lost",
        f"{lost:.1%} of the value ends in 410, {open_:.1%} waits for a decision",
        "work down the list by priority",
        value=lost + open_,
    )
