"""What each table holds: one `Column` line says name, type, unit and range.

Types are few on purpose: `str` (object, None where not known), `int` (Int64,
NA where not known), `float` (float64, NaN where not known), `bool` (boolean),
`list` (list of str). NA means not known, 0 means measured as none.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import pandas as pd

from redirectmap.errors import InputError

Kind = Literal["str", "int", "float", "bool", "list"]
_DTYPES: dict[str, Any] = {"int": "Int64", "float": "float64", "bool": "boolean"}


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a table: what it holds, in which unit, within which range."""

    name: str
    kind: Kind
    unit: str
    nullable: bool = True
    low: float | None = None
    high: float | None = None
    choices: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Schema:
    """A table's contract. `key` columns are unique together and never null."""

    name: str
    columns: tuple[Column, ...]
    key: tuple[str, ...] = ()

    @property
    def names(self) -> list[str]:
        """Column names, in order."""
        return [column.name for column in self.columns]

    def empty(self) -> pd.DataFrame:
        """Return the table without rows."""
        return self.fit(pd.DataFrame(columns=self.names))

    def fit(self, table: pd.DataFrame) -> pd.DataFrame:
        """Return `table` with exactly the schema's columns and types.

        Missing nullable columns are added as not known. No value is checked;
        use `check` for tables that come from outside.
        """
        columns = {
            c.name: _typed(table[c.name], c.kind)
            if c.name in table.columns
            else _unknown(c.kind, table.index)
            for c in self.columns
        }
        return pd.DataFrame(columns, index=table.index)

    def check(
        self, table: pd.DataFrame, *, where: str, first_line: int = 2
    ) -> pd.DataFrame:
        """Return `table` fitted to the schema, or say what is wrong.

        Args:
            table: Any frame; columns the schema does not name are dropped.
            where: File or floor the table comes from, for the message.
            first_line: Line of the first row, where it is a part of a file.

        Raises:
            InputError: A column is missing, a null, a wrong type, a value out
                of range, a repeated key; the first row at fault is named.
        """
        for column in self.columns:
            if not column.nullable and column.name not in table.columns:
                raise InputError.missing_column(
                    column.name, present=list(map(str, table.columns)), where=where
                )
        try:
            fitted = self.fit(table)
        except (TypeError, ValueError) as error:
            raise InputError(
                f"a number cannot be read: {error}",
                hint="mend the cell, or leave it empty if the value is not known",
                where=where,
            ) from error
        for column in self.columns:
            _check_values(fitted[column.name], column, where, first_line)
        self._check_key(fitted, where=where, first_line=first_line)
        return fitted

    def _check_key(self, table: pd.DataFrame, *, where: str, first_line: int) -> None:
        if not self.key:
            return
        repeated = table.duplicated(list(self.key))
        if repeated.any():
            example = table.loc[repeated, list(self.key)].iloc[0].tolist()
            line = int(repeated.to_numpy().argmax()) + first_line
            raise InputError(
                f"{' '.join(map(str, example))} stands twice",
                hint=f"keep one row per {', '.join(self.key)}",
                where=f"{where}:{line}",
            )


def _typed(values: pd.Series, kind: Kind) -> pd.Series:
    if kind == "list":
        return values.astype(object)
    if kind == "str":
        known = values.astype(object)
        return known.where(known.notna(), None)
    if kind == "bool":
        return _as_bool(values)
    if values.dtype == object or str(values.dtype).startswith("str"):
        values = values.replace("", None)
    numbers = pd.to_numeric(values)
    return numbers.astype(_DTYPES[kind])


def _as_bool(values: pd.Series) -> pd.Series:
    words: dict[str, bool | None] = {
        "true": True,
        "1": True,
        "yes": True,
        "false": False,
        "0": False,
    }
    words |= {"no": False, "": None}
    known = values.astype(object).where(values.notna(), "")
    as_text = known.map(str).str.strip().str.lower()
    unknown = ~as_text.isin(list(words))
    if unknown.any():
        raise ValueError(f"{as_text[unknown].iloc[0]!r} is neither true nor false")
    return as_text.map(words).astype("boolean")


def _unknown(kind: Kind, index: pd.Index) -> pd.Series:
    if kind in _DTYPES:
        return pd.Series(pd.NA, index=index, dtype="Int64").astype(_DTYPES[kind])
    return pd.Series([None] * len(index), index=index, dtype=object)


def _check_values(
    values: pd.Series, column: Column, where: str, first_line: int
) -> None:
    def complain(bad: pd.Series, problem: str, hint: str) -> None:
        row = int(bad.to_numpy().argmax())
        place = f"{where}:{row + first_line}"
        raise InputError(problem.format(values.iloc[row]), hint=hint, where=place)

    blank = values.isna()
    if column.kind == "str":
        blank |= values.eq("")
    if not column.nullable and blank.any():
        complain(blank, f"{column.name} is empty", column.unit)
    if column.choices:
        odd = ~blank & ~values.isin(column.choices)
        if odd.any():
            hint = f"use one of: {', '.join(column.choices)}"
            complain(odd, f"{column.name} {{!r}} is not known", hint)
    if column.low is not None and column.high is not None:
        out = ~blank & ~values.between(column.low, column.high)
        if out.any():
            hint = f"{column.unit}, {column.low:g} to {column.high:g}"
            complain(out, f"{column.name} {{}} is out of range", hint)


