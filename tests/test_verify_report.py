"""The report draws the way that a broken row goes, whatever servers sent."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from redirectmap.cli import main
from redirectmap.report.hops import Step, hop_steps
from redirectmap.tables import VERDICTS, write_csv
from redirectmap.tables.schemas import FINDINGS
from tests.verify_site import NEW, OLD, plan_of


def row(**cells: object) -> dict[str, Any]:
    empty = {"old_url": f"{OLD}/a", "hops": "", "final_url": "", "expected": f"{NEW}/t"}
    return {**empty, "final_status": None, **cells}


@pytest.mark.parametrize(
    ("cells", "steps"),
    [
        ({}, []),
        (
            {"final_url": f"{OLD}/a", "final_status": 404},
            [Step("", f"{OLD}/a", "wrong")],
        ),
        (
            {"hops": f"301 {NEW}/t", "final_url": f"{NEW}/t", "final_status": 200},
            [Step("", f"{OLD}/a", "start"), Step("301", f"{NEW}/t", "right")],
        ),
        (
            {"hops": "301 /b | 302 /c", "final_url": f"{OLD}/c", "final_status": 500},
            [
                Step("", f"{OLD}/a", "start"),
                Step("301", "/b", "hop"),
                Step("302", f"{OLD}/c", "wrong"),
            ],
        ),
        (
            {"hops": "301 ", "final_url": "", "final_status": 301},
            [Step("", f"{OLD}/a", "start"), Step("301", "", "wrong")],
        ),
    ],
)
def test_the_steps_of_a_way(cells: dict[str, object], steps: list[Step]) -> None:
    assert hop_steps(row(**cells)) == steps


def test_the_diagram_is_in_the_report_and_inert(tmp_path: Path) -> None:
    hostile = '"><script>alert(1)</script>\u202e'
    verdict = row(
        verdict="chain",
        severity="warning",
        value=0.5,
        message="two hops",
        hops=f"301 /b{hostile} | 302 {NEW}/u",
        final_url=f"{NEW}/u",
        final_status=200,
        hop_count=2,
    )
    write_csv(tmp_path / "plan.csv", plan_of({f"{OLD}/a": ("redirect", f"{NEW}/t")}))
    write_csv(tmp_path / "findings.csv", FINDINGS.empty())
    table = VERDICTS.empty()
    table.loc[0] = [verdict.get(name) for name in VERDICTS.names]
    write_csv(tmp_path / "verify/verdicts.csv", table)
    result = CliRunner().invoke(main, ["report", str(tmp_path)])
    assert result.exit_code == 0, result.output
    text = (tmp_path / "report.html").read_text("utf-8")
    assert text.count('<ol class="hops">') == 1
    assert "<b>301</b>" in text
    assert "<b>302</b>" in text
    assert "<i>200</i>" in text
    assert "<script>alert" not in text
    assert "\u202e" not in text
