"""Read everything a plan's folder holds for the report; what is missing is None."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from redirectmap.errors import InputError
from redirectmap.tables import FINDINGS, PLAN, VERDICTS, read_csv_table, read_json

_UNSEEN = re.compile("[\x00-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]")


@dataclass(frozen=True)
class Gathered:
    """A plan's folder, read.

    Attributes:
        folder: Where it lies.
        plan: Schema PLAN, by priority.
        findings: Schema FINDINGS, worst first.
        rules: Pattern rules of the plan.
        summary: plan.json.
        verdicts: Schema VERDICTS; None before the first verification.
        earlier: Counts of earlier verifications, oldest first.
        proofs: proof.json of each exported format, by name.
        profile: profile.json.
        equity: equity.json.
        advice: advice.json.
        monitor: monitor.json, beside the plan or in its folder `monitor`.
        link_findings: Schema FINDINGS, of the four commands about links.
        new_urls: Pages of the new site that answer 200; empty where not known.
    """

    folder: Path
    plan: pd.DataFrame
    findings: pd.DataFrame
    rules: pd.DataFrame | None
    summary: dict[str, Any]
    verdicts: pd.DataFrame | None
    earlier: tuple[dict[str, Any], ...]
    proofs: dict[str, dict[str, Any]]
    profile: dict[str, Any] | None
    equity: dict[str, Any] | None
    advice: dict[str, Any] | None
    monitor: dict[str, Any] | None
    link_findings: pd.DataFrame
    new_urls: pd.DataFrame


def gather(folder: Path) -> Gathered:
    """Read `folder`.

    Raises:
        InputError: There is no plan in it, or a file in it is damaged.
    """
    if not (folder / "plan.csv").exists():
        raise InputError(
            "holds no plan.csv",
            hint="name the folder that `redirectmap plan --out` wrote",
            where=str(folder),
        )
    plan = read_csv_table(folder / "plan.csv", PLAN)
    return Gathered(
        folder=folder,
        plan=_by_priority(plan),
        findings=_table(folder / "findings.csv"),
        rules=_optional_csv(folder / "rules.csv"),
        summary=_optional_json(folder / "plan.json") or {},
        verdicts=_verdicts(folder / "verify" / "verdicts.csv"),
        earlier=_earlier(folder / "verify"),
        proofs=_proofs(folder),
        profile=_optional_json(folder / "profile.json"),
        equity=_optional_json(folder / "equity.json"),
        advice=_optional_json(folder / "advice.json"),
        monitor=_beside(folder, "monitor.json"),
        link_findings=_link_findings(folder),
        new_urls=_new_urls(folder),
    )


def plain(value: object) -> str:
    """Return a cell as text that cannot hide anything: no control or bidi marks."""
    if value is None or value is pd.NA or value != value:  # noqa: PLR0124 - NaN
        return ""
    return _UNSEEN.sub("\N{REPLACEMENT CHARACTER}", str(value))


def _by_priority(plan: pd.DataFrame) -> pd.DataFrame:
    order = ["priority", "old_url"]
    return plan.sort_values(order, ascending=[False, True], ignore_index=True)


def _table(path: Path) -> pd.DataFrame:
    if not path.exists():
        return pd.DataFrame(columns=list(FINDINGS.names))
    return read_csv_table(path, FINDINGS)


def _optional_csv(path: Path) -> pd.DataFrame | None:
    if not path.exists() or not path.stat().st_size:
        return None
    try:
        return pd.read_csv(path, dtype=str, keep_default_na=False)
    except pd.errors.EmptyDataError:
        return None


def _optional_json(path: Path) -> dict[str, Any] | None:
    return read_json(path) if path.exists() else None


def _beside(folder: Path, name: str) -> dict[str, Any] | None:
    found = _optional_json(folder / name)
    return _optional_json(folder / "monitor" / name) if found is None else found


_LINK_FINDINGS = (
    *("profile_findings.csv", "equity_findings.csv", "advice_findings.csv"),
    *("monitor_findings.csv", "monitor/monitor_findings.csv"),
)


def _link_findings(folder: Path) -> pd.DataFrame:
    """Return what profile, equity, advise and monitor found, in that order."""
    tables = [_table(folder / name) for name in _LINK_FINDINGS]
    known = [table for table in tables if len(table)]
    return pd.concat(known, ignore_index=True) if known else tables[0]


def _verdicts(path: Path) -> pd.DataFrame | None:
    return read_csv_table(path, VERDICTS) if path.exists() else None


def _earlier(folder: Path) -> tuple[dict[str, Any], ...]:
    table = _optional_csv(folder / "trend.csv")
    if table is None or not {"run", "rows", "ok"} <= set(table.columns):
        return ()
    return tuple(
        {str(k): v for k, v in row.items()} for row in table.to_dict("records")
    )


def _proofs(folder: Path) -> dict[str, dict[str, Any]]:
    found = sorted((folder / "rules").glob("*/proof.json"))
    return {path.parent.name: read_json(path) for path in found}


def _new_urls(folder: Path) -> pd.DataFrame:
    """Return url and title of the new site's pages that could be a target."""
    path = folder / "new.db"
    if not path.exists():
        return pd.DataFrame({"url": [], "title": []}, dtype=object)
    from redirectmap.readers import read_site

    pages = read_site(path).pages
    live = pages["status"].fillna(200).eq(200)
    return pages.loc[live, ["url", "title"]].reset_index(drop=True)
