"""One request by libcurl: what it is told, what it brings, how it can fail.

libcurl never resolves a name and never follows a Location: the address was
checked by the guard and is handed over per request.

Bounds  `BODY_CAP` bytes of a body are read, then the connection is cut; a
        request takes `timeout` seconds at most.
Source  https://curl.se/libcurl/c/curl_easy_setopt.html.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import certifi
import pycurl

from redirectmap.verify.answers import Answer
from redirectmap.verify.settings import AGENTS, VerifySettings
from redirectmap.verify.walk import Walker

BODY_CAP = 256 * 1024
_WANTED = frozenset(
    {
        b"content-language",
        b"content-type",
        b"link",
        b"location",
        b"refresh",
        b"retry-after",
        b"set-cookie",
        b"strict-transport-security",
        b"x-robots-tag",
    }
)
_TLS = frozenset({35, 51, 53, 54, 58, 59, 60, 64, 66, 77, 80, 82, 83, 90, 91})


class Slot:
    """One curl handle with the buffers of the request it carries."""

    __slots__ = ("agent", "body", "cap", "curl", "job", "keep", "lines", "size", "to")

    def __init__(self, settings: VerifySettings) -> None:
        self.lines: list[bytes] = []
        self.body: list[bytes] = []
        self.size = 0
        self.keep = False
        self.cap = BODY_CAP
        self.to = ""
        self.agent = ""
        self.job: Any = None  # the engine's, while the request is under way
        self.curl = _handle(settings)
        self.curl.setopt(pycurl.HEADERFUNCTION, self.lines.append)
        self.curl.setopt(pycurl.WRITEFUNCTION, self._write)

    def load(self, walker: Walker) -> None:
        """Take the next request of `walker`."""
        assert walker.address is not None  # noqa: S101 - open walks have one
        self.lines.clear()
        self.body.clear()
        self.size = 0
        self.keep = walker.wants_body
        self.cap = walker.cap or BODY_CAP
        curl = self.curl
        curl.setopt(pycurl.URL, walker.wire_url)
        to = walker.address.connect_to
        if to != self.to:
            curl.setopt(pycurl.CONNECT_TO, [to])
            self.to = to
        if walker.agent != self.agent:
            curl.setopt(pycurl.USERAGENT, AGENTS[walker.agent])
            self.agent = walker.agent
        if walker.method == "HEAD":
            curl.setopt(pycurl.NOBODY, 1)
        else:
            curl.setopt(pycurl.HTTPGET, 1)

    def _write(self, data: bytes) -> int:
        self.size += len(data)
        if self.keep:
            self.body.append(data)
        return len(data) if self.size <= self.cap else 0

    def answer(self, code: int, message: str) -> Answer:
        """Return what came; `code` is libcurl's, 0 where all went well."""
        status = self.curl.getinfo(pycurl.RESPONSE_CODE)
        cut_by_us = code == pycurl.E_WRITE_ERROR and self.size > self.cap
        if code and not cut_by_us and code != pycurl.E_BAD_CONTENT_ENCODING:
            return Answer(status, error=_end_of(code, message), detail=message)
        body = b"".join(self.body)[: self.cap] if self.keep else b""
        return Answer(status, _headers(self.lines), body)


def _handle(settings: VerifySettings) -> Any:  # noqa: ANN401 - pycurl has no types
    curl = pycurl.Curl()
    options = {
        pycurl.PROTOCOLS: pycurl.PROTO_HTTP | pycurl.PROTO_HTTPS,
        pycurl.FOLLOWLOCATION: 0,
        pycurl.PATH_AS_IS: 1,
        pycurl.HTTP09_ALLOWED: 0,
        pycurl.HTTP_VERSION: pycurl.CURL_HTTP_VERSION_1_1,
        pycurl.NOSIGNAL: 1,
        pycurl.PROXY: "",
        pycurl.NETRC: 0,
        pycurl.TIMEOUT_MS: int(settings.timeout * 1000),
        pycurl.CONNECTTIMEOUT_MS: int(settings.connect_timeout * 1000),
        pycurl.HTTPHEADER: ["Accept: text/html,*/*;q=0.8"],
        pycurl.ACCEPT_ENCODING: "gzip, deflate",
    }
    for option, value in options.items():
        curl.setopt(option, value)
    curl.setopt(pycurl.CAINFO, str(settings.ca_file or certifi.where()))
    return curl


def _headers(lines: list[bytes]) -> list[tuple[bytes, bytes]]:
    found: list[tuple[bytes, bytes]] = []
    for line in lines:
        name, colon, value = line.partition(b":")
        if not colon:
            if line.startswith(b"HTTP/"):
                found.clear()
            continue
        lower = _wanted(name)
        if lower:
            found.append((lower, value.strip(b" \t\r\n")))
    return found


@lru_cache(maxsize=1_000)
def _wanted(name: bytes) -> bytes:
    """Return a header's name in lower case, empty where nobody reads it."""
    lower = name.lower()
    return lower if lower in _WANTED else b""


def _end_of(code: int, message: str) -> str:
    if "Multiple Location" in message:
        return "bad_redirect"
    if code == pycurl.E_OPERATION_TIMEDOUT:
        return "timeout"
    if code in _TLS:
        return "tls"
    if code == pycurl.E_COULDNT_CONNECT:
        return "connect"
    if code == pycurl.E_COULDNT_RESOLVE_HOST:
        return "dns"
    return "broken"
