"""Rules as a plain table."""

from __future__ import annotations

from redirectmap.exporters.base import Carries, Exporter, Options
from redirectmap.exporters.rules import RuleSet
from redirectmap.exporters.text import Files, csv_bytes, csv_rows, said

COLUMNS = ("old_url", "host", "path", "query", "target", "status")


def render(rules: RuleSet, _options: Options) -> Files:
    """Spell the rules: redirects.csv; an empty query is `?`, none is empty."""
    rows = [
        (r.old_url, r.host, r.path, r.wire[len(r.path) :], r.target, r.status)
        for r in rules.entries
    ]
    return {"redirects.csv": csv_bytes([COLUMNS, *rows])}


def reread(files: Files) -> dict[str, str]:
    """Read our own file back: key to answer."""
    rows = csv_rows(files["redirects.csv"])[1:]
    return {f"{r[1]}{r[2]}{r[3]}": said(r[5], r[4]) for r in rows}


EXPORTER = Exporter(
    name="csv",
    title="CSV",
    carries=Carries(holds=True, origin="no limits"),
    render=render,
    load="""\
One row a rule. An empty host holds for every host; `query` begins with its ?; status
200 is a row that the rule of its path must not answer.""",
    reread=reread,
)
