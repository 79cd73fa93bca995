"""Other programs read what verification writes: their own parsers are asked."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from junitparser import Failure, JUnitXml, Skipped
from sarif_pydantic import Level, Sarif

from redirectmap.verify.formats import github, junit, sarif, write_lines
from redirectmap.verify.problems import PROBLEMS
from redirectmap.verify.summary import Counts

HOSTILE = ']]>\x00\x1b<x a="\'">&%0A, ::error::\ud7ff'
PLAN = Path("a folder/plan:1,2.csv")


def verdict(n: int, name: str, message: str = "why") -> dict[str, Any]:
    severity = PROBLEMS[name][0] if name in PROBLEMS else None
    return {
        "old_url": f"http://old.example/{n}?a=<b>&c='\"",
        "verdict": name,
        "severity": severity,
        "value": 0.25,
        "message": message,
        "final_status": 200,
        "hop_count": 1,
        "hops": "301 http://new.example/",
        "action": "redirect",
        "problems": "" if name == "ok" else name,
        "details": "" if name == "ok" else f"{name}: {message}",
        "hint": "",
        "line": n + 2,
    }


@pytest.fixture
def verdicts() -> list[dict[str, Any]]:
    """One row of each kind, and one with a message from a hostile server."""
    names = [*PROBLEMS, "ok"]
    rows = [verdict(n, name) for n, name in enumerate(names)]
    return [*rows, verdict(len(rows), "soft_404", HOSTILE)]


def test_junit_is_read(tmp_path: Path, verdicts: list[dict[str, Any]]) -> None:
    lines = junit(verdicts, Counts(verdicts))
    suite = next(iter(JUnitXml.fromfile(str(write_lines(tmp_path / "j.xml", lines)))))
    failed = [r for r in verdicts if r["severity"] in {"error", "warning"}]
    assert (suite.tests, suite.failures) == (len(verdicts), len(failed))
    assert (suite.errors, suite.skipped) == (0, 1)
    cases = list(suite)
    assert [case.name for case in cases] == [row["old_url"] for row in verdicts]
    found = [type(case.result[0]) if case.result else None for case in cases]
    assert found.count(Failure) == len(failed)
    assert found.count(Skipped) == 1
    assert cases[-1].result[0].type == "soft_404"


def test_sarif_is_read(tmp_path: Path, verdicts: list[dict[str, Any]]) -> None:
    lines = sarif(verdicts, Counts(verdicts), PLAN)
    text = write_lines(tmp_path / "s.sarif", lines).read_text("utf-8")
    log = Sarif.model_validate_json(text)
    run = log.runs[0]
    results = run.results or []
    rules = run.tool.driver.rules or []
    assert {rule.id for rule in rules} == set(PROBLEMS)
    assert {result.rule_id for result in results} == set(PROBLEMS)
    assert {result.level for result in results} == {
        *(Level.ERROR, Level.WARNING, Level.NOTE)
    }
    place = (results[-1].locations or [])[0].physical_location
    assert place is not None
    assert place.region is not None
    assert place.region.start_line == len(verdicts) + 1
    assert place.artifact_location is not None
    assert place.artifact_location.uri == "a%20folder/plan%3A1%2C2.csv"


def test_sarif_says_what_it_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("redirectmap.verify.formats.SARIF_RESULTS", 3)
    rows = [verdict(n, "not_found") for n in range(5)]
    log = Sarif.model_validate_json("".join(sarif(rows, Counts(rows), PLAN)))
    assert len(log.runs[0].results or []) == 3
    assert (log.runs[0].properties or {})["resultsLeftOut"] == 2


def commands(lines: Iterator[str]) -> Iterator[tuple[str, dict[str, str], str]]:
    """Read workflow commands as GitHub's runner does."""
    for line in lines:
        assert "\n" not in line
        found = re.fullmatch(r"::(error|warning|notice) ([^:]*)::(.*)", line, re.DOTALL)
        assert found, line
        pairs = (pair.split("=", 1) for pair in found[2].split(","))
        yield found[1], dict(pairs), found[3]


def test_github_annotations_are_read(verdicts: list[dict[str, Any]]) -> None:
    found = list(commands(github(verdicts, PLAN)))
    assert len(found) == len(verdicts) - 1
    level, properties, text = found[-1]
    assert level == "error"
    assert properties["file"] == "a folder/plan%3A1%2C2.csv"
    assert properties["line"] == str(len(verdicts) + 1)
    assert "%250A" in text
