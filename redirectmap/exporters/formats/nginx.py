r"""Rules for nginx: hash maps on the request's own bytes.

Decides the form. nginx folds the case of hash keys, so each value repeats its
key, and one regular expression compares it with the request byte for byte:

    "/about.html" "/about.html 301:https://new.example/about";

Keys that differ only by case share one entry. `$` begins a variable in values,
so it is written `${redirectmap_dollar}`. A word of the file may have 4 095
bytes; longer pairs become regular-expression keys, which need no repeated key.

Source  nginx/src/core/ngx_hash.c (key, two pointers, two bytes per entry),
ngx_conf_file.c (4 096-byte buffer), ngx_http_map_module.c.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from urllib.parse import unquote

from redirectmap.exporters.base import SERVER_BAD, Carries, Exporter, Options, header
from redirectmap.exporters.formats.nginx_maps import PATH, first, tail, untagged
from redirectmap.exporters.patterns import SEGMENT, TAIL, Pattern, escaped
from redirectmap.exporters.rules import REDIRECTS, Rule, RuleSet
from redirectmap.exporters.tags import stage_of
from redirectmap.readers.rules_ours import DOLLAR, nginx_entries

LOAD = "include http.conf in http { }, server.conf in server { }"
MAX_WORD = 4_090  # bytes of a quoted word; nginx stops at 4 096


def render(rules: RuleSet, options: Options) -> dict[str, bytes]:
    """Spell the rules: http.conf, server.conf and a file per map."""
    title = header(rules, options, "nginx", LOAD)
    tables = _tables(rules, options)
    files = {
        f"{name}.map": (title + "".join(sorted(lines))).encode()
        for name, lines in tables.items()
    }
    files["http.conf"] = (title + "".join(_http(rules, options, tables))).encode()
    files["server.conf"] = (title + "".join(_server(rules))).encode()
    return files


def _tables(rules: RuleSet, options: Options) -> dict[str, list[str]]:
    """Return the lines of each map file; a file that has none is left out."""
    parts: dict[str, dict[str, Rule]] = defaultdict(dict)
    for key, rule in rules.spellings.items():
        table = f"{stage_of(rule, options.query)}{'_host' if rule.host else ''}"
        parts[table][key] = rule
    found: dict[str, list[str]] = defaultdict(list)
    for table, known in parts.items():
        for line, long in _entries(known):
            found[f"{table}_long" if long else table].append(line)
    return found


def _entries(known: dict[str, Rule]) -> Iterator[tuple[str, bool]]:
    """Yield (line, is a regular expression), one per key without its case."""
    groups: dict[str, list[str]] = defaultdict(list)
    for key in sorted(known):
        groups[key.lower()].append(key)
    for folded, keys in groups.items():
        value = " ".join(f"{key} {known[key].answer}" for key in keys)
        words = f'"{_quoted(folded)}"', f'"{_valued(value)}"'
        if max(map(len, words)) <= MAX_WORD:
            yield f"{words[0]} {words[1]};\n", False
            continue
        for key in keys:
            yield f"{_regex_key(key)} {_long_value(known[key])};\n", True


def _quoted(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"')


def _valued(text: str) -> str:
    return _quoted(text).replace("$", DOLLAR)


def _regex_key(key: str) -> str:
    escaped = re.sub(r"[^A-Za-z0-9/_%&=:;,@~-]", lambda m: f"\\{m.group()}", key)
    return f'"~^{_quoted(escaped)}$"'


def _long_value(rule: Rule) -> str:
    return f'"{_valued(rule.answer)}"'


def special(rule: Rule, _options: Options) -> tuple[str, str] | None:
    """Refuse what nginx rejects, and what does not fit a word of the file."""
    if (".." in rule.path or "%" in rule.path) and _climbs(rule.path):
        return "encoded_dots", "nginx answers 400 to a path that climbs above its root"
    if len(DOLLAR) * (len(rule.key) + len(rule.answer)) < MAX_WORD:
        return None  # however it is spelled
    if max(len(_regex_key(rule.key)), len(_long_value(rule))) <= MAX_WORD:
        return None
    return "too_long", "nginx reads no word of more than 4 096 bytes"


def _climbs(path: str) -> bool:
    """Say whether a path, decoded and its slashes merged, leaves the root."""
    depth = 0
    for segment in unquote(path).split("/"):
        depth += -1 if segment == ".." else segment not in {"", "."}
        if depth < 0:
            return True
    return False


SUBJECTS = {
    "tagged_host": "$host$request_uri",
    "tagged": "$request_uri",
    "exact_host": "$host$redirectmap_untagged",
    "exact": "$redirectmap_untagged",
    "path_host": "$host$redirectmap_path",
    "path": "$redirectmap_path",
}
WHOLE = {"exact_host": "$host$request_uri", "exact": "$request_uri"}
"""Subjects where only exact requests are answered."""


def _http(
    rules: RuleSet, options: Options, tables: dict[str, list[str]]
) -> Iterator[str]:
    yield from _hash_sizes(tables)
    yield f'geo {DOLLAR[0]}{DOLLAR[2:-1]} {{ default "$"; }}\n\n'
    if options.query != "exact":
        yield PATH
    used = [name for name in SUBJECTS if {name, f"{name}_long"} & tables.keys()]
    for name in used:
        yield from _lookup(name, tables, options)
    found = {
        stage: [f"$redirectmap_{n}_answer" for n in used if n.startswith(stage)]
        for stage in ("tagged", "exact", "path")
    }
    if options.query != "exact" and found["exact"]:
        yield untagged()
    if rules.patterns:
        yield from _patterns(rules.patterns, options)
        found["path"].append("$redirectmap_pattern")
    for stage, answers in found.items():
        yield first(f"found_{stage}", answers)
    if options.query != "keep":
        yield first("answer", [f"$redirectmap_found_{stage}" for stage in found])
        return
    yield tail("exact", "tags") if found["exact"] else ""
    yield tail("path", "args") if found["path"] else ""
    joined = [f"$redirectmap_joined_{n}" for n in ("exact", "path") if found[n]]
    yield first("answer", ["$redirectmap_found_tagged", *joined])


def _lookup(name: str, tables: dict[str, list[str]], options: Options) -> Iterator[str]:
    """Write the maps that look a subject up and compare its letter case."""
    subject, answers = (WHOLE if options.query == "exact" else SUBJECTS)[name], []
    if name in tables:
        yield (
            f"map {subject} $redirectmap_{name}_hit {{\n"
            f'    default "";\n    include "{_file(options, name)}";\n}}\n'
            f'map "$redirectmap_{name}_hit {subject}" $redirectmap_{name}_short {{\n'
            '    default "";\n'
            '    "~^(?:[^ ]+ [^ ]+ )*?([^ ]+) (?<redirectmap_'
            f'{name}_v>[^ ]+) (?:[^ ]+ [^ ]+ )*\\1$" $redirectmap_{name}_v;\n}}\n'
        )
        answers.append(f"$redirectmap_{name}_short")
    if f"{name}_long" in tables:
        yield (
            f"map {subject} $redirectmap_{name}_long {{\n"
            f'    default "";\n    include "{_file(options, f"{name}_long")}";\n}}\n'
        )
        answers.append(f"$redirectmap_{name}_long")
    yield first(f"{name}_answer", answers)


def _file(options: Options, name: str) -> str:
    return _quoted(str(options.folder / f"{name}.map"))


def _patterns(patterns: Sequence[Pattern], options: Options) -> Iterator[str]:
    """Write the map of pattern rules, in order: the first that matches answers."""
    subject = "$host$redirectmap_path"
    if options.query == "exact":
        subject = "$host$request_uri"
    yield f'map {subject} $redirectmap_pattern {{\n    default "";\n'
    for one in patterns:
        shape = one.shape
        path = shape.spelled(
            escaped, segment=SEGMENT, tail=TAIL, kept="(?<redirectmap_k>{})"
        )
        host = escaped(one.host) if one.host else "[^/]*"
        answer = _valued(f"{shape.status}:{shape.target}")
        answer = answer.replace(f"{DOLLAR}1", "${redirectmap_k}")
        yield f'    "~^{_quoted(host + path)}$" "{answer}";\n'
    yield "}\n\n"


def _server(rules: RuleSet) -> Iterator[str]:
    for status in rules.statuses:
        if status in REDIRECTS:
            yield (
                f'if ($redirectmap_answer ~ "^{status}:(.+)$") '
                f"{{ return {status} $1; }}\n"
            )
        else:
            yield f'if ($redirectmap_answer ~ "^{status}:") {{ return {status}; }}\n'


def _hash_sizes(tables: dict[str, list[str]]) -> list[str]:
    """Size the hash tables; with its defaults nginx stops at 60 characters."""
    short = [lines for name, lines in tables.items() if not name.endswith("_long")]
    longest = max((_key_length(line) for lines in short for line in lines), default=0)
    most = max(map(len, short), default=0)
    bucket = max(512, _power_of_two(longest + 34))
    return [
        f"map_hash_bucket_size {bucket};\n",
        f"map_hash_max_size {max(2048, _power_of_two(most))};\n",
    ]


def _key_length(line: str) -> int:
    return line.index('" "')


def _power_of_two(number: int) -> int:
    return 1 << max(0, number - 1).bit_length()


def reread(files: dict[str, bytes]) -> dict[str, str]:
    """Read our own files back: key to answer, as nginx would."""
    maps = (data.decode() for name, data in files.items() if name.endswith(".map"))
    return {key: answer for text in maps for key, answer in nginx_entries(text)}


EXPORTER = Exporter(
    name="nginx",
    title="nginx",
    carries=Carries(
        statuses=frozenset({301, 302, 303, 307, 308, 404, 410, 451}),
        bad=SERVER_BAD,
        holds=True,
        tagged=True,
        source_chars=4_080,
        origin="nginx/src/core/ngx_conf_file.c; each row proven by request",
    ),
    render=render,
    load="""\
In nginx.conf:
    http {{
        include {folder}/http.conf;
        server {{
            include {folder}/server.conf;   # before any location
        }}
    }}
Then: nginx -t && nginx -s reload
Where map_hash_bucket_size or map_hash_max_size stand already, keep the larger.""",
    special=special,
    server="nginx",
    reread=reread,
    patterns=True,
)
