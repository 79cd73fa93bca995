"""How a server program is started with exported files, and stopped again.

Decides: the files are copied to a temporary folder, so that nothing of the
export changes; their own path inside them is replaced by the copy's. The server
runs in the foreground as our child, with one worker, and is stopped by its
process group.
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from redirectmap.errors import ServerError
from redirectmap.exporters.wire import Got

START_SECONDS = 600  # Varnish compiles 100 000 rules in 30 s; who dies is seen at once
TEXT_SUFFIXES = {".conf", ".json", ".cfg", ".vcl", ".lua", ".htaccess", ""}


@dataclass(frozen=True)
class Launch:
    """Commands that check and run a server; `check` must exit 0."""

    run: list[str]
    check: list[str] | None = None
    env: dict[str, str] | None = None


@dataclass(frozen=True)
class Server:
    """A server program.

    Attributes:
        name: Of the program and the prover.
        program: Executable.
        install: How to install it.
        version: Command that tells its version.
        prepare: Writes its main configuration: (temporary folder, folder of our
            files, port) to the commands.
        package: Whether what it needs besides the program is here, too.
        queries: It treats a request's own query as the platform does.
    """

    name: str
    program: str
    install: str
    version: tuple[str, ...]
    prepare: Callable[[Path, Path, int], Launch]
    package: Callable[[], bool] = lambda: True
    queries: bool = True

    @property
    def installed(self) -> bool:
        """Whether the program and all it needs are here."""
        return shutil.which(self.program) is not None and self.package()

    def agrees(
        self, expected: tuple[int, str | None] | None, got: Got, probe: str
    ) -> bool:
        """Say whether an answer is right; near misses may be refused anyhow."""
        if expected is None:
            failed = got.status >= 400 and got.status not in {410, 451}
            return got.location is None and failed
        if probe not in {"row", "head"} and got.status == 400:
            return True
        status, target = expected
        location = None if target is None else target.encode("ascii")
        return got.status == status and got.location == location


@dataclass(frozen=True)
class Started:
    """A server that runs, or what it said instead; `session` is its processes'."""

    port: int
    version: str
    problem: str = ""
    session: int = 0


@contextmanager
def running(server: Server, folder: Path, written_for: str) -> Iterator[Started]:
    """Run `server` with a copy of the files in `folder`.

    Args:
        server: Which program.
        folder: Exported files.
        written_for: Folder that stands in the files; replaced by the copy's.

    Raises:
        ServerError: The program is not installed.
    """
    if not server.installed:
        raise ServerError(
            f"{server.name} is not installed; nothing was proven",
            hint=server.install,
        )
    with tempfile.TemporaryDirectory(prefix="redirectmap-") as name:
        place = Path(name)
        place.chmod(0o755)
        copy = place / "rules"
        shutil.copytree(folder, copy)
        _point_at(copy, written_for)
        yield from _run(server, place, copy)


def _point_at(copy: Path, written_for: str) -> None:
    for path in copy.iterdir():
        if path.is_file() and path.suffix in TEXT_SUFFIXES:
            text = path.read_bytes()
            path.write_bytes(text.replace(written_for.encode(), str(copy).encode()))


def _run(server: Server, place: Path, copy: Path) -> Iterator[Started]:
    port, version = free_port(), _version(server)
    launch = server.prepare(place, copy, port)
    problem = _checked(launch)
    if problem:
        yield Started(port, version, problem)
        return
    with (place / "output.log").open("wb") as log:
        process = subprocess.Popen(
            launch.run,
            stdout=log,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            start_new_session=True,
            cwd=place,
            env={**os.environ, **(launch.env or {})},
        )
    try:
        up = _wait_for(port, process)
        said = (place / "output.log").read_text(errors="replace")[-2_000:]
        problem = "" if up else f"did not start: {said}"
        yield Started(port, version, problem, process.pid)
    finally:
        _stop(process)


def _version(server: Server) -> str:
    run = subprocess.run(server.version, capture_output=True, text=True, check=False)
    found = re.search(r"\d+\.\d+(\.\d+)?", run.stdout + run.stderr)
    return found.group() if found else ""


def _checked(launch: Launch) -> str:
    if launch.check is None:
        return ""
    run = subprocess.run(
        launch.check,
        capture_output=True,
        check=False,
        env={**os.environ, **(launch.env or {})},
    )
    said = (run.stdout + run.stderr).decode(errors="replace")
    return f"configuration test failed: {said[-2_000:]}" if run.returncode else ""


def free_port() -> int:
    """Return a port on loopback that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait_for(port: int, process: subprocess.Popen[bytes]) -> bool:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.02)
        else:
            return True
    return False


def _stop(process: subprocess.Popen[bytes]) -> None:
    for sign, patience in ((signal.SIGTERM, 5), (signal.SIGKILL, 5)):
        if process.poll() is None:
            try:
                os.killpg(process.pid, sign)
                process.wait(patience)
            except (ProcessLookupError, subprocess.TimeoutExpired):
                continue
