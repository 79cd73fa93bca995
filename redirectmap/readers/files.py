"""Open a file as it fell out of somebody's export button.

Decides what the bytes are (SQLite, Parquet, gzip, zip, text and its encoding)
and hands text on line by line, so that a file larger than memory costs no more
than its longest permitted line. Text is strict: a byte that does not fit the
encoding ends the reading with its line and place; nothing is guessed into
mojibake.

Bounds  a line longer than `MAX_LINE` characters is replaced by `TOO_LONG`.
"""

from __future__ import annotations

import codecs
import gzip
import io
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, Literal, cast

from redirectmap.errors import InputError

MAX_LINE = 1 << 20
MAX_JSON = 1 << 24
TOO_LONG = "\x00too long\x00"
HEAD_BYTES = 64 * 1024

Nature = Literal["sqlite", "parquet", "zip", "html", "json", "xml", "warc", "text"]

_MAGIC: tuple[tuple[bytes, str], ...] = (
    (b"SQLite format 3\x00", "sqlite"),
    (b"PAR1", "parquet"),
    (b"WARC/", "warc"),
    (b"PK\x03\x04", "zip"),
    (b"PK\x05\x06", "zip"),
)
_CONTROLS = (*range(9), *range(14, 32))
_BOMS: tuple[tuple[bytes, str], ...] = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


@contextmanager
def binary(path: Path) -> Iterator[BinaryIO]:
    """Open `path`, through gzip when it is gzip.

    Raises:
        InputError: The file cannot be opened, or its gzip stream is broken.
    """
    try:
        with path.open("rb") as raw:
            packed = raw.read(2) == b"\x1f\x8b"
            raw.seek(0)
            if not packed:
                yield raw
                return
            with gzip.open(raw) as unpacked:
                yield cast("BinaryIO", unpacked)
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise InputError(
            f"is a damaged gzip file: {error}",
            hint="fetch the file again, or unpack it by hand",
            where=str(path),
        ) from error
    except OSError as error:
        raise InputError.unreadable(path, error) from error


def head_of(path: Path) -> bytes:
    """Return the first 64 KB of a file, unpacked.

    Raises:
        InputError: The file is missing, a folder, or empty.
    """
    with binary(path) as stream:
        head = stream.read(HEAD_BYTES)
    if not head.strip():
        raise InputError(
            "is empty", hint="export it again; there is no row in it", where=str(path)
        )
    return head


def nature_of(head: bytes) -> Nature:
    """Tell what the bytes are, from their beginning."""
    for magic, nature in _MAGIC:
        if head.startswith(magic):
            return cast("Nature", nature)
    text = (
        head[:2000].decode(encoding_of(head), errors="replace").lstrip("\ufeff \r\n\t")
    )
    start = text[:400].lower()
    if start.startswith(("<!doctype html", "<html", "<head", "<body")):
        return "html"
    if start.startswith("<"):
        return "xml"
    if start.startswith(("{", "[{", "[[", '["')):
        return "json"
    return "text"


def encoding_of(head: bytes) -> str:
    """Return the encoding a byte order mark names, else UTF-8."""
    for mark, name in _BOMS:
        if head.startswith(mark):
            return name
    return "utf-8"


def check_text(path: Path, head: bytes, encoding: str | None) -> str:
    """Return the encoding to read `path` with, or say why it is no text.

    Raises:
        InputError: UTF-16 without a mark, or bytes that are no text at all.
    """
    if encoding is not None:
        return _known_encoding(encoding)
    found = encoding_of(head)
    noise = sum(head.count(byte) for byte in _CONTROLS)
    if found != "utf-8" or noise < 8 or noise <= len(head) // 20:
        return found
    raise _no_text(path, head)


def needed(path: Path, encoding: str | None) -> str | None:
    """Return `encoding` for a text that is not UTF-8 and has no mark, else None.

    So one `--encoding` serves a mix of files: those that say what they are are
    left alone.
    """
    if encoding is None:
        return None
    head = head_of(path)
    if nature_of(head) in {"sqlite", "parquet", "zip", "warc"}:
        return None
    try:
        name = check_text(path, head, None)
    except InputError:
        return encoding
    return encoding if name == "utf-8" and _first_bad(path, name)[0] else None


