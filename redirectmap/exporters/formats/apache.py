r"""Rules for an Apache virtual host: a RewriteMap on the request's own bytes.

Decides the form: one map from the request target (`%{THE_REQUEST}`, so neither
decoded nor merged) to status and target, looked up once or twice a request,
then one rule per status in use. Berkeley DB where `httxt2dbm` is at hand, because
text maps are read line by line. Both cut lines behind 1 024 bytes, silently; longer
entries become a condition of their own, which fills the same variable.

Source  Apache 2.4 mod_rewrite; REWRITE_MAX_TXT_MAP_LINE; httxt2dbm 2.4.71 tried;
configuration lines hold 8 192 bytes (MAX_STRING_LEN).
"""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

from redirectmap.errors import ServerError
from redirectmap.exporters.base import SERVER_BAD, Carries, Exporter, Options, header
from redirectmap.exporters.patterns import Pattern, apache_lines, escaped, literal
from redirectmap.exporters.rules import REDIRECTS, Rule, RuleSet
from redirectmap.exporters.table import map_lines, read_map_lines
from redirectmap.exporters.tags import APART
from redirectmap.readers.rules_ours import apache_entries

MAX_TEXT_LINE = 1_000  # bytes; lines of a map are cut behind 1 024
MAX_CONFIG_LINE = 8_000
LOAD = "Include vhost.conf in <VirtualHost>"
TOOL = "httxt2dbm"
TAGS, UNTAGGED = "REDIRECTMAP_TAGS", "REDIRECTMAP_UNTAGGED"
REQUEST = "%{THE_REQUEST}"
UNTAGGED_REQUEST = f"GET %{{ENV:{UNTAGGED}}} HTTP/"
UNSET = 'RewriteCond "%{ENV:REDIRECTMAP}" "^$"\n'


def render(rules: RuleSet, options: Options) -> dict[str, bytes]:
    """Spell the rules: vhost.conf, redirects.txt and, if possible, redirects.db."""
    title = header(rules, options, "an Apache virtual host", LOAD)
    lines = map_lines(rules).splitlines(keepends=True)
    short = (line for line in lines if len(line) < MAX_TEXT_LINE)
    text = (title + "".join(short)).encode()
    files = {"redirects.txt": text}
    if has_tool():
        files["redirects.db"] = _database(text, rules.digest)
    kind = "dbm=db" if has_tool() else "txt"
    name = "redirects.db" if has_tool() else "redirects.txt"
    place = str(options.folder / name).replace("\\", "\\\\").replace('"', '\\"')
    conf = "".join(_vhost(rules, options, f"{kind}:{place}"))
    files["vhost.conf"] = (title + conf).encode()
    return files


def has_tool() -> bool:
    """Say whether Apache's own converter is installed."""
    return shutil.which(TOOL) is not None


def _database(text: bytes, seed: str) -> bytes:
    """Make the Berkeley DB file, with a file id that depends on the plan alone."""
    with tempfile.TemporaryDirectory() as name:
        source, made = Path(name, "map.txt"), Path(name, "map.db")
        source.write_bytes(text)
        command = [TOOL, "-f", "DB", "-i", str(source), "-o", str(made)]
        run = subprocess.run(command, capture_output=True, text=True, check=False)
        if run.returncode or not made.exists():
            raise ServerError(
                f"{TOOL} failed: {run.stderr.strip() or run.stdout.strip()}",
                hint="is apache2-utils whole, and is there room in the temp folder?",
            )
        data = made.read_bytes()
    # unused room of a page may hold another copy of the first page
    return data.replace(data[52:72], bytes.fromhex(seed)[:20])


def special(rule: Rule, _options: Options) -> tuple[str, str] | None:
    """Refuse what does not fit a line of the configuration."""
    lines = long_entry(rule.key, rule, by_path=True, subject=UNTAGGED_REQUEST)
    if max(map(len, lines)) < MAX_CONFIG_LINE:
        return None
    return "too_long", "Apache reads configuration lines of 8 192 bytes"


