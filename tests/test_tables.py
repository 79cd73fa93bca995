"""Tables: what is wrong is said with file, line and remedy."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given, strategies as st

from redirectmap.errors import InputError, UsageError
from redirectmap.tables import PLAN, read_csv_table, write_atomic, write_csv
from redirectmap.tables.files import read_strict_csv, replacing

HEAD = "old_url,action,status,new_url\n"

# (what it shows, file, message)
BAD = [
    ("unknown action", HEAD + "http://a/,move,301,\n", "plan.csv:2: action 'move'"),
    ("status", HEAD + "http://a/,gone,12,\n", "plan.csv:2: status 12 is out"),
    ("not a number", HEAD + "http://a/,gone,x,\n", "a number cannot be read"),
    ("no url", HEAD + ",gone,410,\n", "plan.csv:2: old_url is empty"),
    (
        "twice",
        HEAD + "http://a/,gone,410,\nhttp://a/,gone,410,\n",
        "plan.csv:3: http://a/ stands twice",
    ),
    ("ragged", HEAD + "http://a/,gone\n", "plan.csv:2: 2 cells where"),
    ("open quote", HEAD + '"http://a/,gone,410,\n', "is not CSV"),
    ("empty", "", "is empty"),
    ("no column", "old_url\nhttp://a/\n", "column 'action' is missing"),
]


@pytest.mark.parametrize(
    ("text", "message"), [pytest.param(t, m, id=s) for s, t, m in BAD]
)
def test_bad_plans(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "plan.csv"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(InputError) as raised:
        read_csv_table(path, PLAN)
    assert message in str(raised.value)
    assert raised.value.hint


def test_a_byte_that_is_not_utf8_is_named_by_line(tmp_path: Path) -> None:
    path = tmp_path / "plan.csv"
    path.write_bytes(HEAD.encode() + b"http://a/\xff,gone,410,\n")
    with pytest.raises(InputError, match="0xff is not UTF-8"):
        read_csv_table(path, PLAN)


def test_not_known_and_none_stay_apart(tmp_path: Path) -> None:
    table = PLAN.fit(
        pd.DataFrame(
            {
                "old_url": ["http://a/", "http://b/"],
                "action": ["gone", "keep"],
                "backlinks": [0, None],
                "locked": [True, None],
                "old_title": ["NA", None],
            }
        )
    )
    write_csv(tmp_path / "plan.csv", table)
    again = read_csv_table(tmp_path / "plan.csv", PLAN)
    assert again["backlinks"].iloc[0] == 0
    assert again["backlinks"].isna().tolist() == [False, True]
    assert again["locked"].iloc[0]
    assert again["old_title"].iloc[0] == "NA"


CELLS = st.text(st.characters(codec="utf-8", exclude_characters="\0\r"), max_size=20)


@given(st.lists(st.tuples(CELLS, CELLS), min_size=1, max_size=8))
def test_cells_come_back_as_they_were(rows: list[tuple[str, str]]) -> None:
    import tempfile

    rows = [("x" + a, "x" + b) for a, b in rows]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "t.csv"
        write_csv(path, pd.DataFrame(rows, columns=["a", "b"]))
        again = read_strict_csv(path)
    assert list(again.itertuples(index=False, name=None)) == rows


def test_a_failed_write_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "plan.csv"
    write_atomic(path, "old")

    def fail() -> None:
        with replacing(path) as temporary:
            temporary.write_text("half")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_folder_that_is_a_file_is_a_usage_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(UsageError):
        write_atomic(tmp_path / "file" / "plan.csv", "x")
