"""Fetch the pages that redirects end on, and say what each one shows.

    python -m spiders.verify --requests FILE --out FILE

Every line of FILE is `{"url", "wire", "connect"}`: the page's name, what to
request, and the address to connect to, which the caller has checked. Nothing is
resolved here, no redirect is followed and no link is. One JSON line per page
goes to --out as soon as it is known, so a killed run has lost none of them.

Bounds  `BODY_CAP` decoded bytes and `--timeout` seconds a page; text cut at
        `TEXT_CAP` characters.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import sqlite3
import sys
import threading
from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import certifi
import orjson
import pycurl
from scrapy import Request, Spider, signals
from scrapy.core.downloader.handlers.base import BaseDownloadHandler
from scrapy.crawler import AsyncCrawlerProcess
from scrapy.http import Response
from selectolax.lexbor import LexborHTMLParser

from redirectmap.urls import Url, parse
from spiders.extract import is_html, read_page

BODY_CAP = 5_000_000
HEAD_CAP = 200_000
TEXT_CAP = 5_000
AT_ONCE = 500
Facts = dict[str, Any]


class PinnedHandler(BaseDownloadHandler):
    """Downloads by libcurl, connected to the address the request names."""

    lazy = False

    async def download_request(self, request: Request) -> Response:
        """Fetch in a thread; libcurl lets go of the interpreter while it waits."""
        settings = self.crawler.settings
        return await asyncio.to_thread(_download, request, settings)

    async def close(self) -> None:
        """Nothing is kept open."""


def _download(request: Request, settings: Any) -> Response:  # noqa: ANN401
    lines: list[bytes] = []
    body = bytearray()

    def write(data: bytes) -> int:
        body.extend(data)
        return len(data) if len(body) <= BODY_CAP else 0

    def header(line: bytes) -> None:
        if line.startswith(b"HTTP/"):
            lines.clear()
        lines.append(line)

    curl = _handle()
    for option, value in _options(request, settings):
        curl.setopt(option, value)
    curl.setopt(pycurl.WRITEFUNCTION, write)
    curl.setopt(pycurl.HEADERFUNCTION, header)
    try:
        curl.perform()
    except pycurl.error as error:
        if error.args[0] != pycurl.E_WRITE_ERROR or len(body) <= BODY_CAP:
            raise OSError(error.args[1]) from None
    finally:
        status = curl.getinfo(pycurl.RESPONSE_CODE)
    return Response(request.url, status=status, headers=_pairs(lines), body=bytes(body))


_threads = threading.local()


def _handle() -> Any:  # noqa: ANN401 - pycurl has no types
    """Return the thread's own handle: its connections are used again."""
    if not hasattr(_threads, "curl"):
        _threads.curl = pycurl.Curl()
    _threads.curl.reset()
    return _threads.curl


def _options(request: Request, settings: Any) -> Iterator[tuple[int, Any]]:  # noqa: ANN401
    options = settings["VERIFY_OPTIONS"]
    yield pycurl.URL, request.meta["wire"]
    yield pycurl.CONNECT_TO, [request.meta["connect"]]
    yield pycurl.PROTOCOLS, pycurl.PROTO_HTTP | pycurl.PROTO_HTTPS
    yield pycurl.FOLLOWLOCATION, 0
    yield pycurl.PATH_AS_IS, 1
    yield pycurl.HTTP09_ALLOWED, 0
    yield pycurl.NOSIGNAL, 1
    yield pycurl.PROXY, ""
    yield pycurl.ACCEPT_ENCODING, "gzip, deflate, br"
    yield pycurl.USERAGENT, options.agent
    yield pycurl.TIMEOUT_MS, int(options.timeout * 1000)
    yield pycurl.CAINFO, options.ca or certifi.where()


def _pairs(lines: Sequence[bytes]) -> list[tuple[bytes, bytes]]:
    cells = (line.partition(b":") for line in lines[1:])
    return [(name.strip(), value.strip()) for name, colon, value in cells if colon]


class Watch:
    """The old URLs of the plan, looked up in the run's file.

    Args:
        path: The file; only read.
    """

    def __init__(self, path: Path) -> None:
        self._db = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)

    def among(self, urls: Iterable[str]) -> list[str]:
        """Return those of `urls` that are old and not to be kept."""
        sql = (
            "SELECT DISTINCT old_url FROM json_each(?) u JOIN rows ON old_url = u.value"
            " WHERE action IN ('redirect', 'gone') ORDER BY old_url"
        )
        names = orjson.dumps(list(urls)).decode()
        return [url for (url,) in self._db.execute(sql, (names,))]


