"""Read a site from whatever describes it, recognised by content.

Decides which reader a file needs, by its first bytes and lines.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from redirectmap.errors import InputError
from redirectmap.readers import archives, pages
from redirectmap.readers.cells import not_a_table
from redirectmap.readers.files import head_of, nature_of, text_lines
from redirectmap.readers.records import Site
from redirectmap.readers.values import address


def read_site(
    source: str | Path,
    *,
    sources_name: str | None = None,
    encoding: str | None = None,
    may_be_empty: bool = False,
) -> Site:
    """Read the pages, links and redirects of one site.

    Args:
        source: SITE.db of a crawl, pages as Parquet, JSON lines (gzip or not)
            or CSV, a Screaming Frog or Sitebulb export, a sitemap file, a list
            of URLs. A sitemap's URL is fetched by `redirectmap crawl`.
        sources_name: What `sources` says of these pages; None to go by the
            file's format (crawl, sitemap, wayback ...).
        encoding: What a person says a text file is in.
        may_be_empty: One of many files: it need not hold a page.

    Raises:
        InputError: The file cannot be used, or holds no page.
    """
    path = Path(source)
    if str(source).startswith(("http://", "https://")):
        raise InputError(
            "is a URL, not a file",
            hint=f"fetch the site first: redirectmap crawl {source} --out site.db",
            where=str(source),
        )
    site = _read(path, sources_name, encoding)
    if site.pages.empty and not may_be_empty:
        raise InputError("holds no page", hint=_why_empty(site), where=str(path))
    return site


def _read(path: Path, name: str | None, encoding: str | None) -> Site:
    head = head_of(path)
    nature = nature_of(head)
    if nature == "text" and is_list(path, encoding):
        return pages.read_list(path, name, lambda: _numbered(path, encoding))
    if nature == "html":
        raise not_a_table(path, nature)
    reader = _BY_NATURE.get(nature)
    return reader(path, name) if reader else pages.read_table(path, name, encoding)


def _read_crawl(path: Path, name: str | None) -> Site:
    del name  # a crawl names its own sources
    from redirectmap.readers.site import read_sitefile

    return read_sitefile(path)


def blocked_urls(path: Path) -> frozenset[str]:
    """Return what robots.txt kept a crawl from; nothing for other files."""
    if nature_of(head_of(path)) != "sqlite":
        return frozenset()
    from redirectmap.readers.site import blocked_in

    return blocked_in(path)


def _read_xml(path: Path, name: str | None) -> Site:
    head = head_of(path)
    wxr = b"wordpress.org/export" in head or b"<wp:" in head
    return (archives.read_wxr if wxr else pages.read_sitemap)(path, name)


def _read_json(path: Path, name: str | None) -> Site:
    lines = head_of(path).lstrip(b"\xef\xbb\xbf \r\n\t").startswith(b"{")
    return (pages.read_jsonl if lines else archives.read_cdx)(path, name)


_BY_NATURE: Mapping[str, Callable[[Path, str | None], Site]] = {
    "sqlite": _read_crawl,
    "parquet": pages.read_parquet,
    "json": _read_json,
    "xml": _read_xml,
    "warc": archives.read_warc,
}


def is_list(path: Path, encoding: str | None = None) -> bool:
    """Tell whether a text file is a list: its first rows are one URL each."""
    kept = [
        line
        for _, (_, line) in zip(range(50), _numbered(path, encoding), strict=False)
        if line.strip() and not line.startswith("#")
    ]
    return bool(kept) and not isinstance(address(_alone(kept[0])), str)


def _alone(line: str) -> str:
    for delimiter in ",;\t|":
        head, found, rest = line.partition(delimiter)
        if found and (rest.strip().startswith(("/", "http", '"')) or delimiter == "\t"):
            return f"{head} "  # a second cell: a table without header, no list
    return line if " " not in line.strip() else ""


def _numbered(path: Path, encoding: str | None) -> Iterator[tuple[int, str]]:
    with text_lines(path, encoding) as lines:
        yield from enumerate(lines, start=1)


def _why_empty(site: Site) -> str:
    if site.report.refused:
        first = site.report.refused[0]
        at = f"line {first.line}: " if first.line else ""
        return f"every row was refused; {at}{first.reason} ({first.text})"
    return site.report.notes[-1] if site.report.notes else "export it again, with rows"
