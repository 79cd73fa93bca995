"""Floor 5: what will hurt, found in the plan before a server has it.

A check is a function of a `PlanContext` that yields findings. Built-ins stand in
`BUILTIN`; installed ones come from the entry-point group `redirectmap.checks`.
Checks read, they never change a plan.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache

import pandas as pd

from redirectmap.checks import (
    graph,
    languages,
    patterns,
    profile_ratio,
    sources,
    spread,
    targets,
    wildcard,
)
from redirectmap.checks.context import PlanContext
from redirectmap.checks.findings import Finding, as_table, in_order
from redirectmap.registry import plugins

Check = Callable[[PlanContext], Iterable[Finding]]

BUILTIN: Mapping[str, Check] = {
    "bad-urls": sources.bad_urls,
    "chain": graph.chain,
    "chain-by-spelling": graph.chain_by_spelling,
    "loop": graph.loop,
    "self-redirect": graph.self_redirect,
    "duplicate-source": graph.duplicate_source,
    "live-redirects": graph.live_redirects,
    "patterns": patterns.patterns,
    "source-live": targets.source_live,
    "target-status": targets.target_status,
    "target-index": targets.target_index,
    "target-robots": targets.target_robots,
    "target-soft-404": targets.target_soft_404,
    "target-sitemap": targets.target_sitemap,
    "target-language": targets.target_language,
    "target-host": targets.target_host,
    "homepage-dump": spread.homepage_dump,
    "fan-in": spread.fan_in,
    "high-value": spread.high_value,
    "unplanned-value": spread.unplanned_value,
    "top-linked": spread.top_linked_changed,
    "value-lost": spread.value_lost,
    "profile-ratio": profile_ratio.profile_ratio,
    "special-urls": sources.special_urls,
    "file-to-page": sources.file_to_page,
    "parameters": sources.parameters_lost,
    "variants": sources.variants_uncovered,
    "proxy-prefix": sources.proxy_prefix,
    "temporary": sources.temporary_status,
    "languages": languages.language_clusters,
    "wildcard": wildcard.wildcard,
}


@lru_cache(maxsize=1)
def _checks() -> dict[str, Check]:
    return plugins("checks", BUILTIN)


def run_checks(context: PlanContext) -> pd.DataFrame:
    """Run every check, built-in and installed.

    Returns:
        Schema FINDINGS, worst first.
    """
    found: list[Finding] = []
    for check in _checks().values():
        found.extend(check(context))
    return as_table(found)


__all__ = [
    "BUILTIN",
    "Check",
    "Finding",
    "PlanContext",
    "as_table",
    "in_order",
    "run_checks",
]
