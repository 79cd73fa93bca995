"""Let a browser run a page's scripts, while the browser itself has no network.

Only pages that are empty shells without scripts, or that the user named, are
rendered. Chromium (by scrapy-playwright) is started with a resolver that finds
nothing and a proxy that is not there. What a page asks for is fetched by our own
transport, so that addresses, schemes, caps, robots.txt and credentials are
judged in one place; images, fonts, frames, sockets and anything but GET are
refused. A script that leaves the page is a client redirect, not followed here.

Bounds  200 requests and 30 MB a page; the deadline of a request for the whole.
Source  https://github.com/scrapy-plugins/scrapy-playwright#readme
"""

from __future__ import annotations

import asyncio
import logging
import os
import re
import shutil
from contextlib import suppress
from pathlib import Path
from typing import Any

from playwright.async_api import (
    Error as PlaywrightError,
    Page,
    Request as Asked,
    Route,
    TimeoutError as PlaywrightTimeout,
)
from scrapy import Request
from scrapy.http import Response
from scrapy_playwright.handler import ScrapyPlaywrightDownloadHandler
from scrapy_playwright.page import PageMethod

from redirectmap.crawlsettings import CrawlJob
from redirectmap.errors import UsageError
from redirectmap.urls import Url, parse as parse_url, shown
from spiders.answers import FOLLOWED, media_type
from spiders.extract import is_html, looks_empty
from spiders.guards import FetchError
from spiders.transport import BODY_CAP, CurlHandler

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chrome")
KINDS = {"document", "script", "stylesheet", "xhr", "fetch"}
PASSED_ON = {
    "content-type",
    "content-security-policy",
    "access-control-allow-origin",
    "access-control-allow-credentials",
}
PAGES_AT_ONCE = 2
MAX_REQUESTS = 200
MAX_BYTES = 30_000_000
MAX_HOPS = 5
SETTLE_MS = 3_000
NO_NETWORK = (
    "--host-resolver-rules=MAP * ~NOTFOUND",
    "--force-webrtc-ip-handling-policy=disable_non_proxied_udp",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-quic",
    "--js-flags=--max-old-space-size=512",
)


def browser_path() -> str:
    """Return the path of an installed Chromium.

    Raises:
        UsageError: There is none.
    """
    named = os.environ.get("REDIRECTMAP_CHROMIUM")
    found = [named] if named else [shutil.which(name) for name in BROWSERS]
    for path in found:
        if path and Path(path).exists():
            return path
    raise UsageError(
        "--render needs Chromium, and none is installed",
        hint="apt-get install chromium, or set REDIRECTMAP_CHROMIUM to its path",
    )


def browser_settings(job: CrawlJob) -> dict[str, Any]:
    """Return the settings of Scrapy that rendering adds."""
    logging.getLogger("scrapy-playwright").addHandler(logging.NullHandler())
    return {
        "DOWNLOAD_HANDLERS_BASE": {"http": "spiders.render.RenderHandler"},
        "PLAYWRIGHT_LAUNCH_OPTIONS": {
            "executable_path": browser_path(),
            "args": list(NO_NETWORK),
            "proxy": {"server": "http://127.0.0.1:9", "bypass": "<-loopback>"},
            "chromium_sandbox": os.geteuid() != 0,
            **dict.fromkeys(
                ("handle_sigint", "handle_sigterm", "handle_sighup"), False
            ),
        },
        "PLAYWRIGHT_CONTEXTS": {},
        "PLAYWRIGHT_MAX_PAGES_PER_CONTEXT": PAGES_AT_ONCE,
        "PLAYWRIGHT_DEFAULT_NAVIGATION_TIMEOUT": job.deadline * 1000,
    }


class RenderHandler(CurlHandler):
    """The transport, with a browser behind it for the pages that need one."""

    def __init__(self, crawler: Any) -> None:  # noqa: ANN401
        super().__init__(crawler)
        self.spider = crawler.spider
        self.always = [re.compile(one) for one in self.job.render_urls]
        self.browser = ScrapyPlaywrightDownloadHandler.from_crawler(crawler)
        self.turn = asyncio.Semaphore(PAGES_AT_ONCE)

    async def download_request(self, request: Request) -> Response:
        """Fetch the row of a request, and render it where that is wanted."""
        plain = await super().download_request(request)
        if request.meta["row"].kind != "page" or not self._wants(plain):
            return plain
        async with self.turn:
            return await _Rendering(self, request, plain).run()

    def _wants(self, plain: Response) -> bool:
        if not 200 <= plain.status < 300 or not is_html(media_type(plain), plain.body):
            return False
        asked = any(one.search(plain.url) for one in self.always)
        return asked or (self.job.render and looks_empty(plain.body))

    async def close(self) -> None:
        """Close the browser and all sockets."""
        with suppress(PlaywrightError):
            await self.browser.close()
        await super().close()

    def forbids(self, url: Url) -> bool:
        """Say whether a robots.txt that is known forbids a URL."""
        rules = self.spider.origins.rules(url.origin)
        return self.job.obey_robots and rules is not None and not rules.allows(url.wire)


