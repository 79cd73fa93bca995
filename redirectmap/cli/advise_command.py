"""`redirectmap advise`: where the next backlink should point."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from redirectmap.cli.output import emit_json, json_option, quiet_option, rows_of, say
from redirectmap.errors import InputError

if TYPE_CHECKING:
    import pandas as pd

_FILE = click.Path(path_type=Path)
SHOWN = 20


@click.command("advise")
@click.option("--site", required=True, type=_FILE, help="Our site: crawl or table.")
@click.option(
    "--backlinks", required=True, multiple=True, type=_FILE, help="A backlink export."
)
@click.option("--rankings", multiple=True, type=_FILE, help="Search Console pages.")
@click.option("--queries", type=_FILE, help="Search Console queries with positions.")
@click.option("--opportunities", type=_FILE, help="CSV with title, url, text.")
@click.option("--title", default="", help="Title of one page that may link to us.")
@click.option("--url", default="", help="Its URL.")
@click.option("--text", default="", help="Its text.")
@click.option("--brand", "brands", multiple=True, help="A brand name.")
@click.option("--model", default="static", show_default=True, help="Embedding model.")
@click.option("--out", type=_FILE, help="Folder for advice.csv and advice_pages.csv.")
@json_option
@quiet_option
def command(
    site: Path,
    backlinks: tuple[Path, ...],
    rankings: tuple[Path, ...],
    queries: Path | None,
    opportunities: Path | None,
    title: str,
    url: str,
    text: str,
    brands: tuple[str, ...],
    model: str,
    out: Path | None,
    as_json: bool,
    quiet: bool,
) -> None:
    """Say where the next backlink should point, and which pages deserve one."""
    from redirectmap.profile.advise import advice_findings, advise, deserving
    from redirectmap.profile.ground import ground
    from redirectmap.readers import read_backlinks, read_site, read_traffic
    from redirectmap.readers.queries import read_queries
    from redirectmap.tables import write_json

    pages = read_site(site).pages
    if pages.empty:
        raise InputError("holds no page", hint="crawl it anew", where=str(site))
    own = str(pages["url"].iloc[0])
    base = ground(
        pages,
        own,
        read_backlinks(backlinks)[0],
        read_traffic(rankings, base=own)[0] if rankings else None,
        queries=read_queries(queries) if queries else None,
        brands=brands,
        model=model,
    )
    if base.links.empty:
        say(f"no live link in the exports points at {own}", quiet=quiet)
    chances = _opportunities(opportunities, {"title": title, "url": url, "text": text})
    answers, ranked = advise(base, chances), deserving(base)
    findings = advice_findings(answers, ranked)
    told = {"advice": rows_of(answers), "pages": rows_of(ranked)}
    if out:
        _write(out, answers, ranked, findings)
        write_json(out / "advice.json", told)
        say(f"tables are in {out}", quiet=quiet)
    if as_json:
        emit_json({**told, "findings": rows_of(findings)})
        return
    _print(told)


def _write(
    out: Path, answers: pd.DataFrame, ranked: pd.DataFrame, findings: pd.DataFrame
) -> None:
    from redirectmap.profile.inert import inert
    from redirectmap.tables import write_csv

    write_csv(out / "advice.csv", inert(answers, ["title", "url"]))
    write_csv(out / "advice_pages.csv", ranked)
    write_csv(out / "advice_findings.csv", findings)


def _print(told: Mapping[str, list[dict[str, Any]]]) -> None:
    for row in told["advice"]:
        click.echo(f"{row['title'] or row['url']}: link to {row['target']}")
        click.echo(f"  why: {row['why']}")
        keyword = f", keyword: {row['keyword']}" if row["keyword"] else ""
        click.echo(f"  anchor: {row['anchor_class']} ({row['anchor_why']}){keyword}")
        if row["already_links_to"]:
            click.echo(f"  its domain links already to: {row['already_links_to']}")
        if row["alternatives"]:
            click.echo(f"  or: {row['alternatives']}")
    if told["pages"]:
        click.echo("pages that deserve the next links, most reasons first:")
    else:
        click.echo("no page stands out for the next links; --rankings would tell more")
    for row in told["pages"][:SHOWN]:
        click.echo(f"  {row['url']}: {row['reasons']}")


def _opportunities(path: Path | None, single: dict[str, str]) -> pd.DataFrame:
    """Return the opportunities of the file, and the one of the options."""
    import pandas as pd

    from redirectmap.profile.advise import OPPORTUNITY_COLUMNS
    from redirectmap.tables.files import read_strict_csv

    table = pd.DataFrame(columns=list(OPPORTUNITY_COLUMNS), dtype=object)
    if path:
        table = read_strict_csv(path)
        table.columns = [str(name).strip().lower() for name in table.columns]
        if not set(OPPORTUNITY_COLUMNS) & set(table.columns):
            present = list(map(str, table.columns))
            raise InputError.missing_column("title", present=present, where=str(path))
    if any(single.values()):
        table = pd.concat([table, pd.DataFrame([single], dtype=object)])
    return table
