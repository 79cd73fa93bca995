"""Read everything a plan is made of, and account for what was not read."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from pathlib import Path

import pandas as pd

from redirectmap import readers
from redirectmap.planning.files import read_generated, read_plan
from redirectmap.planning.make import PlanInputs
from redirectmap.planning.spelling import PLACEHOLDER_ORIGIN, host_of, keys_of
from redirectmap.readers import ReadReport
from redirectmap.tables.schemas import BACKLINKS, LEGACY, TRAFFIC


def main_origin(pages: pd.DataFrame) -> str:
    """Return the origin that most pages have, for rules and logs without host."""
    keys = keys_of(pages["url"]).dropna()
    if keys.empty:
        return PLACEHOLDER_ORIGIN
    host = host_of(keys).value_counts().index[0]
    on_host = keys[host_of(keys).eq(host)]
    return "/".join(str(on_host.iloc[0]).split("/", 3)[:3])


def read_inputs(  # noqa: PLR0913 -- one per kind of file
    old: Path,
    new: Path,
    *,
    backlinks: Sequence[Path] = (),
    traffic: Sequence[Path] = (),
    legacy: Sequence[Path] = (),
    logs: Sequence[Path] = (),
    overrides: Path | None = None,
    out: Path | None = None,
) -> tuple[PlanInputs, list[ReadReport]]:
    """Read the inputs of a plan; scores are still empty.

    Args:
        old: The old site, any SRC.
        new: The new site, any SRC.
        backlinks: Vendors' exports.
        traffic: Search Console, analytics.
        legacy: Rules that exist already.
        logs: Access logs of the old site.
        overrides: A person's table.
        out: Folder of the plan; an earlier plan there is merged.

    Returns:
        The inputs and one report per file.
    """
    old_site, new_site = readers.read_site(old), readers.read_site(new)
    reports = [old_site.report, new_site.report]
    base = main_origin(old_site.pages)
    links, read = _backlinks(backlinks)
    reports += read
    visits, read = _traffic([*traffic, *logs], base)
    reports += read
    rules, read = _legacy(legacy, base, _moved_urls(old_site.pages, links, visits))
    reports += read
    people, read = _overrides(overrides, base)
    reports += read
    previous = out / "plan.csv" if out else None
    inputs = PlanInputs(
        old=old_site,
        new=new_site,
        scores=pd.DataFrame(),
        spelled=_spelled(old),
        backlinks=links,
        traffic=visits,
        legacy=rules,
        overrides=people,
        generated=read_generated(out) if out else None,
        previous=read_plan(previous) if previous and previous.exists() else None,
    )
    return inputs, reports


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


def _traffic(paths: Sequence[Path], base: str) -> tuple[pd.DataFrame, list[ReadReport]]:
    if not paths:
        return TRAFFIC.empty(), []
    return readers.read_traffic(paths, base=base)


def _legacy(
    paths: Sequence[Path], base: str, known: Sequence[str] = ()
) -> tuple[pd.DataFrame, list[ReadReport]]:
    """Read rules; patterns are spelled out for the URLs known."""
    if not paths:
        return LEGACY.empty(), []
    rules, patterns, reports = readers.read_rules(paths, base=base)
    spelled = readers.expand_patterns(patterns, known)
    frames = [frame for frame in (rules, spelled) if len(frame)]
    return pd.concat(frames, ignore_index=True) if frames else rules, reports


def _moved_urls(*tables: pd.DataFrame) -> list[str]:
    """Return the known URLs that a pattern may catch: all but pages that live."""
    pages, links, visits = tables
    keys = keys_of(pages["url"])
    lives = pages["status"].between(200, 299).fillna(value=False).to_numpy(dtype=bool)
    seen = pd.concat([keys_of(links["target_url"]), keys_of(visits["url"]), keys])
    known = set(seen.dropna()) - set(keys[lives].dropna())
    return sorted(known)


def _overrides(
    path: Path | None, base: str
) -> tuple[pd.DataFrame | None, list[ReadReport]]:
    if path is None:
        return None, []
    table, report = readers.read_overrides(path, base=base)
    return table, [report]


def refused_lines(reports: Iterable[ReadReport]) -> list[str]:
    """Return one line per file that was not read in full."""
    return [
        f"{report.path}: {len(report.refused)} of {report.rows_in} rows refused"
        f" (first: line {report.refused[0].line}, {report.refused[0].reason})"
        for report in reports
        if report.refused
    ]


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
    return _legacy(paths, main_origin(plan.rename(columns={"old_url": "url"})))[0]


def logged_of(paths: Sequence[Path], plan: pd.DataFrame) -> pd.Series | None:
    """Return requests by URL of the old site's logs."""
    if not paths:
        return None
    base = main_origin(plan.rename(columns={"old_url": "url"}))
    table = readers.read_traffic(paths, base=base)[0]
    return table.set_index("url")["requests"].fillna(0)
