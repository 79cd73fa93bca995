"""Read URLs out of archives: WordPress exports, the Wayback index, WARC files.

Decides which entries are pages: published WordPress posts and pages (no
attachments, revisions, drafts); Wayback captures and WARC responses that
answered 200 or redirected, of documents (HTML, PDF) and of unknown type.

Source  WordPress `wxr_export`; the CDX server's README
        (github.com/internetarchive/wayback); ISO 28500 (WARC 1.1).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson

from redirectmap.errors import InputError
from redirectmap.readers.builder import SiteBuilder
from redirectmap.readers.files import binary
from redirectmap.readers.records import Site, Tally

MAX_CDX = 2_000_000_000
_DOCUMENT = re.compile(r"text/html|application/(?:pdf|xhtml)|warc/revisit|unk|^-$|^$")
_NOT_XML = re.compile(rb"[\x00-\x08\x0b\x0c\x0e-\x1f]")


def read_wxr(path: Path, sources_name: str | None) -> Site:
    """Read a WordPress export: link, title, post id and date of each page.

    Raises:
        InputError: The XML is broken, or declares a document type.
    """
    builder = SiteBuilder(Tally(path, "wordpress export (WXR)", "pages"), sources_name)
    for item in _wxr_items(path):
        builder.tally.rows_in += 1
        status, kind = item.get("status", "publish"), item.get("post_type", "page")
        if kind in {"attachment", "revision", "nav_menu_item"} or status != "publish":
            builder.tally.aside[f"no page: {kind}, {status}"] += 1
            continue
        number = item.get("post_id")
        identifiers = [f"post:{number}"] if number else []
        page = {
            "url": item.get("link", ""),
            "title": item.get("title"),
            "text": _plain(item.get("encoded", "")),
            "identifiers": identifiers,
        }
        builder.add(0, page)
    return builder.site()


def _plain(html: str) -> str:
    return " ".join(re.sub(r"<[^>]*>", " ", html).split())


def _wxr_items(path: Path) -> Iterator[dict[str, str]]:
    from lxml import etree

    with binary(path) as stream:
        body = _NOT_XML.sub(b"", stream.read())
    parser = etree.XMLPullParser(
        events=("end",), resolve_entities=False, no_network=True, load_dtd=False
    )
    if b"<!DOCTYPE" in body[:4096]:
        raise InputError(
            "declares a document type", hint="export it again", where=str(path)
        )
    try:
        parser.feed(body)
        for _, element in parser.read_events():
            if element.tag == "item":
                yield {_local(child.tag): child.text or "" for child in element}
                element.clear()
    except etree.XMLSyntaxError as error:
        raise InputError(
            f"its XML breaks: {error.msg}",
            hint="export it again; the file is cut or damaged",
            where=f"{path}:{error.lineno}",
        ) from error


def _local(tag: object) -> str:
    return str(tag).rpartition("}")[2]


def read_cdx(path: Path, sources_name: str | None) -> Site:
    """Read an answer of the Wayback CDX server: JSON, the first row its header.

    Raises:
        InputError: It is other JSON, or cut.
    """
    with binary(path) as stream:
        body = stream.read(MAX_CDX)
    try:
        rows = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise InputError(
            f"its JSON breaks: {error}", hint="fetch it again", where=str(path)
        ) from error
    if not is_cdx(rows):
        raise InputError(
            "is a JSON list, but not of the Wayback index",
            hint="a pages table has one JSON object per line (.jsonl)",
            where=str(path),
        )
    builder = SiteBuilder(Tally(path, "wayback index (CDX)", "urls"), sources_name)
    for number, row in enumerate(rows[1:], start=2):
        if row:
            builder.tally.rows_in += 1
            _capture(builder, number, dict(zip(rows[0], row, strict=False)))
    return builder.site()


def is_cdx(rows: Any) -> bool:  # noqa: ANN401 -- any JSON
    """Tell the Wayback index from other JSON lists."""
    return (
        isinstance(rows, list)
        and bool(rows)
        and isinstance(rows[0], list)
        and "original" in rows[0]
    )


def _capture(builder: SiteBuilder, number: int, row: dict[str, Any]) -> None:
    status, kind = str(row.get("statuscode", "-")), str(row.get("mimetype", "-"))
    if status[:1] not in {"2", "3", "-"}:
        builder.tally.aside[f"answered {status}"] += 1
    elif not _DOCUMENT.search(kind):
        builder.tally.aside[f"no document: {kind}"] += 1
    else:
        builder.add(number, {"url": str(row.get("original", ""))})


def read_warc(path: Path, sources_name: str | None) -> Site:
    """Read the responses of a WARC file (gzip or not)."""
    from fastwarc.warc import ArchiveIterator, WarcRecordType

    builder = SiteBuilder(Tally(path, "WARC", "pages"), sources_name)
    try:
        with path.open("rb") as stream:
            kinds = WarcRecordType.response | WarcRecordType.revisit
            for record in ArchiveIterator(stream, record_types=kinds):
                _response(builder, record)
    except (OSError, ValueError, RuntimeError) as error:
        raise InputError(
            f"is a damaged WARC file: {error}", hint="fetch it again", where=str(path)
        ) from error
    return builder.site()


def _response(builder: SiteBuilder, record: Any) -> None:  # noqa: ANN401 -- untyped
    builder.tally.rows_in += 1
    headers = record.http_headers
    status = headers.status_code if headers is not None else None
    kind = (record.http_content_type or "") if headers is not None else ""
    if status is not None and not 200 <= status < 400:
        builder.tally.aside[f"answered {status}"] += 1
    elif status is not None and status < 300 and not _DOCUMENT.search(kind):
        builder.tally.aside[f"no document: {kind}"] += 1
    else:
        page: dict[str, Any] = {
            "url": record.headers.get("WARC-Target-URI", ""),
            "status": status,
            "content_type": kind or None,
        }
        if status is not None and status >= 300:
            page["final_url"] = headers.get("Location")
        builder.add(record.stream_pos, page)
