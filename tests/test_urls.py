"""The URL gate: the table is the specification."""

from __future__ import annotations

import os
from pathlib import Path

import ada_url
import pytest
from hypothesis import example, given, settings, strategies as st

from redirectmap.urls import (
    MAX_INPUT_CHARS,
    Refusal,
    Url,
    is_private_address,
    is_private_host,
    parse,
    plain,
    registrable_domain,
    taken_apart,
)

BASE = "https://old.example/dir/page?x=1"

# (what it shows, input, key)
ACCEPTED = [
    ("host in lower case", "HTTP://Example.COM", "http://example.com/"),
    ("path case is kept", "https://e.example/About", "https://e.example/About"),
    ("dot segments go", "https://e.example/a/./b/../c", "https://e.example/a/c"),
    ("default port goes", "https://e.example:443/", "https://e.example/"),
    ("fragment goes", "https://e.example/a#b", "https://e.example/a"),
    ("empty query stays", "https://e.example/a?", "https://e.example/a?"),
    ("query order is kept", "https://e.example/?b=2&a=1", "https://e.example/?b=2&a=1"),
    ("hex case is kept", "https://e.example/%c3", "https://e.example/%c3"),
    ("umlauts are encoded", "https://e.example/ü", "https://e.example/%C3%BC"),
    ("host as punycode", "https://bücher.example/", "https://xn--bcher-kva.example/"),
    ("relative", "../up", "https://old.example/up"),
    ("edges are cut", " \thttps://e.example/a\r\n", "https://e.example/a"),
    ("backslash is a slash", "https:\\\\e.example\\a", "https://e.example/a"),
]

# (what it shows, input, reason)
REFUSED = [
    ("tab inside", "https://e.example/a\tb", "control_char"),
    ("line end inside", "https://e.example/a\r\nX: 1", "control_char"),
    ("NUL", "https://e.example/\x00", "control_char"),
    ("C1", "https://e.example/\x85", "control_char"),
    ("line separator", "https://e.example/\u2028", "control_char"),
    ("lone surrogate", "https://e.example/\ud800", "control_char"),
    ("user and password", "https://u:p@e.example/", "credentials"),
    ("user", "https://u@e.example/", "credentials"),
    ("script", "javascript:alert(1)", "scheme"),
    ("file", "file:///etc/passwd", "scheme"),
    ("mail", "mailto:a@e.example", "scheme"),
    ("long", "https://e.example/" + "a" * 4_080, "too_long"),
    ("longer than is parsed at all", "a" * (MAX_INPUT_CHARS + 1), "too_long"),
    ("port out of range", "https://e.example:99999/", "unparsable"),
    ("host with a space", "https://e e.example/", "unparsable"),
]


@pytest.mark.parametrize(
    ("text", "key"), [pytest.param(t, k, id=s) for s, t, k in ACCEPTED]
)
def test_accepted(text: str, key: str) -> None:
    url = parse(text, BASE)
    assert isinstance(url, Url)
    assert url.key == key
    again = parse(url.href)
    assert isinstance(again, Url)
    assert again.href == url.href


@pytest.mark.parametrize(
    ("text", "reason"), [pytest.param(t, r, id=s) for s, t, r in REFUSED]
)
def test_refused(text: str, reason: str) -> None:
    refusal = parse(text, BASE)
    assert isinstance(refusal, Refusal)
    assert refusal.reason == reason
    assert refusal.message.isprintable()


def test_nothing_is_refused_as_empty() -> None:
    assert parse("  ") == Refusal("(nothing)", "empty")


def test_a_password_is_never_shown() -> None:
    for text in ["https://admin:hunter2@e.example/", "//admin:hunter2@e.example\x00"]:
        refusal = parse(text, BASE)
        assert isinstance(refusal, Refusal)
        assert "hunter2" not in refusal.message


def test_a_browser_deletes_line_ends_inside() -> None:
    url = parse("/a\nb\t", BASE, as_browser=True)
    assert isinstance(url, Url)
    assert url.key == "https://old.example/ab"


