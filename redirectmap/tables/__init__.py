"""The tables that floors hand to each other: columns, units, files.

`schemas` says what each table holds, `files` writes and reads them atomically,
`site` is the SQLite file of one crawled site.
"""

from redirectmap.tables.files import (
    read_csv_chunks,
    read_csv_table,
    read_json,
    sha256_of,
    write_atomic,
    write_csv,
    write_csv_rows,
    write_json,
    write_parquet,
)
from redirectmap.tables.schemas import (
    BACKLINKS,
    FINDINGS,
    GONE_FROM,
    LEGACY,
    LINK_COUNTS,
    LINKS,
    PAGES,
    PLAN,
    TRAFFIC,
    VERDICTS,
    Column,
    Schema,
)

__all__ = [
    "BACKLINKS",
    "FINDINGS",
    "GONE_FROM",
    "LEGACY",
    "LINKS",
    "LINK_COUNTS",
    "PAGES",
    "PLAN",
    "TRAFFIC",
    "VERDICTS",
    "Column",
    "Schema",
    "read_csv_chunks",
    "read_csv_table",
    "read_json",
    "sha256_of",
    "write_atomic",
    "write_csv",
    "write_csv_rows",
    "write_json",
    "write_parquet",
]
