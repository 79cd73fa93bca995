"""A real Chromium reads pages whose words and links exist only after scripts."""

from __future__ import annotations

import json
import shutil
import socket
import sqlite3
import threading
from collections import Counter
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from redirectmap.cli import main

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
pytestmark = [
    pytest.mark.browser,
    pytest.mark.crawl,
    pytest.mark.skipif(
        not any(map(shutil.which, BROWSERS)),
        reason="no Chromium here (apt-get install chromium)",
    ),
]
APP = """
async function start() {
  const data = await (await fetch("/api/words.json")).json();
  document.title = data.title;
  document.getElementById("root").innerHTML =
    `<main><h1>${data.title}</h1><p>${data.text.repeat(8)}</p>` +
    `<a href="/made/by/script">A link made by a script</a></main>`;
}
start();
"""
SHELL = (
    "<!doctype html><title>App</title><div id=root></div><script src=/app.js></script>"
)
PLAIN = (
    "<!doctype html><title>Plain</title><p>Words.</p><a href=/x>x</a>"
    "<script>document.title = 'Changed'</script>"
)
ATTACK = """
<!doctype html><title>Attack</title><div id=root></div>
<link rel=preconnect href="http://127.0.0.1:CANARY/">
<link rel=stylesheet href="http://localhost:CANARY/style.css">
<script src="http://2130706433:CANARY/script.js"></script>
<iframe src="http://127.0.0.1:CANARY/frame"></iframe>
<img src="http://127.0.0.1:CANARY/image.png">
<script>
const to = "http://127.0.0.1:CANARY/";
fetch(to + "fetch", {mode: "no-cors"}).catch(() => 0);
fetch("/bounce").catch(() => 0);
fetch("file:///etc/passwd").catch(() => 0);
navigator.sendBeacon(to + "beacon", "x");
try { new WebSocket("ws://127.0.0.1:CANARY/socket"); } catch (error) {}
try { new EventSource(to + "events"); } catch (error) {}
try { new Worker(URL.createObjectURL(new Blob(
  [`fetch("${to}worker", {mode: "no-cors"})`]))); } catch (error) {}
try { window.open(to + "popup"); } catch (error) {}
const image = new Image(); image.src = to + "late.png";
document.getElementById("root").textContent = "The attack is over, all was tried. "
  .repeat(5);
</script>
"""
PAGES = {
    "/": "<!doctype html><title>Home</title><p>Home.</p>"
    + "".join(
        f"<a href={one}>{one}</a> "
        for one in ("/app", "/plain", "/attack", "/leaves", "/spins", "/huge")
    ),
    "/app": SHELL,
    "/plain": PLAIN,
    "/attack": ATTACK,
    "/leaves": "<!doctype html><title>L</title><script>location = '/made/by/script'"
    "</script>",
    "/spins": "<!doctype html><title>S</title><script>for (;;) {}</script>",
    "/huge": "<!doctype html><title>H</title><div id=root></div><script>"
    "document.getElementById('root').textContent = 'x'.repeat(2e7)</script>",
    "/app.js": APP,
    "/api/words.json": json.dumps(
        {"title": "Made by a script", "text": "Only a browser sees these words. "}
    ),
    "/made/by/script": "<!doctype html><title>Made</title><p>Found.</p>",
    "/robots.txt": "",
}


class Server(ThreadingHTTPServer):
    daemon_threads = True
    hits: Counter[str]
    agents: set[str]
    canary: int


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Server

    def do_GET(self) -> None:
        self.server.hits[self.path] += 1
        self.server.agents.add(self.headers["User-Agent"])
        text = PAGES.get(self.path, "").replace("CANARY", str(self.server.canary))
        status = 200 if self.path in PAGES else 404
        kind = {".js": "text/javascript", "on": "application/json"}
        self.send_response(302 if self.path == "/bounce" else status)
        if self.path == "/bounce":
            place = f"http://127.0.0.1:{self.server.canary}/bounced"
            self.send_header("Location", place)
        self.send_header("Content-Type", kind.get(Path(self.path).suffix, "text/html"))
        self.send_header("Content-Length", str(len(text.encode())))
        self.end_headers()
        self.wfile.write(text.encode())

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        pass


