"""Does the plan push the backlink profile out of its natural shape?

Share of backlinks, and of referring domains, that point at the front page:
before the plan and with every link carried to its new target, held against the
usual range of the site's type. Below 20 referring domains nothing is said.
"""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from redirectmap.checks.context import PlanContext
from redirectmap.checks.findings import Finding
from redirectmap.planning.spelling import keys_of
from redirectmap.profile.ranges import BY_TYPE, MIN_SAMPLE
from redirectmap.signals.kinds import is_home

_NOTABLE = 0.05  # a move of the share, from 0 to 1


def profile_ratio(context: PlanContext) -> Iterator[Finding]:
    """The front page's share of links and referring domains, before and after."""
    links = context.backlinks
    if links is None or links.empty:
        return
    links = links[links["lost"].isna() | links["lost"].eq("")]
    before = keys_of(links["target_url"])
    ours = before.isin(set(context.old_key.dropna())).to_numpy()
    links, before = links[ours], before[ours]
    if links["source_domain"].nunique() < MIN_SAMPLE:
        return
    after = before.map(_fates(context))
    kinds = {str(kind): usual for kind, usual in BY_TYPE.items()}
    usual = kinds.get(context.site_type, BY_TYPE["general"])
    for what, first, then in _shares(links["source_domain"], before, after):
        moved = abs(then - first)
        outside = not usual.low <= then <= usual.high
        left = usual.low <= first <= usual.high
        worse = outside and (left or moved >= _NOTABLE)
        yield Finding(
            "warning" if worse else "notice",
            "profile-ratio",
            f"front page's share of {what}: {first:.0%} before, {then:.0%} after"
            f" (usual for {context.site_type}: {usual.text})",
            "send deep links to deep pages" if worse else "nothing to do",
            value=moved,
        )


def _fates(context: PlanContext) -> dict[str, str | None]:
    action = context.plan["action"]
    target = context.new_key.where(action.eq("redirect"), context.old_key)
    target = target.where(action.ne("gone"), None)
    known = context.old_key.notna()
    return dict(zip(context.old_key[known], target[known], strict=True))


def _shares(
    domains: pd.Series, before: pd.Series, after: pd.Series
) -> Iterator[tuple[str, float, float]]:
    kept = after.notna()
    if not kept.any():
        return
    homes = {url: is_home(url) for url in {*before.unique(), *after[kept].unique()}}
    first, then = before.map(homes).astype(bool), after[kept].map(homes).astype(bool)
    yield "backlinks", float(first.mean()), float(then.mean())
    yield (
        "referring domains",
        float(first.groupby(domains).any().mean()),
        float(then.groupby(domains[kept]).any().mean()),
    )
