"""nginx as ingress-nginx runs it: our snippets and maps in the controller's places."""

from __future__ import annotations

import json
from pathlib import Path

from redirectmap.exporters.base import without_header
from redirectmap.exporters.servers import nginx
from redirectmap.exporters.servers.base import Launch, Server


def prepare(place: Path, files: Path, port: int) -> Launch:
    """Write the data of the ConfigMaps to files, as the controller mounts them."""
    folder = place / "mounted"
    folder.mkdir()
    for path in files.glob("redirectmap-*.yaml"):
        for name, text in _data(path).items():
            (folder / name).write_text(text)
    own = _data(files / "configmap.yaml")
    snippet = own["http-snippet"].replace("/etc/nginx/redirectmap", str(folder))
    bucket = f"map_hash_bucket_size {own['map-hash-bucket-size']};\n"
    (folder / "http.conf").write_text(bucket + snippet)
    (folder / "server.conf").write_text(own["server-snippet"])
    return nginx.prepare(place, folder, port)


def _data(path: Path) -> dict[str, str]:
    value: dict[str, dict[str, str]] = json.loads(without_header(path.read_text()))
    return value["data"]


KUBERNETES = Server(
    "kubernetes", "nginx", "apt-get install nginx", ("nginx", "-v"), prepare
)
