"""Ask many URLs at once, politely: libcurl's multi interface, no redirects.

One thread, one connection pool. Per host the number of requests under way grows
by one for every window of good answers and halves on 429, 503 and failures to
connect; `Retry-After` pauses the host.

Bounds  3 attempts; a host that does not answer 30 attempts in a row is not asked
        again in this run; the answers of the last `MEMO` shared URLs are kept.
Source  https://curl.se/libcurl/c/libcurl-multi.html; RFC 9110, 10.2.3.
"""

from __future__ import annotations

import time
from collections import OrderedDict, deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime

import pycurl

from redirectmap.verify.answers import Answer
from redirectmap.verify.handles import Slot
from redirectmap.verify.settings import VerifySettings
from redirectmap.verify.walk import Walker

ATTEMPTS = 3
MEMO = 10_000
GIVE_UP_AFTER = 30
_TRY_AGAIN = frozenset({"connect", "broken", "timeout"})
_BUSY = frozenset({429, 503})


@dataclass(slots=True)
class _Host:
    """Requests to one host: those that wait, and how many may be under way."""

    limit: float
    waiting: deque[_Job] = field(default_factory=deque)
    active: int = 0
    paused_until: float = 0.0
    failures: int = 0

    @property
    def is_dead(self) -> bool:
        """Say whether so many attempts in a row failed that we stop asking."""
        return self.failures >= GIVE_UP_AFTER


@dataclass(slots=True)
class _Job:
    walker: Walker
    attempt: int = 1
    not_before: float = 0.0


