"""Caddy with our routes and nothing else; 404 where no rule is."""

from __future__ import annotations

import json
from pathlib import Path

from redirectmap.exporters.servers.base import Launch, Server


def prepare(place: Path, files: Path, port: int) -> Launch:
    """Write caddy.json."""
    routes = json.loads((files / "routes.json").read_text())
    routes.append({"handle": [{"handler": "static_response", "status_code": 404}]})
    server = {
        "listen": [f"127.0.0.1:{port}"],
        "routes": routes,
        "automatic_https": {"disable": True},
    }
    config = place / "caddy.json"
    value = {
        "admin": {"disabled": True},
        "logging": {"logs": {"default": {"level": "ERROR"}}},
        "apps": {"http": {"servers": {"redirectmap": server}}},
    }
    config.write_text(json.dumps(value))
    home = {"HOME": str(place), "XDG_DATA_HOME": str(place)}
    home["XDG_CONFIG_HOME"] = str(place)
    return Launch(
        run=["caddy", "run", "--config", str(config)],
        check=["caddy", "validate", "--config", str(config)],
        env=home,
    )


CADDY = Server("caddy", "caddy", "apt-get install caddy", ("caddy", "version"), prepare)
