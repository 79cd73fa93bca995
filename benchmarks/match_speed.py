"""Time the matching of two made-up sites: python benchmarks/match_speed.py 10000.

Pages have a title, headings and about 220 words drawn from a Zipf-like
vocabulary of 50 000; a tenth of the old pages has no equal.
"""

from __future__ import annotations

import resource
import sys
import time
from dataclasses import dataclass

import numpy as np
import pandas as pd

from redirectmap.matching import match


@dataclass(frozen=True)
class Tables:
    """One made-up site."""

    pages: pd.DataFrame
    links: pd.DataFrame


def sites(size: int) -> tuple[Tables, Tables]:
    chance = np.random.default_rng(1)
    letters = np.array(list("abcdefghijklmnopqrstuvwxyz"))
    words = np.array(["".join(chance.choice(letters, 7)) for _ in range(50_000)])
    share = 1 / np.arange(10, 50_010)
    share /= share.sum()
    olds, news = [], []
    for i in range(size):
        drawn = words[chance.choice(50_000, 228, p=share)].tolist()
        title, rest = drawn[:6], drawn[8:]
        slug, text = "-".join(title[:4]), " ".join(rest)
        row = {"title": " ".join(title), "headings": rest[:3], "lang": "en"}
        olds.append(
            {"url": f"https://o.test/f{i % 40}/{slug}.html", "text": text, **row}
        )
        if i % 10:
            other = {**row, "title": " ".join(title[::-1])}
            moved = " ".join(rest[:180] + drawn[:8])
            url = f"https://n.test/g{i % 40}/{slug}"
            news.append({"url": url, "text": moved, **other})
    none = pd.DataFrame({"source": [], "target": []}, dtype=object)
    return Tables(pd.DataFrame(olds), none), Tables(pd.DataFrame(news), none)


def main() -> None:
    old, new = sites(int(sys.argv[1]))
    start = time.perf_counter()
    cpu = time.process_time()

    def step(name: str) -> None:
        print(f"{time.perf_counter() - start:7.1f} s wall  {name}", flush=True)

    match(old, new, on_step=step)
    step("done")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    print(f"{time.process_time() - cpu:7.1f} s cpu, peak {peak:.2f} GB")


if __name__ == "__main__":
    main()
