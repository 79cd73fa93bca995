"""Fetch one URL over libcurl, inside Scrapy: no hop, address or byte unguarded.

Why not Scrapy's own handler: the address that is connected to must be the one
that was checked. libcurl asks us for each socket with the resolved address, so
a name that answers public first and private later cannot get through. Only
http and https exist here; a redirect is an answer, never followed.

Caps    bytes on the wire, declared length, headers, seconds for the whole
        request; decoding is capped in `spiders.coding`.
Source  https://curl.se/libcurl/c/CURLOPT_OPENSOCKETFUNCTION.html
"""

from __future__ import annotations

import asyncio
import socket
import time
from typing import Any

import pycurl
from scrapy import Request
from scrapy.core.downloader.handlers.base import BaseDownloadHandler
from scrapy.http import Response

from redirectmap import __version__
from redirectmap.crawlsettings import CrawlJob
from spiders.coding import ENCODINGS, decoded
from spiders.guards import AddressGuard, FetchError

BODY_CAP = 10 * 1024 * 1024
USER_AGENT = f"redirectmap/{__version__} (+site migration crawler)"
ACCEPT = "text/html,application/xhtml+xml,*/*;q=0.8"
MAX_HEADERS = 1_000
MAX_HEADER_BYTES = 200_000
IDLE_HANDLES = 64

_OUTCOMES = {
    1: "bad_response",  # unsupported protocol: HTTP/0.9
    3: "bad_url",
    8: "bad_response",  # weird server reply
    18: "incomplete",
    28: "timeout",
    63: "too_large",
    100: "bad_response",  # headers too large
}
"""libcurl's error numbers (curl/curl.h); all others are conn_error."""
_ABORTED = 42


class Transfer:
    """One request in work: collects what libcurl hands over, within the caps."""

    def __init__(self, guard: AddressGuard, url: str, cap: int, *, cut: bool) -> None:
        self.url = url
        self.guard = guard
        self.cap = cap
        self.may_cut = cut
        self.status = b""
        self.headers: list[tuple[bytes, bytes]] = []
        self.header_bytes = 0
        self.chunks: list[bytes] = []
        self.size = 0
        self.stopped: FetchError | None = None
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def on_header(self, line: bytes) -> int | None:
        """Take one header line; a new status line starts over (100 Continue)."""
        self.header_bytes += len(line)
        if line.startswith(b"HTTP/"):
            self.headers.clear()
            self.status = line
        elif b":" in line:
            name, _, value = line.partition(b":")
            self.headers.append((name.strip(), value.strip()))
        if len(self.headers) > MAX_HEADERS or self.header_bytes > 16 * MAX_HEADER_BYTES:
            self.stopped = FetchError("bad_response", "too many headers")
            return -1
        return None

    def on_body(self, chunk: bytes) -> int | None:
        """Take a piece of the body."""
        self.size += len(chunk)
        if self.size > self.cap and self.may_cut:
            self.chunks.append(chunk)
            return 0
        if self.size > self.cap:
            self.stopped = FetchError("too_large", f"over {self.cap} bytes")
            return 0
        self.chunks.append(chunk)
        return None

    def on_socket(self, _purpose: int, address: Any) -> Any:  # noqa: ANN401
        """Open a socket to a checked address, or none."""
        family, kind, protocol, place = address
        host = place[0] if isinstance(place, tuple) else ""
        reason = self.guard.refuses_address(self.url, host)
        if reason:
            self.stopped = FetchError("blocked_address", reason)
            return pycurl.SOCKET_BAD
        return socket.socket(family, kind, protocol)


