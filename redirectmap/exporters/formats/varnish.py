"""Rules for Varnish: VCL that compares the address as it was sent.

VCL has no tables, so the rules are leaves of a tree of tests (`varnish_tree`); every
string stands in `{"..."}`, which knows no escapes, and WHATWG addresses hold no
quotation mark.

Source  varnish-cache.org/docs/7.1, VCL syntax; strings; vcl_synth.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from redirectmap.exporters.base import SERVER_BAD, Carries, Exporter, Options, header
from redirectmap.exporters.formats.varnish_tree import subroutines
from redirectmap.exporters.rules import REDIRECTS, Rule, RuleSet
from redirectmap.exporters.tags import OTHER, TAG
from redirectmap.exporters.text import Files

QUOTE = ("quote", '"', "VCL strings cannot hold a quotation mark")
HOST = """\
    set req.http.X-Redirectmap-Host = regsub(regsub(
        req.http.Host.lower(), ":[0-9]+$", ""), "[.]$", "");
"""
LOOKUP = """\
sub redirectmap_lookup {
    set req.http.X-Redirectmap-Key = req.http.X-Redirectmap-Wire;
    call redirectmap_find;
}
"""
LOOKUP_HOST = """\
sub redirectmap_lookup {
    set req.http.X-Redirectmap-Key =
        req.http.X-Redirectmap-Host + req.http.X-Redirectmap-Wire;
    call redirectmap_find;
    if (req.http.X-Redirectmap !~ ".") {
        set req.http.X-Redirectmap-Key = req.http.X-Redirectmap-Wire;
        call redirectmap_find;
    }
}
"""
RECV = """\
    set req.http.X-Redirectmap-Wire = req.url;
    call redirectmap_lookup;
"""
PATH = """\
    if (req.http.X-Redirectmap !~ "." && req.url ~ "[?]") {
        set req.http.X-Redirectmap-Path = regsub(req.url, "[?].*$", "");
        set req.http.X-Redirectmap-Query = regsub(req.url, "^[^?]*[?]", "");
"""
WITHOUT_TAGS = f"""\
        # without tracking parameters, which then alone join the target
        set req.http.X-Redirectmap-Tags = regsub(regsuball(
            "&" + req.http.X-Redirectmap-Query, "(?i){OTHER}", ""), "^&", "");
        set req.http.X-Redirectmap-Wire = req.http.X-Redirectmap-Path +
            regsub(regsuball(
                "&" + req.http.X-Redirectmap-Query, "(?i){TAG}", ""), "^&", "?");
        if (req.http.X-Redirectmap-Tags ~ "." &&
            req.http.X-Redirectmap-Wire ~ "[?].") {{
            call redirectmap_lookup;
            if (req.http.X-Redirectmap ~ ".") {{
                set req.http.X-Redirectmap-Query = req.http.X-Redirectmap-Tags;
            }}
        }}
"""
BY_PATH = """\
        if (req.http.X-Redirectmap !~ ".") {
            set req.http.X-Redirectmap-Wire = req.http.X-Redirectmap-Path;
            call redirectmap_lookup;
        }
"""
KEEP = """\
        if (req.http.X-Redirectmap-Query ~ "." && req.http.X-Redirectmap ~ "^3") {
            set req.http.X-Redirectmap-Joint = "&";
            if (req.http.X-Redirectmap ~ "^[^#]*[?](?:#|$)") {
                unset req.http.X-Redirectmap-Joint;
            } else if (req.http.X-Redirectmap ~ "^[^#?]*(?:#|$)") {
                set req.http.X-Redirectmap-Joint = "?";
            }
            set req.http.X-Redirectmap-Rest =
                regsub(req.http.X-Redirectmap, "^[^#]*", "");
            set req.http.X-Redirectmap = regsub(req.http.X-Redirectmap, "#.*$", "") +
                req.http.X-Redirectmap-Joint + req.http.X-Redirectmap-Query +
                req.http.X-Redirectmap-Rest;
        }
"""
MAX_BOTH = 6_000  # bytes of key and answer: a request's workspace has 64 KB
NAMES = (
    "",
    "-Host",
    "-Path",
    "-Query",
    "-Rest",
    "-Joint",
    "-Tags",
    "-Wire",
    "-Key",
    "-Leaf",
)


def render(rules: RuleSet, options: Options) -> Files:
    """Spell the rules: redirects.vcl."""
    known = [(key, rule.answer) for key, rule in rules.spellings.items()]
    parts = (
        header(rules, options, "Varnish", "include it before your own vcl_recv"),
        *subroutines(known),
        LOOKUP_HOST if rules.has_hosts else LOOKUP,
        *_recv(rules, options),
        _SYNTH,
    )
    return {"redirects.vcl": "".join(parts).encode()}


def _recv(rules: RuleSet, options: Options) -> Iterator[str]:
    yield "sub vcl_recv {\n"
    yield from (f"    unset req.http.X-Redirectmap{name};\n" for name in NAMES)
    yield HOST if rules.has_hosts else ""
    yield RECV
    if options.query != "exact":
        yield PATH
        yield WITHOUT_TAGS if any(rule.query for rule in rules.entries) else ""
        yield BY_PATH
        yield KEEP if options.query == "keep" else ""
        yield "    }\n"
    for status in rules.statuses:
        test = f'req.http.X-Redirectmap ~ "^{status}:"'
        yield f"    if ({test}) {{ return (synth({status + 1000})); }}\n"
    yield "}\n"


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
_LEAF = re.compile(r'-Key \+\s+\{" ([^"]*) "\}')


def special(rule: Rule, _options: Options) -> tuple[str, str] | None:
    """Refuse what leaves no room in the workspace of a request."""
    if len(rule.key) + len(rule.answer) <= MAX_BOTH:
        return None
    return "too_long", "Varnish has 64 KB for all that a request is compared with"


def reread(files: Files) -> dict[str, str]:
    """Read our own VCL back: key to answer."""
    found: dict[str, str] = {}
    for leaf in _LEAF.findall(files["redirects.vcl"].decode()):
        words = leaf.split(" ")
        found |= zip(words[::2], words[1::2], strict=True)
    return found


EXPORTER = Exporter(
    name="varnish",
    title="Varnish VCL",
    carries=Carries(
        bad=(*SERVER_BAD, QUOTE),
        bad_targets=(QUOTE,),
        holds=True,
        tagged=True,
        rows=200_000,
        source_chars=4_080,
        origin="Varnish 7.1; 20,000 rows compile in 4 CPU s, so 200,000 is our own "
        "limit; each row proven by request",
    ),
    render=render,
    load="""\
    cp {folder}/redirects.vcl /etc/varnish/redirects.vcl
In /etc/varnish/default.vcl, behind `vcl 4.1;` and before your own vcl_recv:
    include "/etc/varnish/redirects.vcl";
Then: varnishd -C -f /etc/varnish/default.vcl >/dev/null && systemctl reload varnish""",
    special=special,
    server="varnish",
    reread=reread,
)
