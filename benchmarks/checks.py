"""Check a plan of many rows: seconds and peak memory.

python benchmarks/checks.py [ROWS]
"""

from __future__ import annotations

import resource
import sys
import tempfile
import time
from pathlib import Path

from redirectmap.checks import PlanContext, run_checks
from redirectmap.planning.files import read_plan

OLD, NEW = "https://old.example", "https://new.example"


def write(path: Path, rows: int) -> None:
    """Write a plan: moved pages, a chain, a loop, merges and gone pages."""
    with path.open("w", encoding="utf-8") as out:
        out.write("old_url,action,status,new_url,priority\n")
        for n in range(rows):
            if n % 10 == 9:
                out.write(f"{OLD}/shop/item-{n},gone,410,,0.000001\n")
                continue
            target = f"{NEW}/products/item-{n - n % 7}"
            if n % 1000 == 0:
                target = f"{OLD}/shop/item-{n + 1}"
            out.write(f"{OLD}/shop/item-{n},redirect,301,{target},0.000001\n")


def main() -> None:
    rows = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "plan.csv"
        write(path, rows)
        started = time.perf_counter()
        plan = read_plan(path)
        read = time.perf_counter()
        findings = run_checks(PlanContext(plan))
        done = time.perf_counter()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"{rows:,} rows, {len(findings):,} findings")
    print(
        f"read {read - started:.1f} s, checks {done - read:.1f} s, peak {peak:.0f} MB"
    )
    print(findings["check"].value_counts().to_string())


if __name__ == "__main__":
    main()
