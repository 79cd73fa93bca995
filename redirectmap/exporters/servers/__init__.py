"""Real servers on free loopback ports, in a temporary folder, with our files."""

from redirectmap.exporters.servers.apache import APACHE, HTACCESS
from redirectmap.exporters.servers.base import Server, Started, running
from redirectmap.exporters.servers.caddy import CADDY
from redirectmap.exporters.servers.haproxy import HAPROXY
from redirectmap.exporters.servers.kubernetes import KUBERNETES
from redirectmap.exporters.servers.lighttpd import LIGHTTPD
from redirectmap.exporters.servers.nginx import NGINX
from redirectmap.exporters.servers.node import NETLIFY, PAGES, VERCEL
from redirectmap.exporters.servers.varnish import VARNISH

SERVERS = {
    server.name: server
    for server in (
        *(NGINX, APACHE, HTACCESS, CADDY, HAPROXY, LIGHTTPD, VARNISH, KUBERNETES),
        *(NETLIFY, PAGES, VERCEL),
    )
}

__all__ = ["SERVERS", "Server", "Started", "running"]
