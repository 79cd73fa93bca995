r"""Rules for Traefik's file provider: one redirectRegex a row, and their chain.

JSON is YAML. Every sign is written `\xHH` in the expression; `$` of a target is `$$`.

Source  doc.traefik.io, redirectRegex: RE2 on the whole URL; each request tries them in
turn.
"""

from __future__ import annotations

import re
from hashlib import sha256

from redirectmap.exporters.base import SERVER_BAD, Carries, Exporter, Options, header
from redirectmap.exporters.rules import Rule, RuleSet, hex_lower, hex_upper
from redirectmap.exporters.text import Files, json_bytes, json_of, said

LOAD = "a file of the file provider, middleware redirectmap@file"
_HOST, _TAIL = "[^/]+", r"(?:\?.*)?"


def render(rules: RuleSet, options: Options) -> Files:
    """Spell the rules: redirects.yml, exact queries first."""
    ordered = sorted(rules.rules, key=lambda r: (r.query is None, not r.host, r.key))
    middlewares: dict[str, object] = {}
    for rule in ordered:
        name = _name(hex_upper(rule.key))
        middlewares[_name(rule.key) if name in middlewares else name] = {
            "redirectRegex": {
                "regex": _regex(rule, options),
                "replacement": (rule.target or "").replace("$", "$$"),
                "permanent": rule.status == 301,
            }
        }
    middlewares["redirectmap"] = {"chain": {"middlewares": list(middlewares)}}
    title = header(rules, options, "Traefik's file provider", LOAD)
    value = {"http": {"middlewares": middlewares}}
    return {"redirects.yml": title.encode() + json_bytes(value)}


def _name(key: str) -> str:
    """Return a name that no other rule changes, so that a diff stays short."""
    return f"redirectmap-{sha256(key.encode()).hexdigest()[:16]}"


def _regex(rule: Rule, options: Options) -> str:
    host = _escaped(rule.host) + r"(?::\d+)?" if rule.host else _HOST
    by_path = rule.query is None and options.query == "drop"
    wires = sorted({rule.wire, hex_upper(rule.wire), hex_lower(rule.wire)})
    wire = "|".join(map(_escaped, wires))
    return f"^https?://{host}(?:{wire}){_TAIL if by_path else ''}$"


def _escaped(text: str) -> str:
    return re.sub(r"[^A-Za-z0-9/_%&=;,-]", lambda m: f"\\x{ord(m.group()):02x}", text)


def _plain(text: str) -> str:
    return re.sub(r"\\x([0-9a-f]{2})", lambda m: chr(int(m[1], 16)), text)


def reread(files: Files) -> dict[str, str]:
    """Read our own file back: key to answer."""
    found = {}
    shape = re.compile(r"\^https\?://(.*?)\(\?:(.*?)\)(?:\(\?:\\\?\.\*\)\?)?\$")
    for item in json_of(files["redirects.yml"])["http"]["middlewares"].values():
        own = item.get("redirectRegex")
        parts = shape.fullmatch(own["regex"]) if own else None
        if own and parts:
            host = "" if parts[1] == _HOST else parts[1].removesuffix(r"(?::\d+)?")
            target = own["replacement"].replace("$$", "$")
            answer = said(301 if own["permanent"] else 302, target)
            for wire in parts[2].split("|"):
                found[_plain(host) + _plain(wire)] = answer
    return found


EXPORTER = Exporter(
    name="traefik",
    title="Traefik",
    carries=Carries(
        statuses=frozenset({301, 302}),
        modes=("drop", "exact"),
        bad=SERVER_BAD,
        origin="docs: redirectRegex; each rule is one regular expression",
    ),
    render=render,
    load="""\
Load it by the file provider (--providers.file.filename={folder}/redirects.yml) and
name the middleware redirectmap@file in the router. Every request tries the rules in
turn: above some 1 000 rows put an nginx or HAProxy in front.""",
    reread=reread,
)
