"""Read a plan for review, and bring its files in line with what was decided."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from redirectmap.planning.files import GENERATED, plan_text, read_plan
from redirectmap.planning.make import live_pages
from redirectmap.planning.rules import induce
from redirectmap.planning.rules_file import RULES_FILE, decisions_in, rules_table
from redirectmap.tables import PLAN, write_atomic, write_csv, write_json
from redirectmap.tables.schemas import ACTIONS
from redirectmap.web.desk import Desk

if TYPE_CHECKING:
    from redirectmap.web.work import Review


def plan_of(path: Path) -> pd.DataFrame:
    """Read a plan.csv, one row per old URL.

    Raises:
        InputError: It is no plan.
    """
    table = own_plan(path)
    table = read_plan(path) if table is None else table
    return table.drop_duplicates("old_url", ignore_index=True)


def own_plan(path: Path) -> pd.DataFrame | None:
    """Read a plan.csv as the tool wrote it, fast; None where it is another one."""
    import pyarrow as pa
    from pyarrow import csv

    kinds = {"int": pa.int64(), "float": pa.float64()}
    types = {c.name: kinds.get(c.kind, pa.string()) for c in PLAN.columns}
    convert = csv.ConvertOptions(
        column_types=types, null_values=[""], strings_can_be_null=True
    )
    parse = csv.ParseOptions(newlines_in_values=True)
    try:
        read = csv.read_csv(path, parse_options=parse, convert_options=convert)
    except (pa.ArrowInvalid, pa.ArrowKeyError, OSError):
        return None
    if read.column_names != PLAN.names:
        return None
    table = PLAN.fit(read.to_pandas())
    known = table["action"].isin(ACTIONS).all() and table["old_url"].notna().all()
    return table if known else None


def save(review: Review, findings: pd.DataFrame | None) -> None:
    """Bring plan.csv, the generated plan, findings and summary in line."""
    from redirectmap.planning.summary import summarise

    with review.lock:
        cells, decided = review.desk.snapshot(), set(review.store.current)
    plan = review.desk.as_plan(cells)
    base = _generated(review.desk, plan, decided, review.folder)
    if findings is not None:
        write_csv(review.folder / "findings.csv", findings)
        made = summarise(plan, findings)
        made.pop("conflicts")
        write_json(review.folder / "plan.json", {**review.summary, **made})
    write_atomic(review.folder / GENERATED, plan_text(base))
    write_atomic(review.path, plan_text(plan))


def save_rules(review: Review) -> None:
    """Look for pattern rules again, on the plan as it is decided.

    What people said of earlier rules is kept; rules for URLs that nobody listed
    need the logs and stay as they are. Without the new site's pages nothing is
    written: a rule may match none of them.
    """
    path = review.folder / RULES_FILE
    if review.new is None or not path.exists():
        return
    plan = review.desk.as_plan(review.desk.snapshot())
    live = live_pages(review.new.table)
    found = induce(plan, live=live, decisions=decisions_in(review.folder))
    before = pd.read_csv(path, dtype=str, keep_default_na=False)
    kept = before[before["kind"] == "leftover"]
    write_csv(path, pd.concat([rules_table(found), kept], ignore_index=True))


def _generated(
    desk: Desk, plan: pd.DataFrame, decided: set[str], folder: Path
) -> pd.DataFrame:
    """Return the base of the next merge: decided rows as they now are.

    What people edited in plan.csv before stays an edit against the old base.
    """
    path = folder / GENERATED
    if not path.exists():
        return plan
    before = read_plan(path).drop_duplicates("old_url").set_index("old_url")
    plan = plan.set_index("old_url")
    edited = [
        url
        for url, row in desk.place.items()
        if desk.edited[row] and url not in decided and url in before.index
    ]
    if edited:
        plan.loc[edited] = before.loc[edited, plan.columns]
    return PLAN.fit(plan.reset_index())
