"""robots.txt: RFC 9309, and files that are wrong in every way."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from spiders.robots import MAX_BYTES, Robots, for_status, matches, parse, product_token

CORPUS = Path(__file__).parents[1] / "../shared/hostile/robots"

# (what it shows, robots.txt, path, allowed)
CASES = [
    ("no rules", "", "/x", True),
    ("a prefix", "User-agent: *\nDisallow: /private/", "/private/x", False),
    ("the rest", "User-agent: *\nDisallow: /private/", "/x", True),
    ("empty disallow", "User-agent: *\nDisallow:", "/x", True),
    (
        "longest wins",
        "User-agent: *\nDisallow: /p\nAllow: /p/ok\nDisallow: /p/ok/no",
        "/p/ok/x",
        True,
    ),
    (
        "longest wins again",
        "User-agent: *\nDisallow: /p\nAllow: /p/ok\nDisallow: /p/ok/no",
        "/p/ok/no",
        False,
    ),
    ("allow wins a tie", "User-agent: *\nDisallow: /p\nAllow: /p", "/p", True),
    ("wildcard", "User-agent: *\nDisallow: /*.pdf$", "/a/b.pdf", False),
    ("anchor", "User-agent: *\nDisallow: /*.pdf$", "/a/b.pdf?x", True),
    (
        "own group",
        "User-agent: *\nDisallow: /\n\nUser-agent: RedirectMap\nAllow: /",
        "/",
        True,
    ),
    ("version is cut", "User-agent: redirectmap/2\nDisallow: /a", "/a", False),
    (
        "groups of one agent are merged",
        (
            "User-agent: redirectmap\nDisallow: /a\nUser-agent: x\nDisallow: /c\n"
            "User-agent: redirectmap\nDisallow: /b"
        ),
        "/b",
        False,
    ),
    ("BOM", "\ufeffUser-agent: *\nDisallow: /a", "/a", False),
    ("CR alone", "User-agent: *\rDisallow: /a\r", "/a", False),
    ("escapes", "User-agent: *\nDisallow: /caf%c3%a9", "/caf%C3%A9", False),
    ("plain letters", "User-agent: *\nDisallow: /日本", "/%E6%97%A5%E6%9C%AC", False),
    ("escaped letter", "User-agent: *\nDisallow: /%61", "/a", False),
    ("comment", "User-agent: * # all\nDisallow: /a # b", "/a", False),
    ("rules before any agent", "Disallow: /\nUser-agent: *\nDisallow: /a", "/b", True),
    ("robots.txt itself", "User-agent: *\nDisallow: /", "/robots.txt", True),
    ("HTML is no robots.txt", "<html><p>Disallow: /</p>", "/x", True),
]


@pytest.mark.parametrize(
    ("text", "path", "allowed"), [case[1:] for case in CASES], ids=[c[0] for c in CASES]
)
def test_rules(text: str, path: str, *, allowed: bool) -> None:
    assert parse(text.encode(), "redirectmap").allows(path) is allowed


@pytest.mark.parametrize(
    ("text", "delay"),
    [("1000000000", 30.0), ("-1", None), ("nan", None), ("inf", 30.0), ("1,5", None)],
)
def test_crawl_delay_is_capped_or_ignored(text: str, delay: float | None) -> None:
    robots = parse(f"User-agent: *\nCrawl-delay: {text}".encode(), "redirectmap")
    assert robots.delay == delay
    assert robots.warnings


@pytest.mark.parametrize(
    ("user_agent", "token"),
    [
        (None, "redirectmap"),
        ("ShopBot/2.1 (+https://shop.example)", "shopbot"),
        ("Mozilla/5.0 (X11; Linux x86_64)", "redirectmap"),
    ],
)
def test_product_token(user_agent: str | None, token: str) -> None:
    assert product_token(user_agent) == token


def test_the_rule_that_forbids_is_named() -> None:
    robots = parse(b"User-agent: *\nDisallow: /a\nAllow: /a/b", "redirectmap")
    assert robots.forbids("/a/x") == "robots.txt: Disallow: /a"
    assert robots.forbids("/a/b") is None


def test_server_error_closes_and_client_error_opens() -> None:
    assert not for_status(503).allows("/x")
    assert for_status(404).allows("/x")


def test_wildcards_do_not_backtrack() -> None:
    pattern = "/" + "*a" * 2_000 + "$"
    begun = time.perf_counter()
    assert not matches(pattern, "/" + "a" * 1_999 + "b")
    assert matches(pattern, "/" + "a" * 4_000)
    assert time.perf_counter() - begun < 0.5


def test_reads_500_kib_and_no_more() -> None:
    line = b"Disallow: /x%06d\n"
    body = b"User-agent: *\n" + b"".join(line % n for n in range(60_000))
    robots = parse(body, "redirectmap")
    assert 0 < len(robots.rules) < MAX_BYTES // len("Disallow: /x000000\n") + 1
    assert [code for code, _ in robots.warnings] == ["robots_cut"]


@pytest.mark.skipif(not CORPUS.exists(), reason="corpus is not here")
def test_corpus() -> None:
    """Every file of the hostile corpus comes out as its manifest says."""

    def read(name: str) -> Robots:
        return parse((CORPUS / f"{name}.txt").read_bytes(), "redirectmap")

    for name in ("ok", "bom", "cr", "nul"):
        robots = read(name)
        assert not robots.allows("/private/x"), name
        assert robots.allows("/x"), name
    for name in ("delay-neg", "delay-nan", "delay-comma"):
        assert read(name).delay is None, name
    for name in ("delay-1e9", "delay-inf"):
        assert (read(name).delay or 0) <= 30, name
    for name in ("utf16", "html"):
        assert read(name).allows("/private/x"), name
        assert read(name).warnings, name
    for name in ("empty", "binary"):
        assert read(name).allows("/x"), name
    assert not read("disallow-all").allows("/x")
    longest = read("longest")
    assert longest.allows("/p/ok/x")
    assert not longest.allows("/p/ok/no")
    assert not read("pct").allows("/caf%C3%A9")
    assert not read("pct").allows("/%E6%97%A5%E6%9C%AC")
    groups = read("groups")
    assert not groups.allows("/a")
    assert not groups.allows("/b")
    assert len(read("big").rules) > 20_000
    begun = time.perf_counter()
    read("wild-redos").allows("/" + "a" * 4_000)
    assert time.perf_counter() - begun < 0.1
