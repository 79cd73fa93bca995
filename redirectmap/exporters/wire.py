"""Exact bytes over a socket: what a URL library would tidy is sent as it is."""

from __future__ import annotations

import socket
from dataclasses import dataclass
from types import TracebackType
from typing import Self

TIMEOUT_S = 20


@dataclass(frozen=True, slots=True)
class Got:
    """The first answer to a request.

    Attributes:
        status: HTTP status; 0 where the server closed without one.
        location: Bytes of the Location header; None where there is none.
        headers: Names of all headers, lower case.
    """

    status: int
    location: bytes | None
    headers: frozenset[bytes] = frozenset()


class Client:
    """One kept-alive connection to a server on loopback; reopened as needed."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._socket: socket.socket | None = None
        self._buffer = b""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connection, if any."""
        if self._socket is not None:
            self._socket.close()
        self._socket, self._buffer = None, b""

    def ask(self, method: str, host: str, wire: str) -> Got:
        """Send one request and return the answer.

        A connection that the server has closed meanwhile is opened anew, once.
        """
        request = f"{method} {wire} HTTP/1.1\r\nHost: {host}\r\n\r\n".encode("latin-1")
        for fresh in (self._socket is None, True):
            if fresh:
                self.close()
            try:
                return self._exchange(request, has_body=method != "HEAD")
            except (ConnectionError, EOFError):
                self.close()
        return Got(0, None)

    def _exchange(self, request: bytes, *, has_body: bool) -> Got:
        if self._socket is None:
            address = ("127.0.0.1", self._port)
            self._socket = socket.create_connection(address, timeout=TIMEOUT_S)
            self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._socket.sendall(request)
        while b"\r\n\r\n" not in self._buffer:
            self._read()
        head, _, self._buffer = self._buffer.partition(b"\r\n\r\n")
        first, *lines = head.split(b"\r\n")
        status = int(first.split(b" ")[1])
        headers = {}
        for line in lines:
            name, _, value = line.partition(b":")
            headers[name.lower()] = value.strip()
        self._skip_body(headers, status, has_body=has_body)
        return Got(status, headers.get(b"location"), frozenset(headers))

    def _skip_body(
        self, headers: dict[bytes, bytes], status: int, *, has_body: bool
    ) -> None:
        if headers.get(b"connection", b"").lower() == b"close":
            self.close()
        elif not has_body or status in {204, 304}:
            return
        elif b"content-length" in headers:
            length = int(headers[b"content-length"])
            while len(self._buffer) < length:
                self._read()
            self._buffer = self._buffer[length:]
        else:
            self.close()

    def _read(self) -> None:
        if self._socket is None:
            raise EOFError
        data = self._socket.recv(65_536)
        if not data:
            raise EOFError
        self._buffer += data
