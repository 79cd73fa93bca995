"""What one crawl is asked to do; written and read as JSON between processes."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, fields

from redirectmap import __version__

USER_AGENT = f"redirectmap/{__version__} (+site migration crawler)"


@dataclass(frozen=True, slots=True)
class Options:
    """Settings of one crawl.

    Attributes:
        url: Start URL.
        out: Path of the site file.
        allow_private: HOST or HOST:PORT that may be private addresses.
        urls: Crawl exactly these (list mode), or nothing for the whole site.
        max_pages: Pages to fetch at most, 0 for no cap.
        deadline: Seconds for one whole request.
        delay: Seconds between two requests to one host.
        budget: URLs fetched of one suspicious shape at most.
        headers: Extra request headers, for the site's own hosts only.
    """

    url: str
    out: str
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
    user_agent: str = USER_AGENT
    headers: tuple[tuple[str, str], ...] = ()
    obey_robots: bool = True
    sitemaps: bool = True
    probes: bool = True

    def to_json(self) -> str:
        """Write them for the child process."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> Options:
        """Read them in the child process."""
        raw = json.loads(text)
        names = {one.name for one in fields(cls)}
        values = {key: value for key, value in raw.items() if key in names}
        for key in ("allow_private", "urls", "include", "exclude"):
            values[key] = tuple(values.get(key, ()))
        values["headers"] = tuple((k, v) for k, v in values.get("headers", ()))
        return cls(**values)
