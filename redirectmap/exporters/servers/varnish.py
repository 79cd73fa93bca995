"""Varnish with our VCL and no backend: 404 where no rule is."""

from __future__ import annotations

from pathlib import Path

from redirectmap.exporters.servers.base import Launch, Server

CONFIG = """\
vcl 4.1;
backend default none;
include "{files}/redirects.vcl";
sub vcl_recv {{ return (synth(404)); }}
"""


def prepare(place: Path, files: Path, port: int) -> Launch:
    """Write default.vcl."""
    config = place / "default.vcl"
    config.write_text(CONFIG.format(files=files))
    run = ["varnishd", "-F", "-n", str(place / "varnish"), "-f", str(config)]
    address = ["-a", f"127.0.0.1:{port}", "-j", "none", "-s", "malloc,16m"]
    idle = ["-p", "timeout_idle=60", "-t", "0"]
    return Launch(run=[*run, *address, *idle])  # starting compiles it, too


VARNISH = Server(
    "varnish",
    "varnishd",
    "apt-get install varnish gcc libc6-dev",
    ("varnishd", "-V"),
    prepare,
)
