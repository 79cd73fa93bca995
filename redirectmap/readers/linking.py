"""Read what Search Console says of who links here, where it names no target.

Decides which domains link to the site: `Latest links` lists linking pages,
`Top linking sites` lists sites. Neither says which page is linked to, so no URL
is worth more for it; they tell how much of the profile the backlink exports miss.
"""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from redirectmap.readers.cells import open_table
from redirectmap.readers.records import ReadReport
from redirectmap.readers.values import address
from redirectmap.urls import registrable_domain


def read_linking_domains(
    path: Path, *, encoding: str | None = None
) -> tuple[pd.Series, ReadReport]:
    """Read the registrable domains that link to the site, each once.

    Raises:
        InputError: The file lists neither linking pages nor linking sites.
    """
    domains: dict[str, None] = {}
    with open_table(path, kinds=("domains",), encoding=encoding) as table:
        place = table.columns["linking"]
        for line, cells in table.rows:
            url = address(cells[place], guess=True)
            if isinstance(url, str):
                table.tally.refuse(line, url, cells[place], table.headers[place])
            else:
                domains[registrable_domain(url.host)] = None
    table.tally.note(
        f"{len(domains)} linking domains; which page they link to is not in this"
        " export: give Links, Top target pages or a vendor's backlinks for that"
    )
    return pd.Series(list(domains), dtype=object), table.tally.report()
