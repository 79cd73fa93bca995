"""Read a sitemap strictly: every URL in it was written there, none invented.

expat reads without recovery, so what it hands over before an error is as it
stands in the file. One repair is made, and noted: an ampersand that stands
alone. Files with a DTD are refused: nothing in a sitemap needs one.

Bounds  50 000 URLs a file (the protocol's own limit).
Source  https://www.sitemaps.org/protocol.html
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from xml.parsers import expat

from redirectmap.urls import Url, parse as parse_url

MAX_URLS = 50_000
_LONE_AMPERSAND = re.compile(
    r"&(?!(?:amp|lt|gt|quot|apos|#\d{1,7}|#x[0-9a-fA-F]{1,6});)"
)
_DECLARED = re.compile(rb"""^\s*<\?xml[^>]{0,200}encoding=["']([\w.-]{1,40})["']""")


@dataclass(slots=True)
class Sitemap:
    """What one file says.

    Attributes:
        urls: (URL, lastmod or None) as written, after the gate.
        alternates: (URL, language, alternate URL), from xhtml:link.
        children: Sitemaps that an index names.
        warnings: (code, message).
    """

    urls: list[tuple[str, str | None]] = field(default_factory=list)
    alternates: list[tuple[str, str, str]] = field(default_factory=list)
    children: list[str] = field(default_factory=list)
    warnings: list[tuple[str, str]] = field(default_factory=list)


def parse(body: bytes) -> Sitemap:
    """Read an urlset, an index, a feed or a plain list of URLs."""
    sitemap = Sitemap()
    text = _text(body)
    bare = text.lstrip()
    if not bare:
        _warn(sitemap, "sitemap_empty", "the file is empty")
    elif not bare.startswith("<"):
        _read_lines(bare, sitemap)
    elif re.search(r"<!(?:DOCTYPE|ENTITY)", bare[:100_000]):
        what = (
            "is HTML"
            if re.match(r"<!doctype html", bare, re.IGNORECASE)
            else "holds a DTD"
        )
        _warn(sitemap, "sitemap_refused", f"the file {what}: nothing is read")
    else:
        _read_xml(bare, sitemap)
    return sitemap


def _text(body: bytes) -> str:
    for mark, name in (
        (b"\xef\xbb\xbf", "utf-8-sig"),
        (b"\xff\xfe", "utf-16"),
        (b"\xfe\xff", "utf-16"),
    ):
        if body.startswith(mark):
            return body.decode(name, "replace")
    declared = _DECLARED.match(body)
    name = declared.group(1).decode() if declared else "utf-8"
    try:
        return body.decode(name, "replace")
    except LookupError:
        return body.decode("utf-8", "replace")


def _warn(sitemap: Sitemap, code: str, message: str) -> None:
    if len(sitemap.warnings) < 100:
        sitemap.warnings.append((code, message))


def _read_lines(text: str, sitemap: Sitemap) -> None:
    for line in text.splitlines():
        if line.strip():
            _keep(sitemap, line.strip(), None)


def _keep(sitemap: Sitemap, text: str, lastmod: str | None) -> str | None:
    """Add an absolute URL that passes the gate; say why where it does not."""
    found = parse_url(text) if "\ufffd" not in text else None
    if not isinstance(found, Url):
        why = found.message if found else "refused a URL with unreadable bytes"
        _warn(sitemap, "sitemap_url", why)
        return None
    if len(sitemap.urls) >= MAX_URLS:
        if not any(code == "sitemap_capped" for code, _ in sitemap.warnings):
            sitemap.warnings.insert(
                0, ("sitemap_capped", f"only the first {MAX_URLS} URLs are read")
            )
        return None
    sitemap.urls.append((found.key, lastmod))
    return found.key


def _read_xml(text: str, sitemap: Sitemap) -> None:
    reader = _Reader(sitemap)
    mended = _mended(text)
    if mended != text:
        text = mended
        _warn(sitemap, "sitemap_repaired", "a lone & was read as &amp;")
    text = re.sub(r"^<\?xml[^>]*\?>", "", text)
    try:
        reader.parser.Parse(text.encode("utf-8", "replace"), True)
    except expat.ExpatError as error:
        _warn(sitemap, "sitemap_damaged", f"damaged, read up to there: {error}")
    if reader.root not in {"urlset", "sitemapindex", "rss", "feed", "RDF"}:
        sitemap.urls.clear()
        _warn(sitemap, "sitemap_refused", f"root <{reader.root[:40]}> is no sitemap's")


def _mended(text: str) -> str:
    """Write lone ampersands as `&amp;`, but not inside CDATA, where they are right."""
    if not _LONE_AMPERSAND.search(text):
        return text
    parts = re.split(r"(<!\[CDATA\[.*?\]\]>)", text, flags=re.DOTALL)
    return "".join(
        part if part.startswith("<![CDATA[") else _LONE_AMPERSAND.sub("&amp;", part)
        for part in parts
    )


class _Reader:
    """expat's callbacks; knows urlset, sitemapindex, RSS and Atom."""

    def __init__(self, sitemap: Sitemap) -> None:
        self.sitemap = sitemap
        self.root = ""
        self.depth = 0
        self.entry: dict[str, str] = {}
        self.links: list[tuple[str, str]] = []
        self.text: list[str] | None = None
        self.parser = expat.ParserCreate("utf-8")
        self.parser.StartElementHandler = self.start
        self.parser.EndElementHandler = self.end
        self.parser.CharacterDataHandler = self.data

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        """Open an element."""
        prefix, _, last = tag.rpartition(":")
        name = last
        self.depth += 1
        self.root = self.root or name
        if name in {"url", "sitemap", "item", "entry"} and not prefix:
            self.entry, self.links = {}, []
        if name == "link" and attributes.get("hreflang"):
            self.links.append((attributes["hreflang"], attributes.get("href", "")))
        elif name == "link" and self.root == "feed" and attributes.get("href"):
            self.entry.setdefault("loc", attributes["href"])
        plain = not prefix and name in {"loc", "lastmod"}
        if plain or (name == "link" and self.root == "rss"):
            self.text = []

    def data(self, text: str) -> None:
        """Take text inside loc, lastmod or link."""
        if self.text is not None:
            self.text.append(text)

    def end(self, tag: str) -> None:
        """Close an element."""
        name = tag.rpartition(":")[2]
        self.depth -= 1
        if self.text is not None and name in {"loc", "lastmod", "link"}:
            key = "loc" if name == "link" else name
            self.entry.setdefault(key, "".join(self.text).strip())
            self.text = None
        elif tag in {"url", "sitemap", "item", "entry"}:
            self.close_entry(tag)

    def close_entry(self, tag: str) -> None:
        """Keep what a finished entry says."""
        place = self.entry.pop("loc", "")
        if not place:
            return
        if tag == "sitemap":
            child = parse_url(place)
            if isinstance(child, Url):
                self.sitemap.children.append(child.key)
            return
        key = _keep(self.sitemap, place, self.entry.pop("lastmod", None))
        if key:
            self.sitemap.alternates += [(key, lang, to) for lang, to in self.links]
