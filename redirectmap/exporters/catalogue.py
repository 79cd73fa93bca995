"""Every rule format by name, built-in ones and those of installed plug-ins."""

from __future__ import annotations

from collections.abc import Mapping

from redirectmap.errors import UsageError
from redirectmap.exporters.apache import APACHE
from redirectmap.exporters.base import Exporter
from redirectmap.exporters.caddy import CADDY
from redirectmap.exporters.clouds import CLOUDS
from redirectmap.exporters.haproxy import HAPROXY
from redirectmap.exporters.hosting import HOSTING
from redirectmap.exporters.htaccess import HTACCESS
from redirectmap.exporters.nginx import NGINX
from redirectmap.exporters.plain import PLAIN
from redirectmap.exporters.shops import SHOPS
from redirectmap.registry import plugins

BUILTIN: Mapping[str, Exporter] = {
    exporter.name: exporter
    for exporter in (
        NGINX,
        APACHE,
        HTACCESS,
        CADDY,
        HAPROXY,
        *HOSTING,
        *CLOUDS,
        *SHOPS,
        *PLAIN,
    )
}


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
