r"""Read the redirect rules of Apache: mod_alias and mod_rewrite.

Decides what a line of `.htaccess` or of a virtual host means. What cannot be told from
the file alone (conditions other than on the query, variables, maps) is refused
by name, not guessed.

Source  https://httpd.apache.org/docs/2.4/mod/mod_alias.html, mod_rewrite.html
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

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


def code_of(text: str) -> int | None:
    """Return an HTTP status of three digits, 300 or more; else None."""
    return int(text) if re.fullmatch(r"[345]\d\d", text, re.ASCII) else None


def _alias(rules: Rules, line: int, name: str, words: list[str]) -> None:
    if name in {"redirectpermanent", "redirecttemp"}:
        words = ["301" if name == "redirectpermanent" else "302", *words]
        name = "redirect"
    if name not in {"redirect", "redirectmatch"}:
        rules.tally.refuse(line, "not_a_redirect", name)
        return
    status = 302
    if words and (words[0].lower() in _WORDS or code_of(words[0])):
        status = _WORDS.get(words[0].lower()) or code_of(words[0]) or 302
        words = words[1:]
    if not words or (len(words) < 2 and status < 400):
        rules.tally.refuse(line, "fields", " ".join(words) or name)
        return
    source, target = words[0], words[1] if len(words) > 1 else ""
    if name == "redirect":
        _prefix(rules, line, source, target, status)
    else:
        rules.add_pattern(line, source, template_of(target), status)


def _prefix(rules: Rules, line: int, source: str, target: str, status: int) -> None:
    """`Redirect` also moves everything below its path."""
    kept = len(rules.tally.refused)
    rules.add(line, source, target, status)
    if kept == len(rules.tally.refused) and source.startswith("/"):
        below = re.escape(source.rstrip("/")) + "/(.+)$"
        template = f"{target.rstrip('/')}/\\1" if target else ""
        rules.add_pattern(line, "^" + below, template, status)


def template_of(target: str) -> str:
    r"""Return a target with `$1` as a template with `\1`."""
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
        rules.add_pattern(line, rooted, template_of(target.rstrip("?")), status, "rel")


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
            return _WORDS.get(value.lower()) or code_of(value) or 302
        if name.upper() in {"G", "GONE"}:
            return 410
    return None