class Engine:
    """Runs walks to their end, many at a time.

    Args:
        settings: Limits of the run.
        on_wait: Told when a host asks for patience: host and seconds.
    """

    def __init__(
        self,
        settings: VerifySettings,
        on_wait: Callable[[str, float], None] = lambda _host, _seconds: None,
    ) -> None:
        self._settings = settings
        self._on_wait = on_wait
        self._multi = pycurl.CurlMulti()
        self._multi.setopt(pycurl.M_MAXCONNECTS, 4 * settings.concurrency)
        self._free: list[Slot] = []
        self._hosts: dict[str, _Host] = {}
        self._memo: OrderedDict[tuple[str, str], Answer] = OrderedDict()
        self._asking: dict[tuple[str, str], list[_Job]] = {}
        self._failed: list[_Job] = []
        self._active = 0
        self._waiting = 0
        self.requests = 0

    def run(self, walkers: Iterator[Walker], done: Callable[[Walker], None]) -> None:
        """Drive every walker of `walkers` to its end; `done` gets each once."""
        more = True
        queue_cap = 8 * self._settings.concurrency
        while more or self._waiting or self._active:
            while more and self._waiting < queue_cap:
                walker = next(walkers, None)
                if walker is None:
                    more = False
                else:
                    self._route(_Job(walker), done)
            self._start_waiting()
            while self._failed:
                job = self._failed.pop()
                self._release(job.walker, done)
                self._route(job, done)
            self._collect(done)

    def close(self) -> None:
        """Close all connections."""
        for slot in self._free:
            slot.curl.close()
        self._free.clear()
        self._multi.close()

    def _route(self, job: _Job, done: Callable[[Walker], None]) -> None:
        """Take a walk as far as known answers go, then queue what it asks next.

        A page that many rows end on is asked once: who comes while it is being
        asked waits for that answer.
        """
        walker = job.walker
        while walker.url is not None and _shared(walker):
            known = self._memo.get((walker.agent, walker.wire_url))
            if known is None:
                break
            walker.feed(known)
        while walker.url is not None and self._host_of(walker).is_dead:
            walker.feed(_given_up(walker))
        if walker.url is None:
            done(walker)
            return
        if _shared(walker):
            key = (walker.agent, walker.wire_url)
            if key in self._asking:
                self._asking[key].append(job)
                return
            self._asking[key] = []
        self._host_of(walker).waiting.append(job)
        self._waiting += 1

    def _release(self, walker: Walker, done: Callable[[Walker], None]) -> None:
        if _shared(walker):
            key = (walker.agent, walker.wire_url)
            for job in self._asking.pop(key, ()):
                self._route(job, done)

    def _host_of(self, walker: Walker) -> _Host:
        assert walker.address is not None  # noqa: S101 - open walks have one
        key = walker.address.connect_to
        host = self._hosts.get(key)
        if host is None:
            host = self._hosts[key] = _Host(min(4.0, self._settings.concurrency))
        return host

    def _start_waiting(self) -> None:
        now = time.monotonic()
        for host in self._hosts.values():
            if host.paused_until <= now:
                self._start_host(host, now)

    def _start_host(self, host: _Host, now: float) -> None:
        while host.waiting and host.active < int(host.limit):
            if host.waiting[0].not_before > now:
                host.waiting.rotate(-1)
                if host.waiting[0].not_before > now:
                    return
            self._start(host)

    def _start(self, host: _Host) -> None:
        job = host.waiting.popleft()
        self._waiting -= 1
        if host.is_dead:
            self._failed.append(job)
            return
        slot = self._free.pop() if self._free else Slot(self._settings)
        slot.load(job.walker)
        slot.job = job
        slot.curl.slot = slot
        host.active += 1
        self._active += 1
        self.requests += 1
        self._multi.add_handle(slot.curl)

    def _collect(self, done: Callable[[Walker], None]) -> None:
        if not self._active:
            time.sleep(0.01 if self._waiting else 0)
            return
        self._multi.perform()
        left = 1
        found = False
        while left:
            left, good, bad = self._multi.info_read()
            for curl in good:
                self._finish(curl.slot, 0, "", done)
            for curl, code, message in bad:
                self._finish(curl.slot, code, message, done)
            found = found or bool(good or bad)
        if not found:
            self._multi.select(0.05)

    def _finish(
        self, slot: Slot, code: int, message: str, done: Callable[[Walker], None]
    ) -> None:
        job = slot.job
        assert job is not None  # noqa: S101 - a slot at work has a job
        self._multi.remove_handle(slot.curl)
        answer = slot.answer(code, message)
        slot.job = None
        self._free.append(slot)
        self._active -= 1
        host = self._host_of(job.walker)
        host.active -= 1
        no_answer = answer.error in {"connect", "timeout"}
        host.failures = host.failures + 1 if no_answer else 0
        if self._retry(host, job, answer):
            return
        walker = job.walker
        if _shared(walker):
            self._memo[walker.agent, walker.wire_url] = answer
            if len(self._memo) > MEMO:
                self._memo.popitem(last=False)
            self._release(walker, done)
        walker.feed(answer)
        self._route(_Job(walker), done)

    def _retry(self, host: _Host, job: _Job, answer: Answer) -> bool:
        settings = self._settings
        busy = answer.status in _BUSY and not answer.error
        if not busy and answer.error not in _TRY_AGAIN:
            host.limit = min(settings.concurrency, host.limit + 1 / host.limit)
            return False
        host.limit = max(1.0, host.limit / 2)
        last = 2 if answer.error == "timeout" else ATTEMPTS
        if job.attempt >= last or host.is_dead:
            return False
        wait = _retry_after(answer) if busy else 0.2 * job.attempt
        if wait is None:
            wait = 0.5 * 2**job.attempt
        if wait > settings.max_wait:
            return False
        now = time.monotonic()
        if busy:
            host.paused_until = max(host.paused_until, now + wait)
            self._on_wait(job.walker.wire_url, wait)
        host.waiting.append(_Job(job.walker, job.attempt + 1, now + wait))
        self._waiting += 1
        return True


def _shared(walker: Walker) -> bool:
    """Say whether the next answer serves every walk that comes by this URL."""
    return bool(walker.walk.hops) and not walker.cap and walker.method == "GET"


def _given_up(walker: Walker) -> Answer:
    assert walker.address is not None  # noqa: S101 - open walks have one
    detail = f"{walker.address.ip}:{walker.address.port} did not answer"
    return Answer(error="connect", detail=f"{detail} {GIVE_UP_AFTER} times in a row")


def _retry_after(answer: Answer) -> float | None:
    text = answer.first(b"retry-after")
    if text.isascii() and text.isdigit():
        return float(text[:12])
    try:
        return max(0.0, parsedate_to_datetime(text).timestamp() - time.time())
    except (TypeError, ValueError):
        return None