def long_entry(
    key: str, rule: Rule, *, by_path: bool = False, subject: str = REQUEST
) -> Iterator[str]:
    """Yield the lines that do for one entry what a map does for the others."""
    wire = escaped(key[len(rule.host or "") :])
    tail = r"\?[^ ]*" if by_path else ""
    yield UNSET
    if rule.host:
        yield _host(rule.host)
    said = f"{literal(rule.answer)} {subject}"
    yield f'RewriteCond "{said}" "^([^ ]+) [A-Z]+ {wire}{tail} HTTP/"\n'


def _vhost(rules: RuleSet, options: Options, place: str) -> Iterator[str]:
    yield "RewriteEngine On\n"
    if any("%2f" in rule.path.lower() for rule in rules.entries):
        yield "# else Apache answers 404 to %2F in a path\n"
        yield "AllowEncodedSlashes NoDecode\n"
    yield 'Define REDIRECTMAP_FLAGS "L,NE,QSD"\n<IfVersion >= 2.4.60>\n'
    yield 'Define REDIRECTMAP_FLAGS "L,NE,QSD,UnsafeAllow3F"\n</IfVersion>\n'
    yield f'RewriteMap redirectmap "{place}"\n'
    if rules.has_hosts:
        yield "RewriteMap redirectmap_lower int:tolower\n"
    yield "\n# the request as sent\n"
    yield from _lookups(rules, "[^ ]+")
    yield from _long_entries(rules)
    if options.query != "exact":
        keep = options.query == "keep"
        yield from _without_tags(rules, _own_query(f"%{{ENV:{TAGS}}}") if keep else "")
        yield "# the request's path\n"
        flag = _own_query("%{QUERY_STRING}") if keep else ""
        yield from _lookups(rules, "[^ ?]+", r"\?[^ ]*", flag=flag)
        yield from _long_entries(rules, by_path=True, flag=flag)
    yield "# the answers\n"
    for status in rules.statuses:
        yield from _answer(status, options)
    for one in rules.patterns:
        yield from _pattern(one, options)
    yield "UnDefine REDIRECTMAP_FLAGS\n"


def _pattern(one: Pattern, options: Options) -> Iterator[str]:
    lines = list(apache_lines(one, options.query, "${REDIRECTMAP_FLAGS}"))
    for condition, rule in zip(lines[::2], lines[1::2], strict=True):
        yield UNSET
        if one.host:
            yield _host(one.host)
        yield condition
        yield rule


def _host(name: str) -> str:
    return f'RewriteCond "%{{HTTP_HOST}}" "^{escaped(name)}\\.?(?::[0-9]*)?$" [NC]\n'


def _own_query(query: str) -> str:
    """Return the flags that remember what is to join a target."""
    return f",E=REDIRECTMAP_QUERY:?{query},E=REDIRECTMAP_ARGS:{query}"


def _without_tags(rules: RuleSet, flag: str) -> Iterator[str]:
    """Ask once more without tracking parameters, if the request has some."""
    if all(rule.query is None for rule in rules.entries):
        return
    yield "# the request without tracking parameters\n"
    yield from untagged_lines()
    yield from _lookups(rules, "[^ ]+", subject=UNTAGGED_REQUEST, flag=flag)
    yield from _long_entries(rules, subject=UNTAGGED_REQUEST, flag=flag)


def untagged_lines() -> Iterator[str]:
    """Yield the lines that set tracking parameters of a request aside."""
    yield f'RewriteCond "&%{{QUERY_STRING}}" "{APART}" [NC]\n'
    yield f'RewriteRule "^" "-" [E={TAGS}:%3%5%7,E={UNTAGGED}:%2%4%6%8]\n'
    yield f'RewriteCond "%{{ENV:{UNTAGGED}}} %{{ENV:{TAGS}}} %{{THE_REQUEST}}" '
    yield '"^&([^ ]+) &([^ ]+) [A-Z]+ ([^ ?]+)"\n'
    yield f'RewriteRule "^" "-" [E={TAGS}:%2,E={UNTAGGED}:%3?%1,S=1]\n'
    yield f'RewriteRule "^" "-" [E=!{UNTAGGED}]\n'


