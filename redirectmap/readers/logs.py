r"""Read access logs: which pages people still ask for.

Decides which requests are visits. Counted are GET and HEAD answered with 200,
206, 301, 302, 304, 307, 308, 404 or 410: a redirect and a page that is gone are
old URLs, too. Set aside by name: bots (by their user agent), other methods,
other statuses, styles and scripts, and dead addresses that only attackers try.
Lines that fit no known form are refused.

Formats: common and combined (Apache, nginx), both with the virtual host in front
and with anything behind, IIS W3C and CloudFront (by their `#Fields`), AWS load
balancer; each also as gzip.

Cost    one pass; memory grows with distinct request targets, not with lines.
Source  formats as in the servers' documentation; `\xNN` escapes of nginx and
        Apache are turned back into bytes.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from redirectmap.readers.files import text_lines
from redirectmap.readers.log_lines import Hit, hits_of, log_form, requested
from redirectmap.readers.records import ReadReport, Tally
from redirectmap.readers.values import address

VISITS = frozenset({"200", "206", "301", "302", "304", "307", "308", "404", "410"})
METHODS = frozenset({"GET", "HEAD"})
_BOT = re.compile(
    r"bot\b|bot[/;_-]|crawl|spider|slurp|archiver|facebookexternalhit|python-|curl/|"
    r"wget/|libwww|httpclient|go-http|java/|scrapy|monitor|uptime|pingdom|lighthouse|"
    r"headless|feedfetcher|mediapartners|semrush|ahrefs|mj12|petalbot|bingpreview",
    re.IGNORECASE,
)
_ASSET = re.compile(r"\.(?:css|m?js|map|woff2?|ttf|otf|eot)(?:\?|$)", re.IGNORECASE)
_PROBE = re.compile(
    r"^/+(?:\.(?:env|git|aws|ssh|svn|vscode|DS_Store)\b|wp-(?:login|admin|includes|json)"
    r"|xmlrpc\.php|php-?my-?admin|pma/|cgi-bin/|vendor/phpunit|boaform|HNAP1|autodiscover"
    r"|(?:shell|eval-stdin|alfa|config\.inc)\b)"
    r"|(?:%27|')(?:%20|\+|\s)*(?:or|and|union|select)\b|\.\./|%2e%2e%2f"
    r"|/etc/passwd",
    re.IGNORECASE,
)
_DEAD = frozenset({"404", "410"})
_MONTHS = "JanFebMarAprMayJunJulAugSepOctNovDec"


@dataclass(slots=True)
class Log:
    """What one log says.

    Attributes:
        report: The account of its lines.
        requests: Requests by people, per page (URL key).
        days: Length of the window.
    """

    report: ReadReport
    requests: dict[str, float] = field(default_factory=dict)
    days: float = 0.0


@dataclass(slots=True)
class _Counts:
    """Visits per target, those that met a dead page, days, answers."""

    visits: Counter[str] = field(default_factory=Counter)
    dead: Counter[str] = field(default_factory=Counter)
    days: set[str] = field(default_factory=set)
    answers: Counter[str] = field(default_factory=Counter)


def is_log(path: Path) -> bool:
    """Tell an access log by its first lines."""
    return log_form(path) is not None


def read_log(path: Path, *, base: str | None = None) -> Log:
    """Read one access log.

    Args:
        path: The log, gzip or not.
        base: Origin of the site, where lines hold paths only.

    Returns:
        Requests per page (URL key) by people, and the account of the lines.
    """
    form = log_form(path) or "combined"
    tally = Tally(path, f"{form} log", "traffic")
    counts = _Counts()
    with text_lines(path, "utf-8-sig", errors="backslashreplace") as lines:
        _count(hits_of(form, lines, tally), tally, counts)
    log = Log(tally.report())
    for target, count in counts.visits.items():
        if aside := _no_page(target, count, counts.dead[target]):
            tally.aside[aside] += count
            continue
        url = address(requested(target), base)
        if isinstance(url, str):
            reason = "needs_base" if target.startswith("/") and not base else url
            tally.aside[f"request target: {reason}"] += count
        else:
            log.requests[url.key] = log.requests.get(url.key, 0.0) + count
    if not base and tally.aside["request target: needs_base"]:
        tally.note("the log holds paths only; say which site it is of")
    split = ", ".join(
        f"{status}: {n:,}" for status, n in sorted(counts.answers.items())
    )
    tally.note(f"answers to people: {split or 'none'}")
    log.report = tally.report()
    log.days = _window(counts.days)
    return log


def _no_page(target: str, count: int, dead: int) -> str:
    """Name the rule by which a target is no page of the site; empty if it is one."""
    if _ASSET.search(target):
        return "style, script or font of a page"
    return (
        "dead, and tried by attackers"
        if dead == count and _PROBE.search(target)
        else ""
    )


def _count(hits: Iterator[Hit], tally: Tally, counts: _Counts) -> None:
    bots: dict[str, bool] = {}
    for when, method, target, status, agent in hits:
        is_bot = bots.get(agent)
        if is_bot is None:
            is_bot = bots[agent] = bool(_BOT.search(agent))
        if is_bot:
            tally.aside["bot"] += 1
        elif method not in METHODS:
            tally.aside["method other than GET or HEAD"] += 1
        elif status not in VISITS:
            tally.aside[f"status {status}"] += 1
        else:
            counts.visits[target] += 1
            counts.days.add(when)
            counts.answers[status] += 1
            if status in _DEAD:
                counts.dead[target] += 1


def _window(days: set[str]) -> float:
    known = sorted(d for d in map(_iso, days) if d is not None)
    return float((known[-1] - known[0]).days + 1) if known else 0.0


def _iso(text: str) -> datetime | None:
    try:
        if text[4:5] == "-":
            return datetime.fromisoformat(text).replace(tzinfo=UTC)
        return datetime(
            int(text[7:11]),
            _MONTHS.index(text[3:6]) // 3 + 1,
            int(text[:2]),
            tzinfo=UTC,
        )
    except ValueError:
        return None
