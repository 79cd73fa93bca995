"""The options by which commands take exports of the old site, in one place."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from redirectmap.errors import UsageError

if TYPE_CHECKING:
    from redirectmap.planning.known import Files
    from redirectmap.planning.value import ValueWeights

FILE = click.Path(dir_okay=False, path_type=Path)
_ANY = click.Path(path_type=Path)

_OPTIONS = (
    click.option(
        "--old",
        type=FILE,
        required=True,
        multiple=True,
        help="The old site. Repeatable: the first one says which site it is.",
    ),
    click.option("--backlinks", type=FILE, multiple=True, help="Backlink export."),
    click.option(
        "--traffic",
        type=FILE,
        multiple=True,
        help="Search Console or analytics export.",
    ),
    click.option("--legacy", type=FILE, multiple=True, help="Existing redirect rules."),
    click.option(
        "--logs", type=FILE, multiple=True, help="Access log of the old site."
    ),
    click.option(
        "--input",
        "anything",
        type=_ANY,
        multiple=True,
        help="Any export, or a folder of them; recognised by content.",
    ),
    click.option(
        "--encoding",
        help="Of text files that are not UTF-8 and do not say what they are: cp1252.",
    ),
    click.option(
        "--weight",
        "weights",
        multiple=True,
        metavar="MEASURE=NUMBER",
        help="What a measure counts in the value of a URL, e.g. clicks=0.4.",
    ),
)


def export_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command the options for the old site and its exports."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


def files_of(given: dict[str, Any], **more: Any) -> Files:  # noqa: ANN401
    """Return what was handed in, from the values of the options."""
    from redirectmap.planning.known import Files

    names = {field.name for field in fields(Files)}
    return Files(**{k: v for k, v in given.items() if k in names}, **more)


def weights_of(texts: tuple[str, ...]) -> ValueWeights:
    """Read `clicks=0.4`; measures that are not named keep their weight.

    Raises:
        UsageError: The measure is not known, or the number is none.
    """
    from redirectmap.planning.value import MEASURES, ValueWeights

    weights = {}
    for text in texts:
        name, _, number = text.partition("=")
        if name not in MEASURES or not number.replace(".", "", 1).isdigit():
            raise UsageError(
                f"--weight {text} is no measure and its weight",
                hint=f"say NAME=NUMBER with one of: {', '.join(MEASURES)}",
            )
        weights[name] = float(number)
    return ValueWeights(**weights)
