"""`redirectmap advise`: where the next backlink should point."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from redirectmap.cli.output import emit_json, json_option, quiet_option, say
from redirectmap.errors import InputError

if TYPE_CHECKING:
    import pandas as pd

_FILE = click.Path(path_type=Path)


@click.command("advise")
@click.option("--site", required=True, type=_FILE, help="Our site: crawl or table.")
@click.option("--backlinks", required=True, multiple=True, type=_FILE, help="Export.")
@click.option("--rankings", multiple=True, type=_FILE, help="Search Console pages.")
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
    from redirectmap.profile.advise import advise, deserving, ground
    from redirectmap.readers import read_backlinks, read_site, read_traffic
    from redirectmap.tables import write_csv

    pages = read_site(site).pages
    if pages.empty:
        raise InputError("holds no page", hint="crawl it anew", where=str(site))
    own = str(pages["url"].iloc[0])
    base = ground(
        pages,
        own,
        read_backlinks(backlinks)[0],
        read_traffic(rankings, base=own)[0] if rankings else None,
        brands=brands,
        model=model,
    )
    chances = _opportunities(opportunities, {"title": title, "url": url, "text": text})
    answers, ranked = advise(base, chances), deserving(base)
    if out:
        write_csv(out / "advice.csv", answers)
        write_csv(out / "advice_pages.csv", ranked)
        say(f"tables are in {out}", quiet=quiet)
    if as_json:
        emit_json({"advice": _rows(answers), "pages": _rows(ranked)})
        return
    for row in _rows(answers):
        click.echo(f"{row['title'] or row['url']}: link {row['target']}")
        click.echo(f"  {row['why']}; anchor: {row['anchor_class']}")
    for row in _rows(ranked.head(20)):
        click.echo(f"{row['url']}: {row['reasons']}")


def _opportunities(path: Path | None, single: dict[str, str]) -> pd.DataFrame:
    """Return the opportunities of the file, and the one of the options."""
    import pandas as pd

    from redirectmap.profile.advise import OPPORTUNITY_COLUMNS
    from redirectmap.tables.files import read_strict_csv

    table = pd.DataFrame(columns=list(OPPORTUNITY_COLUMNS), dtype=object)
    if path:
        table = read_strict_csv(path)
        if not set(OPPORTUNITY_COLUMNS) & set(table.columns):
            present = list(map(str, table.columns))
            raise InputError.missing_column("title", present=present, where=str(path))
    if any(single.values()):
        table = pd.concat([table, pd.DataFrame([single], dtype=object)])
    return table


def _rows(table: pd.DataFrame) -> list[dict[str, object]]:
    """Return rows for JSON: not known becomes null."""
    known = table.astype(object).where(table.notna(), None)
    return [{str(k): v for k, v in row.items()} for row in known.to_dict("records")]
