"""Do one piece of work beside another, on a second core.

Both sites are read and cut in the same way; Python does that on one core only,
so the second site goes to a forked process that hands its tables back. Where
there is no fork (Windows, macOS) or no second core the work is done in its turn.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from multiprocessing.connection import Connection
from typing import TypeVar

T = TypeVar("T")


def cores() -> int:
    """Return how many cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


@contextmanager
def beside(work: Callable[[], T], *, pays: bool = True) -> Iterator[Callable[[], T]]:
    """Begin `work` elsewhere; call what is yielded for its result.

    Args:
        work: Touches no threads and no GPU; its result can be pickled.
        pays: Whether the work is worth a process of its own.

    Yields:
        A function that waits and returns the result, or raises what `work`
        raised. A process that was killed is made up for here.
    """
    if not pays or sys.platform != "linux" or cores() < 2:
        yield work
        return
    context = multiprocessing.get_context("fork")
    here, there = context.Pipe(duplex=False)
    process = context.Process(target=_deliver, args=(work, here, there), daemon=True)
    process.start()
    there.close()
    try:
        yield lambda: _received(here, work)
    finally:
        process.kill()
        process.join()
        here.close()


def _deliver(work: Callable[[], object], here: Connection, there: Connection) -> None:
    here.close()  # else this process would keep its own pipe open
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the first process answers it
    outcome: tuple[object, Exception | None]
    try:
        outcome = work(), None
    except Exception as error:  # noqa: BLE001 - raised again where it is awaited
        outcome = None, error
    with suppress(BrokenPipeError):  # nobody waits any more
        there.send(outcome)


def _received(here: Connection, work: Callable[[], T]) -> T:
    found: T
    try:
        found, error = here.recv()
    except EOFError:
        return work()
    if error is not None:
        raise error
    return found
