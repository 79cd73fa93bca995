"""Rules as a plain table."""

from __future__ import annotations

from redirectmap.exporters.base import Carries, Exporter, Options
from redirectmap.exporters.rules import Rule, RuleSet
from redirectmap.exporters.text import Files, csv_bytes, csv_rows, said

COLUMNS = ("old_url", "host", "path", "query", "new_url", "status")


def render(rules: RuleSet, _options: Options) -> Files:
    """Spell the rules: redirects.csv; an empty query is `?`, none is empty."""
    rows = [
        (address(r), r.host, r.path, r.wire[len(r.path) :], r.target, r.status)
        for r in rules.entries
    ]
    return {"redirects.csv": csv_bytes([COLUMNS, *rows])}


def address(rule: Rule) -> str:
    """Return what a rule holds for: a path, or an address where it names a host."""
    return f"https://{rule.key}" if rule.host else rule.wire


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
One row a rule. Without a host it holds for every host; `query` begins with its ?;
status 200 is a row that the rule of its path must not answer.""",
    reread=reread,
)
