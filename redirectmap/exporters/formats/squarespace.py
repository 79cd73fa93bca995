"""Rules for Squarespace: URL mappings, one line a rule, no comments.

Source  support.squarespace.com, URL redirects: 400 KB, about 2 500 lines.
"""

from __future__ import annotations

from redirectmap.exporters.base import SERVER_BAD, Carries, Exporter, Options
from redirectmap.exporters.rules import RuleSet
from redirectmap.exporters.text import Files, said


def render(rules: RuleSet, _options: Options) -> Files:
    """Spell the rules: squarespace.txt."""
    lines = [f"{r.path} -> {r.target} {r.status}\n" for r in rules.rules]
    return {"squarespace.txt": "".join(lines).encode()}


def reread(files: Files) -> dict[str, str]:
    """Read our own file back: path to answer."""
    lines = files["squarespace.txt"].decode().splitlines()
    rows = (line.split(" ") for line in lines)
    return {path: said(status, target) for path, _, target, status in rows}


EXPORTER = Exporter(
    name="squarespace",
    title="Squarespace",
    carries=Carries(
        statuses=frozenset({301, 302}),
        queries=False,
        hosts=False,
        modes=("drop",),
        bad=(("placeholder", r"\[", "[name] is a variable there"), *SERVER_BAD),
        bad_targets=(("placeholder", r"\[", "[name] is a variable there"),),
        rows=2_500,
        file_bytes=400_000,
        origin="quoted docs: 400 KB, about 2,500 lines",
    ),
    render=render,
    load="Settings > Developer tools > URL mappings: paste squarespace.txt, save.",
    reread=reread,
)
