"""Which URLs belong to the crawl, and why one that does is set aside."""

from __future__ import annotations

import re

from redirectmap.crawlsettings import CrawlJob
from redirectmap.sitefile import Found
from redirectmap.urls import Url, parse as parse_url
from spiders.guards import Budgets, endless_path, shape, without_session

MAX_HOPS = 10


def site_hosts(urls: list[Url]) -> set[str]:
    """Return the hosts of a crawl: those given, each with and without `www.`."""
    hosts: set[str] = set()
    for url in urls:
        bare = url.host.removeprefix("www.")
        hosts |= {url.host, bare}
        if not re.match(r"[\d\[]", bare) and "." in bare:
            hosts.add(f"www.{bare}")
    return hosts


class Scope:
    """Judges every URL that is found, before it enters the frontier."""

    def __init__(self, job: CrawlJob, start: Url) -> None:
        self.hosts = site_hosts([start])
        self.budgets = Budgets(job.budget)
        self.include = [re.compile(one) for one in job.include]
        self.exclude = [re.compile(one) for one in job.exclude]

    def holds(self, url: Url) -> bool:
        """Say whether a URL lies on the site."""
        return url.host in self.hosts

    def judge(self, url: Url, *, depth: int, run: int, hops: int = 0) -> list[Found]:
        """Return the URL as found, with the rule that sets it aside, if any.

        A session id is set aside, and the URL without it takes its place.
        """
        found = Found(url.key, depth=depth, run=run, hops=hops)
        bare = without_session(url)
        if bare:
            found.skip, found.why = "trap:session_id", f"shape {shape(url)[:200]}"
            twin = parse_url(bare)
            rest = (
                self.judge(twin, depth=depth, run=run, hops=hops)
                if isinstance(twin, Url) and twin.key != url.key
                else []
            )
            return [found, *rest]
        found.skip = (
            self._unwanted(url)
            or endless_path(url)
            or ("too_many_redirects" if hops > MAX_HOPS else None)
            or self.budgets.refuses(url, run, depth)
        )
        if found.skip and found.skip.startswith("trap"):
            found.why = f"shape {shape(url)[:200]}"
        return [found]

    def _unwanted(self, url: Url) -> str | None:
        if any(one.search(url.key) for one in self.exclude):
            return "excluded"
        if self.include and not any(one.search(url.key) for one in self.include):
            return "not_included"
        return None
