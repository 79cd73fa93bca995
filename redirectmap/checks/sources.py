"""Checks on old URLs: what servers, proxies and parameters do to them."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from redirectmap.checks.context import PlanContext
from redirectmap.checks.findings import Finding, each, once
from redirectmap.planning.spelling import folded

_FILE = r"(?i)\.(?:pdf|docx?|xlsx?|pptx?|od[tsp]|csv|zip|jpe?g|png|gif|webp|svg)$"
_FEED = r"(?i)(?:/feed/?$|/rss(?:\.xml)?/?$|/atom(?:\.xml)?/?$|\.rss$|feed\.aspx$)"
_AMP = r"(?i)(?:/amp/?$|^/amp/|\.amp(?:\.html)?$)"
_PAGES = r"(?i)/page/\d+/?$"
_PAGE_QUERY = r"(?i)(?:^|&)(?:page|paged|p|seite|offset|start)=\d+(?:&|$)"
_LANGUAGE = r"^/([a-z]{2}(?:-[a-z]{2})?)(/.*)$"


def special_urls(context: PlanContext) -> Iterator[Finding]:
    """Kinds of URLs that need a look: files, feeds, AMP, pagination, queries."""
    path = context.old_path.astype("string[pyarrow]")
    query = context.old_query.astype("string[pyarrow]")
    aimed = context.is_redirect
    kinds = (
        (
            "query-source",
            query.ne(""),
            "sources carry a query",
            "path-only rules miss them",
        ),
        ("file-source", path.str.contains(_FILE), "sources are files", "map them too"),
        (
            "feed-source",
            path.str.contains(_FEED),
            "sources are feeds",
            "keep subscribers",
        ),
        (
            "amp-source",
            path.str.contains(_AMP),
            "sources are AMP pages",
            "use the page",
        ),
        (
            "pagination-source",
            path.str.contains(_PAGES) | query.str.contains(_PAGE_QUERY),
            "sources are pages 2, 3 ... of a listing",
            "send them to the listing",
        ),
        (
            "encoded-source",
            path.str.contains("%", regex=False),
            "sources are percent-encoded or not ASCII",
            "test them on the real server, in both spellings",
        ),
    )
    for check, mask, what, hint in kinds:
        yield from once(
            context.plan,
            mask.to_numpy(dtype=bool) & (aimed | context.plan["action"].eq("gone")),
            f"{{count}} {what}, e.g. {{example}}",
            Finding("notice", check, "", hint),
        )


def file_to_page(context: PlanContext) -> Iterator[Finding]:
    """Documents whose links end on a page, images that end on HTML."""
    was = context.old_path.astype("string[pyarrow]").str.contains(_FILE)
    now = context.new_path.astype("string[pyarrow]").str.contains(_FILE)
    yield from once(
        context.plan,
        context.is_redirect & (was & ~now).to_numpy(dtype=bool),
        "{count} files end on pages, e.g. {example}",
        Finding("notice", "file-to-page", "", "fine if the page offers the file"),
    )


def parameters_lost(context: PlanContext) -> Iterator[Finding]:
    """Sources with parameters whose target has a query of its own."""
    from redirectmap.planning.spelling import query_of

    both = context.old_query.ne("") & query_of(context.new_key).ne("")
    yield from once(
        context.plan,
        context.is_redirect & both.to_numpy(dtype=bool),
        "{count} sources and their targets both carry a query, e.g. {example}",
        Finding("notice", "parameters-lost", "", "check which parameters must survive"),
    )
    tracked = context.old_query.str.contains(r"(?:^|&)(?:utm_|gclid|fbclid)")
    hint = "drop the row; the clean URL's rule keeps the visitor's query"
    yield from each(
        context.plan,
        context.is_redirect & tracked.to_numpy(dtype=bool),
        "an exact rule on tracking parameters loses the campaign",
        Finding("warning", "tracking-source", "", hint),
    )


def variants_uncovered(context: PlanContext) -> Iterator[Finding]:
    """Old URLs known in another case or slash that the plan treats differently."""
    fold = context.old_folded
    twice = fold.ne("") & fold.duplicated(keep=False) & ~context.is_pattern
    twice &= ~context.old_key.duplicated(keep=False)
    if twice.any():
        answer = context.plan["action"].astype(str) + folded(context.new_key)
        differs = answer[twice].groupby(fold[twice]).transform("nunique").gt(1)
        mask = twice.copy()
        mask[twice] = differs
        yield from each(
            context.plan,
            mask,
            "another spelling (case, slash, scheme, www) has another answer",
            Finding("warning", "variants-differ", "", "give both the same answer"),
        )
    letters = context.old_path.astype("string[pyarrow]").str.replace(
        r"%[0-9A-Fa-f]{2}", "", regex=True
    )
    mixed = context.is_redirect & letters.str.contains("[A-Z]").to_numpy(dtype=bool)
    alone = mixed & ~fold.duplicated(keep=False).to_numpy()
    yield from once(
        context.plan,
        alone,
        "{count} sources have capitals and no row in lower case, e.g. {example}",
        Finding("notice", "variant-uncovered", "", "ask the export for both spellings"),
    )


def proxy_prefix(context: PlanContext) -> Iterator[Finding]:
    """All sources below one folder: a proxy that strips it hides every rule."""
    paths = context.old_path[context.is_redirect]
    if len(paths) < 5:
        return
    folder = paths.iloc[0].rpartition("/")[0].split("/")[1:2]
    folder = f"/{folder[0]}" if folder else ""
    if folder and paths.str.startswith(f"{folder}/").all():
        yield Finding(
            "notice",
            "proxy-prefix",
            f"every source begins with {folder}/",
            "if a proxy strips it, the rules never fire: prove them behind the proxy",
        )


def temporary_status(context: PlanContext) -> Iterator[Finding]:
    """Redirects that say 302 or 307 where the move is for good."""
    status = context.plan["status"]
    mask = context.is_redirect & status.isin([302, 303, 307]).fillna(False).to_numpy(
        bool
    )
    texts = [f"answers {code}, as if it came back" for code in status[mask]]
    yield from each(
        context.plan, mask, texts, Finding("warning", "temporary", "", "use 301 or 308")
    )
    odd = context.is_redirect & ~status.isin([301, 302, 303, 307, 308]).fillna(
        False
    ).to_numpy(bool)
    yield from each(
        context.plan,
        odd & status.notna().to_numpy(),
        "the status is no redirect",
        Finding("error", "status-mismatch", "", "use 301"),
    )


def bad_urls(context: PlanContext) -> Iterator[Finding]:
    """Rows whose URLs cannot be used at all."""
    refused = context.old_key.isna().to_numpy() & ~context.is_pattern
    hint = "mend the cell: https://host/path"
    yield from each(
        context.plan,
        refused,
        "the old URL cannot be read",
        Finding("error", "bad-source", "", hint),
    )
    needed = context.plan["action"].eq("redirect").to_numpy() & ~context.is_pattern
    blank = context.plan["new_url"].isna().to_numpy()
    yield from each(
        context.plan,
        needed & blank,
        "redirects to nowhere",
        Finding("error", "no-target", "", "name a target, or make it gone or review"),
    )
    unread = context.new_key.isna().to_numpy()
    yield from each(
        context.plan,
        needed & ~blank & unread,
        "the target cannot be read",
        Finding("error", "bad-target", "", hint),
    )


def language_clusters(context: PlanContext) -> Iterator[Finding]:
    """Language versions of one page that part ways (as hreflang would see it)."""
    some = context.old_path.str.contains(r"^/[a-z]{2}(?:-[a-z]{2})?/")
    if not some.any():
        return
    parts = context.old_path[some].str.extract(_LANGUAGE).reindex(context.plan.index)
    plain = parts[0].notna() & context.old_query.eq("")
    cluster = (context.old_host + parts[1]).where(plain)
    spoken = parts[0].groupby(cluster).transform("nunique")
    twice = cluster.notna() & spoken.gt(1)
    if not twice.any():
        return
    action = context.plan["action"].where(context.plan["action"].ne("keep"), "redirect")
    torn = action[twice].groupby(cluster[twice]).transform("nunique").gt(1)
    mask = np.zeros(len(context.plan), dtype=bool)
    mask[np.flatnonzero(twice)] = torn.to_numpy()
    mask &= pd.Series(action).ne("redirect").to_numpy()
    yield from each(
        context.plan,
        mask,
        "other languages of this page live on, this one does not",
        Finding("warning", "hreflang-torn", "", "decide the languages together"),
    )
