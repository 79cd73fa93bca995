"""Rules for Shopify: the CSV of its URL redirects.

Source  help.shopify.com: a redirect fires only where the old path answers 404; 100 000
redirects by secondary sources.
"""

from __future__ import annotations

from redirectmap.exporters.base import SERVER_BAD, Carries, Exporter, Options
from redirectmap.exporters.rules import RuleSet
from redirectmap.exporters.text import HOME, Files, csv_bytes, csv_rows, said


def render(rules: RuleSet, _options: Options) -> Files:
    """Spell the rules: shopify.csv."""
    rows = [(r.path, r.target) for r in rules.rules]
    return {"shopify.csv": csv_bytes([("Redirect from", "Redirect to"), *rows])}


def reread(files: Files) -> dict[str, str]:
    """Read our own file back: path to answer."""
    return {r[0]: said(301, r[1]) for r in csv_rows(files["shopify.csv"])[1:]}


EXPORTER = Exporter(
    name="shopify",
    title="Shopify",
    carries=Carries(
        statuses=frozenset({301}),
        queries=False,
        hosts=False,
        case=False,
        modes=("drop",),
        bad=(HOME, *SERVER_BAD),
        rows=100_000,
        origin="secondary sources: 100,000 redirects; fires only on 404",
    ),
    render=render,
    load="""\
Online Store > Navigation > URL redirects > Import: shopify.csv. A redirect works only
where the old path answers 404.""",
    reread=reread,
)
