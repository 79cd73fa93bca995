"""What commands say: data on stdout, progress and messages on stderr."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import click


def say(message: str, *, quiet: bool = False) -> None:
    """Print a message for a person, on stderr."""
    if not quiet:
        click.echo(message, err=True)


def emit_json(value: Mapping[str, Any]) -> None:
    """Print `value` on stdout as JSON, for a program."""
    click.echo(json.dumps(value, indent=2, ensure_ascii=False))


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
