"""Rules for HubSpot: the CSV of its URL redirects, columns of a real export."""

from __future__ import annotations

from redirectmap.exporters.base import SERVER_BAD, Carries, Exporter, Options
from redirectmap.exporters.rules import Rule, RuleSet
from redirectmap.exporters.text import Files, csv_bytes, csv_rows, said

HEAD = (
    "Original URL",
    "Redirect to",
    "Redirect type",
    "Redirect style",
    "Priority",
    "Match query strings",
    "Ignore trailing slash",
    "Ignore protocol",
    "Disable if page exists",
    "Note",
)


def render(rules: RuleSet, options: Options) -> Files:
    """Spell the rules: hubspot.csv."""
    note = f"redirectmap {options.version}"  # no hash: a diff shows what changed
    rows = [_row(rule, note) for rule in rules.rules]
    return {"hubspot.csv": csv_bytes([HEAD, *rows])}


def _row(rule: Rule, note: str) -> tuple[object, ...]:
    query = "TRUE" if rule.query is not None else "FALSE"
    flags = ("FALSE", "TRUE", "FALSE")
    return rule.wire, rule.target, rule.status, "Standard", "", query, *flags, note


def reread(files: Files) -> dict[str, str]:
    """Read our own file back: path and query to answer."""
    return {r[0]: said(r[2], r[1]) for r in csv_rows(files["hubspot.csv"])[1:]}


EXPORTER = Exporter(
    name="hubspot",
    title="HubSpot",
    carries=Carries(
        statuses=frozenset({301, 302}),
        hosts=False,
        modes=("keep",),
        bad=SERVER_BAD,
        origin="columns of a real export; no limit of rows is known",
    ),
    render=render,
    load="Settings > Content > Domains & URLs > URL redirects > Import: hubspot.csv.",
    reread=reread,
)
