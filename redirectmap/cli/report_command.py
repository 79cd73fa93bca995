"""`redirectmap report`: one HTML file and one workbook."""

from __future__ import annotations

from pathlib import Path

import click

from redirectmap.cli.output import emit_json, json_option, quiet_option, say


@click.command("report")
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))
@json_option
@quiet_option
def command(folder: Path, as_json: bool, quiet: bool) -> None:
    """Write report.html and map.xlsx into DIR, a plan's folder."""
    from redirectmap.report import write_report, write_workbook

    made = {
        "report": str(write_report(folder)),
        "workbook": str(write_workbook(folder)),
    }
    if as_json:
        emit_json(made)
        return
    for name, path in made.items():
        say(f"{name}: {path}", quiet=quiet)
