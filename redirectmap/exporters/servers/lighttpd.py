"""lighttpd with our script and nothing else: 404 where no rule is."""

from __future__ import annotations

from pathlib import Path

from redirectmap.exporters.servers.base import Launch, Server

MODULES = tuple(
    Path("/usr", lib, "lighttpd/mod_magnet.so")
    for lib in ("lib", "lib64", "local/lib", "lib/x86_64-linux-gnu")
)
CONFIG = """\
server.document-root = "{place}/root"
server.bind = "127.0.0.1"
server.port = {port}
server.errorlog = "{place}/error.log"
server.max-keep-alive-requests = 1000000
server.max-keep-alive-idle = 60
server.http-parseopts = (
  "header-strict" => "enable", "host-strict" => "enable", "host-normalize" => "enable",
  "url-normalize-unreserved" => "enable", "url-normalize-required" => "enable",
  "url-ctrls-reject" => "enable", "url-path-2f-decode" => "enable",
  "url-path-dotseg-remove" => "enable",
)
include "{files}/lighttpd.conf"
"""


def prepare(place: Path, files: Path, port: int) -> Launch:
    """Write lighttpd.conf, with the parsing options that Debian sets."""
    config = place / "lighttpd.conf"
    (place / "root").mkdir(exist_ok=True)
    config.write_text(CONFIG.format(place=place, files=files, port=port))
    return Launch(
        run=["lighttpd", "-D", "-f", str(config)],
        check=["lighttpd", "-tt", "-f", str(config)],
    )


LIGHTTPD = Server(
    "lighttpd",
    "lighttpd",
    "apt-get install lighttpd lighttpd-modules-lua",
    ("lighttpd", "-v"),
    prepare,
    package=lambda: any(map(Path.exists, MODULES)),
)
