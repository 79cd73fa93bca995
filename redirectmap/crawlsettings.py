"""How one crawl is to be done: the one list of settings, on both sides.

The command fills it in, the crawler's process reads it as JSON on its stdin
(never as arguments: header values are secrets and arguments are public).
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, fields
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class CrawlSettings:
    """How to crawl; see `redirectmap crawl --help`.

    Attributes:
        urls: Crawl exactly these (list mode); empty for the whole site.
        allow_private: HOST or HOST:PORT that may be private addresses.
        max_pages: At most so many pages, 0 for all.
        concurrency: Requests in work at once, for one host, at most.
        deadline: Seconds for one whole request.
        delay: Seconds between two requests to one host.
        budget: Pages of one endless-looking shape at most.
        include: Patterns; a URL must match one. `exclude`: it must match none.
        headers: Extra request headers, for the site's own hosts only.
        user_agent: None for our own.
        render: Let a browser run the scripts of pages that are empty without.
        render_urls: Patterns of URLs that a browser reads whatever they hold.
    """

    resume: bool = False
    allow_private: tuple[str, ...] = ()
    urls: tuple[str, ...] = ()
    max_pages: int = 0
    concurrency: int = 8
    deadline: float = 30.0
    delay: float = 0.0
    budget: int = 200
    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    user_agent: str | None = None
    headers: tuple[tuple[str, str], ...] = ()
    obey_robots: bool = True
    sitemaps: bool = True
    probes: bool = True
    render: bool = False
    render_urls: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class CrawlJob(CrawlSettings):
    """One crawl: the settings, the start URL and the path of the site file."""

    url: str
    out: str

    @classmethod
    def of(cls, settings: CrawlSettings, *, url: str, out: str) -> CrawlJob:
        """Make a job of settings."""
        return cls(**asdict(settings), url=url, out=out)

    def to_json(self) -> str:
        """Write it for the crawler's process."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> CrawlJob:
        """Read it in the crawler's process."""
        raw: dict[str, Any] = json.loads(text)
        names = {one.name for one in fields(cls)}
        return cls(**{key: _frozen(raw[key]) for key in names & raw.keys()})


def _frozen(value: Any) -> Any:  # noqa: ANN401
    return tuple(map(_frozen, value)) if isinstance(value, list) else value
