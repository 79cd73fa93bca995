"""Read and write plans: ours, and the spreadsheets of other people.

Decides what a column of a foreign sheet means. A sheet without an action column
gets one from its status and target; paths without a host stay paths, checks
compare them within one site.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from redirectmap.errors import InputError
from redirectmap.tables.files import (
    decode_utf8,
    read_strict_csv,
    write_atomic,
    write_csv,
    write_json,
    write_parquet,
)
from redirectmap.tables.schemas import FINDINGS, PLAN

GENERATED = ".generated.csv"

_ALIASES: dict[str, tuple[str, ...]] = {
    "old_url": (
        "old url",
        "old",
        "source",
        "source url",
        "from",
        "redirect from",
        "from url",
        "origin",
        "original url",
        "current url",
        "legacy url",
        "old path",
        "old address",
        "address",
        "request url",
        "alte url",
        "quelle",
        "url",
    ),
    "new_url": (
        "new url",
        "new",
        "target",
        "target url",
        "to",
        "redirect to",
        "to url",
        "destination",
        "destination url",
        "redirect url",
        "redirect target",
        "new path",
        "new address",
        "neue url",
        "ziel",
    ),
    "status": (
        "status code",
        "redirect type",
        "type",
        "code",
        "http status",
        "redirect code",
        "http code",
        "response code",
        "redirect status",
    ),
}
_WORDS = {"permanent": "301", "temporary": "302", "gone": "410"}
_EMPTY_ANSWERS = {404, 410}


def read_plan(path: Path) -> pd.DataFrame:
    """Read a plan.csv of ours, or any CSV with an old and a new URL per row.

    Returns:
        Schema PLAN, in the file's order. Repeated old URLs are kept: a check
        names them.

    Raises:
        InputError: The file cannot be used; the message says where and why.
    """
    table = _cells(path)
    renamed = _renamed(table, where=str(path))
    if "old_url" not in renamed.columns:
        raise InputError.missing_column(
            "old_url", present=list(map(str, table.columns)), where=str(path)
        )
    renamed["old_url"] = renamed["old_url"].str.strip()
    renamed = renamed[renamed["old_url"].fillna("").ne("")].reset_index(drop=True)
    if "new_url" in renamed:
        renamed["new_url"] = renamed["new_url"].str.strip().replace("", None)
    return _checked(_with_action(renamed), where=str(path))


def _checked(table: pd.DataFrame, *, where: str) -> pd.DataFrame:
    blank = table["action"].isna() | table["action"].eq("")
    table["action"] = table["action"].where(~blank, _actions(table))
    unique = PLAN.__class__(PLAN.name, PLAN.columns, key=())
    return unique.check(table, where=where)


def _cells(path: Path) -> pd.DataFrame:
    """Return the file's cells as text, empty cells as None."""
    sample = _sample(path)
    delimiter = max(",;\t", key=sample.partition("\n")[0].count)
    if delimiter == ",":
        table = _fast(path)
        return table if table is not None else _blank(read_strict_csv(path))
    text = decode_utf8(path.read_bytes(), str(path))
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    rows = [row for row in reader if row]
    header = rows[0]
    padded = [(row + [""] * len(header))[: len(header)] for row in rows[1:]]
    return _blank(pd.DataFrame(padded, columns=header, dtype=object))


def _blank(table: pd.DataFrame) -> pd.DataFrame:
    return table.where(table.map(bool), None)


def _sample(path: Path) -> str:
    try:
        with path.open("rb") as stream:
            return stream.read(65_536).decode("utf-8-sig", errors="replace")
    except OSError as error:
        raise InputError.unreadable(
            path, error, hint="check the path of the plan"
        ) from error


def _fast(path: Path) -> pd.DataFrame | None:
    """Read a large file by pyarrow; None where it needs the strict reader."""
    import pyarrow as pa
    from pyarrow import csv as arrow

    convert = arrow.ConvertOptions(
        strings_can_be_null=True, quoted_strings_can_be_null=True, null_values=[""]
    )
    parse = arrow.ParseOptions(newlines_in_values=True)
    try:
        with arrow.open_csv(path, parse_options=parse) as peek:
            names = peek.schema.names
        convert.column_types = dict.fromkeys(names, pa.string())
        table = arrow.read_csv(path, parse_options=parse, convert_options=convert)
    except (pa.ArrowInvalid, pa.ArrowKeyError):
        return None
    frame: pd.DataFrame = table.to_pandas(
        types_mapper=None, strings_to_categorical=False
    )
    return frame.astype(object)


