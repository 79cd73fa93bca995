"""Checks on what stands at the target: status, index, language, host."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from redirectmap.checks.context import PlanContext
from redirectmap.checks.findings import Finding, each, once
from redirectmap.checks.languages import language_in
from redirectmap.planning.spelling import (
    PLACEHOLDER_ORIGIN,
    folded,
    host_of,
    keys_of,
    parts_of,
    shown_key,
)
from redirectmap.urls import registrable_domain

_SOFT_404 = (
    r"(?i)^\s*404\s*(?:$|[|:\u2013\u2014-])|\berror\s+404\b"
    r"|\b404\s+(?:error|not found|page)\b"
    r"|\b(?:page|seite|url|content|product|article)\s+(?:was\s+|wurde\s+)?"
    r"(?:not|nicht|cannot be|could not be)\s+(?:found|gefunden)\b"
    r"|^\s*(?:not found|nicht gefunden)\b|\bpage introuvable\b|\bno longer available\b"
    r"|\bp[aá]gina no encontrada\b|\bnicht mehr verf[uü]gbar\b"
)


def target_status(context: PlanContext) -> Iterator[Finding]:
    """Targets that do not answer 200, redirect, or are not on the new site."""
    page = context.target_page
    if page is None:
        return
    status = page["status"].astype(float)
    aimed = context.is_redirect
    dead = aimed & (status >= 400).to_numpy()
    texts = [f"the target answers {code:.0f}" for code in status[dead]]
    hint = "choose a page that lives, or make the row gone"
    yield from each(
        context.plan, dead, texts, Finding("error", "target-not-200", "", hint)
    )
    moved = aimed & status.between(300, 399).to_numpy()
    ends = page.loc[moved, "final_url"].fillna("another page")
    yield from each(
        context.plan,
        moved,
        [f"the target redirects to {end}" for end in ends],
        Finding("error", "target-redirects", "", "point the row at the last target"),
    )
    yield from _unknown(context, page)


def _unknown(context: PlanContext, page: pd.DataFrame) -> Iterator[Finding]:
    hosts = _new_hosts(context)
    near = context.new_host.isin(hosts).to_numpy(dtype=bool)
    absent = context.is_redirect & ~page["_there"].to_numpy(dtype=bool) & near
    absent &= ~context.new_key.isin(context.blocked).to_numpy(dtype=bool)
    yield from each(
        context.plan,
        absent,
        "the target was not found on the new site",
        Finding("warning", "target-unknown", "", "request it, or crawl the new site"),
    )


def _new_hosts(context: PlanContext) -> set[str]:
    if context.new_pages is None:
        return set()
    return set(host_of(keys_of(context.new_pages["url"])).unique()) - {""}


def target_index(context: PlanContext) -> Iterator[Finding]:
    """Targets that a search engine will not show: noindex, canonical elsewhere."""
    page = context.target_page
    if page is None:
        return
    robots = page["robots"].fillna("").astype(str).str.lower()
    aimed = context.is_redirect
    yield from each(
        context.plan,
        aimed & robots.str.contains(r"\b(?:noindex|none)\b").to_numpy(dtype=bool),
        "the target is noindex",
        Finding("error", "target-noindex", "", "lift noindex, or choose another page"),
    )
    yield from _canonicals(context, page)


def _canonicals(context: PlanContext, page: pd.DataFrame) -> Iterator[Finding]:
    """Canonicals of another page; of another origin alone, as staging has them."""
    canonical = keys_of(page["canonical"], PLACEHOLDER_ORIGIN)
    parts = parts_of(canonical)
    bare = parts.host.eq(PLACEHOLDER_ORIGIN.partition("//")[2])
    away = context.is_redirect & canonical.notna().to_numpy(bool)
    away &= canonical.ne(context.new_key).to_numpy(bool)
    same = (parts.path + "?" + parts.query).eq(
        context.new_path + "?" + context.new_query
    )
    hint = "point the row at the canonical page"
    elsewhere = away & ~same.to_numpy(bool)
    yield from each(
        context.plan,
        elsewhere,
        [f"the target's canonical is {shown_key(url)}" for url in canonical[elsewhere]],
        Finding("error", "target-canonical", "", hint),
    )
    yield from once(
        context.plan,
        away & (same & ~bare).to_numpy(bool),
        "{count} targets name the same path on another host as canonical, e.g. that of"
        " {example}",
        Finding("notice", "target-canonical-host", "", "fine on staging, else a fault"),
    )


def target_robots(context: PlanContext) -> Iterator[Finding]:
    """Targets that robots.txt keeps crawlers from."""
    blocked = context.new_key.isin(context.blocked).to_numpy(dtype=bool)
    page = context.target_page
    if page is not None:
        robots = page["robots"].fillna("").astype(str).str.lower()
        said = robots.str.contains(r"\b(?:blocked|disallow\w*)\b")
        blocked = blocked | said.to_numpy(dtype=bool)
    yield from each(
        context.plan,
        context.is_redirect & blocked,
        "robots.txt forbids the target",
        Finding("error", "target-robots", "", "allow the path in robots.txt"),
    )


def target_soft_404(context: PlanContext) -> Iterator[Finding]:
    """Targets that answer 200 and say that there is nothing."""
    page = context.target_page
    if page is None:
        return
    words = (
        page["title"]
        .fillna("")
        .astype(str)
        .str.cat(page["h1"].fillna("").astype(str), sep=" | ")
    )
    soft = words.str.contains(_SOFT_404)
    yield from each(
        context.plan,
        context.is_redirect & soft.to_numpy(dtype=bool),
        "the target says 'not found' with status 200",
        Finding("error", "target-soft-404", "", "choose a page with content"),
    )


def target_sitemap(context: PlanContext) -> Iterator[Finding]:
    """Targets that the new site's sitemaps do not list."""
    known = context.sitemap or _from_sources(context)
    if not known:
        return
    absent = context.is_redirect & ~context.new_key.isin(known).to_numpy(dtype=bool)
    yield from once(
        context.plan,
        absent,
        "{count} targets are in no sitemap of the new site, e.g. that of {example}",
        Finding("notice", "target-not-in-sitemap", "", "list them, or check them"),
    )


