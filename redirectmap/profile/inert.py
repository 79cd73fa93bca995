"""Keep texts of other people from acting as formulas in a spreadsheet.

A CSV has no way to say "this is text". A cell that a spreadsheet would compute
gets an apostrophe in front, which spreadsheets take as "text follows".

Bounds  `@name` and `-20 % on all` compute nothing and stay as they are.
Source  OWASP, CSV Injection.
"""

from __future__ import annotations

import re
from collections.abc import Collection

import pandas as pd

_FORMULA = re.compile(r"\s*(?:=|[+\-@|%][^\n]*[(!|])")


def inert(table: pd.DataFrame, columns: Collection[str]) -> pd.DataFrame:
    """Return the table with an apostrophe before texts that would compute."""
    if table.empty:
        return table
    return table.assign(
        **{name: table[name].map(_text).astype(object) for name in columns}
    )


def _text(value: object) -> object:
    risky = isinstance(value, str) and _FORMULA.match(value)
    return f"'{value}" if risky else value
