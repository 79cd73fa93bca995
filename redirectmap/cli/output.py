"""What commands say: data on stdout, progress and messages on stderr."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    import pandas as pd


def say(message: str, *, quiet: bool = False) -> None:
    """Print a message for a person, on stderr."""
    if not quiet:
        click.echo(message, err=True)


def emit_json(value: Mapping[str, Any]) -> None:
    """Print `value` on stdout as JSON, for a program."""
    click.echo(json.dumps(value, indent=2, ensure_ascii=False))


def rows_of(table: pd.DataFrame) -> list[dict[str, Any]]:
    """Return rows for JSON: not known becomes null."""
    known = table.astype(object).where(table.notna(), None)
    return [{str(k): v for k, v in row.items()} for row in known.to_dict("records")]


def print_findings(findings: pd.DataFrame, each: int = 3) -> None:
    """Print findings as a person reads them, `each` of a check; say what is left."""
    for (severity, check), rows in findings.groupby(["severity", "check"], sort=False):
        for row in rows.head(each).to_dict("records"):
            place = row["old_url"] or row["new_url"]
            click.echo(
                f"{severity} {check}{f' {place}' if place else ''}: {row['message']}"
            )
        if len(rows) > each:
            click.echo(f"  and {len(rows) - each} more of {check}, in the tables")


@contextmanager
def progress(label: str, total: int, *, quiet: bool) -> Iterator[Callable[[int], None]]:
    """Show a bar on stderr while the block runs; yield its step function.

    Core functions take a plain `on_step(count)` and never import click. On a
    pipe or with `quiet` nothing is drawn, so logs and tests stay clean.
    """
    if quiet or not sys.stderr.isatty():
        yield lambda _count: None
        return
    with click.progressbar(
        length=total, label=label, file=sys.stderr, show_pos=True
    ) as bar:
        yield bar.update


quiet_option = click.option("--quiet", is_flag=True, help="Say nothing but errors.")
json_option = click.option(
    "--json", "as_json", is_flag=True, help="Print the result as JSON on stdout."
)
