"""Checks on the redirects as a graph: chains, loops, self, repeated sources."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from redirectmap.checks.context import PlanContext
from redirectmap.checks.findings import Finding, each, once
from redirectmap.planning.chains import following, trail_of, walk
from redirectmap.planning.spelling import PLACEHOLDER_ORIGIN, keys_of, shown_key


def chain(context: PlanContext) -> Iterator[Finding]:
    """A redirect whose target is redirected again."""
    walked = context.walked
    mask = (walked.loop < 0) & (walked.hops > 0)
    ends = context.new_key.to_numpy()[walked.end]
    urls = context.plan["old_url"].to_numpy()
    texts = [
        f"takes {walked.hops[row] + 1} hops: "
        f"{' -> '.join(urls[trail_of(row, context.links)])} -> {shown_key(ends[row])}"
        for row in np.flatnonzero(mask).tolist()
    ]
    hint = "point the row at the last target"
    yield from each(context.plan, mask, texts, Finding("error", "chain", "", hint))


def chain_by_spelling(context: PlanContext) -> Iterator[Finding]:
    """A target that is a source once case, slash or encoding is folded."""
    aimed = context.is_redirect & (context.links < 0)
    ours = aimed & context.new_host.isin(set(context.old_host[context.is_redirect]))
    if not ours.any():
        return
    sources = context.old_folded.where(context.is_redirect)
    after = following(sources, context.new_folded.where(ours))
    rows = np.flatnonzero(after >= 0)
    ends = context.new_key.to_numpy()
    mask = np.zeros(len(aimed), dtype=bool)
    mask[rows] = (after[rows] != rows) & (ends[after[rows]] != ends[rows])
    urls = context.plan["old_url"].to_numpy()
    texts = [
        f"the target is {urls[row]} in another spelling, which is redirected again"
        for row in after[mask].tolist()
    ]
    hint = "point the row at the last target; many servers fold case and slash"
    yield from each(
        context.plan, mask, texts, Finding("warning", "chain-spelling", "", hint)
    )


def loop(context: PlanContext) -> Iterator[Finding]:
    """Redirects that lead back to themselves, and rows that run into them."""
    walked, links = context.walked, context.links
    itself = links == np.arange(len(links))
    urls = context.plan["old_url"].to_numpy()
    named: dict[int, str] = {}
    for number in np.unique(walked.loop[walked.inside & ~itself]).tolist():
        first = int(walked.members(number)[0])
        named[number] = " -> ".join(urls[trail_of(first, links)])
    mask = walked.inside & ~itself
    texts = [f"loop: {named[number]}" for number in walked.loop[mask].tolist()]
    hint = "give one member of the loop its real target"
    yield from each(context.plan, mask, texts, Finding("error", "loop", "", hint))
    mask = (walked.loop >= 0) & ~walked.inside
    texts = [
        f"runs into a loop: {named.get(number, 'a redirect to itself')}"
        for number in walked.loop[mask].tolist()
    ]
    yield from each(context.plan, mask, texts, Finding("error", "into-loop", "", hint))


def self_redirect(context: PlanContext) -> Iterator[Finding]:
    """A redirect to the same URL, exactly or for a lenient server."""
    same = context.is_redirect & context.old_key.eq(context.new_key).to_numpy()
    hint = "keep the URL, or give the row another target"
    yield from each(
        context.plan,
        same,
        "redirects to itself, for ever",
        Finding("error", "self-redirect", "", hint),
    )
    moved = context.is_redirect & ~same
    rows = moved & context.old_folded.eq(context.new_folded).to_numpy()
    other = ~context.old_path.eq(context.new_path).to_numpy()
    hint = "verify on the live server; it loops where case, slash or encoding is folded"
    yield from each(
        context.plan,
        rows & other,
        "source and target differ in case, slash or encoding only",
        Finding("warning", "self-redirect-spelling", "", hint),
    )
    yield from once(
        context.plan,
        rows & ~other,
        "{count} rows change nothing but http to https or www, e.g. {example}",
        Finding("notice", "origin-only", "", "one rule of the server does them all"),
    )


def duplicate_source(context: PlanContext) -> Iterator[Finding]:
    """One source with two answers, however it is spelled."""
    keys = context.old_key
    repeated = keys.notna() & keys.duplicated(keep=False)
    if repeated.any():
        answer = (context.plan["action"].astype(str) + context.new_key.fillna(""))[
            repeated
        ]
        different = answer.groupby(keys[repeated]).transform("nunique").gt(1)
        clash = repeated.copy()
        clash[repeated] = different
        hint = "keep one row per URL; servers take the first or the last, by chance"
        yield from each(
            context.plan,
            clash,
            "the same URL has another answer in another row",
            Finding("error", "duplicate-source", "", hint),
        )
        yield from once(
            context.plan,
            repeated & ~clash,
            "{count} rows repeat a URL with the same answer, e.g. {example}",
            Finding("notice", "repeated-source", "", "remove the repetitions"),
        )
    yield from _same_parameters(context)


def _same_parameters(context: PlanContext) -> Iterator[Finding]:
    many = context.old_query.str.contains("&", regex=False)
    if not many.any():
        return
    query = context.old_query[many].map(lambda text: "&".join(sorted(text.split("&"))))
    spelled = context.old_key[many].str.replace(r"\?.*$", "?", regex=True) + query
    twice = many.copy()
    twice[many] = spelled.duplicated(keep=False) & ~context.old_key[many].duplicated(
        keep=False
    )
    yield from once(
        context.plan,
        twice,
        "{count} sources have the same parameters in another order, e.g. {example}",
        Finding("notice", "same-parameters", "", "check that both answers are meant"),
    )


def live_redirects(context: PlanContext) -> Iterator[Finding]:
    """Chains and loops that close through redirects outside the plan."""
    if context.live is None or context.live.empty:
        return
    rules = context.live.assign(
        source=keys_of(context.live["source"], _origin(context)),
        target=keys_of(context.live["target"], _origin(context)),
    )
    count = len(context.plan)
    mine = context.old_key.where(context.is_redirect)
    mine = mine.where(mine.notna(), [f"\0{i}" for i in range(count)])
    sources = [*mine, *rules["source"]]
    targets = [*context.new_key.where(context.is_redirect), *rules["target"]]
    links = following(sources, targets)
    walked = walk(links)
    new_loop = (walked.loop >= 0)[:count] & (context.walked.loop < 0)
    longer = (walked.loop < 0)[:count] & (walked.hops[:count] > context.walked.hops)
    ends = np.array(targets, dtype=object)[walked.end[:count]]
    hint = "remove the live rule, or point the row at its target"
    loops = [
        f"loops with a live redirect: {_named(sources, row, links)}"
        for row in np.flatnonzero(new_loop).tolist()
    ]
    yield from each(
        context.plan, new_loop, loops, Finding("error", "loop-with-live", "", hint)
    )
    texts = [f"a live redirect goes on to {shown_key(end)}" for end in ends[longer]]
    yield from each(
        context.plan, longer, texts, Finding("warning", "chain-with-live", "", hint)
    )
    yield from _temporary_hops(context, rules)


def _named(sources: list[str], row: int, links: np.ndarray) -> str:
    return " -> ".join(shown_key(sources[node]) for node in trail_of(row, links))


def _temporary_hops(context: PlanContext, rules: pd.DataFrame) -> Iterator[Finding]:
    temporary = set(rules.loc[rules["status"].isin([302, 303, 307]), "source"])
    mask = context.is_redirect & context.new_key.isin(temporary).to_numpy()
    yield from each(
        context.plan,
        mask,
        "the live redirect behind the target is temporary",
        Finding("warning", "temporary-hop", "", "make it permanent, or skip it"),
    )


def _origin(context: PlanContext) -> str:
    known = context.old_key.dropna()
    return (
        "/".join(known.iloc[0].split("/", 3)[:3]) if len(known) else PLACEHOLDER_ORIGIN
    )