class Canary:
    """A private port: every connection to it is a breach."""

    def __init__(self) -> None:
        self.touched = 0
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port = self._socket.getsockname()[1]
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self) -> None:
        while True:
            try:
                line, _ = self._socket.accept()
            except OSError:
                return
            self.touched += 1
            line.close()

    def close(self) -> None:
        self._socket.close()


@pytest.fixture
def canary() -> Iterator[Canary]:
    made = Canary()
    yield made
    made.close()


@pytest.fixture
def server(canary: Canary) -> Iterator[Server]:
    made = Server(("127.0.0.1", 0), Handler)
    made.hits, made.agents, made.canary = Counter(), set(), canary.port
    threading.Thread(target=made.serve_forever, daemon=True).start()
    yield made
    made.shutdown()
    made.server_close()


def crawl(server: Server, out: Path, *options: str) -> Result:
    place = f"127.0.0.1:{server.server_port}"
    arguments = ["crawl", f"http://{place}/", "--out", str(out), "--no-probes"]
    arguments += ["--allow-private", place, "--no-sitemaps", *options]
    return CliRunner().invoke(main, arguments)


def rows(out: Path) -> dict[str, tuple[object, ...]]:
    db = sqlite3.connect(out)
    try:
        found = db.execute(
            "SELECT u.url, u.outcome, p.title, p.text, p.rendered"
            " FROM urls u LEFT JOIN pages p ON p.id = u.id WHERE u.kind = 'page'"
        ).fetchall()
    finally:
        db.close()
    return {"/" + url.split("/", 3)[3]: tuple(rest) for url, *rest in found}


def test_a_browser_reads_what_scripts_write(
    server: Server, canary: Canary, tmp_path: Path
) -> None:
    out = tmp_path / "site.db"
    told = crawl(server, out, "--render", "--timeout", "6")
    assert told.exit_code == 0, told.output
    found = rows(out)
    outcome, title, text, rendered = found["/app"]
    assert (outcome, title, rendered) == ("ok", "Made by a script", 1)
    assert "Only a browser sees these words." in str(text)
    assert found["/made/by/script"][1] == "Made"
    assert found["/plain"][1] == "Plain"  # not empty: scripts are not run
    assert found["/plain"][3] is None
    assert found["/leaves"][0] == "client_redirect"
    assert found["/spins"][3] == 0
    assert found["/huge"][3] == 0
    assert "all was tried" in str(found["/attack"][2])
    assert canary.touched == 0
    assert server.hits["/app"] == 1  # the browser gets what was fetched already
    assert len(server.agents) == 1
    db = sqlite3.connect(out)
    notes = dict(db.execute("SELECT message, code FROM warnings").fetchall())
    db.close()
    said = " ".join(notes)
    assert "blocked_address" in said
    assert {"render_failed", "render_refused"} <= set(notes.values())


def test_without_render_the_shell_is_named(server: Server, tmp_path: Path) -> None:
    out = tmp_path / "site.db"
    crawl(server, out)
    assert rows(out)["/app"][1] == "App"
    assert "/made/by/script" not in rows(out)
    db = sqlite3.connect(out)
    codes = {code for (code,) in db.execute("SELECT code FROM warnings")}
    db.close()
    assert "no_content" in codes


def test_a_page_is_rendered_where_asked(server: Server, tmp_path: Path) -> None:
    out = tmp_path / "site.db"
    crawl(server, out, "--render-url", "/plain$", "--exclude", "attack|spins|huge")
    assert rows(out)["/plain"][1] == "Changed"
    assert rows(out)["/app"][3] is None


def test_no_browser_is_said(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REDIRECTMAP_CHROMIUM", str(tmp_path / "none"))
    told = crawl(server, tmp_path / "site.db", "--render")
    assert told.exit_code == 2
    assert "needs Chromium" in told.stderr
    assert list(tmp_path.iterdir()) == []
