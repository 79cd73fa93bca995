"""Follow one URL hop by hop: what the next request is, and when to stop.

Pure logic: answers come in, the next URL goes out. Every Location passes the
URL gate and the guard before anything is requested.

Reads   answers of the engine.
Bounds  at most `max_hops` redirects; hosts outside the plan's domains are
        recorded, never asked; `Set-Cookie` is not obeyed.
Source  RFC 9110, 10.2.2 and 15.4 (303 of 300 to 308 have no one Location to
        follow); https://url.spec.whatwg.org/ for how browsers read Location.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal

from redirectmap.urls import Refusal, Url, shown
from redirectmap.verify.answers import Answer, facts_of, location_of
from redirectmap.verify.guard import Address, Guard
from redirectmap.verify.location import read_location

REDIRECTS = frozenset({301, 302, 303, 307, 308})
TEMPORARY = frozenset({302, 303, 307})
_ODD = re.compile(rb'[\x00-\x20\x7f"<>\\^`{|}]')

_WEB_PAGE = frozenset({"", "text/html", "application/xhtml+xml"})

End = Literal[
    "answer",
    "loop",
    "too_many",
    "bad_redirect",
    "blocked",
    "offsite",
    "timeout",
    "tls",
    "dns",
    "connect",
    "broken",
]


@dataclass(slots=True)
class Hop:
    """One redirect: who answered, what, and where it leads."""

    url: str
    status: int
    location: str
    target: str


@dataclass(slots=True)
class Walk:
    """The whole way of one URL.

    Attributes:
        start: The URL asked for.
        hops: Redirects, in order.
        end: How it ended.
        final_url: The URL that answered last, or would have been next.
        status: Status of the last answer; 0 where there was none.
        detail: What went wrong, one line, fit to print.
        loop_start: Index into `hops` of the loop's first member.
        facts: Headers of the last answer that judgements need, markup redirects
            of an old URL that answers 200, oddities of the way; `stand_in` where
            one server stands in for both ends of a hop, so it cannot be followed.
    """

    start: str
    hops: list[Hop] = field(default_factory=list)
    end: End = "answer"
    final_url: str = ""
    status: int = 0
    detail: str = ""
    loop_start: int | None = None
    facts: dict[str, str] = field(default_factory=dict)

    def as_dict(self) -> dict[str, Any]:
        """Return plain values for JSON."""
        hops = [(h.url, h.status, h.location, h.target) for h in self.hops]
        names = ("start", "end", "final_url", "status", "detail", "loop_start", "facts")
        return {"hops": hops, **{name: getattr(self, name) for name in names}}

    @classmethod
    def from_dict(cls, value: dict[str, Any]) -> Walk:
        """Build it again from `as_dict`."""
        hops = [Hop(*hop) for hop in value["hops"]]
        return cls(**{**value, "hops": hops})

    @property
    def ends_on(self) -> str:
        """`page` for HTML, `file` for anything else that is there, else empty."""
        if self.end != "answer" or self.status != 200:
            return ""
        kind = self.facts.get("content-type", "").partition(";")[0].strip().lower()
        return "page" if kind in _WEB_PAGE else "file"

    @property
    def signature(self) -> tuple[object, ...]:
        """What a visitor experiences: two walks that differ here differ."""
        statuses = tuple(hop.status for hop in self.hops)
        hidden = "noindex" in self.facts.get("robots", "")
        return (statuses, self.end, self.status, self.final_url, hidden)


@dataclass(frozen=True, slots=True)
class Scope:
    """What all walks of a run share.

    Attributes:
        guard: Says which address may be connected to.
        wire: Maps a URL as planned to the URL that is requested (`--base`).
        inside: Says whether a host belongs to the migration.
        max_hops: Redirects followed.
    """

    guard: Guard
    wire: Callable[[Url], Url]
    inside: Callable[[str], bool]
    max_hops: int = 10


class Walker:
    """Drives one walk: `url` is to be requested next, None when it is over.

    `wire_url` is how it is requested, of the host that answers for it at `address`.

    Args:
        start: The URL to ask for.
        scope: What all walks of the run share.
        agent: A key of `settings.AGENTS`.
        method: GET or HEAD.
        cap: Keep so many bytes of the last answer in `body`; 0 keeps none.
        n: The row it is of, for whoever stores it.
    """

    __slots__ = (
        *("_scope", "_seen", "address", "agent", "body", "cap", "method", "url"),
        *("n", "walk", "wire_url"),
    )

    def __init__(
        self,
        start: Url,
        scope: Scope,
        *,
        agent: str = "browser",
        method: str = "GET",
        cap: int = 0,
        n: int = 0,
    ) -> None:
        self.n = n
        self.walk = Walk(start=start.key, final_url=start.key)
        self.agent = agent
        self.method = method
        self.cap = cap
        self.body = b""
        self.url: Url | None = None
        self.address: Address | None = None
        self.wire_url = ""
        self._scope = scope
        self._seen: list[str] = []
        self._go(start, scope.wire(start))

    @property
    def wants_body(self) -> bool:
        """A page is searched for redirects in its markup, and for its title."""
        return bool(self.cap) or self.method == "GET"

    def feed(self, answer: Answer) -> None:
        """Take the answer to `url`; afterwards `url` is the next one or None."""
        url = self.url
        assert url is not None  # noqa: S101 - the engine asks only open walks
        self.url = None
        self.walk.status = answer.status
        if answer.error:
            self._stop(answer.error, answer.detail)
        elif answer.status in REDIRECTS:
            self._redirect(url, answer)
        else:
            self._note_final(answer)

    def _redirect(self, url: Url, answer: Answer) -> None:
        if answer.first(b"set-cookie"):
            self.walk.facts["cookie"] = "yes"
        if url.scheme == "https" and not answer.first(b"strict-transport-security"):
            self.walk.facts["no_hsts"] = url.host
        raw, problem = location_of(answer)
        target = read_location(raw, url.href)
        if problem or isinstance(target, Refusal):
            self._refuse(url, answer.status, raw, problem, target)
            return
        if _ODD.search(raw):
            self.walk.facts["odd_location"] = shown(raw.decode("latin-1"))
        text = shown(raw.decode("utf-8", "backslashreplace"))
        self.walk.hops.append(Hop(url.key, answer.status, text, target.key))
        self.walk.final_url = target.key
        self._advance(target)

    def _advance(self, target: Url) -> None:
        wire = self._scope.wire(target)
        key = wire.key
        if key == self._seen[-1] and target.key != self.walk.hops[-1].url:
            self.walk.facts["stand_in"] = "yes"
            self._stop("answer", "")
        elif key in self._seen:
            self.walk.loop_start = self._seen.index(key)
            self._stop("loop", "")
        elif len(self.walk.hops) >= self._scope.max_hops:
            self._stop("too_many", f"more than {self._scope.max_hops} redirects")
        else:
            self._go(target, wire)

    def _go(self, target: Url, wire: Url) -> None:
        if self._scope.guard.spelled_private(wire):
            self._stop("blocked", f"{wire.host} is a private address")
            return
        if not self._scope.inside(wire.host):
            self._stop("offsite", f"{target.host} is no host of this plan")
            return
        address = self._scope.guard.address(wire)
        if isinstance(address, Address):
            self.url, self.address, self.wire_url = target, address, wire.key
            self._seen.append(wire.key)
        else:
            self._stop(
                "blocked" if address.kind == "private" else "dns", address.detail
            )

    def _refuse(
        self, url: Url, status: int, raw: bytes, problem: str, target: Url | Refusal
    ) -> None:
        text = shown(raw.decode("utf-8", "backslashreplace"))
        self.walk.hops.append(Hop(url.key, status, text, ""))
        full = raw.decode("latin-1")
        if self._scope.guard.points_inside(full):
            self._stop("blocked", f"Location {text} points to a private address")
            return
        reason = problem or (target.message if isinstance(target, Refusal) else "")
        self._stop("bad_redirect", reason)

    def _note_final(self, answer: Answer) -> None:
        if self.cap:
            self.body = answer.body
        if answer.facts is None:
            answer.facts = facts_of(answer, self.walk.final_url)
            answer.headers = []
        self.walk.facts.update(answer.facts)
        if 300 <= answer.status < 400:
            self._stop("bad_redirect", f"status {answer.status} leads nowhere")

    def _stop(self, end: str, detail: str) -> None:
        self.url = None
        self.walk.end = end  # type: ignore[assignment]  # engine errors are Ends
        self.walk.detail = detail
