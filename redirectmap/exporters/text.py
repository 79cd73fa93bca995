"""Small spellings that several formats share: CSV cells, JSON, old hosts, shards."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Sequence
from typing import Any

from redirectmap.exporters.rules import Rule
from redirectmap.urls import Url, parse

Files = dict[str, bytes]
PLACEHOLDER = ("placeholder", r"\*|:", "* and :name are patterns there")
TARGET_PLACEHOLDER = ("placeholder", r"\*|/:(?!/)|:[A-Za-z]", "patterns there")
HOME = ("home", "^/$", "the home page cannot be a source there")


def csv_bytes(rows: Iterable[Sequence[object]]) -> bytes:
    """Return rows as UTF-8 CSV with LF line ends."""
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerows(rows)
    return out.getvalue().encode()


def csv_rows(data: bytes) -> list[list[str]]:
    """Return the rows of a CSV of ours."""
    return list(csv.reader(io.StringIO(data.decode(), newline=""), strict=True))


def json_bytes(value: object) -> bytes:
    """Return readable JSON."""
    return f"{json.dumps(value, indent=2, ensure_ascii=False)}\n".encode()


def json_of(data: bytes, mark: str = "#") -> Any:  # noqa: ANN401
    """Return the value of a JSON file of ours, behind its comment lines."""
    lines = data.decode().split("\n")
    return json.loads("\n".join(line for line in lines if not line.startswith(mark)))


def old_host(rule: Rule) -> str:
    """Return the host of the row a rule was made of."""
    found = parse(rule.old_url)
    return found.host if isinstance(found, Url) else ""


def said(status: object, target: object) -> str:
    """Return an answer as the rule model spells it."""
    return f"{status}:{target or ''}"


def shards(name: str, rows: Sequence[Any], most: int) -> dict[str, Sequence[Any]]:
    """Cut rows into files of at most `most`: `a.csv`, or `a-001.csv` and so on."""
    if len(rows) <= most:
        return {name: rows}
    stem, _, ending = name.rpartition(".")
    return {
        f"{stem}-{number:03}.{ending}": rows[begin : begin + most]
        for number, begin in enumerate(range(0, len(rows), most), 1)
    }
