"""`redirectmap audit`: what a real crawl shows about its site."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pandas as pd
import pytest
from click.testing import CliRunner

from redirectmap.cli import main

pytestmark = pytest.mark.crawl
SAME = "<p>One text about gutters, roofs and chimneys, word for word. </p>" * 4


def page(head: str, body: str = "") -> str:
    return f"<!doctype html><title>T</title>{head}<main><p>Text.</p>{body}</main>"


def canonical(path: str) -> str:
    return f"<link rel=canonical href={path}>"


LINKED = ("/a", "/b", "/c", "/d", "/loop1", "/gone-canonical", "/old", "/private/x")
PAGES = {
    "/robots.txt": "User-agent: *\nDisallow: /private/\nSitemap: /map.xml",
    "/map.xml": "<urlset xmlns:xhtml='http://www.w3.org/1999/xhtml'>"
    "<url><loc>BASE/mapped</loc><xhtml:link rel='alternate' hreflang='de'"
    " href='BASE/mapped-de'/></url><url><loc>BASE/private/y</loc></url></urlset>",
    "/": page("", "".join(f"<a href={one}>{one}</a>" for one in LINKED)),
    "/a": page(canonical("/a"), SAME),
    "/b": page(canonical("/a"), SAME),
    "/c": page("", SAME),
    "/d": page(
        "<link rel=alternate hreflang=en href=/d><link rel=alternate hreflang=fr"
        " href=/d-fr>"
    ),
    "/d-fr": page("<link rel=alternate hreflang=en href=/d>"),
    "/loop1": page(canonical("/loop2")),
    "/loop2": page(canonical("/loop1")),
    "/gone-canonical": page(canonical("/gone")),
    "/new": page(""),
    "/mapped": page(""),
    "/mapped-de": page(""),
}


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        base = f"http://{self.headers['Host']}"
        text = PAGES.get(self.path, "").replace("BASE", base)
        status = 301 if self.path == "/old" else 200 if self.path in PAGES else 404
        self.send_response(status)
        if self.path == "/old":
            self.send_header("Location", "/new")
        kind = "application/xml" if self.path.endswith(".xml") else "text/html"
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text.encode())

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        pass


@pytest.fixture(scope="module")
def base() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="module")
def found(
    base: str, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, pd.DataFrame]:
    folder = tmp_path_factory.mktemp("audit")
    site = str(folder / "site.db")
    crawl = ["crawl", base, "--out", site, "--allow-private", base[7:]]
    assert CliRunner().invoke(main, crawl).exit_code == 0
    links = folder / "links.csv"
    links.write_text(
        "source_url,target_url,anchor\n"
        f"https://blog.example/x,{base}/linked-by-others,here\n"
        f"https://news.example/y,{base}/linked-by-others,here\n"
        f"https://blog.example/x,{base}/private/x,here\n"
        f"https://blog.example/x,{base}/a,here\n"
        "https://blog.example/x,https://elsewhere.example/,no\n"
    )
    log = folder / "access.log"
    log.write_text(
        "".join(
            f'192.0.2.7 - - [10/Oct/2026:13:5{n}:36 +0000] "GET {path} HTTP/1.1" 200 9'
            ' "-" "Mozilla/5.0"\n'
            for n, path in enumerate(["/asked-for", "/asked-for", "/a", "/mapped"])
        )
    )
    audit = ["audit", site, "--out", str(folder / "out"), "--json"]
    audit += ["--backlinks", str(links), "--logs", str(log)]
    told = CliRunner().invoke(main, audit)
    assert told.exit_code == 0, told.output
    tables = {
        path.stem: pd.read_csv(path, keep_default_na=False)
        for path in (folder / "out").glob("*.csv")
    }
    tables["summary"] = pd.DataFrame([json.loads(told.stdout)])
    for table in tables.values():
        for name in table.columns.intersection(
            ["url", "cluster", "canonical", "alternate"]
        ):
            table[name] = table[name].str.removeprefix(base)
    return tables


def test_orphans_name_who_knows_them(found: dict[str, pd.DataFrame]) -> None:
    orphans = found["orphans"].set_index("url")["known_from"].to_dict()
    assert orphans == {
        "/linked-by-others": "backlinks",
        "/asked-for": "logs",
        "/mapped": "sitemap logs",
        "/private/y": "sitemap",
    }
    assert found["orphans"]["url"][0] == "/linked-by-others"  # by worth
    assert float(found["orphans"]["referring_domains"][0]) == 2


def test_blocked_pages_name_the_rule(found: dict[str, pd.DataFrame]) -> None:
    blocked = found["blocked"].set_index("url")
    assert list(blocked.index) == ["/private/x", "/private/y"]
    assert set(blocked["rule"]) == {"robots.txt: Disallow: /private/"}


def test_canonicals_form_clusters(found: dict[str, pd.DataFrame]) -> None:
    rows = found["canonicals"].set_index("url")
    cluster, problem = rows["cluster"].to_dict(), rows["problem"].to_dict()
    assert (cluster["/b"], rows["size"].to_dict()["/b"], problem["/b"]) == ("/a", 2, "")
    assert problem["/loop1"] == "canonical loop"
    assert cluster["/loop1"] == cluster["/loop2"]
    assert problem["/gone-canonical"] == "target answers 404"


def test_duplicates_are_of_different_clusters(found: dict[str, pd.DataFrame]) -> None:
    same = found["duplicates"]
    text = same[same["url"].isin(["/a", "/b", "/c"])]
    assert set(text["url"]) == {"/a", "/b", "/c"}
    assert len(set(text["content_hash"])) == 1


def test_hreflang_of_pages_and_sitemaps(found: dict[str, pd.DataFrame]) -> None:
    rows = found["hreflang"].set_index(["url", "alternate"])["links_back"].to_dict()
    assert rows["/d", "/d-fr"]
    assert rows["/d", "/d"]
    assert not rows["/mapped", "/mapped-de"]


def test_the_summary_counts(found: dict[str, pd.DataFrame]) -> None:
    row = found["summary"].iloc[0]
    assert (row["orphans"], row["blocked_by_robots"]) == (4, 2)
    assert row["crawl"] == "finished"
    assert row["skipped"] == {"robots": 2}


def test_without_exports_and_for_people(base: str, tmp_path: Path) -> None:
    site = str(tmp_path / "site.db")
    crawl = ["crawl", base, "--out", site, "--allow-private", base[7:]]
    told = CliRunner().invoke(main, [*crawl, "--max-pages", "3"])
    assert told.exit_code == 75
    told = CliRunner().invoke(main, ["audit", site])
    assert told.exit_code == 0
    assert "the crawl is capped" in told.stderr
    assert f"orphan {base}/mapped (known from sitemap)" in told.stdout
