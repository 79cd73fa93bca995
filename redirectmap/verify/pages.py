"""Have the pages that rows end on fetched by the spider, once each.

The spider runs as a process of its own. It is given the address the guard
checked for every page and connects nowhere else.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from itertools import chain
from pathlib import Path
from typing import BinaryIO

import orjson

from redirectmap.errors import ServerError
from redirectmap.urls import taken_apart
from redirectmap.verify.guard import Address
from redirectmap.verify.settings import BROWSER, GOOGLEBOT, VerifySettings
from redirectmap.verify.sites import Sites
from redirectmap.verify.state import State

FOLLOW_SECONDS = 0.2
STORE_BYTES = 1_000_000


def fetch_pages(
    finals: Iterable[str],
    more: Iterable[str],
    sites: Sites,
    settings: VerifySettings,
    state: State,
    notes: list[str],
) -> None:
    """Fetch every page that `state` does not know yet.

    Args:
        finals: Keys of the URLs that rows end on.
        more: Further URLs to look at.
        sites: Who answers for which host.
        settings: Limits.
        state: Takes the facts, page by page; knows the old URLs to look for in
            the pages' links.
        notes: Takes what could not be fetched.

    Raises:
        ServerError: The spider failed; what it fetched is kept.
    """
    with tempfile.TemporaryDirectory(prefix="redirectmap-") as name:
        folder = Path(name)
        (folder / "pages").touch()
        if not _write(folder / "requests", chain(finals, more), sites, state):
            return
        code = _follow(_command(folder, settings, state), folder / "pages", state)
    if code:
        raise ServerError(
            f"the page spider ended with code {code}",
            hint="see its messages above; the same command goes on from here",
        )
    _note_failed(state, notes)


def _write(path: Path, urls: Iterable[str], sites: Sites, state: State) -> int:
    """Write the spider's list, return how many pages it asks for."""
    sql = "SELECT 1 FROM pages WHERE url = ?"
    unknown = (u for u in urls if not state.db.execute(sql, (u,)).fetchone())
    count = 0
    with path.open("wb") as stream:
        for request in _requests(unknown, sites):
            stream.write(orjson.dumps(request) + b"\n")
            count += 1
    return count


def _note_failed(state: State, notes: list[str]) -> None:
    sql = (
        "SELECT count(*), min(url), min(json_extract(CAST(facts AS TEXT), '$.error'))"
        " FROM pages WHERE json_extract(CAST(facts AS TEXT), '$.status') = 0"
    )
    count, url, error = state.db.execute(sql).fetchone()
    if count:
        notes.append(f"{count} pages were not judged, first {url}: {error}")


def _requests(urls: Iterable[str], sites: Sites) -> Iterator[dict[str, str]]:
    for key in urls:
        wire = sites.scope.wire(taken_apart(key))
        address = sites.scope.guard.address(wire)
        if isinstance(address, Address):
            yield {"url": key, "wire": wire.key, "connect": address.connect_to}


def _command(folder: Path, settings: VerifySettings, state: State) -> list[str]:
    agent = GOOGLEBOT if settings.both_agents else BROWSER
    command = [sys.executable, "-m", "spiders.verify"]
    command += ["--requests", str(folder / "requests"), "--out", str(folder / "pages")]
    command += ["--watch", str(state.path), "--agent", agent]
    command += ["--concurrency", str(min(8, settings.concurrency))]
    command += ["--timeout", str(settings.timeout)]
    if settings.ca_file:
        command += ["--ca", str(settings.ca_file)]
    return command


def _follow(command: list[str], pages: Path, state: State) -> int:
    """Run the spider; store its lines as they come, so that a kill loses none."""
    with (
        pages.open("rb") as lines,
        subprocess.Popen(command, stdout=subprocess.DEVNULL) as process,
    ):
        try:
            while process.poll() is None:
                time.sleep(FOLLOW_SECONDS)
                _store(lines, state)
        except BaseException:
            process.kill()
            raise
        _store(lines, state)
        return process.returncode


def _store(lines: BinaryIO, state: State) -> None:
    """Take the whole lines there are, in parts; half a line waits."""
    while True:
        begun = lines.tell()
        found = lines.readlines(STORE_BYTES)
        if found and not found[-1].endswith(b"\n"):
            lines.seek(begun + sum(map(len, found[:-1])))
            found.pop()
        if not found:
            return
        state.add_pages(map(orjson.loads, found))
