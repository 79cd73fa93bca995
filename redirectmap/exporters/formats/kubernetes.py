"""Rules for Kubernetes: ConfigMaps for the ingress-nginx controller.

The controller's own ConfigMap takes `http-snippet` and `server-snippet`; the maps lie
in further ConfigMaps of at most 900 KB, mounted together.

Source  kubernetes.github.io/ingress-nginx/user-guide/nginx-configuration/configmap;
its template writes map_hash_bucket_size itself; a ConfigMap holds 1 MiB.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from redirectmap.exporters.base import (
    SERVER_BAD,
    Carries,
    Exporter,
    Options,
    header,
    without_header,
)
from redirectmap.exporters.formats import nginx
from redirectmap.exporters.rules import RuleSet
from redirectmap.exporters.text import Files, json_of
from redirectmap.readers.rules_ours import nginx_entries

FOLDER = Path("/etc/nginx/redirectmap")
MAX_BYTES = 900_000


def render(rules: RuleSet, options: Options) -> Files:
    """Spell the rules: configmap.yaml and redirectmap-1.yaml and so on."""
    files = nginx.render(rules, replace(options, folder=FOLDER))
    http, server = files.pop("http.conf").decode(), files.pop("server.conf").decode()
    bucket, _, rest = without_header(http).partition("\n")
    for name in files:
        rest = rest.replace(f"/{name}", f"/{name.removesuffix('.map')}.*.map")
    data = {
        "map-hash-bucket-size": bucket.rstrip(";").split(" ")[1],
        "http-snippet": rest,
        "server-snippet": without_header(server),
    }
    title = header(rules, options, "Kubernetes ingress-nginx", "kubectl apply -f")
    made = {"configmap.yaml": _map(title, "ingress-nginx-controller", data)}
    for number, part in enumerate(_parts(files), 1):
        name = f"redirectmap-{number}"
        made[f"{name}.yaml"] = _map(title, name, part)
    return made


def _map(title: str, name: str, data: dict[str, str]) -> bytes:
    value: dict[str, Any] = {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": name, "namespace": "ingress-nginx"},
        "data": data,
    }
    return f"{title}{json.dumps(value, indent=1, ensure_ascii=True)}\n".encode()


def _parts(files: Files) -> Iterator[dict[str, str]]:
    """Cut the maps into parts that fit; every file name is used once."""
    number = 1
    for name, data in sorted(files.items()):
        lines: list[str] = []
        size = 0
        for line in without_header(data.decode()).splitlines(keepends=True):
            weight = len(json.dumps(line))
            if lines and size + weight > MAX_BYTES:
                yield {f"{name.removesuffix('.map')}.{number}.map": "".join(lines)}
                lines, size, number = [], 0, number + 1
            lines.append(line)
            size += weight
        yield {f"{name.removesuffix('.map')}.{number}.map": "".join(lines)}
        number += 1


def reread(files: Files) -> dict[str, str]:
    """Read our own maps back: key to answer."""
    found: dict[str, str] = {}
    for name, data in files.items():
        if name != "configmap.yaml":
            for text in json_of(data)["data"].values():
                found |= dict(nginx_entries(text))
    return found


EXPORTER = Exporter(
    name="kubernetes",
    title="Kubernetes ingress-nginx ConfigMap",
    carries=Carries(
        bad=SERVER_BAD,
        holds=True,
        tagged=True,
        source_chars=4_080,
        origin="docs: http-snippet, server-snippet; a ConfigMap holds 1 MiB, so parts",
    ),
    render=render,
    load="""\
    kubectl apply -f redirectmap-1.yaml     # and -2, -3 ...
Mount them together at /etc/nginx/redirectmap in the controller (Helm values):
    controller:
      extraVolumes:
        - name: redirectmap
          projected:
            sources:
              - configMap: {{name: redirectmap-1}}
      extraVolumeMounts:
        - {{name: redirectmap, mountPath: /etc/nginx/redirectmap}}
Merge `data` of configmap.yaml into the controller's own (Helm: controller.config).
The rules hold for every host of the controller.""",
    special=nginx.special,
    server="kubernetes",
    reread=reread,
)
