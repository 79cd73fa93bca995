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
from redirectmap.exporters.rules import KEPT, Rule, RuleSet
from redirectmap.exporters.text import said

URI = "{http.request.orig_uri}"
OUTPUTS = ("status", "plain", "base", "rest")


def render(rules: RuleSet, options: Options) -> dict[str, bytes]:
    """Spell the rules: routes.json, a list of routes."""
    known = sorted(rules.spellings.items())
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
    guards: list[str] = []
    for name, rows, subject in (
        ("exact", exact, URI),
        ("path", path, "{redirectmap_path}"),
    ):
        for hosts in (True, False):
            part = [(key, rule) for key, rule in rows if bool(rule.host) is hosts]
            title = f"{name}{'_host' if hosts else ''}"
            if part:
                routes += _routes(title, part, subject, guards, options)
            if any(not rule.answers for _, rule in part):
                guards.append(f'{{redirectmap_{title}_status}} != "{KEPT}"')
    text = json.dumps(routes, indent=1, ensure_ascii=True)
    return {"routes.json": f"{text}\n".encode()}


def _routes(
    name: str,
    rows: list[tuple[str, Rule]],
    subject: str,
    guards: list[str],
    options: Options,
) -> list[dict[str, Any]]:
    own = {part: f"{{redirectmap_{name}_{part}}}" for part in OUTPUTS}
    lookup = {
        "handler": "map",
        "source": ("{http.request.host}" if name.endswith("_host") else "") + subject,
        "destinations": list(own.values()),
        "defaults": [""] * len(OUTPUTS),
        "mappings": [{"input": key, "outputs": _outputs(rule)} for key, rule in rows],
    }
    status, args = own["status"], "{redirectmap_args}"
    routes = [{"handle": [lookup]}]
    asked = guards if name.startswith("path") else []
    gone = [*asked, f'{status} in ["404", "410", "451"]']
    routes.append(_answer(gone, status, None))
    found = [*asked, f'!({status} in ["", "{KEPT}"])']
    if name.startswith("path") and options.query == "keep":
        joined = f"{own['base']}{args}{own['rest']}"
        routes.append(_answer([*found, f'{args} != ""'], status, joined))
    routes.append(_answer(found, status, own["plain"]))
    return routes


def _answer(conditions: list[str], status: str, location: str | None) -> dict[str, Any]:
    handler: dict[str, Any] = {"handler": "static_response", "status_code": status}
    if location is not None:
        handler["headers"] = {"Location": [location]}
    match = [{"expression": " && ".join(conditions)}]
    return {"match": match, "handle": [handler], "terminal": True}


def _outputs(rule: Rule) -> list[str]:
    target = rule.target or ""
    base, mark, rest = target.partition("#")
    joint = "?" if "?" not in base else ("" if base.endswith("?") else "&")
    words = (str(rule.status), target, base + joint, mark + rest)
    return [word.replace("{", "\\{") for word in words]


def reread(files: dict[str, bytes]) -> dict[str, str]:
    """Read our own routes back: key to answer."""
    routes = json.loads(files["routes.json"])
    maps = (handler for route in routes for handler in route["handle"])
    entries = (entry for handler in maps for entry in handler.get("mappings", ()))
    found = {}
    for entry in entries:
        if "input" in entry:
            status, target, *_ = entry["outputs"]
            found[entry["input"]] = said(status, target.replace("\\{", "{"))
    return found


EXPORTER = Exporter(
    name="caddy",
    title="Caddy",
    carries=Carries(
        bad=SERVER_BAD,
        holds=True,
        origin="Caddy 2.6 JSON; each row proven by request",
    ),
    render=render,
    load="""\
routes.json is a list of routes: put them first into the JSON configuration, at
apps.http.servers.<name>.routes (caddy adapt shows yours as JSON).""",
    server="caddy",
    reread=reread,
)
