"""Rules for Vercel bulk redirects: CSV files in one folder.

Source  vercel.com/docs/redirects/bulk-redirects: bulkRedirectsPath, at most 100 files,
sources of 2 048 characters, Pro and Enterprise.
"""

from __future__ import annotations

from redirectmap.exporters.base import SERVER_BAD, Carries, Exporter, Options
from redirectmap.exporters.rules import REDIRECTS, RuleSet
from redirectmap.exporters.text import Files, csv_bytes, csv_rows, said, shards

FILE_ROWS = 10_000  # 100 files at most hold a million
COLUMNS = (
    "source",
    "destination",
    "statusCode",
    "caseSensitive",
    "preserveQueryParams",
)


def render(rules: RuleSet, options: Options) -> Files:
    """Spell the rules: redirects.csv, in parts of 10 000 rows."""
    keep = "true" if options.query == "keep" else "false"
    rows = [(r.path, r.target, r.status, "true", keep) for r in rules.rules]
    parts = shards("redirects.csv", rows, FILE_ROWS)
    return {name: csv_bytes([COLUMNS, *part]) for name, part in parts.items()}


def reread(files: Files) -> dict[str, str]:
    """Read our own files back: path to answer."""
    rows = (row for data in files.values() for row in csv_rows(data)[1:])
    return {row[0]: said(row[2], row[1]) for row in rows}


EXPORTER = Exporter(
    name="vercel-bulk",
    title="Vercel bulk redirects",
    carries=Carries(
        statuses=frozenset(REDIRECTS),
        queries=False,
        hosts=False,
        bad=SERVER_BAD,
        hex_case=True,
        modes=("keep", "drop"),
        rows=1_000_000,
        source_chars=2_048,
        target_chars=2_048,
        origin="docs: bulkRedirectsPath, 100 files, 2,048 characters",
    ),
    render=render,
    load="""\
Put the CSV files into a folder `redirects` of the project and name it in vercel.json:
    {{"bulkRedirectsPath": "redirects"}}
Needs a Pro or Enterprise account.""",
    reread=reread,
)
