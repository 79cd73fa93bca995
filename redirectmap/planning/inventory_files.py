"""The inventory as files, as figures for plan.json, and as lines for a terminal.

Reads   an `Inventory`.
Writes  inventory.csv (lists joined by a space, sources and files by a comma),
        unlinked.txt (what `redirectmap crawl --list` fetches before a plan).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pandas as pd

from redirectmap.planning.inventory import Inventory
from redirectmap.readers import ReadReport
from redirectmap.tables import write_atomic, write_csv
from redirectmap.urls import Url, parse

INVENTORY = "inventory.csv"
UNLINKED = "unlinked.txt"
SHOWN = 12


def write_inventory(folder: Path, inventory: Inventory) -> Path:
    """Write DIR/inventory.csv."""
    joins = {"sources": ", ", "files": ", ", "spellings": " "}
    table = inventory.urls.assign(
        **{
            name: [mark.join(row) for row in inventory.urls[name]]
            for name, mark in joins.items()
        }
    )
    return write_csv(folder / INVENTORY, table)


def write_unlinked(path: Path, inventory: Inventory, origin: str) -> int:
    """Write the URLs that only exports know, most valuable first.

    Args:
        path: A text file, one URL a line.
        inventory: Every old URL.
        origin: The crawled site; URLs of its other hosts are left out, as the
            crawl leaves them out.

    Returns:
        How many URLs the file holds.
    """
    bare = origin.partition("//")[2].removeprefix("www.")
    hosts = {bare, f"www.{bare}"}
    urls = [url for url in inventory.unlinked()["url"] if url.split("/", 3)[2] in hosts]
    write_atomic(path, "".join(f"{url}\n" for url in urls))
    return len(urls)


def summarised(
    inventory: Inventory, reports: Sequence[ReadReport] = ()
) -> dict[str, Any]:
    """Return the figures as they go into plan.json, and what became of each file."""
    urls, unlinked = inventory.urls, inventory.unlinked()
    return {
        "urls": len(urls),
        "spellings_merged": int(urls["spellings"].map(len).sum()),
        "kinds": {str(k): int(n) for k, n in urls["kind"].value_counts().items()},
        "sources": _by_source(urls),
        "unlinked": len(unlinked),
        "unlinked_value": round(float(unlinked["priority"].sum()), 6),
        "unlinked_first": [_first(row) for row in _rows(unlinked.head(SHOWN))],
        "other_sites": inventory.elsewhere,
        "valuable": inventory.valuable,
        "unknown_valuable": _rounded(inventory.unknown),
        "next_source": inventory.advice,
        "weights": asdict(inventory.weights),
        "parameters": _rows(inventory.parameters),
        "files": [_file(report) for report in reports],
    }


def _file(report: ReadReport) -> dict[str, Any]:
    return {
        "file": report.path,
        "format": report.format,
        "rows_in": report.rows_in,
        "rows_read": report.rows_read,
        "refused": len(report.refused),
        "set_aside": dict(report.set_aside),
    }


def _rounded(number: float | None) -> float | None:
    return None if number is None else round(number, 1)


def _rows(table: pd.DataFrame) -> list[dict[str, Any]]:
    return [{str(k): v for k, v in row.items()} for row in table.to_dict("records")]


def _first(row: dict[str, Any]) -> dict[str, Any]:
    share = {"priority": round(float(row["priority"]), 6)}
    status = None if pd.isna(row["status"]) else int(row["status"])
    names = ("url", "sources", "files", "kind")
    return {name: row[name] for name in names} | {"status": status} | share


def _by_source(urls: pd.DataFrame) -> dict[str, dict[str, Any]]:
    """Return, per source, the URLs it knows, those it alone knows, their value."""
    rows = urls[["sources", "priority"]].explode("sources")
    alone = rows[urls["sources"].map(len).reindex(rows.index).eq(1)]
    by_name = alone.groupby("sources")["priority"]
    numbers, values = by_name.size().to_dict(), by_name.sum().to_dict()
    return {
        str(name): {
            "knows": int(count),
            "alone": int(numbers.get(name, 0)),
            "value_alone": round(float(values.get(name, 0.0)), 6),
        }
        for name, count in rows["sources"].value_counts().items()
    }


def inventory_lines(summary: dict[str, Any]) -> list[str]:
    """Return the figures of `summarised` for a terminal."""
    merged = f"{summary['spellings_merged']:,} other spellings merged with them"
    lines = [f"{summary['urls']:,} old URLs known, {merged}"]
    for name, source in summary["sources"].items():
        said = f"{source['knows']:>9,} known"
        alone = f"{source['alone']:,} by it alone, {source['value_alone']:.1%} of value"
        lines.append(f"  {name:15s}{said}, {alone}")
    if summary["other_sites"]:
        lines.append(f"  left out: {summary['other_sites']:,} URLs of other sites")
    lines += _unlinked_lines(summary)
    lines.append(_unknown_line(summary))
    lines.append(f"next: {summary['next_source']}")
    shares = [f"{name} {share:g}" for name, share in summary["weights"].items()]
    lines.append(f"value of a URL, shares weighted: {', '.join(shares)}")
    return lines + _parameter_lines(summary["parameters"])


def _unlinked_lines(summary: dict[str, Any]) -> list[str]:
    if not summary["unlinked"]:
        return []
    share = f"{summary['unlinked_value']:.1%} of the value"
    lines = [f"not to be seen by a crawl: {summary['unlinked']:,} URLs, {share}"]
    for row in summary["unlinked_first"]:
        lines.append(f"  {row['priority']:6.1%}  {shown_path(row['url'])}")
        lines.append(f"          {told(row)} ({', '.join(row['sources'])})")
    return lines


def shown_path(url: str) -> str:
    """Return a URL without its origin, for a list of one site's URLs."""
    found = parse(url)
    return unquote(found.wire) if isinstance(found, Url) else url


def told(row: dict[str, Any]) -> str:
    """Say of a row of `unlinked_first` who knows it and what it answers."""
    status = row["status"]
    does = "redirects today" if status and 300 <= status < 400 else f"answers {status}"
    what = [row["kind"]] if row["kind"] != "page" else []
    what += [does] if status and status != 200 else []
    note = f"; {', '.join(what)}" if what else ""
    return f"from {', '.join(row['files'])}{note}"


def _unknown_line(summary: dict[str, Any]) -> str:
    unknown = summary["unknown_valuable"]
    if unknown is None:
        return "valuable URLs no source knows: the sources overlap too little to tell"
    return (
        f"valuable URLs no source knows: about {unknown:,.0f} or more, beside"
        f" {summary['valuable']:,} known ones (Chao 1987)"
    )


def _parameter_lines(parameters: list[dict[str, Any]]) -> list[str]:
    uses: dict[str, list[str]] = {}
    for row in parameters:
        uses.setdefault(row["use"], []).append(row["parameter"])
    return [
        f"parameters, {use}: {', '.join(names[:12])}"
        + (f" and {len(names) - 12} more" if len(names) > 12 else "")
        for use, names in uses.items()
    ]
