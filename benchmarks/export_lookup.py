"""Cost of one lookup against the number of rules, per server form, in one run.

Makes plans of N rules, exports and loads them, asks a real server for random rows
and prints milliseconds a request (client included), export and start seconds, and
the size of the files.

    python benchmarks/export_lookup.py 1000 10000 100000
"""

from __future__ import annotations

import random
import re
import sys
import tempfile
import time
from pathlib import Path

import pandas as pd

from redirectmap.exporters import export_plan
from redirectmap.exporters.servers import SERVERS, running
from redirectmap.exporters.wire import Client
from redirectmap.tables import PLAN

OLD, NEW = "https://old.example", "https://new.example"
FORMS = {
    "nginx": ("nginx", 1 << 30),
    "nginx, location lines": ("nginx", 100_000),
    "nginx, rewrite lines": ("nginx", 10_000),
    "apache": ("apache", 1 << 30),
    "apache, txt map": ("apache", 100_000),
    "apache, Redirect lines": ("apache", 10_000),
    "htaccess": ("apache-htaccess", 10_000),
    "haproxy": ("haproxy", 1 << 30),
    "caddy": ("caddy", 100_000),
    "lighttpd": ("lighttpd", 1 << 30),
    "varnish": ("varnish", 10_000),
}
REQUESTS = 1_000


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
    asked = random.Random(1).choices(
        list(zip(plan["old_url"], plan["new_url"], strict=True)),
        k=REQUESTS if name != "htaccess" else 100,
    )
    with tempfile.TemporaryDirectory() as folder:
        begun = time.perf_counter()
        made = export_plan(plan, name.partition(",")[0], Path(folder))
        exported = time.perf_counter() - begun
        if "," in name:
            rewritten(name, made.folder, plan)
        size = sum(path.stat().st_size for path in made.folder.iterdir()) / 1e6
        begun = time.perf_counter()
        with running(SERVERS[server], made.folder, str(made.folder)) as started:
            ready = time.perf_counter() - begun
            if started.problem:
                return f"| {name} | {rows:,} | {started.problem[:80]} |"
            with Client(started.port) as client:
                begun = time.perf_counter()
                wrong = sum(
                    not SERVERS[server].agrees(
                        (301, new), client.ask("GET", "h", old[len(OLD) :]), "row"
                    )
                    for old, new in asked
                )
                cost = (time.perf_counter() - begun) / len(asked) * 1_000
    return (
        f"| {name} | {rows:,} | {cost:.2f} ms | {exported:.1f} s | {ready:.1f} s | "
        f"{size:.0f} MB | {wrong} wrong |"
    )


def main() -> None:
    sizes = [int(text) for text in sys.argv[1:]] or [1_000, 10_000, 100_000]
    print("| form | rules | a request | export | check and start | files | wrong |")
    print("|---|---|---|---|---|---|---|")
    for name in FORMS:
        for rows in sizes:
            print(measure(name, rows), flush=True)


if __name__ == "__main__":
    main()
