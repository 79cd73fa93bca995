"""Serve one sample site on loopback, on a free port, in threads of its own."""

from __future__ import annotations

import socket
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

from redirectmap import urls

OLD_HOME = "127.0.0.1"
NEW_HOME = "127.0.0.2"


@dataclass(frozen=True, slots=True)
class Answer:
    """What the server sends for one path.

    Attributes:
        body: As bytes; `{origin}` in it stands for the server's own origin.
        content_type: Media type with charset.
        status: HTTP status.
        location: Path or URL of a redirect.
    """

    body: bytes = b""
    content_type: str = "text/html; charset=utf-8"
    status: int = 200
    location: str = ""


@dataclass(frozen=True)
class Site:
    """A site as a table: percent-encoded path and query to its answer.

    Attributes:
        answers: Keys as a browser sends them.
        ignored: Query parameters that change nothing (tracking).
        missing: Body of the 404 page.
    """

    answers: Mapping[str, Answer]
    ignored: frozenset[str] = frozenset()
    missing: bytes = b"<h1>Not found</h1>"
    server_name: str = "demo"
    _folded: dict[str, str] = field(default_factory=dict)

    def answer(self, target: str) -> Answer:
        """Return the answer for a request target; 404 for what is not there."""
        found = self.answers.get(self.plain(target))
        return found or Answer(self.missing, status=404)

    def plain(self, target: str) -> str:
        """Spell `target` as a browser would, without ignored parameters."""
        parsed = urls.parse(target, "http://site.invalid/")
        if isinstance(parsed, urls.Refusal):
            return ""
        if parsed.query is None:
            return parsed.path
        kept = [p for p in parsed.query.split("&") if not self._is_ignored(p)]
        return f"{parsed.path}?{'&'.join(kept)}" if kept else parsed.path

    def _is_ignored(self, parameter: str) -> bool:
        return parameter.partition("=")[0] in self.ignored


def second_address() -> str:
    """Return a second loopback address, so that two sites are two hosts.

    Linux and Windows have all of 127/8; where it is not set up, both sites
    share one address and the start page's own rule is refused as a loop.
    """
    try:
        with socket.socket() as probe:
            probe.bind((NEW_HOME, 0))
    except OSError:
        return OLD_HOME
    return NEW_HOME


@contextmanager
def serve(site: Site, *, port: int = 0, address: str = OLD_HOME) -> Iterator[str]:
    """Serve `site` on loopback while the block runs; yield its origin.

    Args:
        site: What to answer.
        port: The port to take; 0 for any free one.
        address: IPv4 address of this machine.
    """
    server = ThreadingHTTPServer((address, port), _handler(site))
    server.daemon_threads = True
    thread = Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield f"http://{address}:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _handler(site: Site) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        """Answers GET and HEAD from the site's table."""

        protocol_version = "HTTP/1.1"
        server_version = site.server_name
        sys_version = ""

        def do_GET(self) -> None:
            """Send the answer with its body."""
            self._send(with_body=True)

        def do_HEAD(self) -> None:
            """Send the answer without its body."""
            self._send(with_body=False)

        def log_message(self, *_args: object) -> None:
            """Keep the terminal clean."""

        def _send(self, *, with_body: bool) -> None:
            answer = site.answer(self.path)
            address, port = self.connection.getsockname()[:2]
            origin = f"http://{address}:{port}".encode()
            body = answer.body.replace(b"{origin}", origin)
            self.send_response(answer.status)
            if answer.location:
                self.send_header("Location", answer.location)
            self.send_header("Content-Type", answer.content_type)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            if with_body:
                self.wfile.write(body)

    return Handler
