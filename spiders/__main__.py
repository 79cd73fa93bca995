"""`python -m spiders site`: run one crawl, described as JSON on stdin.

Prints one JSON line a second on stdout with the counts, and a last one with
the state. Exit codes: 0 finished, 4 the site gave nothing, 75 resumable,
130 interrupted; 3 and 2 for a file or option that cannot be used.
"""

from __future__ import annotations

import asyncio
import json
import signal
import sqlite3
import sys
import time
from pathlib import Path
from typing import Any

from redirectmap.crawlsettings import CrawlJob
from redirectmap.errors import (
    EXIT_DONE,
    EXIT_INTERRUPTED,
    EXIT_RESUMABLE,
    EXIT_SERVER,
    RedirectmapError,
)
from redirectmap.sitefile import Found, SiteFile
from spiders.ending import conclude
from spiders.settings import settings_for
from spiders.site import SiteSpider

EXITS = {"finished": EXIT_DONE, "empty": EXIT_SERVER, "interrupted": EXIT_INTERRUPTED}


def main(arguments: list[str]) -> int:
    """Run the spider that the first argument names."""
    if arguments[:1] == ["verify"]:
        from importlib import import_module

        run: Any = import_module("spiders.verify")
        return int(run.main(arguments[1:]))
    if arguments != ["site"]:
        sys.stderr.write("usage: python -m spiders site < options.json\n")
        return 2
    _die_with_parent()
    job = CrawlJob.from_json(sys.stdin.read())
    try:
        return crawl(job)
    except RedirectmapError as error:
        _say(error=str(error.problem), hint=error.hint, where=error.where)
        return error.exit_code
    except (sqlite3.Error, OSError) as error:
        _say(state="io_error", reason=f"the site file cannot be written: {error}")
        return EXIT_RESUMABLE


def crawl(job: CrawlJob) -> int:
    """Crawl one site; return the exit code."""
    settings = settings_for(job)
    path = Path(job.out)
    resume = job.resume and path.exists()
    site = SiteFile.resume(path) if resume else SiteFile.create(path)
    _seed(site, job, fresh=not resume)
    from scrapy.crawler import AsyncCrawlerProcess

    process = AsyncCrawlerProcess(settings)
    crawler = process.create_crawler(SiteSpider)
    process.crawl(crawler, site=site, job=job)
    loop = asyncio.get_event_loop()
    _watch(loop, crawler)
    process.start(install_signal_handlers=False)
    end = crawler.spider.end if isinstance(crawler.spider, SiteSpider) else None
    state, reason = conclude(site, end)
    counts = _counts(site)
    site.close()  # may fail, so only then is it said how the crawl ended
    _say(state=state, reason=reason, **counts)
    return EXITS.get(state, EXIT_RESUMABLE)


def _seed(site: SiteFile, job: CrawlJob, *, fresh: bool) -> None:
    if not fresh:
        site.requeue_failed()
    site.set_meta(state="running", reason="", start_url=job.url)
    urls = job.urls or (job.url,)
    site.add([Found(url, listed=True, depth=0) for url in urls])


def _die_with_parent() -> None:
    """Ask the kernel to kill us with the command that started us (Linux).

    Else `--resume` right after a kill of the command would meet a crawler that
    still holds the file. Elsewhere the closed pipe ends us within seconds.
    """
    if sys.platform == "linux":
        import ctypes

        set_parent_death_signal = 1  # prctl(2)
        ctypes.CDLL(None).prctl(set_parent_death_signal, signal.SIGKILL)


def _watch(loop: asyncio.AbstractEventLoop, crawler: Any) -> None:  # noqa: ANN401
    def stop() -> None:
        crawler.spider.stop("interrupted", "stopped by a signal")

    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop)
    last = time.monotonic()

    def tick() -> None:
        nonlocal last
        spider = crawler.spider
        if spider is not None and spider.end is None:
            try:
                heard = _say(**_counts(spider.site))
            except sqlite3.Error as error:
                spider.file_failed(error)
            else:
                if not heard:
                    spider.stop("interrupted", "the command has ended")
            loop.call_later(max(1.0, 20 * (time.monotonic() - last - 1)), tick)
            last = time.monotonic()

    loop.call_later(1.0, tick)


def _counts(site: SiteFile) -> dict[str, Any]:
    counts = site.counts()
    return {
        "known": counts.known,
        "done": counts.done,
        "failed": counts.failed,
        "queued": counts.queued,
        "skipped": dict(counts.skipped),
    }


def _say(**values: Any) -> bool:  # noqa: ANN401
    """Print a line; say whether anybody reads it."""
    try:
        sys.stdout.write(json.dumps(values) + "\n")
        sys.stdout.flush()
    except BrokenPipeError:
        return False
    return True


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
