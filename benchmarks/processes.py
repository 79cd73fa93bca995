"""Run a command and say what it took: wall and CPU seconds, peak memory."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple


class Used(NamedTuple):
    """What a process took.

    Attributes:
        wall: Seconds by the clock.
        cpu: Seconds of processor time, processes it started included.
        peak: GB of memory at most, looked at ten times a second, processes it
            started included. (A child's own ru_maxrss begins with its parent's.)
        code: Exit code; None where it was stopped.
    """

    wall: float
    cpu: float
    peak: float
    code: int | None

    def __str__(self) -> str:
        said = {0: "", None: "  STOPPED"}.get(self.code, f"  FAILED ({self.code})")
        return (
            f"{self.wall:8.1f} s wall {self.cpu:8.1f} s cpu {self.peak:6.2f} GB{said}"
        )


def measure(command: Sequence[str | Path], most: float) -> Used:
    """Run `command` for at most so many seconds; what it prints is dropped."""
    start, peak = time.perf_counter(), 0.0
    process = subprocess.Popen(
        [str(part) for part in command],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    while True:
        pid, code, used = os.wait4(process.pid, os.WNOHANG)
        wall = time.perf_counter() - start
        if pid:
            cpu = used.ru_utime + used.ru_stime
            return Used(wall, cpu, peak, os.waitstatus_to_exitcode(code))
        if wall > most:
            process.kill()
            process.wait()
            return Used(wall, float("nan"), peak, None)
        peak = max(peak, _family(process.pid))
        time.sleep(0.1)


def _family(pid: int) -> float:
    """Return GB that a process and those it started hold; shared pages once."""
    total = 0.0
    for one in (pid, *_children(pid)):
        try:
            lines = Path(f"/proc/{one}/smaps_rollup").read_text(encoding="ascii")
        except OSError:
            continue
        pss = next(line for line in lines.splitlines() if line.startswith("Pss:"))
        total += int(pss.split()[1]) / 1e6
    return total


def _children(pid: int) -> list[int]:
    try:
        found = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii")
    except OSError:
        return []
    return [int(child) for child in found.split()]
