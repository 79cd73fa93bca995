"""People's decisions survive every re-plan."""

from __future__ import annotations

import random
from pathlib import Path

import pandas as pd
import pytest
from click.testing import CliRunner
from hypothesis import given, settings, strategies as st

from redirectmap.cli import main
from redirectmap.errors import InputError
from redirectmap.planning.diff import diff_plans
from redirectmap.planning.files import plan_text, read_plan
from redirectmap.planning.merge import HUMAN, apply_overrides, carry_over
from redirectmap.planning.settle import copied, settle
from redirectmap.tables import PLAN

OLD, NEW = "https://old.example", "https://new.example"
ACTIONS = ("redirect", "gone", "keep", "review")
STATUS = {"redirect": 301, "gone": 410, "keep": 200, "review": None}


def generated(count: int, seed: int) -> pd.DataFrame:
    """A plan as the tool might make it; another seed is another opinion."""
    draw = random.Random(seed)
    rows = []
    for number in range(count):
        action = draw.choice(ACTIONS)
        rows.append(
            {
                "old_url": f"{OLD}/{number}",
                "action": action,
                "status": STATUS[action],
                "new_url": None if action == "gone" else f"{NEW}/{draw.randrange(50)}",
                "confidence": round(draw.random(), 3),
                "decided_by": "match",
                "priority": round(draw.random() / count, 6),
            }
        )
    return PLAN.fit(pd.DataFrame(rows))


def _said(value: object) -> str:
    return "" if value is None or value is pd.NA else str(value)


def same(a: object, b: object) -> bool:
    return _said(a) == _said(b)


def edited(plan: pd.DataFrame, draw: random.Random, count: int) -> pd.DataFrame:
    """Edit `count` random cells as a person would."""
    cells = plan.astype(object).to_dict("records")
    for _ in range(count):
        column = draw.choice(HUMAN)
        draw.choice(cells)[column] = {
            "action": draw.choice(ACTIONS),
            "status": draw.choice([301, 302, 308, 410]),
            "new_url": f"{NEW}/person-{draw.randrange(1000)}",
            "locked": True,
            "note": f"note, with comma {draw.randrange(1000)}",
        }[column]
    return PLAN.fit(pd.DataFrame(cells))


def lost_edits(
    base: pd.DataFrame, theirs: pd.DataFrame, merged: pd.DataFrame
) -> list[str]:
    before, person, now = (
        t.set_index("old_url")[list(HUMAN)].astype(object).to_dict("index")
        for t in (base, theirs, merged)
    )
    return [
        f"{url} {column}"
        for url, cells in person.items()
        for column, value in cells.items()
        if not same(before[url][column], value) and not same(now[url][column], value)
    ]


@settings(max_examples=30)
@given(seed=st.integers(0, 10**6))
def test_no_edit_is_lost_by_a_replan(seed: int) -> None:
    draw = random.Random(seed)
    base = generated(40, seed)
    theirs = edited(base, draw, 60)
    first = carry_over(generated(40, seed + 1), base, theirs)
    assert lost_edits(base, theirs, first.plan) == []
    again = carry_over(generated(40, seed + 2), first.base, first.plan)
    assert lost_edits(base, theirs, again.plan) == []


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(100))
def test_two_hundred_edits_a_hundred_times(seed: int, tmp_path: Path) -> None:
    draw = random.Random(seed)
    base = generated(2_000, seed)
    theirs = edited(base, draw, 200)
    path = tmp_path / "plan.csv"
    path.write_text(plan_text(theirs), encoding="utf-8")
    merged = carry_over(generated(2_000, seed + 1), base, read_plan(path)).plan
    assert lost_edits(base, theirs, merged) == []


def test_edits_pile_up_over_many_replans(tmp_path: Path) -> None:
    """Twenty re-plans, each with another opinion of the tool and more edits.

    A cell that a person sets to the tool's own value is the tool's again.
    """
    draw, path = random.Random(7), tmp_path / "plan.csv"
    base = plan = generated(300, 0)
    said: dict[tuple[str, str], str] = {}
    for turn in range(1, 21):
        theirs = edited(plan, draw, 40)
        for column in HUMAN:
            changed = theirs[column].map(_said).ne(plan[column].map(_said))
            for url, value in theirs.loc[changed, ["old_url", column]].to_numpy():
                said[url, column] = _said(value)
        tool = base.set_index("old_url")
        said = {k: v for k, v in said.items() if _said(tool.loc[k]) != v}
        path.write_text(plan_text(theirs), encoding="utf-8")
        merged = carry_over(generated(300, turn), base, read_plan(path))
        settled = settle(merged.plan)
        plan, base = settled.plan, PLAN.fit(copied(merged.base, settled))
        now = plan.set_index("old_url")
        lost = [k for k, value in said.items() if _said(now.loc[k]) != value]
        assert lost == []


