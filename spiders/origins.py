"""What each origin says in its robots.txt: asked once, while its URLs wait.

A robots.txt that answers 5xx, or not at all, closes the origin (RFC 9309,
2.3.1.4); one that is not there opens it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from scrapy.http import Response

from redirectmap.sitefile import Row
from redirectmap.urls import Url, parse as parse_url
from spiders import robots as robots_txt
from spiders.answers import FOLLOWED
from spiders.guards import FetchError
from spiders.robots import Robots

TRIES = 3
UNREACHED = {"timeout", "conn_error", "bad_response", "incomplete"}
"""Outcomes that say nothing about the rules: asked again, then taken as closed."""
Note = tuple[str, str, str]


class Origins:
    """The rules of every origin that a crawl meets.

    Args:
        agent: Our product token, by which a group of rules is chosen.
        fetch: Fetches one URL, guarded, without following redirects.
        known: Called when an origin's rules are there, with the rows that
            waited for them and what is to be noted (URL, code, message).
    """

    def __init__(
        self,
        agent: str,
        fetch: Callable[[str], Awaitable[Response]],
        known: Callable[[str, Robots, list[Row], list[Note]], None],
    ) -> None:
        self._agent = agent
        self._fetch = fetch
        self._known = known
        self._rules: dict[str, Robots] = {}
        self._waiting: dict[str, list[Row]] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    def rules(self, origin: str) -> Robots | None:
        """Return the rules of an origin, or None where they are not known yet."""
        return self._rules.get(origin)

    def ask(self, origin: str, row: Row) -> None:
        """Fetch the rules of an origin; `row` waits for them."""
        waiting = self._waiting.setdefault(origin, [])
        waiting.append(row)
        if len(waiting) == 1:
            task = asyncio.ensure_future(self._learn(origin))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _learn(self, origin: str) -> None:
        place = f"{origin}/robots.txt"
        notes: list[Note] = []
        try:
            found = await self._patiently(place)
        except FetchError as error:
            why = f"{error.outcome}: {error}"
            notes.append((place, "robots_unreachable", why))
            shut = error.outcome in UNREACHED
            found = Robots(closed=f"robots.txt: {why}" if shut else None)
        notes += [(place, code, message) for code, message in found.warnings]
        self._rules[origin] = found
        self._known(origin, found, self._waiting.pop(origin), notes)

    async def _patiently(self, place: str) -> Robots:
        for tries in range(1, TRIES):
            try:
                return await self._read(place)
            except FetchError as error:
                if error.outcome not in UNREACHED - {"timeout"}:
                    raise
            await asyncio.sleep(0.2 * tries)
        return await self._read(place)

    async def _read(self, place: str) -> Robots:
        for _hop in range(robots_txt.MAX_REDIRECTS + 1):
            response = await self._fetch(place)
            if response.status not in FOLLOWED:
                return _robots_of(response, self._agent)
            raw = response.headers.get("Location") or b""
            target = parse_url(raw.decode("latin-1"), place, as_browser=True)
            if not isinstance(target, Url):
                break
            place = target.key
        return Robots()


def _robots_of(response: Response, agent: str) -> Robots:
    if response.status >= 400:
        return robots_txt.for_status(response.status)
    if response.status >= 300:
        return Robots()
    return robots_txt.parse(response.body, agent)
