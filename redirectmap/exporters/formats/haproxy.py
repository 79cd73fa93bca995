"""Rules for HAProxy: a map file on the request's own bytes, and frontend lines.

Source  HAProxy 2.6 configuration manual: map_str, http-request redirect, field.
"""

from __future__ import annotations

from collections.abc import Iterator

from redirectmap.exporters.base import SERVER_BAD, Carries, Exporter, Options, header
from redirectmap.exporters.rules import REDIRECTS, RuleSet
from redirectmap.exporters.table import map_lines, read_map_lines
from redirectmap.exporters.tags import OTHER, TAG

FOUND = "{ var(txn.redirectmap) -m found }"


def render(rules: RuleSet, options: Options) -> dict[str, bytes]:
    """Spell the rules: frontend.cfg and redirects.map."""
    title = header(rules, options, "HAProxy", "put frontend.cfg into the frontend")
    return {
        "frontend.cfg": (title + "".join(_frontend(rules, options))).encode(),
        "redirects.map": (title + map_lines(rules)).encode(),
    }


def _frontend(rules: RuleSet, options: Options) -> Iterator[str]:
    place = str(options.folder / "redirects.map")
    say = "    http-request set-var(txn.redirectmap"
    yield f"{say}_url) url\n"
    if rules.has_hosts:
        yield f"{say}_host) req.hdr(host),field(1,:),lower\n"
    yield from _lookups(rules, place, "url", f"!{FOUND}")
    if options.query != "exact":
        yield f"{say}_path) var(txn.redirectmap_url),field(1,?)\n"
        yield f"{say}_query) var(txn.redirectmap_url),field(2,?,0) if !{FOUND}\n"
        yield from _without_tags(rules, place)
        yield from _lookups(rules, place, "path", f"!{FOUND}")
    if options.query == "keep":
        yield from _kept(rules)
    for status in rules.statuses:
        condition = f"{{ var(txn.redirectmap) -m beg {status}: }}"
        if status in REDIRECTS:
            place_it = "location %[var(txn.redirectmap),bytes(4)]"
            yield f"    http-request redirect {place_it} code {status} if {condition}\n"
        else:
            yield f"    http-request return status {status} if {condition}\n"


def _without_tags(rules: RuleSet, place: str) -> Iterator[str]:
    """Ask once more without tracking parameters; they alone then join the target."""
    if all(rule.query is None for rule in rules.entries):
        return
    say = "    http-request set-var(txn.redirectmap"
    tags, kept = f'"{OTHER}","",gi', f'"{TAG}","",gi'
    pairs = "str(&),concat(,txn.redirectmap_query)"
    some = f"!{FOUND} {{ var(txn.redirectmap_tags) -m len gt 0 }}"
    yield f"{say}_tags) '{pairs},regsub({tags}),bytes(1)' if !{FOUND}\n"
    yield f"{say}_kept) '{pairs},regsub({kept}),bytes(1)' if {some}\n"
    kept_some = f"{some} {{ var(txn.redirectmap_kept) -m len gt 0 }}"
    plain = "var(txn.redirectmap_path),concat(?,txn.redirectmap_kept)"
    yield f"{say}_plain) {plain} if {kept_some}\n"
    yield from _lookups(rules, place, "plain", kept_some)
    yield f"{say}_query) var(txn.redirectmap_tags) if {some.replace('!', '')}\n"


def _lookups(rules: RuleSet, place: str, part: str, condition: str) -> Iterator[str]:
    say = "    http-request set-var(txn.redirectmap"
    look = f"map_str({place}) if {condition}\n"
    if rules.has_hosts:
        yield f"{say}_key) var(txn.redirectmap_host),concat(,txn.redirectmap_{part})\n"
        yield f"{say}) var(txn.redirectmap_key),{look}"
    yield f"{say}) var(txn.redirectmap_{part}),{look}"


def _kept(rules: RuleSet) -> Iterator[str]:
    """Join the request's own query to the target's, before its fragment."""
    say = "    http-request set-var(txn.redirectmap"
    yield f"{say}_base) \"var(txn.redirectmap),field(1,'#')\"\n"
    yield f"{say}_rest) \"var(txn.redirectmap),field(2,'#',0)\"\n"
    base = "location %[var(txn.redirectmap_base),bytes(4)]"
    query = "%[var(txn.redirectmap_query)]"
    needed = f"{FOUND} {{ var(txn.redirectmap_query) -m len gt 0 }}"
    for status in [code for code in rules.statuses if code in REDIRECTS]:
        own = f"{{ var(txn.redirectmap) -m beg {status}: }}"
        for joint, test in (
            ("?", "!{ var(txn.redirectmap_base) -m sub ? }"),
            ("", "{ var(txn.redirectmap_base) -m end ? }"),
            ("&", "{ var(txn.redirectmap_base) -m sub ? }"),
        ):
            for rest, marked in (
                (
                    '"\\#"%[var(txn.redirectmap_rest)]',
                    '{ var(txn.redirectmap) -m sub "#" }',
                ),
                ("", ""),
            ):
                tail = rest.replace('"\\#"', "\\#")
                yield (
                    f"    http-request redirect {base}{joint}{query}{tail} "
                    f"code {status} if {needed} {own} {test} {marked}".rstrip()
                    + "\n"
                )


def reread(files: dict[str, bytes]) -> dict[str, str]:
    """Read our own map back: key to answer."""
    return read_map_lines(files["redirects.map"].decode())


EXPORTER = Exporter(
    name="haproxy",
    title="HAProxy",
    carries=Carries(
        bad=SERVER_BAD,
        holds=True,
        tagged=True,
        origin="HAProxy 2.6 configuration manual; each row proven by request",
    ),
    render=render,
    load="""\
Put the lines of frontend.cfg into the frontend, before other http-request rules;
they read {folder}/redirects.map. Then: haproxy -c -f haproxy.cfg""",
    server="haproxy",
    reread=reread,
)
