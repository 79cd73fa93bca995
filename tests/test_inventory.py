"""Every old URL once, with who knows it and what it is worth."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given, strategies as st

from redirectmap.planning.inventory import Sighting, build_inventory
from redirectmap.planning.overlap import next_source, unknown_urls
from redirectmap.planning.value import ValueWeights, value_table
from redirectmap.planning.variants import merged_spellings, parameter_uses
from redirectmap.readers import (
    ReadReport,
    Site,
    read_backlinks,
    read_legacy,
    read_traffic,
)
from redirectmap.tables import BACKLINKS, LEGACY, LINK_COUNTS, LINKS, PAGES, TRAFFIC

SITE = "https://old.example"


def backlinks(*rows: tuple[str, str]) -> pd.DataFrame:
    table = pd.DataFrame(rows, columns=["source_domain", "target_url"])
    return BACKLINKS.fit(table.assign(vendor="ahrefs"))


def pages(**canonicals: str | None) -> pd.DataFrame:
    rows = [
        {"url": f"{SITE}/{url}", "status": 200, "canonical": canonical}
        for url, canonical in canonicals.items()
    ]
    return PAGES.fit(pd.DataFrame(rows))


def old_site(pages: pd.DataFrame) -> Site:
    report = ReadReport("old.db", "redirectmap crawl", len(pages), len(pages), ())
    return Site(pages, LINKS.empty(), LEGACY.empty(), report)


def test_value_counts_domains_not_links_and_drops_lost_ones() -> None:
    links = backlinks(("a.example", f"{SITE}/x"), ("a.example", f"{SITE}/x"))
    lost = backlinks(("b.example", f"{SITE}/x")).assign(lost="2026-01-01")
    table = value_table([f"{SITE}/x", f"{SITE}/y"], backlinks=pd.concat([links, lost]))
    assert table["referring_domains"].tolist() == [1, 0]
    assert table["backlinks"].tolist() == [2, 0]
    assert table["clicks"].isna().all()  # nobody measured: not known, not 0
    assert table["priority"].tolist() == [1.0, 0.0]


def test_weights_decide_and_only_known_measures_take_part() -> None:
    traffic = TRAFFIC.fit(
        pd.DataFrame({"url": [f"{SITE}/a", f"{SITE}/b"], "clicks": [30.0, 10.0]})
    )
    table = value_table([f"{SITE}/a", f"{SITE}/b"], traffic=traffic)
    assert table["priority"].tolist() == pytest.approx([0.75, 0.25])
    links = backlinks(("a.example", f"{SITE}/b"))
    weights = ValueWeights(referring_domains=3, backlinks=0, clicks=1)
    both = value_table(
        [f"{SITE}/a", f"{SITE}/b"], traffic=traffic, backlinks=links, weights=weights
    )
    assert both["priority"].tolist() == pytest.approx([0.1875, 0.8125])


def test_value_of_spellings_goes_to_their_page() -> None:
    links = backlinks(
        ("a.example", f"{SITE}/x?utm_source=n"), ("a.example", f"{SITE}/x")
    )
    merged = {f"{SITE}/x?utm_source=n": f"{SITE}/x"}
    table = value_table([f"{SITE}/x"], backlinks=links, merged=merged)
    assert table["referring_domains"].tolist() == [1]
    assert table["backlinks"].tolist() == [2]


@given(st.lists(st.floats(0, 1e9, allow_subnormal=False), min_size=1, max_size=30))
def test_priorities_add_up_to_one(clicks: list[float]) -> None:
    urls = [f"{SITE}/{i}" for i in range(len(clicks))]
    traffic = TRAFFIC.fit(pd.DataFrame({"url": urls, "clicks": clicks}))
    table = value_table(urls, traffic=traffic)
    assert table["priority"].sum() == pytest.approx(1)


def test_inlinks_count_other_pages_once() -> None:
    rows = [("a", "b"), ("a", "b"), ("b", "b"), ("c", "b")]
    links = LINKS.fit(pd.DataFrame(rows, columns=["source", "target"]))
    assert value_table(["a", "b"], links=links)["inlinks"].tolist() == [0, 2]


def test_canonical_merges_and_source_names_are_kept() -> None:
    site = pages(a=None, copy=f"{SITE}/a")
    found = build_inventory(
        [
            Sighting("crawl", "old.db", [f"{SITE}/a", f"{SITE}/copy"]),
            Sighting("logs", "a.log", [f"{SITE}/copy", f"{SITE}/p.pdf"]),
            Sighting("logs", "b.log", ["https://other.test/x"]),
        ],
        old=old_site(site),
    )
    row = found.urls.set_index("url").loc[f"{SITE}/a"]
    assert row["sources"] == ["crawl", "logs"]
    assert row["spellings"] == [f"{SITE}/copy"]
    assert found.urls["priority"].sum() == pytest.approx(1)
    assert "backlinks" in found.advice
    assert row["files"] == ["a.log", "old.db"]
    assert found.weights == ValueWeights()
    assert found.elsewhere == 1
    assert found.unlinked()["url"].tolist() == [f"{SITE}/p.pdf"]
    assert found.unlinked()["kind"].tolist() == ["document"]


def redirects(*pairs: tuple[str, str]) -> pd.DataFrame:
    rows = [(f"{SITE}{old}", f"{SITE}{new}", 301, "crawl") for old, new in pairs]
    return LEGACY.fit(pd.DataFrame(rows, columns=LEGACY.names))


SLASHED = redirects(("/a/", "/a"), ("/b/", "/b"), ("/c/", "/c"))


def test_a_way_of_spelling_is_learned_from_the_site() -> None:
    known = [f"{SITE}/d", f"{SITE}/d/", f"{SITE}/D"]
    merged = merged_spellings(known, pages(a=None, b=None, c=None, d=None), SLASHED)
    assert merged == {f"{SITE}/d/": f"{SITE}/d"}  # case was never seen to be joined


def test_two_examples_are_too_few() -> None:
    merged = merged_spellings([f"{SITE}/d/"], pages(d=None), SLASHED.head(2))
    assert merged == {}


def test_one_page_kept_apart_forbids_the_way() -> None:
    site = pages(**{"d": None, "d/": None, "e": None}).assign(
        content_hash=["1", "2", "3"]
    )
    merged = merged_spellings([f"{SITE}/e/"], site, SLASHED)
    assert merged == {}


def test_a_redirect_to_another_page_is_no_spelling() -> None:
    rules = redirects(("/old", "/new"))
    assert merged_spellings([f"{SITE}/old"], pages(new=None), rules) == {}
    rules = pd.concat([SLASHED, redirects(("/d/", "/elsewhere"))])
    assert merged_spellings([f"{SITE}/d/"], pages(d=None), rules) == {}


WAYS = [
    ("index file", "/x{}/index.html", "/x{}/"),
    ("letter case", "/X{}", "/x{}"),
    ("parameter order", "/p{}?b=1&a=2", "/p{}?a=2&b=1"),
    ("tracking parameters", "/p{}?id=1&utm_source=n", "/p{}?id=1"),
    ("session parameters", "/p{}?sid=abc", "/p{}"),
]


@pytest.mark.parametrize(("spelled", "home"), [way[1:] for way in WAYS])
def test_every_way_of_spelling_is_learned(spelled: str, home: str) -> None:
    seen = redirects(*((spelled.format(n), home.format(n)) for n in range(3)))
    page = PAGES.fit(pd.DataFrame({"url": [SITE + home.format(9)], "status": [200]}))
    url = SITE + spelled.format(9)
    assert merged_spellings([url], page, seen) == {url: SITE + home.format(9)}
    assert merged_spellings([url], page, seen.head(2)) == {}


def test_a_canonical_on_every_page_is_a_fault_of_the_template() -> None:
    wrong = pages(**{f"p{i}": f"{SITE}/" for i in range(40)}, **{"": None})
    assert merged_spellings(wrong["url"], wrong, None) == {}
    facets = pages(**{f"?colour={i}": f"{SITE}/" for i in range(40)}, **{"": None})
    assert len(merged_spellings(facets["url"], facets, None)) == 40
    dead = pages(a=f"{SITE}/gone", gone=None)
    dead.loc[dead["url"].str.endswith("gone"), "status"] = 404
    assert merged_spellings(dead["url"], dead, None) == {}


def test_counted_links_never_add_to_listed_ones() -> None:
    links = backlinks(("a.example", f"{SITE}/x"), ("b.example", f"{SITE}/x"))
    counts = pd.DataFrame(
        [(f"{SITE}/x", 1, 9), (f"{SITE}/x", 1, 7), (f"{SITE}/y", 4, 5)],
        columns=LINK_COUNTS.names,
    )
    urls = [f"{SITE}/x", f"{SITE}/y"]
    table = value_table(urls, backlinks=links, counts=LINK_COUNTS.fit(counts))
    assert table["referring_domains"].tolist() == [2, 4]
    assert table["backlinks"].tolist() == [9, 5]


def test_parameters_are_classed_by_what_the_site_does() -> None:
    urls = [f"{SITE}/p?id={i}&utm_source=x&colour=red" for i in range(4)]
    urls += [f"{SITE}/p?sid={'abcdef0123456789' + str(i)}" for i in range(4)]
    site = PAGES.fit(
        pd.DataFrame(
            {"url": urls[:4], "canonical": [u.split("&")[0] for u in urls[:4]]}
        )
    )
    uses = parameter_uses(urls, site).set_index("parameter")["use"].to_dict()
    expected = {
        "id": "content",
        "utm_source": "tracking",
        "colour": "facet",
        "sid": "session",
    }
    assert uses == expected


def test_unknown_urls_by_hand() -> None:
    rows = [["crawl"]] * 6 + [["crawl", "logs"]] * 4 + [["logs"]] * 2
    assert unknown_urls(rows) == pytest.approx(0.5 * 8 * 7 / (2 * 5))
    assert unknown_urls([["crawl"]] * 9) is None
    assert unknown_urls([["crawl"]] * 9 + [["logs"]] * 9) is None


def test_next_source_names_what_is_missing() -> None:
    assert next_source({"logs", "crawl"}).startswith("add backlinks")
    given = {"logs", "crawl", "backlinks"}
    told = next_source(given, linking={"a.com", "b.com"}, listed={"a.com"})
    assert told.startswith("add backlinks: 1 of 2 linking domains")


DEMO = Path(__file__).parents[1] / "fixtures/demo"
FIRM = "https://www.hartmann-haus.example"


@pytest.mark.skipif(not (DEMO / "access.log").exists(), reason="no demo files")
def test_demo_finds_what_a_crawl_cannot_see() -> None:
    links, _ = read_backlinks([DEMO / "backlinks.csv"])
    search, _ = read_traffic([DEMO / "search-console-pages.csv"])
    visits, _ = read_traffic([DEMO / "access.log"], base=FIRM)
    rules, _ = read_legacy([DEMO / "old.htaccess"], base=FIRM)
    known = [
        Sighting("backlinks", "backlinks.csv", links["target_url"]),
        Sighting("search_console", "search-console-pages.csv", search["url"]),
        Sighting("logs", "access.log", visits["url"]),
        Sighting("legacy", "old.htaccess", rules["source"]),
    ]
    traffic = pd.concat([search, visits]).groupby("url", as_index=False).sum()
    found = build_inventory(known, backlinks=links, traffic=TRAFFIC.fit(traffic))
    sources = dict(zip(found.urls["url"], found.urls["sources"], strict=True))
    assert "legacy" in sources[f"{FIRM}/heating.htm"]  # the old chain
    assert "legacy" in sources[f"{FIRM}/aktion"]  # the campaign URL
    assert any(".pdf" in url and "backlinks" in names for url, names in sources.items())
    alone = {names[0] for names in sources.values() if len(names) == 1}
    assert alone & {"backlinks", "logs"}  # what one source alone knows
    assert found.urls["priority"].sum() == pytest.approx(1)
    assert found.unknown is not None
    assert found.unknown > 0


def test_a_page_without_links_is_worth_a_little() -> None:
    urls = [f"{SITE}/{i}" for i in range(3)]
    links = LINKS.fit(pd.DataFrame({"source": [urls[0]], "target": [urls[1]]}))
    worth = value_table(urls, links=links)["priority"]
    assert worth.tolist() == pytest.approx([0.25, 0.5, 0.25])