class _Rendering:
    """One page in the browser."""

    def __init__(
        self, transport: RenderHandler, request: Request, plain: Response
    ) -> None:
        self.transport = transport
        self.request = request
        self.plain = plain
        self.page: Page | None = None
        self.begun = False
        self.moved: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self.requests = 0
        self.bytes = 0
        self.refused: list[str] = []

    async def run(self) -> Response:
        """Return the rendered page; the plain one where the browser fails.

        What happened is left in the request's meta as `rendering`.
        """
        note: dict[str, Any] = {}
        self.request.meta["rendering"] = note
        work = asyncio.ensure_future(self._read())
        waiting: set[asyncio.Future[Any]] = {work, self.moved}
        first = asyncio.FIRST_COMPLETED
        deadline = self.transport.job.deadline
        await asyncio.wait(waiting, timeout=deadline, return_when=first)
        try:
            if self.moved.done():
                note["moved"] = self.moved.result()
            elif not work.done():
                note["failed"] = f"over {deadline:g} s"
            else:
                return self._rendered(work.result())
        except (PlaywrightError, FetchError, OSError) as error:
            note["failed"] = str(error).partition("\n")[0][:200]
        finally:
            note["refused"] = self.refused
            await self._leave(work)
        return self.plain

    async def _read(self) -> Response:
        milliseconds = self.transport.job.deadline * 1000
        wanted = Request(
            self.plain.url,
            meta={
                "playwright": True,
                "playwright_page_init_callback": self._prepare,
                "playwright_page_goto_kwargs": {"timeout": milliseconds},
                "playwright_page_methods": [PageMethod(self._settle)],
                "playwright_context_kwargs": {
                    "service_workers": "block",
                    "accept_downloads": False,
                    "user_agent": self.transport.user_agent,
                },
            },
        )
        response: Response = await self.transport.browser.download_request(wanted)
        return response

    async def _prepare(self, page: Page, _request: Request) -> None:
        """Take over all requests of a new page, before it opens anything."""
        self.page = page
        await page.route("**", self._serve)  # the last one registered goes first
        await page.route_web_socket("**", lambda _socket: None)

    async def _settle(self, page: Page) -> None:
        with suppress(PlaywrightTimeout):
            await page.wait_for_load_state("networkidle", timeout=SETTLE_MS)
        size = await page.evaluate("document.documentElement.outerHTML.length")
        if size > BODY_CAP:
            raise FetchError("too_large", f"{size} characters after its scripts ran")

    async def _serve(self, route: Route, asked: Asked) -> None:
        with suppress(PlaywrightError):  # the page may be gone by now
            try:
                answer = await self._answer(asked)
            except FetchError as error:
                if error.outcome not in {"not_needed", "moved"}:
                    self.refused.append(f"{error.outcome}: {shown(asked.url)}")
                await route.abort("blockedbyclient")
                return
            headers = {
                name.decode("latin-1"): b", ".join(values).decode("latin-1")
                for name, values in answer.headers.items()
                if name.decode("latin-1").lower() in PASSED_ON
            }
            await route.fulfill(status=answer.status, headers=headers, body=answer.body)

    async def _answer(self, asked: Asked) -> Response:
        if asked.is_navigation_request():
            return self._navigated(asked)
        if asked.resource_type not in KINDS or asked.method != "GET":
            raise FetchError("not_needed", "neither script, style nor data")
        self.requests += 1
        if self.requests > MAX_REQUESTS or self.bytes > MAX_BYTES:
            raise FetchError("too_large", "the page asks for too much")
        place = asked.url
        for _hop in range(MAX_HOPS):
            response = await self._fetched(place, asked.headers.get("accept", "*/*"))
            if response.status not in FOLLOWED:
                return response
            location = (response.headers.get("Location") or b"").decode("latin-1")
            target = parse_url(location, place, as_browser=True)
            place = target.key if isinstance(target, Url) else ""
        raise FetchError("too_many_redirects", "")

    def _navigated(self, asked: Asked) -> Response:
        if self.page is None or asked.frame != self.page.main_frame:
            raise FetchError("not_needed", "a frame")
        if self.begun:
            if not self.moved.done():
                self.moved.set_result(asked.url)
            raise FetchError("moved", "")
        self.begun = True
        return self.plain

    async def _fetched(self, place: str, accept: str) -> Response:
        url = parse_url(place, as_browser=True)
        if not isinstance(url, Url):
            raise FetchError("bad_url", "")
        if self.transport.forbids(url):
            raise FetchError("robots", "")
        response = await self.transport.fetch(url.key, accept=accept)
        self.bytes += len(response.body)
        return response

    def _rendered(self, response: Response) -> Response:
        self.request.meta["rendering"]["done"] = True
        page = self.plain.replace(body=response.text.encode())
        page.headers["Content-Type"] = "text/html; charset=utf-8"
        return page

    async def _leave(self, work: asyncio.Future[Response]) -> None:
        """Close the page, whatever its scripts are doing."""
        if self.page is not None and not self.page.is_closed():
            with suppress(PlaywrightError, TimeoutError):
                await asyncio.wait_for(self.page.close(), 5)
        if not work.done():
            work.cancel()
        await asyncio.wait({work}, timeout=5)
        if work.done() and not work.cancelled():
            work.exception()  # seen; the note says it
