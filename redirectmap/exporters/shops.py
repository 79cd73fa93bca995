"""Rules for shops and content systems, as the CSV their importers read.

CSV has no comments, so plan hash, version and row count stand in README.txt.
"""

from __future__ import annotations

from redirectmap.exporters.base import Carries, Exporter, Options
from redirectmap.exporters.rules import RuleSet
from redirectmap.exporters.text import csv_bytes

GONE = frozenset({301, 302, 307, 410, 451})


def _redirection(rules: RuleSet, _options: Options) -> dict[str, bytes]:
    head = ("source", "target", "regex", "code", "type", "hits", "title", "status")
    rows = [
        (r.wire, r.target or "", 0, r.status, "url", 0, "", "active")
        for r in rules.rules
    ]
    return {"redirection.csv": csv_bytes([head, *rows])}


def _yoast(rules: RuleSet, _options: Options) -> dict[str, bytes]:
    head = ("Origin", "Target", "Type", "Format")
    rows = [(r.wire, r.target or "", r.status, "plain") for r in rules.rules]
    return {"yoast.csv": csv_bytes([head, *rows])}


def _rank_math(rules: RuleSet, _options: Options) -> dict[str, bytes]:
    head = (
        "id",
        "source",
        "matching",
        "destination",
        "type",
        "category",
        "status",
        "ignore",
    )
    rows = [
        ("", r.wire.strip("/"), "exact", r.target or "", r.status, "", "active", "")
        for r in rules.rules
    ]
    return {"rank-math.csv": csv_bytes([head, *rows])}


def _shopify(rules: RuleSet, _options: Options) -> dict[str, bytes]:
    rows = [(r.path, r.target) for r in rules.rules]
    return {"shopify.csv": csv_bytes([("Redirect from", "Redirect to"), *rows])}


def _drupal(rules: RuleSet, _options: Options) -> dict[str, bytes]:
    rows = [(r.wire, r.target, "und", r.status) for r in rules.rules]
    return {"drupal.csv": csv_bytes([("source", "target", "language", "code"), *rows])}


def _hubspot(rules: RuleSet, options: Options) -> dict[str, bytes]:
    head = (
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
    note = f"redirectmap {options.version} {rules.plan_hash[:12]}"
    rows = [
        (
            r.wire,
            r.target,
            r.status,
            "Standard",
            "",
            "TRUE" if r.query is not None else "FALSE",
            "FALSE",
            "TRUE",
            "FALSE",
            note,
        )
        for r in rules.rules
    ]
    return {"hubspot.csv": csv_bytes([head, *rows])}


def _squarespace(rules: RuleSet, _options: Options) -> dict[str, bytes]:
    lines = [f"{r.path} -> {r.target} {r.status}\n" for r in rules.rules]
    return {"squarespace.txt": "".join(lines).encode()}


def _magento(rules: RuleSet, _options: Options) -> dict[str, bytes]:
    head = ("entity_type", "request_path", "target_path", "redirect_type", "store_id")
    rows = [("custom", r.path[1:], r.target, r.status, 1) for r in rules.rules]
    return {"magento.csv": csv_bytes([head, *rows])}


TWO = frozenset({301, 302})
ROOT = ("home", "^/$", "the home page cannot be a source there")

SHOPS = (
    Exporter(
        "wordpress-redirection",
        "WordPress Redirection",
        Carries(
            statuses=frozenset({301, 302, 303, 304, 307, 308, 404, 410, 451}),
            hosts=False,
            modes=("exact",),
            source_chars=2_000,
            target_chars=2_000,
            origin="plugin source: fgetcsv lines of 5,000; regex 0 is written "
            "because a missing column is guessed",
        ),
        _redirection,
        "Tools > Redirection > Import/Export: redirection.csv.",
    ),
    Exporter(
        "wordpress-yoast",
        "Yoast SEO Premium",
        Carries(
            statuses=GONE,
            hosts=False,
            slash=False,
            modes=("exact",),
            origin="plugin source: 410 and 451 have no target",
        ),
        _yoast,
        "Yoast SEO > Redirects > Import: yoast.csv.",
    ),
    Exporter(
        "wordpress-rank-math",
        "Rank Math",
        Carries(
            statuses=GONE,
            hosts=False,
            slash=False,
            modes=("exact",),
            bad=(ROOT,),
            origin="plugin source: slashes are trimmed",
        ),
        _rank_math,
        "Rank Math > Redirections > Import: rank-math.csv.",
    ),
    Exporter(
        "shopify",
        "Shopify",
        Carries(
            statuses=frozenset({301}),
            queries=False,
            hosts=False,
            case=False,
            modes=("drop",),
            bad=(ROOT,),
            rows=100_000,
            origin="secondary sources: 100,000 redirects; fires only on 404",
        ),
        _shopify,
        "Online Store > Navigation > URL redirects > Import: shopify.csv. A redirect\n"
        "works only where the old path answers 404.",
    ),
    Exporter(
        "drupal",
        "Drupal path_redirect_import",
        Carries(
            statuses=frozenset({301, 302, 303, 307}),
            hosts=False,
            case=False,
            modes=("keep",),
            origin="module docs; versions differ in the order of language, code",
        ),
        _drupal,
        "Configuration > URL redirects > Import: drupal.csv. Compare the column order\n"
        "with the installed module first.",
    ),
    Exporter(
        "hubspot",
        "HubSpot",
        Carries(
            statuses=TWO,
            hosts=False,
            modes=("keep",),
            origin="columns of a real export",
        ),
        _hubspot,
        "Settings > Domains & URLs > URL redirects > Import: hubspot.csv.",
    ),
    Exporter(
        "squarespace",
        "Squarespace",
        Carries(
            statuses=TWO,
            queries=False,
            hosts=False,
            modes=("drop",),
            bad=(("placeholder", r"\[", "[name] is a variable there"),),
            rows=2_500,
            file_bytes=400_000,
            origin="quoted docs: 400 KB, about 2,500 lines",
        ),
        _squarespace,
        "Settings > Developer tools > URL mappings: paste squarespace.txt.",
    ),
    Exporter(
        "magento",
        "Magento URL rewrites",
        Carries(
            statuses=TWO,
            queries=False,
            hosts=False,
            modes=("drop",),
            bad=(ROOT,),
            source_chars=256,
            target_chars=255,
            origin="url_rewrite.request_path has 255 characters",
        ),
        _magento,
        "magento.csv has the columns of url_rewrite (entity_type custom); Magento\n"
        "itself imports no CSV, so an import extension is needed. store_id is 1.",
    ),
)
