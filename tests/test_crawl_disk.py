"""Writes that fail: a full disk and a broken one, at every write of a crawl.

strace makes the real system calls on the site's file fail, in a real process.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from redirectmap.crawlsettings import CrawlJob
from redirectmap.sitefile import SiteFile

PAGES = 40
CALLS = "pwrite64,write,fsync,fdatasync,ftruncate"


def _can_trace() -> bool:
    if shutil.which("strace") is None:
        return False
    probe = ["strace", "-qq", "true"]
    return subprocess.run(probe, capture_output=True, check=False).returncode == 0


pytestmark = [
    pytest.mark.crawl,
    pytest.mark.skipif(not _can_trace(), reason="needs strace and the right to use it"),
]


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        number = self.path.removeprefix("/n/")
        good = number.isdigit() and int(number) < PAGES
        links = "".join(f"<a href=/n/{n}>{n}</a>" for n in range(PAGES))
        text = f"<title>{number}</title><p>{'Words. ' * 40}</p>{links}" if good else ""
        self.send_response(200 if good else 404)
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text.encode())

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        pass


@pytest.fixture(scope="module")
def base() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def crawl(
    base: str, out: Path, *trace: str, resume: bool = False
) -> tuple[int, dict[str, object], str]:
    job = CrawlJob(
        url=f"{base}/n/0", out=str(out), allow_private=(base[7:],), resume=resume
    )
    run = subprocess.run(
        [*trace, sys.executable, "-m", "spiders", "site"],
        input=job.to_json(),
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    return run.returncode, json.loads(run.stdout.splitlines()[-1]), run.stderr


def traced(out: Path, log: Path, *inject: str) -> list[str]:
    """Return the strace command that looks at the file `out` and its journals."""
    names = [out, *(out.with_name(out.name + end) for end in ("-wal", "-journal"))]
    names += [out.with_name(f".{out.name}.new{end}") for end in ("", "-journal")]
    paths = [word for name in names for word in ("-P", str(name))]
    strace = ("strace", "-f", "--seccomp-bpf", "-qq", "-o", str(log))
    return [*strace, "-e", f"trace={CALLS}", *inject, *paths]


@pytest.fixture(scope="module")
def calls(base: str, tmp_path_factory: pytest.TempPathFactory) -> dict[str, int]:
    """Count the calls of a crawl that nothing disturbs."""
    folder = tmp_path_factory.mktemp("calm")
    code, last, _ = crawl(
        base, folder / "site.db", *traced(folder / "site.db", folder / "log")
    )
    assert (code, last["done"]) == (0, PAGES)
    lines = (folder / "log").read_text().splitlines()
    found = [re.match(r"\d+\s+(\w+)\(", line) for line in lines]
    names = [one.group(1) for one in found if one]
    return {name: names.count(name) for name in set(names)}


def check(
    base: str, folder: Path, call: str, error: str, when: str, *, sure: bool = True
) -> None:
    """Crawl with a call that fails, then go on without.

    Args:
        when: Number of the call; with `+` all from there fail.
        sure: Whether a crawl makes that many calls in every run.
    """
    out = folder / "site.db"
    inject = f"inject={call}:error={error}:when={when}"
    code, last, said = crawl(base, out, *traced(out, folder / "log", "-e", inject))
    told = json.dumps(last)
    lasting = when.endswith("+")  # a call that failed once may be tried again
    assert code == 75 or (code == 0 and not (lasting and sure)), (inject, told, said)
    assert said == "", (inject, said)
    if code == 75 and "state" in last:
        assert last["state"] == "io_error", (inject, told)
        assert "cannot be written" in told
    elif code == 75:
        assert "cannot write here" in told
        assert not out.exists()
    code, last, said = crawl(base, out, resume=out.exists())
    assert (code, last["state"], last["done"]) == (0, "finished", PAGES), (inject, said)
    file = SiteFile.read(out)
    assert file.db.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    assert file.db.execute("SELECT count(*) FROM links").fetchone() == (PAGES * PAGES,)
    file.close()


@pytest.mark.parametrize("error", ["ENOSPC", "EIO"])
@pytest.mark.parametrize("share", [0.0, 0.3, 0.6])
def test_a_write_that_fails(
    base: str, calls: dict[str, int], tmp_path: Path, error: str, share: float
) -> None:
    number = 1 + int(share * (calls["pwrite64"] - 1))
    check(base, tmp_path, "pwrite64", error, f"{number}+")


def test_a_sync_that_fails(base: str, calls: dict[str, int], tmp_path: Path) -> None:
    name = max(("fdatasync", "fsync"), key=lambda one: calls.get(one, 0))
    check(base, tmp_path, name, "EIO", f"{calls[name]}")


@pytest.mark.soak
@pytest.mark.parametrize("error", ["ENOSPC", "EIO"])
def test_every_write_that_fails(
    base: str, calls: dict[str, int], tmp_path: Path, error: str
) -> None:
    for call in sorted(calls):
        step = max(1, calls[call] // 25)
        for number in range(1, calls[call] + 1, step):
            for when in (f"{number}", f"{number}+"):
                folder = tmp_path / f"{call}-{when}"
                os.mkdir(folder)  # noqa: PTH102
                sure = number < 0.7 * calls[call] - 1
                check(base, folder, call, error, when, sure=sure)
