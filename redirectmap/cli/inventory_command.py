"""`redirectmap inventory`: every old URL that ever mattered, and who knows it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from redirectmap.cli.exports import export_options, files_of, weights_of
from redirectmap.cli.output import emit_json, json_option, quiet_option, say


@click.command("inventory")
@export_options
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    required=True,
    help="Folder for inventory.csv and unlinked.txt.",
)
@json_option
@quiet_option
def command(
    out: Path,
    *,
    weights: tuple[str, ...],
    as_json: bool,
    quiet: bool,
    **given: Any,  # noqa: ANN401
) -> None:
    """List every old URL that any source knows, with its value.

    Writes inventory.csv, and unlinked.txt: the URLs of the site that only exports
    know. Fetch those with `redirectmap crawl URL --list unlinked.txt` and give the
    result to `redirectmap plan --fetched`.
    """
    from redirectmap.planning import inventory_files as files
    from redirectmap.planning.inputs import account_lines
    from redirectmap.planning.known import main_origin, read_inventory

    known = read_inventory(files_of(given), weights_of(weights))
    for line in account_lines(known.reports):
        say(line, quiet=quiet)
    origin = main_origin(known.old.pages)
    files.write_unlinked(out / files.UNLINKED, known.inventory, origin)
    files.write_inventory(out, known.inventory)
    summary = files.summarised(known.inventory, known.reports)
    if as_json:
        emit_json(summary)
    else:
        click.echo("\n".join(files.inventory_lines(summary)))
    say(f"written to {out / files.INVENTORY} and {files.UNLINKED}", quiet=quiet)
