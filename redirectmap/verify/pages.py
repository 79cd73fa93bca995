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
from pathlib import Path
from typing import Any, BinaryIO

import orjson

from redirectmap.errors import ServerError
from redirectmap.urls import Url, parse
from redirectmap.verify.guard import Address
from redirectmap.verify.settings import BROWSER, GOOGLEBOT, VerifySettings
from redirectmap.verify.sites import Sites
from redirectmap.verify.state import State

Facts = dict[str, Any]
FOLLOW_SECONDS = 0.2


def fetch_pages(
    urls: Iterable[str],
    sites: Sites,
    settings: VerifySettings,
    state: State,
    watch: Iterable[str],
) -> None:
    """Fetch every page of `urls` that `state` does not know yet.

    Args:
        urls: Keys of final URLs.
        sites: Who answers for which host.
        settings: Limits.
        state: Takes the facts, page by page.
        watch: Old URLs to look for in the pages' links.

    Raises:
        ServerError: The spider failed; what it fetched is kept.
    """
    known = state.pages()
    wanted = list(_requests((u for u in urls if u not in known), sites))
    if not wanted:
        return
    with tempfile.TemporaryDirectory(prefix="redirectmap-") as name:
        folder = Path(name)
        (folder / "requests").write_bytes(
            b"".join(orjson.dumps(w) + b"\n" for w in wanted)
        )
        (folder / "watch").write_text("\n".join(watch), encoding="utf-8")
        (folder / "pages").touch()
        code = _follow(_command(folder, settings), folder / "pages", state)
    if code:
        raise ServerError(
            f"the page spider ended with code {code}",
            hint="see its messages above; the same command goes on from here",
        )


def _requests(urls: Iterable[str], sites: Sites) -> Iterator[dict[str, str]]:
    for key in urls:
        url = parse(key)
        if not isinstance(url, Url):
            continue
        wire = sites.scope.wire(url)
        address = sites.scope.guard.address(wire)
        if isinstance(address, Address):
            yield {"url": key, "wire": wire.key, "connect": address.connect_to}


def _command(folder: Path, settings: VerifySettings) -> list[str]:
    agent = GOOGLEBOT if settings.both_agents else BROWSER
    command = [sys.executable, "-m", "spiders.verify"]
    command += ["--requests", str(folder / "requests"), "--out", str(folder / "pages")]
    command += ["--watch", str(folder / "watch"), "--agent", agent]
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
    begun = lines.tell()
    found = lines.readlines()
    if found and not found[-1].endswith(b"\n"):
        lines.seek(begun + sum(map(len, found[:-1])))
        found.pop()
    state.add_pages(map(orjson.loads, found))
