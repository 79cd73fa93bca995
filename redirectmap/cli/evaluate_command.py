"""`redirectmap evaluate`: how good is a plan, where the truth is known."""

from __future__ import annotations

from pathlib import Path

import click

from redirectmap.cli.output import emit_json, json_option


@click.command("evaluate")
@click.argument("plan", type=click.Path(path_type=Path))
@click.option(
    "--truth",
    required=True,
    type=click.Path(path_type=Path),
    help="CSV with old_url, new_url, status, source.",
)
@click.option(
    "--stage",
    type=click.Choice(["plan", "candidates"]),
    default="plan",
    show_default=True,
    help="Score the plan, or the recall of scores.parquet beside it.",
)
@json_option
def command(plan: Path, truth: Path, stage: str, as_json: bool) -> None:
    """Score PLAN (plan.csv or its folder) against a truth file."""
    from redirectmap.planning.evaluate import (
        calibration_table,
        evaluate_candidates,
        evaluate_plan,
        judged_rows,
    )
    from redirectmap.planning.evaluate_files import read_scores, read_truth
    from redirectmap.tables import PLAN, read_csv_table

    path = plan / "plan.csv" if plan.is_dir() else plan
    known = read_truth(truth)
    if stage == "candidates":
        figures = evaluate_candidates(read_scores(path.parent), known)
        table = None
    else:
        rows = read_csv_table(path, PLAN)
        figures = evaluate_plan(rows, known)
        table = calibration_table(judged_rows(rows, known))
    if as_json:
        bins = [] if table is None else table.to_dict("records")
        emit_json({**figures, "calibration": bins})
        return
    for name, value in figures.items():
        shown = f"{value:.4f}" if isinstance(value, float) else value
        click.echo(f"{name:16s} {'-' if shown is None else shown}")
    if table is not None:
        click.echo("\ncalibration: rows, mean confidence, share right")
        for row in table.itertuples():
            click.echo(f"{row.rows:6d}  {row.confidence:.3f}  {row.right:.3f}")
