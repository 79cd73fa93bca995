"""`redirectmap monitor`: snapshots of rankings, traffic and links, compared."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from redirectmap.cli.output import emit_json, json_option, quiet_option, say

if TYPE_CHECKING:
    import pandas as pd

_FILE = click.Path(path_type=Path)


@click.command("monitor")
@click.argument("folder", type=_FILE)
@click.option("--site", help="URL of the site; needed to add a snapshot.")
@click.option("--traffic", multiple=True, type=_FILE, help="Search Console, GA4, logs.")
@click.option("--backlinks", multiple=True, type=_FILE, help="Backlink export.")
@click.option("--date", "day", type=click.DateTime(["%Y-%m-%d"]), help="Today if left.")
@click.option("--plan", type=_FILE, help="plan.csv: name redirects beside changes.")
@json_option
@quiet_option
def command(
    folder: Path,
    site: str | None,
    traffic: tuple[Path, ...],
    backlinks: tuple[Path, ...],
    day: datetime | None,
    plan: Path | None,
    as_json: bool,
    quiet: bool,
) -> None:
    """Add a snapshot to FOLDER (with --traffic or --backlinks) and compare."""
    from redirectmap.profile import monitor
    from redirectmap.tables import PLAN, read_csv_table, write_csv

    if traffic or backlinks:
        taken = (day or datetime.now(UTC)).date()
        path = monitor.store(folder, taken, _snapshot(site, traffic, backlinks))
        say(f"snapshot {path}", quiet=quiet)
        if len(list(folder.glob("????-??-??.csv"))) < 2:
            say("the first one: changes show from the second on", quiet=quiet)
            return
    found = monitor.load(folder)
    moved = monitor.changes(found, read_csv_table(plan, PLAN) if plan else None)
    latest = found[max(found)]
    findings = monitor.monitor_findings(moved, latest)
    trend = monitor.homepage_trend(found)
    tables = {
        "changes": moved,
        "trend": trend,
        "sections": monitor.section_shares(latest),
        "monitor_findings": findings,
    }
    for name, table in tables.items():
        write_csv(folder / f"{name}.csv", table)
    if as_json:
        emit_json({"trend": _rows(trend), "findings": _rows(findings)})
        return
    for row in _rows(trend):
        share = row["homepage_share"]
        shown = f"{share:.0%}" if isinstance(share, float) else "not known"
        click.echo(f"{row['day']}: homepage share of referring domains {shown}")
    for row in _rows(findings):
        click.echo(
            f"{row['severity']} {row['check']} {row['old_url'] or ''}: {row['message']}"
        )


def _snapshot(
    site: str | None, traffic: tuple[Path, ...], backlinks: tuple[Path, ...]
) -> pd.DataFrame:
    from redirectmap.errors import UsageError
    from redirectmap.profile.monitor import snapshot
    from redirectmap.readers import read_backlinks, read_traffic

    if site is None:
        raise UsageError("which site is it?", hint="add --site URL")
    return snapshot(
        read_traffic(traffic, base=site)[0] if traffic else None,
        read_backlinks(backlinks)[0] if backlinks else None,
        site,
    )


def _rows(table: pd.DataFrame) -> list[dict[str, object]]:
    """Return rows for JSON: not known becomes null."""
    known = table.astype(object).where(table.notna(), None)
    return [{str(k): v for k, v in row.items()} for row in known.to_dict("records")]
