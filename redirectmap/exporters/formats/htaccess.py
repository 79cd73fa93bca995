r"""Rules for an Apache .htaccess file: one rule a row, on the request's own bytes.

Decides the form. A condition carries the target and the request line in one
text, so that neither is ever read as a substitution (there `%2x`, `$1` and `?`
have a meaning):

    RewriteCond "https://new.example/a %{THE_REQUEST}" "^([^ ]+) [A-Z]+ /a\?? HTTP/"
    RewriteRule "^a$" "%1" [R=301,L,NE,QSD,UnsafeAllow3F]

Every character that is not a letter, digit, `/`, `_` or `-` is written `\xHH` in
a pattern. The rule's own pattern is only a cheap first look.

Source  Apache 2.4 mod_rewrite; one .htaccess line in error answers 500 to every
request, and `apache2 -t` does not read the file.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import unquote_to_bytes

from redirectmap.exporters.base import SERVER_BAD, Carries, Exporter, Options, header
from redirectmap.exporters.formats.apache import (
    MAX_CONFIG_LINE,
    REQUEST,
    TAGS,
    UNTAGGED_REQUEST,
    untagged_lines,
)
from redirectmap.exporters.patterns import Pattern, apache_lines, escaped, literal
from redirectmap.exporters.rules import (
    REDIRECTS,
    Rule,
    RuleSet,
    hex_lower,
    hex_upper,
)
from redirectmap.readers.rules_ours import apache_entries
from redirectmap.tracking import set_aside

LOAD = "put it into the document root, before other rules"
MAX_NAME, MAX_PATH = 255, 3_900  # bytes of a file's name and path on Linux
_GUARD = """\
# older versions do not know UnsafeAllow3F, and would answer 500 to everything
<IfVersion >= 2.4.60>
RewriteEngine On
"""


def render(rules: RuleSet, options: Options) -> dict[str, bytes]:
    """Spell the rules: one .htaccess file."""
    spellings: dict[str, list[str]] = {}
    for key, rule in rules.spellings.items():
        spellings.setdefault(rule.key, []).append(key[len(rule.host or "") :])
    held: dict[str, list[str]] = {}
    for rule in rules.held:
        guard = _not_this(rule, spellings[rule.key])
        held.setdefault(hex_upper(rule.path), []).extend(guard)
    text = [header(rules, options, "an Apache .htaccess file", LOAD), _GUARD]
    ordered = sorted(rules.rules, key=_order)
    if options.query == "exact":
        for rule in ordered:
            text.extend(held.get(hex_upper(rule.path), []))
            text.extend(_exact(rule, spellings[rule.key]))
    else:
        text.extend(_queries_and_paths(ordered, spellings, held, options))
    for one in rules.patterns:
        text.extend(_pattern(one, spellings, options))
    text.append("</IfVersion>\n")
    return {".htaccess": "".join(text).encode()}


def _queries_and_paths(
    ordered: list[Rule],
    spellings: dict[str, list[str]],
    held: dict[str, list[str]],
    options: Options,
) -> Iterator[str]:
    """Yield exact queries, then those with tracking parameters, then paths."""
    queries = [rule for rule in ordered if rule.query is not None]
    for rule in queries:
        yield from _exact(rule, spellings[rule.key])
    yield from untagged_lines() if queries or held else ()
    for rule in ordered:
        if rule.query is None or _is_tagged(rule):
            guards = held.get(hex_upper(rule.path), [])
            yield from _by_less(rule, spellings[rule.key], guards, options)


def _is_tagged(rule: Rule) -> bool:
    """Say whether a query's rule holds for it with tracking parameters, too."""
    return bool(rule.query) and not set_aside(rule.query or "")[1]


def _pattern(
    one: Pattern, spellings: dict[str, list[str]], options: Options
) -> Iterator[str]:
    guards = [g for rule in one.held for g in _not_this(rule, spellings[rule.key])]
    if one.host:
        name = escaped(one.host)
        guards.append(f'RewriteCond "%{{HTTP_HOST}}" "^{name}\\.?(?::[0-9]*)?$" [NC]\n')
    lines = list(apache_lines(one, options.query, "L,NE,QSD,UnsafeAllow3F"))
    for condition, rule in zip(lines[::2], lines[1::2], strict=True):
        yield from (*guards, condition, rule)


def _order(rule: Rule) -> tuple[bool, bool, str]:
    """Exact queries before paths, rules of one host before rules of all."""
    return rule.query is None, rule.host is None, hex_upper(rule.key)


def _not_this(rule: Rule, wires: list[str]) -> Iterator[str]:
    """Yield the condition that a request is not the one of a held row."""
    host = f"(?i:{escaped(rule.host)})\\.?(?::[0-9]*)?" if rule.host else "[^@]*"
    test = f"!^{host}@[A-Z]+ {_any_of(wires)} HTTP/"
    yield f'RewriteCond "%{{HTTP_HOST}}@%{{THE_REQUEST}}" "{test}"\n'
    if rule.query:
        yield f'RewriteCond "%{{HTTP_HOST}}@{UNTAGGED_REQUEST}" "{test}"\n'


