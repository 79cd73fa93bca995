"""Plug-ins: built-in callables in a dict, installed ones by entry point.

A kind (readers, signals, checks, exporters) is a dict of plain callables; a
package adds its own under the entry-point group `redirectmap.<kind>`.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib.metadata import entry_points
from typing import TypeVar, cast

from redirectmap.errors import PluginError

P = TypeVar("P")


def plugins(kind: str, builtin: Mapping[str, P]) -> dict[str, P]:
    """Return every plug-in of `kind` by name, built-ins first.

    Raises:
        PluginError: Two plug-ins share a name, or one cannot be imported.
    """
    found = dict(builtin)
    for point in entry_points(group=f"redirectmap.{kind}"):
        where = f"entry point redirectmap.{kind}"
        if point.name in found:
            raise PluginError(
                f"two {kind} are called {point.name!r}",
                hint=f"uninstall or rename the one in {point.value!r}",
                where=where,
            )
        try:
            found[point.name] = cast("P", point.load())
        except (ImportError, AttributeError) as error:
            raise PluginError(
                f"cannot import {point.value!r}: {error}",
                hint=f"reinstall the package that provides {point.name!r}",
                where=where,
            ) from error
    return found
