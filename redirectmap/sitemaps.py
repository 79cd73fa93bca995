"""Read one sitemap strictly: XML, index, RSS, Atom or plain text.

Decides which URLs a sitemap names. A document type declaration is refused
before anything in it is expanded, nothing is fetched, and no parser that
recovers is used: such a one turns `?x=1&y=2` into `?x=1=2`, and a wrong address
here becomes a wrong redirect. Where the XML breaks, the entries that were
complete before the break are kept and the break is named. One mistake is read
as it was meant, and noted: an ampersand that was not escaped.

Floor 0, so that the crawler (in its own process) and the readers share it.

Source  https://www.sitemaps.org/protocol.html
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Literal
from xml.parsers import expat  # strict; no entity is expanded, see _Parser.doctype

from redirectmap.urls import Url, parse, shown

MAX_ENTRIES = 50_000
MAX_DEPTH = 64
Kind = Literal["urlset", "index", "feed", "text", "none"]
_KINDS: dict[str, Kind] = {
    "urlset": "urlset",
    "sitemapindex": "index",
    "rss": "feed",
    "feed": "feed",
    "RDF": "feed",
}
_ENTRY = {"url", "sitemap", "item", "entry"}
_LONE_AMPERSAND = re.compile(
    rb"&(?!(?:amp|lt|gt|quot|apos|#\d{1,7}|#x[0-9a-fA-F]{1,6});)"
)
_CDATA = re.compile(rb"(<!\[CDATA\[.*?\]\]>)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class SitemapEntry:
    """One address: of a page, or of a further sitemap in an index."""

    url: str
    lastmod: str | None = None
    alternates: tuple[tuple[str, str], ...] = ()


@dataclass(slots=True)
class Sitemap:
    """What one sitemap file says.

    Attributes:
        kind: `index` names further sitemaps, `none` is no sitemap.
        entries: Addresses as URL keys, in order, each once.
        found: Addresses that stood there, repeated and refused ones too.
        refused: Text, reason code and line of each address that cannot be used.
        warnings: Lines for a person.
    """

    kind: Kind = "none"
    entries: list[SitemapEntry] = field(default_factory=list)
    found: int = 0
    refused: list[tuple[str, str, int]] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)


def parse_sitemap(body: bytes, base: str | None = None) -> Sitemap:
    """Read the bytes of one sitemap (unpacked).

    Args:
        body: The file.
        base: URL it was fetched from; relative addresses are resolved against
            it, with a warning. None refuses them.

    Returns:
        What it says. Never raises: what is wrong is in `warnings`.
    """
    sitemap = Sitemap()
    text = body.lstrip(b" \t\r\n")
    if not text:
        sitemap.warnings.append("it is empty")
    elif _looks_like_xml(text):
        _read_xml(text, sitemap, base)
    else:
        _read_lines(text, sitemap, base)
    return sitemap


def _looks_like_xml(body: bytes) -> bool:
    return body.replace(b"\x00", b"").lstrip(b"\xef\xbb\xbf\xff\xfe \r\n\t")[:1] == b"<"


def _read_lines(body: bytes, sitemap: Sitemap, base: str | None) -> None:
    try:
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        sitemap.warnings.append(f"it is not text: {error.reason}")
        return
    sitemap.kind = "text"
    seen: set[str] = set()
    for number, line in enumerate(text.splitlines(), start=1):
        if line.strip():
            _take(sitemap, _Entry(line, line=number), base, seen)


def _read_xml(body: bytes, sitemap: Sitemap, base: str | None) -> None:
    reader, broken = _parsed(body)
    mended = _escaped(body) if broken else body
    if mended != body:
        again, still_broken = _parsed(mended)
        if len(again.entries) > len(reader.entries):
            reader, broken = again, still_broken
            sitemap.warnings.append(
                "an ampersand that is not escaped was read as &amp;"
            )
    if broken:
        sitemap.warnings.append(broken)
    sitemap.kind = _KINDS.get(reader.root or "", "none")
    if sitemap.kind == "none":
        sitemap.warnings.append(f"it is no sitemap: its root is <{reader.root}>")
        return
    seen: set[str] = set()
    for entry in reader.entries:
        _take(sitemap, entry, base, seen)
    if len(sitemap.entries) > MAX_ENTRIES:
        sitemap.warnings.append(f"it has more than {MAX_ENTRIES} entries")
    if not sitemap.entries and not sitemap.warnings:
        sitemap.warnings.append("it names no address")


def _parsed(body: bytes) -> tuple[_Parser, str]:
    """Return what could be read, and what stopped it (empty: nothing did)."""
    reader = _Parser()
    try:
        reader.run(body)
    except expat.ExpatError as error:
        why = expat.ErrorString(error.code)
        return reader, (
            f"the XML breaks on line {error.lineno}: {why}; "
            "only what stood complete before it is used"
        )
    except _Refused as error:
        reader.entries.clear()
        return reader, str(error)
    return reader, ""


def _escaped(body: bytes) -> bytes:
    """Escape lone ampersands, but not inside CDATA, where they are right."""
    parts = _CDATA.split(body)
    parts[::2] = [_LONE_AMPERSAND.sub(b"&amp;", part) for part in parts[::2]]
    return b"".join(parts)


def _take(sitemap: Sitemap, entry: _Entry, base: str | None, seen: set[str]) -> None:
    sitemap.found += 1
    text = entry.loc.strip()
    url = parse(text)
    if not isinstance(url, Url) and base and ":" not in text.partition("/")[0]:
        url = parse(text, base)
        if isinstance(url, Url) and "relative addresses" not in sitemap.warnings:
            sitemap.warnings.append("relative addresses")
    if not isinstance(url, Url):
        sitemap.refused.append((shown(text), url.reason, entry.line))
    elif url.key not in seen:
        seen.add(url.key)
        pairs = tuple(entry.alternates)
        sitemap.entries.append(SitemapEntry(url.key, entry.lastmod, pairs))


@dataclass(slots=True)
class _Entry:
    loc: str = ""
    lastmod: str | None = None
    alternates: list[tuple[str, str]] = field(default_factory=list)
    line: int = 0


class _Refused(Exception):  # noqa: N818
    """The XML asks for something that no sitemap needs."""


class _Parser:
    """Collects the complete entries of one XML sitemap."""

    def __init__(self) -> None:
        self.root: str | None = None
        self._prefix = ""
        self.entries: list[_Entry] = []
        self._path: list[str] = []
        self._entry: _Entry | None = None
        self._text: list[str] = []
        self._expat = expat.ParserCreate()

    def run(self, body: bytes) -> None:
        """Parse `body`; raise ExpatError where it breaks."""
        parser = self._expat
        parser.buffer_text = True
        parser.StartDoctypeDeclHandler = self.doctype
        parser.StartElementHandler = self.start
        parser.EndElementHandler = self.end
        parser.CharacterDataHandler = self._text.append
        parser.Parse(body, True)

    def doctype(self, *_: object) -> None:
        """Refuse any document type declaration."""
        raise _Refused("it declares a document type (DTD), which no sitemap needs")

    def _local(self, name: str) -> str:
        """Return the name without the sitemap's own prefix; `image:loc` stays."""
        prefix, _, local = name.rpartition(":")
        return local if prefix == self._prefix else name

    def start(self, name: str, attributes: dict[str, str]) -> None:
        """Open an element."""
        if self.root is None:
            self._prefix, _, self.root = name.rpartition(":")
        local = self._local(name)
        self._path.append(local)
        self._text.clear()
        if len(self._path) > MAX_DEPTH:
            raise _Refused(f"its elements are nested more than {MAX_DEPTH} deep")
        if local in _ENTRY:
            self._entry = _Entry(line=self._expat.CurrentLineNumber)
        elif name.endswith("link") and self._entry is not None and "href" in attributes:
            self._link(attributes)

    def _link(self, attributes: dict[str, str]) -> None:
        assert self._entry is not None  # noqa: S101
        if self.root == "feed" and attributes.get("rel", "alternate") == "alternate":
            self._entry.loc = attributes["href"]
        elif "hreflang" in attributes:
            pair = (attributes["hreflang"], attributes["href"])
            self._entry.alternates.append(pair)

    def end(self, name: str) -> None:
        """Close an element; a closed entry with an address counts."""
        local = self._local(name)
        entry, text = self._entry, "".join(self._text).strip()
        self._path.pop()
        self._text.clear()
        if entry is None:
            return
        parent = self._path[-1] if self._path else ""
        if local in _ENTRY:
            if entry.loc:
                self.entries.append(entry)
            self._entry = None
        elif parent in _ENTRY and text and local in {"loc", "link"}:
            entry.loc = text
        elif parent in _ENTRY and local in {"lastmod", "pubDate", "updated"}:
            entry.lastmod = text
