"""Sitemaps: what stands in the file, never what a parser made up."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest
from scrapy.http import Response

from redirectmap.crawlsettings import CrawlJob
from redirectmap.sitefile import Result, Row
from redirectmap.sitemaps import parse_sitemap
from redirectmap.urls import Url, parse
from spiders.answers import Redirects
from spiders.coding import gunzipped
from spiders.guards import AddressGuard
from spiders.reading import MAX_SITEMAP_DEPTH, MAX_SITEMAPS, Reader
from spiders.scope import Scope

CORPUS = Path(__file__).parents[1] / "../shared/hostile/sitemaps"
NS = "http://www.sitemaps.org/schemas/sitemap/0.9"
BASE = "http://127.0.0.1:18080/sitemap/x.xml"

# file -> how many addresses may come out, and whether a warning must: the
# manifest's words as figures. Other hosts are dropped by the crawler's scope.
EXPECTED = {
    "ok": ({2}, False),
    "index-self": ({1}, False),
    "index-loop-a": ({1}, False),
    "index-deep": ({1}, False),
    "index-wide": ({50_000}, False),
    "laughs": ({0}, True),
    "quadratic": ({0}, True),
    "xxe": ({0}, True),
    "xxe-http": ({0}, True),
    "xxe-param": ({0}, True),
    "offsite": ({3}, False),
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
    "relative": ({2}, True),
    "cut": ({1, 2}, True),
    "50001": ({50_001}, True),
    "bad-lastmod": ({1}, False),
    "dup": ({1}, False),
    "long-loc": ({0}, True),
    "deep-xml": ({0}, True),
    "txt": ({2}, False),
    "rss": ({1}, False),
    "ctrl": ({0}, True),
}


@pytest.mark.skipif(not CORPUS.exists(), reason="../shared/hostile is not here")
def test_every_file_of_the_corpus_is_expected() -> None:
    names = set(json.loads((CORPUS / "manifest.json").read_text()))
    assert names == EXPECTED.keys()


@pytest.mark.skipif(not CORPUS.exists(), reason="../shared/hostile is not here")
@pytest.mark.parametrize("name", EXPECTED)
def test_corpus(name: str) -> None:
    sitemap = parse_sitemap((CORPUS / f"{name}.xml").read_bytes(), BASE)
    numbers, warned = EXPECTED[name]
    assert len(sitemap.entries) in numbers
    assert bool(sitemap.warnings) == warned


@pytest.mark.skipif(not CORPUS.exists(), reason="../shared/hostile is not here")
def test_corpus_spellings() -> None:
    def only(name: str) -> str:
        return parse_sitemap((CORPUS / f"{name}.xml").read_bytes()).entries[0].url

    assert only("latin1").endswith("/ok/caf%C3%A9")
    assert only("cdata").endswith("/ok/cd?a=1&b=2")
    assert only("unescaped-amp").endswith("/ok/a?x=1&y=2")
    offsite = parse_sitemap((CORPUS / "offsite.xml").read_bytes())
    assert [why for _, why, _ in offsite.refused] == ["scheme", "scheme"]


@pytest.mark.parametrize("cut", range(1, 220, 3))
@pytest.mark.parametrize("join", ["&amp;", "&"])
def test_a_cut_file_never_yields_an_invented_url(cut: int, join: str) -> None:
    urls = [f"https://example.com/a?x={n}{join}lt={n}" for n in range(3)]
    body = "".join(f"<url><loc>{url}</loc></url>" for url in urls)
    whole = f'<urlset xmlns="{NS}">{body}</urlset>'.encode()
    true = {url.replace("&amp;", "&") for url in urls}
    assert {entry.url for entry in parse_sitemap(whole[:-cut]).entries} <= true


def test_addresses_of_images_are_no_pages() -> None:
    body = (
        f'<s:urlset xmlns:s="{NS}" xmlns:image="urn:image"><s:url>'
        "<s:loc>https://example.com/a</s:loc><image:image><image:loc>"
        "https://example.com/a.png</image:loc></image:image></s:url></s:urlset>"
    )
    found = parse_sitemap(body.encode()).entries
    assert [entry.url for entry in found] == ["https://example.com/a"]


def test_hreflang_is_kept() -> None:
    body = (
        f'<urlset xmlns="{NS}" xmlns:xhtml="http://www.w3.org/1999/xhtml"><url>'
        "<loc>https://example.com/en</loc><lastmod>2026-01-01</lastmod>"
        '<xhtml:link rel="alternate" hreflang="de" href="https://example.com/de"/>'
        "</url></urlset>"
    )
    (entry,) = parse_sitemap(body.encode()).entries
    assert (entry.url, entry.lastmod) == ("https://example.com/en", "2026-01-01")
    assert entry.alternates == (("de", "https://example.com/de"),)


def test_gzip_file() -> None:
    assert gunzipped(gzip.compress(b"abc"), 100) == b"abc"


def read_by_the_crawler(body: str, depth: int = 0) -> Result:
    job = CrawlJob(url="https://example.com/", out="none")
    start = parse(job.url)
    assert isinstance(start, Url)
    scope = Scope(job, start)
    redirects = Redirects(scope, AddressGuard(()))
    reader = Reader(job, scope, redirects, lambda _url: False)
    row = Row(1, "https://example.com/map.xml", "sitemap", depth=depth)
    return reader.read(row, Response(row.url, body=body.encode()))


def index(*places: str) -> str:
    inner = "".join(f"<sitemap><loc>{one}</loc></sitemap>" for one in places)
    return f'<sitemapindex xmlns="{NS}">{inner}</sitemapindex>'


def test_an_index_is_read_within_caps() -> None:
    wide = index(*(f"https://example.com/{n}.xml" for n in range(600)))
    result = read_by_the_crawler(wide)
    assert len(result.found) == MAX_SITEMAPS
    assert ("sitemap_capped", "100 child sitemaps not read") in result.warnings
    deep = read_by_the_crawler(wide, depth=MAX_SITEMAP_DEPTH)
    assert not deep.found
    assert "sitemap_capped" in dict(deep.warnings)


def test_an_index_leads_nowhere_else() -> None:
    result = read_by_the_crawler(
        index("https://example.com/map.xml", "https://other.example/x.xml")
    )
    assert [one.url for one in result.found] == ["https://example.com/map.xml"]
    assert {"sitemap_loop", "sitemap_elsewhere"} <= dict(result.warnings).keys()


def test_addresses_of_other_sites_are_named() -> None:
    body = (
        f'<urlset xmlns="{NS}"><url><loc>https://other.example/a</loc></url>'
        "<url><loc>ftp://example.com/b</loc></url>"
        "<url><loc>https://example.com/c</loc></url></urlset>"
    )
    result = read_by_the_crawler(body)
    assert [one.url for one in result.found] == ["https://example.com/c"]
    said = " ".join(text for code, text in result.warnings if code == "sitemap_url")
    assert "other.example" in said
    assert "ftp:" in said
