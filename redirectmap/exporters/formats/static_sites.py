"""Rules for Hugo, Jekyll and Docusaurus: which page takes over which old paths.

These generators write HTML pages that send the browser on, not HTTP redirects.

Source  gohugo.io (aliases), jekyll-redirect-from, @docusaurus/plugin-client-redirects.
"""

from __future__ import annotations

from collections import defaultdict
from urllib.parse import unquote

from redirectmap.exporters.base import SERVER_BAD, Carries, Exporter, Options
from redirectmap.exporters.rules import Rule, RuleSet
from redirectmap.exporters.text import Files, json_bytes, json_of, said


def render(rules: RuleSet, _options: Options) -> Files:
    """Spell the rules: one map of target page to old paths per generator."""
    aliases: dict[str, list[str]] = defaultdict(list)
    for rule in rules.rules:
        aliases[rule.target or ""].append(rule.path)
    pages = dict(sorted(aliases.items()))
    plugin = [{"from": paths, "to": target} for target, paths in pages.items()]
    return {
        "hugo-aliases.json": json_bytes(pages),
        "jekyll-redirect-from.json": json_bytes(pages),
        "docusaurus-redirects.json": json_bytes(plugin),
    }


def reread(files: Files) -> dict[str, str]:
    """Read our own map back: path to answer."""
    pages = json_of(files["hugo-aliases.json"])
    return {
        path: said(301, target) for target, paths in pages.items() for path in paths
    }


def special(rule: Rule, _options: Options) -> tuple[str, str] | None:
    """Refuse paths that are no plain file names: the generators write files."""
    if unquote(rule.path) == rule.path and "//" not in rule.path:
        return None
    return "encoding", "the generators write a file per path; this one cannot be a name"


EXPORTER = Exporter(
    name="static",
    title="Hugo, Jekyll, Docusaurus",
    carries=Carries(
        statuses=frozenset({301}),
        queries=False,
        hosts=False,
        modes=("drop",),
        bad=SERVER_BAD,
        origin="generators' docs; pages with a meta refresh, not HTTP redirects",
    ),
    render=render,
    load="""\
Put the old paths into the front matter of their target page: `aliases` (Hugo),
`redirect_from` (Jekyll); docusaurus-redirects.json is the list `redirects` of
@docusaurus/plugin-client-redirects. These are HTML pages that send the browser on, not
HTTP redirects; search engines weigh them less, and query strings are lost.""",
    special=special,
    reread=reread,
)
