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
_QUOTED = r'[^"\\]*(?:\\.[^"\\]*)*'
_REQUEST = (
    rf'\[([^\]]+)\] "([A-Za-z]+) ({_QUOTED})" (\d{{3}}) \S+'
    rf'(?: "{_QUOTED}" "({_QUOTED})")?'
)
_COMBINED = re.compile(rf"()()\S+ \S+ .*?{_REQUEST}")
_SIMPLE = re.compile(
    r'\S+ \S+ [^\["]*\[([^\]]+)\] "([A-Za-z]+) (\S+)(?: HTTP/[\d.]+)?" (\d{3}) \S+'
    r'(?: "[^"]*" "([^"]*)")?'
)
"""What `_COMBINED` makes of a line without a backslash, at a third of the cost."""
_ADDRESS = r"(?:\d{1,3}(?:\.\d{1,3}){3}|[0-9A-Fa-f]*:[0-9A-Fa-f:.]+)"
_VHOST = re.compile(rf"([\w.-]+\.[\w-]+)(?::(\d+))? {_ADDRESS} \S+ .*?{_REQUEST}")
_ALB = re.compile(
    r"(?:https?|h2|grpcs?|wss?) (\d{4}-\d\d-\d\dT\S+) "
    r"\S+ \S+ \S+ \S+ \S+ \S+ (\d{3}|-) "
    rf'\S+ \S+ \S+ "([A-Za-z]+) ({_QUOTED})" "({_QUOTED})"'
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
_ESCAPE = re.compile(r"(?:\\x[0-9A-Fa-f]{2})+")
_DEAD = frozenset({"404", "410"})
_MONTHS = "JanFebMarAprMayJunJulAugSepOctNovDec"

Hit = tuple[str, str, str, str, str]
"""Day as written, method, target, status, user agent."""


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
    if any(_VHOST.match(line) for line in lines):
        return "virtual host combined"
    fits = [m for line in lines if (m := _COMBINED.match(line))]
    if fits:
        return "combined" if any(m[7] is not None for m in fits) else "common"
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
    counts = _Counts()
    with text_lines(path, "utf-8-sig", errors="backslashreplace") as lines:
        _count(_hits(form, lines, tally), tally, counts)
    log = Log(tally.report())
    for target, count in counts.visits.items():
        if aside := _no_page(target, count, counts.dead[target]):
            tally.aside[aside] += count
            continue
        url = address(_bytes(target), base)
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


def _hits(form: str, lines: Iterator[str], tally: Tally) -> Iterator[Hit]:
    if form in {"iis w3c", "cloudfront"}:
        return _by_fields(form, lines, tally)
    if form == "aws load balancer":
        return _by_pattern(_from_alb, lines, tally)
    split = _from_vhost if form.startswith("virtual") else _from_combined
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
    if "\\" not in line and (found := _SIMPLE.match(line)):
        when, method, target, status, agent = found.groups()
        return when[:11], method, target, status, agent or ""
    return _hit(_COMBINED.match(line))


def _from_vhost(line: str) -> Hit | None:
    return _hit(_VHOST.match(line))


def _hit(found: re.Match[str] | None) -> Hit | None:
    if found is None:
        return None
    host, port, when, method, request, status, agent = found.groups()
    target = _target(request)
    if host and target.startswith("/"):
        target = f"{'http' if port == '80' else 'https'}://{host}{_shown(port)}{target}"
    return when[:11], method, target, status, agent or ""


def _shown(port: str | None) -> str:
    return "" if port in {None, "", "80", "443"} else f":{port}"


def _target(request: str) -> str:
    """Return the target of `/a b HTTP/1.1`: all up to the protocol."""
    target, space, protocol = request.rpartition(" ")
    return target if space and protocol.startswith("HTTP/") else request


def _from_alb(line: str) -> Hit | None:
    found = _ALB.match(line)
    if found is None:
        return None
    when, status, method, request, agent = found.groups()
    return when[:10], method, _target(request), status, agent


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
    r"""Turn the log's `\xC3\xA9` back into `%C3%A9`, and `\"` into `"`."""
    if "\\" not in target:
        return target
    plain = _ESCAPE.sub(
        lambda m: quote_from_bytes(bytes.fromhex(m.group().replace("\\x", ""))), target
    )
    return plain.replace('\\"', '"').replace("\\\\", "\\")


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
