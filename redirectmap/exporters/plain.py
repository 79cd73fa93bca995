"""Rules as plain tables, and as front matter for static site generators."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import asdict

from redirectmap.exporters.base import Carries, Exporter, Options
from redirectmap.exporters.rules import RuleSet
from redirectmap.exporters.text import csv_bytes, json_bytes

COLUMNS = ("old_url", "host", "path", "query", "target", "status")


def _csv(rules: RuleSet, _options: Options) -> dict[str, bytes]:
    rows = [tuple(asdict(rule)[name] for name in COLUMNS) for rule in rules.rules]
    return {"redirects.csv": csv_bytes([COLUMNS, *rows])}


def _json(rules: RuleSet, options: Options) -> dict[str, bytes]:
    rows = [{name: asdict(rule)[name] for name in COLUMNS} for rule in rules.rules]
    value = {
        "redirectmap": options.version,
        "plan_sha256": rules.plan_hash,
        "query": options.query,
        "rules": rows,
    }
    return {"redirects.json": json_bytes(value)}


def _static(rules: RuleSet, _options: Options) -> dict[str, bytes]:
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


PLAIN = (
    Exporter(
        "csv",
        "CSV",
        Carries(origin="no limits"),
        _csv,
        "One row a rule; an empty host holds for every host.",
    ),
    Exporter(
        "json",
        "JSON",
        Carries(origin="no limits"),
        _json,
        "One object a rule; host null holds for every host.",
    ),
    Exporter(
        "static",
        "Hugo, Jekyll, Docusaurus",
        Carries(
            statuses=frozenset({301}),
            queries=False,
            hosts=False,
            modes=("drop",),
            origin="pages with a meta refresh, not HTTP redirects",
        ),
        _static,
        "Target page to old paths: `aliases` (Hugo), `redirect_from` (Jekyll), and\n"
        "from and to for @docusaurus/plugin-client-redirects. These are HTML pages\n"
        "that send the browser on, not HTTP redirects; search engines weigh them less.",
    ),
)
