"""`redirectmap inspect`: what is this file, what was read, what was refused."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from redirectmap.cli.output import emit_json, json_option

if TYPE_CHECKING:
    from redirectmap.readers import ReadReport

SHOWN = 20


@click.command("inspect")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--encoding", help="Encoding of FILE, e.g. cp1252; else by its content.")
@json_option
def command(file: Path, encoding: str | None, as_json: bool) -> None:
    """Tell which format FILE is, what was read, what was refused and why."""
    from redirectmap.readers import inspect

    report = inspect(file, encoding=encoding)
    if as_json:
        emit_json(_as_json(report))
    else:
        click.echo("\n".join(_lines(report)))


def _as_json(report: ReadReport) -> dict[str, object]:
    found = asdict(report)
    found["set_aside"] = dict(report.set_aside)
    return found


def _lines(report: ReadReport) -> list[str]:
    read, refused = report.rows_read, len(report.refused)
    lines = [
        f"{report.path}: {report.format}",
        f"  feeds    {report.kind}",
        f"  rows     {report.rows_in} in, {read} read, {refused} refused",
    ]
    lines += [f"  aside    {count} {reason}" for reason, count in report.set_aside]
    lines += [f"  note     {note}" for note in report.notes]
    for row in report.refused[:SHOWN]:
        place = f"line {row.line}" if row.line else "row"
        column = f" {row.column}" if row.column else ""
        lines.append(f"  refused  {place}{column}: {row.reason} ({row.text})")
    if len(report.refused) > SHOWN:
        rest = len(report.refused) - SHOWN
        lines.append(f"  refused  and {rest} more: --json lists them")
    return lines
