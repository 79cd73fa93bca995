r"""Turn the lines of an access log into requests, in every known form.

Decides which form a log has, by its first lines, and what one line says: day,
method, target, status, user agent. A line that fits no known form is refused.

Source  formats as in the servers' documentation; `\xNN` and `\"` of nginx and
        Apache are turned back into what was requested.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import quote_from_bytes

from redirectmap.readers.files import TOO_LONG, head_of, nature_of
from redirectmap.readers.records import Tally

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
_ESCAPE = re.compile(r"(?:\\x[0-9A-Fa-f]{2})+")

Hit = tuple[str, str, str, str, str]
"""Day as written, method, target, status, user agent."""


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


def hits_of(form: str, lines: Iterator[str], tally: Tally) -> Iterator[Hit]:
    """Yield the requests of a log of a known form; account for its lines."""
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


def requested(target: str) -> str:
    r"""Turn the log's `\xC3\xA9` back into `%C3%A9`, and `\"` into `"`."""
    if "\\" not in target:
        return target
    plain = _ESCAPE.sub(
        lambda m: quote_from_bytes(bytes.fromhex(m.group().replace("\\x", ""))), target
    )
    return plain.replace('\\"', '"').replace("\\\\", "\\")
