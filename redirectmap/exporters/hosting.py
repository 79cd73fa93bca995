"""Rules for hosting platforms with a redirects file: Netlify, Cloudflare, Vercel.

Sources of the limits stand with each format; queries are refused where the
platform ignores them or matches them loosely, because a loose rule misroutes.
"""

from __future__ import annotations

import re

from redirectmap.exporters.base import Carries, Exporter, Options, header
from redirectmap.exporters.rules import RuleSet
from redirectmap.exporters.text import PLACEHOLDER, csv_bytes, json_bytes, old_host

MOVES = frozenset({301, 302, 303, 307, 308})
_PATTERN = re.compile(r"([():*+?{}\[\]\\])")


def _netlify(rules: RuleSet, options: Options) -> dict[str, bytes]:
    lines = [f"{r.path} {r.target} {r.status}!\n" for r in rules.rules]
    return {"_redirects": (header(rules, options, "Netlify") + "".join(lines)).encode()}


def _pages(rules: RuleSet, options: Options) -> dict[str, bytes]:
    lines = [f"{r.path} {r.target} {r.status}\n" for r in rules.rules]
    title = header(rules, options, "Cloudflare Pages")
    return {"_redirects": (title + "".join(lines)).encode()}


def _bulk(rules: RuleSet, options: Options) -> dict[str, bytes]:
    rows = []
    for rule in rules.rules:
        keep = options.query == "keep" and not re.search(r"[?#]", rule.target or "")
        source = f"https://{old_host(rule)}{rule.path}"
        flags = ("TRUE" if keep else "FALSE", "FALSE", "FALSE", "FALSE")
        rows.append((source, rule.target, rule.status, *flags))
    return {"bulk-redirects.csv": csv_bytes(rows)}


def _pattern(path: str) -> str:
    return _PATTERN.sub(r"\\\1", path)


def _routes(rules: RuleSet) -> list[dict[str, object]]:
    return [
        {
            "source": _pattern(rule.path),
            "destination": rule.target,
            "statusCode": rule.status,
        }
        for rule in rules.rules
    ]


def _vercel(rules: RuleSet, _options: Options) -> dict[str, bytes]:
    return {"vercel.json": json_bytes({"redirects": _routes(rules)})}


def _vercel_bulk(rules: RuleSet, options: Options) -> dict[str, bytes]:
    columns = (
        "source",
        "destination",
        "statusCode",
        "caseSensitive",
        "preserveQueryParams",
    )
    keep = "true" if options.query == "keep" else "false"
    rows = [(r.path, r.target, r.status, "true", keep) for r in rules.rules]
    return {"redirects.csv": csv_bytes([columns, *rows])}


def _next(rules: RuleSet, _options: Options) -> dict[str, bytes]:
    return {"redirects.json": json_bytes(_routes(rules))}


_ROUTE_TARGET = (
    ("placeholder", r"/:[A-Za-z]|[(){}*+\\]", "a pattern character stands in it"),
)

HOSTING = (
    Exporter(
        "netlify",
        "Netlify _redirects",
        Carries(
            statuses=MOVES,
            queries=False,
            hosts=False,
            slash=False,
            modes=("keep",),
            bad=(PLACEHOLDER,),
            bad_targets=(PLACEHOLDER,),
            origin="netlify-redirector 0.5.0: slash-insensitive; extra query kept",
        ),
        _netlify,
        "Put _redirects into the folder that is published.",
    ),
    Exporter(
        "cloudflare-pages",
        "Cloudflare Pages _redirects",
        Carries(
            statuses=MOVES,
            queries=False,
            hosts=False,
            modes=("keep",),
            bad=(PLACEHOLDER,),
            bad_targets=(PLACEHOLDER,),
            rows=2_000,
            source_chars=480,
            target_chars=500,
            origin="docs: 2,000 static rules, 1,000 characters a line",
        ),
        _pages,
        "Put _redirects into the build's output folder. Its rules are all static.",
    ),
    Exporter(
        "cloudflare-bulk",
        "Cloudflare Bulk Redirects",
        Carries(
            statuses=frozenset({301, 302, 307, 308}),
            queries=False,
            modes=("keep", "drop"),
            rows=10_000,
            source_chars=32_000,
            origin="changelog 2025-02-12: Free 10,000, Pro 25,000, Business "
            "50,000, Enterprise 1,000,000 URLs",
        ),
        _bulk,
        "Import bulk-redirects.csv (it has no header) into a redirect list. The\n"
        "query is kept only where the target has none of its own.",
    ),
    Exporter(
        "vercel",
        "Vercel vercel.json",
        Carries(
            statuses=MOVES,
            queries=False,
            hosts=False,
            case=False,
            modes=("keep",),
            bad_targets=_ROUTE_TARGET,
            rows=2_048,
            source_chars=3_000,
            target_chars=4_096,
            origin="@vercel/routing-utils 6.6.0: 2,048 redirects, 4,096 chars",
        ),
        _vercel,
        "Merge the list `redirects` into vercel.json.",
    ),
    Exporter(
        "vercel-bulk",
        "Vercel bulk redirects",
        Carries(
            statuses=MOVES,
            queries=False,
            hosts=False,
            modes=("keep", "drop"),
            rows=1_000_000,
            source_chars=2_048,
            target_chars=2_048,
            origin="docs: bulkRedirectsPath, sources of 2,048 characters",
        ),
        _vercel_bulk,
        "Name redirects.csv as bulkRedirectsPath in vercel.json (Pro, Enterprise).",
    ),
    Exporter(
        "next",
        "Next.js redirects",
        Carries(
            statuses=MOVES,
            queries=False,
            hosts=False,
            case=False,
            modes=("keep",),
            bad_targets=_ROUTE_TARGET,
            rows=1_000,
            origin="next build warns above 1,000 routes",
        ),
        _next,
        "In next.config.js: redirects: async () => require('./redirects.json')",
    ),
)
