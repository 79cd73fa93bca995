"""A crawl that is killed again and again loses nothing.

Each kill is a real SIGKILL of a real process. The harness (this file run as a
program) imports everything once and forks a fresh crawler for every life, so
that a life costs what crawling costs and not what importing Scrapy costs.
"""

from __future__ import annotations

import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest

from redirectmap.sitefile import SiteFile

ROOT = Path(__file__).parents[1]
SERVER = """
import asyncio, sys
N = int(sys.argv[1])
seen = {}
async def client(reader, writer):
    try:
        while True:
            head = await reader.readuntil(b"\\r\\n\\r\\n")
            path = head.split(b" ")[1].decode()
            seen[path] = seen.get(path, 0) + 1
            n = int(path[6:]) if path.startswith("/site/") and path[6:].isdigit() else N
            if path == "/__counts":
                body = " ".join(f"{k}={v}" for k, v in seen.items()).encode()
                status = b"200 OK"
            elif n < N:
                links = "".join(f"<a href=/site/{k}>page {k}</a> "
                                for k in range(n * 3 + 1, n * 3 + 4) if k < N)
                body = (f"<title>Page {n}</title><h1>Page {n}</h1>"
                        f"<p>Words of page {n}.</p>{links}").encode()
                status = b"200 OK"
            else:
                body, status = b"<title>none</title>", b"404 Not Found"
            await asyncio.sleep(0.05)  # so that there is time for all the kills
            writer.write(b"HTTP/1.1 " + status + b"\\r\\nContent-Type: text/html\\r\\n"
                         b"Content-Length: %d\\r\\n\\r\\n" % len(body) + body)
            await writer.drain()
    except (asyncio.IncompleteReadError, ConnectionError):
        writer.close()
async def main():
    server = await asyncio.start_server(client, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()
asyncio.run(main())
"""
TABLES = {
    "pages": "SELECT u.url, u.state, u.outcome, u.depth, u.run, u.linked, p.status,"
    " p.title, p.text, p.content_hash FROM pages p JOIN urls u ON u.id = p.id"
    " ORDER BY u.url",
    "links": "SELECT s.url, t.url, l.position, l.anchor, l.rel, l.region FROM links l"
    " JOIN urls s ON s.id = l.source JOIN urls t ON t.id = l.target ORDER BY 1, 2, 3",
}


def tables(path: Path) -> dict[str, list[tuple[object, ...]]]:
    db = sqlite3.connect(path)
    try:
        assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        return {name: db.execute(query).fetchall() for name, query in TABLES.items()}
    finally:
        db.close()


def run_harness(port: int, out: Path, kills: int, seed: int) -> tuple[int, int]:
    """Return how many kills there were, and the exit code of the last life."""
    command = [sys.executable, __file__, str(port), str(out), str(kills), str(seed)]
    done = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, check=True, timeout=900
    )
    number, code = done.stdout.split()[-2:]
    assert "Traceback" not in done.stderr, done.stderr[-2000:]
    return int(number), int(code)


@pytest.mark.crawl
@pytest.mark.parametrize(
    ("pages", "kills"),
    [(1000, 40), pytest.param(3000, 200, marks=pytest.mark.soak)],
)
def test_kill_9_loses_nothing(tmp_path: Path, pages: int, kills: int) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", SERVER, str(pages)], stdout=subprocess.PIPE, text=True
    ) as server:
        try:
            assert server.stdout
            port = int(server.stdout.readline())
            assert run_harness(port, tmp_path / "calm.db", 0, 1) == (0, 0)
            done, code = run_harness(port, tmp_path / "killed.db", kills, 7)
        finally:
            server.kill()
    assert code == 0
    assert done >= kills * 0.8
    calm, killed = tables(tmp_path / "calm.db"), tables(tmp_path / "killed.db")
    assert len(killed["pages"]) == pages
    assert killed["pages"] == calm["pages"]
    assert killed["links"] == calm["links"]
    site = SiteFile.read(tmp_path / "killed.db")
    counts = site.counts()
    site.close()
    assert counts.adds_up
    assert (counts.done, counts.failed, counts.queued) == (pages, 0, 0)


def _one_life(port: str, out: str) -> None:
    from redirectmap.crawlsettings import CrawlJob
    from spiders.__main__ import crawl

    options = CrawlJob(
        url=f"http://127.0.0.1:{port}/site/0",
        out=out,
        resume=True,
        allow_private=("127.0.0.1",),
        sitemaps=False,
        probes=False,
    )
    os._exit(crawl(options))


def _harness(port: str, out: str, kills: int, seed: int) -> None:
    import scrapy.crawler  # noqa: F401  (imported once, before the forks)

    import spiders.__main__  # noqa: F401
    import spiders.extract  # noqa: F401

    chance = random.Random(seed)
    done, code = 0, -signal.SIGKILL
    while code == -signal.SIGKILL:
        child = os.fork()
        if child == 0:
            sys.stdout = open(os.devnull, "w")  # noqa: PTH123, SIM115
            _one_life(port, out)
        if done < kills:
            time.sleep(0.06 + chance.random() * 0.18)
            os.kill(child, signal.SIGKILL)
        _, status = os.waitpid(child, 0)
        code = os.waitstatus_to_exitcode(status)
        done += code == -signal.SIGKILL
    print(done, code)


if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))
    _harness(sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4]))
