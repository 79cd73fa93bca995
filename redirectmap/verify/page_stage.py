"""Fetch and judge the pages, robots.txt and sitemaps that a plan's rows touch."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

import pandas as pd

from redirectmap.verify.around import (
    Robots,
    fetch,
    listed_urls,
    origin_of,
    place_of,
    probe_urls,
    read_robots,
    walk_note,
)
from redirectmap.verify.judge import Row, is_home
from redirectmap.verify.judge_page import Facts, judge_headers, judge_page, like_probe
from redirectmap.verify.known import Expected, PageText
from redirectmap.verify.pages import fetch_pages
from redirectmap.verify.problems import Problem
from redirectmap.verify.run import Run
from redirectmap.verify.walk import Walk

Texts = dict[str, PageText]
Landing = tuple[Row, Walk]
ABOUT_CONTENT = frozenset({"parity", "title_changed", "wrong_language"})


def check_pages(run: Run, plan: pd.DataFrame, old: Texts, new: Texts) -> None:
    """Judge the pages that redirect and keep rows end on.

    Args:
        run: The run; its rows get the problems.
        plan: Schema PLAN, for titles.
        old: What the crawl of the old site knows, by URL key.
        new: The same of the new site.
    """
    landings = [pair for pair in _landings(run) if pair[1].status == 200]
    finals = {walk.final_url for _, walk in landings if _is_html(walk)}
    probes = _probe(run, finals)
    moved = {r.old_url for r in run.rows if r.action in {"redirect", "gone"}}
    everything = [*sorted(finals), *sorted(p.final_url for p in probes.values())]
    fetch_pages(everything, run.sites, run.settings, run.state, sorted(moved))
    pages = run.state.pages()
    robots = _robots(run, finals)
    titles = _titles(plan)
    same = run.sites.same
    for row, walk in landings:
        facts = pages.get(walk.final_url)
        if not robots.allows(_wire(run, walk.final_url)):
            message = f"robots.txt forbids Googlebot {walk.final_url}"
            run.add(row.old_url, Problem("robots_blocked", message))
        if not _is_html(walk):
            run.add(row.old_url, *judge_headers(walk.final_url, _headers(walk), same))
        if facts is None or facts.get("status") != 200:
            continue
        expected = _expected(row, titles, old, new)
        found = _judge(run, row, walk, facts, expected)
        soft = list(_soft(walk, facts, pages, probes))
        if soft:
            found = [p for p in found if p.name not in ABOUT_CONTENT]
        run.add(row.old_url, *found, *soft)
    _internal_links(run, pages, finals)
    _sitemaps(run, robots, finals, moved)


def _landings(run: Run) -> Iterator[Landing]:
    for row in run.rows:
        walk = run.state.walk("browser", row.old_url)
        redirected = row.action == "redirect" and walk is not None and walk.hops
        if walk is None or walk.end != "answer":
            continue
        if redirected or row.action == "keep":
            yield row, walk


def _is_html(walk: Walk) -> bool:
    kind = walk.facts.get("content-type", "").partition(";")[0].strip().lower()
    return kind in {"", "text/html", "application/xhtml+xml"}


def _headers(walk: Walk) -> Facts:
    facts = walk.facts
    return {"x_robots": facts.get("x-robots-tag", ""), "link": facts.get("link", "")}


def _wire(run: Run, key: str) -> str:
    return run.sites.same(key)


def _probe(run: Run, finals: set[str]) -> dict[str, Walk]:
    """Ask for pages that cannot exist; return those that answer 200, by place."""
    urls = probe_urls(finals, run.state.started)
    found: dict[str, Walk] = {}
    for walker in fetch(urls, run.sites, run.engine, 1):
        place = urls[walker.walk.start]
        note = walk_note(place, walker.walk)
        if note:
            run.notes.append(note)
            found[place] = walker.walk
    return found


def _robots(run: Run, finals: set[str]) -> Robots:
    old = {r.old_url for r in run.rows if r.action == "redirect"}
    urls = {_wire(run, url) for url in finals | old}
    robots = read_robots(map(origin_of, urls), run.sites, run.engine)
    run.notes.extend(robots.notes)
    for row in run.rows:
        unseen = row.action == "redirect" and row.old_url in run.chosen
        if unseen and not robots.allows(_wire(run, row.old_url)):
            message = "robots.txt forbids Googlebot to fetch the old URL"
            run.add(row.old_url, Problem("redirect_unseen", message))
    return robots


def _judge(
    run: Run, row: Row, walk: Walk, facts: Facts, expected: Expected
) -> list[Problem]:
    same = run.sites.same
    planned = same(walk.final_url) == same(row.expected or row.old_url)
    return judge_page(walk.final_url, facts, expected, same, planned=planned)


def _soft(
    walk: Walk, facts: Facts, pages: dict[str, Facts], probes: dict[str, Walk]
) -> Iterator[Problem]:
    probe = probes.get(place_of(walk.final_url))
    if probe is None or is_home(walk.final_url) or probe.final_url == walk.final_url:
        return
    shown = pages.get(probe.final_url)
    if shown and like_probe(facts, shown):
        message = f"looks like the answer to a URL that cannot exist ({probe.start})"
        yield Problem("soft_404", message)


def _internal_links(run: Run, pages: dict[str, Facts], finals: set[str]) -> None:
    linked: defaultdict[str, list[str]] = defaultdict(list)
    for url in sorted(finals):
        for old in pages.get(url, {}).get("old_links", ()):
            linked[old].append(url)
    for old, sources in linked.items():
        more = f" and {len(sources) - 1} more" if len(sources) > 1 else ""
        message = f"{sources[0]}{more} still links to it"
        run.add(old, Problem("linked_internally", message))


def _sitemaps(run: Run, robots: Robots, finals: set[str], moved: set[str]) -> None:
    origins = {origin_of(url) for url in finals}
    listed = listed_urls(robots, origins, run.sites, run.engine)
    for old in sorted(moved & set(listed)):
        run.add(old, Problem("in_sitemap", f"{listed[old]} still lists it"))


def _titles(plan: pd.DataFrame) -> dict[str, tuple[str, str]]:
    old, new = plan["old_title"].fillna(""), plan["new_title"].fillna("")
    return dict(zip(plan["old_url"], zip(old, new, strict=True), strict=True))


def _expected(
    row: Row, titles: dict[str, tuple[str, str]], old: Texts, new: Texts
) -> Expected:
    old_title, new_title = titles.get(row.old_url, ("", ""))
    before = old.get(row.old_url) or PageText(title=old_title)
    if row.action == "keep" and not row.expected:
        return Expected(row.old_url, before, new.get(row.old_url) or before)
    planned = new.get(row.expected) or PageText(title=new_title)
    return Expected(row.old_url, before, planned)


def texts_of(pages: pd.DataFrame | None, wanted: set[str]) -> Texts:
    """Take what judgements need from a pages table, for the `wanted` URLs."""
    if pages is None:
        return {}
    chosen = pages[pages["url"].isin(wanted) & (pages["status"].fillna(200) == 200)]
    columns = [chosen[name].fillna("") for name in ("title", "h1", "text", "lang")]
    cells = zip(chosen["url"], *columns, strict=True)
    return {url: PageText(*map(str, texts)) for url, *texts in cells}
