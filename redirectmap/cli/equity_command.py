"""`redirectmap equity`: follow link equity through sites and a plan."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from redirectmap.cli.output import (
    emit_json,
    json_option,
    print_findings,
    quiet_option,
    say,
)
from redirectmap.errors import UsageError

if TYPE_CHECKING:
    from redirectmap.equity import Flow
    from redirectmap.equity.seeds import Seeds

_FILE = click.Path(path_type=Path)
SHOWN = 10


@click.command("equity")
@click.option(
    "--site", required=True, type=_FILE, help="The old site: a crawl, or a pages table."
)
@click.option("--plan", type=_FILE, help="plan.csv; needs --new.")
@click.option("--new", type=_FILE, help="The new site.")
@click.option("--backlinks", multiple=True, type=_FILE, help="A backlink export.")
@click.option(
    "--damping",
    type=click.FloatRange(0, 1, max_open=True),
    default=0.85,
    show_default=True,
    help="Probability that a visitor follows a link.",
)
@click.option(
    "--seeds",
    type=click.Choice(["domains", "links", "authority", "even"]),
    default="domains",
    show_default=True,
    help="What external links weigh; even: nothing, all pages start alike.",
)
@click.option(
    "--proposals",
    type=click.IntRange(min=0),
    default=20,
    show_default=True,
    help="Internal links to propose at most.",
)
@click.option("--out", type=_FILE, help="Folder for the tables.")
@json_option
@quiet_option
def command(
    site: Path,
    plan: Path | None,
    new: Path | None,
    backlinks: tuple[Path, ...],
    damping: float,
    seeds: Seeds,
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
    from redirectmap.readers import read_backlinks
    from redirectmap.readers.linkfiles import read_links
    from redirectmap.tables import PLAN, read_csv_table

    found = flow(
        read_links(site),
        read_backlinks(backlinks)[0] if backlinks else None,
        read_csv_table(plan, PLAN) if plan else None,
        read_links(new) if new else None,
        Settings(damping=damping, seeds=seeds, proposals=proposals),
    )
    if out:
        write_flow(out, found)
        say(f"tables are in {out}", quiet=quiet)
    if as_json:
        emit_json(found.summary)
    else:
        _print(found)


def _print(found: Flow) -> None:
    total = found.summary
    click.echo(
        f"{total['pages']} pages, {total['links']} internal links, "
        f"{total['external_links']} followed external links; damping "
        f"{total['damping']}, seeds {total['seeds']}"
    )
    if not total["external_links"]:
        given = total["external_links_given"]
        why = f"none of {given} points at this site" if given else "none is given"
        click.echo(f"no followed external links, {why}: all pages start alike")
    if total.get("kept") is not None:
        parts = [f"{n} {total[n]:.1%}" for n in ("kept", "moved", "lost", "open")]
        click.echo(f"of what external links bring: {', '.join(parts)}")
    for row in found.sections.head(SHOWN).to_dict("records"):
        click.echo(
            f"{row['site']} {row['section']}: {row['equity']:.1%} on "
            f"{row['pages']} pages"
        )
    for row in found.proposals.head(SHOWN).to_dict("records"):
        click.echo(
            f"add a link {row['source']} -> {row['target']}: {row['equity']:.2%} "
            f"+{row['gain']:.2%} ({row['reason']})"
        )
    print_findings(found.findings)