def _no_text(path: Path, head: bytes) -> InputError:
    even, odd = head[0::2].count(0), head[1::2].count(0)
    if odd > 20 * even + len(head) // 5 or even > 20 * odd + len(head) // 5:
        name = "utf-16-le" if odd > even else "utf-16-be"
        return InputError(
            "its encoding looks like UTF-16 without a byte order mark (NUL bytes)",
            hint=f"say --encoding {name}, or save the file as CSV UTF-8",
            where=str(path),
        )
    return InputError(
        "is not text",
        hint="export it as CSV UTF-8, or give the right file",
        where=str(path),
    )


def _known_encoding(encoding: str) -> str:
    try:
        return codecs.lookup(encoding).name
    except LookupError as error:
        raise InputError(
            f"encoding {encoding!r} is not known",
            hint="use utf-8, utf-16, cp1252, latin-1 ...",
        ) from error


@contextmanager
def text_lines(
    path: Path, encoding: str | None = None, *, errors: str = "strict"
) -> Iterator[Iterator[str]]:
    """Yield the lines of a text file with their line ends (LF, CRLF or CR).

    Args:
        path: Any text file, gzip or not.
        encoding: What a person says it is; None to go by its byte order mark.
        errors: How undecodable bytes are met, as in `open`.

    Raises:
        InputError: While reading: a byte does not fit the encoding.
    """
    name = check_text(path, head_of(path), encoding)
    try:
        with binary(path) as raw:
            stream = io.TextIOWrapper(raw, name, errors=errors, newline="")
            yield capped_text(stream)
    except UnicodeDecodeError as error:
        raise undecodable(path, name) from error


@contextmanager
def text_pieces(path: Path, size: int) -> Iterator[Iterator[str]]:
    """Yield a text file piece by piece, `size` characters each.

    Raises:
        InputError: While reading: a byte does not fit the encoding.
    """
    name = check_text(path, head_of(path), None)
    try:
        with binary(path) as raw:
            stream = io.TextIOWrapper(raw, name, newline="")
            yield iter(lambda: stream.read(size), "")
    except UnicodeDecodeError as error:
        raise undecodable(path, name) from error


def capped_lines(stream: BinaryIO) -> Iterator[bytes]:
    """Yield lines of bytes; one longer than `MAX_JSON` ends with its first part."""
    while line := stream.readline(MAX_JSON):
        yield line
        while len(line) == MAX_JSON and not line.endswith(b"\n"):
            line = stream.readline(MAX_JSON)


def capped_text(stream: io.TextIOWrapper) -> Iterator[str]:
    """Yield lines; one longer than `MAX_LINE` is replaced by `TOO_LONG`."""
    while line := stream.readline(MAX_LINE):
        if len(line) < MAX_LINE or line.endswith(("\n", "\r")):
            yield line
            continue
        _skip_line(stream)
        yield TOO_LONG + "\n"


def _skip_line(stream: io.TextIOWrapper) -> None:
    while (rest := stream.readline(MAX_LINE)) and not rest.endswith(("\n", "\r")):
        pass


def undecodable(path: Path, encoding: str) -> InputError:
    """Build the error that names the first byte which is not `encoding`."""
    line, byte, value = _first_bad(path, encoding)
    place = f"line {line} byte {byte}" if line else "the file"
    name = encoding.upper().removesuffix("-SIG")
    return InputError(
        f"{place} is not {name}" + (f" ({value:#04x})" if line else ""),
        hint="say --encoding cp1252 if it is a Windows file, or save it as CSV UTF-8",
        where=f"{path}:{line}:{byte}" if line else str(path),
    )


def _first_bad(path: Path, encoding: str) -> tuple[int, int, int]:
    if not encoding.startswith("utf-8"):
        return 0, 0, 0
    with binary(path) as stream:
        number = 0
        while line := stream.readline(MAX_LINE):
            number += 1
            try:
                line.decode("utf-8")
            except UnicodeDecodeError as error:
                return number, error.start + 1, line[error.start]
    return 0, 0, 0
