"""Start the site spider as a process, follow it, and say how it ended.

A process of its own, because a reactor runs once per process, and because the
memory of a long crawl goes back to the system when it ends.
"""

from redirectmap.crawl.process import CrawlReport, crawl_site
from redirectmap.crawlsettings import CrawlSettings

__all__ = ["CrawlReport", "CrawlSettings", "crawl_site"]
