"""`redirectmap demo`: a whole migration of two sample sites, on this machine."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING

import click

from redirectmap.cli.output import emit_json, json_option, quiet_option, say

if TYPE_CHECKING:
    from redirectmap.run import Stage

_SAYS = {
    "crawl-old": "crawling the old site",
    "crawl-new": "crawling the new site",
    "plan": "deciding where every old URL goes",
    "export-nginx": "writing rules for nginx and proving them on a real one",
    "export-apache": "writing rules for Apache and proving them on a real one",
    "verify": "launch day: requesting every old URL on the new server",
    "profile": "judging the backlink profile",
    "equity": "following link equity through the plan",
    "report": "writing the report and the workbook",
}


@click.command("demo")
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("demo-out"),
    show_default=True,
    help="Folder for everything the demo makes.",
)
@json_option
@quiet_option
def command(out: Path, as_json: bool, quiet: bool) -> None:
    """Plan, prove and verify the migration of two bundled sample sites.

    Both sites are served on this machine only; nothing leaves it.
    """
    from redirectmap.demo.migration import run_demo
    from redirectmap.demo.screen import closing, result

    started = time.monotonic()
    say(
        "A heating, plumbing and roofing firm moves to a new shop system.\n"
        "Both of its sites are served on this machine; this takes a minute or two.",
        quiet=quiet,
    )

    def announce(stage: Stage, skipped: bool) -> None:
        text = _SAYS.get(stage.name, stage.name)
        say(f"  {text}{' (up to date)' if skipped else ' ...'}", quiet=quiet)

    ran = run_demo(out, quiet=True, announce=announce)
    found = result(ran, time.monotonic() - started)
    if as_json:
        emit_json(found.as_json())
    elif not quiet:
        closing(found)
