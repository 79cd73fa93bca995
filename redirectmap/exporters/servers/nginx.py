"""nginx with our two files and nothing else: 404 is the answer where no rule is."""

from __future__ import annotations

from pathlib import Path

from redirectmap.exporters.servers.base import Launch, Server

CONFIG = """\
daemon off;
master_process off;
worker_processes 1;
pid {place}/nginx.pid;
error_log {place}/error.log;
events {{ worker_connections 256; }}
http {{
    access_log off;
    server_tokens off;
    keepalive_requests 1000000;
    client_body_temp_path {place}/body;
    proxy_temp_path {place}/proxy;
    fastcgi_temp_path {place}/fastcgi;
    uwsgi_temp_path {place}/uwsgi;
    scgi_temp_path {place}/scgi;
    include {files}/http.conf;
    server {{
        listen 127.0.0.1:{port};
        server_name _;
        include {files}/server.conf;
        location / {{ return 404; }}
    }}
}}
"""


def prepare(place: Path, files: Path, port: int) -> Launch:
    """Write nginx.conf."""
    config = place / "nginx.conf"
    config.write_text(CONFIG.format(place=place, files=files, port=port))
    command = ["nginx", "-p", str(place), "-c", str(config), "-e", f"{place}/error.log"]
    return Launch(run=command, check=[*command, "-t"])


NGINX = Server("nginx", "nginx", "apt-get install nginx", ("nginx", "-v"), prepare)
