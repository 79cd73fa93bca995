"""Edits made in the workbook come back, whatever the program did to the file."""

from __future__ import annotations

import csv
import io
import random
from pathlib import Path

import pandas as pd
import pytest
import xlsxwriter
from python_calamine import CalamineWorkbook

from redirectmap.planning.decisions import Decision, Decisions
from redirectmap.planning.handed_in import take_in, together
from redirectmap.planning.merge import carry_over
from redirectmap.readers import read_overrides
from redirectmap.report import write_workbook
from redirectmap.tables import PLAN, write_csv

OLD, NEW = "https://old.example", "https://new.example"
Rows = list[list[str]]


def a_plan(count: int = 40, seed: int = 1) -> pd.DataFrame:
    draw = random.Random(seed)
    rows = []
    for number in range(count):
        action = ("redirect", "review", "gone", "keep")[number % 4]
        target = f"{NEW}/{draw.randrange(9)}" if action != "gone" else None
        rows.append(
            {
                "old_url": f"{OLD}/{number}?a=1" if number % 5 else f"{OLD}/{number}",
                "action": action,
                "new_url": target,
                "confidence": 0.5,
                "decided_by": "match",
                "priority": 1 / count,
                "old_title": "=1+1" if number % 3 else "Title",
                "note": "=an older note" if number == 7 else None,
            }
        )
    return PLAN.fit(pd.DataFrame(rows))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_csv(tmp_path / "plan.csv", a_plan())
    write_workbook(tmp_path)
    return tmp_path


def tabs_of(path: Path) -> dict[str, Rows]:
    book = CalamineWorkbook.from_path(path)
    return {
        name: [[str(cell) for cell in row] for row in sheet]
        for name in book.sheet_names
        for sheet in [book.get_sheet_by_name(name).to_python()]
    }


def save(path: Path, tabs: dict[str, Rows]) -> Path:
    """Write the tabs as another program would: plain cells, nothing of ours."""
    book = xlsxwriter.Workbook(path, {"strings_to_formulas": False})
    for name, rows in tabs.items():
        sheet = book.add_worksheet(name)
        for place, row in enumerate(rows):
            sheet.write_row(place, 0, row)
    book.close()
    return path


def put(rows: Rows, old_url: str, **cells: str) -> None:
    head = rows[0]
    line = next(row for row in rows[1:] if row[head.index("Old URL")] == old_url)
    for name, value in cells.items():
        line[head.index(name.replace("_", " "))] = value


def read(
    path: Path, known: dict[str, tuple[str, str]] | None = None
) -> dict[str, tuple[object, object, object]]:
    table, _ = read_overrides(path, base=OLD, new_base=NEW, known=known)
    return {
        str(row["old_url"]): (row["action"], row["new_url"], row["note"])
        for row in table.astype(object).where(table.notna(), None).to_dict("records")
    }


EDITS: dict[str, tuple[dict[str, str], tuple[object, object, object]]] = {
    f"{OLD}/1?a=1": ({"Decision": "accept"}, ("redirect", "old", None)),
    f"{OLD}/2?a=1": ({"Decision": "accept"}, ("gone", None, None)),
    f"{OLD}/3?a=1": ({"Decision": "accept"}, ("keep", "old", None)),
    f"{OLD}/4?a=1": ({"Decision": " GONE "}, ("gone", None, None)),
    f"{OLD}/5": ({"New URL": f"{NEW}/mine"}, ("redirect", f"{NEW}/mine", None)),
    f"{OLD}/6?a=1": (
        {"New URL": "/mine?b=2", "Notes": 'said "so", twice'},
        ("redirect", f"{NEW}/mine?b=2", 'said "so", twice'),
    ),
    f"{OLD}/8?a=1": ({"Notes": "=only a note"}, (None, None, "=only a note")),
    f"{OLD}/9?a=1": ({"Decision": "merge"}, ("redirect", "old", None)),
    f"{OLD}/10": (
        {"Decision": "redirect", "New URL": f"{NEW}/x"},
        ("redirect", f"{NEW}/x", None),
    ),
    f"{OLD}/11?a=1": ({"Decision": "review"}, ("review", "old", None)),
}


