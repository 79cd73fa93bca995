"""A crawl from the command to the tables, on a real server on loopback."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from click.testing import CliRunner

from redirectmap.cli import main
from redirectmap.crawl import CrawlReport, CrawlSettings, crawl_site
from redirectmap.errors import InputError, ServerError, UsageError
from redirectmap.readers.site import read_sitefile
from redirectmap.sitefile import SiteFile

pytestmark = pytest.mark.crawl
TEXT = "A sentence about roofs, gutters and chimneys that is long enough. " * 5


def html(title: str, body: str = "", head: str = "") -> bytes:
    return (
        f"<!doctype html><html lang=en-gb><head><title>{title}</title>{head}</head>"
        f"<body><nav><a href=/>Home</a></nav><main><h1>{title}</h1><p>{TEXT}</p>{body}"
        "</main><footer><a href=/imprint rel=nofollow>Imprint</a></footer>"
        "</body></html>"
    ).encode()


PRODUCT = """<script type="application/ld+json">{"@type": "Product", "sku": "AB-1",
"offers": {"gtin13": "4006381333931"}}</script>"""
Answer = tuple[int, dict[str, str], bytes]
PAGES: dict[str, Answer] = {
    "/": (
        200,
        {},
        html(
            "Home",
            "<a href='/a'>To A</a> <a href=/old>Old</a> <a href=/loop1>L</a>"
            " <a href=/file.pdf>PDF</a> <a href=/private/x>P</a>"
            " <a href='//x.invalid/'>X</a> <a href=/gone>G</a> <a href=/frag#x>F</a>"
            " <a href=/frag#y>F</a>",
        ),
    ),
    "/a": (
        200,
        {"X-Robots-Tag": "noindex"},
        html(
            "A", "<h2>Two</h2><h3>Three</h3>", PRODUCT + "<link rel=canonical href=/a>"
        ),
    ),
    "/frag": (200, {}, html("Frag")),
    "/imprint": (200, {}, html("Imprint", head="<meta name=robots content=nofollow>")),
    "/old": (301, {"Location": "/older"}, b""),
    "/older": (302, {"Location": "/a"}, b""),
    "/loop1": (301, {"Location": "/loop2"}, b""),
    "/loop2": (301, {"Location": "/loop1"}, b""),
    "/file.pdf": (200, {"Content-Type": "application/pdf"}, b"%PDF-1.4 x"),
    "/orphan": (200, {}, html("Orphan")),
    "/robots.txt": (200, {}, b"User-agent: *\nDisallow: /private/\nSitemap: /map.xml"),
    "/map.xml": (
        200,
        {"Content-Type": "application/xml"},
        b"<urlset><url><loc>http://HOST/orphan</loc></url></urlset>",
    ),
}


class Server(ThreadingHTTPServer):
    daemon_threads = True
    hits: Counter[str]
    slow: float = 0.0
    agents: set[str]
    headers_seen: list[str]

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Server

    def do_GET(self) -> None:
        self.server.hits[self.path] += 1
        self.server.agents.add(self.headers.get("User-Agent", ""))
        self.server.headers_seen.append(self.headers.get("Authorization", ""))
        time.sleep(self.server.slow)
        number = self.path.removeprefix("/n/")
        if number.isdigit() and int(number) < 60:
            links = "".join(f"<a href=/n/{n}>{n}</a>" for n in range(60))
            answer: Answer = (200, {}, html(f"Number {number}", links))
        else:
            answer = PAGES.get(self.path, (404, {}, html("Not found")))
        status, headers, body = answer
        body = body.replace(b"HOST", f"127.0.0.1:{self.server.server_port}".encode())
        self.send_response(status)
        for name, value in {"Content-Type": "text/html", **headers}.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        pass


@pytest.fixture
def server() -> Iterator[Server]:
    made = Server(("127.0.0.1", 0), Handler)
    made.hits, made.agents, made.headers_seen = Counter(), set(), []
    thread = threading.Thread(target=made.serve_forever, daemon=True)
    thread.start()
    yield made
    made.shutdown()
    made.server_close()


def crawl(
    server: Server, out: Path, path: str = "/", **settings: object
) -> CrawlReport:
    made = CrawlSettings(allow_private=(server.url[7:],), **settings)  # type: ignore[arg-type]
    return crawl_site(server.url + path, out, settings=made)


def test_the_tables(server: Server, tmp_path: Path) -> None:
    report = crawl(server, tmp_path / "site.db")
    assert (report.state, report.exit_code, report.failed) == ("finished", 0, 0)
    assert report.known == report.done + sum(report.skipped.values())
    assert report.skipped == {"robots": 1}
    site = read_sitefile(tmp_path / "site.db")
    pages = site.pages.set_index(site.pages["url"].str.removeprefix(server.url))
    a = pages.loc["/a"]
    assert (a["title"], a["h1"], a["status"]) == ("A", "A", 200)
    assert a["headings"] == ["Two", "Three"]
    assert a["identifiers"] == ["sku:AB-1", "gtin:4006381333931"]
    assert (a["robots"], a["lang"]) == ("noindex", "en-GB")
    assert a["canonical"] == f"{server.url}/a"
    assert "roofs" in a["text"]
    assert "Imprint" not in a["text"]
    assert pages.loc["/old", "final_url"] == f"{server.url}/a"
    assert pages.loc["/loop1", "final_url"] is None
    assert pages.loc["/file.pdf", "content_type"] == "application/pdf"
    assert pages.loc["/gone", "status"] == 404
    assert pages.loc["/orphan", "inlinks"] == 0
    assert pages.loc["/orphan", "sources"] == ["crawl", "sitemap"]
    assert "/private/x" not in pages.index
    assert server.hits["/private/x"] == 0
    assert set(server.hits.values()) == {1}
    links = site.links[site.links["source"] == f"{server.url}/"]
    by_target = links.set_index(links["target"].str.removeprefix(server.url))
    assert by_target.loc["/a", "anchor"] == "To A"
    assert by_target.loc["/a", "region"] == "content"
    assert by_target.loc["/imprint", "rel"] == "nofollow"
    assert by_target.loc["/imprint", "region"] == "footer"
    assert set(site.redirects["status"]) == {301, 302}


def test_loops_are_named(server: Server, tmp_path: Path) -> None:
    crawl(server, tmp_path / "site.db")
    db = sqlite3.connect(tmp_path / "site.db")
    rows = db.execute("SELECT outcome, reason FROM urls WHERE url LIKE '%/loop1'")
    outcome, reason = rows.fetchone()
    db.close()
    assert outcome == "redirect_loop"
    assert reason == " -> ".join(f"{server.url}/loop{n}" for n in (1, 2, 1))


def test_a_capped_crawl_says_so_and_goes_on(server: Server, tmp_path: Path) -> None:
    out = tmp_path / "site.db"
    report = crawl(server, out, "/n/0", max_pages=10)
    assert (report.state, report.exit_code, report.done) == ("capped", 75, 10)
    assert report.known == report.done + report.queued + sum(report.skipped.values())
    with pytest.raises(UsageError, match="exists already"):
        crawl(server, out, "/n/0")
    report = crawl(server, out, "/n/0", resume=True)
    assert (report.state, report.exit_code) == ("finished", 0)
    assert all(server.hits[f"/n/{n}"] == 1 for n in range(60))
    again = crawl(server, out, "/n/0", resume=True)
    assert (again.state, again.done) == ("finished", report.done)


@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 130)]
)
def test_a_signal_leaves_a_file_to_resume(
    server: Server, tmp_path: Path, number: int, code: int
) -> None:
    server.slow = 0.2
    out = tmp_path / "site.db"
    command = [sys.executable, "-m", "spiders", "site"]
    options = {"url": f"{server.url}/n/0", "out": str(out), "concurrency": 2}
    options["allow_private"] = [server.url[7:]]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as child:
        assert child.stdin
        assert child.stdout
        child.stdin.write(json.dumps(options))
        child.stdin.close()
        while server.hits["/n/0"] == 0:
            time.sleep(0.02)
        time.sleep(0.5)
        os.kill(child.pid, number)
        last = json.loads(child.stdout.read().splitlines()[-1])
        assert child.wait() == code
    assert last["state"] == "interrupted"
    assert last["queued"] > 0
    server.slow = 0.0
    assert crawl(server, out, "/n/0", resume=True).state == "finished"


def test_a_killed_command_takes_its_crawler_along(
    server: Server, tmp_path: Path
) -> None:
    """kill -9 of the command itself; --resume at once goes on."""
    server.slow = 0.1
    out = tmp_path / "site.db"
    arguments = ["crawl", f"{server.url}/n/0", "--out", str(out), "--concurrency", "2"]
    arguments += ["--allow-private", server.url[7:], "--no-probes"]
    command = [sys.executable, "-m", "redirectmap", *arguments]
    with subprocess.Popen(command, stderr=subprocess.DEVNULL) as parent:
        while sum(server.hits.values()) < 10:
            time.sleep(0.02)
        parent.kill()
    server.slow = 0.0
    before = server.hits.copy()
    run = CliRunner().invoke(main, [*arguments, "--resume", "--json"])
    assert run.exit_code == 0, run.output
    told = json.loads(run.stdout)
    assert (told["state"], told["failed"], told["queued"]) == ("finished", 0, 0)
    again = {path for path in before if server.hits[path] > before[path]}
    pages = {path for path in again if path.startswith("/n/")}
    assert len(pages) <= 2  # what was in work


def test_list_mode_fetches_exactly_the_list(server: Server, tmp_path: Path) -> None:
    urls = (f"{server.url}/a", f"{server.url}/old", f"{server.url}/none")
    report = crawl(server, tmp_path / "site.db", urls=urls)
    assert report.state == "finished"
    asked = set(server.hits) - {"/robots.txt"}
    assert asked == {"/a", "/old", "/older", "/none"}  # a redirect's hops belong to it


def test_include_exclude_and_agent(server: Server, tmp_path: Path) -> None:
    report = crawl(
        server,
        tmp_path / "site.db",
        "/n/0",
        exclude=(r"/n/[1-5]\d$",),
        user_agent="shop-crawl/1",
    )
    assert report.skipped["excluded"] == 50
    assert server.agents == {"shop-crawl/1"}


def test_secrets_are_sent_and_never_written(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STAGING", "Basic aHVudGVyMg==")
    out = tmp_path / "site.db"
    arguments = ["crawl", server.url, "--out", str(out), "--json"]
    arguments += [
        "--allow-private",
        server.url[7:],
        "--header",
        "Authorization=STAGING",
    ]
    run = CliRunner().invoke(main, arguments)
    assert run.exit_code == 0, run.output
    assert "Basic aHVudGVyMg==" in server.headers_seen
    assert b"aHVudGVyMg" not in out.read_bytes()
    assert "aHVudGVyMg" not in run.output


def test_no_page_no_file(server: Server, tmp_path: Path) -> None:
    out = tmp_path / "site.db"
    with pytest.raises(ServerError, match="private address"):
        crawl_site(server.url, out)
    with pytest.raises(ServerError, match="conn_error"):
        crawl_site(
            "http://127.0.0.1:1/",
            out,
            settings=CrawlSettings(allow_private=("127.0.0.1",)),
        )
    with pytest.raises(ServerError, match="conn_error"):
        crawl_site("http://no-such-host.invalid/", out)
    with pytest.raises(ServerError, match=r"robots\.txt"):
        crawl(server, out, "/private/x", sitemaps=False)
    with pytest.raises(ServerError, match="/nowhere: answers 404"):
        crawl(server, out, "/nowhere", sitemaps=False, include=("/nowhere",))
    assert list(tmp_path.iterdir()) == []


def test_files_that_are_no_crawl_are_refused(tmp_path: Path) -> None:
    text = tmp_path / "text.db"
    text.write_text("hello")
    other = tmp_path / "other.db"
    db = sqlite3.connect(other)
    db.execute("CREATE TABLE urls (url)")
    db.close()
    for path in (text, other, tmp_path / "none.db"):
        with pytest.raises(InputError):
            SiteFile.read(path)


def test_two_writers_are_refused(server: Server, tmp_path: Path) -> None:
    out = tmp_path / "site.db"
    site = SiteFile.create(out)
    try:
        with pytest.raises(Exception, match="another crawl"):
            crawl(server, out, resume=True)
    finally:
        site.close()


def test_a_full_disk_is_named_and_resumable(server: Server, tmp_path: Path) -> None:
    """A real limit on the size of files stands for a disk that is full."""
    out = tmp_path / "site.db"
    options = {"url": f"{server.url}/n/0", "out": str(out)}
    options["allow_private"] = [server.url[7:]]  # type: ignore[assignment]
    limited = (
        "import resource, signal, sys; signal.signal(signal.SIGXFSZ, signal.SIG_IGN);"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, 200_000));"
        "from spiders.__main__ import main; sys.exit(main(['site']))"
    )
    run = subprocess.run(
        [sys.executable, "-c", limited],
        input=json.dumps(options),
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 75, run.stderr[-2000:]
    assert "Traceback" not in run.stderr
    assert json.loads(run.stdout.splitlines()[-1])["state"] == "io_error"
    report = crawl(server, out, "/n/0", resume=True)
    assert report.state == "finished"
    whole = crawl(server, tmp_path / "whole.db", "/n/0")
    assert (report.known, report.done) == (whole.known, whole.done)


def test_a_new_file_is_whole_or_not_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Killed while it was made, it is not there; what it left is no hindrance."""
    out = tmp_path / "site.db"
    with monkeypatch.context() as patched:
        patched.setattr("os.link", _killed)
        with pytest.raises(RuntimeError):
            SiteFile.create(out)
    assert not out.exists()
    site = SiteFile.create(out)
    site.close()
    assert list(tmp_path.iterdir()) == [out]
    SiteFile.read(out).close()
    with pytest.raises(UsageError, match="exists already"):
        SiteFile.create(out)


def _killed(_source: Path, _target: Path) -> None:
    raise RuntimeError
