"""Netlify, Cloudflare Pages and Vercel, by their own npm packages.

Netlify's matcher and Vercel's route compiler are libraries: a small server of ours asks
them, and what only their edge does (the request's own query) is not asked. Cloudflare's
`wrangler pages dev` is the real thing.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from functools import lru_cache
from pathlib import Path

from redirectmap.exporters.servers.base import Launch, Server, free_port

NODE_FOR_WRANGLER = 20
HERE = Path(__file__).parent


def modules_with(package: str) -> Path | None:
    """Return the node_modules that holds a package: here, above, or in NODE_PATH."""
    named = os.environ.get("NODE_PATH", "").split(os.pathsep)
    here = Path.cwd()
    places = [*(Path(name) for name in named if name)]
    places += [folder / "node_modules" for folder in (here, *here.parents)]
    return next((place for place in places if (place / package).is_dir()), None)


def _node(script: str, package: str, files: Path, port: int) -> Launch:
    run = ["node", str(HERE / script), str(files), str(port)]
    return Launch(run=run, env={"NODE_PATH": str(modules_with(package))})


def prepare_netlify(_place: Path, files: Path, port: int) -> Launch:
    """Start our small server over Netlify's matcher."""
    return _node("netlify.cjs", "netlify-redirector", files, port)


def prepare_vercel(_place: Path, files: Path, port: int) -> Launch:
    """Start our small server over Vercel's routes."""
    return _node("vercel.cjs", "@vercel/routing-utils", files, port)


def prepare_pages(place: Path, files: Path, port: int) -> Launch:
    """Start `wrangler pages dev` on a folder that holds our file only."""
    site = place / "site"
    site.mkdir()
    shutil.copy(files / "_redirects", site)
    (site / "404.html").write_text("")
    program = modules_with("wrangler") or Path()
    options = ["--ip", "127.0.0.1", "--port", str(port)]
    options += ["--inspector-port", str(free_port()), "--log-level", "error"]
    options += ["--compatibility-date", "2025-01-01"]
    quiet = dict.fromkeys(("WRANGLER_SEND_METRICS",), "false")
    home = dict.fromkeys(("HOME", "XDG_CONFIG_HOME", "XDG_CACHE_HOME"), str(place))
    script = str(program / "wrangler/bin/wrangler.js")
    return Launch(
        run=["node", script, "pages", "dev", str(site), *options],
        env={
            **quiet,
            **home,
            "CI": "1",
            "WRANGLER_HIDE_BANNER": "true",
            "CLOUDFLARE_CF_FETCH_ENABLED": "false",
        },
    )


def _has_wrangler() -> bool:
    return modules_with("wrangler") is not None and node_major() >= NODE_FOR_WRANGLER


@lru_cache(maxsize=1)
def node_major() -> int:
    """Return the major version of node; 0 where there is none."""
    if shutil.which("node") is None:
        return 0
    run = subprocess.run(
        ["node", "--version"], capture_output=True, text=True, check=False
    )
    return int(run.stdout.strip().lstrip("v").partition(".")[0] or 0)


def _npm(name: str, package: str, version: str) -> str:
    return f"npm install {package}@{version}, in this folder or one above ({name})"


NETLIFY = Server(
    "netlify",
    "node",
    _npm("Netlify's own matcher", "netlify-redirector", "0.5.0"),
    ("node", "--version"),
    prepare_netlify,
    package=lambda: modules_with("netlify-redirector") is not None,
    queries=False,  # only the edge passes a query on
)
PAGES = Server(
    "cloudflare-pages",
    "node",
    _npm("Cloudflare's own server", "wrangler", "4.86.0") + ", Node 20 or newer",
    ("node", "--version"),
    prepare_pages,
    package=_has_wrangler,
)
VERCEL = Server(
    "vercel",
    "node",
    _npm("Vercel's own routes", "@vercel/routing-utils", "6.6.0"),
    ("node", "--version"),
    prepare_vercel,
    package=lambda: modules_with("@vercel/routing-utils") is not None,
    queries=False,  # only the edge passes a query on
)
