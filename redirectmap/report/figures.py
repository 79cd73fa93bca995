"""The report's figures and sentences, each from the tables alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd
from markupsafe import Markup

from redirectmap import urls
from redirectmap.report.charts import bars
from redirectmap.report.gather import Gathered
from redirectmap.report.hops import hop_steps
from redirectmap.tables.schemas import SEVERITIES

SHOWN_FINDINGS = 12
SHOWN_VERDICTS = 15
SHOWN_RUNS = 12


@dataclass(frozen=True, slots=True)
class Tile:
    """One large figure: mood is `good`, `care`, `bad` or empty."""

    figure: str
    text: str
    mood: str = ""


@dataclass(frozen=True)
class Group:
    """Findings of one check at one severity.

    Attributes:
        message: The commonest message where there is one row, else a count.
        value: Share of the old site's value its rows touch.
    """

    severity: str
    check: str
    rows: int
    value: float
    message: str
    hint: str
    shown: list[dict[str, Any]]


def actions(plan: pd.DataFrame) -> dict[str, int]:
    """Return the rows of each action."""
    counts = plan["action"].value_counts()
    return {name: int(counts.get(name, 0)) for name in _ACTIONS}


_ACTIONS = ("redirect", "keep", "gone", "review")


def value_of(plan: pd.DataFrame, action: str) -> float:
    """Return the share of the old site's value on rows with `action`."""
    return float(plan.loc[plan["action"] == action, "priority"].fillna(0).sum())


def old_and_new(plan: pd.DataFrame) -> tuple[str, str]:
    """Name the two sites by their commonest hosts."""
    return _host(plan["old_url"]), _host(plan["new_url"])


def _host(column: pd.Series) -> str:
    for url in column.dropna():
        parsed = urls.parse(str(url))
        if isinstance(parsed, urls.Url):
            return parsed.host
    return "nowhere"


def sentence(found: Gathered) -> str:
    """Say in one breath how the migration stands."""
    counts = actions(found.plan)
    parts = [
        f"{counts['redirect']} redirect to their successor",
        f"{counts['gone']} are retired",
    ]
    if counts["keep"]:
        parts.insert(1, f"{counts['keep']} stay where they are")
    open_rows = counts["review"]
    end = (
        f"{open_rows} wait for a person." if open_rows else "nothing is left to decide."
    )
    total = len(found.plan)
    return f"Of {total} old URLs {', '.join(parts)}, and {end}"


def contents(found: Gathered) -> list[tuple[str, str]]:
    """Return the page's table of contents: id and name."""
    every = [
        ("moves", "What moves"),
        ("first", "Look first"),
        ("risk", "Given up"),
        ("findings", "Findings"),
        ("proof", "Proof"),
        ("verify", "Verification"),
        ("profile", "Backlinks"),
        ("equity", "Equity"),
        ("advice", "Next links"),
        ("monitor", "Over time"),
        ("sign", "Sign-off"),
    ]
    absent = {
        name
        for name, value in (
            ("profile", found.profile),
            ("equity", found.equity),
            ("advice", found.advice),
            ("monitor", found.monitor),
        )
        if not value
    }
    return [(name, text) for name, text in every if name not in absent]


def tiles(found: Gathered) -> list[Tile]:
    """Return the large figures on top."""
    plan, counts = found.plan, actions(found.plan)
    decided = len(plan) - counts["review"]
    share = f"{100 * decided / len(plan):.0f} %" if len(plan) else "-"
    at_risk = value_of(plan, "review")
    lost = value_of(plan, "gone")
    errors = int((found.findings["severity"] == "error").sum())
    rest = len(found.findings) - errors
    return [
        Tile(f"{len(plan)}", "old URLs in the plan"),
        Tile(share, f"decided ({decided} rows)", "good"),
        Tile(
            f"{counts['review']}",
            f"open decisions, {at_risk:.1%} of the value",
            "care" if counts["review"] else "good",
        ),
        Tile(f"{lost:.1%}", f"of the value is given up ({counts['gone']} pages)"),
        Tile(f"{errors}", f"errors, and {rest} milder findings", _mood(errors)),
        *_proof_tile(found.proofs),
        *_live_tile(found.verdicts),
    ]


def _mood(bad: int) -> str:
    return "bad" if bad else "good"


