"""Rules for Rank Math: its CSV import.

Source  plug-in source: slashes at the ends of a source are trimmed.
"""

from __future__ import annotations

from redirectmap.exporters.base import SERVER_BAD, Carries, Exporter, Options
from redirectmap.exporters.rules import Rule, RuleSet
from redirectmap.exporters.text import HOME, Files, csv_bytes, csv_rows, said

HEAD = (
    *("id", "source", "matching", "destination"),
    *("type", "category", "status", "ignore"),
)


def render(rules: RuleSet, _options: Options) -> Files:
    """Spell the rules: rank-math.csv."""
    rows = [
        ("", source(r), "exact", r.target or "", r.status, "", "active", "")
        for r in rules.rules
    ]
    return {"rank-math.csv": csv_bytes([HEAD, *rows])}


def source(rule: Rule) -> str:
    """Return a source as Rank Math keeps it."""
    return rule.wire.strip("/")


def reread(files: Files) -> dict[str, str]:
    """Read our own file back: trimmed source to answer."""
    return {f"/{r[1]}": said(r[4], r[3]) for r in csv_rows(files["rank-math.csv"])[1:]}


EXPORTER = Exporter(
    name="wordpress-rank-math",
    title="Rank Math",
    carries=Carries(
        statuses=frozenset({301, 302, 307, 410, 451}),
        hosts=False,
        slash=False,
        modes=("exact",),
        bad=(HOME, *SERVER_BAD, ("slashes", "^//", "slashes are trimmed there")),
        origin="plug-in source: slashes are trimmed",
    ),
    render=render,
    load="Rank Math > Redirections > Import: rank-math.csv.",
    reread=reread,
)
