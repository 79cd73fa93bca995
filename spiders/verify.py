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
import sys
from collections.abc import AsyncIterator, Iterator, Sequence
from pathlib import Path
from typing import Any

import orjson
import pycurl
from scrapy import Request, Spider
from scrapy.core.downloader.handlers.base import BaseDownloadHandler
from scrapy.crawler import AsyncCrawlerProcess
from scrapy.http import Response
from selectolax.lexbor import LexborHTMLParser

from redirectmap.urls import Url, parse

BODY_CAP = 5_000_000
TEXT_CAP = 5_000
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

    curl = pycurl.Curl()
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
        curl.close()
    return Response(request.url, status=status, headers=_pairs(lines), body=bytes(body))


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
    if options.ca:
        yield pycurl.CAINFO, options.ca


def _pairs(lines: Sequence[bytes]) -> list[tuple[bytes, bytes]]:
    cells = (line.partition(b":") for line in lines[1:])
    return [(name.strip(), value.strip()) for name, colon, value in cells if colon]


class VerifySpider(Spider):
    """Yields nothing: every page's facts go straight to the file."""

    name = "verify"

    def __init__(self, options: argparse.Namespace, **kwargs: Any) -> None:  # noqa: ANN401
        super().__init__(**kwargs)
        self._requests = Path(options.requests)
        self._out = Path(options.out).open("ab", buffering=0)  # noqa: SIM115 - see closed
        watch = Path(options.watch).read_text("utf-8") if options.watch else ""
        self._watch = frozenset(watch.splitlines())

    async def start(self) -> AsyncIterator[Request]:
        """Request every line of the list."""
        with self._requests.open("rb") as lines:
            for line in lines:
                page = orjson.loads(line)
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
        self._write(facts_of(response, response.meta["url"], self._watch))

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


def facts_of(response: Response, url: str, watch: frozenset[str]) -> Facts:
    """Say what a page shows to a search engine and to a reader."""
    headers = {
        name: b", ".join(response.headers.getlist(name)).decode("latin-1")
        for name in ("Content-Type", "X-Robots-Tag", "Link")
    }
    facts: Facts = {
        "url": url,
        "status": response.status,
        "x_robots": headers["X-Robots-Tag"],
        "link": headers["Link"],
    }
    kind = headers["Content-Type"].partition(";")[0].strip().lower()
    if kind in {"", "text/html", "application/xhtml+xml"}:
        facts.update(page_facts(response.body, url, watch))
    return facts


def page_facts(body: bytes, url: str, watch: frozenset[str]) -> Facts:
    """Read the HTML of a page."""
    tree = LexborHTMLParser(body)
    base = _base(tree, url)
    root = tree.css_first("html")
    return {
        "title": _text(tree, "title"),
        "h1": _text(tree, "h1"),
        "lang": (root.attributes.get("lang") or "") if root else "",
        "canonical": _links(tree, 'link[rel~="canonical" i]', base),
        "robots": _robots(tree),
        "hreflang": _hreflang(tree, base),
        "refresh": _refresh(tree),
        "text": _main_text(body),
        "old_links": sorted(watch & set(_links(tree, "a[href]", base))),
        "mixed": _mixed(tree, url),
    }


def _base(tree: LexborHTMLParser, url: str) -> str:
    node = tree.css_first("base[href]")
    found = parse(node.attributes["href"] or "", url, as_browser=True) if node else None
    return found.key if isinstance(found, Url) else url


def _text(tree: LexborHTMLParser, selector: str) -> str:
    node = tree.css_first(selector)
    return " ".join(node.text().split())[:500] if node else ""


def _links(tree: LexborHTMLParser, selector: str, base: str) -> list[str]:
    found: dict[str, None] = {}
    for node in tree.css(selector):
        url = parse(node.attributes.get("href") or "", base, as_browser=True)
        if isinstance(url, Url):
            found[url.key] = None
    return list(found)


def _robots(tree: LexborHTMLParser) -> str:
    nodes = (node.attributes for node in tree.css("meta[name]"))
    names = {"robots", "googlebot"}
    found = (n.get("content") for n in nodes if (n["name"] or "").lower() in names)
    return ", ".join((content or "").lower() for content in found)


def _hreflang(tree: LexborHTMLParser, base: str) -> dict[str, str]:
    found = {}
    for node in tree.css('link[rel~="alternate" i][hreflang]'):
        url = parse(node.attributes.get("href") or "", base, as_browser=True)
        if isinstance(url, Url):
            found[(node.attributes["hreflang"] or "").lower()] = url.key
    return found


def _refresh(tree: LexborHTMLParser) -> str:
    for node in tree.css("meta[http-equiv]"):
        if (node.attributes["http-equiv"] or "").lower() == "refresh":
            return node.attributes.get("content") or ""
    return ""


def _mixed(tree: LexborHTMLParser, url: str) -> int:
    if not url.startswith("https:"):
        return 0
    nodes = tree.css("script[src], img[src], iframe[src], link[rel~=stylesheet][href]")
    sources = (n.attributes.get("src") or n.attributes.get("href") or "" for n in nodes)
    return sum(source.startswith("http:") for source in sources)


def _main_text(body: bytes) -> str:
    from resiliparse.extract.html2text import extract_plain_text
    from resiliparse.parse.html import HTMLTree

    tree = HTMLTree.parse_from_bytes(body, "utf-8")
    text = extract_plain_text(tree, main_content=True, preserve_formatting=False)
    return " ".join(str(text).split())[:TEXT_CAP]


def main(argv: Sequence[str] | None = None) -> int:
    """Run the spider; returns 0 when every line was answered for."""
    parser = argparse.ArgumentParser(prog="python -m spiders verify")
    parser.add_argument("--requests", required=True, help="JSON lines to fetch")
    parser.add_argument("--out", required=True, help="JSON lines are added here")
    parser.add_argument("--watch", help="URLs, one a line, to look for in links")
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
