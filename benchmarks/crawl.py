"""Crawl one local site with several crawlers and compare them.

    python benchmarks/crawl.py [--pages 10000] [--json FILE]
    python benchmarks/crawl.py --pages 10000 100000 --sections 1 --ours

A static site of about 20 KB a page (15 sections) is served by nginx on a loopback
port. Each crawler runs in a process of its own, one after the other, with the
same concurrency (16). Figures: pages a second, CPU milliseconds a page (user and
system, of the crawler and its children), peak memory, pages recorded; and how
many pages a second nginx itself hands out to a bare loop of keep-alive requests.
advertools and wget are measured where they are installed; `--advertools PYTHON`
names the interpreter that has advertools (it need not be this one). Several sizes
show whether memory stays flat.
"""

from __future__ import annotations

import argparse
import http.client
import importlib.util
import json
import os
import random
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).parents[1]
WORDS = [f"w{n:x}ord" for n in range(4_000)]
STOCK = """
import sys, scrapy
from scrapy.crawler import CrawlerProcess
from scrapy.linkextractors import LinkExtractor
class Stock(scrapy.Spider):
    name = "stock"
    start_urls = [sys.argv[1]]
    allowed_domains = ["127.0.0.1"]
    links = LinkExtractor()
    def parse(self, response):
        yield {"url": response.url, "title": response.css("title::text").get()}
        for link in self.links.extract_links(response):
            yield scrapy.Request(link.url)
process = CrawlerProcess({"LOG_LEVEL": "INFO", "CONCURRENT_REQUESTS": 16,
    "CONCURRENT_REQUESTS_PER_DOMAIN": 16, "DOWNLOAD_DELAY": 0,
    "ROBOTSTXT_OBEY": True, "FEEDS": {sys.argv[2]: {"format": "jsonlines"}}})
process.crawl(Stock)
process.start()
"""
ADVERTOOLS = """
import sys, advertools
advertools.crawl(sys.argv[1], sys.argv[2], follow_links=True,
    allowed_domains=["127.0.0.1"],  # its own guess holds the port and fits no page
    custom_settings={"CONCURRENT_REQUESTS_PER_DOMAIN": 16, "LOG_LEVEL": "INFO"})
"""


def write_site(folder: Path, pages: int, sections: int) -> None:
    chance = random.Random(5)
    menu = "".join(f'<li><a href="/p{n}.html">Menu {n}</a></li>' for n in range(20))
    for n in range(pages):
        (folder / f"p{n}.html").write_text(_page(n, pages, menu, chance, sections))
    (folder / "index.html").write_text(_page(0, pages, menu, chance, sections))


def _page(n: int, pages: int, menu: str, chance: random.Random, sections: int) -> str:
    links = [n * 10 + k for k in range(1, 11) if n * 10 + k < pages]
    links += [chance.randrange(pages) for _ in range(20)]
    inner = "".join(f'<p>See <a href="/p{k}.html">page {k}</a>.</p>' for k in links)
    text = "".join(
        f"<h2>{chance.choice(WORDS)}</h2>"
        f"<p>{' '.join(chance.choices(WORDS, k=150))}</p>"
        for _ in range(sections)
    )
    return (
        f"<!doctype html><html lang=en><head><title>Page {n}</title>"
        f'<meta name=description content="About {n}"><link rel=canonical'
        f' href="/p{n}.html"></head><body><nav><ul>{menu}</ul></nav><main>'
        f"<h1>Page {n}</h1>{text}{inner}</main><footer>End</footer></body></html>"
    )


