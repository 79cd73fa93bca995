"""Sitemaps: what stands in the file, never what a parser made up."""

from __future__ import annotations

from pathlib import Path

import pytest

from spiders.coding import gunzipped
from spiders.sitemaps import MAX_URLS, parse

CORPUS = Path(__file__).parents[1] / "../shared/hostile/sitemaps"
NS = "http://www.sitemaps.org/schemas/sitemap/0.9"

# file -> how many URLs may come out, and whether a warning must
EXPECTED = {
    "ok": ({2}, False),
    "laughs": ({0}, True),
    "quadratic": ({0}, True),
    "xxe": ({0}, True),
    "xxe-http": ({0}, True),
    "xxe-param": ({0}, True),
    "html": ({0}, True),
    "empty": ({0}, True),
    "trailing": ({1}, True),
    "leading-ws": ({1}, False),
    "bom": ({1}, False),
    "utf16": ({1}, False),
    "latin1": ({1}, False),
    "unescaped-amp": ({1}, True),
    "cdata": ({1}, False),
    "no-ns": ({1}, False),
    "wrong-ns": ({1}, False),
    "relative": ({0}, True),
    "cut": ({1, 2}, True),
    "50001": ({MAX_URLS}, True),
    "bad-lastmod": ({1}, False),
    "long-loc": ({0}, True),
    "deep-xml": ({0}, True),
    "txt": ({2}, False),
    "rss": ({0, 1}, False),
    "ctrl": ({0}, True),
}


@pytest.mark.skipif(not CORPUS.exists(), reason="corpus is not here")
@pytest.mark.parametrize("name", EXPECTED)
def test_corpus(name: str) -> None:
    sitemap = parse((CORPUS / f"{name}.xml").read_bytes())
    numbers, warned = EXPECTED[name]
    assert len({url for url, _ in sitemap.urls}) in numbers
    if warned:
        assert sitemap.warnings


@pytest.mark.skipif(not CORPUS.exists(), reason="corpus is not here")
def test_corpus_spellings() -> None:
    def only(name: str) -> str:
        return parse((CORPUS / f"{name}.xml").read_bytes()).urls[0][0]

    assert only("latin1").endswith("/ok/caf%C3%A9")
    assert only("cdata").endswith("/ok/cd?a=1&b=2")
    assert only("unescaped-amp").endswith("/ok/a?x=1&y=2")
    offsite = parse((CORPUS / "offsite.xml").read_bytes())
    assert not any(url.startswith(("file:", "javascript:")) for url, _ in offsite.urls)
    assert len({u for u, _ in parse((CORPUS / "dup.xml").read_bytes()).urls}) == 1
    assert parse((CORPUS / "index-self.xml").read_bytes()).children
    assert parse((CORPUS / "index-deep.xml").read_bytes()).children
    assert len(parse((CORPUS / "index-wide.xml").read_bytes()).children) == 50_000


@pytest.mark.parametrize("cut", range(1, 220, 7))
def test_a_cut_file_never_yields_an_invented_url(cut: int) -> None:
    urls = [f"https://example.com/a?x={n}&amp;y=2" for n in range(3)]
    body = "".join(f"<url><loc>{url}</loc></url>" for url in urls)
    whole = f'<urlset xmlns="{NS}">{body}</urlset>'.encode()
    true = {url.replace("&amp;", "&") for url in urls}
    found = {url for url, _ in parse(whole[:-cut]).urls}
    assert found <= true


def test_hreflang_is_kept() -> None:
    body = (
        f'<urlset xmlns="{NS}" xmlns:xhtml="http://www.w3.org/1999/xhtml"><url>'
        "<loc>https://example.com/en</loc><lastmod>2026-01-01</lastmod>"
        '<xhtml:link rel="alternate" hreflang="de" href="https://example.com/de"/>'
        "</url></urlset>"
    )
    sitemap = parse(body.encode())
    assert sitemap.urls == [("https://example.com/en", "2026-01-01")]
    assert sitemap.alternates == [
        ("https://example.com/en", "de", "https://example.com/de")
    ]


def test_gzip_file() -> None:
    import gzip

    assert gunzipped(gzip.compress(b"abc"), 100) == b"abc"
