"""Rules for Fastly: dictionaries of 1 000 items and the VCL that looks them up.

Source  docs.fastly.com: a dictionary holds 1 000 items, keys of 256 and values of 8 000
characters.
"""

from __future__ import annotations

from redirectmap.exporters.base import SERVER_BAD, Carries, Exporter, Options, header
from redirectmap.exporters.rules import REDIRECTS, RuleSet, spelled
from redirectmap.exporters.text import Files, json_bytes, json_of, shards

TABLE_ROWS = 1_000
LOOKUP = """\
if (var.redirectmap == "") {{
  set var.redirectmap = table.lookup({table}, {subject}, "");
}}
"""


def render(rules: RuleSet, options: Options) -> Files:
    """Spell the rules: dictionary.json, in parts of 1 000, and redirects.vcl."""
    items = [
        {"item_key": key, "item_value": rule.answer}
        for key, rule in sorted(spelled(rules.rules).items())
    ]
    parts = shards("dictionary.json", items, TABLE_ROWS)
    files = {name: json_bytes(list(part)) for name, part in parts.items()}
    title = header(rules, options, "Fastly", "two VCL snippets, recv and error")
    tables = [f"redirectmap_{number}" for number in range(1, len(parts) + 1)]
    return files | {"redirects.vcl": (title + _vcl(rules, options, tables)).encode()}


def _vcl(rules: RuleSet, options: Options, tables: list[str]) -> str:
    subjects = ["req.url", *(["req.url.path"] if options.query == "drop" else [])]
    lookups = "".join(
        LOOKUP.format(table=table, subject=subject)
        for subject in subjects
        for table in tables
    )
    errors = "".join(
        f'  if (var.redirectmap ~ "^{s}:") {{ error {s + 500} "redirectmap"; }}\n'
        for s in rules.statuses
    )
    return (
        "# vcl_recv\ndeclare local var.redirectmap STRING;\n"
        f'set var.redirectmap = "";\n{lookups}if (var.redirectmap != "") {{\n'
        '  set req.http.X-Redirectmap = regsub(var.redirectmap, "^[0-9]+:", "");\n'
        f"{errors}}}\n# vcl_error\n{''.join(map(_answer, rules.statuses))}"
    )


def _answer(status: int) -> str:
    location = ""
    if status in REDIRECTS:
        location = " set obj.http.Location = req.http.X-Redirectmap;"
    return (
        f"if (obj.status == {status + 500}) {{ set obj.status = {status};{location} "
        'synthetic ""; return(deliver); }\n'
    )


def reread(files: Files) -> dict[str, str]:
    """Read our own dictionaries back: key to answer."""
    items = (
        item
        for name, data in files.items()
        if name.endswith(".json")
        for item in json_of(data)
    )
    return {item["item_key"]: item["item_value"] for item in items}


EXPORTER = Exporter(
    name="fastly",
    title="Fastly dictionary",
    carries=Carries(
        hosts=False,
        modes=("drop", "exact"),
        bad=SERVER_BAD,
        source_chars=256,
        target_chars=7_900,
        origin="docs: 1,000 items a dictionary; key 256 and value 8,000 characters",
    ),
    render=render,
    load="""\
Create the dictionaries redirectmap_1, redirectmap_2 ... from dictionary*.json (in that
order; fastly dictionary-entry update --file), and add the two parts of redirects.vcl as
VCL snippets for recv and error.""",
    reread=reread,
)
