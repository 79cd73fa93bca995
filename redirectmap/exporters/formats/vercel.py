r"""Rules for Vercel: the list `redirects` of vercel.json.

Source  @vercel/routing-utils 6.6.0: 2 048 redirects, 4 096 characters; a source is a
path-to-regexp pattern, so its signs are escaped; `permanent` would answer 308, so the
status is written. A placeholder in a target cannot be escaped.
"""

from __future__ import annotations

import re

from redirectmap.exporters.base import SERVER_BAD, Carries, Exporter, Options
from redirectmap.exporters.rules import REDIRECTS, RuleSet
from redirectmap.exporters.text import Files, json_bytes, json_of, said

SIGNS = re.compile(r"([():*+?{}\[\]\\])")
BAD_TARGETS = (
    ("placeholder", r":[A-Za-z0-9_]|[(){}*+\\]|\$\d", "a pattern sign stands in it"),
)


def render(rules: RuleSet, _options: Options) -> Files:
    """Spell the rules: vercel.json."""
    return {"vercel.json": json_bytes({"redirects": routes(rules)})}


def routes(rules: RuleSet) -> list[dict[str, object]]:
    """Return one route a rule, as Vercel and Next.js want it."""
    return [
        {
            "source": SIGNS.sub(r"\\\1", rule.path),
            "destination": rule.target,
            "statusCode": rule.status,
        }
        for rule in rules.rules
    ]


def read_routes(routes: list[dict[str, str]]) -> dict[str, str]:
    """Read routes of ours back: path to answer."""
    return {
        re.sub(r"\\(.)", r"\1", route["source"]): said(
            route["statusCode"], route["destination"]
        )
        for route in routes
    }


def reread(files: Files) -> dict[str, str]:
    """Read our own file back."""
    return read_routes(json_of(files["vercel.json"])["redirects"])


EXPORTER = Exporter(
    name="vercel",
    title="Vercel vercel.json",
    carries=Carries(
        statuses=frozenset(REDIRECTS),
        queries=False,
        hosts=False,
        bad=SERVER_BAD,
        hex_case=True,
        modes=("keep",),
        bad_targets=BAD_TARGETS,
        rows=2_048,
        source_chars=2_000,
        target_chars=4_096,
        origin="@vercel/routing-utils 6.6.0: 2,048 redirects, 4,096 chars",
    ),
    render=render,
    load="""\
Merge the list `redirects` into vercel.json and deploy. Vercel passes the request's own
query on to the target. Above 2 048 rows use --to vercel-bulk.""",
    server="vercel",
    reread=reread,
)
