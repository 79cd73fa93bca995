"""Keep what every page of a site had on a day: one CSV a day in a folder.

`YYYY-MM-DD.csv` holds rankings, visitors, conversions and referring domains by
URL; `YYYY-MM-DD.links.csv` which domain links to which page, where backlinks
were given.

Reads   `traffic`, `backlinks`.
Writes  `Snapshot`s.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pandas as pd

from redirectmap.errors import InputError, UsageError
from redirectmap.profile.moves import own_links
from redirectmap.tables import TRAFFIC, Column, Schema, read_csv_table, write_csv

SNAPSHOT = Schema(
    "snapshot",
    key=("url",),
    columns=(
        *(column for column in TRAFFIC.columns if column.name != "requests"),
        Column("referring_domains", "int", "live"),
    ),
)
LINKED = Schema(
    "snapshot links",
    key=("source_domain", "target_url"),
    columns=(
        Column("source_domain", "str", "registrable domain", nullable=False),
        Column("target_url", "str", "page URL", nullable=False),
    ),
)


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What every page of a site has on one day.

    Attributes:
        pages: Schema `SNAPSHOT`; what was not given is not known.
        links: Schema `LINKED`; None where no backlinks were given.
    """

    pages: pd.DataFrame
    links: pd.DataFrame | None = None


def snapshot(
    traffic: pd.DataFrame | None, backlinks: pd.DataFrame | None, site: str
) -> Snapshot:
    """Return what every page has now.

    Args:
        traffic: Schema `TRAFFIC`.
        backlinks: Schema `BACKLINKS`; pages without a live link then have 0.
        site: Any URL of the site.
    """
    table = pd.DataFrame({"url": []}, dtype=object) if traffic is None else traffic
    linked = None
    if backlinks is not None:
        links = own_links(backlinks, site)[LINKED.names].drop_duplicates()
        linked = LINKED.fit(links).sort_values(LINKED.names, ignore_index=True)
        found = linked.groupby("target_url").size()
        domains = found.rename("referring_domains").rename_axis("url").reset_index()
        table = table.merge(domains, on="url", how="outer")
        table["referring_domains"] = table["referring_domains"].fillna(0)
    pages = SNAPSHOT.fit(table).sort_values("url", ignore_index=True)
    return Snapshot(pages, linked)


def store(folder: Path, day: date, taken: Snapshot) -> Path:
    """Write one snapshot; a second one of the same day takes its place."""
    beside = _links_path(folder, day)
    if taken.links is None:
        beside.unlink(missing_ok=True)
    else:
        write_csv(beside, taken.links)
    return write_csv(folder / f"{day.isoformat()}.csv", taken.pages)


def _links_path(folder: Path, day: date) -> Path:
    return folder / f"{day.isoformat()}.links.csv"


def load(folder: Path) -> dict[date, Snapshot]:
    """Read all snapshots of a folder, oldest first.

    Raises:
        UsageError: The folder holds fewer than two.
        InputError: A snapshot cannot be read.
    """
    found = {}
    for path in sorted(folder.glob("????-??-??.csv")):
        try:
            day = date.fromisoformat(path.stem)
        except ValueError as error:
            raise InputError(
                "is named after no day", hint="call it YYYY-MM-DD.csv", where=str(path)
            ) from error
        beside = _links_path(folder, day)
        links = read_csv_table(beside, LINKED) if beside.exists() else None
        found[day] = Snapshot(read_csv_table(path, SNAPSHOT), links)
    if len(found) < 2:
        count = "1 snapshot" if len(found) == 1 else "no snapshot"
        raise UsageError(
            f"{count}: a change needs two",
            hint="add one with --site, --date, --traffic and --backlinks, now and "
            "next month",
            where=str(folder),
        )
    return found


def monthly(snapshots: dict[date, Snapshot]) -> dict[date, Snapshot]:
    """Return the last snapshot of each month; all of them where one month is all."""
    last = {(day.year, day.month): day for day in sorted(snapshots)}
    if len(last) < 2:
        return dict(sorted(snapshots.items()))
    return {day: snapshots[day] for day in last.values()}
