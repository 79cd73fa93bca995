"""Rules for Netlify: `_redirects`, one line a rule.

Source  netlify-redirector 0.5.0, Netlify's own matcher: paths are compared without
their last slash; query parameters match in any order and among others, so sources
with a query are refused.
"""

from __future__ import annotations

from redirectmap.exporters.base import SERVER_BAD, Carries, Exporter, Options, header
from redirectmap.exporters.rules import REDIRECTS, RuleSet
from redirectmap.exporters.text import PLACEHOLDER, TARGET_PLACEHOLDER, Files, said

SLASHES = ("slashes", "//", "slashes are merged there")


def render(rules: RuleSet, options: Options) -> Files:
    """Spell the rules: _redirects; `!` answers also where a file exists."""
    lines = [f"{r.path} {r.target} {r.status}!\n" for r in rules.rules]
    title = header(rules, options, "Netlify", "deploy it with the site")
    return {"_redirects": (title + "".join(lines)).encode()}


def reread(files: Files) -> dict[str, str]:
    """Read our own file back: path to answer."""
    return read_lines(files["_redirects"].decode())


def read_lines(text: str) -> dict[str, str]:
    """Read the lines of a `_redirects` file of ours."""
    lines = (line.split(" ") for line in text.splitlines() if line[:1] != "#")
    return {path: said(status.rstrip("!"), target) for path, target, status in lines}


EXPORTER = Exporter(
    name="netlify",
    title="Netlify _redirects",
    carries=Carries(
        statuses=frozenset(REDIRECTS),
        queries=False,
        hosts=False,
        slash=False,
        modes=("keep",),
        bad=(PLACEHOLDER, SLASHES, *SERVER_BAD),
        hex_case=True,
        bad_targets=(TARGET_PLACEHOLDER,),
        origin="netlify-redirector 0.5.0; no limit of rows is documented",
    ),
    render=render,
    load="""\
Put _redirects into the folder that is published (build output), then deploy.
Netlify passes the request's own query on to the target.""",
    server="netlify",
    reread=reread,
)
