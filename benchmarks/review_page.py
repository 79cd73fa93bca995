"""Time the review page on a made-up plan: first row, decisions, a filter.

    python benchmarks/review_page.py 100000 FOLDER

Writes plan.csv, scores.parquet (ten candidates a row) and both sites into FOLDER,
starts `redirectmap review` on it and measures from outside, over loopback.
"""

from __future__ import annotations

import gzip
import json
import os
import random
import subprocess
import sys
import time
from pathlib import Path
from statistics import median, quantiles

import httpx
import numpy as np
import pandas as pd

from redirectmap.matching.features import NAMES
from redirectmap.tables import PLAN, write_csv, write_parquet

SECTIONS = ("blog", "shop", "docs", "help", "news")
CANDIDATES = 10
DECISIONS = 60


def made_up(count: int, folder: Path) -> None:
    draw = random.Random(1)
    rng = np.random.default_rng(1)
    total = sum(1 / (n + 1) for n in range(count))
    section = [draw.choice(SECTIONS) for _ in range(count)]
    old = [f"https://old.example/{s}/page-{n}.html" for n, s in enumerate(section)]
    new = [f"https://new.example/{s}s/page-{n}" for n, s in enumerate(section)]
    sure = rng.random(count)
    plan = {
        "old_url": old,
        "action": ["review" if p < 0.9 else "redirect" for p in sure],
        "new_url": new,
        "confidence": sure,
        "decided_by": "match",
        "reason": "title 0.90, text 0.80",
        "priority": [1 / (n + 1) / total for n in range(count)],
        "old_title": [f"Page {n}" for n in range(count)],
    }
    write_csv(folder / "plan.csv", PLAN.fit(pd.DataFrame(plan)))
    row = np.repeat(np.arange(count), CANDIDATES)
    rank = np.tile(np.arange(CANDIDATES), count)
    scores = pd.DataFrame(
        rng.random((len(row), len(NAMES)), dtype=np.float32), columns=list(NAMES)
    )
    scores.insert(0, "old_url", np.array(old, dtype=object)[row])
    scores.insert(1, "new_url", np.array(new, dtype=object)[(row + rank * 7) % count])
    scores["probability"] = (sure[row] / (1 + rank) ** 2).astype(np.float32)
    scores["rank"] = rank + 1
    scores["margin"] = np.float32(0.1)
    scores["assigned"] = rank == 0
    scores["no_equivalent"] = np.float32(0.1)
    write_parquet(folder / "scores.parquet", scores)
    for name, urls in (("old", old), ("new", new)):
        site = folder / f"{name}.jsonl.gz"
        with gzip.open(site, "wt", compresslevel=1, encoding="utf-8") as lines:
            lines.writelines(json.dumps(page_of(url, draw)) + "\n" for url in urls)


def page_of(url: str, draw: random.Random) -> dict[str, object]:
    """Return a page of 60 words."""
    words = " ".join(f"word{draw.randrange(20_000)}" for _ in range(60))
    name = url.rpartition("/")[2]
    return {"url": url, "title": name, "h1": name, "text": words, "lang": "en"}


class Client:
    """Talks to the page's server."""

    def __init__(self, address: str) -> None:
        self.origin, _, once = address.partition("/#")
        self.http = httpx.Client(timeout=120)
        self.token = ""
        self.token = self.call("session", once=once)["token"]

    def call(self, name: str, **body: object) -> dict[str, object]:
        """Call the server; the answer as JSON."""
        headers = {"origin": self.origin, "x-redirectmap-token": self.token}
        url = f"{self.origin}/api/{name}"
        answer = self.http.post(url, json=body, headers=headers)
        answer.raise_for_status()
        value: dict[str, object] = answer.json()
        return value


def main() -> None:
    count, folder = int(sys.argv[1]), Path(sys.argv[2])
    folder.mkdir(parents=True, exist_ok=True)
    for name in ("overrides.csv", "history.jsonl", ".generated.csv"):
        (folder / name).unlink(missing_ok=True)
    made_up(count, folder)
    start = time.perf_counter()
    argv = [sys.executable, "-m", "redirectmap", "review", str(folder), "--no-open"]
    for name in ("old", "new"):
        argv += [f"--{name}", str(folder / f"{name}.jsonl.gz")]
    server = subprocess.Popen(argv, stdout=subprocess.PIPE, text=True)
    assert server.stdout is not None
    client = Client(server.stdout.readline().strip())
    listening = time.perf_counter() - start
    client.call("rows")
    first = time.perf_counter() - start
    used = of_process(server.pid)
    print(f"listening {listening:.2f} s, first rows {first:.2f} s, {used}")
    early = decisions(client, 10)
    print(f"decisions while it starts: {early}")
    while client.call("status")["state"] != "ready":
        time.sleep(0.5)
    print(f"ready {time.perf_counter() - start:.1f} s, {of_process(server.pid)}")
    print(f"decisions, learning behind: {decisions(client, DECISIONS)}")
    while client.call("status")["state"] != "ready":
        time.sleep(0.5)
    for pattern in ("/blog/*7.html", "blog 77"):
        took(f"filter {pattern}", client, "rows", filter={"pattern": pattern})
    took("page 900", client, "rows", offset=45_000)
    took("search by words and meaning", client, "find", query="page 4711 of the shop")
    print(of_process(server.pid))
    server.terminate()
    server.wait(120)


def took(what: str, client: Client, name: str, **body: object) -> None:
    begin = time.perf_counter()
    client.call(name, **body)
    print(f"{what}: {1000 * (time.perf_counter() - begin):.0f} ms")


def of_process(number: int) -> str:
    """Return the processor time and the highest memory of a process so far."""
    ticks = Path(f"/proc/{number}/stat").read_text().rpartition(")")[2].split()[11:13]
    status = Path(f"/proc/{number}/status").read_text()
    peak = int(status.partition("VmHWM:")[2].split()[0]) // 1024
    return f"{sum(map(int, ticks)) / os.sysconf('SC_CLK_TCK'):.1f} s of CPU, {peak} MB"


def decisions(client: Client, count: int) -> str:
    rows = client.call("rows", limit=200)["rows"]
    assert isinstance(rows, list)
    times = []
    for row in rows[:count]:
        begin = time.perf_counter()
        client.call("decide", url=row["old_url"], kind="accept", seen=0)
        times.append(1000 * (time.perf_counter() - begin))
        time.sleep(0.3)
    slow = quantiles(times, n=20)[-1]
    return (
        f"median {median(times):.0f} ms, 95 % under {slow:.0f} ms, max {max(times):.0f}"
    )


if __name__ == "__main__":
    main()
