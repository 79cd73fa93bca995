r"""Read rules written in a server's or host's own language.

Decides what a line of `.htaccess` (mod_alias, mod_rewrite), of `_redirects`
(Netlify, Cloudflare) or a directive of nginx means. What cannot be told from
the file alone (conditions other than on the query, variables, maps) is refused
by name, not guessed.

Source  https://httpd.apache.org/docs/2.4/mod/mod_alias.html, mod_rewrite.html;
        https://nginx.org/en/docs/http/ngx_http_rewrite_module.html
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from redirectmap.errors import InputError
from redirectmap.readers.files import TOO_LONG, text_lines
from redirectmap.readers.rules import Rules

_WORDS = {"permanent": 301, "temp": 302, "seeother": 303, "gone": 410}
_SPECIAL = re.compile(r"[\\^$.|?*+()\[\]{}]")
_LITERAL = re.compile(r"\^/?((?:[\w/%~!@&=,;:'-]|\\[.?+*()\[\]$^|{}/ -])*)\$")
_IGNORED = frozenset(
    {
        *("rewriteengine", "rewritebase", "rewriteoptions", "options", "header"),
        *("errordocument", "indexignore", "addtype", "addhandler", "setenv"),
        *("setenvif", "expiresactive", "expiresbytype", "directoryindex", "order"),
        *("allow", "deny", "require", "servername", "serveralias", "documentroot"),
    }
)


def read_apache(path: Path, rules: Rules, encoding: str | None = None) -> None:
    """Read `.htaccess` or a virtual host's mod_alias and mod_rewrite lines."""
    conditions: list[list[str]] = []
    for line, words in _directives(path, rules, encoding):
        name = words[0].lower()
        if name.startswith("<") or name in _IGNORED:
            continue
        rules.tally.rows_in += 1
        if name == "rewritecond":
            rules.tally.aside["condition of the next rule"] += 1
            conditions.append(words[1:])
        elif name == "rewriterule":
            _rewrite(rules, line, words[1:], conditions)
            conditions = []
        else:
            _alias(rules, line, name, words[1:])


def _directives(
    path: Path, rules: Rules, encoding: str | None
) -> Iterator[tuple[int, list[str]]]:
    with text_lines(path, encoding) as lines:
        held, begin = "", 0
        for number, line in enumerate(lines, start=1):
            begin = begin if held else number
            held += line.strip()
            if held.endswith("\\"):
                held = held[:-1] + " "
                continue
            text, held = held, ""
            if not text or text.startswith("#"):
                continue
            words = _split(text)
            if words and TOO_LONG not in text:
                yield begin, words
            else:
                rules.tally.rows_in += 1
                rules.tally.refuse(begin, "quoting", text)


def _split(text: str) -> list[str]:
    lexer = shlex.shlex(text, posix=True, punctuation_chars="")
    lexer.whitespace_split = True
    lexer.commenters = ""
    lexer.escape = ""
    lexer.quotes = '"'
    try:
        return list(lexer)
    except ValueError:
        return []


def _alias(rules: Rules, line: int, name: str, words: list[str]) -> None:
    if name in {"redirectpermanent", "redirecttemp"}:
        words = ["301" if name == "redirectpermanent" else "302", *words]
        name = "redirect"
    if name not in {"redirect", "redirectmatch"}:
        rules.tally.refuse(line, "not_a_redirect", name)
        return
    status = 302
    if words and (words[0].lower() in _WORDS or words[0].isdigit()):
        status = _WORDS.get(words[0].lower()) or int(words[0])
        words = words[1:]
    if not words or (len(words) < 2 and status < 400):
        rules.tally.refuse(line, "fields", " ".join(words) or name)
        return
    source, target = words[0], words[1] if len(words) > 1 else ""
    if name == "redirect":
        _prefix(rules, line, source, target, status)
    else:
        rules.add_pattern(line, source, _template(target), status)


def _prefix(rules: Rules, line: int, source: str, target: str, status: int) -> None:
    """`Redirect` also moves everything below its path."""
    kept = len(rules.tally.refused)
    rules.add(line, source, target, status)
    if kept == len(rules.tally.refused) and source.startswith("/"):
        below = re.escape(source.rstrip("/")) + "/(.+)$"
        template = f"{target.rstrip('/')}/\\1" if target else ""
        rules.add_pattern(line, "^" + below, template, status)


def _template(target: str) -> str:
    return re.sub(r"(?<!\\)\$(\d)", r"\\\1", target)


