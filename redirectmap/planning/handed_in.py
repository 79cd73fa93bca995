"""Take in what people hand in: edited workbooks, and lists of overrides.

A workbook's edits become decisions of the plan and stay. The latest statement
wins, and every clash is listed. A row that said the same the last time the
workbook was read is no new statement: a workbook that is handed in again with
every re-plan never overrules what was decided since. A row that was written
after another person's decision, and then changed, follows it and is no clash.

A list of overrides (CSV) counts as long as it is handed in, and gives way to a
decision of the plan.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pandas as pd

from redirectmap.planning.decisions import (
    OVERRIDES_FILE,
    Decision,
    Decisions,
    Rows,
    decision_of,
    joined,
    now,
    table_of,
)
from redirectmap.planning.files import read_generated, read_plan
from redirectmap.planning.merge import STATUS, Conflict
from redirectmap.readers import ReadReport, read_overrides
from redirectmap.readers.overrides import mark_of

Source = tuple[str, pd.DataFrame]


@dataclass(frozen=True)
class People:
    """What people said, and the plan it was said about.

    Attributes:
        overrides: Every decision, a table of `OVERRIDES`; None for none.
        previous: The last plan as people left it, with newer edits in it.
        generated: The same plan as the tool made it.
        clashes: Where two people disagree.
        reports: The account of each file.
    """

    overrides: pd.DataFrame | None = None
    previous: pd.DataFrame | None = None
    generated: pd.DataFrame | None = None
    clashes: tuple[Conflict, ...] = ()
    reports: tuple[ReadReport, ...] = ()


def read_people(
    paths: Sequence[Path], out: Path | None, *, origins: tuple[str, str]
) -> People:
    """Read what people decided.

    Args:
        paths: Lists of overrides and workbooks that are handed in.
        out: Folder of the plan; what stands there is read, too, and edits of
            workbooks are recorded there.
        origins: Of the old and the new site, for addresses that are paths.
    """
    previous = _plan_there(out)
    given, reports = [], []
    for path in paths:
        table, report = read_overrides(
            path, base=origins[0], new_base=origins[1], known=_known(previous)
        )
        given.append((os.path.relpath(path, out or Path()), table))
        reports.append(report)
    if out is None:
        every, clashes = together(given)
        return People(every, clashes=clashes, reports=tuple(reports))
    store, generated = Decisions(out), read_generated(out)
    given = [(name, table) for name, table in given if name != OVERRIDES_FILE]
    books = [(name, table) for name, table in given if table.attrs["workbook"]]
    later, clashes = take_in(store, books, previous=previous, generated=generated)
    lists = [(name, table) for name, table in given if not table.attrs["workbook"]]
    every, other = together([*lists, (OVERRIDES_FILE, store.table())])
    return People(every, later, generated, (*clashes, *other), tuple(reports))


def _plan_there(out: Path | None) -> pd.DataFrame | None:
    path = out / "plan.csv" if out else None
    return read_plan(path) if path and path.exists() else None


def _known(plan: pd.DataFrame | None) -> dict[str, tuple[str, str]]:
    """Return New URL and note of each old URL, as a workbook would show them."""
    if plan is None:
        return {}
    shown = (plan[name].fillna("").astype(str) for name in ("new_url", "note"))
    pairs = zip(*shown, strict=True)
    return dict(zip(plan["old_url"].astype(str), pairs, strict=True))


def take_in(
    store: Decisions,
    sources: Sequence[Source],
    *,
    previous: pd.DataFrame | None,
    generated: pd.DataFrame | None,
) -> tuple[pd.DataFrame | None, tuple[Conflict, ...]]:
    """Record what `sources` newly say.

    Args:
        store: The decisions of the plan's folder; changed.
        sources: Name and `OVERRIDES` table of each file, as given.
        previous: The plan as people left it.
        generated: The same plan as the tool made it.

    Returns:
        `previous` with the newer statements in it, and the clashes.
    """
    conflicts: list[Conflict] = []
    plan = _by_url(previous)
    edited = _edited(plan, _by_url(generated))
    for name, table in sources:
        before, news = store.said_by(name), {}
        for url, said, mark in _statements(table):
            if _said_already(said, before.get(url)):
                continue
            present = store.current.get(url) or edited.get(url)
            if _clash(present, said, plan.get(url), mark):
                assert present is not None  # noqa: S101 - narrows the type
                conflicts.append(_conflict(url, present, said, name))
            news[url] = replace(joined(present, said), by=said.by or name)
        _record(store, news, name)
        edited = {url: row for url, row in edited.items() if url not in news}
        plan.update({url: _cells(plan[url], news[url]) for url in news if url in plan})
    return _table(previous, plan), tuple(conflicts)


def together(
    sources: Sequence[tuple[str, pd.DataFrame | None]],
) -> tuple[pd.DataFrame | None, tuple[Conflict, ...]]:
    """Return the rows of all sources as one table, later ones first, and clashes."""
    said: dict[str, Decision] = {}
    conflicts: list[Conflict] = []
    for name, table in sources:
        for url, row, _ in _statements(table) if table is not None else ():
            earlier = said.get(url)
            later = row if row.by else replace(row, by=name)
            if earlier is not None and _clash(earlier, later, None, None):
                conflicts.append(_conflict(url, earlier, later, later.by or name))
            said[url] = joined(earlier, later)
    return table_of(said), tuple(conflicts)


def _statements(table: pd.DataFrame) -> Iterator[tuple[str, Decision, str | None]]:
    known = table.astype(object).where(table.notna(), None)
    for row in known.to_dict("records"):
        cells = {str(name): value for name, value in row.items()}
        yield str(cells["old_url"]), decision_of(cells), cells["mark"]


def _said_already(said: Decision, before: Decision | None) -> bool:
    """Tell whether a file said this when it was read before."""
    return before is not None and joined(before, said).same(before)


def _record(store: Decisions, news: Mapping[str, Decision], name: str) -> None:
    rows: Rows = {
        url: row if row.at else replace(row, at=now()) for url, row in news.items()
    }
    if rows:
        store.record(rows, by=name, what=f"handed in, {len(rows)} rows")


Cells = dict[str, Any]


def _by_url(plan: pd.DataFrame | None) -> dict[str, Cells]:
    if plan is None:
        return {}
    wanted = plan[["old_url", "action", "status", "new_url", "locked", "note"]]
    known = wanted.astype(object).where(wanted.notna(), None)
    return {
        str(row["old_url"]): {str(k): v for k, v in row.items()}
        for row in known.to_dict("records")
    }


def _edited(
    plan: Mapping[str, Cells], base: Mapping[str, Cells]
) -> dict[str, Decision]:
    """Return the rows that people edited in plan.csv, as decisions."""
    names = ("action", "new_url", "note")
    return {
        url: Decision(row["action"], row["new_url"], row["note"], by="plan.csv")
        for url, row in plan.items()
        if url in base and any(row[name] != base[url][name] for name in names)
    }


def _clash(
    present: Decision | None, said: Decision, row: Cells | None, mark: str | None
) -> bool:
    if present is None:
        return False
    names = ["note"] if said.action is None else ["action", "new_url", "note"]
    other = [
        name
        for name in names
        if getattr(present, name) is not None
        and (getattr(said, name) is not None or name == "new_url")
        and getattr(present, name) != getattr(said, name)
    ]
    return bool(other) and not _follows(row and _cells(row, present), mark)


def _follows(row: Cells | None, mark: str | None) -> bool:
    """Tell whether a workbook's row was written from the plan as it stands."""
    if row is None or not mark:
        return False
    made = mark_of(*(str(row[name] or "") for name in ("action", "new_url", "note")))
    return mark == made