def _renamed(table: pd.DataFrame, *, where: str) -> pd.DataFrame:
    names = {str(name): _plain_name(str(name)) for name in table.columns}
    if _looks_like_url(str(table.columns[0])):
        raise InputError(
            "has no header line",
            hint="write old_url,new_url,status as the first line",
            where=f"{where}:1",
        )
    columns: dict[str, str] = {}
    for column in PLAN.names:
        wanted = (column.replace("_", " "), *_ALIASES.get(column, ()))
        given = next(
            (name for alias in wanted for name, p in names.items() if p == alias), None
        )
        if given is not None and given not in columns:
            columns[given] = column
    if "old_url" in columns.values() and not _ANSWERS & set(columns.values()):
        raise InputError.missing_column("new_url", present=list(names), where=where)
    return table.loc[:, list(columns)].rename(columns=columns).copy()


_ANSWERS = {"new_url", "action", "status"}


def _plain_name(name: str) -> str:
    return name.strip().casefold().replace("_", " ").replace("-", " ")


def _looks_like_url(text: str) -> bool:
    return text.startswith(("http://", "https://", "/"))


def _with_action(table: pd.DataFrame) -> pd.DataFrame:
    for column in ("action", "new_url", "status"):
        if column not in table:
            table[column] = None
    table["status"] = _statuses(table["status"])
    table["action"] = table["action"].str.strip().str.lower()
    empty = table["status"].isna() & table["action"].isin(["redirect"])
    table["status"] = table["status"].where(~empty, 301)
    return table


def _statuses(cells: pd.Series) -> pd.Series:
    """Read `301`, `301.0`, `301 (permanent)`, `Permanent`."""
    codes, different = pd.factorize(cells.astype(object), use_na_sentinel=False)
    return _codes(pd.Series(different, dtype=object)).take(codes).set_axis(cells.index)


def _codes(cells: pd.Series) -> pd.Series:
    text = cells.astype(object).where(cells.notna(), "").astype(str).str.lower()
    for word, code in _WORDS.items():
        text = text.mask(text.str.contains(word) & ~text.str.contains(r"\d"), code)
    return pd.to_numeric(text.str.extract(r"(\d{3})")[0]).astype("Int64")


def _actions(table: pd.DataFrame) -> pd.Series:
    target = table["new_url"].notna()
    status = table["status"]
    action = pd.Series("review", index=table.index, dtype=object)
    action = action.mask(target, "redirect")
    action = action.mask(status.isin(list(_EMPTY_ANSWERS)).fillna(False), "gone")
    return action.mask(status.eq(200).fillna(False), "keep")


def read_generated(folder: Path) -> pd.DataFrame | None:
    """Return the plan as last generated in `folder`, before people edited it."""
    path = folder / GENERATED
    return read_plan(path) if path.exists() else None


def write_plan(
    folder: Path,
    plan: pd.DataFrame,
    *,
    generated: pd.DataFrame,
    findings: pd.DataFrame,
    rules: pd.DataFrame,
    scores: pd.DataFrame,
    summary: Mapping[str, Any],
) -> None:
    """Write a plan's folder; plan.csv comes last, so it never runs ahead.

    Args:
        folder: Made when missing.
        plan: What people see: the decisions merged with theirs.
        generated: What the tool alone decided; the base of the next merge.
        findings: Schema FINDINGS.
        rules: Pattern rules and their exceptions.
        scores: Every candidate with its signals.
        summary: The sign-off summary.
    """
    write_parquet(folder / "scores.parquet", scores)
    write_csv(folder / "rules.csv", rules)
    write_csv(folder / "findings.csv", FINDINGS.fit(findings))
    write_json(folder / "plan.json", summary)
    table = plan_text(PLAN.fit(plan))
    write_atomic(folder / GENERATED, plan_text(PLAN.fit(generated)))
    write_atomic(folder / "plan.csv", table)


def plan_text(plan: pd.DataFrame) -> str:
    """Return `plan` as the bytes of a plan.csv; the same plan, the same bytes."""
    out = io.StringIO()
    plan.to_csv(out, index=False, lineterminator="\n", float_format="%.6g")
    return out.getvalue()


def records(table: pd.DataFrame) -> list[dict[str, Any]]:
    """Return rows for a JSON answer, None where a value is not known."""
    plain = table.astype(object).where(table.notna(), None)
    return [
        {str(name): value for name, value in row.items()}
        for row in plain.to_dict(orient="records")
    ]


def findings_json(findings: pd.DataFrame, *, rows: int) -> dict[str, Any]:
    """Return findings for a JSON answer, counted by severity and check."""
    return {
        "rows": rows,
        "by_severity": {
            str(k): int(v) for k, v in findings["severity"].value_counts().items()
        },
        "by_check": {
            str(k): int(v) for k, v in findings["check"].value_counts().items()
        },
        "findings": records(findings),
    }