def test_edits_survive_the_file(tmp_path: Path) -> None:
    base = generated(60, 1)
    theirs = edited(base, random.Random(2), 80)
    path = tmp_path / "plan.csv"
    path.write_text(plan_text(theirs), encoding="utf-8")
    merged = carry_over(generated(60, 3), base, read_plan(path)).plan
    assert lost_edits(base, theirs, merged) == []


def test_an_untouched_plan_is_the_new_plan() -> None:
    base, fresh = generated(30, 1), generated(30, 2)
    merged = carry_over(fresh, base, base)
    pd.testing.assert_frame_equal(merged.plan, fresh)
    assert merged.conflicts == ()


def test_a_conflict_names_all_three_opinions() -> None:
    base, fresh = generated(1, 1), generated(1, 1)
    theirs = base.copy()
    base["new_url"], theirs["new_url"], fresh["new_url"] = "a", "b", "c"
    done = carry_over(fresh, base, theirs)
    merged, conflicts = done.plan, done.conflicts
    assert merged["new_url"].tolist() == ["b"]
    assert merged["decided_by"].tolist() == ["override"]
    assert "was a, a person made it b, the tool would now say c" in conflicts[0].message


def test_a_locked_row_is_taken_over_whole() -> None:
    base = generated(3, 1)
    theirs = base.copy()
    theirs.loc[1, "locked"] = True
    merged = carry_over(generated(3, 9), base, theirs).plan
    row = merged.set_index("old_url").loc[base["old_url"][1]]
    assert same(row["confidence"], base["confidence"][1])
    assert same(row["new_url"], base["new_url"][1])


def test_rows_that_people_add_stay_and_deleted_rows_come_back() -> None:
    base = generated(3, 1)
    added = {"old_url": f"{OLD}/mine", "action": "gone", "status": 410, "note": "mine"}
    theirs = PLAN.fit(pd.concat([base.iloc[1:], pd.DataFrame([added])]))
    done = carry_over(generated(3, 1), base, theirs)
    merged, conflicts = done.plan, done.conflicts
    assert set(merged["old_url"]) == {*base["old_url"], f"{OLD}/mine"}
    assert [c.person for c in conflicts] == ["deleted"]


def test_overrides_win_and_add_rows() -> None:
    plan = generated(2, 4)
    people = pd.DataFrame(
        {
            "old_url": [f"{OLD}/0", f"{OLD}/unknown"],
            "new_url": [f"{NEW}/right", None],
            "action": [None, "gone"],
        }
    )
    table, _ = apply_overrides(plan, people)
    rows = table.set_index("old_url")
    assert rows.loc[f"{OLD}/0", "new_url"] == f"{NEW}/right"
    assert rows.loc[f"{OLD}/0", "action"] == "redirect"
    assert rows.loc[f"{OLD}/unknown", "status"] == 410
    assert rows.loc[f"{OLD}/0", "decided_by"] == "override"


@pytest.mark.parametrize(
    "people",
    [
        {"old_url": ["/path"], "new_url": ["x"]},
        {"old_url": [f"{OLD}/a"], "action": ["maybe"]},
        {"new_url": [f"{OLD}/a"]},
    ],
)
def test_overrides_that_cannot_be_used(people: dict[str, list[str]]) -> None:
    with pytest.raises(InputError):
        apply_overrides(generated(1, 1), pd.DataFrame(people))


def test_diff_and_check_take_the_folder_of_a_plan(tmp_path: Path) -> None:
    for name, seed in (("a", 1), ("b", 2)):
        (tmp_path / name).mkdir()
        text = plan_text(generated(9, seed))
        (tmp_path / name / "plan.csv").write_text(text, encoding="utf-8")
    names = [str(tmp_path / name) for name in "ab"]
    result = CliRunner().invoke(main, ["diff", *names])
    assert result.exit_code == 0
    assert "changed\taction" in result.stdout
    assert CliRunner().invoke(main, ["check", names[0]]).exit_code in {0, 1}


def test_diff_names_what_changed() -> None:
    before = generated(4, 1)
    after = before.iloc[1:].copy()
    after.loc[2, "new_url"] = f"{NEW}/other"
    table = diff_plans(before, PLAN.fit(after))
    assert sorted(table["change"]) == ["changed", "removed"]
    assert f"{NEW}/other" in table["after"].tolist()
    assert diff_plans(before, before).empty
