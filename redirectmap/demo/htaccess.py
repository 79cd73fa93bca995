"""Read the sample .htaccess, in the two forms it uses, so that the old site obeys it.

Patterns (a RewriteRule with more than a fixed path) are left to the planner:
the old site's server answers exact paths only.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

_REDIRECT = re.compile(r"^Redirect (\d{3}|gone) (\S+)(?: (\S+))?$")
_REWRITE = re.compile(r"^RewriteRule \^([\w./\\-]+)\$ (\S+) \[R=(\d{3}),L\]$")


@dataclass(frozen=True, slots=True)
class Rule:
    """One exact redirect of the old site; target is empty for 410."""

    source: str
    target: str
    status: int


def read_rules(path: Path) -> list[Rule]:
    """Return the exact rules of `path`, in order."""
    lines = path.read_text(encoding="utf-8").splitlines()
    return [rule for line in lines if (rule := _rule(line.strip()))]


def _rule(line: str) -> Rule | None:
    if found := _REDIRECT.match(line):
        status, source, target = found.groups()
        return Rule(source, target or "", 410 if status == "gone" else int(status))
    if found := _REWRITE.match(line):
        source, target, status = found.groups()
        return Rule("/" + source.replace("\\", ""), target, int(status))
    return None
