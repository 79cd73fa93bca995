r"""Read access logs: which pages people still ask for.

Decides which requests are visits. Counted are GET and HEAD answered with 200,
206, 301, 302, 304, 307, 308, 404 or 410: a redirect and a page that is gone are
old URLs, too. Set aside by name: bots (by their user agent), other methods,
other statuses. Lines that fit no known form are refused.

Formats: common and combined (Apache, nginx), IIS W3C and CloudFront (by their
`#Fields`), AWS load balancer; each also as gzip.

Cost    one pass; memory grows with distinct request targets, not with lines.
Source  formats as in the servers' documentation; `\xNN` escapes of nginx and
        Apache are turned back into bytes.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import quote_from_bytes

from redirectmap.readers.files import TOO_LONG, head_of, nature_of, text_lines
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
_COMBINED = re.compile(
    r'\S+ \S+ .*?\[([^\]]+)\] "(\S+) (\S+)[^"]*" (\d{3}) \S+(?: "[^"]*" "([^"]*)")?'
)
_ALB = re.compile(
    r"(?:https?|h2|grpcs?|wss?) (\d{4}-\d\d-\d\dT\S+) "
    r"\S+ \S+ \S+ \S+ \S+ \S+ (\d{3}|-) "
    r'\S+ \S+ \S+ "(\S+) (\S+)[^"]*" "([^"]*)"'
)
_ESCAPE = re.compile(r"(?:\\x[0-9A-Fa-f]{2})+")
_MONTHS = "JanFebMarAprMayJunJulAugSepOctNovDec"

Hit = tuple[str, str, str, str, str]
"""Day as written, method, target, status, user agent."""


@dataclass(slots=True)
class Log:
    """What one log says: requests per page, and the window in days."""

    report: ReadReport
    requests: dict[str, float] = field(default_factory=dict)
    days: float = 0.0


def is_log(path: Path) -> bool:
    """Tell an access log by its first lines."""
    return log_form(path) is not None


def log_form(path: Path) -> str | None:
    """Return which kind of access log it is, or None."""
    head = head_of(path)
    if nature_of(head) != "text" or head[:3] in {b"\xff\xfe", b"\xfe\xff"}:
        return None
    lines = head.decode("utf-8", errors="replace").splitlines()[:20]
    if any(line.startswith("#Fields:") for line in lines):
        return (
            "cloudfront"
            if "x-edge-location" in head[:4000].decode("latin-1")
            else "iis w3c"
        )
    if any(_ALB.match(line) for line in lines):
        return "aws load balancer"
    fits = [m for line in lines if (m := _COMBINED.match(line))]
    if fits:
        return "combined" if any(m[5] is not None for m in fits) else "common"
    return None


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
    counts: Counter[str] = Counter()
    days: set[str] = set()
    with text_lines(path, "utf-8", errors="backslashreplace") as lines:
        _count(_hits(form, lines, tally), tally, counts, days)
    log = Log(tally.report())
    for target, count in counts.items():
        url = address(_bytes(target), base)
        if isinstance(url, str):
            reason = "needs_base" if target.startswith("/") and not base else url
            tally.aside[f"request target: {reason}"] += count
        else:
            log.requests[url.key] = log.requests.get(url.key, 0.0) + count
    if not base and tally.aside["request target: needs_base"]:
        tally.note("the log holds paths only; say which site it is of")
    log.report = tally.report()
    log.days = _window(days)
    return log


def _count(
    hits: Iterator[Hit],
    tally: Tally,
    counts: Counter[str],
    days: set[str],
) -> None:
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
            counts[target] += 1
            days.add(when)


def _hits(form: str, lines: Iterator[str], tally: Tally) -> Iterator[Hit]:
    if form in {"iis w3c", "cloudfront"}:
        return _by_fields(form, lines, tally)
    split = _from_alb if form == "aws load balancer" else _from_combined
    return _by_pattern(split, lines, tally)


def _by_pattern(
    split: Callable[[str], Hit | None], lines: Iterator[str], tally: Tally
) -> Iterator[Hit]:
    for line_number, line in enumerate(lines, start=1):
        if line in {"\n", "\r\n"}:
            continue
        tally.rows_in += 1
        hit = split(line)
        if hit is not None:
            yield hit
        else:
            reason = "too_long" if line.startswith(TOO_LONG) else "no_request"
            tally.refuse(line_number, reason, line.rstrip())


def _from_combined(line: str) -> Hit | None:
    found = _COMBINED.match(line)
    if found is None:
        return None
    when, method, target, status, agent = found.groups()
    return when[:11], method, target, status, agent or ""


def _from_alb(line: str) -> Hit | None:
    found = _ALB.match(line)
    if found is None:
        return None
    when, status, method, target, agent = found.groups()
    return when[:10], method, target, status, agent


def _by_fields(form: str, lines: Iterator[str], tally: Tally) -> Iterator[Hit]:
    """Read by the names in `#Fields`, which may change within the file."""
    places: dict[str, int] = {}
    width = 0
    mark = "\t" if form == "cloudfront" else " "
    for line_number, line in enumerate(lines, start=1):
        if line.startswith("#Fields:"):
            names = line[8:].split()
            places = {name: i for i, name in enumerate(names)}
            width = len(names)
        if line.startswith("#") or not line.strip():
            continue
        tally.rows_in += 1
        cells = line.rstrip("\r\n").split(mark)
        if not places or len(cells) != width:
            text = f"{len(cells)} fields of {width}"
            tally.refuse(line_number, "fields", text)
            continue
        yield _named({name: cells[i] for name, i in places.items()})


def _named(cell: dict[str, str]) -> Hit:
    target = cell.get("cs-uri-stem", "")
    query = cell.get("cs-uri-query", "-")
    host = cell.get("x-host-header") or cell.get("cs-host") or cell.get("cs(Host)", "-")
    if query not in {"-", ""}:
        target += f"?{query}"
    if host not in {"-", ""} and "." in host and not host.endswith("cloudfront.net"):
        port = cell.get("s-port") or cell.get("cs-protocol", "https")
        target = f"{'http' if port in {'80', 'http'} else 'https'}://{host}{target}"
    agent = cell.get("cs(User-Agent)", "").replace("+", " ").replace("%20", " ")
    method = cell.get("cs-method", "")
    return cell.get("date", ""), method, target, cell.get("sc-status", ""), agent


def _bytes(target: str) -> str:
    r"""Turn the log's `\xC3\xA9` back into `%C3%A9`."""
    if "\\x" not in target:
        return target
    return _ESCAPE.sub(
        lambda m: quote_from_bytes(bytes.fromhex(m.group().replace("\\x", ""))), target
    )


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
