"""Verdicts for machines: JUnit XML, SARIF 2.1.0, GitHub annotations.

All are written row by row, worst first.

Bounds  SARIF holds `SARIF_RESULTS` results, as many as GitHub takes in one run;
        how many were left out stands in its `properties`.
Source  https://docs.oasis-open.org/sarif/sarif/v2.1.0/; the JUnit schema that
        Jenkins and GitLab read; GitHub's workflow commands and SARIF limits.
"""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote
from xml.sax.saxutils import escape, quoteattr

from redirectmap import __version__
from redirectmap.tables.files import replacing
from redirectmap.verify.problems import OK, PROBLEMS
from redirectmap.verify.summary import Counts

SARIF_RESULTS = 25_000
_LEVELS = {"error": "error", "warning": "warning", "notice": "note"}
_FAILED = ("error", "warning")
_NOT_XML = re.compile("[^\\t\\n\\r\\x20-\\ud7ff\\ue000-\\ufffd\\U00010000-\\U0010ffff]")
Verdict = Mapping[str, Any]


def write_lines(path: Path, lines: Iterable[str]) -> Path:
    """Write text piece by piece, whole or not at all."""
    with (
        replacing(path) as temporary,
        temporary.open("w", encoding="utf-8", newline="") as stream,
    ):
        stream.writelines(lines)
    return path


def junit(verdicts: Iterable[Verdict], counts: Counts) -> Iterator[str]:
    """Yield JUnit XML: a test case per row, failed on errors and warnings."""
    failures = sum(counts.by_severity[name].total() for name in _FAILED)
    skipped = counts.verdicts["not_checked"]
    yield '<?xml version="1.0" encoding="UTF-8"?>\n<testsuites>\n'
    yield f'<testsuite name="redirectmap verify" tests="{counts.rows}"'
    yield f' failures="{failures}" errors="0" skipped="{skipped}">\n'
    for row in verdicts:
        yield f"<testcase classname={_attr(row['action'])} name={_attr(row['old_url'])}"
        yield f">{_outcome(row)}</testcase>\n" if _outcome(row) else "/>\n"
    yield "</testsuite>\n</testsuites>\n"


def _outcome(row: Verdict) -> str:
    if row["verdict"] == "not_checked":
        return f"<skipped message={_attr(row['message'])}/>"
    if row["severity"] not in _FAILED:
        return ""
    text = f"{row['details']}\nhops: {row['hops']}\ndo: {row['hint']}"
    head = f"<failure type={_attr(row['verdict'])} message={_attr(row['message'])}>"
    return f"{head}{escape(_NOT_XML.sub('?', text))}</failure>"


def _attr(value: object) -> str:
    return quoteattr(_NOT_XML.sub("?", str(value or "")))


def sarif(verdicts: Iterable[Verdict], counts: Counts, plan: Path) -> Iterator[str]:
    """Yield SARIF 2.1.0: a result per problem, located in the plan's line.

    Args:
        verdicts: Records with `verdicts.COLUMNS`.
        counts: What was counted of them.
        plan: The plan's path as the results should name it.
    """
    rules = [
        {
            "id": name,
            "shortDescription": {"text": name.replace("_", " ")},
            "help": {"text": hint},
            "defaultConfiguration": {"level": _LEVELS[severity]},
        }
        for name, (severity, hint) in PROBLEMS.items()
    ]
    tool = {"name": "redirectmap", "version": __version__, "rules": rules}
    left_out = max(0, counts.problems.total() - SARIF_RESULTS)
    yield '{"$schema": "https://json.schemastore.org/sarif-2.1.0.json",'
    yield ' "version": "2.1.0", "runs": [{'
    yield f'"tool": {_json({"driver": tool})},\n'
    yield f'"properties": {_json({"resultsLeftOut": left_out})},\n"results": ['
    results = (
        _result(name, text, row, plan)
        for row in verdicts
        if row["verdict"] != OK
        for name, text in _problems(str(row["details"]))
    )
    mark = "\n"
    for result in itertools.islice(results, SARIF_RESULTS):
        yield mark + _json(result)
        mark = ",\n"
    yield "\n]}]}\n"


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)


def _problems(details: str) -> Iterator[tuple[str, str]]:
    for part in details.split(" | "):
        name, _, text = part.partition(": ")
        if name in PROBLEMS:
            yield name, text


def _result(name: str, text: str, row: Verdict, plan: Path) -> dict[str, Any]:
    place = {
        "artifactLocation": {"uri": quote(plan.as_posix())},
        "region": {"startLine": int(row["line"])},
    }
    return {
        "ruleId": name,
        "level": _LEVELS[PROBLEMS[name][0]],
        "message": {"text": f"{row['old_url']}: {text}"},
        "locations": [{"physicalLocation": place}],
        "partialFingerprints": {"oldUrl/v1": f"{name}:{row['old_url']}"},
    }


def github(verdicts: Iterable[Verdict], plan: Path) -> Iterator[str]:
    """Yield GitHub workflow commands, worst first; GitHub shows ten of each."""
    for row in verdicts:
        if row["verdict"] != OK:
            where = f"file={_property(plan.as_posix())},line={row['line']}"
            text = _escaped(f"{row['old_url']}: {row['message']}")
            yield f"::{row['severity']} {where},title={row['verdict']}::{text}"


def _escaped(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _escaped(text).replace(":", "%3A").replace(",", "%2C")
