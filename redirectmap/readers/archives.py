"""Read URLs out of archives: WordPress exports, the Wayback index, WARC files.

Decides which entries are pages: published WordPress posts and pages (no
attachments, revisions, drafts); Wayback captures and WARC responses that
answered 200 or redirected, of documents (HTML, PDF) and of unknown type.

Source  WordPress `wxr_export`; the CDX server's README
        (github.com/internetarchive/wayback); ISO 28500 (WARC 1.1).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from html import unescape
from pathlib import Path
from typing import Any

from redirectmap.errors import InputError
from redirectmap.readers.builder import SiteBuilder
from redirectmap.readers.files import binary, encoding_of, head_of, text_pieces
from redirectmap.readers.records import Site, Tally

PIECE = 1 << 20
_AROUND = re.compile(r"[\s,]*")
MAX_ROW = 1 << 20
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
        builder.add(int(item["line"]), page)
    return builder.site()


def _plain(html: str) -> str:
    return " ".join(unescape(re.sub(r"<[^>]*>", " ", html)).split())


def _wxr_items(path: Path) -> Iterator[dict[str, str]]:
    """Yield the items of an export, read in pieces; memory of one item."""
    from lxml import etree

    head = head_of(path)
    if b"<!DOCTYPE" in head:
        raise InputError(
            "declares a document type", hint="export it again", where=str(path)
        )
    parser = etree.XMLPullParser(
        events=("end",), resolve_entities=False, no_network=True, load_dtd=False
    )
    wide = encoding_of(head) != "utf-8" and not encoding_of(head).startswith("utf-8")
    try:
        with binary(path) as stream:
            while piece := stream.read(PIECE):
                parser.feed(piece if wide else _NOT_XML.sub(b"", piece))
                yield from _items(parser)
        parser.close()
    except etree.XMLSyntaxError as error:
        raise InputError(
            f"its XML breaks: {error.msg}",
            hint="export it again; the file is cut or damaged",
            where=f"{path}:{error.lineno}",
        ) from error


def _items(parser: Any) -> Iterator[dict[str, str]]:  # noqa: ANN401 -- untyped
    for _, element in parser.read_events():
        if element.tag != "item":
            continue
        fields = {_local(child.tag): child.text or "" for child in element}
        yield fields | {"line": str(element.sourceline or 0)}
        element.clear()
        while element.getprevious() is not None:
            del element.getparent()[0]


def _local(tag: object) -> str:
    return str(tag).rpartition("}")[2]


def read_cdx(path: Path, sources_name: str | None) -> Site:
    """Read an answer of the Wayback CDX server: JSON, the first row its header.

    Raises:
        InputError: It is other JSON, or cut.
    """
    builder = SiteBuilder(Tally(path, "wayback index (CDX)", "urls"), sources_name)
    with text_pieces(path, PIECE) as pieces:
        _read_captures(builder, _json_rows(path, pieces))
    return builder.site()


def _read_captures(builder: SiteBuilder, rows: Iterator[Any]) -> None:
    names = next(rows, None)
    if not isinstance(names, list) or "original" not in names:
        raise InputError(
            "is a JSON list, but not of the Wayback index",
            hint="a pages table has one JSON object per line (.jsonl)",
            where=str(builder.tally.path),
        )
    for number, row in enumerate(rows, start=2):
        if row == []:  # what follows is the key to ask for the rest with
            key = next(rows, [""])
            builder.tally.note(f"is not all: ask again with resumeKey={key[0]}")
            break
        builder.tally.rows_in += 1
        if isinstance(row, list) and len(row) == len(names):
            _capture(builder, number, dict(zip(names, row, strict=True)))
        else:
            builder.tally.refuse(number, "fields", str(row)[:200])


def _json_rows(path: Path, pieces: Iterator[str]) -> Iterator[Any]:
    """Yield the elements of a JSON list one by one; memory of a piece of it."""
    decoder = json.JSONDecoder()
    text = next(pieces, "").lstrip("\ufeff \t\r\n").removeprefix("[")
    place = 0
    while True:
        around = _AROUND.match(text, place)
        place = around.end() if around else place
        if text.startswith("]", place):
            return
        try:
            value, place = decoder.raw_decode(text, place)
        except ValueError as error:
            more = next(pieces, "")
            if not more or len(text) - place > MAX_ROW:
                raise _broken_json(path, error) from error
            text, place = text[place:] + more, 0
            continue
        yield value


def _broken_json(path: Path, error: ValueError) -> InputError:
    return InputError(
        f"its JSON breaks: {error}", hint="fetch it again; it is cut", where=str(path)
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
