"""LibreOffice opens the workbook, edits and saves it; the edits come back."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from redirectmap.readers import read_overrides
from redirectmap.report import write_workbook
from redirectmap.tables import write_csv
from tests.test_workbook_return import NEW, OLD, a_plan

OFFICE = shutil.which("soffice")
PYTHON = Path("/usr/bin/python3")  # Debian's own: it has the module uno
pytestmark = [
    pytest.mark.soak,
    pytest.mark.skipif(
        OFFICE is None or not PYTHON.exists(),
        reason="apt install libreoffice-calc-nogui python3-uno",
    ),
]

# No macro: a program of its own that drives the office over a pipe.
EDIT = """
import sys, time, uno
from com.sun.star.beans import PropertyValue
from com.sun.star.table import CellRangeAddress

def setting(name, value):
    made = PropertyValue()
    made.Name, made.Value = name, value
    return made

pipe, source, out, kind = sys.argv[1:5]
local = uno.getComponentContext()
make = local.ServiceManager.createInstanceWithContext
resolver = make("com.sun.star.bridge.UnoUrlResolver", local)
for _ in range(240):
    try:
        context = resolver.resolve(
            f"uno:pipe,name={pipe};urp;StarOffice.ComponentContext")
        break
    except Exception:
        time.sleep(0.5)
desk = context.ServiceManager.createInstanceWithContext(
    "com.sun.star.frame.Desktop", context)
book = desk.loadComponentFromURL(source, "_blank", 0, (setting("Hidden", True),))
sheet = book.Sheets.getByName("Map")
head = {sheet.getCellByPosition(c, 0).String: c for c in range(30)}
rows = {sheet.getCellByPosition(head["Old URL"], r).String: r for r in range(1, 60)}

def write(url, column, text):
    sheet.getCellByPosition(head[column], rows[url]).String = text

write("OLD/1?a=1", "Decision", "accept")
write("OLD/5", "New URL", "NEW/mine")
write("OLD/6?a=1", "Notes", "=said the client")
write("OLD/9?a=1", "Decision", "gone")
# sort by confidence and title, downwards; hide a column, add two
last = len([url for url in rows if url])
area = sheet.getCellRangeByPosition(0, 1, len(head), last)
field = uno.createUnoStruct("com.sun.star.table.TableSortField")
field.Field, field.IsAscending = head["Old URL"], False
area.sort((setting("SortFields", uno.Any(
    "[]com.sun.star.table.TableSortField", (field,))),))
sheet.Columns.getByIndex(head["Reason"]).IsVisible = False
sheet.Columns.insertByIndex(2, 2)
sheet.getCellByPosition(2, 0).String = "Ours"
for row in range(1, last + 1):
    sheet.getCellByPosition(2, row).String = f"#{row}"
settings = [setting("FilterName", kind)]
if kind.startswith("Text"):
    book.CurrentController.setActiveSheet(sheet)
    options = "44,34,76,1,,0,false,true,false,false,false,2"
    settings.append(setting("FilterOptions", options))
book.storeToURL(out, tuple(settings))
book.close(True)
desk.terminate()
"""


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("back.xlsx", "Calc MS Excel 2007 XML"),
        ("back.csv", "Text - txt - csv (StarCalc)"),
    ],
)
def test_edits_made_in_libreoffice_come_back(
    tmp_path: Path, name: str, kind: str
) -> None:
    write_csv(tmp_path / "plan.csv", a_plan())
    source = write_workbook(tmp_path)
    pipe = f"redirectmap{abs(hash(tmp_path))}"
    office = subprocess.Popen(
        [
            str(OFFICE),
            "--headless",
            "--norestore",
            f"-env:UserInstallation={(tmp_path / 'profile').as_uri()}",
            f"--accept=pipe,name={pipe};urp;",
        ]
    )
    out = tmp_path / name
    script = EDIT.replace("OLD", OLD).replace("NEW", NEW)
    try:
        argv = [str(PYTHON), "-c", script, pipe, source.as_uri(), out.as_uri(), kind]
        done = subprocess.run(
            argv, check=False, capture_output=True, text=True, timeout=240
        )
        assert done.returncode == 0, done.stderr
        office.wait(60)
    finally:
        if office.poll() is None:
            office.kill()
            office.wait()
    written = out if out.exists() else next(tmp_path.glob("back*.csv"))
    table, report = read_overrides(written)
    cells = table.astype(object).where(table.notna(), None)
    said = {
        str(row["old_url"]): (row["action"], row["new_url"], row["note"])
        for row in cells.to_dict("records")
    }
    plan = a_plan().set_index("old_url")
    assert not report.refused
    assert said == {
        f"{OLD}/1?a=1": ("redirect", plan.loc[f"{OLD}/1?a=1", "new_url"], None),
        f"{OLD}/5": ("redirect", f"{NEW}/mine", None),
        f"{OLD}/6?a=1": (None, None, "=said the client"),
        f"{OLD}/9?a=1": ("gone", None, None),
    }