def _long_entries(
    rules: RuleSet, *, by_path: bool = False, subject: str = REQUEST, flag: str = ""
) -> Iterator[str]:
    for key, rule in sorted(rules.spellings.items()):
        long = len(key) + len(rule.answer) + 2 >= MAX_TEXT_LINE
        only = rule.query is None if by_path else rule.query or subject == REQUEST
        if long and only:
            yield from long_entry(key, rule, by_path=by_path, subject=subject)
            yield f'RewriteRule "^" "-" [E=REDIRECTMAP:%1{flag}]\n'


def _lookups(
    rules: RuleSet, part: str, tail: str = "", *, subject: str = REQUEST, flag: str = ""
) -> Iterator[str]:
    if rules.has_hosts:
        yield UNSET
        yield (
            f'RewriteCond "%{{HTTP_HOST}}@{subject}" '
            f'"^([^:@/ ]+?)\\.?(?::[0-9]*)?@[A-Z]+ ({part}){tail} HTTP/"\n'
        )
        yield (
            'RewriteRule "^" "-" [E=REDIRECTMAP:'
            f"${{redirectmap:${{redirectmap_lower:%1}}%2}}{flag}]\n"
        )
    yield UNSET
    yield f'RewriteCond "{subject}" "^[A-Z]+ ({part}){tail} HTTP/"\n'
    yield f'RewriteRule "^" "-" [E=REDIRECTMAP:${{redirectmap:%1}}{flag}]\n'


def _answer(status: int, options: Options) -> Iterator[str]:
    if status not in REDIRECTS:
        yield f'RewriteCond "%{{ENV:REDIRECTMAP}}" "^{status}:"\n'
        yield f'RewriteRule "^" "-" [R={status},L]\n'
        return
    flags = f"[R={status},${{REDIRECTMAP_FLAGS}}]"
    if options.query == "keep":
        # a literal "?" here would make mod_rewrite split, and drop a last "&"
        joints = (
            ("([^#?]*)", "%{ENV:REDIRECTMAP_QUERY}"),
            (r"([^#]*\?)", "%{ENV:REDIRECTMAP_ARGS}"),
            (r"([^#]*\?[^#]*)", "&%{ENV:REDIRECTMAP_ARGS}"),
        )
        for pattern, joint in joints:
            yield 'RewriteCond "%{ENV:REDIRECTMAP_ARGS}" "!^$"\n'
            yield f'RewriteCond "%{{ENV:REDIRECTMAP}}" "^{status}:{pattern}(#.*)?$"\n'
            yield f'RewriteRule "^" "%1{joint}%2" {flags}\n'
    yield f'RewriteCond "%{{ENV:REDIRECTMAP}}" "^{status}:(.+)$"\n'
    yield f'RewriteRule "^" "%1" {flags}\n'


def reread(files: dict[str, bytes]) -> dict[str, str]:
    """Read our own files back: key to answer."""
    long = dict(apache_entries(files["vhost.conf"].decode()))
    return read_map_lines(files["redirects.txt"].decode()) | long


EXPORTER = Exporter(
    name="apache",
    title="Apache (virtual host)",
    carries=Carries(
        bad=SERVER_BAD,
        holds=True,
        tagged=True,
        origin="Apache 2.4 mod_rewrite; each row proven by request",
    ),
    render=render,
    load="""\
In the virtual host (needs mod_rewrite):
    <VirtualHost *:443>
        Include {folder}/vhost.conf
    </VirtualHost>
Then: apachectl configtest && apachectl graceful
redirects.db is made from redirects.txt; to make it anew:
    httxt2dbm -f DB -i redirects.txt -o redirects.db
Where httxt2dbm was not at hand there is no redirects.db, and vhost.conf names
redirects.txt, which Apache reads line by line: slow above 10 000 rules.""",
    special=special,
    server="apache",
    reread=reread,
    patterns=True,
)
