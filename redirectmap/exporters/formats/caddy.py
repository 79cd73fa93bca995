r"""Rules for Caddy, as JSON routes: maps on the request's own bytes.

Decides the form: one map handler for exact requests, one for paths, and three
routes that answer. Everything about a target is worked out here, so that Caddy
only looks up; braces enclose a placeholder, so they are written `\{` and `\}`
where a text has a `{`.

Source  Caddy 2.6 JSON: http.handlers.map, static_response, expression matcher.
Caddy reads the mappings one by one: 100 000 rules cost each request that scan.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from redirectmap.exporters.base import SERVER_BAD, Carries, Exporter, Options
from redirectmap.exporters.rules import KEPT, Rule, RuleSet
from redirectmap.exporters.tags import RUNS, stage_of
from redirectmap.exporters.text import said
from redirectmap.tracking import NAME

URI = "{http.request.orig_uri}"
SUBJECTS = {
    "tagged": (URI, ""),
    "exact": ("{redirectmap_plain}", "{redirectmap_tags}"),
    "path": ("{redirectmap_path}", "{redirectmap_args}"),
}
"""What each stage looks up, and what then joins the target."""
OUTPUTS = ("status", "plain", "base", "rest")


def render(rules: RuleSet, options: Options) -> dict[str, bytes]:
    """Spell the rules: routes.json, a list of routes."""
    known = sorted(rules.spellings.items())
    stages: dict[str, list[tuple[str, Rule]]] = {name: [] for name in SUBJECTS}
    for key, rule in known:
        stages[stage_of(rule, options.query)].append((key, rule))
    parts = ["{redirectmap_path}", "{redirectmap_args}"]
    split = _map(URI, parts, "^([^?]*)\\??(.*)$", ["${1}", "${2}"])
    routes: list[dict[str, Any]] = [{"handle": [split]}]
    guards: list[str] = []
    if options.query != "exact" and stages["exact"]:
        routes.append({"handle": list(_without_tags())})
    for name, rows in stages.items():
        for hosts in (True, False):
            part = [(key, rule) for key, rule in rows if bool(rule.host) is hosts]
            title = f"{name}{'_host' if hosts else ''}"
            if part:
                routes += _routes(title, part, guards, options)
            if any(not rule.answers for _, rule in part):
                guards.append(f'{{redirectmap_{title}_status}} != "{KEPT}"')
    text = json.dumps(routes, indent=1, ensure_ascii=True)
    return {"routes.json": f"{text}\n".encode()}


def _map(
    source: str, destinations: list[str], pattern: str, outputs: list[str]
) -> dict[str, Any]:
    """Return a map of one regular expression."""
    mapping = {"input_regexp": pattern, "outputs": outputs}
    return {
        "handler": "map",
        "source": source,
        "destinations": destinations,
        "mappings": [mapping],
        "defaults": [""] * len(destinations),
    }


def _without_tags() -> Iterator[dict[str, Any]]:
    """Yield the maps that set tracking parameters aside, one place after the other.

    A state is the pairs that are left, a space, and the tracking pairs.
    """
    tag = f"&{NAME}(?:=[^& ]*)?"
    state, first = "&{redirectmap_args} ", f"(?i)^(.*?)((?:{tag})+)((?:&[^ ]*)?) (.*)$"
    for number in range(1, RUNS + 1):
        name = f"{{redirectmap_state_{number}}}"
        one = _map(state, [name], first, ["${1}${3} ${4}${2}"])
        if number > 1:
            one["mappings"].append({"input_regexp": "^(.*)$", "outputs": ["${1}"]})
        yield one
        state = name
    parts = ["{redirectmap_plain}", "{redirectmap_tags}"]
    found = "^([^?]*)\\?[^ ]* &([^ ]+) &(.+)$"
    last = _map(f"{URI} {state}", parts, found, ["${1}?${2}", "${3}"])
    last["mappings"].append({"input_regexp": "^([^ ]*) .*$", "outputs": ["${1}", ""]})
    yield last


def _routes(
    name: str, rows: list[tuple[str, Rule]], guards: list[str], options: Options
) -> list[dict[str, Any]]:
    subject, args = SUBJECTS[name.partition("_")[0]]
    subject = URI if options.query == "exact" else subject
    own = {part: f"{{redirectmap_{name}_{part}}}" for part in OUTPUTS}
    lookup = {
        "handler": "map",
        "source": ("{http.request.host}" if name.endswith("_host") else "") + subject,
        "destinations": list(own.values()),
        "defaults": [""] * len(OUTPUTS),
        "mappings": [{"input": key, "outputs": _outputs(rule)} for key, rule in rows],
    }
    status = own["status"]
    routes = [{"handle": [lookup]}]
    gone = [*guards, f'{status} in ["404", "410", "451"]']
    routes.append(_answer(gone, status, None))
    found = [*guards, f'!({status} in ["", "{KEPT}"])']
    if args and options.query == "keep":
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
    return [re.sub("[{}]", r"\\\g<0>", w) if "{" in w else w for w in words]


def plain(word: str) -> str:
    """Return a text as Caddy says it; without `{` it takes nothing for an escape."""
    return re.sub(r"\\([{}])", r"\1", word) if "{" in word else word


def reread(files: dict[str, bytes]) -> dict[str, str]:
    """Read our own routes back: key to answer."""
    routes = json.loads(files["routes.json"])
    maps = (handler for route in routes for handler in route["handle"])
    entries = (entry for handler in maps for entry in handler.get("mappings", ()))
    found = {}
    for entry in entries:
        if "input" in entry:
            status, target, *_ = entry["outputs"]
            found[entry["input"]] = said(status, plain(target))
    return found


EXPORTER = Exporter(
    name="caddy",
    title="Caddy",
    carries=Carries(
        bad=SERVER_BAD,
        holds=True,
        tagged=True,
        origin="Caddy 2.6 JSON; each row proven by request",
    ),
    render=render,
    load="""\
routes.json is a list of routes: put them first into the JSON configuration, at
apps.http.servers.<name>.routes (caddy adapt shows yours as JSON).""",
    server="caddy",
    reread=reread,
)