def _proof_tile(proofs: Mapping[str, Mapping[str, Any]]) -> list[Tile]:
    if not proofs:
        return []
    rows = sum(int(proof["rows"]) for proof in proofs.values())
    exact = sum(int(proof["exact"]) for proof in proofs.values())
    names = " and ".join(proofs)
    mood = _mood(rows - exact)
    return [Tile(f"{exact}/{rows}", f"rules exact on {names}", mood)]


def _live_tile(verdicts: pd.DataFrame | None) -> list[Tile]:
    if verdicts is None:
        return []
    fine, decided = live_answers(verdicts)
    bad = int((verdicts["severity"] == "error").sum())
    return [Tile(f"{fine}/{decided}", "decided rows answer as planned", _mood(bad))]


def live_answers(verdicts: pd.DataFrame) -> tuple[int, int]:
    """Return the rows that answer as planned, and the rows that are decided."""
    decided = int((verdicts["verdict"] != "review").sum())
    return int((verdicts["verdict"] == "ok").sum()), decided


def finding_groups(findings: pd.DataFrame) -> list[Group]:
    """Group findings by check, worst severity and highest value first."""
    groups = [
        _group(str(keys[0]), str(keys[1]), table)
        for keys, table in findings.groupby(["severity", "check"], sort=False)
    ]
    order = {name: place for place, name in enumerate(SEVERITIES)}
    return sorted(groups, key=lambda g: (order[g.severity], -g.value, g.check))


def _group(severity: str, check: str, table: pd.DataFrame) -> Group:
    ordered = table.sort_values("value", ascending=False, kind="stable")
    top = ordered.head(SHOWN_FINDINGS).astype(object)
    shown = top.where(top.notna(), None).to_dict("records")
    hints = [str(hint) for hint in table["hint"].dropna().unique()]
    return Group(
        severity=severity,
        check=check,
        rows=len(table),
        value=_touched(table),
        message="" if len(table) > 1 else str(table["message"].iloc[0]),
        hint=hints[0] if hints else "",
        shown=[{str(k): v for k, v in row.items()} for row in shown],
    )


def _verified(verdicts: pd.DataFrame) -> str:
    fine, decided = live_answers(verdicts)
    text = f"{fine} of {decided} decided old URLs answer as planned"
    waiting = len(verdicts) - decided
    return f"{text}; {waiting} wait for a person." if waiting else f"{text}."


def _touched(table: pd.DataFrame) -> float:
    """Add up the value of the rows concerned, each row once."""
    rows = table[table["old_url"].isna() | ~table.duplicated("old_url")]
    return min(1.0, float(rows["value"].fillna(0).sum()))


def verified_view(verdicts: pd.DataFrame | None) -> dict[str, Any] | None:
    """Return sentence, chart and worst rows of the last verification."""
    if verdicts is None or verdicts.empty:
        return None
    counts = verdicts["verdict"].value_counts()
    order = {name: place for place, name in enumerate(SEVERITIES)}
    odd = verdicts[verdicts["verdict"] != "ok"].copy()
    odd["_rank"] = odd["severity"].map(order)
    odd = odd.sort_values(["_rank", "value"], ascending=[True, False], kind="stable")
    top = odd.head(SHOWN_VERDICTS).astype(object)
    rows = [(str(name), float(n), str(n)) for name, n in counts.items()]
    records = top.where(top.notna(), None).to_dict("records")
    worst = [{str(name): cell for name, cell in row.items()} for row in records]
    return {
        "sentence": _verified(verdicts),
        "chart": bars(rows, label="Verdicts of the last verification"),
        "worst": [{**row, "steps": hop_steps(row)} for row in worst],
    }


def trend(earlier: Sequence[Mapping[str, Any]]) -> Markup:
    """Draw the share of right answers of each verification so far."""
    rows = [
        (
            str(run["run"]),
            int(run["ok"]) / int(run["rows"]),
            f"{run['ok']}/{run['rows']}",
        )
        for run in earlier[-SHOWN_RUNS:]
        if int(run["rows"])
    ]
    return bars(rows, label="Right answers per verification") if rows else Markup()


def sign_list(found: Gathered) -> list[str]:
    """Return what somebody agrees to by signing."""
    counts = actions(found.plan)
    errors = int((found.findings["severity"] == "error").sum())
    lines = [
        f"{counts['redirect']} permanent redirects as listed in map.xlsx",
        f"{counts['gone']} pages are retired and answer 410",
    ]
    if counts["review"]:
        lines.append(f"{counts['review']} open decisions are made before launch")
    if errors:
        lines.append(f"{errors} errors above are mended or accepted")
    return [*lines, "the old host stays under our control for at least one year"]