def _conflict(url: str, present: Decision, said: Decision, name: str) -> Conflict:
    names = ("action", "new_url", "note")
    column = next(
        n
        for n in names
        if getattr(present, n) is not None and getattr(present, n) != getattr(said, n)
    )
    before, after = (_words(getattr(row, column)) for row in (present, said))
    who = f"{present.by or 'a person'}{f' at {present.at}' if present.at else ''}"
    text = f"{column}: {who} said {before}, {name} says {after}; the latter is taken"
    return Conflict(url, column, before, after, before, text)


def _words(value: object) -> str:
    return "empty" if value is None else str(value)


def _cells(row: Cells, said: Decision) -> Cells:
    changed = dict(row)
    if said.note is not None:
        changed["note"] = said.note
    if said.action is not None:
        if said.action != row["action"]:
            changed["status"] = STATUS.get(said.action)
        changed["action"] = said.action
        changed["new_url"] = said.new_url or (
            row["new_url"] if said.action == "review" else None
        )
    return changed


def _table(
    previous: pd.DataFrame | None, plan: Mapping[str, Cells]
) -> pd.DataFrame | None:
    if previous is None:
        return None
    out = previous.copy()
    for name in ("action", "status", "new_url", "note"):
        values = [plan[str(url)][name] for url in out["old_url"]]
        out[name] = pd.Series(values, index=out.index).astype(previous[name].dtype)
    return out
