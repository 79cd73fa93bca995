"""Time and memory of link equity: 1 000 000 pages, 20 million links.

python benchmarks/equity.py solver|db|parquet [pages] [links per page] [folder]

`solver` builds the graph from numbers and solves it. `db` and `parquet` write a
site of that size into `folder` once (a crawl's file; a pages table with a
column `links`) with 200 000 backlinks, then run the whole command on them in a
process of its own: `redirectmap equity --site FILE --backlinks FILE --out DIR`.
"""

from __future__ import annotations

import resource
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from redirectmap.equity import Graph, rank
from redirectmap.sitefile import SiteFile

SECTIONS = ("blog", "products", "services", "locations", "category", "about")
BACKLINKS = 200_000


def targets(pages: int, per_page: int) -> np.ndarray:
    """Return targets with a heavy tail, as menus and hubs make it."""
    random = np.random.default_rng(1)
    return (pages * random.random(pages * per_page) ** 3).astype(np.int64)


def url(number: int) -> str:
    """Return the URL of a page; page 0 is the homepage."""
    if number == 0:
        return "https://www.large.example/"
    part = SECTIONS[number % len(SECTIONS)]
    return f"https://www.large.example/{part}/page-with-a-usual-name-{number}"


def solver(pages: int, per_page: int) -> None:
    """Time graph and PageRank alone."""
    source = np.repeat(np.arange(pages, dtype=np.int64), per_page)
    target = targets(pages, per_page)
    follow = np.ones(len(source), dtype=bool)
    seeds = np.random.default_rng(2).zipf(2.0, pages).clip(max=1000).astype(float)
    begun = time.perf_counter()
    graph = Graph.from_edges(pages, source, target, follow)
    built = time.perf_counter()
    shares = rank(graph, seeds)
    done = time.perf_counter()
    print(f"{pages} pages, {len(source)} links, {graph.into.nnz} distinct")
    print(f"build {built - begun:.1f} s, rank {done - built:.1f} s")
    print(f"peak {peak(resource.RUSAGE_SELF):.2f} GiB, sum {shares.sum():.12f}")


def peak(who: int) -> float:
    """Return the peak of memory in GiB."""
    return resource.getrusage(who).ru_maxrss / 2**20


def write_crawl(path: Path, pages: int, per_page: int) -> None:
    """Write a crawl's file."""
    SiteFile.create(path).close()
    target = targets(pages, per_page).tolist()
    db = sqlite3.connect(path)
    db.execute("PRAGMA synchronous = OFF")
    db.executemany(
        "INSERT INTO urls (id, url, kind, state) VALUES (?, ?, 'page', 'done')",
        ((n + 1, url(n)) for n in range(pages)),
    )
    db.executemany(
        "INSERT INTO pages (id, status, title, robots) VALUES (?, 200, ?, NULL)",
        ((n + 1, f"Page with a usual name {n} | Large") for n in range(pages)),
    )

    def links() -> Iterator[tuple[int, int, int, str, str, str]]:
        for place, to in enumerate(target):
            page, position = divmod(place, per_page)
            region = "nav" if position < per_page // 2 else "content"
            yield page + 1, to + 1, position, "usual anchor text", "", region

    db.executemany("INSERT INTO links VALUES (?, ?, ?, ?, ?, ?)", links())
    db.commit()
    db.close()


def write_parquet(path: Path, pages: int, per_page: int) -> None:
    """Write a pages table with the links of each page."""
    import pyarrow as pa
    from pyarrow import parquet

    target = targets(pages, per_page).reshape(pages, per_page)
    step = 20_000
    fields = [("url", pa.string()), ("title", pa.string())]
    schema = pa.schema([*fields, ("links", pa.list_(pa.string()))])
    with parquet.ParquetWriter(path, schema) as writer:
        for first in range(0, pages, step):
            numbers = range(first, min(first + step, pages))
            batch = {
                "url": [url(n) for n in numbers],
                "title": [f"Page {n} | Large" for n in numbers],
                "links": [[url(to) for to in target[n].tolist()] for n in numbers],
            }
            writer.write_table(pa.table(batch, schema=schema))


def write_backlinks(path: Path, pages: int) -> None:
    """Write backlinks of 50 000 domains, every third to the homepage."""
    random = np.random.default_rng(3)
    to = (pages * random.random(BACKLINKS) ** 2).astype(int) * (
        random.random(BACKLINKS) > 1 / 3
    )
    from_ = random.integers(0, 50_000, BACKLINKS)
    with path.open("w", encoding="utf-8") as file:
        file.write("source_url,target_url,anchor,rel\n")
        for number, (domain, page) in enumerate(zip(from_, to, strict=True)):
            file.write(f"https://d{domain}.example/{number},{url(int(page))},Large,\n")


def command(kind: str, pages: int, per_page: int, folder: Path) -> None:
    """Time the whole command."""
    folder.mkdir(parents=True, exist_ok=True)
    site = folder / f"{pages}.{kind}"
    backlinks = folder / f"{pages}-backlinks.csv"
    if not site.exists():
        {"db": write_crawl, "parquet": write_parquet}[kind](site, pages, per_page)
    write_backlinks(backlinks, pages)
    argv = [sys.executable, "-m", "redirectmap", "equity", "--site", str(site)]
    argv += ["--backlinks", str(backlinks), "--out", str(folder / "out"), "--quiet"]
    begun = time.perf_counter()
    subprocess.run(argv, check=True, stdout=subprocess.DEVNULL)
    seconds = time.perf_counter() - begun
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    print(f"{kind}: {pages} pages, {pages * per_page} links, {site.stat().st_size} B")
    print(
        f"{seconds:.1f} s wall, {usage.ru_utime + usage.ru_stime:.1f} s CPU, "
        f"peak {peak(resource.RUSAGE_CHILDREN):.2f} GiB"
    )


if __name__ == "__main__":
    mode, *numbers = sys.argv[1:] or ["solver"]
    size = int(numbers[0]) if numbers else 1_000_000
    each = int(numbers[1]) if len(numbers) > 1 else 20
    if mode == "solver":
        solver(size, each)
    else:
        place = numbers[2] if len(numbers) > 2 else "equity-bench"
        command(mode, size, each, Path(place))
