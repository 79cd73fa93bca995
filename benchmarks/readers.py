"""How long and how much memory the readers need for files of real size.

python benchmarks/readers.py logs 5000000
python benchmarks/readers.py backlinks 2000000
python benchmarks/readers.py jsonl 100000

Writes a file of that many rows to a temporary folder, reads it in a fresh
process, prints seconds, rows per second and the peak memory of that process.
"""

from __future__ import annotations

import json
import random
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from redirectmap.readers import read_backlinks, read_site, read_traffic

SITE = "https://old.example"
AGENTS = [
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/126.0 Safari/537.36",
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 14_5) Version/17.5 Safari/605.1.15",
    "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
]


def logs(rows: int, rng: random.Random) -> Iterator[str]:
    for _ in range(rows):
        path = f"/shop/product-{int(rng.expovariate(1 / 8000))}.html"
        yield (
            f"203.0.113.{rng.randrange(255)} - - "
            f"[{rng.randrange(1, 29):02}/Sep/2026:10:00:00 +0000] "
            f'"GET {path} HTTP/1.1" {rng.choice((200, 200, 200, 301, 404))} 5120 '
            f'"https://www.example.org/" "{rng.choice(AGENTS)}"\n'
        )


def backlinks(rows: int, rng: random.Random) -> Iterator[str]:
    yield (
        '"Referring page title"\t"Referring page URL"\t"Domain rating"\t"Target URL"\t'
        '"Anchor"\t"Nofollow"\t"UGC"\t"Sponsored"\t"First seen"\t"Last seen"\t"Lost"\n'
    )
    for number in range(rows):
        host = f"blog{int(rng.expovariate(1 / 20000))}.example.com"
        yield (
            f'"Title {number}"\t"https://{host}/2024/post-{number}"\t"{number % 90}"\t'
            f'"{SITE}/page-{rng.randrange(20000)}"\t"anchor {number % 5000}"\t'
            '"false"\t"false"\t"false"\t"2024-05-05 10:00"\t"2026-09-01 10:00"\t""\n'
        )


def jsonl(rows: int, rng: random.Random) -> Iterator[str]:
    for number in range(rows):
        page = {
            "url": f"{SITE}/page-{number}",
            "title": f"Page {number}",
            "text": "words " * 200,
            "links": [f"{SITE}/page-{rng.randrange(rows)}" for _ in range(20)],
        }
        yield json.dumps(page) + "\n"


MAKERS = {"logs": logs, "backlinks": backlinks, "jsonl": jsonl}


def write(kind: str, rows: int, path: Path) -> None:
    encoding = "utf-16" if kind == "backlinks" else "utf-8"
    with path.open("w", encoding=encoding) as stream:
        stream.writelines(MAKERS[kind](rows, random.Random(1)))


def read(kind: str, path: Path) -> None:
    begin = time.perf_counter()
    if kind == "logs":
        size = len(read_traffic([path], base=SITE)[0])
    elif kind == "backlinks":
        size = len(read_backlinks([path])[0])
    else:
        size = len(read_site(path).pages)
    seconds = time.perf_counter() - begin
    used = resource.getrusage(resource.RUSAGE_SELF)
    cpu, peak = used.ru_utime + used.ru_stime, used.ru_maxrss / 1024
    print(f"{kind}: {size} rows out, {seconds:.1f} s, {cpu:.1f} s CPU, {peak:.0f} MB")


def main() -> None:
    kind, rows = sys.argv[1], sys.argv[2]
    if not rows.isdigit():
        read(kind, Path(rows))
        return
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / kind
        write(kind, int(rows), path)
        print(f"{path.stat().st_size / 1e6:.0f} MB")
        subprocess.run([sys.executable, __file__, kind, str(path)], check=True)


if __name__ == "__main__":
    main()
