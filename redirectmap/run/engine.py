"""Run stages in order, skip what is up to date, stop where one fails.

Reads   run.json in the output folder: per stage, the fingerprint of its last
        success (command, version, bytes of its inputs).
Writes  the same file after each stage, so that Ctrl-C loses one stage at most
        and the stages themselves resume.
"""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
import time
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from redirectmap import __version__
from redirectmap.errors import EXIT_DONE, EXIT_INTERRUPTED, EXIT_RESUMABLE, EXIT_SERVER
from redirectmap.run.stages import Stage
from redirectmap.sitefile import SiteFile
from redirectmap.tables import read_json, sha256_of, write_json

STATE = "run.json"


@dataclass(frozen=True, slots=True)
class Outcome:
    """How one stage ended: `skipped` needs no run, `seconds` are wall time."""

    stage: Stage
    exit_code: int
    skipped: bool
    seconds: float

    @property
    def passed(self) -> bool:
        """Say whether the chain goes on after it."""
        return self.counted in self.stage.passes or self.partial

    @property
    def counted(self) -> int:
        """The exit code as it counts for the whole run."""
        spared = self.stage.spare and self.exit_code == EXIT_SERVER
        return EXIT_DONE if spared else self.exit_code

    @property
    def partial(self) -> bool:
        """Say whether it ended short of its aim with a result one can use.

        A crawl that met a cap, or pages that do not answer, is planned with;
        the next run tries the rest again.
        """
        crawl = self.stage.crawl
        if self.exit_code != EXIT_RESUMABLE or crawl is None or not crawl.exists():
            return False
        site = SiteFile.read(crawl)
        try:
            return site.meta().get("state") in {"capped", "partly_failed"}
        finally:
            site.close()


def run_stages(
    stages: Sequence[Stage],
    folder: Path,
    *,
    again: Collection[str] = (),
    quiet: bool = False,
    output: IO[bytes] | None = None,
    announce: Callable[[Stage, bool], None] = lambda _stage, _skipped: None,
) -> list[Outcome]:
    """Run `stages`; stop after the first that does not pass.

    Args:
        stages: In order; each may read what earlier ones wrote.
        folder: Where the state file lies.
        again: Names of stages to run even if up to date.
        quiet: Hand `--quiet` to every command.
        output: Takes what commands print on stdout; our stderr without it.
        announce: Called before each stage, with whether it will be skipped.
    """
    state = _load(folder)
    outcomes: list[Outcome] = []
    for stage in stages:
        if _idle(stage):
            continue
        print_before = fingerprint(stage)
        known = state.get(stage.name, {})
        skipped = stage.name not in again and _fresh(stage, known, print_before)
        announce(stage, skipped)
        if skipped:
            outcomes.append(Outcome(stage, int(known["exit_code"]), True, 0.0))
            continue
        state[stage.name] = {"fingerprint": None, "exit_code": EXIT_RESUMABLE}
        write_json(folder / STATE, state)
        outcome = _run(stage, known, quiet=quiet, output=output)
        outcomes.append(outcome)
        whole = outcome.counted in stage.passes
        state[stage.name] = {
            "fingerprint": print_before if whole else None,
            "exit_code": outcome.exit_code,
            "seconds": round(outcome.seconds, 1),
            "command": ["redirectmap", *arguments(stage)],
        }
        write_json(folder / STATE, state)
        if not outcome.passed:
            break
    return outcomes


def arguments(stage: Stage) -> tuple[str, ...]:
    """Return the stage's arguments, with the options whose file exists."""
    extra = [(option, str(path)) for option, path in stage.extra if path.exists()]
    return (*stage.argv, *(part for pair in extra for part in pair))


def _idle(stage: Stage) -> bool:
    """Tell a stage that has nothing to work on."""
    needs = stage.needs
    return needs is not None and not (needs.exists() and needs.stat().st_size)


def fingerprint(stage: Stage) -> str:
    """Hash what the stage's result depends on: version, command, input bytes."""
    parts = [__version__, *arguments(stage)]
    parts += [f"{p}={sha256_of(p) if p.is_file() else None}" for p in stage.inputs]
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


def _fresh(stage: Stage, known: dict[str, Any], now: str) -> bool:
    same = known.get("fingerprint") == now
    return same and _made(stage)


def _run(
    stage: Stage,
    known: dict[str, Any],
    *,
    quiet: bool,
    output: IO[bytes] | None,
) -> Outcome:
    stopped = known.get("exit_code") in {EXIT_RESUMABLE, EXIT_INTERRUPTED}
    resume = stage.resume if stopped and _made(stage) else ()
    if stage.resume and not resume:
        _set_aside(stage)
    flags = ("--quiet",) if quiet else ()
    argv = (*arguments(stage), *resume, *flags)
    command = [sys.executable, "-m", "redirectmap", *argv]
    started = time.monotonic()
    try:
        code = subprocess.run(
            command, check=False, stdout=output or sys.stderr
        ).returncode
    except KeyboardInterrupt:
        code = EXIT_INTERRUPTED
    code = EXIT_INTERRUPTED if code < EXIT_DONE else code
    return Outcome(stage, code, False, time.monotonic() - started)


def _made(stage: Stage) -> bool:
    return all(path.exists() for path in stage.outputs)


def _set_aside(stage: Stage) -> None:
    """Keep what an earlier run made beside what this one will make."""
    for path in stage.outputs:
        if path.exists():
            path.replace(path.with_name(f"{path.name}.previous"))


def _load(folder: Path) -> dict[str, Any]:
    path = folder / STATE
    return read_json(path) if path.exists() else {}
