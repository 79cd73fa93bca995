"""Read the files that `evaluate` and `explain` need beside the plan."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from redirectmap.errors import InputError
from redirectmap.tables.files import read_strict_csv

_COLUMNS = ("old_url", "new_url", "status", "source")


def read_truth(path: Path) -> pd.DataFrame:
    """Read a truth file: old_url, new_url, status, source as text.

    Raises:
        InputError: The file or a column is missing.
    """
    table = read_strict_csv(path)
    for name in _COLUMNS:
        if name not in table.columns:
            raise InputError.missing_column(
                name, present=list(table.columns), where=str(path)
            )
    return table[list(_COLUMNS)].fillna("")


def read_scores(folder: Path) -> pd.DataFrame:
    """Read scores.parquet of a plan's folder.

    Raises:
        InputError: It is missing or cannot be read.
    """
    path = folder / "scores.parquet"
    try:
        return pd.read_parquet(path)
    except (OSError, ValueError) as error:
        raise InputError(
            "the plan's scores cannot be read",
            hint="run `redirectmap plan` again; it writes them beside plan.csv",
            where=str(path),
        ) from error
