"""Rules as plain JSON."""

from __future__ import annotations

from dataclasses import asdict

from redirectmap.exporters.base import Carries, Exporter, Options
from redirectmap.exporters.rules import RuleSet
from redirectmap.exporters.text import Files, json_bytes, json_of, said

FIELDS = ("host", "path", "query", "target", "status")


def render(rules: RuleSet, options: Options) -> Files:
    """Spell the rules: redirects.json."""
    rows = [{name: asdict(rule)[name] for name in FIELDS} for rule in rules.entries]
    value = {
        "redirectmap": options.version,
        "plan_sha256": rules.digest,
        "rows": len(rules.rules),
        "query": options.query,
        "rules": rows,
    }
    return {"redirects.json": json_bytes(value)}


def reread(files: Files) -> dict[str, str]:
    """Read our own file back: key to answer."""
    found = {}
    for row in json_of(files["redirects.json"])["rules"]:
        query = "" if row["query"] is None else f"?{row['query']}"
        key = f"{row['host'] or ''}{row['path']}{query}"
        found[key] = said(row["status"], row["target"])
    return found


EXPORTER = Exporter(
    name="json",
    title="JSON",
    carries=Carries(holds=True, origin="no limits"),
    render=render,
    load="""\
One object a rule. Host null holds for every host; query null is no `?`; status 200 is
a row that the rule of its path must not answer.""",
    reread=reread,
)
