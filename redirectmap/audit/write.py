"""Write an audit into a folder, and say it in a few lines."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from redirectmap.audit.audit import Audit
from redirectmap.tables import write_csv, write_json


def write_audit(folder: Path, found: Audit) -> None:
    """Write audit.json and one CSV per table, each whole or not at all."""
    for name, table in found.tables.items():
        write_csv(folder / f"{name}.csv", table)
    write_json(folder / "audit.json", summary(found))


def summary(found: Audit) -> dict[str, Any]:
    """Return the counts of an audit."""
    warned = found.warnings.groupby("code").size()
    canonicals, hreflang = found.canonicals, found.hreflang
    return {
        "crawl": found.state,
        "orphans": len(found.orphans),
        "orphans_known_from": _words(found),
        "blocked_by_robots": len(found.blocked),
        "canonical_clusters": int(canonicals["cluster"].nunique()),
        "canonicals_with_problems": int((canonicals["problem"] != "").sum()),
        "duplicate_pages": len(found.duplicates),
        "hreflang": len(hreflang),
        "hreflang_without_return": int((~hreflang["links_back"].astype(bool)).sum()),
        "skipped": {
            rule: int(number)
            for rule, number in found.skipped.groupby("rule")["urls"].sum().items()
        },
        "warnings": {code: int(number) for code, number in warned.items()},
    }


def _words(found: Audit) -> dict[str, int]:
    words = found.orphans["known_from"].str.split().explode().value_counts()
    return {str(word): int(number) for word, number in words.items()}
