"""`redirectmap monitor`: snapshots of rankings, traffic and links, compared."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from redirectmap.cli.output import (
    emit_json,
    json_option,
    print_findings,
    quiet_option,
    rows_of,
    say,
)

if TYPE_CHECKING:
    import pandas as pd

    from redirectmap.profile.snapshots import Snapshot

_FILE = click.Path(path_type=Path)
SHOWN = 10


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
    """Add a snapshot to FOLDER (with --traffic or --backlinks) and compare.

    The last snapshots of neighbouring months are compared; within one month,
    all of them.
    """
    from redirectmap.profile import snapshots
    from redirectmap.tables import PLAN, read_csv_table

    if traffic or backlinks:
        taken = (day or datetime.now(UTC)).date()
        path = snapshots.store(folder, taken, _snapshot(site, traffic, backlinks))
        say(f"snapshot {path}", quiet=quiet)
        if len(list(folder.glob("????-??-??.csv"))) < 2:
            say("the first one: changes show from the second on", quiet=quiet)
            return
    found = snapshots.monthly(snapshots.load(folder))
    tables = _compare(found, read_csv_table(plan, PLAN) if plan else None)
    told = {name: rows_of(tables[name]) for name in _SHOWN}
    _write(folder, tables, told)
    say(f"tables are in {folder}", quiet=quiet)
    if as_json:
        emit_json(told)
    else:
        _print(told, tables["monitor_findings"])


_SHOWN = ("trend", "movers", "sections", "monitor_findings")


def _compare(
    found: dict[date, Snapshot], plan: pd.DataFrame | None
) -> dict[str, pd.DataFrame]:
    from redirectmap.profile import monitor

    moved = monitor.changes(found, plan)
    latest = found[max(found)].pages
    return {
        "changes": moved,
        "movers": monitor.movers(moved),
        "trend": monitor.homepage_trend(found),
        "sections": monitor.section_shares(latest),
        "monitor_findings": monitor.monitor_findings(moved, latest),
    }


def _write(
    folder: Path, tables: dict[str, pd.DataFrame], told: dict[str, list[dict[str, Any]]]
) -> None:
    from redirectmap.tables import write_csv, write_json

    for name, table in tables.items():
        write_csv(folder / f"{name}.csv", table)
    write_json(folder / "monitor.json", told)


def _print(told: dict[str, list[dict[str, Any]]], findings: pd.DataFrame) -> None:
    for row in told["trend"]:
        click.echo(
            f"{row['day']}: homepage {_percent(row['homepage_share'])} of referring "
            f"domains; in 30 days {_count(row['visitors'])} visitors, "
            f"{_count(row['conversions'])} conversions"
        )
    for row in told["movers"][:SHOWN]:
        beside = f" ({row['events']})" if row["events"] else ""
        click.echo(
            f"{row['url']}: {row['before']:.0f} -> {row['after']:.0f} visitors in 30 "
            f"days, {row['since']} to {row['until']}{beside}"
        )
    print_findings(findings)


def _percent(share: float | None) -> str:
    return "not known" if share is None else f"{share:.0%}"


def _count(value: float | None) -> str:
    return "not known" if value is None else f"{value:.0f}"


def _snapshot(
    site: str | None, traffic: tuple[Path, ...], backlinks: tuple[Path, ...]
) -> Snapshot:
    from redirectmap.errors import UsageError
    from redirectmap.profile.snapshots import snapshot
    from redirectmap.readers import read_backlinks, read_traffic

    if site is None:
        raise UsageError("which site is it?", hint="add --site URL")
    base = site if "//" in site else f"https://{site}"
    return snapshot(
        read_traffic(traffic, base=base)[0] if traffic else None,
        read_backlinks(backlinks)[0] if backlinks else None,
        site,
    )
