"""Take an earlier run beside this one: what changed, and what need not be asked."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import orjson

from redirectmap.errors import InputError
from redirectmap.tables import VERDICTS, read_csv_chunks
from redirectmap.verify.state import State
from redirectmap.verify.verdicts import COLUMNS


def load_baseline(state: State, folder: Path) -> None:
    """Read the verdicts of a run, from its folder or its verdicts.csv.

    Raises:
        InputError: There are none, or they cannot be read.
    """
    path = folder / "verdicts.csv" if folder.is_dir() else folder
    if not path.exists():
        raise InputError(
            "holds no verdicts.csv",
            hint="give the --out folder of an earlier verify, or one of its runs/",
            where=str(folder),
        )
    state.forget("before")
    state.insert("before", _records(path))


def _records(path: Path) -> Iterator[tuple[object, ...]]:
    for chunk in read_csv_chunks(path, VERDICTS):
        known = chunk.astype(object).where(chunk.notna(), None)
        for record in known.to_dict("records"):
            whole = {name: record.get(name) for name in COLUMNS}
            names = ("old_url", "verdict", "severity", "expected", "action")
            head = (whole[name] or None for name in names)
            yield (*head, orjson.dumps(whole, default=str))


def choose_changed(state: State) -> None:
    """Ask only rows that were not ok in the baseline, or are planned otherwise."""
    fine = (
        "SELECT 1 FROM before b WHERE b.old_url = rows.old_url AND b.verdict = 'ok'"
        " AND b.action = rows.action AND coalesce(b.expected, '') = rows.expected"
    )
    with state.db as db:
        db.execute(f"UPDATE rows SET asked = asked AND NOT EXISTS ({fine})")  # noqa: S608 - our text
