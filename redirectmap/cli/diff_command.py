"""`redirectmap diff`: what changed between two plans."""

from __future__ import annotations

from pathlib import Path

import click

from redirectmap.cli.output import emit_json, json_option, quiet_option, say

_PLAN = click.Path(path_type=Path)


@click.command("diff")
@click.argument("plan_a", type=_PLAN)
@click.argument("plan_b", type=_PLAN)
@json_option
@quiet_option
def command(plan_a: Path, plan_b: Path, *, as_json: bool, quiet: bool) -> None:
    """Show what changed between PLAN_A and PLAN_B, most valuable rows first."""
    from redirectmap.planning import diff, files

    table = diff.diff_plans(files.read_plan(plan_a), files.read_plan(plan_b))
    counts = {str(k): int(v) for k, v in table["change"].value_counts().items()}
    if as_json:
        emit_json({"counts": counts, "changes": files.records(table)})
    else:
        for row in table.drop(columns="priority").itertuples(index=False):
            click.echo("\t".join(map(str, row)))
    said = ", ".join(f"{n:,} {change}" for change, n in counts.items())
    say(said or "no difference", quiet=quiet)
