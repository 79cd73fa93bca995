"""Read rules back: a folder that `export` wrote, or the table `import-rules` makes.

Together with `export` it closes the circle: export, import, export gives the same
bytes.
"""

from __future__ import annotations

from pathlib import Path
from typing import cast

import pandas as pd

from redirectmap.errors import InputError, UsageError
from redirectmap.exporters.catalogue import exporter
from redirectmap.exporters.export import RECORD, read_record
from redirectmap.readers.rules import PATTERNS
from redirectmap.readers.rules_ours import one_spelling, pattern_rows
from redirectmap.tables import LEGACY, PLAN
from redirectmap.tables.files import read_strict_csv
from redirectmap.urls import Url, parse

IMPORTED = ("source", "target", "status")


def read_folder(folder: Path, base: str) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Read the rules in `folder`, which `export_plan` wrote, whatever the format.

    Args:
        folder: OUT/<name>, with its export.json.
        base: Origin of the old site, for rules that hold for every host.

    Returns:
        Schema `LEGACY`; status 200 is a row that must not be answered. And schema
        `PATTERNS`: pattern rules, in order.

    Raises:
        InputError: It is no such folder, or a file is missing.
    """
    record = read_record(folder)
    kind, names = exporter(str(record["format"])), cast("list[str]", record["files"])
    if kind.reread is None:
        raise UsageError(f"{kind.name} has no reader", hint="give a file instead")
    try:
        files = {name: (folder / name).read_bytes() for name in names}
        entries = one_spelling(kind.reread(files).items())
    except (OSError, ValueError, KeyError, IndexError) as error:
        raise InputError(
            f"cannot be read back: {error}", hint="export it again", where=str(folder)
        ) from error
    origin = parse(base)
    if not isinstance(origin, Url):
        raise UsageError(f"{base!r} is no origin", hint="e.g. https://old.example")
    rows = [
        (
            f"{origin.origin}{key}" if key[:1] == "/" else f"{origin.scheme}://{key}",
            answer.partition(":")[2] or None,
            int(answer.partition(":")[0]),
            f"{folder.name}:{number}",
        )
        for number, (key, answer) in enumerate(entries, 1)
    ]
    legacy = LEGACY.fit(pd.DataFrame(rows, columns=LEGACY.names))
    patterns = pattern_rows(record, origin.origin, f"{folder.name}/{RECORD}")
    return legacy, PATTERNS.fit(pd.DataFrame(patterns, columns=PATTERNS.names))


def read_plan(path: Path) -> pd.DataFrame:
    """Read a plan.csv, or the table that `import-rules` writes, as a plan.

    Raises:
        InputError: It is neither.
    """
    table = read_strict_csv(path)
    if not set(IMPORTED) <= set(table.columns) or "old_url" in table.columns:
        return PLAN.check(table, where=str(path))
    status = pd.to_numeric(table["status"], errors="coerce")
    if status.isna().any():
        line = int(status.isna().argmax()) + 2
        raise InputError(
            f"{table['status'].iloc[line - 2]!r} is no status",
            hint="e.g. 301, 302 or 410",
            where=f"{path}:{line}",
        )
    action = status.map(lambda code: _action(int(code)))
    rows = pd.DataFrame({"old_url": table["source"], "action": action})
    target = table["target"].where(action == "redirect", None)
    return PLAN.fit(
        rows.assign(status=status.astype(int), new_url=target, priority=0.0)
    )


def _action(status: int) -> str:
    if status >= 400:
        return "gone"
    return "redirect" if status >= 300 else "keep"
