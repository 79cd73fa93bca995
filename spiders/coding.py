"""Undo Content-Encoding within a cap, whatever the server packed.

A 1 KB body can hold 512 MB: every layer is decoded piece by piece and given up
as soon as it passes the cap. More than two layers are refused unread.
"""

from __future__ import annotations

import zlib

from spiders.guards import FetchError

MAX_LAYERS = 2
MAX_RATIO = 100
RATIO_FROM = 1_000_000
PIECE = 65_536


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
    return _inflate(body, 31, cap)


def _layer(body: bytes, name: str, cap: int) -> bytes:
    if name in {"gzip", "x-gzip"}:
        return _inflate(body, 31, cap)
    if name == "deflate":
        wrapped = len(body) > 1 and (body[0] & 0x0F) == 8 and body[:2] != b"\x08\x00"
        return _inflate(body, 15 if wrapped else -15, cap)
    raise FetchError("bad_encoding", f"encoding {name[:40]!r} was not asked for")


def _inflate(body: bytes, window: int, cap: int) -> bytes:
    out: list[bytes] = []
    left = body
    try:
        while left:
            left = _member(left, window, cap, out)
    except zlib.error as error:
        raise FetchError("bad_encoding", str(error)) from None
    return b"".join(out)


def _member(body: bytes, window: int, cap: int, out: list[bytes]) -> bytes:
    """Unpack one stream onto `out`; return what follows if it is one more."""
    engine = zlib.decompressobj(window)
    left, size = body, sum(map(len, out))
    while not engine.eof:
        piece = engine.decompress(left, PIECE)
        left = engine.unconsumed_tail
        out.append(piece)
        size = _within(size + len(piece), len(body), cap)
        if not piece and not left and not engine.eof:
            raise FetchError("bad_encoding", "packed stream is cut")
    rest = engine.unused_data
    return rest if rest.startswith(b"\x1f\x8b") else b""


def _within(size: int, packed: int, cap: int) -> int:
    if size > cap or (size > RATIO_FROM and size > MAX_RATIO * packed):
        raise FetchError("too_large", f"over {cap} bytes, or unpacks too far")
    return size
