"""Checks on languages as URLs show them: `/de/...` and `de.example.com`.

A two-letter first folder is a language only when it is one that sites are written
in; `/it/` may be Italian or a department, which a person sees at a glance.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from redirectmap.checks.context import PlanContext
from redirectmap.checks.findings import Finding, each

CODES = (
    "ar|bg|ca|cs|cy|da|de|el|en|es|et|eu|fa|fi|fr|ga|gl|he|hr|hu|it|ja|ko|lt|lv"
    "|nb|nl|nn|pl|pt|ro|ru|sk|sl|sr|sv|th|tr|vi|zh"
)
"""Languages that sites are written in, without those that are other words in URLs
(`uk`, `id`, `is`, `hi`)."""
_REGION = r"(?:[-_](?:[A-Za-z]{2}|[A-Z][a-z]{3}))?"
_FOLDER = rf"^/({CODES}){_REGION}(?:/|$)"
_LABEL = rf"^({CODES})\."
_LANGUAGE = r"^/([a-z]{2}(?:[-_][A-Za-z]{2})?)(/.*)$"


def language_in(host: pd.Series, path: pd.Series) -> pd.Series:
    """Return the language that each URL names by folder or host, empty for none."""
    paths, hosts = path.astype("string[pyarrow]"), host.astype("string[pyarrow]")
    if not (paths.str.match(_FOLDER).any() or hosts.str.match(_LABEL).any()):
        return pd.Series("", index=path.index, dtype=object)
    folder = paths.str.extract(_FOLDER)[0]
    label = hosts.str.extract(_LABEL)[0]
    return folder.where(folder.notna(), label).fillna("").astype(object)


def language_clusters(context: PlanContext) -> Iterator[Finding]:
    """Language versions of one page that part ways (as hreflang would see it)."""
    paths = context.old_path.astype("string[pyarrow]")
    hosts = context.old_host.astype("string[pyarrow]")
    if not (paths.str.match("^/[a-z]{2}[/_-]") | hosts.str.match(_LABEL)).any():
        return
    cluster, language = _clusters(context)
    spoken = language.groupby(cluster).transform("nunique")
    twice = (cluster.notna() & spoken.gt(1)).to_numpy(bool)
    if not twice.any():
        return
    lives = context.plan["action"].isin(["redirect", "keep"])
    lives_on = lives[twice].groupby(cluster[twice]).transform("any")
    mask = np.zeros(len(context.plan), dtype=bool)
    mask[twice] = lives_on.to_numpy(bool)
    hint = "decide the languages together"
    yield from each(
        context.plan,
        mask & ~lives.to_numpy(bool),
        "other languages of this page live on, this one does not",
        Finding("warning", "hreflang-torn", "", hint),
    )
    shared = context.new_key.where(context.is_redirect & twice)
    counts = language.groupby([cluster, shared]).transform("nunique")
    yield from each(
        context.plan,
        (counts.gt(1) & shared.notna()).to_numpy(bool),
        "two languages of one page end on the same page",
        Finding("warning", "hreflang-merged", "", "give each language its own page"),
    )


def _clusters(context: PlanContext) -> tuple[pd.Series, pd.Series]:
    """Return which page each URL is a version of, and in which language."""
    plan = context.plan
    none = pd.Series(None, index=plan.index, dtype=object)
    plain = context.old_query.eq("")
    found = context.old_path.astype("string[pyarrow]").str.extract(_LANGUAGE)
    folder = found[0].notna().fillna(value=False).astype(bool) & plain
    cluster = none.mask(folder, context.old_host + found[1].astype(object))
    language = none.mask(folder, found[0].astype(object))
    label = context.old_host.astype("string[pyarrow]").str.extract(_LABEL)[0]
    by_host = label.notna().fillna(value=False).astype(bool) & plain & ~folder
    if by_host.any():
        rest = context.old_host.str.replace(_LABEL, "", regex=True) + context.old_path
        cluster = cluster.mask(by_host, "*." + rest)
        language = language.mask(by_host, label.astype(object))
    return cluster, language
