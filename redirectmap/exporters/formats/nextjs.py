"""Rules for Next.js: the list that `redirects()` returns.

Source  nextjs.org/docs/app/api-reference/config/next-config-js/redirects:
path-to-regexp sources, the request's own query is passed on; next build warns above
1 000 routes.
"""

from __future__ import annotations

from redirectmap.exporters.base import SERVER_BAD, Carries, Exporter, Options
from redirectmap.exporters.formats import vercel
from redirectmap.exporters.rules import REDIRECTS, RuleSet
from redirectmap.exporters.text import Files, json_bytes, json_of


def render(rules: RuleSet, _options: Options) -> Files:
    """Spell the rules: redirects.json."""
    return {"redirects.json": json_bytes(vercel.routes(rules))}


def reread(files: Files) -> dict[str, str]:
    """Read our own file back: path to answer."""
    return vercel.read_routes(json_of(files["redirects.json"]))


EXPORTER = Exporter(
    name="next",
    title="Next.js redirects",
    carries=Carries(
        statuses=frozenset(REDIRECTS),
        queries=False,
        hosts=False,
        bad=SERVER_BAD,
        hex_case=True,
        case=False,
        modes=("keep",),
        bad_targets=vercel.BAD_TARGETS,
        rows=1_000,
        origin="next build warns above 1,000 routes",
    ),
    render=render,
    load="""\
Put redirects.json beside next.config.js:
    redirects: async () => require('./redirects.json')
then: next build. Above 1 000 rows put a server or middleware in front.""",
    reread=reread,
)
