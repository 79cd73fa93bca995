"""Run `python -m spiders site` and read what it says while it works."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from redirectmap.crawlsettings import CrawlJob, CrawlSettings
from redirectmap.errors import (
    EXIT_DONE,
    EXIT_INPUT,
    EXIT_USAGE,
    InputError,
    RedirectmapError,
    ResumableError,
    ServerError,
    UsageError,
)
from redirectmap.sitefile import SiteFile
from redirectmap.urls import Refusal, parse

STATES = {
    "finished": "finished",
    "empty": "the site gave no page",
    "capped": "stopped at a cap",
    "interrupted": "interrupted",
    "throttled": "stopped, the host is too busy",
    "partly_failed": "ended, but partly failed",
    "io_error": "stopped, the file cannot be written",
    "crashed": "crashed",
}


@dataclass(frozen=True, slots=True)
class CrawlReport:
    """How a crawl ended. known = done + failed + queued + skipped.

    Attributes:
        state: finished, capped, interrupted, throttled, partly_failed, io_error.
        reason: One line, in words.
        exit_code: 0 finished; 75 resumable; 130 interrupted.
        pages: URLs that answered (all statuses).
    """

    path: Path
    state: str
    reason: str
    exit_code: int
    known: int
    done: int
    failed: int
    queued: int
    skipped: Mapping[str, int] = field(default_factory=dict)

    @property
    def pages(self) -> int:
        """URLs that gave an answer of any status."""
        return self.done

    @property
    def text(self) -> str:
        """The account in one line."""
        parts = [f"{self.done} done", f"{self.failed} failed"]
        parts += [f"{self.queued} to fetch"] if self.queued else []
        rules = ", ".join(f"{n} {why}" for why, n in sorted(self.skipped.items()))
        parts.append(
            f"{sum(self.skipped.values())} skipped" + f" ({rules})" * bool(rules)
        )
        said = STATES.get(self.state, self.state)
        return f"{said}: {self.known} URLs known = {' + '.join(parts)}; {self.reason}"


def crawl_site(
    url: str,
    out: Path,
    *,
    settings: CrawlSettings | None = None,
    on_progress: Callable[[Mapping[str, Any]], None] = lambda _counts: None,
) -> CrawlReport:
    """Crawl the site at `url` into the file `out`.

    Args:
        url: Start URL.
        out: Site file; must not exist unless `settings.resume`.
        settings: How to crawl.
        on_progress: Called about once a second with known, done, failed,
            queued and skipped.

    Returns:
        The account. Look at `exit_code`: 0 only if everything was fetched.

    Raises:
        UsageError: The URL or the name of the file cannot be used.
        ServerError: The site gave no page at all; a new file is removed again.
        ResumableError: The process died; what it committed is in the file.
    """
    settings = settings or CrawlSettings()
    start = parse(url)
    if isinstance(start, Refusal):
        raise UsageError(start.message, hint="give the URL of the home page")
    fresh = not out.exists()
    job = CrawlJob.of(settings, url=start.key, out=str(out))
    code, last = _run(job, on_progress)
    if "error" in last:
        raise _as_error(code, last)
    if "state" not in last:
        raise ResumableError(
            f"the crawl's process ended with code {code}",
            hint="run the same command with --resume",
            where=str(out),
        )
    if last["state"] == "empty":
        if fresh:
            _remove(out)
        raise ServerError(
            f"no page could be read: {last['reason']}", hint=_hint(last), where=url
        )
    return _report(out, code, last)


def _run(
    job: CrawlJob, on_progress: Callable[[Mapping[str, Any]], None]
) -> tuple[int, dict[str, Any]]:
    command = [sys.executable, "-m", "spiders", "site"]
    last: dict[str, Any] = {}
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as child:
        assert child.stdin  # noqa: S101
        assert child.stdout  # noqa: S101
        child.stdin.write(job.to_json())
        child.stdin.close()
        while True:
            try:
                line = child.stdout.readline()
            except KeyboardInterrupt:
                child.send_signal(signal.SIGINT)
                continue
            if not line:
                break
            last = json.loads(line)
            if "state" not in last and "error" not in last:
                on_progress(last)
        code = child.wait()
    return code, last


def _as_error(code: int, last: Mapping[str, Any]) -> RedirectmapError:
    kinds = {EXIT_USAGE: UsageError, EXIT_INPUT: InputError}
    kind = kinds.get(code, ResumableError)
    return kind(str(last["error"]), hint=str(last["hint"]), where=last["where"])


def _hint(last: Mapping[str, Any]) -> str:
    reason = str(last["reason"])
    hints = {
        "blocked_address": "for your own staging site: --allow-private HOST:PORT",
        "conn_error": "check the address, and that the server runs",
        "timeout": "try again later, or raise --timeout",
        "offsite": "crawl the site that it redirects to",
        "robots": "the site's owner can go past robots.txt with --ignore-robots",
        "excluded": "loosen --include and --exclude",
    }
    for word, hint in hints.items():
        if word in reason:
            return hint
    return "open the URL in a browser to see what it answers"


def _remove(out: Path) -> None:
    for suffix in ("", "-wal", "-shm", "-journal"):
        out.with_name(out.name + suffix).unlink(missing_ok=True)


def _report(out: Path, code: int, last: Mapping[str, Any]) -> CrawlReport:
    if "known" not in last:
        last = {**_counts_of(out), **last}
    return CrawlReport(
        path=out,
        state=str(last["state"]),
        reason=str(last["reason"]),
        exit_code=code if last["state"] != "finished" else EXIT_DONE,
        known=last["known"],
        done=last["done"],
        failed=last["failed"],
        queued=last["queued"],
        skipped=dict(last["skipped"]),
    )


def _counts_of(out: Path) -> dict[str, Any]:
    site = SiteFile.read(out)
    try:
        counts = site.counts()
    finally:
        site.close()
    return asdict(counts)
