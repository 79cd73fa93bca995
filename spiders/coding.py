"""Undo Content-Encoding within a cap, whatever the server packed.

A 1 KB body can hold 512 MB: every layer is unpacked piece by piece and given up
as soon as it passes the cap or the ratio. More than two layers are refused
unread. zstd's window is bounded by 8 MB, as browsers do.

Source  RFC 9110 section 8.4 (codings), RFC 9659 (window of zstd).
"""

from __future__ import annotations

import sys
import zlib
from collections.abc import Callable, Iterator
from functools import partial

import brotli

from spiders.guards import FetchError

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

ENCODINGS = "gzip, deflate, br, zstd"
MAX_LAYERS = 2
MAX_RATIO = 100
RATIO_FROM = 1_000_000
PIECE = 65_536
_WINDOW = {int(zstd.DecompressionParameter.window_log_max): 23}


def decoded(body: bytes, encodings: bytes, cap: int) -> bytes:
    """Return the body as it was before it was packed.

    Raises:
        FetchError: `too_large` over the cap or ratio, `bad_encoding` where the
            stream is cut, false, or of a kind that was not asked for.
    """
    layers = [
        name
        for name in encodings.decode("latin-1").lower().replace(" ", "").split(",")
        if name not in {"", "identity"}
    ]
    if len(layers) > MAX_LAYERS:
        raise FetchError("bad_encoding", f"{len(layers)} layers of encoding")
    for name in reversed(layers):
        body = _layer(body, name, cap) if body else body
    return body


def gunzipped(body: bytes, cap: int) -> bytes:
    """Undo gzip of a file that is served as it is (sitemap.xml.gz)."""
    return _layer(body, "gzip", cap)


def _layer(body: bytes, name: str, cap: int) -> bytes:
    unpack = _UNPACK.get(name)
    if unpack is None:
        raise FetchError("bad_encoding", f"encoding {name[:40]!r} was not asked for")
    out: list[bytes] = []
    size = 0
    try:
        for piece in unpack(body):
            out.append(piece)
            size += len(piece)
            if size > cap or (size > RATIO_FROM and size > MAX_RATIO * len(body)):
                why = f"over {cap} bytes, or unpacks too far"
                raise FetchError("too_large", why)
    except (zlib.error, brotli.error, zstd.ZstdError, EOFError) as error:
        raise FetchError("bad_encoding", str(error)) from None
    return b"".join(out)


def _inflate(body: bytes, window: int) -> Iterator[bytes]:
    left = body
    while left:
        engine = zlib.decompressobj(window)
        while not engine.eof:
            piece = engine.decompress(left, PIECE)
            left = engine.unconsumed_tail
            if not piece and not left and not engine.eof:
                raise EOFError("packed stream is cut")
            yield piece
        rest = engine.unused_data
        left = rest if rest.startswith(b"\x1f\x8b") else b""


def _deflate(body: bytes) -> Iterator[bytes]:
    """Unpack `deflate`: zlib's format by the book, bare by many servers."""
    wrapped = len(body) > 1 and (body[0] & 0x0F) == 8 and body[:2] != b"\x08\x00"
    return _inflate(body, 15 if wrapped else -15)


def _unbrotli(body: bytes) -> Iterator[bytes]:
    engine = brotli.Decompressor()
    left = body
    while not engine.is_finished():
        piece = engine.process(left, output_buffer_limit=PIECE)
        left = b""
        if not piece and engine.can_accept_more_data() and not engine.is_finished():
            raise EOFError("packed stream is cut")
        yield piece


def _unzstd(body: bytes) -> Iterator[bytes]:
    left = body
    while left:
        engine = zstd.ZstdDecompressor(options=_WINDOW)
        while not engine.eof:
            piece = engine.decompress(left, PIECE)
            left = b""
            if not piece and engine.needs_input and not engine.eof:
                raise EOFError("packed stream is cut")
            yield piece
        left = engine.unused_data


_UNPACK: dict[str, Callable[[bytes], Iterator[bytes]]] = {
    "gzip": partial(_inflate, window=31),
    "x-gzip": partial(_inflate, window=31),
    "deflate": _deflate,
    "br": _unbrotli,
    "zstd": _unzstd,
}
