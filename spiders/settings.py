"""Scrapy, with everything off that a migration crawl does not use.

Each middleware costs time on every page, and several follow, retry or decode on
their own: here redirects, retries, robots and decoding are ours, because they
must be recorded and guarded.
"""

from __future__ import annotations

from typing import Any

from redirectmap.crawlsettings import CrawlJob

_NEVER = ("file", "ftp", "s3", "data", "https+unix")


def settings_for(job: CrawlJob) -> dict[str, Any]:
    """Return Scrapy's settings for one crawl."""
    handler = "spiders.transport.CurlHandler"
    return {
        "TWISTED_REACTOR": "twisted.internet.asyncioreactor.AsyncioSelectorReactor",
        "SCHEDULER": "spiders.frontier.Frontier",
        "DOWNLOAD_HANDLERS_BASE": {"http": handler, "https": handler},
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
