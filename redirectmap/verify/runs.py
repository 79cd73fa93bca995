"""Keep every run, and say what changed since an earlier one.

    DIR/verdicts.csv, summary.json     the latest run
    DIR/runs/<UTC time>/               every run
    DIR/trend.csv                      one line per run
    DIR/changes.csv                    new, fixed and still broken rows

A row is broken when its severity is error or warning.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from redirectmap.errors import InputError
from redirectmap.tables import (
    VERDICTS,
    read_csv_table,
    read_json,
    write_csv,
    write_json,
)
from redirectmap.tables.files import read_strict_csv
from redirectmap.verify.core import EXTRA_COLUMNS, forget_run
from redirectmap.verify.summary import changes_text, summarise, summary_text

CHANGES = ("new", "worse", "still", "fixed")
_BROKEN = ("error", "warning")


def finish_run(
    folder: Path, verdicts: pd.DataFrame, before: pd.DataFrame | None
) -> tuple[dict[str, Any], str]:
    """Write everything a run leaves behind.

    Returns:
        The summary for a program, and the screen for a person.
    """
    summary = {**summarise(verdicts), "notes": verdicts.attrs["notes"]}
    text = summary_text(verdicts, summary)
    columns = ["old_url", "variant", "way", "message"]
    variants = pd.DataFrame(verdicts.attrs["variants"], columns=columns)
    write_csv(folder / "variants.csv", variants)
    if before is not None:
        changes = changes_between(before, verdicts)
        write_csv(folder / "changes.csv", changes)
        counts = changes["change"].value_counts()
        summary["changes"] = {name: int(counts.get(name, 0)) for name in CHANGES}
        text += changes_text(changes)
    store_run(folder, verdicts, summary, verdicts.attrs["started"])
    forget_run(folder)
    return summary, text


def read_run(folder: Path) -> pd.DataFrame:
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
    table = read_csv_table(path, VERDICTS)
    extra = read_strict_csv(path)
    kept = [name for name in EXTRA_COLUMNS if name in extra.columns]
    return pd.concat([table, extra[kept]], axis=1)


def changes_between(before: pd.DataFrame, now: pd.DataFrame) -> pd.DataFrame:
    """List rows that are new, worse, still broken or fixed, most valuable first.

    Returns:
        change, old_url, value, before, now, message; one row per broken row of
        either run.
    """
    joined = now.merge(
        before[["old_url", "verdict", "severity"]],
        on="old_url",
        how="left",
        suffixes=("", "_before"),
    )
    broken = joined["severity"].isin(_BROKEN)
    was = joined["severity_before"].isin(_BROKEN)
    graver = (joined["severity"] == "error") & (joined["severity_before"] == "warning")
    change = pd.Series("", index=joined.index, dtype=object)
    change = change.mask(broken & ~was, "new").mask(broken & was, "still")
    change = change.mask(broken & was & graver, "worse").mask(~broken & was, "fixed")
    listed = pd.DataFrame(
        {
            "change": change,
            "old_url": joined["old_url"],
            "value": joined["value"],
            "before": joined["verdict_before"],
            "now": joined["verdict"],
            "message": joined["message"],
        }
    )[change != ""]
    order = listed["change"].map({name: n for n, name in enumerate(CHANGES)})
    listed = listed.assign(_o=order).sort_values(
        ["_o", "value", "old_url"], ascending=[True, False, True]
    )
    return listed.drop(columns="_o").reset_index(drop=True)


def store_run(
    folder: Path, verdicts: pd.DataFrame, summary: Mapping[str, Any], stamp: str
) -> Path:
    """Write a run where it is found again; returns its own folder."""
    own = _free(folder / "runs", stamp.replace(":", "").replace("-", ""))
    for place in (own, folder):
        write_csv(place / "verdicts.csv", verdicts)
        write_json(place / "summary.json", dict(summary))
    write_csv(folder / "trend.csv", trend_of(folder))
    return own


def _free(parent: Path, name: str) -> Path:
    path, number = parent / name, 2
    while path.exists():
        path, number = parent / f"{name}-{number}", number + 1
    return path


def trend_of(folder: Path) -> pd.DataFrame:
    """Return one line per stored run, oldest first."""
    lines = []
    for path in sorted((folder / "runs").glob("*/summary.json")):
        summary = read_json(path)
        lines.append(
            {
                "run": path.parent.name,
                "rows": summary["rows"],
                "ok": summary["ok"],
                **summary["severities"],
                "value_at_stake": summary["value_at_stake"],
            }
        )
    return pd.DataFrame(lines)


def merge_unchanged(
    before: pd.DataFrame, now: pd.DataFrame, asked: frozenset[str]
) -> pd.DataFrame:
    """Take rows that were not asked this time from the run before."""
    rest = now[~now["old_url"].isin(asked)]["old_url"]
    carried = before[before["old_url"].isin(rest)]
    fresh = now[~now["old_url"].isin(carried["old_url"])]
    whole = pd.concat([fresh, carried], ignore_index=True)
    whole.attrs = dict(now.attrs)
    return whole


def worth_asking(before: pd.DataFrame, plan: pd.DataFrame) -> frozenset[str]:
    """Return the old URLs that were not ok before or are planned otherwise now."""
    fine = before[before["verdict"] == "ok"]
    known = dict(
        zip(
            fine["old_url"],
            zip(fine["expected"], fine["action"], strict=True),
            strict=True,
        )
    )
    rows = zip(plan["old_url"], plan["new_url"], plan["action"], strict=True)
    return frozenset(
        old
        for old, new, action in rows
        if known.get(old) != ("" if action == "gone" else new or "", action)
    )