def edited(rows: Rows) -> dict[str, tuple[object, object, object]]:
    head = rows[0]
    wanted: dict[str, tuple[object, object, object]] = {}
    for url, (cells, said) in EDITS.items():
        line = next(row for row in rows[1:] if row[0] == url)
        target = line[head.index("New URL")] if said[1] == "old" else said[1]
        wanted[url] = (said[0], target, said[2])
        put(rows, url, **{name.replace(" ", "_"): text for name, text in cells.items()})
    return wanted


def shuffled(rows: Rows) -> Rows:
    """Rows re-ordered, columns added in front and between, and moved about."""
    draw = random.Random(3)
    order = list(range(len(rows[0])))
    draw.shuffle(order)
    below = rows[1:]
    draw.shuffle(below)
    out = [["#", "Our own", *(rows[0][i] for i in order), "Mood"]]
    for number, row in enumerate(below):
        cells = [row[i] for i in order]
        out.append([f"#{number}", "x", *cells, "fine"])
    return out


def test_an_untouched_workbook_says_nothing(folder: Path) -> None:
    table, report = read_overrides(folder / "map.xlsx")
    assert table.empty
    assert report.adds_up
    assert not report.refused


def test_edits_come_back_from_a_rewritten_workbook(folder: Path) -> None:
    tabs = tabs_of(folder / "map.xlsx")
    wanted = edited(tabs["Map"])
    tabs["Map"] = shuffled(tabs["Map"])
    assert read(save(folder / "back.xlsx", tabs)) == wanted


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("mark", ["\ufeff", ""])
def test_edits_come_back_from_one_tab_as_csv(
    folder: Path, delimiter: str, mark: str
) -> None:
    rows = tabs_of(folder / "map.xlsx")["Map"]
    wanted = edited(rows)
    out = io.StringIO()
    csv.writer(out, delimiter=delimiter, lineterminator="\r\n").writerows(
        shuffled(rows)
    )
    path = folder / "Map.csv"
    path.write_text(mark + out.getvalue(), encoding="utf-8", newline="")
    assert read(path) == wanted


def test_without_marks_the_plan_tells_what_is_new(folder: Path) -> None:
    rows = tabs_of(folder / "map.xlsx")["Map"]
    put(rows, f"{OLD}/5", New_URL=f"{NEW}/mine")
    bare = [row[: rows[0].index("Mark")] for row in rows]
    plan = a_plan().astype(object).where(a_plan().notna(), "")
    known = {r["old_url"]: (r["new_url"], r["note"]) for r in plan.to_dict("records")}
    found = read(save(folder / "back.xlsx", {"Map": bare}), known=known)
    assert found == {f"{OLD}/5": ("redirect", f"{NEW}/mine", None)}


def test_two_tabs_add_up_and_clashes_are_named(folder: Path) -> None:
    tabs = tabs_of(folder / "map.xlsx")
    put(tabs["Map"], f"{OLD}/1?a=1", Notes="from Map")
    put(tabs["Review"], f"{OLD}/1?a=1", Decision="gone")
    put(tabs["Map"], f"{OLD}/5", Decision="gone")
    put(tabs["Review"], f"{OLD}/5", Decision="accept")
    path = save(folder / "back.xlsx", tabs)
    assert read(path)[f"{OLD}/1?a=1"] == ("gone", None, "from Map")
    refused = read_overrides(path)[1].refused
    assert [r.reason for r in refused] == ["conflict"]
    assert f"{OLD}/5" in refused[0].text


