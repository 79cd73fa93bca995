"""Who may talk to the review page, and what it gives out."""

from __future__ import annotations

import http.client
import socket
from collections.abc import Iterator

import httpx
import pytest

from tests.review_site import (
    OLD,
    Server,
    make_folder,
    port_of,
    reviewing,
)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with reviewing(make_folder(tmp_path_factory.mktemp("review"))) as running:
        running.call("status")
        yield running


def raw(server: Server, request: bytes) -> int:
    """Send bytes as they are; return the status."""
    with socket.create_connection(("127.0.0.1", port_of(server)), 10) as line:
        line.sendall(request)
        answer = http.client.HTTPResponse(line)
        answer.begin()
        return answer.status


def headers_of(server: Server, **more: str | None) -> dict[str, str]:
    base: dict[str, str | None] = {
        "host": server.origin.removeprefix("http://"),
        "origin": server.origin,
        "x-redirectmap-token": server.token,
        "content-type": "application/json",
    }
    changed = base | {name.replace("_", "-"): value for name, value in more.items()}
    return {name: value for name, value in changed.items() if value is not None}


CROSS: list[tuple[str, str, dict[str, str | None]]] = [
    ("POST", "/api/rows", {"origin": "https://evil.example"}),
    ("POST", "/api/rows", {"origin": "null"}),
    ("POST", "/api/rows", {"origin": None}),
    ("POST", "/api/rows", {"origin": "http://127.0.0.1"}),
    ("POST", "/api/rows", {"origin": "http://127.0.0.1:1"}),
    ("POST", "/api/rows", {"origin": "https://127.0.0.1:PORT"}),
    ("POST", "/api/rows", {"origin": "http://127.0.0.1:PORT.evil.example"}),
    ("POST", "/api/rows", {"origin": "http://evil.example:PORT"}),
    ("POST", "/api/rows", {"host": "evil.example"}),
    ("POST", "/api/rows", {"host": "evil.example:PORT"}),
    ("POST", "/api/rows", {"host": "127.0.0.1.nip.io:PORT"}),
    ("POST", "/api/rows", {"host": "127.0.0.1"}),
    ("POST", "/api/rows", {"host": "0.0.0.0:PORT"}),
    ("GET", "/", {"host": "rebound.example:PORT", "origin": None}),
    ("GET", "/review.js", {"host": "rebound.example:PORT", "origin": None}),
    ("POST", "/api/rows", {"x_redirectmap_token": None}),
    ("POST", "/api/rows", {"x_redirectmap_token": "guess"}),
    ("POST", "/api/rows", {"x_redirectmap_token": ""}),
    ("POST", "/api/decide", {"sec_fetch_site": "cross-site"}),
    ("POST", "/api/decide", {"sec_fetch_site": "same-site"}),
    ("POST", "/api/session", {"origin": "https://evil.example"}),
    ("GET", "/api/rows", {"x_redirectmap_token": None}),
    ("GET", "/", {"origin": "https://evil.example"}),
    ("OPTIONS", "/api/rows", {"origin": "https://evil.example"}),
]


@pytest.mark.parametrize(("method", "path", "more"), CROSS)
def test_other_sites_and_rebound_names_are_refused(
    server: Server, method: str, path: str, more: dict[str, str | None]
) -> None:
    port = str(port_of(server))
    changed = {k: v and v.replace("PORT", port) for k, v in more.items()}
    answer = httpx.request(
        method,
        server.origin + path,
        headers=headers_of(server, **changed),
        content="{}",
    )
    assert answer.status_code == 403
    assert "access-control-allow-origin" not in answer.headers
    assert OLD not in answer.text


def test_a_form_of_another_site_changes_nothing(server: Server) -> None:
    for kind in ("text/plain", "application/x-www-form-urlencoded"):
        headers = headers_of(server, content_type=kind)
        answer = httpx.post(
            f"{server.origin}/api/decide", headers=headers, content="{}"
        )
        assert answer.status_code == 415


TRAVERSALS = [
    "/../plan.csv",
    "/../../etc/passwd",
    "/%2e%2e/plan.csv",
    "/%2e%2e%2fplan.csv",
    "/..%2fplan.csv",
    "/..%5cplan.csv",
    "/..\\plan.csv",
    "/.%2e/plan.csv",
    "/%252e%252e/plan.csv",
    "/%c0%ae%c0%ae/plan.csv",
    "/....//plan.csv",
    "/./../plan.csv",
    "/static/../../plan.csv",
    "/static/../work.py",
    "/review.js/../../work.py",
    "/review.js%00.csv",
    "/review.js/",
    "//etc/passwd",
    "/etc/passwd",
    "/plan.csv",
    "/overrides.csv",
    "/history.jsonl",
    "/.generated.csv",
    "/scores.parquet",
    "/file:///etc/passwd",
    "/C:/Windows/win.ini",
    "/api/../plan.csv",
    "/api/%2e%2e/plan.csv",
    "/api/",
    "/review.js?../../plan.csv"[:-16] + "x",
    "/;/../plan.csv",
    "../../etc/passwd",
]


@pytest.mark.parametrize("path", TRAVERSALS)
def test_nothing_on_disk_can_be_asked_for(server: Server, path: str) -> None:
    host = server.origin.removeprefix("http://")
    request = f"GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n"
    assert raw(server, request.encode()) == 404


def test_the_page_comes_with_a_strict_policy(server: Server) -> None:
    for path in ("/", "/review.js", "/nothing"):
        headers = httpx.get(server.origin + path).headers
        policy = headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["x-frame-options"] == "DENY"
        assert headers["cache-control"] == "no-store"


def test_a_key_opens_one_tab_only(server: Server) -> None:
    once = server.call("invite")["once"]
    assert server.call("session", once=once)["token"] == server.token
    assert server.call("session", once=once)["token"] is None
    assert server.call("session", once=server.once)["token"] is None


def test_long_bodies_are_cut(server: Server) -> None:
    body = b'{"url": "' + b"x" * 400_000 + b'"}'
    address = f"{server.origin}/api/row"
    answer = httpx.post(address, headers=headers_of(server), content=body)
    assert answer.status_code == 413

    def parts() -> Iterator[bytes]:
        for _ in range(40):
            yield b" " * 10_000

    answer = httpx.post(address, headers=headers_of(server), content=parts())
    assert answer.status_code == 413