def _any_of(wires: list[str]) -> str:
    path = "|".join(escaped(wire) for wire in sorted(wires))
    return f"(?:{path})" if len(wires) > 1 else path


def _exact(rule: Rule, wires: list[str]) -> Iterator[str]:
    """Yield the lines that answer exactly the rule's own address."""
    yield from _host(rule)
    yield from _plain(rule, REQUEST, f"{_any_of(wires)} HTTP/")


def _by_less(
    rule: Rule, wires: list[str], guards: list[str], options: Options
) -> Iterator[str]:
    """Yield the lines that answer by the path, or a query with tracking parameters."""
    path = _any_of(wires)
    subject, query, end = REQUEST, r"\?([^ ]+) HTTP/", r"\?? HTTP/"
    if rule.query is not None:
        subject, query = f"{UNTAGGED_REQUEST} %{{ENV:{TAGS}}}", " HTTP/ ([^ ]+)$"
        end = ""
    if rule.target is not None and options.query == "keep":
        base, mark, fragment = rule.target.partition("#")
        joint = "?" if "?" not in base else ("" if base.endswith("?") else "&")
        text = f"{literal(base + joint)} {literal(mark + fragment)} {subject}"
        yield from (*guards, *_host(rule))
        yield f'RewriteCond "{text}" "^([^ ]+) ([^ ]*) [A-Z]+ {path}{query}"\n'
        yield f'RewriteRule "{_first_look(rule)}" "%1%3%2" {_flags(rule)}\n'
    else:
        end = r"(?:\?[^ ]*)? HTTP/" if rule.query is None else " HTTP/"
    if end:
        yield from (*guards, *_host(rule))
        yield from _plain(rule, subject, path + end)


def _plain(rule: Rule, subject: str, wire: str) -> Iterator[str]:
    """Yield the lines that answer with the target as it is."""
    text = literal(rule.target) if rule.target else "-"
    yield f'RewriteCond "{text} {subject}" "^([^ ]+) [A-Z]+ {wire}"\n'
    result = "%1" if rule.target else "-"
    yield f'RewriteRule "{_first_look(rule)}" "{result}" {_flags(rule)}\n'


def special(rule: Rule, options: Options) -> tuple[str, str] | None:
    """Refuse what Apache answers 403 to before it looks, and what fits no line."""
    names = unquote_to_bytes(rule.path).split(b"/")
    if max(map(len, names)) > MAX_NAME or len(rule.path) > MAX_PATH:
        return "too_long", "Apache answers 403 to a path that no file could have"
    upper = hex_upper(rule.wire), hex_lower(rule.wire), rule.wire
    lines = _by_less(rule, sorted(set(upper)), [], options)
    if max(map(len, lines)) < MAX_CONFIG_LINE:
        return None
    return "too_long", "Apache reads lines of 8 192 bytes"


def _host(rule: Rule) -> Iterator[str]:
    if rule.host:
        name = escaped(rule.host)
        yield f'RewriteCond "%{{HTTP_HOST}}" "^{name}\\.?(?::[0-9]*)?$" [NC]\n'


def _flags(rule: Rule) -> str:
    more = ",NE,QSD,UnsafeAllow3F" if rule.status in REDIRECTS else ""
    return f"[R={rule.status},L{more}]"


def _first_look(rule: Rule) -> str:
    """Return a pattern for the decoded path, where decoding changes nothing."""
    plain = re.fullmatch(r"/(?:[A-Za-z0-9_-]+(?:/|$))*[A-Za-z0-9_-]*", rule.path)
    return f"^{rule.path[1:]}$" if plain and rule.path != "/" else "^"


def reread(files: dict[str, bytes]) -> dict[str, str]:
    """Read our own file back: key to answer; the rule of a key stands last."""
    return dict(apache_entries(files[".htaccess"].decode()))


EXPORTER = Exporter(
    name="htaccess",
    title="Apache .htaccess",
    carries=Carries(
        holds=True,
        tagged=True,
        bad=(
            *SERVER_BAD,
            ("encoded_slash", "^[^?]*%2[fF]", "Apache answers 404 to %2F in a path"),
        ),
        origin="Apache 2.4 mod_rewrite; +69 ms a request at 10 000 rules, so prefer "
        "the virtual host above 1 000; each row proven by request",
    ),
    render=render,
    load="""\
Put the lines into .htaccess in the document root, before other rules (needs
AllowOverride FileInfo, mod_rewrite and Apache 2.4.60; an older one ignores them,
use --to apache there or ask the host). Every request reads all of them: above
1 000 rules ask for the virtual host's configuration (--to apache).
apache2 -t does not read .htaccess; --prove does.""",
    special=special,
    reread=reread,
    server="apache-htaccess",
    patterns=True,
)