PAGES = Schema(
    "pages",
    key=("url",),
    columns=(
        Column("url", "str", "WHATWG href without fragment", nullable=False),
        Column("status", "int", "HTTP status", low=0, high=999),
        Column("content_type", "str", "media type without parameters"),
        Column("final_url", "str", "where redirects end, if it redirects"),
        Column("canonical", "str", "absolute URL of rel=canonical"),
        Column("title", "str", "text"),
        Column("h1", "str", "text of the first h1"),
        Column("description", "str", "text of meta description"),
        Column("headings", "list", "texts of h2 and h3, in order"),
        Column("text", "str", "main content, at most 20 000 characters"),
        Column("lang", "str", "BCP 47"),
        Column("robots", "str", "directives of meta and header, comma separated"),
        Column("depth", "int", "clicks from the start URL"),
        Column("inlinks", "int", "internal pages that link here"),
        Column("identifiers", "list", "kind:value, e.g. sku:AB-1"),
        Column("content_hash", "str", "hex digest of the main content"),
        Column("fetched_at", "str", "UTC, ISO 8601"),
        Column("sources", "list", "crawl, sitemap, backlinks, logs ..."),
    ),
)

LINKS = Schema(
    "links",
    columns=(
        Column("source", "str", "page URL", nullable=False),
        Column("target", "str", "page URL", nullable=False),
        Column("position", "int", "order on the page, from 0"),
        Column("anchor", "str", "visible text, or alt of the image"),
        Column("rel", "str", "nofollow, ugc, sponsored; space separated"),
        Column("region", "str", "nav, header, footer, aside, breadcrumb, content"),
    ),
)

BACKLINKS = Schema(
    "backlinks",
    columns=(
        Column("source_url", "str", "referring page"),
        Column("source_domain", "str", "registrable domain", nullable=False),
        Column("target_url", "str", "page on our site", nullable=False),
        Column("anchor", "str", "text"),
        Column("rel", "str", "nofollow, ugc, sponsored; space separated"),
        Column("first_seen", "str", "ISO date"),
        Column("last_seen", "str", "ISO date"),
        Column("lost", "str", "ISO date, empty while live"),
        Column("authority", "float", "0 to 100 as the vendor gives it"),
        Column("vendor", "str", "ahrefs, majestic ..."),
    ),
)

LINK_COUNTS = Schema(
    "link_counts",
    columns=(
        Column("url", "str", "page on our site", nullable=False),
        Column("referring_domains", "int", "as the vendor counts them"),
        Column("backlinks", "int", "as the vendor counts them"),
    ),
)

TRAFFIC = Schema(
    "traffic",
    key=("url",),
    columns=(
        Column("url", "str", "page URL", nullable=False),
        Column("clicks", "float", "in the window"),
        Column("impressions", "float", "in the window"),
        Column("position", "float", "mean rank"),
        Column("sessions", "float", "in the window"),
        Column("conversions", "float", "in the window"),
        Column("requests", "float", "in the window"),
        Column("days", "float", "length of the window"),
    ),
)

LEGACY = Schema(
    "legacy",
    columns=(
        Column("source", "str", "absolute URL", nullable=False),
        Column("target", "str", "absolute URL; empty for 410"),
        Column("status", "int", "HTTP status; 200 is left alone", low=200, high=599),
        Column("origin", "str", "file:line, or crawl"),
    ),
)

ACTIONS = ("redirect", "gone", "keep", "review")
# a row is gone where a page is missing with at least this probability
GONE_FROM = 0.8

PLAN = Schema(
    "plan",
    key=("old_url",),
    columns=(
        Column("old_url", "str", "absolute URL on the old host", nullable=False),
        Column("action", "str", "what to do", nullable=False, choices=ACTIONS),
        Column("status", "int", "HTTP status to answer with", low=200, high=599),
        Column("new_url", "str", "absolute target; empty for gone"),
        Column("confidence", "float", "probability; empty for gone", low=0, high=1),
        Column("margin", "float", "confidence minus the runner-up's", low=-1, high=1),
        Column("decided_by", "str", "identical, identifier, rule, match, ..."),
        Column("reason", "str", "one line a person can check"),
        Column("priority", "float", "share of the old site's value", low=0, high=1),
        Column("referring_domains", "int", "registrable domains"),
        Column("backlinks", "int", "links"),
        Column("clicks", "float", "in the window"),
        Column("sessions", "float", "in the window"),
        Column("inlinks", "int", "internal pages"),
        Column("old_title", "str", "text"),
        Column("new_title", "str", "text"),
        Column("alternative_1", "str", "absolute URL"),
        Column("alternative_1_confidence", "float", "probability", low=0, high=1),
        Column("alternative_2", "str", "absolute URL"),
        Column("alternative_2_confidence", "float", "probability", low=0, high=1),
        Column("locked", "bool", "a person's: do not touch in a re-plan"),
        Column("note", "str", "a person's"),
    ),
)

SEVERITIES = ("error", "warning", "notice")

FINDINGS = Schema(
    "findings",
    columns=(
        Column("severity", "str", "worst first", nullable=False, choices=SEVERITIES),
        Column("check", "str", "stable id", nullable=False),
        Column("old_url", "str", "row of the plan"),
        Column("new_url", "str", "target of the row"),
        Column("message", "str", "one line", nullable=False),
        Column("hint", "str", "what to do, one line"),
        Column("value", "float", "share of link value and traffic touched"),
    ),
)

VERDICTS = Schema(
    "verdicts",
    key=("old_url",),
    columns=(
        Column("old_url", "str", "row of the plan", nullable=False),
        Column("verdict", "str", "stable id, ok when all is well", nullable=False),
        Column("severity", "str", "empty for ok", choices=SEVERITIES),
        Column("value", "float", "priority of the row", low=0, high=1),
        Column("message", "str", "one line"),
        Column("expected", "str", "planned target"),
        Column("final_url", "str", "where it ended"),
        Column("final_status", "int", "HTTP status there"),
        Column("hop_count", "int", "redirects followed"),
        Column("hops", "str", "status Location | status Location ..."),
    ),
)
