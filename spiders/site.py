"""The spider of one site: asks robots first, reads pages, writes the site file."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

from scrapy import Request, Spider
from scrapy.http import Response
from twisted.python.failure import Failure

from redirectmap.sitefile import Found, Result, Row, SiteFile
from redirectmap.urls import Url, parse as parse_url
from spiders import robots as robots_txt, sitemaps
from spiders.answers import (
    FOLLOWED,
    MAX_RETRY_AFTER,
    MAX_TRIES,
    RETRIED,
    Redirects,
    media_type,
    outcome_of,
    retry_after,
)
from spiders.coding import gunzipped
from spiders.extract import Page, is_html, read_page
from spiders.frontier import Frontier
from spiders.guards import AddressGuard, FetchError, shape
from spiders.options import Options
from spiders.scope import Scope

SITEMAP_CAP = 52_000_000
MAX_SITEMAPS = 500
MAX_PROBES = 100
RETRIED_ERRORS = {"conn_error", "incomplete", "timeout"}


class SiteSpider(Spider):
    """Crawls one site into one file."""

    name = "site"
    frontier: Frontier

    def __init__(self, site: SiteFile, options: Options, **kwargs: Any) -> None:  # noqa: ANN401
        super().__init__(**kwargs)
        self.site = site
        self.options = options
        start = parse_url(options.url)
        assert isinstance(start, Url)  # noqa: S101  (the command checked it)
        self.start_url = start
        self.scope = Scope(options, start)
        self.guard = AddressGuard(options.allow_private)
        self.redirects = Redirects(self.scope, self.guard)
        self.robots: dict[str, robots_txt.Robots] = {}
        self.asking: dict[str, list[Row]] = {}
        self.fetched = site.counts().done
        self.in_work = 0
        self.folders: set[str] = set()
        self.probed = 0
        self.listing = bool(options.urls)
        self.end: tuple[str, str] | None = None
        self.good_in_row = 0
        for pattern, why in _closed_shapes(site):
            self.scope.budgets.closed[pattern] = why

    async def start(self) -> AsyncIterator[Any]:
        """Yield nothing: URLs come from the site file."""
        nothing: tuple[Any, ...] = ()
        for one in nothing:
            yield one

    @property
    def _engine(self) -> Any:  # noqa: ANN401
        return self.crawler.engine

    # ---- going out ---------------------------------------------------------

    def request_for(self, row: Row) -> Request | None:
        """Return the request for a row, or None where it is set aside or waits."""
        url = parse_url(row.url)
        if not isinstance(url, Url):
            self._set_aside(row, "bad_url", "is no URL")
            return None
        if url.origin not in self.robots:
            self._ask_robots(url.origin, row)
            return None
        reason = self._unwelcome(row, url)
        if reason:
            self._set_aside(row, *reason)
            return None
        cap = self.options.max_pages
        if cap and row.kind == "page" and self.fetched + self.in_work >= cap:
            self.frontier.release(row)
            self.frontier.park(0.05)
            if not self.in_work:
                self.stop("capped", f"--max-pages {cap} is reached")
            return None
        self.in_work += row.kind == "page"
        return self._request(row)

    def _request(self, row: Row) -> Request:
        meta = {
            "row": row,
            "own_host": True,
            "download_slot": "site",
            "cap": SITEMAP_CAP if row.kind == "sitemap" else None,
        }
        meta = {key: value for key, value in meta.items() if value is not None}
        return Request(
            "http://row.invalid/",
            callback=self.answered,
            errback=self.gave_up,
            meta=meta,
        )

    def _unwelcome(self, row: Row, url: Url) -> tuple[str, str] | None:
        rules = self.robots[url.origin]
        if self.options.obey_robots and not rules.allows(url.wire):
            return "robots", rules.closed or "robots.txt forbids it"
        if row.kind == "page" and not row.listed and row.depth:
            closed = self.scope.budgets.closed.get(shape(url))
            if closed:
                return closed, f"shape {shape(url)[:200]}"
        return None

    def _set_aside(self, row: Row, outcome: str, reason: str) -> None:
        self._commit(row, Result("skipped", outcome, reason))

    # ---- robots ------------------------------------------------------------

    def _ask_robots(self, origin: str, row: Row) -> None:
        waiting = self.asking.setdefault(origin, [])
        waiting.append(row)
        if len(waiting) == 1:
            task = asyncio.ensure_future(self._fetch_robots(origin))
            task.add_done_callback(lambda _done: self._robots_known(origin))

    def _robots_known(self, origin: str) -> None:
        self.robots.setdefault(origin, robots_txt.Robots())
        for row in self.asking.pop(origin, []):
            self.frontier.held.discard(row.id)
            self.frontier.give_back(row)
        self.frontier.wake()

    async def _fetch_robots(self, origin: str) -> None:
        place = f"{origin}/robots.txt"
        try:
            found = await self._robots_at(place)
        except FetchError as error:
            self.site.warn(place, "robots_unreachable", f"{error.outcome}: {error}")
            closing = error.outcome in {"timeout", "bad_response", "incomplete"}
            found = robots_txt.Robots(
                closed=f"robots.txt: {error}" if closing else None
            )
        self.robots[origin] = found
        for code, message in found.warnings:
            self.site.warn(place, code, message)
        if found.delay or self.options.delay:
            self._slow_down(max(found.delay or 0.0, self.options.delay))
        if origin == self.start_url.origin:
            self._plan_sitemaps(origin, found)

    async def _robots_at(self, place: str) -> robots_txt.Robots:
        for _hop in range(robots_txt.MAX_REDIRECTS + 1):
            response = await self._download(place)
            if response.status not in FOLLOWED:
                return self._read_robots(response)
            raw = response.headers.get("Location") or b""
            target = parse_url(raw.decode("latin-1"), place)
            if not isinstance(target, Url):
                break
            place = target.key
        return robots_txt.Robots()

    def _read_robots(self, response: Response) -> robots_txt.Robots:
        if response.status >= 400:
            return robots_txt.for_status(response.status)
        if response.status >= 300:
            return robots_txt.Robots()
        return robots_txt.parse(response.body, "redirectmap")

    async def _download(self, url: str) -> Response:
        row = Row(0, url, "robots")
        request = self._request(row)
        handler = self._engine.downloader.handlers._get_handler("http")  # noqa: SLF001
        response: Response = await handler.download_request(request)
        return response

    def _plan_sitemaps(self, origin: str, found: robots_txt.Robots) -> None:
        if not self.options.sitemaps or self.listing:
            return
        places = [*found.sitemaps, f"{origin}/sitemap.xml"]
        wanted: list[Found] = []
        for text in places[:MAX_SITEMAPS]:
            url = parse_url(text, f"{origin}/robots.txt")
            if isinstance(url, Url) and self.scope.holds(url):
                wanted.append(Found(url.key, kind="sitemap"))
            elif text:
                self.site.warn(origin, "sitemap_elsewhere", f"not read: {text[:200]}")
        self.site.add(wanted)

    def _slow_down(self, seconds: float) -> None:
        slots = self._engine.downloader.slots
        self.crawler.settings.set("DOWNLOAD_DELAY", seconds, priority=40)
        self._engine.downloader._delay = seconds  # noqa: SLF001
        for slot in slots.values():
            slot.delay = seconds
            slot.concurrency = 1

    # ---- coming back -------------------------------------------------------

    def answered(self, response: Response) -> None:
        """Write down what a response says (Scrapy's callback)."""
        row: Row = response.meta["row"]
        row.tries += 1
        self.in_work -= row.kind == "page"
        if response.status in RETRIED and self._again(row, response):
            return
        try:
            result = self._read(row, response)
        except FetchError as error:
            result = Result("failed", error.outcome, str(error))
        if result.page is not None:
            result.page = {**result.page, "seconds": response.meta.get("seconds")}
        self._commit(row, result)
        self._adapt(response.status)

    def gave_up(self, failure: Failure) -> None:
        """Write down why there is no response (Scrapy's errback)."""
        row: Row = failure.request.meta["row"]  # type: ignore[attr-defined]
        self.in_work -= row.kind == "page"
        error = failure.value
        if self.end or (isinstance(error, FetchError) and error.outcome == "stopped"):
            self.frontier.release(row)
            return
        row.tries += 1
        outcome = error.outcome if isinstance(error, FetchError) else "internal"
        limit = 2 if outcome == "timeout" else MAX_TRIES
        if outcome in RETRIED_ERRORS and row.tries < limit:
            self.frontier.later(row, 0.25 * 2**row.tries)
            return
        state = "done" if outcome == "bad_redirect" else "failed"
        self._commit(row, Result(state, outcome, str(error)[:300]))

    def _again(self, row: Row, response: Response) -> bool:
        wait = retry_after(response)
        if (wait or 0.0) > MAX_RETRY_AFTER or row.tries >= MAX_TRIES:
            return False
        if wait is not None:
            self.frontier.park(wait)
        self._adapt(response.status)
        self.frontier.later(row, wait if wait is not None else 0.25 * 2**row.tries)
        return True

    def _adapt(self, status: int) -> None:
        """Halve the concurrency when the host groans, raise it while it is well."""
        slot = self._engine.downloader.slots.get("site")
        if slot is None or slot.delay:
            return
        if status in {429, 503}:
            self.good_in_row = 0
            slot.concurrency = max(1, slot.concurrency // 2)
            return
        self.good_in_row += 1
        if self.good_in_row >= 20 and slot.concurrency < self.options.concurrency:
            self.good_in_row = 0
            slot.concurrency += 1

    def _commit(self, row: Row, result: Result) -> None:
        try:
            self.site.commit(row, result)
        except sqlite3.Error as error:
            self.stop("io_error", f"the site file cannot be written: {error}")
            return
        if row.kind == "page" and result.state != "skipped":
            self.fetched += 1
        self.frontier.release(row)

    def stop(self, state: str, reason: str) -> None:
        """End the crawl now; what is in work stays queued."""
        if self.end is None:
            self.end = (state, reason)
            self.frontier.stopped = True
            engine = self._engine
            engine.downloader.handlers._get_handler("http").abort()  # noqa: SLF001
            asyncio.ensure_future(engine.close_spider_async(reason=state))  # noqa: RUF006

    # ---- reading -----------------------------------------------------------

    def _read(self, row: Row, response: Response) -> Result:
        if row.kind == "sitemap":
            return self._read_sitemap(row, response)
        if row.kind == "probe":
            return self._read_probe(row, response)
        if response.status in FOLLOWED:
            result = self.redirects.result(row, response)
        else:
            result = self._read_body(row, response)
        result.page = {
            "status": response.status,
            "content_type": media_type(response) or None,
            "fetched_at": datetime.now(UTC).isoformat(timespec="seconds"),
            "bytes": len(response.body),
            **(result.page or {}),
        }
        return result

    def _read_body(self, row: Row, response: Response) -> Result:
        status = response.status
        outcome = outcome_of(status)
        reason = None
        if status == 403:
            reason = "forbidden; the server may refuse this user agent (--user-agent)"
        state = "failed" if outcome == "throttled" else "done"
        header = b", ".join(response.headers.getlist("X-Robots-Tag")).decode("latin-1")
        if not is_html(media_type(response), response.body):
            kind = "asset" if outcome == "ok" else outcome
            return Result(state, kind, reason, page={"robots": header[:500] or None})
        page = read_page(
            response.body,
            (response.headers.get("Content-Type") or b"").decode("latin-1") or None,
            row.url,
            header,
        )
        result = Result(state, outcome, reason, page=page.fields)
        result.warnings = page.warnings
        if 200 <= status < 300:
            self._follow(row, page, result)
        return result

    def _follow(self, row: Row, page: Page, result: Result) -> None:
        source = parse_url(row.url)
        assert isinstance(source, Url)  # noqa: S101
        if page.refresh is not None:
            self._follow_refresh(row, page.refresh, result)
        result.links = self._judged_links(row, source, page)
        if self.listing:
            return
        extra = [to for _, to in page.alternates]
        extra += [page.fields["canonical"]] if page.fields["canonical"] else []
        found = list(result.found)
        for text in extra:
            url = parse_url(text)
            if isinstance(url, Url) and self.scope.holds(url):
                found += self.scope.judge(url, depth=row.depth + 1, run=0)
        result.found = [*found, *self._probe_of(source)]
        self.scope.budgets.fetched(source, page.fields["content_hash"])
        self._check_canonical(source, page, result)

    def _follow_refresh(self, row: Row, text: str, result: Result) -> None:
        step = self.redirects.to(row, text, 200, "meta")
        result.redirect, result.found = step.redirect, step.found
        result.warnings = [*result.warnings, *step.warnings]
        result.outcome = (
            "client_redirect" if step.outcome == "redirect" else step.outcome
        )
        result.reason = step.reason

    def _check_canonical(self, source: Url, page: Page, result: Result) -> None:
        target = parse_url(page.fields["canonical"] or "")
        if not isinstance(target, Url) or target.key == source.key:
            return
        note = None
        if not self.scope.holds(target):
            note = f"canonical leaves the site to {target.host}"
        elif target.wire == "/" and source.path != "/":
            note = "canonical is the home page"
        if note:
            result.warnings = [*result.warnings, ("canonical", note)]

    def _judged_links(
        self, row: Row, source: Url, page: Page
    ) -> Sequence[tuple[Found, int, str, str, str]]:
        pattern = shape(source)
        known = self.site.known
        links: list[tuple[Found, int, str, str, str]] = []
        for position, link in enumerate(page.links):
            url = link.url
            if url.host not in self.scope.hosts:
                continue
            if known(url.key):
                found = [Found(url.key, linked=True)]
            else:
                run = row.run + 1 if shape(url) == pattern else 0
                found = self.scope.judge(url, depth=row.depth + 1, run=run)
                self._mark(found)
            links += [
                (one, position, link.anchor, link.rel, link.region) for one in found
            ]
        return links

    def _mark(self, found: list[Found]) -> None:
        for one in found:
            one.linked = True
            if self.listing and not one.skip:
                one.skip, one.why = "not_listed", "list mode follows no links"

    def _probe_of(self, source: Url) -> list[Found]:
        if not self.options.probes or self.probed >= MAX_PROBES:
            return []
        parts = source.path.split("/")
        folders = ["/", f"/{parts[1]}/"] if len(parts) > 2 else ["/"]
        new = [one for one in folders if one not in self.folders]
        self.folders.update(new)
        self.probed += len(new)
        return [
            Found(f"{source.origin}{one}redirectmap-probe-9f3b71c4", kind="probe")
            for one in new
        ]

    def _read_probe(self, row: Row, response: Response) -> Result:
        title = digest = target = None
        if response.status in FOLLOWED:
            redirect = self.redirects.result(row, response).redirect
            target = redirect[3] if redirect else None
        elif is_html(media_type(response), response.body):
            page = read_page(response.body, None, row.url, "")
            title, digest = page.fields["title"], page.fields["content_hash"]
        folder = urlsplit(row.url).path.rpartition("/")[0] + "/"
        self.site.add_probe(row, (folder, response.status, target, digest, title))
        return Result("done", outcome_of(response.status))

    def _read_sitemap(self, row: Row, response: Response) -> Result:
        if response.status != 200:
            return Result("done", outcome_of(response.status))
        body = response.body
        if body[:2] == b"\x1f\x8b":
            body = gunzipped(body, SITEMAP_CAP)
        sitemap = sitemaps.parse(body)
        found: list[Found] = []
        for text, _lastmod in sitemap.urls:
            url = parse_url(text)
            if not isinstance(url, Url) or not self.scope.holds(url):
                sitemap.warnings.append(
                    ("sitemap_url", f"not on the site: {text[:200]}")
                )
                continue
            found += self.scope.judge(url, depth=1, run=0)
            found[-1].in_sitemap = True
        if row.depth < 5:
            found += self._children(row, sitemap)
        result = Result("done", "ok", found=found, warnings=sitemap.warnings[:200])
        lastmod = dict(sitemap.urls)
        result.alternates = [
            (url, row.url, lang, to, lastmod.get(url))
            for url, lang, to in sitemap.alternates
        ]
        return result

    def _children(self, row: Row, sitemap: sitemaps.Sitemap) -> list[Found]:
        children: list[Found] = []
        for text in dict.fromkeys(sitemap.children[:MAX_SITEMAPS]):
            url = parse_url(text)
            if isinstance(url, Url) and self.scope.holds(url):
                children.append(Found(url.key, kind="sitemap", depth=row.depth + 1))
        if len(sitemap.children) > MAX_SITEMAPS:
            more = len(sitemap.children) - MAX_SITEMAPS
            sitemap.warnings.append(
                ("sitemap_capped", f"{more} child sitemaps not read")
            )
        return children


def _closed_shapes(site: SiteFile) -> list[tuple[str, str]]:
    """Return the shapes an earlier run of this crawl closed."""
    rows = site.db.execute(
        "SELECT DISTINCT outcome, substr(reason, 7) FROM urls"
        " WHERE state = 'skipped' AND outcome = 'trap:same_content'"
    ).fetchall()
    return [(pattern, why) for why, pattern in rows]
