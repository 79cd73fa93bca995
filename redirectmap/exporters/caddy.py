r"""Rules for Caddy, as JSON routes: maps on the request's own bytes.

Decides the form: one map handler for exact requests, one for paths, and three
routes that answer. Everything about a target is worked out here, so that Caddy
only looks up; `{` begins a placeholder, so it is written `\{`.

Source  Caddy 2.6 JSON: http.handlers.map, static_response, expression matcher.
Caddy reads the mappings one by one: 100 000 rules cost each request that scan.
"""

from __future__ import annotations

import json
from typing import Any

from redirectmap.exporters.base import SERVER_BAD, Carries, Exporter, Options
from redirectmap.exporters.rules import Rule, RuleSet, spelled

URI = "{http.request.orig_uri}"
OUTPUTS = ("status", "plain", "base", "rest")


def render(rules: RuleSet, options: Options) -> dict[str, bytes]:
    """Spell the rules: routes.json, a list of routes."""
    known = sorted(spelled(rules.rules).items())
    exact: list[tuple[str, Rule]] = []
    path: list[tuple[str, Rule]] = []
    for key, rule in known:
        by_path = rule.query is None and options.query != "exact"
        (path if by_path else exact).append((key, rule))
    split = {
        "handler": "map",
        "source": URI,
        "destinations": ["{redirectmap_path}", "{redirectmap_args}"],
        "mappings": [
            {"input_regexp": "^([^?]*)\\??(.*)$", "outputs": ["${1}", "${2}"]}
        ],
    }
    routes: list[dict[str, Any]] = [{"handle": [split]}]
    for name, rows, subject in (
        ("exact", exact, URI),
        ("path", path, "{redirectmap_path}"),
    ):
        for hosts in (True, False):
            part = [(key, rule) for key, rule in rows if bool(rule.host) is hosts]
            if part:
                routes += _routes(
                    f"{name}{'_host' if hosts else ''}",
                    part,
                    subject,
                    options,
                    hosts=hosts,
                )
    text = json.dumps(routes, indent=1, ensure_ascii=True)
    return {"routes.json": f"{text}\n".encode()}


def _routes(
    name: str,
    rows: list[tuple[str, Rule]],
    subject: str,
    options: Options,
    *,
    hosts: bool,
) -> list[dict[str, Any]]:
    own = {part: f"{{redirectmap_{name}_{part}}}" for part in OUTPUTS}
    lookup = {
        "handler": "map",
        "source": ("{http.request.host}" if hosts else "") + subject,
        "destinations": list(own.values()),
        "defaults": [""] * len(OUTPUTS),
        "mappings": [{"input": key, "outputs": _outputs(rule)} for key, rule in rows],
    }
    status, args = own["status"], "{redirectmap_args}"
    routes = [{"handle": [lookup]}]
    gone = f'{status} in ["404", "410", "451"]'
    routes.append(_answer(gone, status, None))
    if name.startswith("path") and options.query == "keep":
        joined = f"{own['base']}{args}{own['rest']}"
        routes.append(_answer(f'{status} != "" && {args} != ""', status, joined))
    routes.append(_answer(f'{status} != ""', status, own["plain"]))
    return routes


def _answer(condition: str, status: str, location: str | None) -> dict[str, Any]:
    handler: dict[str, Any] = {"handler": "static_response", "status_code": status}
    if location is not None:
        handler["headers"] = {"Location": [location]}
    return {"match": [{"expression": condition}], "handle": [handler], "terminal": True}


def _outputs(rule: Rule) -> list[str]:
    target = rule.target or ""
    base, mark, rest = target.partition("#")
    joint = "?" if "?" not in base else ("" if base.endswith("?") else "&")
    words = (str(rule.status), target, base + joint, mark + rest)
    return [word.replace("{", "\\{") for word in words]


CADDY = Exporter(
    name="caddy",
    title="Caddy",
    carries=Carries(
        bad=SERVER_BAD,
        origin="Caddy 2.6 JSON; each row proven by request",
    ),
    render=render,
    load="""\
routes.json is a list of routes: put them first into the JSON configuration, at
apps.http.servers.<name>.routes (caddy adapt shows yours as JSON).""",
    server="caddy",
)
