"""`redirectmap equity`: follow link equity through sites and a plan."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from redirectmap.cli.output import emit_json, json_option, quiet_option, say
from redirectmap.errors import UsageError

if TYPE_CHECKING:
    from redirectmap.equity import Flow

_FILE = click.Path(path_type=Path)


@click.command("equity")
@click.option("--site", required=True, type=_FILE, help="Crawl of the old site.")
@click.option("--plan", type=_FILE, help="plan.csv; needs --new.")
@click.option("--new", type=_FILE, help="Crawl of the new site.")
@click.option("--backlinks", multiple=True, type=_FILE, help="Backlink export.")
@click.option(
    "--damping",
    type=click.FloatRange(0, 1, max_open=True),
    default=0.85,
    show_default=True,
    help="Probability that a visitor follows a link.",
)
@click.option("--proposals", type=click.IntRange(min=0), default=20, show_default=True)
@click.option("--out", type=_FILE, help="Folder for the tables.")
@json_option
@quiet_option
def command(
    site: Path,
    plan: Path | None,
    new: Path | None,
    backlinks: tuple[Path, ...],
    damping: float,
    proposals: int,
    out: Path | None,
    as_json: bool,
    quiet: bool,
) -> None:
    """Follow link equity through a site, and through a plan onto the new one."""
    if (plan is None) != (new is None):
        raise UsageError(
            "a plan and the new site belong together", hint="give --plan and --new"
        )
    from redirectmap.equity import Settings, flow
    from redirectmap.equity.write import write_flow
    from redirectmap.readers import read_backlinks, read_site
    from redirectmap.tables import PLAN, read_csv_table

    old = read_site(site)
    next_site = read_site(new) if new else None
    found = flow(
        old.pages,
        old.links,
        read_backlinks(backlinks)[0] if backlinks else None,
        read_csv_table(plan, PLAN) if plan else None,
        (next_site.pages, next_site.links) if next_site else None,
        Settings(damping=damping, proposals=proposals),
    )
    if out:
        write_flow(out, found)
        say(f"tables are in {out}", quiet=quiet)
    if as_json:
        emit_json(found.summary)
    else:
        _print(found)


def _print(found: Flow) -> None:
    for name, value in found.summary.items():
        if value is not None:
            click.echo(f"{name}: {value}")
    for row in found.sections.head(10).to_dict("records"):
        click.echo(f"{row['site']} {row['section']}: {row['equity']:.1%}")
    for row in found.proposals.head(10).to_dict("records"):
        click.echo(f"link {row['source']} -> {row['target']}: +{row['gain']:.3%}")
    for row in found.findings.head(30).to_dict("records"):
        click.echo(
            f"{row['severity']} {row['check']} {row['old_url']}: {row['message']}"
        )
