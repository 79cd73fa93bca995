"""How fast each host is asked: its delay, how much at once, when to wait.

The concurrency of a host halves when it groans (429, 503, timeouts and nothing
good between them), once per half second, since one overload makes many groans.
It rises by one after ten good answers. Retry-After parks one host, not the crawl.

Source  the additive increase, multiplicative decrease of TCP (RFC 5681).
"""

from __future__ import annotations

import time
from dataclasses import dataclass

GOOD_IN_ROW = 10
BURST = 0.5
GROANS = {429, 503}


@dataclass(slots=True)
class HostPace:
    """The pace of one host.

    Attributes:
        limit: Requests in work at once, now; `ceiling` is the most.
        delay: Seconds between the starts of two requests.
        free_at: No request goes out before (monotonic seconds).
        waited: Seconds the host asked to wait since its last good answer.
    """

    ceiling: int
    delay: float
    limit: int = 0
    active: int = 0
    free_at: float = 0.0
    good: int = 0
    cut_at: float = 0.0
    waited: float = 0.0

    def __post_init__(self) -> None:
        self.limit = 1 if self.delay else self.ceiling

    def wait(self, now: float) -> float | None:
        """Return the seconds to wait; None: until an answer comes back."""
        if self.active >= self.limit:
            return None
        return max(0.0, self.free_at - now)

    def begin(self, now: float) -> None:
        """Count a request that goes out."""
        self.active += 1
        self.free_at = max(self.free_at, now + self.delay)

    def end(self) -> None:
        """Count a request that came back, in whatever way."""
        self.active -= 1

    def slow_down(self, delay: float) -> None:
        """Keep to a Crawl-delay: one request at a time, `delay` seconds apart."""
        self.delay = max(self.delay, delay)
        self.limit = 1

    def park(self, seconds: float) -> None:
        """Ask nothing for a while, as the host asked."""
        before, now = self.free_at, time.monotonic()
        self.free_at = max(before, now + seconds)
        self.waited += self.free_at - max(before, now)

    def learn(self, *, groaned: bool, timed_out: bool = False) -> None:
        """Take one answer into account."""
        if not (groaned or timed_out):
            self.waited = 0.0
        if self.delay:
            return
        if timed_out and self.good:
            self.good = 0  # one slow page is not a slow host
        elif groaned or timed_out:
            self._cut()
        else:
            self.good += 1
            if self.good >= GOOD_IN_ROW and self.limit < self.ceiling:
                self.good, self.limit = 0, self.limit + 1

    def _cut(self) -> None:
        self.good, now = 0, time.monotonic()
        if now - self.cut_at >= BURST:
            self.cut_at, self.limit = now, max(1, self.limit // 2)


class Pace:
    """The paces of all hosts of one crawl."""

    def __init__(self, ceiling: int, delay: float) -> None:
        self.ceiling = ceiling
        self.delay = delay
        self._hosts: dict[str, HostPace] = {}

    def of(self, host: str) -> HostPace:
        """Return the pace of a host."""
        found = self._hosts.get(host)
        if found is None:
            found = self._hosts[host] = HostPace(self.ceiling, self.delay)
        return found
