"""What a check says: one finding per row at fault, or one for many alike.

Errors and warnings name every row. Notices about how URLs are spelled would
drown them on a large site, so a notice counts its rows and names the most
valuable one.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from redirectmap.tables.schemas import FINDINGS, SEVERITIES

Severity = Literal["error", "warning", "notice"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that will hurt.

    Attributes:
        severity: error (a visitor or a ranking is lost), warning (probably),
            notice (worth knowing).
        check: Stable id.
        message: One line.
        hint: What to do, one line.
        old_url: Row of the plan; None for the plan as a whole.
        new_url: Target of the row.
        value: Share (0 to 1) of link value and traffic touched.
    """

    severity: Severity
    check: str
    message: str
    hint: str
    old_url: str | None = None
    new_url: str | None = None
    value: float | None = None


def each(
    plan: pd.DataFrame,
    mask: pd.Series | np.ndarray,
    message: str | Sequence[str],
    template: Finding,
) -> Iterator[Finding]:
    """Yield one finding per row of `plan` under `mask`.

    Args:
        plan: Needs old_url, new_url, priority.
        mask: Which rows, in the plan's order.
        message: For all rows, or one text per row under the mask.
        template: Severity, check and hint.
    """
    chosen = np.asarray(mask, dtype=bool)
    if not chosen.any():
        return
    rows = plan.loc[chosen, ["old_url", "new_url", "priority"]]
    texts = [message] * len(rows) if isinstance(message, str) else message
    for text, (old, new, value) in zip(
        texts, rows.itertuples(index=False, name=None), strict=True
    ):
        yield Finding(
            template.severity,
            template.check,
            text,
            template.hint,
            old,
            new if isinstance(new, str) else None,
            None if pd.isna(value) else float(value),
        )


def once(
    plan: pd.DataFrame, mask: pd.Series | np.ndarray, message: str, template: Finding
) -> Iterator[Finding]:
    """Yield one finding for all rows under `mask`, none when there are none.

    `{count}` and `{example}` in the message are filled in; the example is the
    row with the highest priority.
    """
    chosen = np.flatnonzero(np.asarray(mask, dtype=bool))
    if not len(chosen):
        return
    value = plan["priority"].to_numpy(dtype=float, na_value=np.nan)[chosen]
    worst = chosen[int(np.argmax(np.nan_to_num(value, nan=-1.0)))]
    row = plan.iloc[worst]
    target = row["new_url"]
    yield Finding(
        template.severity,
        template.check,
        message.replace("{count}", f"{len(chosen):,}").replace(
            "{example}", str(row["old_url"])
        ),
        template.hint,
        str(row["old_url"]),
        target if isinstance(target, str) else None,
        float(np.nansum(value)) if not np.isnan(value).all() else None,
    )


def as_table(findings: Iterable[Finding]) -> pd.DataFrame:
    """Return `findings` as Schema FINDINGS: worst severity first, then value."""
    rows = [
        (f.severity, f.check, f.old_url, f.new_url, f.message, f.hint, f.value)
        for f in findings
    ]
    return in_order(FINDINGS.fit(pd.DataFrame(rows, columns=FINDINGS.names)))


def in_order(table: pd.DataFrame) -> pd.DataFrame:
    """Return findings worst first: severity, then value."""
    order = table["severity"].map({name: i for i, name in enumerate(SEVERITIES)})
    return (
        table.assign(_order=order)
        .sort_values(
            ["_order", "value", "check", "old_url"],
            ascending=[True, False, True, True],
            kind="stable",
        )
        .drop(columns="_order")
        .reset_index(drop=True)
    )
