"""Fetch the pages, robots.txt and sitemaps that a plan's rows touch; judge them."""

from __future__ import annotations

from collections.abc import Iterator

from redirectmap.verify.around import (
    Robots,
    fetch,
    listed_urls,
    place_of,
    probe_urls,
    read_robots,
    walk_note,
)
from redirectmap.verify.compare import is_home
from redirectmap.verify.judge_page import Facts, judge_headers, judge_page, like_probe
from redirectmap.verify.known import Expected, PageText
from redirectmap.verify.pages import fetch_pages
from redirectmap.verify.problems import Problem
from redirectmap.verify.rows import Row
from redirectmap.verify.run import Run
from redirectmap.verify.sites import origin_of
from redirectmap.verify.texts import known_text
from redirectmap.verify.walk import Walk

ABOUT_CONTENT = frozenset({"parity", "title_changed", "wrong_language"})
# Where rows end that are there to be looked at; and of these the web pages.
_ENDS = """
SELECT DISTINCT w.final_url FROM walks w JOIN rows r ON r.n = w.n
WHERE w.kind = 'browser' AND w.ends_on != '' AND r.asked
AND (r.action = 'keep' OR r.action = 'redirect' AND w.hops > 0)
"""
_HTML = f"{_ENDS} AND w.ends_on = 'page'"
_MOVED = "SELECT 1 FROM rows WHERE old_url = ? AND action IN ('redirect', 'gone')"


class PageJudge:
    """Says what is wrong with the page a row ends on.

    Args:
        run: The run; all that is needed is fetched here.
    """

    def __init__(self, run: Run) -> None:
        self._run = run
        self._shown: tuple[str, Facts | None] = ("", None)
        self._probes = self._probe()
        probed = sorted(walk.final_url for walk in self._probes.values())
        fetch_pages(
            self._finals(), probed, run.sites, run.settings, run.state, run.notes
        )
        self._robots = self._read_robots()
        self._say_unseen()
        self._say_linked()
        self._say_listed()

    def problems(self, row: Row, walk: Walk) -> list[Problem]:
        """Return the problems of where `walk` ended."""
        if not walk.ends_on or row.action not in {"redirect", "keep"}:
            return []
        if row.action == "redirect" and not walk.hops:
            return []
        url, same = walk.final_url, self._run.sites.same
        found = []
        if not self._robots.allows(same(url)):
            message = f"robots.txt forbids Googlebot {url}"
            found.append(Problem("robots_blocked", message))
        facts = self._facts(url)
        if facts is None or facts.get("status") != 200:
            return [*found, *judge_headers(url, _headers(walk), same)]
        planned = same(url) == same(row.expected or row.old_url)
        expected = self._expected(row)
        judged = judge_page(url, facts, expected, same, planned=planned)
        soft = list(self._soft(url, facts))
        if soft:
            judged = [p for p in judged if p.name not in ABOUT_CONTENT]
        return [*found, *judged, *soft]

    def _finals(self) -> Iterator[str]:
        for (url,) in self._run.state.db.execute(_HTML):
            yield url

    def _facts(self, url: str) -> Facts | None:
        if self._shown[0] != url:
            self._shown = (url, self._run.state.page(url))
        return self._shown[1]

    def _probe(self) -> dict[str, Walk]:
        """Ask for pages that cannot exist; return those that answer 200, by place."""
        run = self._run
        urls = probe_urls(self._finals(), run.state.started)
        found: dict[str, Walk] = {}
        for walker in fetch(urls, run.sites, run.engine, 1):
            place = urls[walker.walk.start]
            note = walk_note(place, walker.walk)
            if note:
                run.notes.append(note)
                found[place] = walker.walk
        return found

    def _read_robots(self) -> Robots:
        run = self._run
        same = run.sites.same
        origins = {origin_of(same(url)) for (url,) in run.state.db.execute(_ENDS)}
        moved = run.state.rows("r.action = 'redirect'")
        origins |= {origin_of(same(row.old_url)) for row in moved}
        robots = read_robots(origins, run.sites, run.engine)
        run.notes.extend(robots.notes)
        return robots

    def _say_unseen(self) -> None:
        run = self._run
        message = "robots.txt forbids Googlebot to fetch the old URL"
        problem = Problem("redirect_unseen", message)
        hidden = (
            (row.n, problem)
            for row in run.state.rows("r.asked AND r.action = 'redirect'")
            if not self._robots.allows(run.sites.same(row.old_url))
        )
        run.state.say(hidden)

    def _say_linked(self) -> None:
        sql = (
            "SELECT r.n, min(l.page), count(*) FROM links l JOIN rows r"
            " ON r.old_url = l.old_url GROUP BY r.n"
        )
        linked = self._run.state.db.execute(sql).fetchall()
        self._run.state.say(
            (n, Problem("linked_internally", f"{page}{_more(count)} still links to it"))
            for n, page, count in linked
        )

    def _say_listed(self) -> None:
        run = self._run
        origins = {origin_of(url) for url in self._finals()}

        def is_old(url: str) -> bool:
            return run.state.db.execute(_MOVED, (url,)).fetchone() is not None

        listed = listed_urls(self._robots, origins, run.sites, run.engine, is_old)
        sql = "SELECT n FROM rows WHERE old_url = ?"
        run.state.say(
            [
                (n, Problem("in_sitemap", f"{sitemap} still lists it"))
                for url, sitemap in sorted(listed.items())
                for (n,) in run.state.db.execute(sql, (url,)).fetchall()
            ]
        )

    def _expected(self, row: Row) -> Expected:
        state = self._run.state
        before = known_text(state, "old", row.old_url) or PageText(title=row.old_title)
        if row.action == "keep" and not row.expected:
            planned = known_text(state, "new", row.old_url) or before
        else:
            planned = known_text(state, "new", row.expected) or PageText(
                title=row.new_title
            )
        return Expected(row.old_url, before, planned)

    def _soft(self, url: str, facts: Facts) -> Iterator[Problem]:
        probe = self._probes.get(place_of(url))
        if probe is None or is_home(url) or probe.final_url == url:
            return
        shown = self._run.state.page(probe.final_url)
        if shown and like_probe(facts, shown):
            message = (
                f"looks like the answer to a URL that cannot exist ({probe.start})"
            )
            yield Problem("soft_404", message)


def _more(count: int) -> str:
    return f" and {count - 1} more" if count > 1 else ""


def _headers(walk: Walk) -> Facts:
    facts = walk.facts
    return {
        "x_robots": facts.get("x-robots-tag", ""),
        "link": facts.get("link", ""),
        "robots": facts.get("robots", ""),
    }
