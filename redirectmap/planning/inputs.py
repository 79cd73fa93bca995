"""Read everything a plan is made of, and account for what was not read."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from functools import partial
from pathlib import Path

import pandas as pd

from redirectmap import readers
from redirectmap.planning.handed_in import read_people
from redirectmap.planning.known import Files, main_origin, read_inventory, read_legacy
from redirectmap.planning.make import PlanInputs
from redirectmap.planning.spelling import keys_of
from redirectmap.planning.value import ValueWeights
from redirectmap.readers import ReadReport
from redirectmap.tables.beside import beside
from redirectmap.tables.schemas import BACKLINKS

_LARGE_FILE = 500_000


def read_inputs(
    files: Files, *, out: Path | None = None, weights: ValueWeights | None = None
) -> tuple[PlanInputs, list[ReadReport]]:
    """Read the inputs of a plan; scores are still empty.

    Args:
        files: What a person handed in; `new` is needed.
        out: Folder of the plan; an earlier plan and the decisions there are
            merged, and edits of workbooks become such decisions.
        weights: How much each measure counts.

    Returns:
        The inputs and one report per file.
    """
    assert files.new is not None  # noqa: S101 -- the command asks for it
    with beside(
        partial(readers.read_site, files.new), pays=_is_large(files.new)
    ) as new_read:
        known = read_inventory(files, weights)
        spelled = _spelled(files.old[0])
        new_site = new_read()
    origins = main_origin(known.old.pages), main_origin(new_site.pages)
    people = read_people(files.overrides, out, origins=origins)
    reports = (*known.reports, new_site.report, *people.reports)
    inputs = PlanInputs(
        old=known.old,
        new=new_site,
        scores=pd.DataFrame(),
        spelled=spelled,
        backlinks=known.backlinks,
        traffic=known.traffic,
        legacy=known.legacy,
        overrides=people.overrides,
        generated=people.generated,
        previous=people.previous,
        clashes=people.clashes,
        inventory=known.inventory,
        blocked=blocked_of(files.new),
        reports=reports,
    )
    return inputs, list(reports)


def _is_large(path: Path) -> bool:
    return path.is_file() and path.stat().st_size > _LARGE_FILE


def _spelled(path: Path) -> tuple[str, ...]:
    """Return the URLs of a JSON-lines table that are not spelled as their key."""
    import gzip

    with path.open("rb") as stream:
        head = stream.read(2)
    opened = gzip.open if head == b"\x1f\x8b" else open
    if head[:1] != b"{" and head != b"\x1f\x8b":
        return ()
    with opened(path, "rt", encoding="utf-8", errors="replace") as lines:
        texts = [_url_in(line) for line in lines if line.startswith("{")]
    urls = pd.Series([text for text in texts if text], dtype=object)
    keys = keys_of(urls)
    return tuple(urls[keys.notna() & keys.ne(urls)].unique())


def _url_in(line: str) -> str | None:
    found = re.search(r'"url":\s*("(?:[^"\\]|\\.)*")', line)
    try:
        return str(json.loads(found.group(1))).strip() if found else None
    except ValueError:
        return None


def _backlinks(paths: Sequence[Path]) -> tuple[pd.DataFrame, list[ReadReport]]:
    return readers.read_backlinks(paths) if paths else (BACKLINKS.empty(), [])


def account_lines(reports: Iterable[ReadReport]) -> list[str]:
    """Return what each file was and what became of its rows, one line per file."""
    return [_account_line(report) for report in reports]


def _account_line(report: ReadReport) -> str:
    said = f"{report.path}: {report.format}, {report.rows_read:,} rows read"
    aside = sum(count for _, count in report.set_aside)
    if aside:
        said += f", {aside:,} set aside"
    if report.refused:
        first = report.refused[0]
        said += f", {len(report.refused):,} refused"
        said += f" (first: line {first.line}, {first.reason}; redirectmap inspect)"
    return said


def blocked_of(path: Path | None) -> frozenset[str]:
    """Return what robots.txt kept the crawl of a site from."""
    return frozenset() if path is None else readers.blocked_urls(path)


def pages_of(path: Path | None) -> pd.DataFrame | None:
    """Return the pages of a site, None without a path."""
    return None if path is None else readers.read_site(path).pages


def backlinks_of(paths: Sequence[Path]) -> pd.DataFrame | None:
    """Return merged backlinks, None without a path."""
    return _backlinks(paths)[0] if paths else None


def legacy_of(paths: Sequence[Path], plan: pd.DataFrame) -> pd.DataFrame | None:
    """Return redirect rules; their base is the plan's old origin."""
    if not paths:
        return None
    return read_legacy(paths, main_origin(plan.rename(columns={"old_url": "url"})))[0]


def logged_of(paths: Sequence[Path], plan: pd.DataFrame) -> pd.Series | None:
    """Return requests by URL of the old site's logs."""
    if not paths:
        return None
    base = main_origin(plan.rename(columns={"old_url": "url"}))
    table = readers.read_traffic(paths, base=base)[0]
    return table.set_index("url")["requests"].fillna(0)