class CurlHandler(BaseDownloadHandler):
    """Scrapy's download handler for http and https."""

    def __init__(self, crawler: Any) -> None:  # noqa: ANN401
        super().__init__(crawler)
        self.job: CrawlJob = crawler.spider.job
        self.user_agent = self.job.user_agent or USER_AGENT
        self.own_hosts: set[str] = crawler.spider.scope.hosts
        self.guard = AddressGuard(self.job.allow_private)
        self.loop = asyncio.get_event_loop()
        self.multi = pycurl.CurlMulti()
        self.multi.setopt(pycurl.M_SOCKETFUNCTION, self._watch)
        self.multi.setopt(pycurl.M_TIMERFUNCTION, self._set_timer)
        self.idle: list[Any] = []
        self.working: dict[Any, Transfer] = {}
        self.watched: set[int] = set()
        self.timer: asyncio.TimerHandle | None = None

    async def download_request(self, request: Request) -> Response:
        """Fetch the row of a request; never follows a redirect.

        Raises:
            FetchError: No usable answer; says which kind and why.
        """
        begun = time.monotonic()
        cap = int(request.meta.get("cap", BODY_CAP))
        response = await self.fetch(request.meta["row"].url, cap=cap)
        request.meta["seconds"] = time.monotonic() - begun
        return response

    async def fetch(
        self, url: str, *, cap: int = BODY_CAP, cut: bool = False, accept: str = ACCEPT
    ) -> Response:
        """Fetch one URL.

        Args:
            url: Passed the gate before.
            cap: Bytes at most, packed and unpacked.
            cut: Return the first `cap` bytes of a longer body, do not refuse it.
            accept: Value of the Accept header.

        Raises:
            FetchError: No usable answer; says which kind and why.
        """
        transfer = Transfer(self.guard, url, cap, cut=cut)
        refused = self.guard.refuses_url(url)
        if refused:
            raise FetchError("blocked_address", refused)
        handle = self.idle.pop() if self.idle else self._new_handle()
        self._aim(handle, transfer, accept)
        self.working[handle] = transfer
        self.multi.add_handle(handle)
        try:
            await transfer.done
        except pycurl.error as error:
            if not (cut and transfer.size > cap):
                raise _as_fetch_error(transfer, error) from None
        finally:
            self.multi.remove_handle(handle)
            del self.working[handle]
            if len(self.idle) < IDLE_HANDLES:
                self.idle.append(handle)
        return _response(transfer, cap if not cut else 2 * cap)

    def abort(self) -> None:
        """Give up everything in work."""
        for transfer in list(self.working.values()):
            transfer.stopped = FetchError("stopped", "the crawl was stopped")
            _settle(transfer, pycurl.error(_ABORTED, "stopped"))

    async def close(self) -> None:
        """Let go of all sockets."""
        for fd in list(self.watched):
            self._unwatch(fd)
        if self.timer:
            self.timer.cancel()
        self.multi.close()

    def _new_handle(self) -> Any:  # noqa: ANN401
        import certifi

        curl = pycurl.Curl()
        protocols = pycurl.PROTO_HTTP | pycurl.PROTO_HTTPS
        for option, value in (
            (pycurl.PROTOCOLS, protocols),
            (pycurl.REDIR_PROTOCOLS, protocols),
            (pycurl.FOLLOWLOCATION, 0),
            (pycurl.NOSIGNAL, 1),
            (pycurl.PROXY, ""),
            (pycurl.HTTP_VERSION, pycurl.CURL_HTTP_VERSION_1_1),
            (pycurl.HTTP09_ALLOWED, 0),
            (pycurl.PATH_AS_IS, 1),
            (pycurl.CAINFO, certifi.where()),
            (pycurl.USERAGENT, self.user_agent),
            (pycurl.CONNECTTIMEOUT_MS, int(min(10.0, self.job.deadline) * 1000)),
            (pycurl.TIMEOUT_MS, int(self.job.deadline * 1000)),
        ):
            curl.setopt(option, value)
        return curl

    def _aim(self, curl: Any, transfer: Transfer, accept: str) -> None:  # noqa: ANN401
        lines = [f"Accept: {accept}", f"Accept-Encoding: {ENCODINGS}"]
        if transfer.url.split("/", 3)[2] in self.own_hosts:
            lines += [f"{name}: {value}" for name, value in self.job.headers]
        curl.setopt(pycurl.URL, transfer.url)
        curl.setopt(pycurl.HTTPHEADER, lines)
        curl.setopt(pycurl.MAXFILESIZE_LARGE, transfer.cap)
        curl.setopt(pycurl.HEADERFUNCTION, transfer.on_header)
        curl.setopt(pycurl.WRITEFUNCTION, transfer.on_body)
        curl.setopt(pycurl.OPENSOCKETFUNCTION, transfer.on_socket)

    def _watch(self, what: int, fd: int, _multi: Any, _data: Any) -> None:  # noqa: ANN401
        self._unwatch(fd)
        if what == pycurl.POLL_REMOVE:
            return
        if what in {pycurl.POLL_IN, pycurl.POLL_INOUT}:
            self.loop.add_reader(fd, self._act, fd, pycurl.CSELECT_IN)
        if what in {pycurl.POLL_OUT, pycurl.POLL_INOUT}:
            self.loop.add_writer(fd, self._act, fd, pycurl.CSELECT_OUT)
        self.watched.add(fd)

    def _unwatch(self, fd: int) -> None:
        if fd in self.watched:
            self.watched.discard(fd)
            self.loop.remove_reader(fd)
            self.loop.remove_writer(fd)

    def _set_timer(self, milliseconds: int) -> None:
        if self.timer:
            self.timer.cancel()
            self.timer = None
        if milliseconds >= 0:
            self.timer = self.loop.call_later(
                milliseconds / 1000, self._act, pycurl.SOCKET_TIMEOUT, 0
            )

    def _act(self, fd: int, events: int) -> None:
        if fd == pycurl.SOCKET_TIMEOUT:
            self.timer = None
        self.multi.socket_action(fd, events)
        left = 1
        while left:
            left, good, bad = self.multi.info_read()
            for handle in good:
                _settle(self.working.get(handle), None)
            for handle, number, message in bad:
                _settle(self.working.get(handle), pycurl.error(number, message))


def _settle(transfer: Transfer | None, error: Exception | None) -> None:
    if transfer is None or transfer.done.done():
        return
    if error is None:
        transfer.done.set_result(None)
    else:
        transfer.done.set_exception(error)


def _as_fetch_error(transfer: Transfer, error: pycurl.error) -> FetchError:
    if transfer.stopped:
        return transfer.stopped
    number, message = error.args[0], str(error.args[1])
    lower = message.lower()
    outcome = _OUTCOMES.get(number, "conn_error")
    if "location header" in lower:
        outcome = "bad_redirect"
    if outcome == "conn_error" and any(
        word in lower for word in ("chunk", "header", "nul ", "status line")
    ):
        outcome = "bad_response"
    return FetchError(outcome, message or f"libcurl error {number}")


def _response(transfer: Transfer, cap: int) -> Response:
    parts = transfer.status.split(None, 2)
    status = int(parts[1]) if len(parts) > 1 and parts[1].isdigit() else 0
    if not 200 <= status <= 999:
        raise FetchError("bad_response", f"status line {transfer.status[:60]!r}")
    encodings = [
        value for name, value in transfer.headers if name.lower() == b"content-encoding"
    ]
    body = decoded(b"".join(transfer.chunks), b",".join(encodings), cap)
    response = Response(transfer.url, status=status, body=body)
    response.flags = []
    response.headers.clear()
    for name, value in transfer.headers:
        response.headers.appendlist(name, value)
    return response
