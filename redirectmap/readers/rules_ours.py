r"""Read back the rule files that `redirectmap export` writes for servers.

Decides how their entries are spelled, in one place: the exporters read their own files
by these functions before they write them, and `import-rules` reads them from a server.
An entry is a key (host where it is bound to one, path, query) and an answer such as
`301:https://new.example/`; status 200 is a row that the rule of its path must not
answer.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from redirectmap.readers.rules import Rules
from redirectmap.tables.files import read_json

DOLLAR = "${redirectmap_dollar}"
_HEADER = re.compile(r"(?:#|--) redirectmap \S+, rules for ([^;]+);")
_WORD = re.compile(r'"((?:[^"\\]|\\.)*)"')
_HEX = re.compile(r"\\x([0-9a-f]{2})")
_ESCAPE = re.compile(r"%[0-9A-Fa-f]{2}")
_CONDITION = re.compile(
    r'RewriteCond "(?P<said>(?:[^"\\]|\\.)*) %\{THE_REQUEST\}" '
    r'"\^\(\[\^ \]\+\) \[A-Z\]\+ (?P<wire>[^ ]+?)(?P<tail>\(\?:\\\?\[\^ \]\*\)\?|'
    r'\\\?\[\^ \]\*|\\\?\?)? HTTP/"'
)
_HOST = re.compile(r'RewriteCond "%\{HTTP_HOST\}" "\^(.+?)\\\.\?\(\?::\[0-9\]\*\)\?\$"')
_GUARD = re.compile(
    r'RewriteCond "%\{HTTP_HOST\}@%\{THE_REQUEST\}" '
    r'"!\^(?:\[\^@\]\*|\(\?i:(?P<host>.+?)\)\\\.\?\(\?::\[0-9\]\*\)\?)'
    r'@\[A-Z\]\+ (?P<wire>[^ ]+) HTTP/"'
)
_PATTERN_RULES = re.compile(r"\$redirectmap_pattern \{|\(\[\^ \]\*\) \(\[\^ \]\*\)\$\"")
_STATUS = re.compile(r'RewriteRule "[^"]*" "[^"]*" \[R=(\d+)')


def server_of(head: str) -> str | None:
    """Return which server a file of ours is for, by its first line."""
    found = _HEADER.match(head)
    return found[1] if found else None


def map_entries(text: str) -> Iterator[tuple[str, str]]:
    """Yield the entries of a map file: `key answer` lines."""
    for line in text.splitlines():
        key, space, answer = line.partition(" ")
        if space and not line.startswith("#"):
            yield key, answer


def nginx_entries(text: str) -> Iterator[tuple[str, str]]:
    """Yield the entries of a map file for nginx, as nginx would find them."""
    for line in text.splitlines():
        if line.startswith("#"):
            continue
        words: Iterable[str] = line[1:-2].split('" "')
        if "\\" in line:
            words = (re.sub(r"\\(.)", r"\1", word) for word in _WORD.findall(line))
        key, value = (word.replace(DOLLAR, "$") for word in words)
        if key.startswith("~"):
            yield re.sub(r"\\(.)", r"\1", key[2:-1]), value
        else:
            parts = value.split(" ")
            yield from zip(parts[::2], parts[1::2], strict=True)


def apache_entries(text: str) -> Iterator[tuple[str, str]]:
    """Yield the entries that stand as conditions in vhost.conf or .htaccess."""
    host, found = "", None
    for line in text.splitlines():
        named, guard = _HOST.match(line), _GUARD.match(line)
        if guard:
            yield from _spellings(guard["host"] or "", guard["wire"], "200:")
        elif named:
            host = named[1]
        elif line.startswith("RewriteCond"):
            found = _CONDITION.match(line) or found
        elif line.startswith("RewriteRule"):
            if found:
                yield from _spellings(host, found["wire"], _said(found["said"], line))
            host, found = "", None


def _said(text: str, line: str) -> str:
    plain = re.sub(r"\\(.)", r"\1", text)
    status = _STATUS.match(line)
    return f"{status[1]}:{'' if plain == '-' else plain}" if status else plain


def _spellings(host: str, wires: str, answer: str) -> Iterator[tuple[str, str]]:
    for wire in wires.removeprefix("(?:").removesuffix(")").split("|"):
        yield _plain(host) + _plain(wire), answer


def _plain(text: str) -> str:
    return _HEX.sub(lambda match: chr(int(match[1], 16)), text)


def one_spelling(entries: Iterable[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    """Yield each address once that differs only by the case of hex digits."""
    spellings: dict[tuple[str, str], list[str]] = defaultdict(list)
    for key, answer in entries:
        spellings[_upper(key), answer].append(key)
    for (upper, answer), keys in spellings.items():
        mixed = [key for key in keys if key not in {upper, _lower(key)}]
        whole = upper if upper in keys else keys[0]
        yield (mixed[0] if mixed else whole), answer


def pattern_rows(
    record: Mapping[str, Any], base: str, name: str
) -> list[tuple[str, str, int, str, str, str]]:
    """Return the pattern rules that export.json names, as rows of PATTERNS.

    Args:
        record: What export.json says.
        base: Origin of the old site.
        name: What to call the file.
    """
    scheme = base.partition(":")[0]
    return [
        (
            f"^{one['pattern']}$",
            one["target"].replace("$1", "\\1"),
            one["status"],
            f"{name}:{one['rule']}",
            "path",
            f"{scheme}://{one['host']}" if one["host"] else base,
        )
        for one in record.get("patterns") or ()
    ]


def read_ours(path: Path, rules: Rules) -> None:
    """Read a file that `redirectmap export` wrote for a server, and its map files.

    Its pattern rules are read from the export.json beside it.
    """
    record = path.parent / "export.json"
    if record.exists():
        rules.shapes += pattern_rows(read_json(record), rules.base, record.name)
    elif _PATTERN_RULES.search(path.read_text(encoding="utf-8")):
        rules.tally.rows_in += 1
        text = "pattern rules are read from export.json, which is not beside the file"
        rules.tally.refuse(None, "condition", text)
    scheme = rules.base.partition(":")[0]
    for line, (key, answer) in enumerate(one_spelling(_entries(path)), start=1):
        status, _, target = answer.partition(":")
        source = f"{rules.base}{key}" if key[:1] == "/" else f"{scheme}://{key}"
        rules.tally.rows_in += 1
        rules.add(line, source, target, int(status))


def _upper(key: str) -> str:
    return _ESCAPE.sub(lambda match: match.group().upper(), key)


def _lower(key: str) -> str:
    return _ESCAPE.sub(lambda match: match.group().lower(), key)


def _entries(path: Path) -> Iterator[tuple[str, str]]:
    text = path.read_text(encoding="utf-8")
    server = server_of(text) or ""
    if "Apache" in server:
        if path.suffix == ".txt":
            yield from map_entries(text)
            return
        yield from apache_entries(text)
        beside = path.parent / "redirects.txt"
        if path.name == "vhost.conf" and beside.exists():
            yield from map_entries(beside.read_text(encoding="utf-8"))
    elif server == "nginx":
        maps = [path] if path.suffix == ".map" else sorted(path.parent.glob("*.map"))
        for name in maps:
            yield from nginx_entries(name.read_text(encoding="utf-8"))
    else:
        beside = path if path.suffix == ".map" else path.parent / "redirects.map"
        yield from map_entries(beside.read_text(encoding="utf-8"))
