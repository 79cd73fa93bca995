"""What each format can carry, as a table for people and for programs."""

from __future__ import annotations

from typing import Any

from redirectmap.exporters.base import ANY_STATUS, Carries
from redirectmap.exporters.catalogue import exporters

HEAD = (
    "format",
    "statuses",
    "query",
    "case",
    "slash",
    "hosts",
    "frag",
    "hex",
    "gone",
    "held",
    "tagged",
    "modes",
    "rows",
    "chars",
    "proof",
)


def as_rows() -> list[dict[str, Any]]:
    """Return name, capabilities and limits of every format."""
    return [
        {
            "format": name,
            "title": kind.title,
            "statuses": sorted(kind.carries.statuses),
            "exact_query": kind.carries.queries,
            "case_counts": kind.carries.case,
            "slash_counts": kind.carries.slash,
            "hosts": kind.carries.hosts,
            "target_fragment": kind.carries.fragments,
            "hex_case_counts": kind.carries.hex_case,
            "gone": 410 in kind.carries.statuses,
            "holds_back_queries": kind.carries.holds,
            "joins_queries": kind.carries.joins,
            "tagged_queries": kind.carries.tagged,
            "matches_by_prefix": kind.carries.prefix,
            "patterns": kind.patterns,
            "query_modes": list(kind.carries.modes),
            "max_rows": kind.carries.rows,
            "max_source_chars": kind.carries.source_chars,
            "max_target_chars": kind.carries.target_chars,
            "max_file_bytes": kind.carries.file_bytes,
            "proven_on": kind.server,
            "origin": kind.carries.origin,
        }
        for name, kind in exporters().items()
    ]


def as_text() -> str:
    """Return the table for a terminal."""
    lines: list[tuple[str, ...]] = [HEAD]
    for name, kind in exporters().items():
        lines.append(_line(name, kind.carries, kind.server))
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    rows = (
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True))
        for line in lines
    )
    return "\n".join(row.rstrip() for row in rows)


def _line(name: str, can: Carries, server: str | None) -> tuple[str, ...]:
    every = can.statuses >= ANY_STATUS - {303, 404, 451}
    statuses = "all" if every else ",".join(map(str, sorted(can.statuses)))
    marks = (
        can.queries,
        can.case,
        can.slash,
        can.hosts,
        can.fragments,
        can.hex_case,
        410 in can.statuses,
        can.holds,
        can.tagged,
    )
    return (
        name,
        statuses,
        *("yes" if mark else "no" for mark in marks),
        ",".join(can.modes),
        f"{can.rows:,}" if can.rows else "-",
        str(can.source_chars or "-"),
        server or "-",
    )
