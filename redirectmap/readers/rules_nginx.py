"""Read the redirects of an nginx configuration, through crossplane.

Decides what `return`, `rewrite` and `map` mean for one address or many. What
depends on a condition or a variable is refused by name, not guessed.

Source  https://nginx.org/en/docs/http/ngx_http_rewrite_module.html
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from redirectmap.errors import InputError
from redirectmap.readers.rules import Rules
from redirectmap.readers.rules_apache import literal, template_of


def read_nginx(path: Path, rules: Rules) -> None:
    """Read the redirects of an nginx configuration, through crossplane."""
    import crossplane

    payload: dict[str, Any] = crossplane.parse(
        str(path), single=True, catch_errors=True, check_ctx=False, check_args=False
    )
    for error in payload["errors"]:
        raise InputError(
            f"is no nginx configuration: {error['error']}",
            hint="run nginx -t, mend it, and try again",
            where=str(path),
        )
    for block in payload["config"][0]["parsed"]:
        _nginx(rules, block, None)


def _nginx(rules: Rules, item: dict[str, Any], place: list[str] | None) -> None:
    name, args, line = item["directive"], item["args"], item["line"]
    if name == "return":
        rules.tally.rows_in += 1
        _nginx_return(rules, line, args, place)
    elif name == "rewrite":
        rules.tally.rows_in += 1
        _nginx_rewrite(rules, line, args)
    elif name == "map" and args and args[0] in {"$uri", "$request_uri"}:
        for entry in item.get("block", []):
            rules.tally.rows_in += 1
            _nginx_map(rules, entry, args[0])
    else:
        inner = args if name == "location" else place
        for child in item.get("block", []):
            _nginx(rules, child, ["if"] if name == "if" else inner)


def _nginx_return(
    rules: Rules, line: int, args: list[str], place: list[str] | None
) -> None:
    numbered = bool(args) and re.fullmatch("[0-9]{3}", args[0]) is not None
    status = int(args[0]) if numbered else 302
    target = args[-1] if args and (len(args) > 1 or not numbered) else ""
    target = target.replace("$scheme://", "https://").removesuffix("$is_args$args")
    if not (300 <= status < 400 or status == 410):
        rules.tally.aside["no redirect"] += 1
    elif place is None or place[0] == "if":
        rules.tally.refuse(line, "condition", " ".join(args))
    elif len(place) == 2 and place[0] == "=":
        if "$" in target:
            rules.tally.refuse(line, "variable", target)
        else:
            rules.add(line, place[1], target, status)
    elif place[0] in {"~", "~*"}:
        regex = place[1] if place[0] == "~" else f"(?i){place[1]}"
        _nginx_pattern(rules, line, regex, target, status)
    else:
        prefix = "^" + re.escape(place[-1])
        tail = "$request_uri"
        if target.endswith(tail):
            template = target.removesuffix(tail) + "\\1"
            whole = f"^({re.escape(place[-1])}.*)$"
            _nginx_pattern(rules, line, whole, template, status, "wire")
        else:
            _nginx_pattern(rules, line, prefix, target, status)


def _nginx_pattern(
    rules: Rules,
    line: int,
    regex: str,
    target: str,
    status: int,
    subject: str = "path",
) -> None:
    template = template_of(target)
    if "$" in template:
        rules.tally.refuse(line, "variable", target)
    else:
        rules.add_pattern(line, regex, template, status, subject)


def _nginx_rewrite(rules: Rules, line: int, args: list[str]) -> None:
    flag = args[2] if len(args) > 2 else ""
    absolute = len(args) > 1 and args[1].startswith(("http://", "https://"))
    if flag not in {"permanent", "redirect"} and not absolute:
        rules.tally.aside["internal rewrite, no redirect"] += 1
        return
    status = 301 if flag == "permanent" else 302
    path = literal(args[0])
    if path is not None and "$" not in args[1]:
        rules.add(line, f"/{path}", args[1].rstrip("?"), status)
    else:
        _nginx_pattern(rules, line, args[0], args[1].rstrip("?"), status)


def _nginx_map(rules: Rules, entry: dict[str, Any], subject: str) -> None:
    key, values, line = entry["directive"], entry["args"], entry["line"]
    target = values[0] if values else ""
    if key in {"default", "hostnames", "volatile", "include"}:
        rules.tally.aside["setting of a map"] += 1
    elif not target.startswith(("/", "http://", "https://")):
        rules.tally.aside["map value that is no address"] += 1
    elif key.startswith("~"):
        regex = f"(?i){key[2:]}" if key.startswith("~*") else key[1:]
        wire = "wire" if subject == "$request_uri" else "path"
        _nginx_pattern(rules, line, regex, target, 301, wire)
    else:
        rules.add(line, key.removeprefix("\\"), target, 301)