class VerifySpider(Spider):
    """Yields nothing: every page's facts go straight to the file."""

    name = "verify"

    def __init__(self, options: argparse.Namespace, **kwargs: Any) -> None:  # noqa: ANN401
        super().__init__(**kwargs)
        self._requests = Path(options.requests)
        self._out = Path(options.out).open("ab", buffering=0)  # noqa: SIM115 - see closed
        self._watch = Watch(Path(options.watch)) if options.watch else None

    async def start(self) -> AsyncIterator[Request]:
        """Request every line of the list, `AT_ONCE` at a time."""
        with self._requests.open("rb") as lines:
            for number, line in enumerate(lines, start=1):
                page = orjson.loads(line)
                if number % AT_ONCE == 0:
                    await self.crawler.signals.wait_for(signals.scheduler_empty)
                yield Request(
                    "http://page.invalid/",
                    callback=self.parse,
                    errback=self.failed,
                    dont_filter=True,
                    meta={**page, "handle_httpstatus_all": True},
                )

    def parse(self, response: Response, **kwargs: Any) -> None:  # noqa: ANN401
        """Write what the page shows."""
        del kwargs
        url = response.meta["url"]
        try:
            facts = facts_of(response, url, self._watch)
        except Exception as error:  # noqa: BLE001 - a page that breaks a parser is told
            facts = {"url": url, "status": 0, "error": f"cannot be read: {error!r}"}
        self._write(facts)

    def failed(self, failure: Any) -> None:  # noqa: ANN401 - a Twisted Failure
        """Write why there is no page."""
        url = failure.request.meta["url"]
        self._write({"url": url, "status": 0, "error": failure.getErrorMessage()})

    def _write(self, facts: Facts) -> None:
        self._out.write(orjson.dumps(facts) + b"\n")

    def closed(self, reason: str) -> None:
        """Put the file on disk."""
        del reason
        os.fsync(self._out.fileno())
        self._out.close()


def facts_of(response: Response, url: str, watch: Watch | None) -> Facts:
    """Say what a page shows to a search engine and to a reader."""
    headers = {
        name: b"\n".join(response.headers.getlist(name)).decode("latin-1")
        for name in ("Content-Type", "X-Robots-Tag", "Link", "Content-Language")
    }
    facts: Facts = {
        "url": url,
        "status": response.status,
        "x_robots": headers["X-Robots-Tag"],
        "link": headers["Link"],
        "content_language": headers["Content-Language"],
    }
    if is_html(headers["Content-Type"], response.body):
        facts.update(page_facts(response.body, headers["Content-Type"], url, watch))
    return facts


def page_facts(body: bytes, content_type: str, url: str, watch: Watch | None) -> Facts:
    """Read the HTML of a page: as the crawl does, and what only its head may say."""
    page = read_page(body, content_type or None, url, "")
    end = body.lower().find(b"</head")
    head = LexborHTMLParser(body[: end if 0 <= end <= HEAD_CAP else HEAD_CAP])
    root = head.css_first("html")
    fields = page.fields
    return {
        "title": fields.get("title") or "",
        "h1": fields.get("h1") or "",
        "lang": (root.attributes.get("lang") if root else "") or "",
        "shell": page.shell,
        "canonical": _canonicals(head, url),
        "robots": _robots(LexborHTMLParser(body[:HEAD_CAP])),
        "hreflang": {lang.lower(): to for lang, to in page.alternates},
        "text": " ".join((fields.get("text") or "").split())[:TEXT_CAP],
        "old_links": watch.among({link.url.key for link in page.links})
        if watch
        else [],
    }


def _canonicals(head: LexborHTMLParser, url: str) -> list[str]:
    base = _base(head, url)
    nodes = head.css('link[rel~="canonical" i]')
    texts = (node.attributes.get("href") or "" for node in nodes)
    found = (parse(text, base, as_browser=True) for text in texts if text)
    return list(dict.fromkeys(u.key for u in found if isinstance(u, Url)))


def _base(head: LexborHTMLParser, url: str) -> str:
    node = head.css_first("base[href]")
    found = parse(node.attributes["href"] or "", url, as_browser=True) if node else None
    return found.key if isinstance(found, Url) else url


def _robots(page: LexborHTMLParser) -> str:
    """Search engines obey the robots meta wherever it stands."""
    nodes = (node.attributes for node in page.css("meta[name]"))
    names = {"robots", "googlebot"}
    found = (n.get("content") for n in nodes if (n["name"] or "").lower() in names)
    return ", ".join((content or "").lower() for content in found)


def main(argv: Sequence[str] | None = None) -> int:
    """Run the spider; returns 0 when every line was answered for."""
    parser = argparse.ArgumentParser(prog="python -m spiders verify")
    parser.add_argument("--requests", required=True, help="JSON lines to fetch")
    parser.add_argument("--out", required=True, help="JSON lines are added here")
    parser.add_argument("--watch", help="the run's file: its old URLs are looked for")
    parser.add_argument("--concurrency", type=int, default=8)
    parser.add_argument("--timeout", type=float, default=20.0)
    parser.add_argument("--agent", default="redirectmap")
    parser.add_argument("--ca", help="certificates to trust")
    options = parser.parse_args(argv)
    settings = {
        "VERIFY_OPTIONS": options,
        "DOWNLOAD_HANDLERS": {
            "http": "spiders.verify.PinnedHandler",
            **dict.fromkeys(("https", "file", "ftp", "s3", "data")),
        },
        "CONCURRENT_REQUESTS": options.concurrency,
        "CONCURRENT_REQUESTS_PER_DOMAIN": options.concurrency,
        "RETRY_TIMES": 2,
        "ROBOTSTXT_OBEY": False,
        "REDIRECT_ENABLED": False,
        "COOKIES_ENABLED": False,
        "TELNETCONSOLE_ENABLED": False,
        "LOG_LEVEL": "ERROR",
        "DOWNLOAD_DELAY": 0,
        "DOWNLOADER_MIDDLEWARES": {
            f"scrapy.downloadermiddlewares.{name}": None
            for name in (
                "httpcompression.HttpCompressionMiddleware",
                "httpproxy.HttpProxyMiddleware",
                "offsite.OffsiteMiddleware",
            )
        },
    }
    process = AsyncCrawlerProcess(settings)
    process.crawl(VerifySpider, options=options)
    process.start()
    return 1 if process.bootstrap_failed else 0


if __name__ == "__main__":
    sys.exit(main())
