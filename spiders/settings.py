"""Scrapy, with everything off that a migration crawl does not use.

Each middleware costs time on every page, and several follow, retry or decode on
their own: here redirects, retries, robots and decoding are ours, because they
must be recorded and guarded.
"""

from __future__ import annotations

from typing import Any

from redirectmap.crawlsettings import CrawlJob
from redirectmap.errors import UsageError

_NEVER = ("https", "file", "ftp", "s3", "data", "https+unix")


def settings_for(job: CrawlJob) -> dict[str, Any]:
    """Return Scrapy's settings for one crawl.

    Raises:
        UsageError: A browser is asked for, and there is none.
    """
    handler = "spiders.transport.CurlHandler"
    settings: dict[str, Any] = {
        "TWISTED_REACTOR": "twisted.internet.asyncioreactor.AsyncioSelectorReactor",
        "SCHEDULER": "spiders.frontier.Frontier",
        # every request goes as http to the scheduler; the row holds the true URL
        "DOWNLOAD_HANDLERS_BASE": {"http": handler},
        "DOWNLOAD_HANDLERS": dict.fromkeys(_NEVER),
        "DOWNLOADER_MIDDLEWARES_BASE": {},
        "SPIDER_MIDDLEWARES_BASE": {},
        "EXTENSIONS_BASE": {},
        "STATS_CLASS": "scrapy.statscollectors.DummyStatsCollector",
        "CONCURRENT_ITEMS": 1,
        "CONCURRENT_REQUESTS": job.concurrency,
        "CONCURRENT_REQUESTS_PER_DOMAIN": job.concurrency,
        "DOWNLOAD_DELAY": 0,
        "DOWNLOAD_DELAY_JITTER": 0.0,
        "ROBOTSTXT_OBEY": False,
        "COOKIES_ENABLED": False,
        "REDIRECT_ENABLED": False,
        "RETRY_ENABLED": False,
        "TELNETCONSOLE_ENABLED": False,
        "LOG_ENABLED": False,
        "LOG_INSTALL_ROOT_HANDLER": False,
    }
    if job.render or job.render_urls:
        settings |= _browser_settings(job)
    return settings


def _browser_settings(job: CrawlJob) -> dict[str, Any]:
    try:
        from spiders.render import browser_settings  # an extra, and slow to import
    except ModuleNotFoundError as error:
        raise UsageError(
            f"--render needs a package that is not installed: {error.name}",
            hint="pip install 'redirectmap[render]'",
        ) from error
    return browser_settings(job)
