"""Export, load and ask many rules: a million made ones, or a map of many hosts.

    python benchmarks/export_scale.py nginx 1000000
    python benchmarks/export_scale.py apache ../shared/bench/ukgov_maps_public.csv.gz

A map is a CSV with old_url, new_url and status. The answers to 5 000 random rows are
compared with the plan's own, read anew.
"""

from __future__ import annotations

import random
import sys
import tempfile
import time
from pathlib import Path

import pandas as pd

from redirectmap.exporters import export_plan, exporter
from redirectmap.exporters.expect import Expectation, Platform, asked_rows
from redirectmap.exporters.servers import SERVERS, running
from redirectmap.exporters.wire import Client
from redirectmap.tables import PLAN
from redirectmap.tables.files import read_strict_csv

REQUESTS = 5_000


def made(rows: int) -> pd.DataFrame:
    numbers = range(rows)
    old = [f"https://old.example/s/{n % 97}/p-{n}.html" for n in numbers]
    new = [f"https://new.example/pages/page-{n}/" for n in numbers]
    return plan_of(old, new, [301] * rows)


def mapped(path: Path) -> pd.DataFrame:
    table = pd.read_csv(path, dtype=str, keep_default_na=False)
    return plan_of(table["old_url"], table["new_url"], table["status"].astype(int))


def plan_of(old: object, new: object, status: object) -> pd.DataFrame:
    table = pd.DataFrame({"old_url": old, "new_url": new, "status": status})
    gone = table["status"].isin([404, 410])
    table["action"] = gone.map({True: "gone", False: "redirect"})
    table["new_url"] = table["new_url"].where(~gone, None)
    return PLAN.fit(table.assign(priority=1 / len(table)))


def main() -> None:
    name, what = sys.argv[1:3]
    plan = made(int(what)) if what.isdigit() else mapped(Path(what))
    with tempfile.TemporaryDirectory() as folder:
        clock, cpu = time.perf_counter(), time.process_time()
        result = export_plan(plan, name, Path(folder))
        print(
            f"{name}: {len(plan):,} rows, {result.rows:,} rules, "
            f"{len(result.refused):,} refused; "
            f"export {time.perf_counter() - clock:.1f} s, "
            f"{time.process_time() - cpu:.1f} s CPU of our own",
            flush=True,
        )
        ask(plan, name, result.folder)


def ask(plan: pd.DataFrame, name: str, folder: Path) -> None:
    refused = set(read_strict_csv(folder / "refused.csv")["old_url"])
    rows = asked_rows(plan, refused, include_review=False)
    expected = Expectation(rows, Platform("keep"))
    sample = random.Random(1).sample([row for row in rows if row.rule], REQUESTS)
    server = SERVERS[exporter(name).server or ""]
    clock = time.perf_counter()
    with running(server, folder, str(folder.absolute())) as started:
        ready = time.perf_counter() - clock
        if started.problem:
            sys.exit(started.problem)
        clock = time.perf_counter()
        with Client(started.port) as client:
            right = sum(
                any(
                    server.agrees(one, client.ask("GET", row.host, row.wire), "row")
                    for one in expected.allowed(row.host, row.wire)
                )
                for row in sample
            )
        cost = (time.perf_counter() - clock) / REQUESTS * 1_000
    print(
        f"  check and start {ready:.1f} s; {right} of {REQUESTS} right, {cost:.2f} ms"
    )


if __name__ == "__main__":
    main()
