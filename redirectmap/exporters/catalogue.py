"""Every rule format by name, built-in ones and those of installed plug-ins."""

from __future__ import annotations

from collections.abc import Mapping

from redirectmap.errors import UsageError
from redirectmap.exporters import formats
from redirectmap.exporters.base import Exporter
from redirectmap.registry import plugins

BUILTIN: Mapping[str, Exporter] = {kind.name: kind for kind in formats.ALL}


def exporters() -> dict[str, Exporter]:
    """Return the built-in exporters and those of installed plug-ins, by name."""
    return plugins("exporters", BUILTIN)


def exporter(name: str) -> Exporter:
    """Return one exporter.

    Raises:
        UsageError: There is none of this name.
    """
    known = exporters()
    if name not in known:
        raise UsageError(
            f"no rule format is called {name!r}",
            hint=f"one of: {', '.join(known)} (redirectmap export --to list)",
        )
    return known[name]
