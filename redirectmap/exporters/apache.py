r"""Rules for an Apache virtual host: a RewriteMap on the request's own bytes.

Decides the form: one map from the request target (`%{THE_REQUEST}`, so neither
decoded nor merged) to status and target, looked up once or twice a request,
then one rule per status in use. Berkeley DB where `httxt2dbm` is at hand: text
maps are read line by line (143 us a lookup at 10 000 rows against 39), and
their lines are cut behind 1 024 bytes.

Source  Apache 2.4 mod_rewrite; REWRITE_MAX_TXT_MAP_LINE.
"""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

from redirectmap.errors import ServerError
from redirectmap.exporters.base import SERVER_BAD, Carries, Exporter, Options, header
from redirectmap.exporters.rules import REDIRECTS, Rule, RuleSet, spelled

MAX_TEXT_LINE = 1_000  # bytes; Apache cuts lines of a text map behind 1 024
TOOL = "httxt2dbm"


def render(rules: RuleSet, options: Options) -> dict[str, bytes]:
    """Spell the rules: vhost.conf, redirects.txt and, if possible, redirects.db."""
    known = spelled(rules.rules)
    title = header(rules, options, "an Apache virtual host")
    lines = sorted(f"{key} {rule.answer}\n" for key, rule in known.items())
    text = (title + "".join(lines)).encode()
    files = {"redirects.txt": text}
    if has_tool():
        files["redirects.db"] = _database(text, rules.plan_hash)
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
        data = bytearray(made.read_bytes())
    data[52:72] = bytes.fromhex(seed)[:20]
    return bytes(data)


def special(rule: Rule, _options: Options) -> tuple[str, str] | None:
    """Refuse what a text map would cut, where only a text map can be made."""
    if has_tool() or len(rule.key) + len(rule.answer) < MAX_TEXT_LINE:
        return None
    return "too_long", f"text maps cut lines at 1 024 bytes; install {TOOL}"


def _vhost(rules: RuleSet, options: Options, place: str) -> Iterator[str]:
    yield "RewriteEngine On\n"
    if any("%2f" in rule.path.lower() for rule in rules.rules):
        yield "# else Apache answers 404 to %2F in a path\n"
        yield "AllowEncodedSlashes NoDecode\n"
    yield 'Define REDIRECTMAP_FLAGS "L,NE,QSD"\n<IfVersion >= 2.4.60>\n'
    yield 'Define REDIRECTMAP_FLAGS "L,NE,QSD,UnsafeAllow3F"\n</IfVersion>\n'
    yield f'RewriteMap redirectmap "{place}"\n'
    if rules.has_hosts:
        yield "RewriteMap redirectmap_lower int:tolower\n"
    yield "\n# the request as sent\n"
    yield from _lookups(rules, "[^ ]+", r"^[A-Z]+ ([^ ]+) HTTP/", "")
    if options.query != "exact":
        yield "# the request's path\n"
        tail = r"\?[^ ]*"
        flag = (
            ",E=REDIRECTMAP_QUERY:?%{QUERY_STRING}" if options.query == "keep" else ""
        )
        yield from _lookups(rules, "[^ ?]+", rf"^[A-Z]+ ([^ ?]+){tail} HTTP/", flag)
    yield "# the answers\n"
    for status in rules.statuses:
        yield from _answer(status, options)
    yield "UnDefine REDIRECTMAP_FLAGS\n"


def _lookups(rules: RuleSet, part: str, pattern: str, flag: str) -> Iterator[str]:
    unset = 'RewriteCond "%{ENV:REDIRECTMAP}" "^$"\n'
    if rules.has_hosts:
        yield unset
        tail = r"\?[^ ]*" if "?" in part else ""
        yield (
            'RewriteCond "%{HTTP_HOST}@%{THE_REQUEST}" '
            f'"^([^:@/ ]+?)\\.?(?::[0-9]*)?@[A-Z]+ ({part}){tail} HTTP/"\n'
        )
        yield (
            'RewriteRule "^" "-" [E=REDIRECTMAP:'
            f"${{redirectmap:${{redirectmap_lower:%1}}%2}}{flag}]\n"
        )
    yield unset
    yield f'RewriteCond "%{{THE_REQUEST}}" "{pattern}"\n'
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
            (r"([^#]*\?)", "%{QUERY_STRING}"),
            (r"([^#]*\?[^#]*)", "&%{QUERY_STRING}"),
        )
        for pattern, joint in joints:
            yield 'RewriteCond "%{QUERY_STRING}" "!^$"\n'
            yield 'RewriteCond "%{ENV:REDIRECTMAP_QUERY}" "!^$"\n'
            yield f'RewriteCond "%{{ENV:REDIRECTMAP}}" "^{status}:{pattern}(#.*)?$"\n'
            yield f'RewriteRule "^" "%1{joint}%2" {flags}\n'
    yield f'RewriteCond "%{{ENV:REDIRECTMAP}}" "^{status}:(.+)$"\n'
    yield f'RewriteRule "^" "%1" {flags}\n'


def reread(files: dict[str, bytes]) -> dict[str, str]:
    """Read our own map back: key to answer."""
    lines = files["redirects.txt"].decode().splitlines()
    pairs = (line.split(" ") for line in lines if not line.startswith("#"))
    return {key: answer for key, answer in pairs}  # noqa: C416


APACHE = Exporter(
    name="apache",
    title="Apache (virtual host)",
    carries=Carries(
        bad=SERVER_BAD,
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
redirects.txt: lines of a text map must stay under 1 024 bytes.""",
    special=special,
    server="apache",
    reread=reread,
)
