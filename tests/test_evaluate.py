"""Figures of a plan against truth, on cases counted by hand."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest
from click.testing import CliRunner

from redirectmap.cli import main
from redirectmap.errors import InputError
from redirectmap.planning.evaluate import (
    compared,
    evaluate_candidates,
    evaluate_plan,
)
from redirectmap.tables import PLAN, write_csv


def truth() -> pd.DataFrame:
    rows = [(f"https://o.test/{i}", f"https://n.test/{i}", "301") for i in range(6)]
    rows[5] = ("https://o.test/5", "https://n.test/4/", "301")
    rows.append(("https://o.test/x", "", "410"))
    rows.append(("https://o.test/y", "", "410"))
    table = pd.DataFrame(rows, columns=["old_url", "new_url", "status"])
    return table.assign(source="declared")


def plan() -> pd.DataFrame:
    rows = [
        ("0", "redirect", "0", 0.99, ""),
        ("1", "redirect", "1", 0.95, ""),
        ("2", "redirect", "9", 0.90, "2"),
        ("3", "review", "3", 0.50, ""),
        ("4", "gone", "", 0.10, ""),
        ("5", "review", "4", 0.60, ""),
        ("x", "gone", "", 0.9, ""),
        ("y", "redirect", "7", 0.9, ""),
    ]
    return PLAN.fit(
        pd.DataFrame(
            [
                {
                    "old_url": f"https://o.test/{old}",
                    "action": action,
                    "new_url": f"https://n.test/{new}" if new else "",
                    "confidence": confidence,
                    "alternative_1": f"https://n.test/{other}" if other else "",
                }
                for old, action, new, confidence, other in rows
            ]
        )
    )


def test_figures_counted_by_hand() -> None:
    figures = evaluate_plan(plan(), truth())
    assert figures["scored"] == 6
    assert figures["top1"] == pytest.approx(4 / 6)
    assert figures["recall3"] == pytest.approx(5 / 6)
    assert figures["top1_merged"] == pytest.approx(1 / 2)
    assert figures["auto_coverage"] == pytest.approx(1 / 2)
    assert figures["auto_precision"] == pytest.approx(2 / 3)
    assert figures["coverage_p99"] == pytest.approx(2 / 6)
    assert figures["false_redirect"] == pytest.approx(1 / 2)
    assert figures["gone_recall"] == pytest.approx(1 / 2)
    assert figures["wrongly_gone"] == pytest.approx(1 / 6)


def test_slash_case_and_fragment_do_not_count() -> None:
    assert compared("https://A.test/x/#top") == compared("http://a.test/x")
    assert compared("https://a.test/x?id=1") != compared("https://a.test/x")


def test_a_row_that_is_missing_is_named() -> None:
    with pytest.raises(InputError, match="1 old URLs"):
        evaluate_plan(plan().iloc[1:], truth())


def test_recall_of_candidates() -> None:
    scores = pd.DataFrame(
        {
            "old_url": ["https://o.test/0", "https://o.test/0", "https://o.test/1"],
            "new_url": ["https://n.test/8", "https://n.test/0", "https://n.test/1"],
            "rank": [1, 2, 1],
        }
    )
    figures = evaluate_candidates(scores, truth())
    assert figures["recall1"] == pytest.approx(1 / 6)
    assert figures["recall3"] == pytest.approx(2 / 6)


def test_command_prints_json_and_fails_with_a_message(tmp_path: Path) -> None:
    write_csv(tmp_path / "plan.csv", plan())
    write_csv(tmp_path / "truth.csv", truth())
    run = CliRunner().invoke
    asked = ["evaluate", str(tmp_path), "--truth", str(tmp_path / "truth.csv")]
    done = run(main, [*asked, "--json"])
    assert done.exit_code == 0
    assert json.loads(done.stdout)["scored"] == 6
    assert "calibration" in run(main, asked).stdout
    assert run(main, [*asked, "--stage", "candidates"]).exit_code == 3
    missing = run(main, ["evaluate", str(tmp_path), "--truth", "nowhere.csv"])
    assert missing.exit_code == 3


def test_explain_shows_candidates(tmp_path: Path) -> None:
    write_csv(tmp_path / "plan.csv", plan())
    scores = pd.DataFrame(
        {
            "old_url": ["https://o.test/0"],
            "new_url": ["https://n.test/0"],
            "rank": [1],
            "probability": [0.9],
            "margin": [0.5],
            "title": [0.8],
        }
    )
    scores.to_parquet(tmp_path / "scores.parquet")
    run = CliRunner().invoke
    shown = run(main, ["explain", str(tmp_path), "https://o.test/0"])
    assert "probability 0.900; title 0.80" in shown.stdout
    as_json = run(main, ["explain", str(tmp_path), "https://o.test/0", "--json"])
    assert json.loads(as_json.stdout)["candidates"][0]["rank"] == 1
    assert run(main, ["explain", str(tmp_path), "https://o.test/q"]).exit_code == 2
