"""Tell what a file is, what was read, what was refused: for any file at all.

Decides which reader a file is for. Readers of installed plug-ins (entry points
`redirectmap.readers`) are asked first; each is a `Reader`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from redirectmap.errors import InputError
from redirectmap.readers.backlinks import read_backlinks
from redirectmap.readers.cells import open_table
from redirectmap.readers.files import head_of, nature_of
from redirectmap.readers.layout import Kind
from redirectmap.readers.legacy import read_rules, rule_language
from redirectmap.readers.linking import read_linking_domains
from redirectmap.readers.logs import is_log
from redirectmap.readers.overrides import read_overrides
from redirectmap.readers.records import ReadReport
from redirectmap.readers.sources import is_list, read_site
from redirectmap.readers.traffic import read_traffic
from redirectmap.registry import plugins

BASE = "https://old.invalid"


@dataclass(frozen=True, slots=True)
class Reader:
    """A reader as `inspect` knows it: is it for this file, and its account."""

    sniff: Callable[[Path], bool]
    account: Callable[[Path, str | None], ReadReport]


def _backlinks(path: Path, encoding: str | None) -> ReadReport:
    return read_backlinks([path], encoding=encoding)[1][0]


def _traffic(path: Path, encoding: str | None) -> ReadReport:
    return read_traffic([path], base=BASE, encoding=encoding)[1][0]


def _rules(path: Path, encoding: str | None) -> ReadReport:
    return read_rules([path], base=BASE, encoding=encoding)[2][0]


def _domains(path: Path, encoding: str | None) -> ReadReport:
    return read_linking_domains(path, encoding=encoding)[1]


def _overrides(path: Path, encoding: str | None) -> ReadReport:
    return read_overrides(path, base=BASE, encoding=encoding)[1]


def _site(path: Path, encoding: str | None) -> ReadReport:
    return read_site(path, encoding=encoding, may_be_empty=True).report


def _anchors(path: Path, encoding: str | None) -> ReadReport:
    del encoding
    raise InputError(
        "lists link texts, but not which page they link to",
        hint="give Links, Top target pages, or a vendor's backlinks",
        where=str(path),
    )


_BY_KIND: Mapping[str, Callable[[Path, str | None], ReadReport]] = {
    "domains": _domains,
    "anchors": _anchors,
    "backlinks": _backlinks,
    "traffic": _traffic,
    "legacy": _rules,
    "overrides": _overrides,
}


def inspect(path: Path, *, encoding: str | None = None) -> ReadReport:
    """Recognise a file by its content and account for every row of it.

    Args:
        path: Any file.
        encoding: What a person says it is in; None to go by its content.

    Raises:
        InputError: The file cannot be used; the message says why and where.
    """
    report = _account(path, encoding)
    if not report.rows_in:
        raise InputError(
            "has a header and 0 rows" if report.kind != "urls" else "names no URL",
            hint=report.notes[-1] if report.notes else "export it again",
            where=str(path),
        )
    return report


def _account(path: Path, encoding: str | None) -> ReadReport:
    installed: Mapping[str, Reader] = plugins("readers", {})
    for reader in installed.values():
        if reader.sniff(path):
            return reader.account(path, encoding)
    kind = _language(path, encoding) or _table_kind(path, (), encoding)
    return _BY_KIND.get(kind, _site)(path, encoding)


def feeds(
    path: Path, *, likely: Kind | None = None, encoding: str | None = None
) -> Kind:
    """Tell which table a file feeds; `pages` for whatever describes a site.

    Args:
        path: Any file.
        likely: What a person handed it in as; a file that can be that, is.
        encoding: What a person says it is in.

    Raises:
        InputError: The file cannot be used; the message says why and where.
    """
    kind = _language(path, encoding)
    kind = kind or _table_kind(path, (likely,) if likely else (), encoding)
    return "pages" if kind in {"links", "urls"} else kind


def _language(path: Path, encoding: str | None) -> Kind | None:
    """Tell what a file feeds that is no table: a log, rules, a site, a list."""
    if is_log(path):
        return "traffic"
    if rule_language(path) is not None:
        return "legacy"
    nature = nature_of(head_of(path))
    if nature == "zip" or (nature == "text" and not is_list(path, encoding)):
        return None
    return "pages"


def _table_kind(path: Path, kinds: tuple[Kind, ...], encoding: str | None) -> Kind:
    try:
        with open_table(path, kinds=kinds, encoding=encoding) as table:
            return table.layout.kind
    except InputError:
        if not kinds:
            raise
    with open_table(path, encoding=encoding) as table:
        return table.layout.kind
