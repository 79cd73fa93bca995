"""Time and memory of PageRank: 1 000 000 pages, 20 million links.

python benchmarks/equity.py [pages] [links per page]
"""

from __future__ import annotations

import resource
import sys
import time

import numpy as np
import pandas as pd

from redirectmap.equity import Graph, rank


def main(pages: int = 1_000_000, per_page: int = 20) -> None:
    random = np.random.default_rng(1)
    count = pages * per_page
    source = np.repeat(np.arange(pages, dtype=np.int64), per_page)
    # a heavy tail of targets, as menus and hubs make it
    target = (pages * random.random(count) ** 3).astype(np.int64)
    follow = np.ones(count, dtype=bool)
    seeds = random.zipf(2.0, pages).clip(max=1000).astype(float)
    begun = time.perf_counter()
    graph = Graph.from_edges(pd.RangeIndex(pages), source, target, follow)
    built = time.perf_counter()
    shares = rank(graph, seeds)
    done = time.perf_counter()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    print(f"{pages} pages, {count} links, {graph.into.nnz} distinct")
    print(
        f"build {built - begun:.1f} s, rank {done - built:.1f} s, peak {peak:.2f} GiB"
    )
    print(f"sum of shares {shares.sum():.12f}")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
