"""Rate of hop checks: ours, a stock Scrapy list crawl, curl --parallel.

    nice -n 10 .venv/bin/python benchmarks/verify.py [ROWS]

One nginx on loopback answers for the old site (a map of ROWS redirects to
ROWS/10 targets) and for the new one. Every client asks every old URL and
follows to the target. LinkChecker and one-hop take part where installed.
"""

from __future__ import annotations

import contextlib
import os
import resource
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

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


def timed(name: str, rows: int, command: list[str], **options: object) -> float:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    begun = time.monotonic()
    done = subprocess.run(command, stdout=subprocess.DEVNULL, check=False, **options)  # type: ignore[call-overload]
    wall = time.monotonic() - begun
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    rate = rows / wall
    peak = after.ru_maxrss // 1024
    print(
        f"{name:38} {wall:7.1f} s {rate:8.0f} rows/s  CPU {cpu:6.1f} s"
        f"  highest peak so far {peak} MB  exit {done.returncode}",
        flush=True,
    )
    return rate


def main() -> None:
    rows = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000
    port = free_port()
    base = f"http://127.0.0.1:{port}"
    print(f"{rows} rows, load {os.getloadavg()[0]:.1f}")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        urls = [f"{base}/old/{n}" for n in range(rows)]
        (folder / "urls").write_text("\n".join(urls) + "\n")
        plan = pd.DataFrame({"old_url": urls, "action": "redirect", "status": 301})
        plan["new_url"] = [f"{base}/t{n // 10}.html" for n in range(rows)]
        plan["priority"] = 1 / rows
        write_csv(folder / "plan.csv", PLAN.fit(plan))
        (folder / "stock.py").write_text(SCRAPY.format(urls=str(folder / "urls")))
        (folder / "curl").write_text(
            "".join(f'url = "{url}"\noutput = "/dev/null"\n' for url in urls)
        )
        ours = [sys.executable, "-m", "redirectmap", "verify", str(folder / "plan.csv")]
        ours += ["--base", base, "--extra-requests", "0", "--quiet", "--fresh"]
        ours += ["--concurrency", "32"]
        hops = [*ours, "--no-pages", "--one-agent"]
        scrapy = [sys.executable, "-m", "scrapy", "runspider", "-s", "LOG_LEVEL=INFO"]
        scrapy += ["-o", str(folder / "stock.jl"), str(folder / "stock.py")]
        curl = ["curl", "-s", "-L", "--parallel", "--parallel-max", "32"]
        quiet = {"stderr": subprocess.DEVNULL}
        with nginx(folder, rows, port):
            mine = timed("redirectmap, hops", rows, [*hops, "--out", f"{folder}/a"])
            timed(
                "redirectmap, both agents and pages",
                rows,
                [*ours, "--out", f"{folder}/b"],
            )
            fast = timed(
                "curl --parallel", rows, [*curl, "-K", str(folder / "curl")], **quiet
            )
            sample = min(rows, 10_000)
            lines = "".join(f"{url}\n" for url in urls[:sample])
            (folder / "urls").write_text(lines)
            stock = timed(f"stock Scrapy, {sample} rows", sample, scrapy, **quiet)
            if shutil.which("linkchecker"):
                command = ["linkchecker", "-r1", "--no-status", "--check-extern", base]
                timed("LinkChecker (one page only)", 1, command, **quiet)
        print(f"ours / stock Scrapy {mine / stock:.1f}; ours / curl {mine / fast:.2f}")


if __name__ == "__main__":
    main()
