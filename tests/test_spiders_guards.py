"""What a crawl refuses, by spelling, by address and by shape."""

from __future__ import annotations

import gzip
import time
import zlib
from collections.abc import Callable
from functools import partial

import brotli
import pytest
from backports import zstd

from redirectmap.urls import Url, parse
from spiders.coding import decoded
from spiders.guards import (
    AddressGuard,
    Budgets,
    FetchError,
    endless_path,
    shape,
    without_session,
)


def url(text: str) -> Url:
    found = parse(text)
    assert isinstance(found, Url)
    return found


PRIVATE = [
    "http://127.0.0.1/",
    "http://localhost:81/",
    "http://2130706433/",
    "http://0x7f000001/",
    "http://0177.0.0.1/",
    "http://127.1/",
    "http://[::ffff:127.0.0.1]/",
    "http://0.0.0.0/",
    "http://169.254.169.254/latest",
    "http://10.0.0.1/",
    "http://100.64.0.1/",
    "http://[fd00::1]/",
    "http://[64:ff9b::7f00:1]/",
    "http://metadata.google.internal/",
    "http://printer.local/",
]


@pytest.mark.parametrize("text", PRIVATE)
def test_private_spellings_are_refused(text: str) -> None:
    assert AddressGuard(()).refuses_url(url(text).key)


def test_only_the_named_port_is_let_through() -> None:
    guard = AddressGuard(("127.0.0.1:8000",))
    assert guard.refuses_url("http://127.0.0.1:8000/") is None
    assert guard.refuses_url("http://127.0.0.1:8001/")
    assert guard.refuses_url("http://localhost:8000/")


def test_a_public_name_with_a_private_address_is_refused() -> None:
    guard = AddressGuard(("127.0.0.1:8000",))
    assert guard.refuses_url("http://rebind.example/") is None
    assert guard.refuses_address("http://rebind.example/", "127.0.0.1")
    assert guard.refuses_address("http://rebind.example/", "::1")
    assert guard.refuses_address("http://rebind.example/", "fe80::1%eth0")
    assert guard.refuses_address("http://rebind.example/", "93.184.216.34") is None


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("/site/1", "/site/99"),
        ("/a?page=1", "/a?page=2"),
        ("/x/0123456789ab", "/x/ba9876543210"),
    ],
)
def test_shapes_that_are_equal(one: str, other: str) -> None:
    base = "http://example.com"
    assert shape(url(base + one)) == shape(url(base + other))


@pytest.mark.parametrize(
    ("text", "rest"),
    [
        ("/p?sid=1", "/p"),
        ("/p?a=1&PHPSESSID=x", "/p?a=1"),
        ("/p;jsessionid=AB?x=1", "/p?x=1"),
        ("/p?side=1", None),
    ],
)
def test_session_ids_go(text: str, rest: str | None) -> None:
    found = without_session(url(f"http://example.com{text}"))
    assert found == (f"http://example.com{rest}" if rest else None)


def test_endless_paths() -> None:
    base = "http://example.com"
    assert endless_path(url(f"{base}/a/a/a/a/")) == "trap:repeated_segment"
    deep = "".join(f"/s{n}" for n in range(21))
    assert endless_path(url(base + deep)) == "trap:path_depth"
    assert endless_path(url(f"{base}/a/b/c")) is None


def test_a_shape_with_one_content_is_closed() -> None:
    budgets = Budgets(200)
    for n in range(49):
        assert budgets.fetched(url(f"http://e.com/{n}"), "same") is None
    assert budgets.fetched(url("http://e.com/99"), "same") == "trap:same_content"
    assert budgets.refuses(url("http://e.com/100"), 0, 1) == "trap:same_content"


def test_a_large_shape_with_many_contents_stays_open() -> None:
    budgets = Budgets(200)
    for n in range(5_000):
        assert budgets.fetched(url(f"http://e.com/{n}"), str(n)) is None
        assert budgets.refuses(url(f"http://e.com/{n}"), 3, 5) is None


