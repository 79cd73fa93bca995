"""Cost of one lookup against the number of rules, per server form, in one run.

Makes plans of N rules, exports and loads them, asks a real server for random rows
and prints the server's own CPU milliseconds a request (so that a busy machine does not
count), wall milliseconds with the client, export and start seconds, the files' size.

    python benchmarks/export_lookup.py 100 1000 10000 100000 1000000
    python benchmarks/export_lookup.py nginx apache 1000
"""

from __future__ import annotations

import os
import random
import re
import sys
import tempfile
import time
from pathlib import Path

import pandas as pd

from redirectmap.exporters import export_plan
from redirectmap.exporters.servers import SERVERS, Server, running
from redirectmap.exporters.servers.base import Started
from redirectmap.exporters.wire import Client
from redirectmap.tables import PLAN

OLD, NEW = "https://old.example", "https://new.example"
MILLION = 1_000_000
FORMS = {
    "nginx": ("nginx", MILLION),
    "nginx, location lines": ("nginx", 10_000),
    "nginx, rewrite lines": ("nginx", 10_000),
    "apache": ("apache", MILLION),
    "apache, txt map": ("apache", 100_000),
    "apache, Redirect lines": ("apache", 100_000),
    "htaccess": ("apache-htaccess", 10_000),
    "haproxy": ("haproxy", MILLION),
    "caddy": ("caddy", 100_000),
    "lighttpd": ("lighttpd", MILLION),
    "varnish": ("varnish", 100_000),
}
"""Server and the most rules that are tried."""

SECONDS = 8  # of asking; forms that take long are asked less
REQUESTS = 5_000
WARM = 20


def rewritten(name: str, folder: Path, plan: pd.DataFrame) -> None:
    """Put the form that people write by hand in place of ours."""
    pairs = [
        (old.removeprefix(OLD), new)
        for old, new in zip(plan["old_url"], plan["new_url"], strict=True)
    ]
    if name == "nginx, location lines":
        lines = (f"location = {old} {{ return 301 {new}; }}\n" for old, new in pairs)
    elif name == "nginx, rewrite lines":
        lines = (f"rewrite ^{re.escape(old)}$ {new} permanent;\n" for old, new in pairs)
    elif name == "apache, Redirect lines":
        lines = (f"Redirect 301 {old} {new}\n" for old, new in reversed(pairs))
    else:
        conf = folder / "vhost.conf"
        text = conf.read_text().replace("dbm=db:", "txt:")
        conf.write_text(text.replace("redirects.db", "redirects.txt"))
        return
    if name.startswith("nginx"):
        (folder / "http.conf").write_text("")
        (folder / "server.conf").write_text("".join(lines))
    else:
        (folder / "vhost.conf").write_text("".join(lines))


def plan_of(rows: int) -> pd.DataFrame:
    numbers = range(rows)
    return PLAN.fit(
        pd.DataFrame(
            {
                "old_url": [
                    f"https://old.example/s/{n % 97}/p-{n}.html" for n in numbers
                ],
                "action": "redirect",
                "status": 301,
                "new_url": [f"https://new.example/pages/page-{n}/" for n in numbers],
                "priority": 1 / rows,
            }
        )
    )


def measure(name: str, rows: int) -> str:
    server, most = FORMS[name]
    if rows > most:
        return f"| {name} | {rows:,} | not tried |"
    plan = plan_of(rows)
    with tempfile.TemporaryDirectory() as folder:
        begun = time.process_time()
        made = export_plan(plan, name.partition(",")[0], Path(folder))
        exported = time.process_time() - begun
        if "," in name:
            rewritten(name, made.folder, plan)
        size = sum(path.stat().st_size for path in made.folder.iterdir()) / 1e6
        begun = time.perf_counter()
        with running(SERVERS[server], made.folder, str(made.folder)) as started:
            ready = time.perf_counter() - begun
            if started.problem:
                return f"| {name} | {rows:,} | {started.problem[:80]} |"
            cpu, wall, wrong = asked(SERVERS[server], started, plan)
    return (
        f"| {name} | {rows:,} | {cpu:.3f} ms | {wall:.2f} ms | {exported:.1f} s | "
        f"{ready:.1f} s | {size:.0f} MB | {wrong} wrong |"
    )


def asked(
    server: Server, started: Started, plan: pd.DataFrame
) -> tuple[float, float, int]:
    """Return CPU and wall milliseconds a request, and how many answers were wrong."""
    draw = random.Random(1)
    pairs = list(zip(plan["old_url"], plan["new_url"], strict=True))
    wrong, begun, used, count = 0, 0.0, 0.0, 0
    with Client(started.port) as client:
        for number, (old, new) in enumerate(draw.choices(pairs, k=WARM + REQUESTS)):
            if number == WARM:
                begun, used = time.perf_counter(), cpu_seconds(started.session)
            got = client.ask("GET", "h", old[len(OLD) :])
            wrong += not server.agrees((301, new), got, "row")
            count = number + 1 - WARM
            if count > 0 and time.perf_counter() - begun > SECONDS:
                break
    wall = time.perf_counter() - begun
    used = cpu_seconds(started.session) - used
    return used / count * 1_000, wall / count * 1_000, wrong


def cpu_seconds(session: int) -> float:
    """Return the CPU seconds of all processes of a session so far."""
    total = 0
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = path.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[3]) == session:
            total += int(fields[11]) + int(fields[12])
    return total / os.sysconf("SC_CLK_TCK")


def main() -> None:
    sizes = [int(text) for text in sys.argv[1:] if text.isdigit()]
    names = [text for text in sys.argv[1:] if not text.isdigit()] or list(FORMS)
    print("| form | rules | CPU a request | wall | export (CPU) | start | files | |")
    print("|---|---|---|---|---|---|---|---|")
    for name in names:
        for rows in sizes or [1_000, 10_000, 100_000]:
            print(measure(name, rows), flush=True)


if __name__ == "__main__":
    main()
