"""A crawl that is killed again and again loses nothing.

Each kill is a real SIGKILL of a real process. The harness (this file run as a
program) imports everything once and forks a fresh crawler for every life, so
that a life costs what crawling costs and not what importing Scrapy costs.
"""

from __future__ import annotations

import mmap
import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from redirectmap.sitefile import SiteFile

ROOT = Path(__file__).parents[1]
SERVER = """
import asyncio, mmap, sys
N, PULSE = int(sys.argv[1]), sys.argv[2]
file = open(PULSE, "r+b")
pulse = mmap.mmap(file.fileno(), 8)
total = 0
async def client(reader, writer):
    global total
    try:
        while True:
            head = await reader.readuntil(b"\\r\\n\\r\\n")
            path = head.split(b" ")[1].decode()
            n = int(path[6:]) if path.startswith("/site/") and path[6:].isdigit() else N
            status = b"200 OK"
            if n < N:
                total += 1
                pulse[:] = total.to_bytes(8, "big")
                links = "".join(f"<a href=/site/{k}>page {k}</a> "
                                for k in range(n * 3 + 1, n * 3 + 4) if k < N)
                body = (f"<title>Page {n}</title><h1>Page {n}</h1>"
                        f"<p>Words of page {n}.</p>{links}").encode()
            else:
                body, status = b"<title>none</title>", b"404 Not Found"
            await asyncio.sleep(0.004)
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
CONCURRENCY = 8
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


@dataclass
class Site:
    """A site of `pages` pages on loopback, and how often it was asked for one."""

    pages: int
    port: int
    pulse: Path

    @property
    def requests(self) -> int:
        return int.from_bytes(self.pulse.read_bytes(), "big")

    def live(self, out: Path, kills: int, *, leave: bool = False) -> tuple[int, int]:
        """Crawl, killed so many times; return the kills and the last exit code."""
        command = [sys.executable, __file__, str(self.port), str(out)]
        command += [str(self.pulse), str(self.pages), str(kills), str(int(leave))]
        done = subprocess.run(
            command, cwd=ROOT, capture_output=True, text=True, check=True, timeout=1500
        )
        number, code = done.stdout.split()[-2:]
        assert "Traceback" not in done.stderr, done.stderr[-2000:]
        return int(number), int(code)


@contextmanager
def site_of(pages: int, folder: Path) -> Iterator[Site]:
    pulse = folder / "pulse"
    pulse.write_bytes(bytes(8))
    with subprocess.Popen(
        [sys.executable, "-c", SERVER, str(pages), str(pulse)],
        stdout=subprocess.PIPE,
        text=True,
    ) as server:
        try:
            assert server.stdout
            yield Site(pages, int(server.stdout.readline()), pulse)
        finally:
            server.kill()


@pytest.mark.crawl
@pytest.mark.parametrize(
    ("pages", "kills"),
    [(3000, 40), pytest.param(3000, 200, marks=pytest.mark.soak)],
)
def test_kill_9_loses_nothing(tmp_path: Path, pages: int, kills: int) -> None:
    with site_of(pages, tmp_path) as site:
        assert site.live(tmp_path / "calm.db", 0) == (0, 0)
        assert site.requests == pages
        assert site.live(tmp_path / "killed.db", kills) == (kills, 0)
        again = site.requests - 2 * pages
    assert again <= kills * CONCURRENCY  # at most what was in work
    calm, killed = tables(tmp_path / "calm.db"), tables(tmp_path / "killed.db")
    assert len(killed["pages"]) == pages
    assert killed["pages"] == calm["pages"]
    assert killed["links"] == calm["links"]
    file = SiteFile.read(tmp_path / "killed.db")
    counts = file.counts()
    file.close()
    assert counts.adds_up
    assert (counts.done, counts.failed, counts.queued) == (pages, 0, 0)


@pytest.mark.crawl
def test_two_resumes_of_one_copy_end_alike(tmp_path: Path) -> None:
    """The copy is taken as the kill left it, with the journal beside it."""
    with site_of(300, tmp_path) as site:
        torn = tmp_path / "torn"
        torn.mkdir()
        number, code = site.live(torn / "site.db", 2, leave=True)
        assert (number, code) == (2, -signal.SIGKILL)
        assert site.live(tmp_path / "calm.db", 0) == (0, 0)
        ends = []
        for name in ("one", "two"):
            shutil.copytree(torn, tmp_path / name)
            assert site.live(tmp_path / name / "site.db", 0) == (0, 0)
            ends.append(tables(tmp_path / name / "site.db"))
    assert ends[0] == ends[1] == tables(tmp_path / "calm.db")
    assert len(ends[0]["pages"]) == 300


def _one_life(port: str, out: str) -> None:
    from redirectmap.crawlsettings import CrawlJob
    from spiders.__main__ import crawl

    job = CrawlJob(
        url=f"http://127.0.0.1:{port}/site/0",
        out=out,
        resume=True,
        allow_private=("127.0.0.1",),
        concurrency=CONCURRENCY,
        sitemaps=False,
        probes=False,
    )
    os._exit(crawl(job))


def _wait(child: int, pulse: mmap.mmap, answers: int, seconds: float) -> None:
    """Wait until the child was given so many pages, and a moment longer."""
    target = int.from_bytes(pulse[:], "big") + answers
    while int.from_bytes(pulse[:], "big") < target:
        if os.waitid(os.P_PID, child, os.WEXITED | os.WNOHANG | os.WNOWAIT):
            return
        time.sleep(0.001)
    time.sleep(seconds)


def _harness(port: str, out: str, pulse: str, *rest: str) -> None:
    import scrapy.crawler  # noqa: F401  (imported once, before the forks)

    import spiders.__main__  # noqa: F401
    import spiders.extract  # noqa: F401

    pages, kills, leave = map(int, rest)
    chance = random.Random(7)
    done, code = 0, -signal.SIGKILL
    with open(pulse, "r+b") as file:  # noqa: PTH123
        beat = mmap.mmap(file.fileno(), 8)
    while code == -signal.SIGKILL and not (leave and done == kills):
        child = os.fork()
        if child == 0:
            sys.stdout = open(os.devnull, "w")  # noqa: PTH123, SIM115
            _one_life(port, out)
        if done < kills:
            # two in five hit the start, before or at the first page
            most = int(1.6 * pages / kills) if chance.random() < 0.6 else 1
            _wait(child, beat, chance.randint(0, most), chance.random() * 0.02)
            os.kill(child, signal.SIGKILL)
        _, status = os.waitpid(child, 0)
        code = os.waitstatus_to_exitcode(status)
        done += code == -signal.SIGKILL
    print(done, code)


if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))
    _harness(*sys.argv[1:])
