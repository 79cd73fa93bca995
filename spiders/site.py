"""The spider of one site: asks robots first, hands answers on, writes the file.

Every URL goes the same way: the frontier offers its row, robots.txt and the cap
are asked, the transport fetches it, the reader judges the answer, and one
transaction writes what came of it.
"""

from __future__ import annotations

import asyncio
import sqlite3
import time
from collections.abc import AsyncIterator
from typing import Any

from scrapy import Request, Spider
from scrapy.http import Response
from twisted.python.failure import Failure

from redirectmap.crawlsettings import CrawlJob
from redirectmap.sitefile import Found, Result, Row, SiteFile
from redirectmap.urls import Url, parse as parse_url, shown
from spiders.answers import (
    MAX_RETRY_AFTER,
    MAX_TRIES,
    RETRIED,
    Redirects,
    retry_after,
)
from spiders.frontier import Frontier
from spiders.guards import SELF_HOPS, AddressGuard, Budgets, FetchError, shape
from spiders.origins import Note, Origins
from spiders.pace import GROANS, Pace
from spiders.reading import MAX_SITEMAPS, SITEMAP_CAP, Reader
from spiders.robots import MAX_BYTES, Robots, product_token
from spiders.scope import Scope

RETRIED_ERRORS = {"conn_error", "incomplete", "timeout"}
CAP_PAUSE = 0.05
PATIENCE = 600.0
"""Seconds a host may make us wait without one good answer."""
MAX_WAITS = 5
"""Tries of a URL whose host says that it is too much now."""


