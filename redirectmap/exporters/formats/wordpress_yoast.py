"""Rules for Yoast SEO Premium: its CSV import.

Source  plug-in source: 410 and 451 have no target; slashes at the ends are trimmed.
"""

from __future__ import annotations

from redirectmap.exporters.base import SERVER_BAD, Carries, Exporter, Options
from redirectmap.exporters.rules import RuleSet
from redirectmap.exporters.text import Files, csv_bytes, csv_rows, said

HEAD = ("Origin", "Target", "Type", "Format")
STATUSES = frozenset({301, 302, 307, 410, 451})


def render(rules: RuleSet, _options: Options) -> Files:
    """Spell the rules: yoast.csv."""
    rows = [(r.wire, r.target or "", r.status, "plain") for r in rules.rules]
    return {"yoast.csv": csv_bytes([HEAD, *rows])}


def reread(files: Files) -> dict[str, str]:
    """Read our own file back: path and query to answer."""
    return {r[0]: said(r[2], r[1]) for r in csv_rows(files["yoast.csv"])[1:]}


EXPORTER = Exporter(
    name="wordpress-yoast",
    title="Yoast SEO Premium",
    carries=Carries(
        statuses=STATUSES,
        hosts=False,
        slash=False,
        modes=("exact",),
        bad=SERVER_BAD,
        origin="plug-in source: 410 and 451 have no target",
    ),
    render=render,
    load="Yoast SEO > Redirects > Import: yoast.csv.",
    reread=reread,
)