@pytest.mark.parametrize(
    ("cells", "reason"),
    [
        ({"New_URL": ""}, "no_target"),
        ({"Decision": "perhaps"}, "bad_action"),
        ({"New_URL": "javascript:alert(1)"}, "scheme"),
    ],
)
def test_what_cannot_be_done_is_refused_by_line(
    folder: Path, cells: dict[str, str], reason: str
) -> None:
    rows = tabs_of(folder / "map.xlsx")["Map"]
    put(rows, f"{OLD}/5", **cells)
    table, report = read_overrides(save(folder / "back.xlsx", {"Map": rows}))
    assert table.empty
    assert [r.reason for r in report.refused] == [reason]


def handed(folder: Path, **cells: str) -> tuple[str, pd.DataFrame]:
    rows = tabs_of(folder / "map.xlsx")["Map"]
    put(rows, f"{OLD}/5", **cells)
    path = save(folder / "back.xlsx", {"Map": rows})
    return path.name, read_overrides(path)[0]


def test_a_workbook_stays_without_being_handed_in_again(folder: Path) -> None:
    plan = a_plan()
    source = handed(folder, Decision="gone", Notes="client says so")
    store = Decisions(folder)
    later, clashes = take_in(store, [source], previous=plan, generated=plan)
    assert clashes == ()
    assert store.current[f"{OLD}/5"].action == "gone"
    assert Decisions(folder).current == store.current
    merged = carry_over(plan, plan, later).plan.set_index("old_url")
    assert merged.loc[f"{OLD}/5", "action"] == "gone"
    assert merged.loc[f"{OLD}/5", "note"] == "client says so"


def test_an_old_workbook_never_overrules_a_newer_decision(folder: Path) -> None:
    plan = a_plan()
    source = handed(folder, Decision="gone")
    store = Decisions(folder)
    take_in(store, [source], previous=plan, generated=plan)
    newer = Decision("redirect", f"{NEW}/newer", locked=True, by="ana")
    store.record({f"{OLD}/5": newer}, by="ana", what="choose")
    _, clashes = take_in(store, [source], previous=plan, generated=plan)
    assert clashes == ()
    assert store.current[f"{OLD}/5"].new_url == f"{NEW}/newer"


def test_a_clash_with_another_reviewer_is_listed(folder: Path) -> None:
    plan = a_plan()
    store = Decisions(folder)
    first = Decision("redirect", f"{NEW}/ana", locked=True, by="ana")
    store.record({f"{OLD}/5": first}, by="ana", what="choose")
    source = handed(folder, Decision="gone")
    _, clashes = take_in(store, [source], previous=plan, generated=plan)
    assert [clash.old_url for clash in clashes] == [f"{OLD}/5"]
    assert "ana" in clashes[0].message
    assert "back.xlsx" in clashes[0].message
    assert store.current[f"{OLD}/5"].action == "gone"


def test_changing_what_one_was_shown_is_no_clash(folder: Path) -> None:
    store = Decisions(folder)
    first = Decision("redirect", f"{NEW}/ana", locked=True, by="ana")
    store.record({f"{OLD}/5": first}, by="ana", what="choose")
    plan = a_plan()
    row = plan["old_url"] == f"{OLD}/5"
    plan.loc[row, ["action", "new_url"]] = ["redirect", f"{NEW}/ana"]
    write_csv(folder / "plan.csv", plan)
    write_workbook(folder)
    source = handed(folder, Decision="gone")
    assert take_in(store, [source], previous=plan, generated=plan)[1] == ()


def test_lists_give_way_to_decisions_of_the_plan() -> None:
    rows = {"old_url": [f"{OLD}/1"], "action": ["gone"], "new_url": [None]}
    other = {**rows, "action": ["redirect"], "new_url": [f"{NEW}/a"], "by": ["ana"]}
    frames = [pd.DataFrame(table).assign(mark=None) for table in (rows, other)]
    table, clashes = together([("list.csv", frames[0]), ("overrides.csv", frames[1])])
    assert table is not None
    assert table["action"].tolist() == ["redirect"]
    assert len(clashes) == 1
