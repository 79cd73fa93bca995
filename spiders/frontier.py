"""The scheduler: Scrapy asks, the site file answers.

Nothing is leased in the file: a URL stays queued there until its result is
committed, and only the set of ids in work, in memory, keeps it from being
handed out twice. So a crash gives every URL in work back by itself.

Bounds  what is in work at a kill is fetched again: at most the concurrency.
"""

from __future__ import annotations

import asyncio
import heapq
import time
from collections import deque
from typing import TYPE_CHECKING, Any

from scrapy import Request, Spider
from scrapy.core.scheduler import BaseScheduler

from redirectmap.sitefile import Row

if TYPE_CHECKING:
    from spiders.site import SiteSpider

BATCH = 64


class Frontier(BaseScheduler):
    """Hands out rows of the site file as requests."""

    spider: SiteSpider

    def __init__(self) -> None:
        self.ready: deque[Row] = deque()
        self.held: set[int] = set()
        self.late: list[tuple[float, int, Row]] = []
        self.parked_until = 0.0
        self.stopped = False
        self._empty = False

    def open(self, spider: Spider) -> None:
        """Take the spider's site file as the queue."""
        self.spider = spider  # type: ignore[assignment]
        self.spider.frontier = self

    def close(self, reason: str) -> None:
        """Nothing to save: the file holds everything already."""

    def has_pending_requests(self) -> bool:
        """Say whether anything is queued, held back or in work."""
        if self.stopped:
            return False
        return bool(self.held) or not self._empty or bool(self._refill())

    def enqueue_request(self, request: Request) -> bool:
        """Refuse: URLs enter by the site file only."""
        del request
        return False

    def next_request(self) -> Request | None:
        """Return the next request that may go out now."""
        now = time.monotonic()
        if self._halted(now):
            return None
        while self.late and self.late[0][0] <= now:
            self.ready.append(heapq.heappop(self.late)[2])
        while self.ready or self._refill():
            row = self.ready.popleft()
            self.held.add(row.id)
            request = self.spider.request_for(row)
            if request is not None or self._halted(now):
                return request
        return None

    def _halted(self, now: float) -> bool:
        return self.stopped or now < self.parked_until

    def _refill(self) -> bool:
        busy = {row.id for row in self.ready} | self.held
        for row in self.spider.site.queued(len(busy) + BATCH):
            if row.id not in busy:
                self.ready.append(row)
        self._empty = not self.ready
        return bool(self.ready)

    def release(self, row: Row) -> None:
        """Forget a row whose result is committed."""
        self.held.discard(row.id)
        self._empty = False

    def give_back(self, row: Row) -> None:
        """Offer a row again at once (its robots.txt is known now)."""
        self.ready.append(row)

    def later(self, row: Row, seconds: float) -> None:
        """Offer a row again after a pause."""
        heapq.heappush(self.late, (time.monotonic() + seconds, row.id, row))
        self.wake(seconds)

    def park(self, seconds: float) -> None:
        """Send nothing for a while: the host asked for it."""
        self.parked_until = max(self.parked_until, time.monotonic() + seconds)
        self.wake(seconds)

    def wake(self, seconds: float = 0.0) -> None:
        """Make the engine ask again."""
        asyncio.get_event_loop().call_later(seconds + 0.01, self._nudge)

    def _nudge(self) -> None:
        engine: Any = self.spider.crawler.engine
        slot = getattr(engine, "_slot", None)
        if slot is not None and not self.stopped:
            slot.nextcall.schedule()
