"""`redirectmap profile`: judge a backlink profile."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from redirectmap.cli.output import (
    emit_json,
    json_option,
    print_findings,
    quiet_option,
    say,
)
from redirectmap.errors import InputError

if TYPE_CHECKING:
    import pandas as pd

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
@click.option(
    "--competitor",
    "competitors",
    multiple=True,
    type=_FILE,
    help="A competitor's backlink export; 3 or more make a natural range.",
)
@click.option("--plan", type=_FILE, help="plan.csv: also show the profile after it.")
@click.option(
    "--pages", type=_FILE, help="The site, for keywords, brand and content base."
)
@click.option(
    "--brand",
    "brands",
    multiple=True,
    help="A brand name; replaces those of domain and titles.",
)
@click.option("--keyword", "keywords", multiple=True, help="A keyword you aim at.")
@click.option(
    "--queries", type=_FILE, help="Search Console queries, or a list of keywords."
)
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
    from redirectmap.readers import read_backlinks, read_site
    from redirectmap.readers.queries import read_queries
    from redirectmap.tables import PLAN, read_csv_table

    links, _ = read_backlinks(backlinks)
    searched = read_queries(queries)["query"].tolist() if queries else []
    profile = build_profile(
        links,
        site,
        site_type=site_type,
        age_months=age_months,
        pages=read_site(pages).pages if pages else None,
        plan=read_csv_table(plan, PLAN) if plan else None,
        competitors=_competitors(competitors),
        brands=brands,
        keywords=keywords,
        queries=searched,
    )
    if out:
        from redirectmap.profile.write import write_profile

        write_profile(out, profile)
        say(f"tables are in {out}", quiet=quiet)
    if as_json:
        emit_json(profile.summary)
    else:
        _print(profile)


def _competitors(paths: tuple[Path, ...]) -> list[tuple[str, pd.DataFrame]]:
    """Return each competitor's site and links; several exports of one are merged."""
    from redirectmap.profile.rivals import site_of
    from redirectmap.readers import read_backlinks

    by_site: dict[str, list[Path]] = {}
    for path in paths:
        table, _ = read_backlinks([path])
        if table.empty:
            raise InputError(
                "holds no backlink", hint="export it anew", where=str(path)
            )
        by_site.setdefault(site_of(table), []).append(path)
    return [(site, read_backlinks(files)[0]) for site, files in by_site.items()]


_WHEN = (
    ("before", "today"),
    ("after", "after the plan"),
    ("dumped", "if all went to the homepage"),
)


def _print(profile: Profile) -> None:
    summary = profile.summary
    click.echo(
        f"{_count(summary['links'], 'link')} from "
        f"{_count(summary['domains'], 'referring domain')}"
    )
    home = summary["homepage"]
    rows = [(name, home[key]) for key, name in _WHEN if home[key]]
    rows[1:1] = [
        (f"{name} only" if name == "follow" else "new in 6 months", share)
        for name, share in summary["scopes"].items()
        if name != "all" and share
    ]
    for name, share in rows:
        links, domains = _share(share["links"]), _share(share["domains"])
        click.echo(f"homepage, {name}: {links} of links, {domains} of domains")
    usual, verdict = summary["range"], summary["verdict"]
    click.echo(
        f"usual: {_span(usual)} for {usual['why']}; links: {_VERDICT[verdict['links']]}"
        f", domains: {_VERDICT[verdict['domains']]}"
    )
    _print_new(summary)
    _print_kinds(profile.kinds)
    mixes = [("anchors", summary["anchor_mix"])]
    if summary["anchor_mix_after"]:
        mixes.append(("anchors after the plan", summary["anchor_mix_after"]))
    for name, mix in mixes:
        click.echo(f"{name}, share of domains: {_mix(mix)}")
    _print_field(summary["competitors"])
    print_findings(profile.findings)


_VERDICT = {
    "inside": "inside",
    "edge": "just outside, may be chance",
    "outside": "outside",
    "too_little": "too little data",
}


def _count(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"


def _span(usual: Mapping[str, Any]) -> str:
    if usual["high"] >= 1:
        return f"{usual['low']:.0%} or more"
    return f"{usual['low']:.0%} to {usual['high']:.0%}"


def _share(share: Mapping[str, Any]) -> str:
    if share["share"] is None:
        return "none"
    return (
        f"{share['share']:.0%} ({share['low']:.0%}-{share['high']:.0%}, "
        f"{share['part']} of {share['total']})"
    )


def _print_new(summary: Mapping[str, Any]) -> None:
    new, newest = summary["new_links"], summary["newest"]
    if newest is None:
        click.echo("new links: not known, the exports have no dates")
    elif new is None:
        click.echo(f"new links: none in the 6 months before {newest}")
    else:
        more = f"; {new['note']}" if new["note"] else ""
        verdict = _VERDICT[new["verdict"]]
        click.echo(
            f"new links: usual {_span(new)} for {new['why']}; domains: {verdict}{more}"
        )


def _print_kinds(kinds: pd.DataFrame) -> None:
    for scope, name in (("all", "today"), ("after", "after the plan")):
        rows = kinds[(kinds["scope"] == scope) & kinds["links"].gt(0)]
        parts = [
            f"{row.kind} {row.links_share:.0%} / {row.domains_share:.0%}"
            for row in rows.itertuples()
        ]
        if parts:
            click.echo(f"links / domains by kind of page, {name}: {', '.join(parts)}")


def _mix(mix: Mapping[str, Mapping[str, float]]) -> str:
    parts = [
        f"{name.replace('_', ' ')} {of['domains_share']:.0%}"
        for name, of in mix.items()
        if of["domains"]
    ]
    return ", ".join(parts)


def _print_field(field: Mapping[str, Any] | None) -> None:
    if field is None:
        return
    for site, share in field["sites"].items():
        click.echo(f"{site}: homepage {_share(share['domains'])} of domains")
        click.echo(f"  anchors: {_mix(field['anchor_mix'][site])}")
    cluster = field["cluster"]
    if cluster is None:
        click.echo(field["note"])
        return
    odd = ", ".join(cluster["outliers"])
    click.echo(
        f"competitors: {cluster['low']:.0%} to {cluster['high']:.0%}"
        f"{f' without {odd}' if odd else ''}; we are {cluster['we_are']}"
    )
