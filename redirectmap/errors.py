"""Errors that the person at the keyboard can mend, each with its exit code.

Why one base class: the command line turns every `RedirectmapError` into one
message on stderr (what is wrong, where, what to do) and an exit code; anything
else is our own bug.
"""

from __future__ import annotations

from collections.abc import Collection
from difflib import get_close_matches
from functools import partial
from typing import ClassVar, Self

EXIT_DONE = 0
EXIT_FINDINGS = 1
EXIT_USAGE = 2
EXIT_INPUT = 3
EXIT_SERVER = 4
EXIT_RESUMABLE = 75
EXIT_INTERRUPTED = 130


class RedirectmapError(Exception):
    """Base of all errors that the user, not the developer, can fix.

    Args:
        problem: What is wrong, one line.
        hint: What to do about it, one line.
        where: File, file:line, file:line:column or URL it is about.
    """

    exit_code: ClassVar[int] = EXIT_INPUT

    def __init__(self, problem: str, *, hint: str, where: str | None = None) -> None:
        self.problem = problem
        self.hint = hint
        self.where = where
        super().__init__(problem)

    def __reduce__(self) -> tuple[object, ...]:
        """Let an error cross to another process as it is."""
        anew = partial(type(self), hint=self.hint, where=self.where)
        return anew, (self.problem,)

    def __str__(self) -> str:
        prefix = f"{self.where}: " if self.where else ""
        return f"{prefix}{self.problem}\n  hint: {self.hint}"


class UsageError(RedirectmapError):
    """The command was called in a way that has no meaning."""

    exit_code = EXIT_USAGE


class InputError(RedirectmapError):
    """A file that was handed in cannot be used as it is."""

    exit_code = EXIT_INPUT

    @classmethod
    def missing_column(cls, name: str, *, present: Collection[str], where: str) -> Self:
        """Build the error for a table that lacks column `name`."""
        close = get_close_matches(name, present, n=1, cutoff=0.5)
        hint = (
            f"rename {close[0]!r} to {name!r}"
            if close
            else f"the file has: {', '.join(sorted(present)) or 'no columns'}"
        )
        return cls(f"column {name!r} is missing", hint=hint, where=where)

    @classmethod
    def unreadable(
        cls, where: object, error: OSError, *, hint: str = "check the path"
    ) -> Self:
        """Build the error for a file that cannot be opened or read."""
        return cls(
            f"cannot be read: {error.strerror or error}", hint=hint, where=str(where)
        )


class ServerError(RedirectmapError):
    """A server or a site did not answer as needed."""

    exit_code = EXIT_SERVER


class ResumableError(RedirectmapError):
    """The work stopped before its end; the same command goes on from there."""

    exit_code = EXIT_RESUMABLE


class PluginError(RedirectmapError):
    """An installed plug-in cannot be used."""

    exit_code = EXIT_USAGE
