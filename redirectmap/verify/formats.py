"""Verdicts for machines: JUnit XML, SARIF 2.1.0, GitHub annotations.

Source  https://docs.oasis-open.org/sarif/sarif/v2.1.0/; the JUnit schema that
        Jenkins and GitLab read; GitHub's workflow commands.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pandas as pd

from redirectmap import __version__
from redirectmap.tables.files import read_strict_csv
from redirectmap.verify.problems import OK, PROBLEMS

_LEVELS = {"error": "error", "warning": "warning", "notice": "note"}
_FAILED = ("error", "warning")


def junit(verdicts: pd.DataFrame) -> str:
    """Return JUnit XML: a test case per row, failed on errors and warnings."""
    failed = verdicts["severity"].isin(_FAILED)
    skipped = verdicts["verdict"] == "not_checked"
    counts = {
        "tests": len(verdicts),
        "failures": failed.sum(),
        "skipped": skipped.sum(),
    }
    suite = ET.Element("testsuite", name="redirectmap verify")
    for name, count in counts.items():
        suite.set(name, str(count))
    for row in verdicts.itertuples():
        case = ET.SubElement(
            suite, "testcase", classname=str(row.action), name=str(row.old_url)
        )
        if row.verdict == "not_checked":
            ET.SubElement(case, "skipped", message="not in the sample")
        elif row.severity in _FAILED:
            bad = ET.SubElement(
                case, "failure", type=str(row.verdict), message=str(row.message)
            )
            bad.text = f"{row.details}\nhops: {row.hops}\ndo: {row.hint}"
    ET.indent(suite)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{ET.tostring(suite, "unicode")}\n'


def sarif(verdicts: pd.DataFrame, plan: Path, lines: dict[str, int]) -> str:
    """Return SARIF 2.1.0: a result per problem, located in the plan's line.

    Args:
        verdicts: Verdicts with `EXTRA_COLUMNS`.
        plan: The plan's path as the results should name it.
        lines: Line of every old URL in the plan, from 1.
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
    results = [
        _result(name, text, str(row.old_url), plan, lines)
        for row in verdicts[verdicts["verdict"] != OK].itertuples()
        for name, text in _problems(str(row.details))
    ]
    run = {"tool": {"driver": tool}, "results": results}
    log = {
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [run],
    }
    return json.dumps(log, indent=1, ensure_ascii=False) + "\n"


def lines_of(plan: Path) -> dict[str, int]:
    """Return the line of every old URL in a plan file, from 1."""
    table = read_strict_csv(plan)
    return {str(url): n for n, url in enumerate(table["old_url"], start=2)}


def _problems(details: str) -> Iterator[tuple[str, str]]:
    for part in details.split(" | "):
        name, _, text = part.partition(": ")
        if name in PROBLEMS:
            yield name, text


def _result(
    name: str, text: str, url: str, plan: Path, lines: dict[str, int]
) -> dict[str, Any]:
    place = {
        "artifactLocation": {"uri": plan.as_posix()},
        "region": {"startLine": lines.get(url, 1)},
    }
    return {
        "ruleId": name,
        "level": _LEVELS[PROBLEMS[name][0]],
        "message": {"text": f"{url}: {text}"},
        "locations": [{"physicalLocation": place}],
        "partialFingerprints": {"oldUrl/v1": f"{name}:{url}"},
    }


def github(verdicts: pd.DataFrame, plan: Path, lines: dict[str, int]) -> Iterator[str]:
    """Yield GitHub workflow commands, worst first; GitHub shows ten of each."""
    for row in verdicts[verdicts["verdict"] != OK].itertuples():
        where = f"file={plan.as_posix()},line={lines.get(str(row.old_url), 1)}"
        text = _escaped(f"{row.old_url}: {row.message}")
        yield f"::{row.severity} {where},title={row.verdict}::{text}"


def _escaped(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")
