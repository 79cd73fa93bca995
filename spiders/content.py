"""What a page is about: its main text, language and identifiers.

Text is main content without navigation, headers and footers (resiliparse; it
falls back to the whole body where a page has no main part).

Bounds  20 000 characters of text, 50 identifiers.
Source  schema.org/Product for the identifiers in JSON-LD.
"""

from __future__ import annotations

import hashlib
import json
import re
from typing import Any

from resiliparse.extract.html2text import extract_plain_text
from selectolax.lexbor import LexborHTMLParser

MAX_TEXT = 20_000
MAX_IDENTIFIERS = 50
MAX_HTML_FOR_TEXT = 2_000_000
CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
_KINDS = {"sku", "mpn", "isbn", "productid", "gtin"}
_POST_ID = re.compile(r"\b(?:postid|page-id|product-id|node)-(\d+)\b")


def clean(text: str, limit: int = 1_000) -> str:
    """Return text fit for a table: one line, no control or direction marks."""
    line = " ".join(text[: limit * 2].split())
    if not line.isprintable():
        line = CONTROL.sub("", line)
    return line[:limit]


def identifiers(
    tree: LexborHTMLParser, metas: dict[str, list[str]]
) -> tuple[list[str], bool]:
    """Return `kind:value` of a page, and whether its JSON-LD could be read."""
    found: list[str] = []
    sound = True
    for node in tree.css('script[type="application/ld+json"]'):
        try:
            _walk(json.loads(node.text()), found, 0)
        except (ValueError, RecursionError):
            sound = False
    for key in ("product:retailer_item_id", "sku"):
        found += [f"sku:{value.strip()}" for value in metas.get(key, []) if value]
    body = tree.body
    marked = _POST_ID.search((body.attributes.get("class") or "") if body else "")
    short = tree.css_first("link[rel=shortlink]")
    short_id = re.search(
        r"[?&]p=(\d+)", (short.attributes.get("href") or "") if short else ""
    )
    found += [f"post:{one.group(1)}" for one in (marked, short_id) if one]
    unique = dict.fromkeys(clean(one, 120) for one in found)
    return list(unique)[:MAX_IDENTIFIERS], sound


def _walk(value: Any, found: list[str], depth: int) -> None:  # noqa: ANN401
    if depth > 12 or len(found) > MAX_IDENTIFIERS:
        return
    if isinstance(value, list):
        for one in value:
            _walk(one, found, depth + 1)
    if not isinstance(value, dict):
        return
    for key, one in value.items():
        kind = "gtin" if str(key).lower().startswith("gtin") else str(key).lower()
        if isinstance(one, dict | list):
            _walk(one, found, depth + 1)
        elif kind in _KINDS and isinstance(one, str | int) and str(one).strip():
            found.append(f"{kind}:{str(one).strip()}")


def content(html: str, title: str, lang: str | None) -> dict[str, Any]:
    """Return the columns text, content_hash and lang of a page."""
    text = _main_text(html)
    told = f"{title}\n{' '.join(text.split())}".encode()
    if lang is None and len(text) >= 100:
        lang = _detected(text[:400])
    return {
        "text": text or None,
        "content_hash": hashlib.blake2b(told, digest_size=16).hexdigest(),
        "lang": lang,
    }


def _main_text(html: str) -> str:
    html = html[:MAX_HTML_FOR_TEXT]
    text = extract_plain_text(html, main_content=True, alt_texts=False, links=False)
    if len(text) < 50:
        text = extract_plain_text(
            html, main_content=False, alt_texts=False, links=False
        )
    text = text[: MAX_TEXT * 2]
    if not text.replace("\n", "").replace("\t", "").isprintable():  # cheap to ask
        text = CONTROL.sub("", text)
    return text.strip()[:MAX_TEXT]


def _detected(text: str) -> str | None:
    import py3langid

    language, _ = py3langid.classify(text)
    return str(language)
