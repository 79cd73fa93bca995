"""Rate and memory of verification: ours, stock Scrapy, curl, LinkChecker, one-hop.

    apt-get install nginx-light curl linkchecker
    python3 -m venv rivals && rivals/bin/pip install one-hop
    PATH=$PATH:rivals/bin .venv/bin/python benchmarks/verify.py [ROWS]

One nginx on loopback answers for the old site (a map of ROWS redirects to
ROWS/10 targets) and for the new one. Every client asks old URLs and follows to
the target; slow ones get fewer rows, their rate is what counts. LinkChecker
(which waits between requests by itself) and one-hop take part where installed. Peak
is that of the process; less than this benchmark's own is not seen.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd

from redirectmap.tables import write_csv
from redirectmap.tables.schemas import PLAN

SCRAPY = """
import scrapy
class Stock(scrapy.Spider):
    name = "stock"
    def start_requests(self): return iter(())
    async def start(self):
        for line in open({urls!r}):
            yield scrapy.Request(line.strip(), dont_filter=True)
    def parse(self, response):
        yield {{"url": response.url, "status": response.status}}
"""
PAGE = "<html lang=en><head><title>Target {0}</title></head><body><main><h1>Target {0}"
PAGE += "</h1><p>{1}</p></main></body></html>"


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


@contextlib.contextmanager
def nginx(folder: Path, rows: int, port: int) -> Iterator[None]:
    site = folder / "site"
    site.mkdir()
    for n in range(max(1, rows // 10)):
        text = f"Everything about thing number {n}. " * 40
        (site / f"t{n}.html").write_text(PAGE.format(n, text))
    lines = (f"/old/{n} /t{n // 10}.html;" for n in range(rows))
    (folder / "map").write_text("\n".join(lines))
    (folder / "nginx.conf").write_text(
        f"daemon off; worker_processes 1; pid {folder}/pid; error_log {folder}/err;\n"
        "events { worker_connections 4096; }\n"
        "http { access_log off; map_hash_max_size 524288; map_hash_bucket_size 128;\n"
        "keepalive_requests 1000000; types { text/html html; }\n"
        f"map $uri $to {{ include {folder}/map; }}\n"
        f"server {{ listen 127.0.0.1:{port}; root {site}; absolute_redirect off;\n"
        "if ($to) { return 301 $to; } } }\n"
    )
    folder.chmod(0o755)
    site.chmod(0o755)
    process = subprocess.Popen(["nginx", "-c", str(folder / "nginx.conf")])
    for _ in range(500):
        with (
            contextlib.suppress(OSError),
            socket.create_connection(("127.0.0.1", port)),
        ):
            break
        time.sleep(0.02)
    try:
        yield
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait()


def timed(name: str, rows: int, command: list[str], **options: Any) -> float:  # noqa: ANN401
    """Run `command`; print and return rows a second."""
    begun = time.monotonic()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, **options)
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    wall = time.monotonic() - begun
    print(
        f"{name:38} {rows:7} rows {wall:7.1f} s {rows / wall:8.0f} rows/s"
        f"  CPU {used.ru_utime + used.ru_stime:6.1f} s"
        f"  peak {used.ru_maxrss // 1024:5} MB  exit {process.returncode}",
        flush=True,
    )
    return rows / wall


def write_plan(path: Path, urls: list[str], base: str) -> None:
    plan = pd.DataFrame({"old_url": urls, "action": "redirect", "status": 301})
    plan["new_url"] = [f"{base}/t{n // 10}.html" for n in range(len(urls))]
    plan["priority"] = 1 / len(urls)
    write_csv(path, PLAN.fit(plan))


def ours(folder: Path, base: str, rows: int, name: str, *options: str) -> float:
    """Time our command; returns its rate."""
    command = [sys.executable, "-m", "redirectmap", "verify", str(folder / "plan.csv")]
    command += ["--base", base, "--extra-requests", "0", "--quiet", "--fresh"]
    command += ["--concurrency", "32", "--out", str(folder / "out"), *options]
    return timed(f"redirectmap, {name}", rows, command)


def rivals(folder: Path, base: str, urls: list[str]) -> dict[str, float]:
    """Time the others; returns their rates."""
    quiet: dict[str, Any] = {"stderr": subprocess.DEVNULL}
    lines = (f'url = "{url}"\noutput = "/dev/null"\n' for url in urls)
    (folder / "curl").write_text("".join(lines))
    curl = ["curl", "-s", "-L", "--parallel", "--parallel-max", "32"]
    curl += ["-K", str(folder / "curl")]
    rates = {"curl": timed("curl --parallel", len(urls), curl, **quiet)}
    some = urls[:10_000]
    (folder / "urls").write_text("".join(f"{url}\n" for url in some))
    (folder / "stock.py").write_text(SCRAPY.format(urls=str(folder / "urls")))
    scrapy = [sys.executable, "-m", "scrapy", "runspider", "-s", "LOG_LEVEL=INFO"]
    scrapy += ["-o", str(folder / "stock.jl"), str(folder / "stock.py")]
    rates["Scrapy"] = timed("stock Scrapy list crawl", len(some), scrapy, **quiet)
    if shutil.which("one-hop"):
        few = urls[:5_000]
        pairs = (f"{url},{base}/t{n // 10}.html\n" for n, url in enumerate(few))
        (folder / "pairs.csv").write_text("".join(pairs))
        command = ["one-hop", str(folder / "pairs.csv"), "--base", base]
        command += ["--workers", "32"]
        rates["one-hop"] = timed("one-hop", len(few), command, **quiet)
    if shutil.which("linkchecker"):
        few = urls[:100]
        links = "".join(f'<a href="{url}">x</a>' for url in few)
        (folder / "site" / "index.html").write_text(f"<html><body>{links}")
        command = [
            "linkchecker",
            "-r1",
            "-t",
            "32",
            "--no-status",
            f"{base}/index.html",
        ]
        rates["LinkChecker"] = timed("LinkChecker", len(few), command, **quiet)
    return rates


def main() -> None:
    rows = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000
    port = free_port()
    base = f"http://127.0.0.1:{port}"
    print(f"{rows} rows, load {os.getloadavg()[0]:.1f}")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        urls = [f"{base}/old/{n}" for n in range(rows)]
        write_plan(folder / "plan.csv", urls, base)
        with nginx(folder, rows, port):
            mine = ours(folder, base, rows, "hops", "--no-pages", "--one-agent")
            for other, rate in rivals(folder, base, urls).items():
                print(f"hops: {mine / rate:.2f} times the rate of {other}")
            ours(folder, base, rows, "both agents and pages")


if __name__ == "__main__":
    main()
