"""A file in each vendor's form gives exactly the table it should."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pandas as pd
import pytest
from click.testing import CliRunner

from redirectmap.cli import main
from redirectmap.errors import InputError
from redirectmap.readers import (
    expand_patterns,
    inspect,
    read_backlinks,
    read_legacy,
    read_linking_domains,
    read_overrides,
    read_rules,
    read_site,
    read_traffic,
)
from redirectmap.readers.rules import unsafe_regex
from redirectmap.sitemaps import parse_sitemap
from redirectmap.tables import BACKLINKS, LEGACY, LINKS, PAGES, TRAFFIC

EXPORTS = Path(__file__).parents[1] / "fixtures/exports"
SITEMAPS = Path(__file__).parents[1] / "../shared/hostile/sitemaps"
OLD = "https://old.example"


def rows(table: pd.DataFrame, *columns: str) -> list[tuple[object, ...]]:
    cells = table[list(columns)].astype(object)
    known = cells.where(cells.notna(), None)
    return list(known.itertuples(index=False, name=None))


def test_link_texts_alone_are_no_use(tmp_path: Path) -> None:
    path = tmp_path / "text.csv"
    path.write_text("Rank,Top linking text\n1,old example\n")
    with pytest.raises(InputError, match="not which page they link to"):
        inspect(path)


def test_linking_domains_of_search_console(tmp_path: Path) -> None:
    domains, report = read_linking_domains(EXPORTS / "gsc-latest-links.csv")
    assert domains.tolist() == ["alpha.example"]
    assert report.adds_up
    sites = tmp_path / "sites.csv"
    sites.write_text('Site,Linking pages,Target pages\na.co.uk,"1,240",3\n,1,1\n')
    domains, report = read_linking_domains(sites)
    assert domains.tolist() == ["a.co.uk"]
    assert [(row.line, row.reason) for row in report.refused] == [(3, "empty")]


def test_ahrefs() -> None:
    table, _ = read_backlinks([EXPORTS / "ahrefs-backlinks.csv"])
    BACKLINKS.check(table, where="test")
    columns = ("source_domain", "target_url", "anchor", "rel", "first_seen", "lost")
    assert rows(table, *columns, "authority") == [
        (
            "alpha-test.co.uk",
            f"{OLD}/caf%C3%A9",
            "the café",
            None,
            "2025-01-02",
            None,
            71.0,
        ),
        (
            "beta-test.com",
            "http://old.example/guide.pdf",
            None,
            "nofollow ugc",
            "2024-05-05",
            None,
            12.5,
        ),
        (
            "gamma.example",
            f"{OLD}/lost",
            "null",
            "sponsored",
            "2023-01-01",
            "2025-02-02",
            3.0,
        ),
    ]


def test_one_link_of_two_vendors_counts_once() -> None:
    files = [EXPORTS / "ahrefs-backlinks.csv", EXPORTS / "majestic.csv"]
    table, _ = read_backlinks(files)
    assert len(table) == 4  # 3 of Ahrefs, 1 more of Majestic
    shared = table[table["target_url"].str.endswith("caf%C3%A9")]
    assert rows(shared, "vendor", "last_seen") == [("ahrefs", "2026-09-10")]
    assert len(read_backlinks(files[::-1])[0]) == 4


def test_majestic_and_semrush_flags() -> None:
    majestic, _ = read_backlinks([EXPORTS / "majestic.csv"])
    semrush, _ = read_backlinks([EXPORTS / "semrush.csv"])
    assert rows(majestic, "rel", "lost") == [
        (None, None),
        ("nofollow", "2024-02-01"),
    ]
    assert rows(semrush, "rel", "lost") == [("nofollow", None), (None, "2021-03-04")]


def test_search_console_german() -> None:
    table, _ = read_traffic([EXPORTS / "gsc-pages-de.csv"])
    TRAFFIC.check(table, where="test")
    assert rows(table, "url", "clicks", "impressions", "position", "sessions") == [
        (f"{OLD}/stra%C3%9Fe", 1234.0, 56789.0, 3.4, None),
        (f"{OLD}/NA", 5.0, 100.0, 12.0, None),
        (f"{OLD}/", 0.0, 7.0, 1.001, None),
    ]


def test_search_console_zip_and_ga4_join() -> None:
    files = [EXPORTS / "gsc-performance.zip", EXPORTS / "ga4-landing.csv"]
    table, _ = read_traffic(files, base=OLD)
    assert rows(table, "url", "clicks", "sessions", "conversions") == [
        (f"{OLD}/a", 1234.0, None, None),
        (f"{OLD}/b", 0.0, None, None),
        (f"{OLD}/a?utm_source=news", None, 1500.0, 12.0),
        (f"{OLD}/NA", None, 3.0, 0.0),
    ]


def test_views_stand_in_for_sessions_and_no_page_is_lost(tmp_path: Path) -> None:
    path = tmp_path / "ga4.csv"
    path.write_text("Page path,Hostname,Views\n/a,old.example,12\n/b,old.example,\n")
    table, _ = read_traffic([path])
    assert rows(table, "url", "sessions") == [(f"{OLD}/a", 12.0), (f"{OLD}/b", None)]


def test_paths_need_to_know_their_site() -> None:
    _, reports = read_traffic([EXPORTS / "ga4-landing.csv"])
    assert {row.reason for row in reports[0].refused} == {"needs_base"}
    _, reports = read_traffic([EXPORTS / "access-combined.log"])
    assert ("request target: needs_base", 3) in reports[0].set_aside


@pytest.mark.parametrize(
    ("name", "requests", "days"),
    [
        ("access-combined.log", {f"{OLD}/a?x=1": 2, f"{OLD}/caf%C3%A9": 1}, 3),
        ("iis.log", {f"{OLD}/Default.aspx?id=7": 1, f"{OLD}/b": 1}, 2),
        ("cloudfront.log.gz", {f"{OLD}/a?q=1": 1}, 1),
        ("alb.log", {f"{OLD}/a?b=c": 1}, 1),
    ],
)
def test_logs(name: str, requests: dict[str, int], days: int) -> None:
    table, _ = read_traffic([EXPORTS / name], base=OLD)
    assert dict(zip(table["url"], table["requests"], strict=True)) == requests
    assert set(table["days"]) == {days}


def test_screaming_frog_internal() -> None:
    site = read_site(EXPORTS / "screaming-frog-internal.csv")
    PAGES.check(site.pages, where="test")
    first = site.pages.iloc[0]
    assert first["url"] == f"{OLD}/caf%C3%A9"
    assert first["headings"] == ["Menu", "Hours"]
    assert first["robots"] == "index, follow, noarchive"
    assert (first["status"], first["depth"], first["inlinks"]) == (200, 1, 4)
    assert site.pages["title"].tolist() == ["Café", None, "null"]
    assert rows(site.redirects, "source", "target", "status") == [
        (f"{OLD}/moved", f"{OLD}/caf%C3%A9", 301)
    ]


def test_inlinks_make_links() -> None:
    site = read_site(EXPORTS / "screaming-frog-inlinks.csv")
    LINKS.check(site.links, where="test")
    assert rows(site.links, "source", "target", "anchor", "rel", "region") == [
        (f"{OLD}/", f"{OLD}/a", "A page", "nofollow", "nav")
    ]
    assert site.pages["inlinks"].tolist() == [0, 1]


def test_archives() -> None:
    post = read_site(EXPORTS / "wordpress.xml").pages.iloc[0]
    assert (post["url"], post["title"]) == (f"{OLD}/?p=12", "Post  one")
    assert (post["text"], post["identifiers"]) == ("Hello there", ["post:12"])
    wayback = read_site(EXPORTS / "wayback.json").pages["url"].tolist()
    assert wayback == ["http://old.example/a", f"{OLD}/c"]
    warc = read_site(EXPORTS / "site.warc")
    assert rows(warc.redirects, "source", "target") == [(f"{OLD}/old", f"{OLD}/new")]


def test_apache_rules() -> None:
    legacy, patterns, _ = read_rules([EXPORTS / "apache.htaccess"], base=OLD)
    LEGACY.check(legacy, where="test")
    assert rows(legacy, "source", "target", "status", "origin") == [
        (f"{OLD}/exact", f"{OLD}/new", 301, "apache.htaccess:3"),
        (f"{OLD}/perm", f"{OLD}/perm-new", 301, "apache.htaccess:4"),
        (f"{OLD}/dead", None, 410, "apache.htaccess:5"),
        (f"{OLD}/about.php", f"{OLD}/about", 301, "apache.htaccess:7"),
        (f"{OLD}/index.php?id=7", f"{OLD}/seven", 301, "apache.htaccess:9"),
    ]
    known = [f"{OLD}/blog/12/x/y", f"{OLD}/exact/sub", f"{OLD}/other"]
    known += ["https://elsewhere.example/exact/sub"]
    assert rows(expand_patterns(patterns, known), "source", "target") == [
        (f"{OLD}/blog/12/x/y", f"{OLD}/journal/12/x/y"),
        (f"{OLD}/exact/sub", f"{OLD}/new/sub"),
    ]


def test_nginx_rules() -> None:
    legacy, patterns, _ = read_rules([EXPORTS / "nginx.conf"], base=OLD)
    assert rows(legacy, "source", "target", "status") == [
        (f"{OLD}/exact", f"{OLD}/new", 301),
        (f"{OLD}/about.php", f"{OLD}/about", 301),
        (f"{OLD}/gone", None, 410),
        (f"{OLD}/m?id=1", f"{OLD}/mapped", 301),
    ]
    known = [f"{OLD}/shop/a?b=c", f"{OLD}/blog/9", f"{OLD}/p/q", f"{OLD}/re/w"]
    assert rows(expand_patterns(patterns, known), "source", "target") == [
        (f"{OLD}/shop/a?b=c", "https://shop.example/shop/a?b=c"),
        (f"{OLD}/blog/9", f"{OLD}/journal/9"),
        (f"{OLD}/p/q", f"{OLD}/page/q"),
        (f"{OLD}/re/w", f"{OLD}/r/w"),
    ]


def test_redirects_file() -> None:
    legacy, patterns, _ = read_rules([EXPORTS / "_redirects"], base=OLD)
    assert rows(legacy, "source", "target", "status") == [
        (f"{OLD}/a", f"{OLD}/b", 301),
        (f"{OLD}/c", "https://new.example/c", 302),
        (f"{OLD}/store?id=12", f"{OLD}/shop/12", 301),
    ]
    known = [f"{OLD}/news/a/b", f"{OLD}/user/7", f"{OLD}/user/7/more"]
    assert rows(expand_patterns(patterns, known), "source", "target") == [
        (f"{OLD}/news/a/b", f"{OLD}/journal/a/b"),
        (f"{OLD}/user/7", f"{OLD}/people/7"),
    ]


def test_chains_end_at_their_end() -> None:
    path = EXPORTS / "screaming-frog-redirect-chains.csv"
    legacy, _ = read_legacy([path], base=OLD)
    assert rows(legacy, "source", "target", "status") == [(f"{OLD}/1", f"{OLD}/3", 301)]


def test_contradicting_rules_name_both_lines(tmp_path: Path) -> None:
    path = tmp_path / "r.csv"
    path.write_text("old,new\n/a,/b\n/a,/b\n/a,/c\n")
    legacy, reports = read_legacy([path], base=OLD)
    assert rows(legacy, "target") == [(f"{OLD}/b",)]
    assert [(r.line, r.text) for r in reports[0].refused] == [
        (4, f"{OLD}/a has another target in r.csv:2")
    ]


@pytest.mark.parametrize(
    ("regex", "reason"),
    [
        ("^/a/(.*)$", None),
        ("^/(a+)+$", "nested_repeat"),
        ("^/((a|b*)*)$", "nested_repeat"),
        ("^/(x{1,9}){2,}$", "nested_repeat"),
        ("^/(", "bad_regex"),
        ("^/[[a]", "bad_regex"),
        ("a" * 1001, "too_long"),
    ],
)
def test_patterns_that_could_hang_are_not_run(regex: str, reason: str | None) -> None:
    assert unsafe_regex(regex) == reason


def test_overrides() -> None:
    table, _ = read_overrides(EXPORTS / "overrides.xlsx")
    assert rows(table, "old_url", "new_url", "action", "locked", "note") == [
        (f"{OLD}/00123", "https://new.example/x", "redirect", True, "Ana"),
        (f"{OLD}/y", None, "gone", True, None),
    ]


def test_jsonl_links_inlinks_and_repeats(tmp_path: Path) -> None:
    path = tmp_path / "pages.jsonl.gz"
    pages = [
        {"url": f"{OLD}/a#top", "title": "A", "links": ["/b", f"{OLD}/b", "/a"]},
        {"url": f"{OLD}/b", "headings": ["x"], "text": "t" * 30_000},
        {"url": f"{OLD}/a", "h1": "A!"},
    ]
    lines = [json.dumps(page) for page in pages] + ["{broken", '{"url": "mailto:x"}']
    path.write_bytes(gzip.compress("\n".join(lines).encode()))
    site = read_site(path)
    assert rows(site.pages, "url", "title", "h1", "inlinks") == [
        (f"{OLD}/a", "A", "A!", 0),
        (f"{OLD}/b", None, None, 1),
    ]
    assert len(site.pages["text"].iloc[1]) == 20_000
    assert [(row.line, row.reason) for row in site.report.refused] == [
        (4, "json"),
        (5, "scheme"),
    ]
    assert site.report.adds_up
    assert "1 rows repeat a page" in site.report.notes[0]


def test_parquet_and_our_csv_round_trip(tmp_path: Path) -> None:
    site = read_site(EXPORTS / "screaming-frog-internal.csv")
    site.pages.to_parquet(tmp_path / "p.bin")
    again = read_site(tmp_path / "p.bin").pages
    pd.testing.assert_frame_equal(again, site.pages)
    site.pages.to_csv(tmp_path / "p.csv", index=False)
    urls = read_site(tmp_path / "p.csv").pages["url"]
    assert urls.tolist() == site.pages["url"].tolist()


# entries, refused, whether something is said
SITEMAP_OUTCOMES = {
    "ok": (2, 0, False),
    "index-self": (1, 0, False),
    "index-loop-a": (1, 0, False),
    "index-deep": (1, 0, False),
    "index-wide": (50_000, 0, False),
    "laughs": (0, 0, True),
    "quadratic": (0, 0, True),
    "xxe": (0, 0, True),
    "xxe-http": (0, 0, True),
    "xxe-param": (0, 0, True),
    "offsite": (3, 2, False),  # the caller drops other hosts
    "html": (0, 0, True),
    "empty": (0, 0, True),
    "trailing": (1, 0, True),
    "leading-ws": (1, 0, False),
    "bom": (1, 0, False),
    "utf16": (1, 0, False),
    "latin1": (1, 0, False),
    "unescaped-amp": (1, 0, True),
    "cdata": (1, 0, False),
    "no-ns": (1, 0, False),
    "wrong-ns": (1, 0, False),
    "relative": (2, 0, True),
    "cut": (1, 0, True),
    "50001": (50_001, 0, True),
    "bad-lastmod": (1, 0, False),
    "dup": (1, 0, False),
    "long-loc": (0, 1, True),
    "deep-xml": (0, 0, True),
    "txt": (2, 0, False),
    "rss": (1, 0, False),
    "ctrl": (0, 0, True),
}


@pytest.mark.skipif(not SITEMAPS.exists(), reason="the hostile corpus is not here")
@pytest.mark.parametrize("name", SITEMAP_OUTCOMES)
def test_hostile_sitemaps(name: str) -> None:
    body = (SITEMAPS / f"{name}.xml").read_bytes()
    found = parse_sitemap(body, "http://127.0.0.1:18080/sitemap/x.xml")
    outcome = (len(found.entries), len(found.refused), bool(found.warnings))
    assert outcome == SITEMAP_OUTCOMES[name]
    assert not any("root:" in entry.url for entry in found.entries)


def test_sitemap_keeps_languages() -> None:
    entry = parse_sitemap((EXPORTS / "sitemap.xml").read_bytes()).entries[0]
    assert entry.url == f"{OLD}/a?x=1&y=2"
    assert entry.alternates == (("de", f"{OLD}/de/a"),)


def test_inspect_command() -> None:
    path = str(EXPORTS / "urls.txt")
    shown = CliRunner().invoke(main, ["inspect", path])
    assert shown.exit_code == 0
    assert "refused  line 4 url: credentials (http://***@" in shown.stdout
    told = json.loads(CliRunner().invoke(main, ["inspect", path, "--json"]).stdout)
    assert told["rows_in"] == 5
    assert told["refused"][1]["reason"] == "scheme"
    broken = CliRunner().invoke(main, ["inspect", "nowhere.csv"])
    assert broken.exit_code == 3
    assert "hint: check the path" in broken.stderr


def test_import_rules_command(tmp_path: Path) -> None:
    path, known = str(EXPORTS / "_redirects"), tmp_path / "known.txt"
    known.write_text(f"{OLD}/news/x\n{OLD}/a\n")
    out = tmp_path / "rules.csv"
    arguments = ["import-rules", path, "--base", OLD, "--known", str(known)]
    done = CliRunner().invoke(main, [*arguments, "--out", str(out)])
    assert done.exit_code == 0, done.output
    assert f"{OLD}/news/x,{OLD}/journal/x,301,_redirects:4" in out.read_text()
