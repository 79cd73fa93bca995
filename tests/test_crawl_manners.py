"""How a crawl treats its hosts: pace, patience, credentials, invented paths."""

from __future__ import annotations

import hashlib
import multiprocessing
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import pairwise
from pathlib import Path

import pytest
from click.testing import CliRunner

from redirectmap.cli import main
from redirectmap.crawl import CrawlReport, CrawlSettings, crawl_site
from redirectmap.crawlsettings import CrawlJob
from redirectmap.errors import ServerError
from redirectmap.sitefile import SiteFile
from spiders.pace import GOOD_IN_ROW, HostPace, Pace

Answer = tuple[int, dict[str, str], str]


class Server(ThreadingHTTPServer):
    """Answers as `answer` says, and keeps what was asked."""

    daemon_threads = True
    request_queue_size = 64
    answer: Callable[[Server, str], Answer]

    def __init__(self, answer: Callable[[Server, str], Answer]) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.answer = answer
        self.asked: list[tuple[float, str]] = []
        self.logins: list[str | None] = []
        self.lock = threading.Lock()
        self.inside = self.most = 0

    @property
    def place(self) -> str:
        return f"127.0.0.1:{self.server_port}"

    @property
    def url(self) -> str:
        return f"http://{self.place}"

    def times(self, path: str) -> list[float]:
        return [when for when, asked in self.asked if asked == path]


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Server

    def do_GET(self) -> None:
        server = self.server
        with server.lock:
            server.asked.append((time.monotonic(), self.path))
            server.logins.append(self.headers.get("Authorization"))
            server.inside += 1
            server.most = max(server.most, server.inside)
        try:
            status, headers, text = server.answer(server, self.path)
        finally:
            with server.lock:
                server.inside -= 1
        self.send_response(status)
        for name, value in {"Content-Type": "text/html", **headers}.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text.encode())

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        pass


Serve = Callable[[Callable[[Server, str], Answer]], Server]


@pytest.fixture
def serve() -> Iterator[Serve]:
    made: list[Server] = []

    def start(answer: Callable[[Server, str], Answer]) -> Server:
        server = Server(answer)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        made.append(server)
        return server

    yield start
    for server in made:
        server.shutdown()
        server.server_close()


def crawl(out: Path, *servers: Server, **settings: object) -> CrawlReport:
    given = {
        "allow_private": tuple(server.place for server in servers),
        "probes": False,
        "sitemaps": False,
        **settings,
    }
    made = CrawlSettings(**given)  # type: ignore[arg-type]
    return crawl_site(servers[0].url, out, settings=made)


def links(count: int) -> str:
    return "".join(f"<a href=/n/{n}>{n}</a>" for n in range(count))


def warned(out: Path, code: str) -> dict[str, str]:
    db = sqlite3.connect(out)
    query = "SELECT url, message FROM warnings WHERE code = ?"
    rows = {
        "/" + url.split("/", 3)[3]: text for url, text in db.execute(query, (code,))
    }
    db.close()
    return rows


