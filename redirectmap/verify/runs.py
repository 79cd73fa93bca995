"""Keep every run, and what it says for people and programs.

    DIR/verdicts.csv, summary.json     the latest run
    DIR/runs/<UTC time>/               every run
    DIR/trend.csv                      one line per run
    DIR/changes.csv                    new, worse, still broken and fixed rows
    DIR/variants.csv                   other spellings that end elsewhere
    DIR/traffic.csv                    what rows lost of their visitors

A row is broken when its severity is error or warning.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from redirectmap.tables import read_json, write_csv_rows, write_json
from redirectmap.tables.files import replacing
from redirectmap.tables.schemas import SEVERITIES
from redirectmap.verify.summary import Counts, changes_text, summary_text, trend_text
from redirectmap.verify.verdicts import COLUMNS, Verdicts

CHANGES = ("new", "worse", "still", "fixed")
_CHANGED = ("change", "old_url", "value", "before", "now", "message")
_VARIANTS = ("old_url", "way", "variant", "requests", "message")
_TREND = ("run", "rows", "ok", *SEVERITIES, "value_at_stake", *CHANGES)
_LOST = ("old_url", "new_url", "value", "before", "after", "lost")


def finish_run(
    folder: Path, verdicts: Verdicts, counts: Counts, *, compared: bool, joined: bool
) -> tuple[dict[str, Any], str]:
    """Write everything a run leaves behind.

    Args:
        folder: Where.
        verdicts: What was found.
        counts: What `Counts` counted of it.
        compared: There was a baseline.
        joined: There was later traffic.

    Returns:
        The summary for a program, and the screen for a person.
    """
    summary: dict[str, Any] = {**counts.summary(), "notes": verdicts.notes}
    text = summary_text(counts)
    write_csv_rows(folder / "variants.csv", _VARIANTS, verdicts.variants())
    if joined:
        write_csv_rows(folder / "traffic.csv", _LOST, verdicts.lost())
    if compared:
        write_csv_rows(folder / "changes.csv", _CHANGED, verdicts.changes())
        summary["changes"] = dict.fromkeys(CHANGES, 0)
        for row in verdicts.changes():
            summary["changes"][row["change"]] += 1
        text += changes_text(summary["changes"], verdicts.changes())
    trend = store_run(folder, verdicts, summary, verdicts.started)
    text += trend_text(trend)
    return summary, text


def store_run(
    folder: Path,
    verdicts: Iterable[Mapping[str, Any]],
    summary: Mapping[str, Any],
    stamp: str,
) -> list[dict[str, Any]]:
    """Write a run where it is found again; returns the trend over all runs."""
    own = _free(folder / "runs", stamp.replace(":", "").replace("-", ""))
    written = write_csv_rows(own / "verdicts.csv", COLUMNS, verdicts)
    with replacing(folder / "verdicts.csv") as temporary:
        shutil.copyfile(written, temporary)
    for place in (own, folder):
        write_json(place / "summary.json", dict(summary))
    trend = trend_of(folder)
    write_csv_rows(folder / "trend.csv", _TREND, trend)
    return trend


def _free(parent: Path, name: str) -> Path:
    path, number = parent / name, 2
    while path.exists():
        path, number = parent / f"{name}-{number}", number + 1
    return path


def trend_of(folder: Path) -> list[dict[str, Any]]:
    """Return one line per stored run, oldest first."""
    return [
        _trend_line(path) for path in sorted((folder / "runs").glob("*/summary.json"))
    ]


def _trend_line(path: Path) -> dict[str, Any]:
    summary = read_json(path)
    names = ("rows", "ok", "value_at_stake")
    told = {name: summary[name] for name in names}
    changes = summary.get("changes", {})
    return {"run": path.parent.name, **told, **summary["severities"], **changes}
