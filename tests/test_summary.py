"""What a person signs: the figures add up and every open row has a reason."""

from __future__ import annotations

import pandas as pd
import pytest

from redirectmap.planning.summary import assignment_of, screen, summarise
from redirectmap.tables import FINDINGS, PLAN

OLD, NEW = "https://old.example", "https://new.example"
ROWS = [
    ("/a", "redirect", f"{NEW}/a", 0.9, "match", 0.4, "title 0.90"),
    ("/b", "keep", f"{OLD}/b", None, "identical", 0.1, "the same URL"),
    ("/c", "review", f"{NEW}/c", 0.6, "match", 0.3, "slug 0.60"),
    ("/d", "gone", None, 1.0, "override", 0.2, None),
    ("/e", "review", None, None, "match", 0.0, "no candidate on the new site"),
]
COLUMNS = [
    "old_url",
    "action",
    "new_url",
    "confidence",
    "decided_by",
    "priority",
    "reason",
]


@pytest.fixture
def plan() -> pd.DataFrame:
    table = pd.DataFrame(ROWS, columns=COLUMNS)
    return PLAN.fit(table.assign(old_url=OLD + table["old_url"]))


def test_kept_at_risk_and_lost_add_up(plan: pd.DataFrame) -> None:
    found = summarise(plan, FINDINGS.empty())
    shares = [found[f"value_{name}"] for name in ("kept", "at_risk", "lost")]
    assert shares == pytest.approx([0.4 * 0.9 + 0.1, 0.4 * 0.1 + 0.3, 0.2])
    assert sum(shares) == pytest.approx(1)
    assert found["by_decided_by"] == {"match": 3, "identical": 1, "override": 1}


def test_every_valuable_row_without_a_page_has_a_reason(plan: pd.DataFrame) -> None:
    found = summarise(plan, FINDINGS.empty())
    assert found["unmatched"] == 2
    reasons = {row["old_url"]: row["reason"] for row in found["unmatched_valuable"]}
    assert reasons == {
        f"{OLD}/c": f"best proposal {NEW}/c only 60% sure: slug 0.60",
        f"{OLD}/d": "nobody said why",
    }


def test_the_screen_says_the_formula_and_the_risks(plan: pd.DataFrame) -> None:
    text = screen(summarise(plan, FINDINGS.empty()))
    for said in (
        "value kept 46.0%, at risk 34.0%, lost 20.0%",
        "kept = sum(priority x confidence)",
        "decided by: match 3",
        "the largest risks:",
        "30.00%  review   https://old.example/c",
        "valuable URLs without a page: 2",
    ):
        assert said in text


def test_what_greed_would_lose_is_told() -> None:
    scores = pd.DataFrame()
    assert assignment_of(scores)["gain"] == 0
    scores.attrs["assignment"] = {"kept": 10.5, "greedy": 10.0}
    told = assignment_of(scores)
    assert told == {"value_kept": 10.5, "greedy": 10.0, "gain": 0.05}
