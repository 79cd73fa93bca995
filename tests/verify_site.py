"""A site with faults, on loopback: what a path answers is a table."""

from __future__ import annotations

import ssl
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pandas as pd

from redirectmap.tables.schemas import PLAN
from redirectmap.verify import VerifySettings, verify_plan

OLD = "http://old.example"
NEW = "http://new.example"
FAST = VerifySettings(timeout=1.5, check_pages=False, extra_requests=0)


@dataclass(frozen=True, slots=True)
class Reply:
    """What one path answers."""

    status: int = 200
    location: str | None = None
    body: bytes = b""
    headers: tuple[tuple[str, str], ...] = ()
    delay: float = 0.0
    cut: bool = False


@dataclass(slots=True)
class Site:
    """Replies by path and query; `bot` and `head` win for Googlebot and HEAD."""

    replies: dict[str, Reply] = field(default_factory=dict)
    bot: dict[str, Reply] = field(default_factory=dict)
    head: dict[str, Reply] = field(default_factory=dict)
    fallback: Reply = field(default_factory=lambda: Reply(404, body=b"not found"))
    seen: Counter[str] = field(default_factory=Counter)
    hosts: Counter[str] = field(default_factory=Counter)
    origin: str = ""
    answer: Callable[[str, str, str], Reply] | None = None

    def reply(self, method: str, target: str, agent: str) -> Reply:
        """Choose the answer."""
        if method == "HEAD" and target in self.head:
            return self.head[target]
        if "Googlebot" in agent and target in self.bot:
            return self.bot[target]
        return self.replies.get(target, self.fallback)


@contextmanager
def serving(site: Site, tls: ssl.SSLContext | None = None) -> Iterator[Site]:
    """Serve `site` on a free port of loopback; its `origin` is set."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            site.seen[self.path] += 1
            site.hosts[self.headers["Host"]] += 1
            agent = self.headers.get("User-Agent", "")
            choose = site.answer or site.reply
            reply = choose(self.command, self.path, agent)
            if reply.delay:
                stop.wait(reply.delay)
            if reply.cut:
                self.close_connection = True
                return
            self.send_response(reply.status)
            for name, value in reply.headers:
                self.send_header(name, value)
            if reply.location is not None:
                self.send_header("Location", reply.location)
            if not any(name == "Content-Type" for name, _ in reply.headers):
                self.send_header("Content-Type", "text/html; charset=utf-8")
            self.send_header("Content-Length", str(len(reply.body)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(reply.body)

        do_HEAD = do_GET  # noqa: N815 - the name http.server calls

        def log_message(self, *_args: object) -> None:
            return

    class Server(ThreadingHTTPServer):
        daemon_threads = True
        request_queue_size = 128

        def handle_error(self, *_args: object) -> None:
            return

    stop = threading.Event()
    server = Server(("127.0.0.1", 0), Handler)
    site.origin = f"http://127.0.0.1:{server.server_address[1]}"
    if tls is not None:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield site
    finally:
        stop.set()
        server.shutdown()
        thread.join()
        server.server_close()


def page(title: str, text: str = "", *, head: str = "", lang: str = "en") -> bytes:
    """Make a page; without `text` one that talks about its title."""
    words = text or f"All about {title}. " + f"{title} is what this page is for. " * 12
    return (
        f'<!doctype html><html lang="{lang}"><head><meta charset="utf-8">'
        f"<title>{title}</title>{head}</head><body><main><h1>{title}</h1>"
        f"<p>{words}</p></main></body></html>"
    ).encode()


def plan_of(
    rows: Mapping[str, tuple[str, str]], **columns: Sequence[object]
) -> pd.DataFrame:
    """Make a plan from old URL -> (action, new URL)."""
    statuses = {"redirect": 301, "gone": 410, "keep": 200, "review": None}
    table = pd.DataFrame(
        {
            "old_url": list(rows),
            "action": [action for action, _ in rows.values()],
            "status": [statuses[action] for action, _ in rows.values()],
            "new_url": [new or None for _, new in rows.values()],
            "priority": [1 / (place + 2) for place in range(len(rows))],
            **columns,
        }
    )
    return PLAN.fit(table)


def moved(path: str, status: int = 301) -> Reply:
    return Reply(status, path if "//" in path else NEW + path)


COMMON = {
    path: Reply(body=page(path))
    for path in (
        "/t",
        "/u",
        "/T",
        "/",
        "/en/",
        "/t?q=1&r=2",
        "/t?id=1",
        "/dir/",
        "/a%20b",
    )
} | {
    "/500": Reply(500),
    "/moved": moved("/u"),
    "/to-home": moved("/"),
    "/dir": moved("/dir/"),
}


def run(plan: pd.DataFrame, old: Site, new: Site, **more: Any) -> pd.DataFrame:  # noqa: ANN401
    """Verify the old host by --base, the new one by --resolve."""
    settings = replace(FAST, resolve=(f"new.example={new.origin[7:]}",), **more)
    return verify_plan(plan, base=old.origin, settings=settings)
