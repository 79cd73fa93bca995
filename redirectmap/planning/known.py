"""Read everything that knows old URLs, each file as what its content says it is.

Decides nothing about a URL: what a file is, `redirectmap.readers.feeds` says, and
which of its rows are used, its reader. Rules come last, as their patterns are
spelled out for the URLs that the other files know.

Reads   crawls, pages tables, backlinks, traffic, logs, rules, lists, folders.
Writes  the old site put together, what points at it, the inventory.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pandas as pd

from redirectmap import readers
from redirectmap.errors import InputError
from redirectmap.planning.inventory import Inventory, Sighting, build_inventory
from redirectmap.planning.spelling import PLACEHOLDER_ORIGIN, host_of, keys_of
from redirectmap.planning.value import ValueWeights
from redirectmap.readers import Kind, ReadReport, Site
from redirectmap.tables.schemas import LEGACY


def main_origin(pages: pd.DataFrame) -> str:
    """Return the origin that most pages have, for rules and logs without host."""
    keys = keys_of(pages["url"]).dropna()
    if keys.empty:
        return PLACEHOLDER_ORIGIN
    host = host_of(keys).value_counts().index[0]
    on_host = keys[host_of(keys).eq(host)]
    return "/".join(str(on_host.iloc[0]).split("/", 3)[:3])


_LITTER = (".DS_Store", "._", "~$", "Thumbs.db", "desktop.ini")


@dataclass(frozen=True, slots=True)
class Files:
    """What a person handed in; the field is what a file is most likely for.

    A file that cannot be that is read as what its content says: a sitemap among
    the traffic files is a sitemap.

    Attributes:
        old: The old site, any SRC; the first one says which site it is.
        new: The new site, any SRC.
        backlinks: Vendors' exports.
        traffic: Search Console, analytics.
        legacy: Rules that exist already.
        logs: Access logs of the old site.
        anything: Any export, or a folder of them.
        fetched: What the URLs that only exports know answered; it adds what
            these pages are, and is no source of URLs.
        overrides: People's lists and workbooks.
        encoding: For text files that are not UTF-8 and do not say what they are.
    """

    old: tuple[Path, ...]
    new: Path | None = None
    backlinks: tuple[Path, ...] = ()
    traffic: tuple[Path, ...] = ()
    legacy: tuple[Path, ...] = ()
    logs: tuple[Path, ...] = ()
    anything: tuple[Path, ...] = ()
    fetched: Path | None = None
    overrides: tuple[Path, ...] = ()
    encoding: str | None = None

    def seen_from(self, folder: Path) -> dict[str, list[str]]:
        """Return the paths as `folder` sees them, for the next command."""
        given = {name: getattr(self, name) for name in _SITES}
        listed = {k: v if isinstance(v, tuple) else (v,) for k, v in given.items()}
        return {
            name: [os.path.relpath(path, folder) for path in paths if path]
            for name, paths in listed.items()
        }


_SITES = ("old", "new", "backlinks", "fetched")


class _Reading:
    """Reads files one by one; what they know piles up in it."""

    def __init__(self, files: Files) -> None:
        self.files = files
        self.sites = [
            self._site(path, may_be_empty=bool(place))
            for place, path in enumerate(files.old)
        ]
        self.reports = [site.report for site in self.sites]
        self.base = main_origin(self.sites[0].pages)
        self.backlinks: list[pd.DataFrame] = []
        self.traffic: list[pd.DataFrame] = []
        self.rules: list[Path] = []
        self.linking: set[str] = set()
        self.sightings = [one for site in self.sites for one in _seen_by(site)]

    def _site(self, path: Path, *, may_be_empty: bool) -> Site:
        encoding = readers.needed(path, self.files.encoding)
        return readers.read_site(path, encoding=encoding, may_be_empty=may_be_empty)

    def take(self, path: Path, likely: Kind | None) -> None:
        """Read one file as what it is."""
        encoding = readers.needed(path, self.files.encoding)
        kind = readers.feeds(path, likely=likely, encoding=encoding)
        if kind == "legacy":
            self.rules.append(path)  # patterns need all URLs: read last
        elif kind == "backlinks":
            links, report = readers.read_backlink_file(path, encoding=encoding)
            self.backlinks.append(links)
            self._account(report, links["target_url"].unique())
        elif kind == "traffic":
            table, report = readers.read_traffic_file(
                path, base=self.base, encoding=encoding
            )
            self.traffic.append(table)
            self._account(report, table["url"])
        elif kind == "domains":
            domains, report = readers.read_linking_domains(path, encoding=encoding)
            self.linking.update(domains)
            self.reports.append(report)
        elif kind == "pages":
            site = self._site(path, may_be_empty=True)
            self.sites.append(site)
            self.sightings += _seen_by(site)
            self.reports.append(site.report)
        else:
            raise _no_source(path, kind)

    def _account(self, report: ReadReport, urls: Iterable[str]) -> None:
        self.reports.append(report)
        self.sightings.append(Sighting(report.source, Path(report.path).name, urls))

    def legacy(self, known: Sequence[str], lives: Collection[str]) -> pd.DataFrame:
        """Read the rules; patterns are spelled out for the URLs known."""
        tables = []
        for path in self.rules:
            encoding = readers.needed(path, self.files.encoding)
            table, reports = read_legacy([path], self.base, known, encoding, lives)
            self._account(reports[0], table["source"].unique())
            tables.append(table)
        return pd.concat(tables, ignore_index=True) if tables else LEGACY.empty()


def _no_source(path: Path, kind: str) -> InputError:
    return InputError(
        f"names no URLs of the old site (it feeds {kind})",
        hint="decisions go to --overrides; for link texts see docs/inputs.md",
        where=str(path),
    )


def _seen_by(site: Site) -> list[Sighting]:
    """Return which sources of one file know which of its pages."""
    names = site.pages["sources"].explode()
    file = Path(site.report.path).name
    return [
        Sighting(str(name), file, site.pages.loc[rows.index, "url"])
        for name, rows in names.groupby(names, sort=False)
    ]


def _handed_in(files: Files) -> Iterator[tuple[Path, Kind | None]]:
    """Yield each file with what it is most likely for; folders are opened."""
    kinds: tuple[tuple[tuple[Path, ...], Kind | None], ...] = (
        (files.backlinks, "backlinks"),
        (files.traffic, "traffic"),
        (files.logs, "traffic"),
        (files.legacy, "legacy"),
        (files.anything, None),
    )
    for paths, likely in kinds:
        for path in paths:
            inside = _exports_in(path) if path.is_dir() else [path]
            yield from ((one, likely) for one in inside)


def _exports_in(folder: Path) -> list[Path]:
    """Return the files of a folder, but for what desktops leave there."""
    files = sorted(one for one in folder.iterdir() if one.is_file())
    return [one for one in files if not one.name.startswith(_LITTER)]


def read_inventory(files: Files, weights: ValueWeights | None = None) -> Known:
    """Read everything that knows old URLs.

    Returns:
        The old site, what points at it, and the inventory.
    """
    reading = _Reading(files)
    for path, likely in _handed_in(files):
        reading.take(path, likely)
    links = readers.joined_backlinks(reading.backlinks)
    visits = readers.joined_traffic(reading.traffic)
    described = list(reading.sites)
    if files.fetched is not None:
        fetched = readers.read_site(files.fetched, may_be_empty=True)
        described.append(_without_sources(fetched))
    old = readers.joined_sites(described)
    legacy = reading.legacy(
        _moved_urls(old.pages, links, visits), living_urls(old.pages)
    )
    inventory = build_inventory(
        reading.sightings,
        old=old,
        backlinks=links,
        traffic=visits,
        linking=reading.linking,
        weights=weights,
        own={one.source for one in _seen_by(reading.sites[0])},
    )
    return Known(old, links, visits, legacy, inventory, tuple(reading.reports))


def _without_sources(site: Site) -> Site:
    pages = site.pages.copy()
    pages["sources"] = pages["sources"].map(lambda _names: [])
    return replace(site, pages=pages)


@dataclass(frozen=True)
class Known:
    """What is known of the old site.

    Attributes:
        old: Its pages, links and redirects, of all files that describe it.
        backlinks: Schema BACKLINKS, each link once.
        traffic: Schema TRAFFIC.
        legacy: Schema LEGACY, rules that exist already.
        inventory: Every old URL.
        reports: The account of each file.
    """

    old: Site
    backlinks: pd.DataFrame
    traffic: pd.DataFrame
    legacy: pd.DataFrame
    inventory: Inventory
    reports: tuple[ReadReport, ...]


def read_legacy(
    paths: Sequence[Path],
    base: str,
    known: Sequence[str] = (),
    encoding: str | None = None,
    lives: Collection[str] = (),
) -> tuple[pd.DataFrame, list[ReadReport]]:
    """Read rules; patterns are spelled out for the URLs known.

    Args:
        paths: Rule files.
        base: Origin of the old site.
        known: URLs that a pattern may catch.
        encoding: What a person says the files are in.
        lives: Pages that answer by themselves; no pattern acts on them.
    """
    if not paths:
        return LEGACY.empty(), []
    rules, patterns, reports = readers.read_rules(paths, base=base, encoding=encoding)
    frames = [rules, *_spelled_out(patterns, rules, known, set(lives))]
    frames = [frame for frame in frames if len(frame)]
    return pd.concat(frames, ignore_index=True) if frames else rules, reports


MAX_ROUNDS = 10  # patterns through patterns; one that feeds itself never ends


def _spelled_out(
    patterns: pd.DataFrame, rules: pd.DataFrame, known: Sequence[str], lives: set[str]
) -> Iterator[pd.DataFrame]:
    """Spell patterns out for the URLs known, and for where rules send them."""
    done: set[str] = set(rules["source"]) | lives
    asked = list(known)
    targets = keys_of(rules["target"]).dropna().tolist()
    for _ in range(MAX_ROUNDS if len(patterns) else 0):
        fresh = sorted({*asked, *targets} - done)
        if not fresh:
            return
        found = readers.expand_patterns(patterns, fresh)
        yield found
        done.update(fresh)
        asked, targets = [], keys_of(found["target"]).dropna().tolist()


def _moved_urls(*tables: pd.DataFrame) -> list[str]:
    """Return the known URLs that a pattern may catch: all but pages that live."""
    pages, links, visits = tables
    keys = keys_of(pages["url"])
    seen = pd.concat([keys_of(links["target_url"]), keys_of(visits["url"]), keys])
    return sorted(set(seen.dropna()) - living_urls(pages))


def living_urls(pages: pd.DataFrame) -> set[str]:
    """Return the keys of pages that were seen to answer 2xx."""
    lives = pages["status"].between(200, 299).fillna(value=False).to_numpy(dtype=bool)
    return set(keys_of(pages.loc[lives, "url"]).dropna())
