"""`redirectmap explain`: one old URL, its candidates side by side."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from redirectmap.cli.output import emit_json, json_option
from redirectmap.errors import UsageError

_SHOWN = 3


@click.command("explain")
@click.argument("plan", type=click.Path(path_type=Path))
@click.argument("old_url")
@json_option
def command(plan: Path, old_url: str, as_json: bool) -> None:
    """Show why OLD_URL of PLAN (plan.csv or its folder) got its target."""
    from redirectmap.matching import reason
    from redirectmap.planning.evaluate_files import read_scores
    from redirectmap.tables import PLAN, read_csv_table

    path = plan / "plan.csv" if plan.is_dir() else plan
    rows = read_csv_table(path, PLAN)
    found = rows[rows["old_url"] == old_url]
    if found.empty:
        raise UsageError(
            f"{old_url} is not in the plan",
            hint="give the old URL exactly as the plan spells it",
            where=str(path),
        )
    decided = found.iloc[0]
    scores = read_scores(path.parent)
    own = scores[scores["old_url"] == old_url].sort_values("rank")
    candidates: list[dict[str, Any]] = [
        {str(k): v for k, v in row.items()} for row in own.to_dict("records")
    ]
    if as_json:
        row = {str(k): _plain(v) for k, v in decided.items()}
        listed = [{k: _plain(v) for k, v in c.items()} for c in candidates]
        emit_json({"row": row, "candidates": listed})
        return
    click.echo(f"{old_url}\n  {decided['action']} {decided['new_url'] or ''}")
    click.echo(f"  {decided['decided_by']}: {decided['reason']}")
    for candidate in candidates[:_SHOWN]:
        click.echo(f"\n{candidate['rank']}. {candidate['new_url']}")
        click.echo(
            f"   probability {candidate['probability']:.3f}; {reason(candidate)}"
        )
    _signals(candidates[:_SHOWN])


def _signals(candidates: list[dict[str, Any]]) -> None:
    """Print one line per signal, one column per candidate."""
    from redirectmap.matching.features import NAMES

    if candidates:
        click.echo()
    for name in NAMES if candidates else ():
        cells = [candidate.get(name) for candidate in candidates]
        if any(cell is not None and cell == cell for cell in cells):  # noqa: PLR0124
            figures = "".join(f"{float(c or 0):8.2f}" for c in cells)
            click.echo(f"{name:22s}{figures}")


def _plain(value: Any) -> Any:  # noqa: ANN401
    """Return `value` as JSON knows it; not known becomes null."""
    import pandas as pd

    if pd.isna(value):
        return None
    return value.item() if hasattr(value, "item") else value
