"""Rules for Drupal: the CSV of the module path_redirect_import.

Source  module documentation; versions differ in the order of language and code.
"""

from __future__ import annotations

from redirectmap.exporters.base import SERVER_BAD, Carries, Exporter, Options
from redirectmap.exporters.rules import RuleSet
from redirectmap.exporters.text import Files, csv_bytes, csv_rows, said

HEAD = ("source", "target", "language", "code")


def render(rules: RuleSet, _options: Options) -> Files:
    """Spell the rules: drupal.csv."""
    rows = [(r.wire, r.target, "und", r.status) for r in rules.rules]
    return {"drupal.csv": csv_bytes([HEAD, *rows])}


def reread(files: Files) -> dict[str, str]:
    """Read our own file back: path and query to answer."""
    return {r[0]: said(r[3], r[1]) for r in csv_rows(files["drupal.csv"])[1:]}


EXPORTER = Exporter(
    name="drupal",
    title="Drupal path_redirect_import",
    carries=Carries(
        statuses=frozenset({301, 302, 303, 307}),
        hosts=False,
        case=False,
        modes=("keep",),
        bad=SERVER_BAD,
        origin="module docs; versions differ in the order of language, code",
    ),
    render=render,
    load="""\
Configuration > Search and metadata > URL redirects > Import: drupal.csv. Compare the
order of the columns with the installed module first.""",
    reread=reread,
)
