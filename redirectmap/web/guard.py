"""Who may talk to the review page: this run's own tab, and nobody else.

In this order: the Host header names us by a loopback name and our port (a
rebound name does not); a request that names an Origin or a site it comes from
names us; a path is one we have (all others are 404, so nothing on disk can be
asked for by name); everything but the empty page needs the run's token in a
header, which no other site can send; changes are POST with JSON and an Origin;
bodies are short. Answers forbid scripts of others, frames and caches.
"""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Collection
from dataclasses import dataclass, field

from starlette.datastructures import Headers
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

KEY_HEADER = "x-redirectmap-token"
MAX_BODY = 256 * 1024
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
    "img-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
    "require-trusted-types-for 'script'; trusted-types 'none'"
)
HEADERS = {
    "content-security-policy": POLICY,
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "cross-origin-embedder-policy": "require-corp",
    "permissions-policy": "camera=(), geolocation=(), microphone=()",
    "cache-control": "no-store",
}


@dataclass
class Keys:
    """The token of this run, and the addresses that give it away once."""

    token: str = field(default_factory=lambda: secrets.token_urlsafe(32))
    once: set[str] = field(default_factory=set)

    def invite(self) -> str:
        """Return a key that opens one tab."""
        key = secrets.token_urlsafe(24)
        self.once.add(key)
        return key

    def redeem(self, key: str) -> str | None:
        """Return the token for a key that was not used yet."""
        if key not in self.once:
            return None
        self.once.remove(key)
        return self.token

    def fits(self, token: str) -> bool:
        """Tell whether a request carries the token."""
        return hmac.compare_digest(token.encode(), self.token.encode())


class Guard:
    """Middleware that lets only this run's own page through.

    Args:
        app: What is guarded.
        port: The port we listen on.
        keys: The token.
        open_paths: Paths of the empty page and its files.
        paths: Every path there is.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        port: int,
        keys: Keys,
        open_paths: Collection[str],
        paths: Collection[str],
    ) -> None:
        self.app = app
        self.keys = keys
        self.hosts = {f"{name}:{port}" for name in ("127.0.0.1", "localhost")}
        self.origins = {f"http://{host}" for host in self.hosts}
        self.open_paths = frozenset(open_paths)
        self.paths = frozenset(paths) | self.open_paths

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, or refuse."""
        if scope["type"] == "lifespan":
            await self.app(scope, receive, send)
            return
        if scope["type"] != "http":
            await send({"type": "websocket.close", "code": 1008})
            return
        answer = _with_headers(send)
        refusal = self.refusal(scope)
        if refusal is not None:
            await refusal(scope, receive, answer)
            return
        await self.app(scope, _bounded(receive), answer)

    def refusal(self, scope: Scope) -> Response | None:
        """Return why a request is refused; None for one of ours."""
        headers = Headers(scope=scope)
        if not self._is_ours(headers):
            return _no(403, "this page is for this machine only")
        if scope["path"] not in self.paths:
            return _no(404, "there is no such page")
        if scope["method"] not in {"GET", "HEAD", "POST"}:
            return _no(405, "GET to look, POST to change")
        if scope["method"] == "POST":
            return self._refused_post(scope, headers)
        if scope["path"] in self.open_paths:
            return None
        return None if self._has_token(headers) else _no(403, "the token is missing")

    def _refused_post(self, scope: Scope, headers: Headers) -> Response | None:
        if headers.get("origin") not in self.origins:
            return _no(403, "the Origin is missing")
        kind = headers.get("content-type", "").partition(";")[0].strip().lower()
        if kind != "application/json":
            return _no(415, "send JSON")
        length = headers.get("content-length", "")
        if length.isdigit() and int(length) > MAX_BODY:
            return _no(413, "too long")
        if scope["path"] != "/api/session" and not self._has_token(headers):
            return _no(403, "the token is missing")
        return None

    def _is_ours(self, headers: Headers) -> bool:
        hosts = headers.getlist("host")
        if len(hosts) != 1 or hosts[0].lower() not in self.hosts:
            return False
        origins = headers.getlist("origin")
        if any(origin not in self.origins for origin in origins):
            return False
        return headers.get("sec-fetch-site", "none") in {"none", "same-origin"}

    def _has_token(self, headers: Headers) -> bool:
        return self.keys.fits(headers.get(KEY_HEADER, ""))


def _no(status: int, why: str) -> Response:
    return JSONResponse({"error": why}, status_code=status)


def _with_headers(send: Send) -> Send:
    async def answer(message: Message) -> None:
        if message["type"] == "http.response.start":
            ours = [(k.encode(), v.encode()) for k, v in HEADERS.items()]
            message["headers"] = [*message.get("headers", []), *ours]
        await send(message)

    return answer


def _bounded(receive: Receive) -> Receive:
    """Cut a body that is longer than it said."""
    seen = 0

    async def take() -> Message:
        nonlocal seen
        message = await receive()
        seen += len(message.get("body", b""))
        if seen > MAX_BODY:
            return {"type": "http.disconnect"}
        return message

    return take
