"""Group a plan by section: which part of the old site goes to which of the new.

A section is the first folder of a path (`/blog`), the script of pages that
live in a query (`/index.php`), or the start page. The largest are named, the
rest is called `other`, so that a picture stays readable.
"""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import unquote

import pandas as pd

from redirectmap import urls

HOME = "start page"
OTHER = "other"
TOP_LEVEL = "single pages"
GONE = "gone (410)"
REVIEW = "a person decides"
MAX_SECTIONS = 9


@dataclass(frozen=True, slots=True)
class Stream:
    """Rows that go from one section to another.

    Attributes:
        old: Section of the old site.
        new: Section of the new site, `GONE` or `REVIEW`.
        rows: Rows of the plan.
        value: Share of the old site's value, 0 to 1.
    """

    old: str
    new: str
    rows: int
    value: float


def section_of(url: str) -> str:
    """Return the section a URL belongs to."""
    parsed = urls.parse(url)
    if isinstance(parsed, urls.Refusal):
        return OTHER
    if parsed.path == "/":
        return HOME
    first, slash, _rest = parsed.path[1:].partition("/")
    if slash or parsed.query is not None:
        return f"/{unquote(first)}"
    return f"/{unquote(first)}" if "." not in first else TOP_LEVEL


def streams(plan: pd.DataFrame) -> list[Stream]:
    """Return the streams of `plan`, widest section first."""
    old = _named(plan["old_url"].map(section_of))
    moved = plan["action"].isin(["redirect", "keep"])
    targets = plan["new_url"].fillna("").where(moved, "")
    new = _named(targets[moved].map(section_of)).reindex(plan.index)
    new = new.mask(plan["action"].eq("gone"), GONE)
    new = new.mask(plan["action"].eq("review"), REVIEW)
    table = pd.DataFrame(
        {"old": old, "new": new, "value": plan["priority"].fillna(0.0)}
    )
    grouped = table.groupby(["old", "new"])["value"].agg(["size", "sum"])
    found = [
        Stream(str(key[0]), str(key[1]), int(row["size"]), float(row["sum"]))
        for key, row in zip(grouped.index, grouped.to_dict("records"), strict=True)
    ]
    return sorted(found, key=lambda s: (-s.rows, s.old, s.new))


def _named(sections: pd.Series) -> pd.Series:
    """Keep the names of the largest sections, call the rest `other`."""
    counts = sections.value_counts()
    kept = set(counts.index[:MAX_SECTIONS])
    if len(counts) == MAX_SECTIONS + 1:
        kept = set(counts.index)
    return sections.where(sections.isin(kept), OTHER)
