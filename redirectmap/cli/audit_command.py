"""`redirectmap audit`: orphans, blocked pages, canonicals, duplicates of a crawl."""

from __future__ import annotations

from pathlib import Path

import click

from redirectmap.cli.output import emit_json, json_option, quiet_option, say

_FILE = click.Path(path_type=Path)
SHOWN = 10


@click.command("audit")
@click.argument("site", type=_FILE)
@click.option("--out", type=_FILE, help="Folder for the tables (CSV).")
@click.option("--backlinks", multiple=True, type=_FILE, help="Backlink export.")
@click.option("--traffic", multiple=True, type=_FILE, help="Search Console, GA4 ...")
@click.option("--logs", multiple=True, type=_FILE, help="Access log.")
@json_option
@quiet_option
def command(
    site: Path,
    out: Path | None,
    backlinks: tuple[Path, ...],
    traffic: tuple[Path, ...],
    logs: tuple[Path, ...],
    as_json: bool,
    quiet: bool,
) -> None:
    """Say what a crawl shows: orphans, pages robots.txt blocks, duplicates ..."""
    from redirectmap.audit import audit_site, write_audit
    from redirectmap.audit.write import summary
    from redirectmap.readers import read_backlinks, read_traffic
    from redirectmap.sitefile import SiteFile

    file = SiteFile.read(site)
    base = file.meta().get("start_url")
    file.close()
    measured = (*traffic, *logs)
    found = audit_site(
        site,
        read_backlinks(backlinks)[0] if backlinks else None,
        read_traffic(measured, base=base)[0] if measured else None,
    )
    if out:
        write_audit(out, found)
        say(f"tables are in {out}", quiet=quiet)
    if found.state not in {"finished", "partly_failed"}:
        say(f"the crawl is {found.state}: pages not read yet may link to orphans")
    if as_json:
        emit_json(summary(found))
        return
    for name, value in summary(found).items():
        text = value
        if isinstance(value, dict):
            text = ", ".join(f"{number} {word}" for word, number in value.items())
        click.echo(f"{name}: {text if text != '' else 'none'}")
    for row in found.orphans.head(SHOWN).to_dict("records"):
        click.echo(f"orphan {row['url']} (known from {row['known_from']})")
    for row in found.blocked.head(SHOWN).to_dict("records"):
        click.echo(f"blocked {row['url']} ({row['rule']})")
