"""Checks on old URLs: what servers, proxies and parameters do to them."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from redirectmap.checks.context import PlanContext
from redirectmap.checks.findings import Finding, each, once
from redirectmap.planning.spelling import folded, keys_of

_FILE = r"(?i)\.(?:pdf|docx?|xlsx?|pptx?|od[tsp]|csv|zip|jpe?g|png|gif|webp|svg)$"
_TRACKING = r"(?:^|&)(?:utm_\w+|gclid|fbclid|msclkid|mc_[ce]id)="
_FEED = r"(?i)(?:/feed/?$|/rss(?:\.xml)?/?$|/atom(?:\.xml)?/?$|\.rss$|feed\.aspx$)"
_AMP = r"(?i)(?:/amp/?$|^/amp/|\.amp(?:\.html)?$)"
_PAGES = r"(?i)/page/\d+/?$"
_PAGE_QUERY = r"(?i)(?:^|&)(?:page|paged|p|seite|offset|start)=\d+(?:&|$)"


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
    """Parameters that mean something and that the target does not get."""
    asked = context.old_query.ne("").to_numpy(bool) & context.is_redirect
    if not asked.any():
        return
    tracked = context.old_query.str.contains(_TRACKING).to_numpy(bool)
    hint = "drop the row; the clean URL's rule keeps the visitor's query"
    yield from each(
        context.plan,
        asked & tracked,
        "an exact rule on tracking parameters loses the campaign",
        Finding("warning", "tracking-source", "", hint),
    )
    lost = asked & ~tracked & _loses(context, asked & ~tracked)
    yield from once(
        context.plan,
        lost,
        "{count} sources have parameters that their target does not get, e.g."
        " {example}",
        Finding("notice", "parameters-lost", "", "check which parameters must survive"),
    )


def _loses(context: PlanContext, asked: np.ndarray) -> np.ndarray:
    """Tell the rows whose parameters say what no other part of the target says.

    The path stays and the query goes; the target has a query without a parameter
    of the source; or several queries of one path end on one target.
    """
    stays = context.old_path.eq(context.new_path).to_numpy(bool)
    other = context.new_query.ne("").to_numpy(bool)
    missing = np.zeros(len(asked), dtype=bool)
    rows = np.flatnonzero(asked & (stays | other))
    pairs = zip(context.old_query.iloc[rows], context.new_query.iloc[rows], strict=True)
    missing[rows] = [bool(_names(old) - _names(new)) for old, new in pairs]
    place = (context.old_host + context.old_path + " " + context.new_key.fillna(""))[
        asked
    ]
    missing[asked] |= (
        place.duplicated(keep=False).to_numpy()
        & ~other[asked]
        & ~_is_front(context)[asked]
    )
    return missing


def _is_front(context: PlanContext) -> np.ndarray:
    front: np.ndarray = context.new_path.eq("/").to_numpy(bool)
    return front


def _names(query: str) -> set[str]:
    return {pair.partition("=")[0] for pair in query.split("&")}


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
    yield from _uncovered(context, fold)
    yield from _requested_spellings(context)


def _uncovered(context: PlanContext, fold: pd.Series) -> Iterator[Finding]:
    """Sources whose other case, or other slash, no row answers."""
    alone = context.is_redirect & ~fold.duplicated(keep=False).to_numpy()
    letters = context.old_path.astype("string[pyarrow]").str.replace(
        r"%[0-9A-Fa-f]{2}", "", regex=True
    )
    yield from once(
        context.plan,
        alone & letters.str.contains("[A-Z]").to_numpy(dtype=bool),
        "{count} sources have capitals and no row in lower case, e.g. {example}",
        Finding("notice", "variant-uncovered", "", "ask the export for both spellings"),
    )
    folder = letters.str.contains(r"/[^/.]+/?$") & context.old_query.eq("").to_numpy()
    hint = "rules match exactly: make sure that the server settles the slash first"
    yield from once(
        context.plan,
        alone & folder.to_numpy(dtype=bool),
        "{count} sources are there with or without a closing slash only, e.g."
        " {example}",
        Finding("notice", "slash-uncovered", "", hint),
    )


def _requested_spellings(context: PlanContext) -> Iterator[Finding]:
    """Spellings that people ask for or link to, while only another one has a row."""
    asked = [context.logged] if context.logged is not None else []
    if context.backlinks is not None and len(context.backlinks):
        asked.append(context.backlinks["target_url"].value_counts())
    if not asked:
        return
    counts = pd.concat(asked)
    keys = keys_of(pd.Series(counts.index, dtype=object))
    known = set(context.old_key.dropna())
    strange = keys.notna().to_numpy() & ~keys.isin(known).to_numpy()
    table = pd.DataFrame(
        {
            "key": keys[strange].to_numpy(),
            "times": counts.to_numpy()[strange],
            "fold": folded(keys[strange]).to_numpy(),
        }
    )
    rows = context.plan["old_url"].to_numpy()
    planned = dict(zip(context.old_folded[::-1], rows[::-1], strict=True))
    table["row"] = table["fold"].map(planned)
    times = table[table["row"].notna()].groupby(["key", "row"])["times"].sum()
    ordered = times.reset_index().sort_values(["times", "key"], ascending=[False, True])
    for key, row, times in ordered.itertuples(index=False, name=None):
        yield Finding(
            "warning",
            "variant-requested",
            f"asked for or linked {times:.0f} times; the plan has a row only for {row}",
            "add a row, or make the server settle the spelling before the rules",
            key,
        )


def proxy_prefix(context: PlanContext) -> Iterator[Finding]:
    """All sources below one folder: a proxy that strips it hides every rule."""
    paths = context.old_path[context.is_redirect]
    if len(paths) < 3:
        return
    folder = "/" + paths.iloc[0].split("/")[1]
    below = paths.astype("string[pyarrow]").str.startswith(f"{folder}/")
    if folder != "/" and (below | paths.eq(folder)).all() and below.any():
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
