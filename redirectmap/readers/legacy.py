"""Read the redirects that exist already, in whichever file they stand.

Decides the language of a rule file by its content, and keeps one target per
old address: a repeated rule is merged, a contradicting one refused by name.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from redirectmap.errors import InputError
from redirectmap.readers.cells import Table, open_table
from redirectmap.readers.files import head_of, nature_of
from redirectmap.readers.headers import is_header
from redirectmap.readers.records import ReadReport, Tally
from redirectmap.readers.rules import NO_TARGET, PATTERNS, Rules
from redirectmap.readers.rules_apache import read_apache
from redirectmap.readers.rules_hosts import read_redirects_file
from redirectmap.readers.rules_nginx import read_nginx
from redirectmap.readers.rules_ours import read_ours, server_of
from redirectmap.readers.values import truth
from redirectmap.tables import LEGACY
from redirectmap.urls import Url, parse

OURS = {
    *("nginx", "an Apache virtual host", "an Apache .htaccess file"),
    *("HAProxy", "lighttpd"),
}
_APACHE = re.compile(
    r"^\s*(?:Redirect(?:Match|Permanent|Temp)?|RewriteRule|RewriteEngine)\s",
    re.IGNORECASE | re.MULTILINE,
)
_NGINX = re.compile(
    r"^\s*(?:(?:server|http|location[^;{]*|map[^;{]*)\s*\{|rewrite\s.*;|return\s.*;)",
    re.MULTILINE,
)
_REDIRECTS = re.compile(
    r"(?:/|https?://)\S*[ \t]+(?:[\w-]+=\S+[ \t]+)*(?:/|https?://)\S*"
    r"(?:[ \t]+\d{3}!?)?"
)


def read_legacy(
    paths: Sequence[Path], *, base: str, encoding: str | None = None
) -> tuple[pd.DataFrame, list[ReadReport]]:
    """Read rules for single addresses; see `read_rules` for patterns, too.

    Args:
        paths: `.htaccess` or Apache, nginx, `_redirects`, CSV or XLSX with an
            old and a new column, WordPress Redirection, Screaming Frog chains.
        base: Origin of the old site, for rules that hold paths only.
        encoding: What a person says the files are in.

    Returns:
        Schema `LEGACY` and the account of each file.

    Raises:
        InputError: A file holds no rules we can read.
    """
    legacy, _, reports = read_rules(paths, base=base, encoding=encoding)
    return legacy, reports


def read_rules(
    paths: Sequence[Path], *, base: str, encoding: str | None = None, held: bool = False
) -> tuple[pd.DataFrame, pd.DataFrame, list[ReadReport]]:
    """Read rules: for single addresses (LEGACY), for many (PATTERNS), accounts.

    `held` keeps rows of status 200, which our own files hold back from the rule of
    their path.
    """
    origin = parse(base)
    if not isinstance(origin, Url):
        raise InputError(
            f"{base!r} is not the origin of a site", hint="e.g. https://old.example"
        )
    legacy, patterns, reports = [LEGACY.empty()], [PATTERNS.empty()], []
    for path in paths:
        rules = _read(path, origin.origin, encoding)
        legacy.append(rules.legacy)  # settles conflicts, so before the report
        patterns.append(rules.patterns)
        reports.append(rules.tally.report())
    single = _one_per_source(legacy)
    if not held:
        single = single[single["status"] != 200].reset_index(drop=True)
    return single, _joined(patterns), reports


def _joined(frames: list[pd.DataFrame]) -> pd.DataFrame:
    filled = [frame for frame in frames if len(frame)]
    return pd.concat(filled, ignore_index=True) if filled else frames[0]


def _one_per_source(frames: list[pd.DataFrame]) -> pd.DataFrame:
    return _joined(frames).drop_duplicates("source").reset_index(drop=True)


def rule_language(path: Path) -> str | None:
    """Return ours, apache, nginx, redirects or None (a table)."""
    head = head_of(path)
    if nature_of(head) != "text":
        return None
    text = head.decode("utf-8", errors="replace").lstrip("\ufeff")
    lines = [line.strip() for line in text.splitlines()]
    first = next((line for line in lines if line and line[0] != "#"), "")
    if server_of(text) in OURS:
        return "ours"
    if is_header(first):
        return None
    if _APACHE.search(text):
        return "apache"
    if _NGINX.search(text):
        return "nginx"
    return "redirects" if _REDIRECTS.fullmatch(first) else None


def _read(path: Path, base: str, encoding: str | None) -> Rules:
    language = rule_language(path)
    if language is None:
        return _from_table(path, base, encoding)
    names = {"apache": "apache rules", "nginx": "nginx rules", "ours": "our own rules"}
    rules = Rules(base, Tally(path, names.get(language, "_redirects"), "legacy"))
    if language == "ours":
        read_ours(path, rules)
    elif language == "apache":
        read_apache(path, rules, encoding)
    elif language == "nginx":
        read_nginx(path, rules)
    else:
        read_redirects_file(path, rules, encoding)
    return rules


def _from_table(path: Path, base: str, encoding: str | None) -> Rules:
    with open_table(path, kinds=("legacy",), encoding=encoding) as table:
        rules = Rules(base, table.tally)
        for line, cells in table.rows:
            _row(rules, table, line, cells)
    if not rules.tally.rows_in:
        raise InputError(
            "has a header and 0 rows", hint="export it again", where=str(path)
        )
    return rules


def _row(rules: Rules, table: Table, line: int, cells: list[str]) -> None:
    cell = {
        field: cells[place].strip(" \t\r\n") for field, place in table.columns.items()
    }
    words = {"": 301, "permanent": 301, "temporary": 302, "url": 301}
    text = cell.get("status", "").casefold()
    status = words.get(text) or (int(text) if re.fullmatch("[0-9]{3}", text) else 0)
    if not (300 <= status < 400 or status in NO_TARGET):
        rules.tally.refuse(line, "bad_status", text, "status")
    elif cell.get("regex", "") and truth(cell["regex"]):
        target = re.sub(r"\$(\d)", r"\\\1", cell["target"])
        rules.add_pattern(line, cell["source"], target, status)
    else:
        rules.add(line, cell["source"], cell["target"], status)
