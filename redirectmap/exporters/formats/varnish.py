"""Rules for Varnish: VCL that compares the address as it was sent.

VCL has no tables, so the rules are compared in turn; every string stands in `{"..."}`,
which knows no escapes, and WHATWG addresses hold no quotation mark.

Source  varnish-cache.org/docs/7.1, VCL syntax; strings; vcl_synth.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from redirectmap.exporters.base import SERVER_BAD, Carries, Exporter, Options, header
from redirectmap.exporters.rules import REDIRECTS, Rule, RuleSet
from redirectmap.exporters.text import Files

QUOTE = ("quote", '"', "VCL strings cannot hold a quotation mark")
SUBJECTS = {
    "exact_host": "req.http.X-Redirectmap-Host + req.url",
    "exact": "req.url",
    "path_host": "req.http.X-Redirectmap-Host + req.http.X-Redirectmap-Path",
    "path": "req.http.X-Redirectmap-Path",
}
HOST = """\
    set req.http.X-Redirectmap-Host = regsub(regsub(
        req.http.Host.lower(), ":[0-9]+$", ""), "[.]$", "");
"""
KEEP = """\
    if (req.http.X-Redirectmap-Query && req.http.X-Redirectmap ~ "^3") {
        set req.http.X-Redirectmap-Rest = regsub(req.http.X-Redirectmap, "^[^#]*", "");
        set req.http.X-Redirectmap = regsub(req.http.X-Redirectmap, "#.*$", "");
        if (req.http.X-Redirectmap !~ "[?]") {
            set req.http.X-Redirectmap = req.http.X-Redirectmap + "?";
        } else if (req.http.X-Redirectmap !~ "[?]$") {
            set req.http.X-Redirectmap = req.http.X-Redirectmap + "&";
        }
        set req.http.X-Redirectmap = req.http.X-Redirectmap +
            req.http.X-Redirectmap-Query + req.http.X-Redirectmap-Rest;
    }
"""
NAMES = ("", "-Host", "-Path", "-Query", "-Rest")


def render(rules: RuleSet, options: Options) -> Files:
    """Spell the rules: redirects.vcl."""
    tables: dict[str, list[tuple[str, Rule]]] = {name: [] for name in SUBJECTS}
    for key, rule in sorted(rules.spellings.items()):
        exact = rule.query is not None or options.query == "exact"
        name = ("exact" if exact else "path") + ("_host" if rule.host else "")
        tables[name].append((key, rule))
    title = header(rules, options, "Varnish")
    used = [name for name, rows in tables.items() if rows]
    parts = [_table(name, tables[name]) for name in used]
    text = "".join([title, *parts, *_recv(rules, options, used), _SYNTH])
    return {"redirects.vcl": text.encode()}


def _table(name: str, rows: list[tuple[str, Rule]]) -> str:
    """Write one subroutine per table; `set` runs only where nothing was found yet."""
    lines = "".join(
        f'    if (req.http.X-Redirectmap-Key == {{"{key}"}}) '
        f'{{ set req.http.X-Redirectmap = {{"{rule.answer}"}}; return; }}\n'
        for key, rule in rows
    )
    return (
        f"sub redirectmap_{name} {{\n"
        "    if (req.http.X-Redirectmap) { return; }\n"
        f"    set req.http.X-Redirectmap-Key = {SUBJECTS[name]};\n{lines}}}\n"
    )


def _recv(rules: RuleSet, options: Options, used: list[str]) -> Iterator[str]:
    yield "sub vcl_recv {\n"
    for name in (*NAMES, "-Key"):
        yield f"    unset req.http.X-Redirectmap{name};\n"
    yield HOST if rules.has_hosts else ""
    yield from (f"    call redirectmap_{n};\n" for n in used if n.startswith("exact"))
    paths = [name for name in used if name.startswith("path")]
    if paths:
        path = 'regsub(req.url, "[?].*$", "")'
        yield f"    if (!req.http.X-Redirectmap) {{\n{_by_path(path, paths)}"
        yield KEEP if options.query == "keep" else ""
        yield "    }\n"
    for status in rules.statuses:
        test = f'req.http.X-Redirectmap ~ "^{status}:"'
        yield f"    if ({test}) {{ return (synth({status + 1000})); }}\n"
    yield "}\n"


def _by_path(path: str, names: list[str]) -> str:
    query = 'regsub(req.url, "^[^?]*[?]", "")'
    calls = "".join(f"    call redirectmap_{name};\n" for name in names)
    return (
        f"    set req.http.X-Redirectmap-Path = {path};\n"
        f'    if (req.url ~ "[?].") {{ set req.http.X-Redirectmap-Query = {query}; }}\n'
        f"{calls}"
    )


_SYNTH = f"""\
sub vcl_synth {{
    if (req.http.X-Redirectmap && resp.status >= 1300 && resp.status < 1500) {{
        set resp.status = resp.status - 1000;
        if (req.http.X-Redirectmap ~ "^({"|".join(map(str, REDIRECTS))}):") {{
            set resp.http.Location = regsub(req.http.X-Redirectmap, "^[0-9]+:", "");
        }}
        synthetic("");
        return (deliver);
    }}
}}
"""
_ENTRY = re.compile(
    r'Key == \{"([^"]*)"\}\) \{ set req\.http\.X-Redirectmap = \{"([^"]*)"\};'
)


def reread(files: Files) -> dict[str, str]:
    """Read our own VCL back: key to answer."""
    return dict(_ENTRY.findall(files["redirects.vcl"].decode()))


EXPORTER = Exporter(
    name="varnish",
    title="Varnish VCL",
    carries=Carries(
        bad=(*SERVER_BAD, QUOTE),
        bad_targets=(QUOTE,),
        holds=True,
        rows=20_000,
        source_chars=4_080,
        origin="Varnish 7.1; rows are compiled and compared in turn, so 20,000 is our "
        "own limit; each row proven by request",
    ),
    render=render,
    load="""\
    cp {folder}/redirects.vcl /etc/varnish/redirects.vcl
In /etc/varnish/default.vcl, behind `vcl 4.1;` and before your own vcl_recv:
    include "/etc/varnish/redirects.vcl";
Then: varnishd -C -f /etc/varnish/default.vcl >/dev/null && systemctl reload varnish""",
    server="varnish",
    reread=reread,
)
