"""The map file of several servers: a key, a space, an answer, one line an entry.

Neither keys nor answers hold a space: WHATWG addresses write it as `%20`.
"""

from __future__ import annotations

from redirectmap.exporters.rules import RuleSet
from redirectmap.readers.rules_ours import map_entries


def map_lines(rules: RuleSet) -> str:
    """Return every entry as a line, sorted."""
    known = rules.spellings
    return "".join(sorted(f"{key} {rule.answer}\n" for key, rule in known.items()))


def read_map_lines(text: str) -> dict[str, str]:
    """Return key to answer of the lines that are no comment."""
    return dict(map_entries(text))
