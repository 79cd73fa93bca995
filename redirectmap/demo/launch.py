"""Launch day on loopback: a server with the exported rules takes the old address.

nginx where it is installed, with the exported files and nothing else; where it
is not, a small server of ours answers from the plan, and says so.
"""

from __future__ import annotations

import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pandas as pd

from redirectmap import urls
from redirectmap.demo.site_server import Answer, Site, serve
from redirectmap.errors import ServerError

START_SECONDS = 15
STAND_IN = "a stand-in that answers from the plan (nginx is not installed)"

_CONFIG = """\
daemon off;
pid {place}/nginx.pid;
error_log {place}/error.log;
worker_processes 1;
events {{ worker_connections 256; }}
http {{
    access_log off;
    client_body_temp_path {place}/body;
    proxy_temp_path {place}/proxy;
    fastcgi_temp_path {place}/fastcgi;
    uwsgi_temp_path {place}/uwsgi;
    scgi_temp_path {place}/scgi;
    include {rules}/http.conf;
    server {{
        listen 127.0.0.1:{port};
        include {rules}/server.conf;
        location / {{ return 404; }}
    }}
}}
"""


@contextmanager
def launched(plan: pd.DataFrame, rules: Path, port: int) -> Iterator[str]:
    """Answer on the old address as after launch, while the block runs.

    Args:
        plan: Schema PLAN, for the stand-in.
        rules: Folder of the exported nginx files.
        port: The old site's port; its own server is down by now.

    Yields:
        What answers, in words.
    """
    if shutil.which("nginx"):
        with _nginx(rules.resolve(), port):
            yield "nginx with the exported rules"
    else:
        with serve(stand_in(plan), port=port):
            yield STAND_IN


def stand_in(plan: pd.DataFrame) -> Site:
    """Return a site that answers each row of `plan` as the plan says."""
    answers = {}
    for row in plan.itertuples():
        parsed = urls.parse(str(row.old_url))
        if isinstance(parsed, urls.Refusal):
            continue
        if row.action == "redirect":
            answers[parsed.wire] = Answer(status=301, location=str(row.new_url))
        elif row.action == "gone":
            answers[parsed.wire] = Answer(b"gone", status=410)
    return Site(answers)


@contextmanager
def _nginx(rules: Path, port: int) -> Iterator[None]:
    with tempfile.TemporaryDirectory(prefix="redirectmap-demo-") as name:
        place = Path(name)
        config = place / "nginx.conf"
        text = _CONFIG.format(place=place, rules=rules, port=port)
        config.write_text(text, encoding="utf-8")
        command = ["nginx", "-e", f"{place}/error.log", "-p", name, "-c", str(config)]
        process = subprocess.Popen(
            command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
        )
        try:
            _wait(port, process, place / "error.log")
            yield
        finally:
            process.terminate()
            process.communicate(timeout=10)


def _wait(port: int, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while process.poll() is None and time.monotonic() < deadline:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.02)
        else:
            return
    said = log.read_text(encoding="utf-8") if log.exists() else ""
    raise ServerError(
        f"nginx did not start: {said.strip()[-300:] or 'no message'}",
        hint="run the demo again; if it stays, report it with this message",
        where=f"127.0.0.1:{port}",
    )
