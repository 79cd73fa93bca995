"""HAProxy with one frontend that holds our lines; 404 where no rule is."""

from __future__ import annotations

from pathlib import Path

from redirectmap.exporters.servers.base import Launch, Server

CONFIG = """\
global
    maxconn 64
defaults
    mode http
    timeout client 60s
    timeout server 60s
    timeout connect 5s
    timeout http-keep-alive 60s
frontend redirectmap
    bind 127.0.0.1:{port}
{lines}
    http-request return status 404
"""


def prepare(place: Path, files: Path, port: int) -> Launch:
    """Write haproxy.cfg."""
    lines = (files / "frontend.cfg").read_text()
    config = place / "haproxy.cfg"
    config.write_text(CONFIG.format(port=port, lines=lines))
    command = ["haproxy", "-f", str(config)]
    return Launch(run=[*command, "-db"], check=[*command, "-c"])


HAPROXY = Server(
    "haproxy", "haproxy", "apt-get install haproxy", ("haproxy", "-v"), prepare
)
