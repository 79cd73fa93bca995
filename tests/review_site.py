"""A plan's folder and a running review page, for the tests of the page."""

from __future__ import annotations

import csv
import gzip
import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pandas as pd

from redirectmap.matching.features import NAMES
from redirectmap.tables import PLAN, write_csv, write_parquet

OLD, NEW = "https://old.example", "https://new.example"
HOSTILE = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "</title><svg onload=alert(1)>",
    "<iframe srcdoc='<script>parent.alert(1)</script>'>",
    "javascript:alert(1)//{{7*7}}${alert(1)}",
    "\u202e<a href=javascript:alert(1) autofocus onfocus=alert(1)>x</a>\x1b[31m",
]


def page(url: str, title: str, text: str, **more: Any) -> dict[str, Any]:  # noqa: ANN401
    return {
        "url": url,
        "title": title,
        "h1": title,
        "description": f"About {title}",
        "headings": [title, "More"],
        "text": text,
        "lang": "en",
        "links": [],
        **more,
    }


def write_pages(path: Path, pages: list[dict[str, Any]]) -> Path:
    with gzip.open(path, "wt", encoding="utf-8") as lines:
        lines.writelines(json.dumps(one) + "\n" for one in pages)
    return path


def make_folder(folder: Path, count: int = 30, hostile: bool = False) -> Path:
    """Write plan, scores and both sites; row n is worth less than row n-1."""
    folder.mkdir(parents=True, exist_ok=True)
    names = [f"page-{n}" for n in range(count)]
    titles = [
        HOSTILE[n % len(HOSTILE)] if hostile else f"Page number {n}"
        for n in range(count)
    ]
    old = [
        page(f"{OLD}/blog/{name}.html", title, f"{title} tells of boilers in {n} words")
        for n, (name, title) in enumerate(zip(names, titles, strict=True))
    ]
    new = [
        page(
            f"{NEW}/articles/{name}", title, f"{title} tells of heat pumps in {n} words"
        )
        for n, (name, title) in enumerate(zip(names, titles, strict=True))
    ]
    new.append(page(f"{NEW}/prices", "Prices", "What a repair costs, and when we pay"))
    write_pages(folder / "old.jsonl.gz", old)
    write_pages(folder / "new.jsonl.gz", new)
    total = sum(1 / (n + 1) for n in range(count))
    rows, pairs = [], []
    for n, name in enumerate(names):
        wrong = n % 3 == 1
        best = NEW + ("/prices" if wrong else f"/articles/{name}")
        rows.append(
            {
                "old_url": f"{OLD}/blog/{name}.html",
                "action": "gone" if n % 10 == 9 else "review",
                "new_url": None if n % 10 == 9 else best,
                "confidence": 0.5,
                "margin": 0.2,
                "decided_by": "match",
                "reason": "title 0.90",
                "priority": 1 / (n + 1) / total,
                "old_title": titles[n],
                "new_title": titles[n],
            }
        )
        other = f"{NEW}/articles/{name}" if wrong else f"{NEW}/prices"
        for rank, target in enumerate((best, other), start=1):
            absent = 0.95 if n % 10 == 9 else 0.1
            signals = dict.fromkeys(NAMES, np.nan) | {"title": 0.9 / rank}
            chance = (0.5 if rank == 1 else 0.2) if n % 10 != 9 else 0.03
            pairs.append(
                {
                    "old_url": rows[-1]["old_url"],
                    "new_url": target,
                    **signals,
                    "probability": chance,
                    "rank": rank,
                    "margin": 0.3 if rank == 1 else -0.3,
                    "assigned": rank == 1,
                    "no_equivalent": absent,
                }
            )
    write_csv(folder / "plan.csv", PLAN.fit(pd.DataFrame(rows)))
    write_parquet(folder / "scores.parquet", pd.DataFrame(pairs))
    return folder


class Server:
    """A review page in a process of its own."""

    def __init__(self, folder: Path, *more: str) -> None:
        self.folder = folder
        self.errors = (folder / "stderr.txt").open("a", encoding="utf-8")
        argv = [sys.executable, "-m", "redirectmap", "review", str(folder), "--no-open"]
        sites = ["--old", str(folder / "old.jsonl.gz"), "--new"]
        sites.append(str(folder / "new.jsonl.gz"))
        self.process = subprocess.Popen(
            [*argv, *sites, "--who", "ana", *more],
            stdout=subprocess.PIPE,
            stderr=self.errors,
            text=True,
            env={**os.environ, "PYTHONUNBUFFERED": "1"},
        )
        assert self.process.stdout is not None
        self.address = self.process.stdout.readline().strip()
        assert self.address, "the review page did not start"
        self.origin, _, self.once = self.address.partition("/#")
        self.token = ""

    def call(self, name: str, **body: Any) -> dict[str, Any]:  # noqa: ANN401
        answer = self.post(name, body)
        assert answer.status_code == 200, answer.text
        value: dict[str, Any] = answer.json()
        return value

    def post(self, name: str, body: dict[str, Any]) -> httpx.Response:
        if not self.token and name != "session":
            self.token = self.call("session", once=self.once)["token"]
        headers = {"origin": self.origin, "x-redirectmap-token": self.token}
        address = f"{self.origin}/api/{name}"
        return httpx.post(address, json=body, headers=headers, timeout=60)

    def first(self, **wanted: str) -> dict[str, Any]:
        """Return the first row of the list, in full."""
        rows = self.call("rows", filter=wanted)["rows"]
        return self.call("row", url=rows[0]["old_url"])

    def wait_until(self, state: str = "ready", seconds: float = 60) -> dict[str, Any]:
        end = time.monotonic() + seconds
        while True:
            status = self.call("status")
            if status["state"] == state:
                return status
            assert time.monotonic() < end, status
            time.sleep(0.1)

    def kill(self) -> None:
        self.process.kill()
        self._end()

    def stop(self) -> int:
        self.process.send_signal(signal.SIGINT)
        return self._end()

    def _end(self) -> int:
        code = self.process.wait(60)
        assert self.process.stdout is not None
        self.process.stdout.close()
        self.errors.close()
        return code


@contextmanager
def reviewing(folder: Path, *more: str) -> Iterator[Server]:
    server = Server(folder, *more)
    try:
        yield server
    finally:
        server.kill()


def port_of(server: Server) -> int:
    found = re.search(r":(\d+)$", server.origin)
    assert found
    return int(found[1])


def saved(folder: Path) -> dict[str, dict[str, str]]:
    with (folder / "overrides.csv").open(newline="", encoding="utf-8") as lines:
        return {row["old_url"]: row for row in csv.DictReader(lines)}


def decide(running: Server, url: str, kind: str, **more: Any) -> dict[str, Any]:  # noqa: ANN401
    seen = running.call("row", url=url)["seen"]
    return running.call("decide", url=url, kind=kind, seen=seen, **more)