def _from_sources(context: PlanContext) -> frozenset[str]:
    if context.new_pages is None:
        return frozenset()
    sources = context.new_pages["sources"]
    listed = sources.map(lambda names: names is not None and "sitemap" in list(names))
    return frozenset(
        keys_of(context.new_pages.loc[listed.astype(bool), "url"]).dropna()
    )


def target_language(context: PlanContext) -> Iterator[Finding]:
    """Redirects into another language: as the pages say, else as the URLs do."""
    was, now = _spoken_old(context), _spoken_new(context)
    by_url = was.eq("") | now.eq("")
    named = language_in(context.new_host, context.new_path)
    if named[context.is_redirect].ne("").any():
        now = now.mask(by_url, named)
        was = was.mask(by_url, language_in(context.old_host, context.old_path))
    elif by_url.all():
        return
    mask = context.is_redirect & (was.ne("") & now.ne("") & was.ne(now)).to_numpy()
    texts = [f"from {a} to {b}" for a, b in zip(was[mask], now[mask], strict=True)]
    hint = "choose the page in the visitor's language"
    yield from each(
        context.plan, mask, texts, Finding("warning", "target-language", "", hint)
    )


def _spoken_old(context: PlanContext) -> pd.Series:
    if context.old_pages is None:
        return pd.Series("", index=context.plan.index, dtype=object)
    old = context.old_pages.assign(_key=keys_of(context.old_pages["url"]))
    old = old[old["_key"].notna()].drop_duplicates("_key").set_index("_key")
    return _primary(context.old_key.map(old["lang"]))


def _spoken_new(context: PlanContext) -> pd.Series:
    if context.target_page is None:
        return pd.Series("", index=context.plan.index, dtype=object)
    return _primary(context.target_page["lang"])


def _primary(languages: pd.Series) -> pd.Series:
    known = languages.astype(object).fillna("").astype(str)
    return known.str.split("[-_]", n=1, regex=True).str[0].str.lower()


def target_host(context: PlanContext) -> Iterator[Finding]:
    """Targets on a host that is neither the new site's nor the common one."""
    hosts = _new_hosts(context)
    aimed = context.is_redirect
    if not hosts and aimed.any():
        counts = context.new_host[aimed].value_counts()
        hosts = set(counts.index[counts >= max(2, 0.05 * counts.sum())])
        hosts |= set(context.old_host[aimed].unique())
    domains = {registrable_domain(host) for host in hosts}
    ours = {h for h in context.new_host.unique() if registrable_domain(h) in domains}
    away = aimed & ~context.new_host.isin(ours).to_numpy(dtype=bool)
    yield from each(
        context.plan,
        away,
        [f"leaves the site for {host}" for host in context.new_host[away]],
        Finding("warning", "target-other-host", "", "allow the host, or choose a page"),
    )


def source_live(context: PlanContext) -> Iterator[Finding]:
    """Sources that are pages of the new site: the redirect would hide them."""
    if context.new_pages is None:
        return
    pages = context.new_pages
    status = pages["status"].astype(float)
    live = keys_of(pages.loc[status.isna() | status.between(200, 299), "url"]).dropna()
    away = context.plan["action"].isin(["redirect", "gone"]).to_numpy(dtype=bool)
    mask = away & context.old_key.isin(set(live)).to_numpy(dtype=bool)
    yield from each(
        context.plan,
        mask,
        "the URL is a live page of the new site",
        Finding("error", "source-live", "", "keep it, or take the page down"),
    )
    near = away & ~mask & context.old_folded.isin(set(folded(live))).to_numpy()
    near &= context.old_host.isin(_new_hosts(context)).to_numpy(dtype=bool)
    near &= ~_same_spelling(context)
    yield from once(
        context.plan,
        near,
        "{count} sources differ from a live page in case or slash only, e.g. {example}",
        Finding("notice", "source-near-live", "", "verify on the server"),
    )


def _same_spelling(context: PlanContext) -> np.ndarray:
    same: np.ndarray = context.old_folded.eq(folded(context.new_key)).to_numpy()
    return same
