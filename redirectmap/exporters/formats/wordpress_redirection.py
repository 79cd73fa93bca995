"""Rules for the WordPress plug-in Redirection: its CSV import.

Source  plug-in source: lines of 5 000 bytes; a missing regex column is guessed from the
source, so 0 is always written.
"""

from __future__ import annotations

from redirectmap.exporters.base import SERVER_BAD, Carries, Exporter, Options
from redirectmap.exporters.rules import RuleSet
from redirectmap.exporters.text import Files, csv_bytes, csv_rows, said

HEAD = ("source", "target", "regex", "code", "type", "hits", "title", "status")


def render(rules: RuleSet, _options: Options) -> Files:
    """Spell the rules: redirection.csv."""
    rows = [
        (r.wire, r.target or "", 0, r.status, "url", 0, "", "active")
        for r in rules.rules
    ]
    return {"redirection.csv": csv_bytes([HEAD, *rows])}


def reread(files: Files) -> dict[str, str]:
    """Read our own file back: path and query to answer."""
    rows = csv_rows(files["redirection.csv"])[1:]
    return {row[0]: said(row[3], row[1]) for row in rows}


EXPORTER = Exporter(
    name="wordpress-redirection",
    title="WordPress Redirection",
    carries=Carries(
        statuses=frozenset({301, 302, 303, 307, 308, 404, 410, 451}),
        hosts=False,
        modes=("exact",),
        bad=SERVER_BAD,
        source_chars=2_000,
        target_chars=2_000,
        origin="plug-in source: fgetcsv lines of 5,000 bytes",
    ),
    render=render,
    load="Tools > Redirection > Import/Export > Upload: redirection.csv.",
    reread=reread,
)
