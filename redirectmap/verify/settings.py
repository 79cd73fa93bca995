"""What a verification run is told: where to ask, how hard, how long."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

BROWSER = (
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/140.0.0.0 Safari/537.36"
)
GOOGLEBOT = (
    "Mozilla/5.0 (Linux; Android 6.0.1; Nexus 5X Build/MMB29P) AppleWebKit/537.36 "
    "(KHTML, like Gecko) Chrome/140.0.0.0 Mobile Safari/537.36 "
    "(compatible; Googlebot/2.1; +http://www.google.com/bot.html)"
)
AGENTS = {"browser": BROWSER, "googlebot": GOOGLEBOT}


@dataclass(frozen=True, slots=True, kw_only=True)
class VerifySettings:
    """Options of one run.

    Attributes:
        base: Origin that answers for the plan's old hosts; None = ask them.
        allow_private: `HOST` or `HOST:PORT` that may be private addresses.
        resolve: `HOST[:PORT]=ADDRESS[:PORT]`: connect there, keep the host name.
        both_agents: Ask as a browser and as Googlebot, not as a browser alone.
        check_pages: Fetch and judge the pages that the rows end on.
        extra_requests: Budget for HEAD, slash, case, scheme, www and tracking
            variants, spent on the most valuable rows first.
        concurrency: Most requests at a time to one host; less after 429 or 503.
        timeout: Seconds for one whole request.
        connect_timeout: Seconds until a connection stands.
        max_hops: Redirects followed before the walk is given up.
        max_wait: Longest Retry-After that is waited for, seconds.
        ca_file: Certificates to trust instead of the system's.
        sample: Check this many rows, the most valuable first; None = all.
        resume: Go on with an unfinished run of the same plan and settings.
    """

    base: str | None = None
    allow_private: tuple[str, ...] = ()
    resolve: tuple[str, ...] = ()
    both_agents: bool = True
    check_pages: bool = True
    extra_requests: int = 2_000
    concurrency: int = 16
    timeout: float = 20.0
    connect_timeout: float = 8.0
    max_hops: int = 10
    max_wait: float = 120.0
    ca_file: Path | None = None
    sample: int | None = None
    resume: bool = True