def test_random_names_that_lead_to_random_names_are_cut() -> None:
    """Even if every page of them says something else."""
    budgets = Budgets(200)
    names = [f"http://e.com/x/{n:012x}" for n in range(10**9, 10**9 + 400)]
    verdicts = [budgets.refuses(url(one), 3, 5) for one in names]
    assert verdicts[:300] == [None] * 300
    assert set(verdicts[300:]) == {"trap:shape"}
    assert budgets.refuses(url("http://e.com/x/00ffee112233"), 0, 1) is None


def test_budgets_keep_a_bounded_number_of_shapes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A site of slugs with figures in them has a shape per page."""
    monkeypatch.setattr("spiders.guards.MAX_SHAPES", 100)
    budgets = Budgets(200)
    for n in range(1_000):
        page = url(f"http://e.com/{'a' * (n % 40)}-{'b' * (n // 40)}-1?a=1&b{n}=2")
        budgets.fetched(page, "same")
        budgets.refuses(page, 0, 1)
    for kept in (budgets._seen, budgets._queries):
        assert len(kept._kept) == 100


def test_a_shape_costs_linear_time() -> None:
    long = url(f"http://e.com/{'abcdefghi-' * 390}")
    begun = time.process_time()
    for _ in range(200):
        shape(long)
    assert time.process_time() - begun < 2


def test_a_chain_of_one_shape_is_cut() -> None:
    assert Budgets(200).refuses(url("http://e.com/2026/1"), 201, 201) == "trap:chain"


PACKERS: dict[str, Callable[[bytes], bytes]] = {
    "gzip": gzip.compress,
    "deflate": zlib.compress,
    "br": partial(brotli.compress, quality=4),
    "zstd": zstd.compress,
}


@pytest.mark.parametrize("name", PACKERS)
def test_bombs_stop_at_the_cap(name: str) -> None:
    bomb = PACKERS[name](bytes(50_000_000))
    for body, layers in (
        (bomb, name),
        (gzip.compress(bomb), f"{name}, gzip"),
        (PACKERS[name](bytes(9_000_000)), name),  # within the cap, not the ratio
    ):
        with pytest.raises(FetchError) as caught:
            decoded(body, layers.encode(), 10_000_000)
        assert caught.value.outcome == "too_large"


def test_a_window_larger_than_browsers_allow_is_refused() -> None:
    packer = zstd.ZstdCompressor(options={zstd.CompressionParameter.window_log: 27})
    with pytest.raises(FetchError) as caught:
        decoded(packer.compress(b"x" * 9) + packer.flush(), b"zstd", 1_000)
    assert caught.value.outcome == "bad_encoding"


@pytest.mark.parametrize(
    ("body", "encoding"),
    [
        *(
            # named: gzip writes the time into its bytes
            pytest.param(pack(b"x y z" * 5_000)[:-6], name, id=f"cut {name}")
            for name, pack in PACKERS.items()
        ),
        *((b"<html>", name) for name in PACKERS),
        (b"x", "compress"),
        (b"x", "gzip, gzip, gzip"),
    ],
)
def test_bad_encodings_are_named(body: bytes, encoding: str) -> None:
    with pytest.raises(FetchError) as caught:
        decoded(body, encoding.encode(), 1_000_000)
    assert caught.value.outcome == "bad_encoding"


@pytest.mark.parametrize("name", PACKERS)
def test_a_good_body_comes_out_whole(name: str) -> None:
    body = b"".join(b"<p>text %d</p>" % n for n in range(1_000))
    assert decoded(PACKERS[name](body), name.encode(), 100_000) == body
    twice = gzip.compress(PACKERS[name](body))
    assert decoded(twice, f"{name}, gzip".encode(), 100_000) == body
    assert decoded(body, b"", 100_000) == body
