"""DNS rebinding with a live resolver: a name that is public first, then 127.0.0.1.

Everything runs in a network of its own (a Linux namespace): a public address is
put on its loopback, a DNS server answers on port 53, and the crawler resolves
with the system's resolver as it always does. Nothing leaves the machine.
"""

from __future__ import annotations

import json
import shutil
import socketserver
import sqlite3
import subprocess
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

Seen = dict[str, dict[str, dict[str, str]]]
ROOT = Path(__file__).parents[1]
PUBLIC, DEAD, PRIVATE = "93.184.216.34", "93.184.216.35", "127.0.0.1"
UNSHARE = ["unshare", "--map-root-user", "--net", "--mount"]


def _can_unshare() -> bool:
    if not (shutil.which("unshare") and shutil.which("ip")):
        return False
    probe = [*UNSHARE, "ip", "link", "set", "lo", "up"]
    return subprocess.run(probe, capture_output=True, check=False).returncode == 0


pytestmark = [
    pytest.mark.crawl,
    pytest.mark.skipif(
        not _can_unshare(),
        reason="needs unshare, iproute2 and the right to make a network namespace",
    ),
]


class Resolver(socketserver.BaseRequestHandler):
    """Answers A queries from `plan`, the last entry for ever; no AAAA."""

    plan: list[tuple[str, ...]]

    def handle(self) -> None:
        query, line = self.request
        end = query.index(b"\0", 12) + 5
        addresses: tuple[str, ...] = ()
        if query[end - 4 : end - 2] == b"\0\1":
            plan = type(self).plan
            addresses = plan.pop(0) if len(plan) > 1 else plan[0]
        head = query[:2] + b"\x85\x80\0\1" + len(addresses).to_bytes(2, "big")
        answer = head + bytes(4) + query[12:end]
        for address in addresses:
            octets = bytes(map(int, address.split(".")))
            answer += b"\xc0\x0c\0\1\0\1" + bytes(4) + b"\0\4" + octets
        line.sendto(answer, self.client_address)


class Web(BaseHTTPRequestHandler):
    """The same site on the public and on the private address; it counts."""

    hits: dict[str, list[str]]

    def do_GET(self) -> None:
        address = self.connection.getsockname()[0]
        type(self).hits.setdefault(address, []).append(self.path)
        links = "".join(f"<a href=/{n}>{n}</a>" for n in range(1, 6))
        text = b"" if self.path == "/robots.txt" else f"<p>Page</p>{links}".encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", str(len(text)))
        self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        pass


CRAWL = """
import sys, pycurl
from redirectmap.crawlsettings import CrawlJob
from spiders import __main__, transport
made = transport.CurlHandler._new_handle
def uncached(self):
    handle = made(self)
    handle.setopt(pycurl.DNS_CACHE_TIMEOUT, 0)  # so that every request resolves anew
    return handle
transport.CurlHandler._new_handle = uncached
job = CrawlJob(url="http://rebind.example/", out=sys.argv[1], probes=False,
               sitemaps=False, concurrency=1)
sys.exit(__main__.crawl(job))
"""


def _inside(folder: Path) -> None:
    """Run in the namespace: one crawl per plan; print what was seen."""
    resolv = folder / "resolv.conf"
    resolv.write_text("nameserver 127.0.0.1\noptions attempts:1 timeout:1\n")
    switch = folder / "nsswitch.conf"
    switch.write_text("hosts: dns\n")
    for command in (
        ["ip", "link", "set", "lo", "up"],
        ["ip", "address", "add", f"{PUBLIC}/32", "dev", "lo"],
        ["mount", "--bind", str(resolv), "/etc/resolv.conf"],
        ["mount", "--bind", str(switch), "/etc/nsswitch.conf"],
    ):
        subprocess.run(command, check=True)
    for server in (
        socketserver.UDPServer(("127.0.0.1", 53), Resolver),
        ThreadingHTTPServer((PUBLIC, 80), Web),
        ThreadingHTTPServer((PRIVATE, 80), Web),
    ):
        threading.Thread(target=server.serve_forever, daemon=True).start()
    seen = {}
    for name, plan in PLANS.items():
        Resolver.plan, Web.hits = list(plan), {}
        out = folder / f"{name}.db"
        run = subprocess.run(
            [sys.executable, "-c", CRAWL, str(out)],
            capture_output=True,
            text=True,
            check=False,
            cwd=ROOT,
        )
        db = sqlite3.connect(out)
        rows = dict(db.execute("SELECT url, outcome FROM urls WHERE kind = 'page'"))
        reasons = [text for (text,) in db.execute("SELECT reason FROM urls") if text]
        db.close()
        seen[name] = {"rows": rows, "hits": Web.hits, "reasons": reasons}
        seen[name]["error"] = run.stderr
    time.sleep(0.1)
    print(json.dumps(seen))


PLANS: dict[str, list[tuple[str, ...]]] = {
    "public": [(PUBLIC,)],
    "rebound": [(PUBLIC,), (PUBLIC,), (PRIVATE,)],  # robots.txt, home, the rest
    "mixed": [(DEAD, PRIVATE)],
    "private": [(PRIVATE,)],
}


@pytest.fixture(scope="module")
def seen(
    tmp_path_factory: pytest.TempPathFactory,
) -> Seen:
    folder = tmp_path_factory.mktemp("rebinding")
    command = [*UNSHARE, sys.executable, __file__, str(folder)]
    run = subprocess.run(
        command, capture_output=True, text=True, check=False, timeout=300
    )
    assert run.returncode == 0, run.stderr[-3000:]
    told: Seen = json.loads(run.stdout)
    return told


@pytest.mark.parametrize("name", PLANS)
def test_no_plan_reaches_the_private_address(seen: Seen, name: str) -> None:
    assert PRIVATE not in seen[name]["hits"]
    assert not seen[name]["error"]


def test_a_public_name_is_crawled(seen: Seen) -> None:
    assert set(seen["public"]["rows"].values()) == {"ok"}
    assert len(seen["public"]["hits"][PUBLIC]) == 7


def test_the_turn_is_seen(seen: Seen) -> None:
    rows = seen["rebound"]["rows"]
    assert rows.pop("http://rebind.example/") == "ok"
    assert len(rows) == 5
    assert set(rows.values()) == {"blocked_address"}
    for name in ("rebound", "mixed", "private"):
        assert any("private address 127.0.0.1" in one for one in seen[name]["reasons"])


if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))
    _inside(Path(sys.argv[1]))
