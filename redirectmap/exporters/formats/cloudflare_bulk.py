"""Rules for Cloudflare Bulk Redirects: CSV without a header, one list a file.

Source  developers.cloudflare.com/rules/url-forwarding/bulk-redirects/reference; a
source has no query, port or fragment; changelog 2025-02-12: URLs per account Free
10 000, Pro 25 000, Business 50 000, Enterprise 1 000 000.
"""

from __future__ import annotations

import re

from redirectmap.exporters.base import SERVER_BAD, Carries, Exporter, Options
from redirectmap.exporters.rules import RuleSet
from redirectmap.exporters.text import (
    Files,
    csv_bytes,
    csv_rows,
    old_host,
    said,
    shards,
)

LIST_ROWS = 10_000  # what the smallest account holds


def render(rules: RuleSet, options: Options) -> Files:
    """Spell the rules: bulk-redirects.csv, in parts of 10 000 rows."""
    rows = []
    for rule in rules.rules:
        keep = options.query == "keep" and not re.search(r"[?#]", rule.target or "")
        source = f"https://{old_host(rule)}{rule.path}"
        flags = ("TRUE" if keep else "FALSE", "FALSE", "FALSE", "FALSE")
        rows.append((source, rule.target, rule.status, *flags))
    parts = shards("bulk-redirects.csv", rows, LIST_ROWS)
    return {name: csv_bytes(part) for name, part in parts.items()}


def reread(files: Files) -> dict[str, str]:
    """Read our own files back: host and path to answer."""
    rows = (row for data in files.values() for row in csv_rows(data))
    return {row[0].removeprefix("https://"): said(row[2], row[1]) for row in rows}


EXPORTER = Exporter(
    name="cloudflare-bulk",
    title="Cloudflare Bulk Redirects",
    carries=Carries(
        statuses=frozenset({301, 302, 307, 308}),
        queries=False,
        modes=("keep", "drop"),
        hex_case=True,
        joins=False,
        bad=(("placeholder", r"\*", "* is a pattern there"), *SERVER_BAD),
        rows=1_000_000,
        source_chars=32_000,
        origin="docs; changelog 2025-02-12: Free 10,000, Pro 25,000, Business "
        "50,000, Enterprise 1,000,000 URLs an account",
    ),
    render=render,
    load="""\
Account > Bulk Redirects > Create list > Import: one list for each CSV (they have no
header), then one rule that uses the lists. An account holds 10 000 (Free), 25 000
(Pro), 50 000 (Business) or 1 000 000 (Enterprise) URLs. The request's own query is
kept only where the target has no query or fragment.""",
    reread=reread,
)
