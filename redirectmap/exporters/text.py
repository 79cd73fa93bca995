"""Small spellings that several formats share: CSV cells, JSON, old hosts."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Sequence

from redirectmap.exporters.rules import Rule
from redirectmap.urls import Url, parse

PLACEHOLDER = ("placeholder", r"\*|/:[A-Za-z]", "* and :name are patterns there")


def csv_bytes(rows: Iterable[Sequence[object]]) -> bytes:
    """Return rows as UTF-8 CSV with LF line ends."""
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerows(rows)
    return out.getvalue().encode()


def json_bytes(value: object) -> bytes:
    """Return readable JSON."""
    return f"{json.dumps(value, indent=2, ensure_ascii=False)}\n".encode()


def old_host(rule: Rule) -> str:
    """Return the host of the row a rule was made of."""
    found = parse(rule.old_url)
    return found.host if isinstance(found, Url) else ""
