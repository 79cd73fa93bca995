"""Rules for Cloudflare Pages: `_redirects`, one line a rule.

Source  developers.cloudflare.com/pages/configuration/redirects: 2 000 static rules,
1 000 characters a line; wrangler 4.86 (tried): the query of a source is ignored, the
request's own is passed on where
the target has none, `%c3` is not `%C3`.
"""

from __future__ import annotations

from redirectmap.exporters.base import SERVER_BAD, Carries, Exporter, Options, header
from redirectmap.exporters.formats.netlify import read_lines
from redirectmap.exporters.rules import REDIRECTS, Rule, RuleSet
from redirectmap.exporters.text import PLACEHOLDER, TARGET_PLACEHOLDER, Files

MAX_LINE = 1_000
EMPTY = ("empty_part", r"[?#]$|\?#", "an empty query or fragment is dropped there")
SLASHES = ("slashes", "^https?://[^/]+//", "slashes that begin a path are merged")


def render(rules: RuleSet, options: Options) -> Files:
    """Spell the rules: _redirects; all of them static."""
    lines = [f"{r.path} {r.target} {r.status}\n" for r in rules.rules]
    title = header(rules, options, "Cloudflare Pages", "deploy it with the site")
    return {"_redirects": (title + "".join(lines)).encode()}


def reread(files: Files) -> dict[str, str]:
    """Read our own file back: path to answer."""
    return read_lines(files["_redirects"].decode())


def special(rule: Rule, _options: Options) -> tuple[str, str] | None:
    """Refuse lines that are too long."""
    if len(rule.path) + len(rule.target or "") + 5 <= MAX_LINE:
        return None
    return "too_long", "Cloudflare Pages reads lines of 1 000 characters"


EXPORTER = Exporter(
    name="cloudflare-pages",
    title="Cloudflare Pages _redirects",
    carries=Carries(
        statuses=frozenset(REDIRECTS),
        queries=False,
        hosts=False,
        modes=("keep",),
        bad=(PLACEHOLDER, *SERVER_BAD),
        hex_case=True,
        joins=False,
        bad_targets=(TARGET_PLACEHOLDER, SLASHES, EMPTY),
        rows=2_000,
        origin="docs: 2,000 static rules, 1,000 characters a line; wrangler 4.86 tried",
    ),
    render=render,
    load="""\
Put _redirects into the build's output folder (also for Workers static assets), then
deploy. Its rules are all static. The request's own query is passed on.""",
    special=special,
    server="cloudflare-pages",
    reread=reread,
)