def _rewrite(
    rules: Rules, line: int, words: list[str], conditions: list[list[str]]
) -> None:
    if len(words) < 2:
        rules.tally.refuse(line, "fields", " ".join(words))
        return
    regex, target = words[0], words[1]
    status = _flag_status(words[2] if len(words) > 2 else "")
    if status is None:
        rules.tally.aside["internal rewrite, no redirect"] += 1
        return
    query = _query_of(conditions)
    if query is None:
        names = ", ".join(c[0] for c in conditions if c)
        rules.tally.refuse(line, "condition", names)
        return
    if "%{" in target:
        rules.tally.refuse(line, "variable", target)
        return
    _take_rewrite(rules, line, regex, "" if target == "-" else target, status, query)


def _take_rewrite(
    rules: Rules, line: int, regex: str, target: str, status: int, query: str
) -> None:
    path = literal(regex)
    if query and path is not None:
        literal_query = literal(query)
        if literal_query is None:
            rules.tally.refuse(line, "condition", query)
            return
        rules.add(line, f"/{path}?{literal_query}", target.rstrip("?"), status)
    elif path is not None:
        rules.add(line, f"/{path}", target.rstrip("?"), status)
    elif query:
        rules.tally.refuse(line, "condition", query)
    else:
        rooted = regex.replace("^/", "^", 1) if regex.startswith("^/") else regex
        rules.add_pattern(line, rooted, _template(target.rstrip("?")), status, "rel")


def literal(regex: str) -> str | None:
    r"""Return the one text `^...$` matches, without its first slash, else None."""
    found = _LITERAL.fullmatch(regex.replace(r"\.", "\x01").replace("\x01", r"\."))
    return re.sub(r"\\(.)", r"\1", found[1]) if found else None


def _query_of(conditions: list[list[str]]) -> str | None:
    """Return the one condition on the query, empty for none, None for others."""
    if not conditions:
        return ""
    first = conditions[0]
    harmless = [c for c in conditions if c and c[0] != "%{HTTP_HOST}"]
    if not harmless:
        return ""
    if len(harmless) == 1 and first[0] == "%{QUERY_STRING}" and len(first) == 2:
        return first[1]
    return None


def _flag_status(flags: str) -> int | None:
    for flag in flags.strip("[]").split(","):
        name, _, value = flag.strip().partition("=")
        if name.upper() in {"R", "REDIRECT"}:
            return _WORDS.get(value.lower()) or int(value or 302)
        if name.upper() in {"G", "GONE"}:
            return 410
    return None


def read_redirects_file(path: Path, rules: Rules, encoding: str | None = None) -> None:
    """Read `_redirects` of Netlify, Cloudflare Pages or GitLab Pages."""
    with text_lines(path, encoding) as lines:
        for number, raw in enumerate(lines, start=1):
            text = raw.split(" #")[0].strip()
            if text and not text.startswith("#"):
                rules.tally.rows_in += 1
                _one_redirect(rules, number, text.split())


def _one_redirect(rules: Rules, line: int, words: list[str]) -> None:
    wanted = [w for w in words[1:] if w.startswith(("/", "http"))]
    codes = [w.rstrip("!") for w in words[1:] if w.rstrip("!").isdigit()]
    status = int(codes[0]) if codes else 301
    query = [w for w in words[1:] if re.fullmatch(r"[\w-]+=\S*", w)]
    if not wanted or not words[0].startswith(("/", "http")):
        rules.tally.refuse(line, "fields", " ".join(words))
    elif status == 200:
        rules.tally.aside["internal rewrite, no redirect"] += 1
    elif any(":" in w.partition("=")[2] for w in query):
        rules.tally.refuse(line, "variable", " ".join(words))
    elif "*" in words[0] or re.search(r"/:\w", words[0]):
        _placeholders(rules, line, words[0], wanted[0], status)
    else:
        source = words[0] + ("?" + "&".join(query) if query else "")
        rules.add(line, source, wanted[0], status)


def _placeholders(
    rules: Rules, line: int, source: str, target: str, status: int
) -> None:
    parts = re.split(r"(\*|(?<=/):\w+)", source)
    names = [p for p in parts if p == "*" or re.fullmatch(r":\w+", p)]
    regex = "".join(
        "(.*)" if p == "*" else "([^/]+)" if p in names else re.escape(p) for p in parts
    )
    for place, name in enumerate(names, start=1):
        word = ":splat" if name == "*" else name
        target = re.sub(re.escape(word) + r"\b", f"\\\\{place}", target)
    rules.add_pattern(line, f"^{regex}$", target, status)


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
    status = int(args[0]) if args and args[0].isdigit() else 302
    target = args[-1] if len(args) > 1 or not args[0].isdigit() else ""
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
    template = _template(target)
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