class SiteSpider(Spider):
    """Crawls one site into one file."""

    name = "site"
    frontier: Frontier

    def __init__(self, site: SiteFile, job: CrawlJob, **kwargs: Any) -> None:  # noqa: ANN401
        super().__init__(**kwargs)
        start = parse_url(job.url)
        assert isinstance(start, Url)  # noqa: S101  (the command checked it)
        self.site = site
        self.job = job
        self.start_url = start
        self.scope = Scope(job, start)
        guard = AddressGuard(job.allow_private)
        self.reader = Reader(job, self.scope, Redirects(self.scope, guard), site.known)
        self.pace = Pace(job.concurrency, job.delay)
        agent = product_token(job.user_agent)
        self.origins = Origins(agent, self._fetch_robots, self._robots_known)
        self.fetched = site.counts().done
        self.in_work = 0
        self.end: tuple[str, str] | None = None
        _recall(site, self.scope.budgets)

    async def start(self) -> AsyncIterator[Any]:
        """Yield nothing: URLs come from the site file."""
        nothing: tuple[Any, ...] = ()
        for one in nothing:
            yield one

    # ---- going out ---------------------------------------------------------

    def request_for(self, row: Row) -> Request | None:
        """Return the request for a row, or None where it is set aside or waits."""
        url = parse_url(row.url)
        if not isinstance(url, Url):
            self._commit(row, Result("skipped", "bad_url", "is no URL"))
            return None
        rules = self.origins.rules(url.origin)
        if rules is None:
            self.origins.ask(url.origin, row)
            return None
        if reason := self._unwelcome(row, url, rules):
            self._commit(row, Result("skipped", *reason))
            return None
        if row.kind == "page" and self._at_the_cap():
            self.frontier.give_back(row)
            self.frontier.pause(CAP_PAUSE)
            return None
        self.in_work += row.kind == "page"
        self.pace.of(row.host).begin(time.monotonic())
        meta: dict[str, Any] = {"row": row, "download_slot": row.host}
        if row.kind == "sitemap":
            meta["cap"] = SITEMAP_CAP
        return Request(
            "http://row.invalid/",
            callback=self.answered,
            errback=self.gave_up,
            meta=meta,
        )

    def _unwelcome(self, row: Row, url: Url, rules: Robots) -> tuple[str, str] | None:
        if self.job.obey_robots and (forbidden := rules.forbids(url.wire)):
            return "robots", forbidden
        if row.kind == "page" and not row.listed and row.depth:
            closed = self.scope.budgets.closed.get(shape(url))
            if closed:
                return closed, f"shape {shape(url)[:200]}"
        return None

    def _at_the_cap(self) -> bool:
        cap = self.job.max_pages
        if not cap or self.fetched + self.in_work < cap:
            return False
        if not self.in_work:
            self.stop("capped", f"--max-pages {cap} is reached")
        return True

    # ---- robots ------------------------------------------------------------

    @property
    def _transport(self) -> Any:  # noqa: ANN401
        engine: Any = self.crawler.engine
        return engine.downloader.handlers._get_handler("http")  # noqa: SLF001

    async def _fetch_robots(self, place: str) -> Response:
        response: Response = await self._transport.fetch(place, cap=MAX_BYTES, cut=True)
        return response

    def _robots_known(
        self, origin: str, rules: Robots, rows: list[Row], notes: list[Note]
    ) -> None:
        url = parse_url(origin)
        if rules.delay and isinstance(url, Url):
            self.pace.of(url.host).slow_down(rules.delay)
        wanted: list[Found] = []
        if origin == self.start_url.origin and self.job.sitemaps and not self.job.urls:
            wanted, elsewhere = self._sitemaps(origin, rules)
            notes += [(origin, "sitemap_elsewhere", one) for one in elsewhere]
        try:
            self.site.add(wanted)
            for note in notes:
                self.site.warn(*note)
        except sqlite3.Error as error:
            self.file_failed(error)
        for row in rows:
            self.frontier.give_back(row)
        self.frontier.wake()

    def _sitemaps(self, origin: str, rules: Robots) -> tuple[list[Found], list[str]]:
        wanted: list[Found] = []
        elsewhere: list[str] = []
        for text in [*rules.sitemaps, f"{origin}/sitemap.xml"][:MAX_SITEMAPS]:
            url = parse_url(text, f"{origin}/robots.txt")
            if isinstance(url, Url) and self.scope.holds(url):
                wanted.append(Found(url.key, kind="sitemap"))
            elif text:
                elsewhere.append(f"not read: {shown(text)}")
        return wanted, elsewhere

    # ---- coming back -------------------------------------------------------

    def answered(self, response: Response) -> None:
        """Write down what a response says (Scrapy's callback)."""
        row: Row = response.meta["row"]
        self._is_back(row, groaned=response.status in GROANS)
        if response.status in RETRIED and self._again(row, response):
            return
        try:
            result = self.reader.read(row, response)
        except FetchError as error:
            result = Result("failed", error.outcome, str(error))
        except Exception as error:  # noqa: BLE001  (one page must not stop a crawl)
            why = f"our own fault: {type(error).__name__}: {error}"
            result = Result("failed", "internal", why[:300])
        if result.page is not None:
            result.page = {**result.page, "seconds": response.meta.get("seconds")}
        self._commit(row, result)

    def gave_up(self, failure: Failure) -> None:
        """Write down why there is no response (Scrapy's errback)."""
        row: Row = failure.request.meta["row"]  # type: ignore[attr-defined]
        error = failure.value
        outcome = error.outcome if isinstance(error, FetchError) else "internal"
        self._is_back(row, timed_out=outcome == "timeout")
        if self.end or outcome == "stopped":
            self.frontier.release(row)
            return
        limit = 2 if outcome == "timeout" else MAX_TRIES
        if outcome in RETRIED_ERRORS and row.tries < limit:
            self.frontier.later(row, 0.25 * 2**row.tries)
            return
        state = "done" if outcome == "bad_redirect" else "failed"
        self._commit(row, Result(state, outcome, str(error)[:300]))

    def _is_back(
        self, row: Row, *, groaned: bool = False, timed_out: bool = False
    ) -> None:
        row.tries += 1
        self.in_work -= row.kind == "page"
        pace = self.pace.of(row.host)
        pace.end()
        pace.learn(groaned=groaned, timed_out=timed_out)

    def _again(self, row: Row, response: Response) -> bool:
        wait = retry_after(response)
        most = MAX_WAITS if response.status in GROANS else MAX_TRIES
        if (wait or 0.0) > MAX_RETRY_AFTER or row.tries >= most:
            return False
        pace = self.pace.of(row.host)
        if wait is not None:
            pace.park(wait)
        if pace.waited > PATIENCE:
            why = f"{row.host} asks to wait, again and again ({response.status})"
            self.stop("throttled", why)
        self.frontier.later(row, wait if wait is not None else 0.25 * 2**row.tries)
        return True

    def _commit(self, row: Row, result: Result) -> None:
        try:
            self.site.commit(row, result)
        except sqlite3.Error as error:
            self.file_failed(error)
            return
        if row.kind == "page" and result.state != "skipped":
            self.fetched += 1
        self.frontier.release(row)

    def file_failed(self, error: sqlite3.Error) -> None:
        """End a crawl whose file cannot be written; what is there can be resumed."""
        self.stop("io_error", f"the site file cannot be written: {error}")

    def stop(self, state: str, reason: str) -> None:
        """End the crawl now; what is in work stays queued."""
        if self.end is None:
            self.end = (state, reason)
            self.frontier.stopped = True
            self._transport.abort()
            engine: Any = self.crawler.engine
            asyncio.ensure_future(engine.close_spider_async(reason=state))  # noqa: RUF006


def _recall(site: SiteFile, budgets: Budgets) -> None:
    """Bring the budgets to where an earlier run of this crawl left them."""
    for url, run, depth in site.db.execute(
        "SELECT url, run, depth FROM urls WHERE kind = 'page' AND state != 'skipped'"
        " AND (run >= ? OR instr(url, '&')) ORDER BY id",
        (SELF_HOPS,),
    ):
        budgets.refuses(_known(url), run, depth)
    for url, content in site.db.execute(
        "SELECT u.url, p.content_hash FROM pages p JOIN urls u ON u.id = p.id"
        " WHERE u.kind = 'page' AND p.content_hash IS NOT NULL ORDER BY p.fetched_at"
    ):
        budgets.fetched(_known(url), content)


def _known(text: str) -> Url:
    url = parse_url(text)
    assert isinstance(url, Url)  # noqa: S101  (only such are in the file)
    return url
