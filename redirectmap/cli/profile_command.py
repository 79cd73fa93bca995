"""`redirectmap profile`: judge a backlink profile."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from redirectmap.cli.output import emit_json, json_option, quiet_option, say

if TYPE_CHECKING:
    from redirectmap.profile.build import Profile
    from redirectmap.profile.ranges import SiteType

_FILE = click.Path(path_type=Path)


@click.command("profile")
@click.argument("backlinks", nargs=-1, required=True, type=_FILE)
@click.option("--site", required=True, help="URL or domain of the site.")
@click.option(
    "--type",
    "site_type",
    type=click.Choice(["general", "brand", "local", "content", "ecommerce"]),
    default="general",
    show_default=True,
    help="What the site is; says which range applies.",
)
@click.option("--age-months", type=click.FloatRange(min=0), help="Age of the site.")
@click.option("--competitor", "competitors", multiple=True, type=_FILE, help="Export.")
@click.option("--plan", type=_FILE, help="plan.csv: also show the profile after it.")
@click.option("--pages", type=_FILE, help="The site, for keywords and brand.")
@click.option("--brand", "brands", multiple=True, help="A brand name.")
@click.option("--keyword", "keywords", multiple=True, help="A keyword you aim at.")
@click.option("--queries", type=_FILE, help="CSV; its first column is keywords.")
@click.option("--out", type=_FILE, help="Folder for the tables.")
@json_option
@quiet_option
def command(
    backlinks: tuple[Path, ...],
    site: str,
    site_type: SiteType,
    age_months: float | None,
    competitors: tuple[Path, ...],
    plan: Path | None,
    pages: Path | None,
    brands: tuple[str, ...],
    keywords: tuple[str, ...],
    queries: Path | None,
    out: Path | None,
    as_json: bool,
    quiet: bool,
) -> None:
    """Judge the profile in BACKLINKS exports against its site's type and age."""
    from redirectmap.profile.build import build_profile
    from redirectmap.profile.rivals import site_of
    from redirectmap.readers import read_backlinks, read_site
    from redirectmap.tables import PLAN, read_csv_table
    from redirectmap.tables.files import read_strict_csv

    links, _ = read_backlinks(backlinks)
    tables = [read_backlinks([path])[0] for path in competitors]
    searched = read_strict_csv(queries).iloc[:, 0].tolist() if queries else []
    profile = build_profile(
        links,
        site,
        site_type=site_type,
        age_months=age_months,
        pages=read_site(pages).pages if pages else None,
        plan=read_csv_table(plan, PLAN) if plan else None,
        competitors=[(site_of(table), table) for table in tables],
        brands=brands,
        keywords=[*keywords, *searched],
    )
    if out:
        from redirectmap.profile.write import write_profile

        write_profile(out, profile)
        say(f"tables are in {out}", quiet=quiet)
    if as_json:
        emit_json(profile.summary)
    else:
        _print(profile)


def _print(profile: Profile) -> None:
    summary = profile.summary
    for when in ("before", "after"):
        for name, share in (summary["homepage"][when] or {}).items():
            click.echo(
                f"homepage, {name} {when}: {share['part']} of {share['total']}"
                f" = {(share['share'] or 0):.0%}"
                f" (95 %: {share['low']:.0%} to {share['high']:.0%})"
            )
    usual = summary["range"]
    click.echo(f"usual: {usual['low']:.0%} to {usual['high']:.0%}, {usual['why']}")
    for name, counts in summary["anchor_mix"].items():
        click.echo(f"anchors {name}: {counts['links']} ({counts['domains']} domains)")
    for finding in profile.findings.to_dict("records"):
        click.echo(f"{finding['severity']} {finding['check']}: {finding['message']}")
