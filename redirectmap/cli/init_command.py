"""`redirectmap init`: a settings file to start from."""

from __future__ import annotations

from pathlib import Path

import click

from redirectmap.cli.output import say
from redirectmap.errors import UsageError


@click.command("init")
@click.argument(
    "path",
    type=click.Path(dir_okay=False, path_type=Path),
    default=Path("redirectmap.toml"),
)
@click.option("--print", "to_stdout", is_flag=True, help="Print it, write nothing.")
@click.option("--force", is_flag=True, help="Replace the file if it exists.")
def command(path: Path, *, to_stdout: bool, force: bool) -> None:
    """Write a commented redirectmap.toml (or PATH)."""
    from redirectmap.run.template import TEMPLATE
    from redirectmap.tables.files import write_atomic

    if to_stdout:
        click.echo(TEMPLATE, nl=False)
        return
    if path.exists() and not force:
        raise UsageError(
            "exists already", hint="choose another name, or --force", where=str(path)
        )
    write_atomic(path, TEMPLATE)
    say(f"wrote {path}; fill in [old] and [new], then: redirectmap run -c {path}")
