"""Read one HTML page: everything a migration needs, in one pass over one DOM.

Text is main content without navigation, headers and footers (resiliparse; it
falls back to the whole body where a page has no main part). Nothing here
touches the network, and nothing in a page can make it raise.

Bounds  5 000 links, 20 000 characters of text, 1 000 of a title; what is cut is
        noted as a warning.
Source  HTML standard, "determining the character encoding"; schema.org/Product.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from selectolax.lexbor import LexborHTMLParser, LexborNode
from w3lib.encoding import html_to_unicode

from redirectmap.urls import Url, parse as parse_url
from spiders.content import clean, content, identifiers

MAX_LINKS = 5_000
MAX_TITLE = 1_000
MAX_HEADINGS = 200
REFRESH_SECONDS = 10
SHELL_CHARS = 80
MANY_TAGS = 5_000
MAX_NESTING = 3_000
REGIONS = (
    ("footer", "footer a[href], [role=contentinfo] a[href]"),
    ("header", "header a[href], [role=banner] a[href]"),
    ("aside", "aside a[href], [role=complementary] a[href]"),
    ("nav", "nav a[href], [role=navigation] a[href]"),
    ("breadcrumb", "[class*=breadcrumb i] a[href], [aria-label*=breadcrumb i] a[href]"),
)
_MAGIC = (b"%PDF-", b"\x89PNG", b"PK\x03\x04", b"GIF8", b"\xff\xd8\xff", b"Rar!")
_HTML = re.compile(
    rb"\s*(?:<!--.*?-->\s*)*<(?:!doctype html|html|head|body)",
    re.IGNORECASE | re.DOTALL,
)
_REFRESH = re.compile(
    r"^\s*(\d+)(?:\.\d*)?\s*[;,]?\s*(?:url\s*=\s*)?['\"]?([^'\"]*)", re.IGNORECASE
)
_NESTING = re.compile(
    r"<(/?)(?!(?:p|li|td|tr|th|dt|dd|br|hr|img|input|link|meta|option|source|wbr|col|"
    r"area|html|head|body|title|script|style|a|h1|h2|h3)[\s/>])[a-z][^<>]*>",
    re.IGNORECASE,
)


@dataclass(slots=True)
class Link:
    """One link on a page, after the gate."""

    url: Url
    anchor: str
    rel: str
    region: str


@dataclass(slots=True)
class Page:
    """What a page says."""

    fields: dict[str, Any]
    links: list[Link] = field(default_factory=list)
    refused: int = 0
    refresh: str | None = None
    alternates: list[tuple[str, str]] = field(default_factory=list)
    warnings: list[tuple[str, str]] = field(default_factory=list)
    nofollow: bool = False
    shell: bool = False


def is_html(content_type: str, body: bytes) -> bool:
    """Say whether a body is to be read as HTML, whatever the header claims."""
    if body.startswith(_MAGIC):
        return False
    if "html" in content_type:
        return not body.startswith(b"<?xml") or b"<html" in body[:2_000].lower()
    sniffed = content_type in {"", "text/plain", "application/octet-stream"}
    return sniffed and _HTML.match(body[:2_000]) is not None


def looks_empty(body: bytes) -> bool:
    """Say whether a page is an empty shell: it has scripts, no words, no links."""
    return b"<script" in body.lower() and _is_shell(LexborHTMLParser(body))


def _is_shell(tree: LexborHTMLParser) -> bool:
    if tree.body is None or tree.css_first("script") is None:
        return False
    if tree.css_first("a[href]:not(noscript a)") is not None:
        return False
    silent = tree.body.css("script, style, noscript, template")
    words = len(tree.body.text().strip()) - sum(len(node.text()) for node in silent)
    return words < SHELL_CHARS


def read_page(body: bytes, content_type: str | None, url: str, robots: str) -> Page:
    """Read a page.

    Args:
        body: As decoded from its transfer encodings.
        content_type: The whole header, for its charset.
        url: Where it was found, the base of its links.
        robots: Values of X-Robots-Tag, joined.
    """
    _, text = html_to_unicode(content_type, body, default_encoding="utf-8")
    text = text.replace("\x00", "\ufffd")
    page = Page({})
    if text.count("<") > MANY_TAGS:
        text = _flattened(text, page)
    tree = LexborHTMLParser(text)
    base = _base(tree, url)
    metas = _metas(tree)
    _titles(tree, metas, page)
    _directives(metas, robots, page)
    _canonical(tree, base, page)
    _links(tree, base, page)
    _refresh(metas, page)
    _about(tree, metas, text, page)
    return page


def _about(
    tree: LexborHTMLParser, metas: dict[str, list[str]], text: str, page: Page
) -> None:
    found, sound = identifiers(tree, metas)
    page.fields["identifiers"] = found
    if not sound:
        page.warnings.append(("json_ld", "JSON-LD that is not JSON"))
    title, lang = page.fields["title"] or "", page.fields["lang"]
    page.fields |= content(text, title, lang)
    page.shell = _is_shell(tree)
    if page.shell:
        page.warnings.append(("no_content", "an empty shell: needs JavaScript"))


def _flattened(text: str, page: Page) -> str:
    """Take out tags that nest so deep that parsing takes quadratic time."""
    depth = deepest = 0
    for found in _NESTING.finditer(text):
        depth += -1 if found.group(1) else 1
        depth = max(depth, 0)
        deepest = max(deepest, depth)
    if deepest <= MAX_NESTING:
        return text
    page.warnings.append(("deep_nesting", f"{deepest} elements deep: flattened"))
    return _NESTING.sub(" ", text)[:2_000_000]


def _base(tree: LexborHTMLParser, url: str) -> str:
    node = tree.css_first("base[href]")
    if node is None:
        return url
    found = parse_url(node.attributes.get("href") or "", url, as_browser=True)
    return found.href if isinstance(found, Url) else url


def _metas(tree: LexborHTMLParser) -> dict[str, list[str]]:
    metas: dict[str, list[str]] = {}
    for node in tree.css("meta[content]"):
        at = node.attributes
        name = at.get("name") or at.get("property") or at.get("http-equiv")
        name = name or at.get("itemprop")
        if name:
            metas.setdefault(name.lower(), []).append(at.get("content") or "")
    return metas


def _titles(tree: LexborHTMLParser, metas: dict[str, list[str]], page: Page) -> None:
    title = tree.css_first("head title") or tree.css_first("title")
    whole = title.text() if title else ""
    if len(whole) > MAX_TITLE:
        page.warnings.append(("title_capped", f"title of {len(whole)} characters"))
    h1 = tree.css_first("h1")
    headings = [clean(node.text(), 300) for node in tree.css("h2, h3")[:MAX_HEADINGS]]
    root = tree.css_first("html")
    page.fields.update(
        title=clean(whole) or None,
        h1=(clean(h1.text()) or None) if h1 else None,
        description=clean((metas.get("description") or [""])[0], 2_000) or None,
        headings=[text for text in headings if text],
        lang=_language_tag((root.attributes.get("lang") if root else "") or ""),
    )


def _language_tag(text: str) -> str | None:
    tag = text.strip().replace("_", "-")[:35]
    if not re.fullmatch(r"[A-Za-z]{2,3}(?:-[A-Za-z0-9]{1,8})*", tag):
        return None
    first, _, rest = tag.partition("-")
    parts = [
        part.upper() if len(part) == 2 else part for part in rest.split("-") if part
    ]
    return "-".join([first.lower(), *parts])


def _directives(metas: dict[str, list[str]], header: str, page: Page) -> None:
    words: list[str] = []
    texts = [*metas.get("robots", []), *metas.get("redirectmap", []), header]
    for text in texts:
        for raw in text.lower().split(","):
            word = raw.strip()
            if word.partition(":")[0].strip() not in {"max-snippet", "googlebot"}:
                words.append(word)
    if "none" in words:
        words += ["noindex", "nofollow"]
    kept = sorted({word for word in words if word and word != "none"})
    page.nofollow = "nofollow" in kept
    page.fields["robots"] = ", ".join(kept)[:500] or None


def _canonical(tree: LexborHTMLParser, base: str, page: Page) -> None:
    targets: set[str] = set()
    for node in tree.css("link[rel][href]"):
        at = node.attributes
        rel = (at.get("rel") or "").lower().split()
        href = at.get("href") or ""
        if "canonical" not in rel and not ("alternate" in rel and at.get("hreflang")):
            continue
        found = parse_url(href, base, as_browser=True)
        if "canonical" not in rel:
            if isinstance(found, Url):
                page.alternates.append((at.get("hreflang") or "", found.key))
        elif isinstance(found, Url):
            targets.add(found.key)
            if "#" in href:
                page.warnings.append(("canonical", "canonical has a fragment"))
        else:
            page.warnings.append(("canonical", found.message))
    page.fields["canonical"] = min(targets) if len(targets) == 1 else None
    if len(targets) > 1:
        page.warnings.append(("canonical", "two different canonicals: none is used"))
    page.fields["hreflang"] = [f"{lang} {to}" for lang, to in page.alternates[:200]]


@lru_cache(maxsize=16_384)
def _resolved(href: str, base: str) -> Url | None:
    found = parse_url(href, base, as_browser=True)
    return found if isinstance(found, Url) else None


def _links(tree: LexborHTMLParser, base: str, page: Page) -> None:
    nodes = tree.css("a[href], area[href]")
    if len(nodes) > MAX_LINKS:
        page.warnings.append(
            ("links_capped", f"{len(nodes) - MAX_LINKS} of {len(nodes)} links dropped")
        )
        del nodes[MAX_LINKS:]
    regions = _regions(tree)
    origin = "/".join(base.split("/", 3)[:3]) + "/"
    for node in nodes:
        at = node.attributes
        href = at.get("href") or ""
        rooted = href.startswith("/") and not href.startswith("//")
        url = _resolved(href, origin if rooted else base)
        if url is None:
            page.refused += 1
            continue
        rel = at.get("rel")
        page.links.append(
            Link(
                url,
                _anchor(node),
                " ".join(sorted(rel.lower().split()))[:100] if rel else "",
                regions.get(node.mem_id, "content"),
            )
        )


def _anchor(node: LexborNode) -> str:
    text = clean(node.text(), 300)
    if text:
        return text
    image = node.css_first("img[alt]")
    return clean(image.attributes.get("alt") or "", 300) if image else ""


def _regions(tree: LexborHTMLParser) -> dict[int, str]:
    return {node.mem_id: name for name, query in REGIONS for node in tree.css(query)}


def _refresh(metas: dict[str, list[str]], page: Page) -> None:
    found = _REFRESH.match((metas.get("refresh") or [""])[0])
    if found and found.group(2).strip() and int(found.group(1)[:9]) <= REFRESH_SECONDS:
        page.refresh = found.group(2).strip()
