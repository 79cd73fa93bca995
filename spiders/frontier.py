"""The scheduler: Scrapy asks, the site file answers.

Nothing is leased in the file: a URL stays queued there until its result is
committed, and only the set of ids in work, in memory, keeps it from being
handed out twice. So a crash gives every URL in work back by itself.

Bounds  what is in work at a kill is fetched again: at most the concurrency.
"""

from __future__ import annotations

import asyncio
import heapq
import sqlite3
import time
from collections import deque
from typing import TYPE_CHECKING, Any

from scrapy import Request, Spider
from scrapy.core.scheduler import BaseScheduler

from redirectmap.sitefile import Row

if TYPE_CHECKING:
    from spiders.site import SiteSpider

BATCH = 64
MAX_READY = 4 * BATCH


class Frontier(BaseScheduler):
    """Hands out rows of the site file as requests."""

    spider: SiteSpider

    def __init__(self) -> None:
        self.ready: dict[str, deque[Row]] = {}
        self.held: set[int] = set()
        self.late: list[tuple[float, int, Row]] = []
        self.stopped = False
        self.quiet_until = 0.0
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
        waits = self.held or self.late or any(self.ready.values())
        return bool(waits) or not self._empty or self._refill()

    def enqueue_request(self, request: Request) -> bool:
        """Refuse: URLs enter by the site file only."""
        del request
        return False

    def next_request(self) -> Request | None:
        """Return the next request that may go out now."""
        now = time.monotonic()
        if now < self.quiet_until:
            return None
        while self.late and self.late[0][0] <= now:
            self._offer(heapq.heappop(self.late)[2])
        for _ in range(BATCH):
            row = None if self.stopped else self._next_row(now)
            if row is None:
                return None
            self.held.add(row.id)
            request = self.spider.request_for(row)
            if request is not None or now < self.quiet_until:
                return request
        self.wake()  # all set aside: let answers in before the next batch
        return None

    def _next_row(self, now: float) -> Row | None:
        row, wait = self._first_free(now)
        if row is None and self._wants_more(parked=wait is not None):
            row, wait = self._first_free(now) if self._refill() else (None, wait)
        if row is None and wait is not None:
            self.wake(wait)
        return row

    def _first_free(self, now: float) -> tuple[Row | None, float | None]:
        """Return a row whose host may be asked, or the seconds until one may."""
        soonest: float | None = None
        for host, rows in self.ready.items():
            wait = self.spider.pace.of(host).wait(now) if rows else None
            if wait == 0:
                return rows.popleft(), None
            if wait is not None:
                soonest = wait if soonest is None else min(soonest, wait)
        return None, soonest

    def _wants_more(self, *, parked: bool) -> bool:
        number = sum(map(len, self.ready.values()))
        return not number or (parked and number < MAX_READY)

    def _refill(self) -> bool:
        """Take more rows from the file; say whether there were any."""
        busy = {row.id for rows in self.ready.values() for row in rows} | self.held
        busy |= {row.id for _, _, row in self.late}
        try:
            rows = self.spider.site.queued(len(busy) + BATCH)
        except sqlite3.Error as error:
            self.spider.file_failed(error)
            return False
        new = [row for row in rows if row.id not in busy]
        for row in new:
            self._offer(row)
        self._empty = not new
        return bool(new)

    def _offer(self, row: Row) -> None:
        self.ready.setdefault(row.host, deque()).append(row)

    def release(self, row: Row) -> None:
        """Forget a row whose result is committed."""
        self.held.discard(row.id)
        self._empty = False

    def give_back(self, row: Row) -> None:
        """Offer a row again at once (its robots.txt is known now)."""
        self.held.discard(row.id)
        self._offer(row)

    def pause(self, seconds: float) -> None:
        """Hand out nothing for a while."""
        self.quiet_until = time.monotonic() + seconds
        self.wake(seconds)

    def later(self, row: Row, seconds: float) -> None:
        """Offer a row again after a pause."""
        self.held.discard(row.id)
        heapq.heappush(self.late, (time.monotonic() + seconds, row.id, row))
        self.wake(seconds)

    def wake(self, seconds: float = 0.0) -> None:
        """Make the engine ask again."""
        asyncio.get_event_loop().call_later(seconds + 0.01, self._nudge)

    def _nudge(self) -> None:
        engine: Any = self.spider.crawler.engine
        slot = getattr(engine, "_slot", None)
        if slot is not None and not self.stopped:
            slot.nextcall.schedule()