def test_parts() -> None:
    url = parse("https://E.example:8443/a b?q=1#f")
    assert isinstance(url, Url)
    assert (url.scheme, url.host, url.path) == ("https", "e.example:8443", "/a%20b")
    assert (url.query, url.origin) == ("q=1", "https://e.example:8443")
    assert url.wire == "/a%20b?q=1"


@pytest.mark.parametrize(
    "host",
    [
        "localhost",
        "a.localhost.",
        "127.0.0.1:80",
        "10.1.2.3",
        "[::1]:8080",
        "[::]",
        "169.254.169.254",
        "[::ffff:10.0.0.1]",
        "192.168.0.1",
        "0.0.0.0",
        "100.64.0.1",
    ],
)
def test_private_hosts(host: str) -> None:
    assert is_private_host(host)
    found = parse(f"http://{host}/", private=False)
    assert isinstance(found, Refusal)
    assert found.reason == "private_address"


@pytest.mark.parametrize(
    "address", ["224.0.0.1", "64:ff9b::7f00:1", "2002:7f00:1::", "::1", "fd00::1"]
)
def test_private_addresses(address: str) -> None:
    assert is_private_address(address)


def test_public_addresses() -> None:
    assert not is_private_address("93.184.215.14")
    assert not is_private_host("e.example")


@pytest.mark.parametrize(
    ("host", "domain"),
    [
        ("shop.example.co.uk", "example.co.uk"),
        ("www.example.com:8080", "example.com"),
        ("127.0.0.1", "127.0.0.1"),
        ("intranet", "intranet"),
    ],
)
def test_registrable_domain(host: str, domain: str) -> None:
    assert registrable_domain(host) == domain


@given(st.text(max_size=60), st.booleans())
def test_any_text_passes_or_is_refused(text: str, as_browser: bool) -> None:
    found = parse(text, BASE, as_browser=as_browser)
    if isinstance(found, Url):
        assert found.href.isascii()
        assert not set(found.href) & set("\t\r\n\0 ")
        again = parse(found.href)
        assert isinstance(again, Url)
        assert again.key == found.key


def _corpus() -> Path | None:
    folder = os.environ.get("REDIRECTMAP_SHARED", "../shared")
    path = Path(__file__).parents[1] / folder / "hostile/urls.txt"
    return path if path.exists() else None


@pytest.mark.skipif(_corpus() is None, reason="needs the shared hostile corpus")
def test_the_hostile_corpus() -> None:
    import json

    path = _corpus()
    assert path is not None
    wrong = []
    for line in path.read_text(encoding="utf-8").splitlines():
        if line.startswith("#"):
            continue
        fields = line.split("\t")
        text, base, href, key = (json.loads(fields[i]) for i in (1, 2, 3, 5))
        found = parse(text, base or None, as_browser=True, private=False)
        got = "ok" if isinstance(found, Url) else f"reject:{found.reason}"
        same = not isinstance(found, Url) or (found.href, found.key) == (href, key)
        if got != fields[4] or not same:
            wrong.append((fields[1], fields[4], got))
    assert wrong == []


LABELS = st.sampled_from(
    [
        "a",
        "b-c",
        "com",
        "example",
        "www",
        "0",
        "127",
        "0x7f",
        "1e",
        "xn--a",
        "xn--bcher-kva",
        "a--b",
        "-a",
        "a-",
        "localhost",
    ]
)
SIGNS = st.sampled_from(
    [*"abAZ09_~!$&()*+,;=:@%.-/?'|", "/.", "/..", "%2e", "%2E/", "%00", "%zz", "//"]
)


@given(st.lists(LABELS, min_size=1, max_size=4), st.lists(SIGNS, max_size=9))
@example(["a", "com"], ["%2e"])
@settings(max_examples=2_000)
def test_a_plain_url_is_what_the_standard_makes_of_it(
    labels: list[str], signs: list[str]
) -> None:
    text = f"https://{'.'.join(labels)}/{''.join(signs)}"
    url = plain(text)
    if url is not None:
        assert url == taken_apart(ada_url.URL(text).href)
        assert url.href == text


def test_most_urls_are_plain() -> None:
    assert plain("http://www.e.example/a/b-c_d.html?id=1&x=%2F") is not None
    assert plain("https://e.example/a/../b") is None