def serve(folder: Path, site: Path) -> tuple[int, int]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    temps = "".join(
        f"{name}_temp_path {folder}/{name};"
        for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    (folder / "nginx.conf").write_text(
        f"pid {folder}/pid; error_log {folder}/error.log; worker_processes 1;"
        f"events {{}} http {{ access_log off; {temps} keepalive_requests 1000000;"
        f"types {{ text/html html; }} server {{ listen 127.0.0.1:{port};"
        f"root {site}; index index.html; }} }}"
    )
    subprocess.run(["nginx", "-p", folder, "-c", folder / "nginx.conf"], check=True)
    time.sleep(0.5)
    return port, int((folder / "pid").read_text())


def server_rate(port: int, pages: int) -> float:
    line = http.client.HTTPConnection("127.0.0.1", port)
    begun = time.perf_counter()
    for n in range(min(pages, 2_000)):
        line.request("GET", f"/p{n}.html")
        line.getresponse().read()
    return min(pages, 2_000) / (time.perf_counter() - begun)


def measure(name: str, command: list[str], pages: int) -> dict[str, object]:
    before = os.times()
    begun = time.perf_counter()
    # advertools starts a `scrapy` of its own
    path = f"{Path(command[0]).parent}:{os.environ['PATH']}"
    child = subprocess.Popen(
        command,
        cwd=ROOT,
        env=os.environ | {"PATH": path},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    _, status, usage = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    wall = time.perf_counter() - begun
    after = os.times()
    cpu = usage.ru_utime + usage.ru_stime
    cpu = max(cpu, after.children_user - before.children_user)
    return {
        "crawler": name,
        "exit": child.returncode,
        "pages_per_second": round(pages / wall, 1),
        "cpu_ms_per_page": round(cpu / pages * 1000, 2),
        "peak_mb": round(usage.ru_maxrss / 1024),
    }


def crawlers(
    url: str, port: int, out: Path, advertools: str | None
) -> dict[str, list[str]]:
    python = sys.executable
    options = {
        "url": url,
        "out": str(out / "site.db"),
        "allow_private": [f"127.0.0.1:{port}"],
        "concurrency": 16,
    }
    ours = (
        "import sys; from spiders.__main__ import crawl;"
        " from redirectmap.crawlsettings import CrawlJob;"
        " sys.exit(crawl(CrawlJob.from_json(sys.argv[1])))"
    )
    found = {
        "redirectmap": [python, "-c", ours, json.dumps(options)],
        "scrapy LinkExtractor": [python, "-c", STOCK, url, str(out / "stock.jl")],
    }
    if advertools:
        found["advertools"] = [advertools, "-c", ADVERTOOLS, url, str(out / "adv.jl")]
    if shutil.which("wget"):
        found["wget -r"] = [
            *("wget", "-q", "-r", "-l", "inf", "-P", str(out / "wget"), url)
        ]
    return found


def recorded(name: str, out: Path) -> int:
    """Count the pages that a crawler kept."""
    if name == "redirectmap":
        db = sqlite3.connect(out / "site.db")
        query = "SELECT count(*) FROM pages p JOIN urls u ON u.id = p.id"
        return int(db.execute(f"{query} WHERE u.kind = 'page'").fetchone()[0])
    if name == "wget -r":
        return sum(1 for _ in (out / "wget").rglob("*.html"))
    file = out / ("adv.jl" if name == "advertools" else "stock.jl")
    return sum(1 for _ in file.open("rb")) if file.exists() else 0


def run(pages: int, arguments: argparse.Namespace) -> list[dict[str, object]]:
    rows = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)
        site = folder / "site"
        site.mkdir()
        write_site(site, pages, arguments.sections)
        port, pid = serve(folder, site)
        try:
            rate = server_rate(port, pages)
            url = f"http://127.0.0.1:{port}/"
            commands = crawlers(url, port, folder, arguments.advertools)
            for who, command in commands.items():
                if arguments.ours and who != "redirectmap":
                    continue
                row = measure(who, command, pages)
                row["recorded"] = recorded(who, folder)
                share = float(str(row["pages_per_second"])) / rate
                row |= {"share_of_server": round(share, 3), "site": pages}
                print(json.dumps(row), flush=True)
                rows.append(row)
        finally:
            os.kill(pid, signal.SIGTERM)
    load = os.getloadavg()[0]
    print(f"nginx itself, one connection: {rate:.0f} pages/s; load {load:.1f}")
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pages", type=int, nargs="+", default=[10_000])
    parser.add_argument("--sections", type=int, default=15)
    parser.add_argument("--ours", action="store_true", help="no other crawler")
    here = sys.executable if importlib.util.find_spec("advertools") else None
    parser.add_argument("--advertools", metavar="PYTHON", default=here)
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    rows = [row for pages in arguments.pages for row in run(pages, arguments)]
    if arguments.json:
        arguments.json.write_text(json.dumps(rows, indent=2) + "\n")


if __name__ == "__main__":
    main()