@pytest.mark.crawl
def test_a_host_that_groans_is_asked_less(serve: Serve, tmp_path: Path) -> None:
    """It takes two at a time and answers 503 to more; all pages come in."""

    def answer(server: Server, path: str) -> Answer:
        if path == "/robots.txt":
            return 404, {}, ""
        if server.inside > 2:
            return 503, {}, "too much"
        time.sleep(0.02)
        return 200, {}, f"<p>Page {path}</p>{links(80)}"

    server = serve(answer)
    report = crawl(tmp_path / "site.db", server, concurrency=16)
    assert (report.state, report.done) == ("finished", 81)
    assert server.most > 2
    tail = server.asked[len(server.asked) // 2 :]
    assert len(server.asked) < 81 * 2
    assert len(tail) > 40


def test_pace_halves_and_recovers(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 100.0
    monkeypatch.setattr("spiders.pace.time.monotonic", lambda: now)
    pace = HostPace(ceiling=8, delay=0.0)
    for _ in range(5):
        pace.learn(groaned=True)  # one overload
    assert pace.limit == 4
    for _ in range(GOOD_IN_ROW):
        pace.learn(groaned=False)
    assert pace.limit == 5
    for _ in range(9):
        now += 1
        pace.learn(groaned=True)
    assert pace.limit == 1
    for _ in range(100 * GOOD_IN_ROW):
        pace.learn(groaned=False)
    assert pace.limit == 8


def test_one_slow_page_is_not_a_slow_host(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 100.0
    monkeypatch.setattr("spiders.pace.time.monotonic", lambda: now)
    pace = HostPace(ceiling=8, delay=0.0)
    pace.learn(groaned=False)
    pace.learn(groaned=False, timed_out=True)
    assert pace.limit == 8
    pace.learn(groaned=False, timed_out=True)
    assert pace.limit == 4


def test_each_host_has_its_own_pace() -> None:
    paces = Pace(ceiling=2, delay=0.0)
    paces.of("a").park(60)
    now = time.monotonic()
    assert (paces.of("a").wait(now) or 0) > 50
    assert paces.of("b").wait(now) == 0
    paces.of("b").begin(now)
    paces.of("b").begin(now)
    assert paces.of("b").wait(now) is None
    paces.of("b").end()
    assert paces.of("b").wait(now) == 0


@pytest.mark.crawl
def test_crawl_delay_is_kept(serve: Serve, tmp_path: Path) -> None:
    def answer(_server: Server, path: str) -> Answer:
        if path == "/robots.txt":
            return 200, {}, "User-agent: *\nCrawl-delay: 0.3"
        return 200, {}, links(4)

    server = serve(answer)
    assert crawl(tmp_path / "site.db", server).done == 5
    times = [when for when, path in server.asked if path != "/robots.txt"]
    assert all(later - sooner > 0.25 for sooner, later in pairwise(times))
    assert server.most == 1


@pytest.mark.crawl
def test_retry_after_parks_one_host(serve: Serve, tmp_path: Path) -> None:
    def angry(server: Server, path: str) -> Answer:
        if path == "/x" and len(server.times("/x")) == 1:
            return 429, {"Retry-After": "3"}, ""
        return (404 if path == "/robots.txt" else 200), {}, "<p>Here</p>"

    def calm(_server: Server, path: str) -> Answer:
        return (404 if path == "/robots.txt" else 200), {}, "<p>There</p>"

    one, other = serve(angry), serve(calm)
    urls = (f"{one.url}/x", *(f"{other.url}/{n}" for n in range(10)))
    report = crawl(tmp_path / "site.db", one, other, urls=urls)
    assert report.done == 11
    first, second = one.times("/x")
    assert second - first >= 3
    assert max(when for when, _ in other.asked) < second


@pytest.mark.crawl
def test_a_host_that_only_says_wait_ends_the_crawl(
    serve: Serve, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pace = HostPace(ceiling=8, delay=0.0)
    pace.park(400)
    pace.park(100)  # within the first wait
    assert 399 < pace.waited <= 400
    pace.learn(groaned=False)
    assert pace.waited == 0

    def answer(_server: Server, path: str) -> Answer:
        return (404, {}, "") if "robots" in path else (429, {"Retry-After": "1"}, "")

    server = serve(answer)
    out = tmp_path / "site.db"
    SiteFile.create(out).close()
    monkeypatch.setattr("spiders.site.PATIENCE", 0.5)
    job = CrawlJob(
        url=server.url + "/",
        out=str(out),
        resume=True,
        allow_private=(server.place,),
    )
    with ProcessPoolExecutor(1, multiprocessing.get_context("fork")) as pool:
        assert pool.submit(run_crawl, job).result(60) == 75  # with the patience above
    file = SiteFile.read(out)
    meta = file.meta()
    counts = file.counts()
    file.close()
    assert meta["state"] == "throttled"
    assert "asks to wait" in meta["reason"]
    assert counts.queued == 1


def run_crawl(job: CrawlJob) -> int:
    """Run in a process of its own: a reactor runs once."""
    from spiders.__main__ import crawl as run

    return run(job)


@pytest.mark.crawl
def test_credentials_stay_with_the_site(
    serve: Serve, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def elsewhere(_server: Server, path: str) -> Answer:
        return 200, {}, "User-agent: *\nDisallow: /no"

    def own(_server: Server, path: str) -> Answer:
        if path == "/robots.txt":
            return 301, {"Location": f"{other.url}/robots.txt"}, ""
        return 200, {}, links(2)

    other, server = serve(elsewhere), serve(own)
    monkeypatch.setenv("STAGING", "me:hunter2")
    out = tmp_path / "site.db"
    told = CliRunner().invoke(
        main,
        [
            *("crawl", server.url, "--out", str(out), "--basic-auth", "STAGING"),
            *("--allow-private", server.place, "--allow-private", other.place),
        ],
    )
    assert told.exit_code == 0, told.output
    assert set(server.logins) == {"Basic bWU6aHVudGVyMg=="}
    assert other.logins == [None]
    assert b"hunter2" not in out.read_bytes()
    assert b"bWU6aHVudGVyMg" not in out.read_bytes()


@pytest.mark.crawl
@pytest.mark.parametrize("value", [None, "no-colon", "line\nend:x"])
def test_a_login_that_is_none(
    value: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("STAGING", raising=False)
    if value is not None:
        monkeypatch.setenv("STAGING", value)
    arguments = ["crawl", "http://127.0.0.1:1/", "--out", str(tmp_path / "site.db")]
    told = CliRunner().invoke(main, [*arguments, "--basic-auth", "STAGING"])
    assert told.exit_code == 2
    assert "hint:" in told.stderr
    assert value is None or value not in told.stderr


@pytest.mark.crawl
def test_soft_404s_are_found_by_folder(serve: Serve, tmp_path: Path) -> None:
    words = "We looked everywhere, but there is no such thing in our shop. " * 3

    def answer(server: Server, path: str) -> Answer:
        name = path.rpartition("/")[2]
        if path == "/":
            places = (
                "/shop/real",
                "/shop/lost-thing",
                "/news/old",
                "/news/gone",
                "/c/x",
            )
            return 200, {}, "".join(f"<a href={one}>{one}</a>" for one in places)
        if path == "/shop/real":
            return 200, {}, "<title>Real</title><p>" + "A real thing to buy. " * 9
        if path.startswith("/shop/"):
            text = f"<title>Nothing for {name}</title><p>{words}{name}</p>"
            return 200, {}, text
        if path == "/news/old":
            return 200, {}, "<title>Old news</title><p>It happened. " * 9
        if path.startswith("/news/"):
            return 302, {"Location": "/shop/real"}, ""
        if path == "/c/x":
            return 200, {}, "<title>Nothing for x</title><p>Another folder.</p>"
        return 404, {}, "<p>No such page</p>"

    server = serve(answer)
    out = tmp_path / "site.db"
    assert crawl(out, server, probes=True).state == "finished"
    assert warned(out, "soft_404").keys() == {"/shop/lost-thing", "/news/gone"}
    asked = [path for _, path in server.asked]
    assert sum(path.startswith("/shop/") for path in asked) == 3  # one was invented


@pytest.mark.crawl
def test_a_start_that_leaves_the_site_is_said(serve: Serve, tmp_path: Path) -> None:
    def answer(_server: Server, path: str) -> Answer:
        place = {} if path == "/robots.txt" else {"Location": "https://new.example/"}
        return (404 if not place else 301), place, ""

    server = serve(answer)
    with pytest.raises(ServerError, match=r"leaves the site to new\.example") as told:
        crawl(tmp_path / "site.db", server)
    assert "redirects to" in told.value.hint


@pytest.mark.crawl
def test_an_endless_space_that_never_repeats_itself_ends(
    serve: Serve, tmp_path: Path
) -> None:
    """Ten new random names a page, and new words on each; killed and resumed."""

    def answer(_server: Server, path: str) -> Answer:
        if path == "/robots.txt":
            return 404, {}, ""
        seed = hashlib.sha256(path.encode()).hexdigest()
        names = [hashlib.sha256(f"{seed}{n}".encode()).hexdigest() for n in range(10)]
        words = " ".join(name[:6] for name in names)
        return (
            200,
            {},
            f"<p>{words}</p>"
            + "".join(f"<a href=/x/{name[:12]}>{name[:5]}</a>" for name in names),
        )

    server = serve(answer)
    out = tmp_path / "site.db"
    first = crawl(out, server, max_pages=150)
    assert first.state == "capped"
    report = crawl(out, server, resume=True)
    assert report.state == "finished"
    assert report.done <= 500
    assert report.skipped.keys() == {"trap:shape"}
    assert "trap:shape" in next(iter(warned(out, "trap").values()))
