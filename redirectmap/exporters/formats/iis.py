"""Rules for IIS: one rewrite map and one rule a status.

Source  learn.microsoft.com, URL Rewrite 2.1: keys are compared without case;
UNENCODED_URL is path and query as sent; web.config files of 250 KB unless
MaxWebConfigFileSizeInKB is raised.
"""

from __future__ import annotations

from collections import defaultdict
from xml.sax.saxutils import quoteattr

from redirectmap.exporters.base import SERVER_BAD, Carries, Exporter, Options, header
from redirectmap.exporters.rules import Rule, RuleSet
from redirectmap.exporters.text import Files, said

KINDS = {301: "Permanent", 302: "Found", 303: "SeeOther", 307: "Temporary"}
WORDS = {404: "Not Found", 410: "Gone"}


def render(rules: RuleSet, options: Options) -> Files:
    """Spell the rules: rewritemaps.config and rules.config."""
    groups: dict[int, list[Rule]] = defaultdict(list)
    for rule in rules.rules:
        groups[rule.status].append(rule)
    note = (
        header(rules, options, "IIS", "put it beside web.config", "")
        .strip()
        .replace("--", "- -")
    )
    head = f"<!--\n{note}\n-->\n"
    maps = "".join(_map(status, members) for status, members in sorted(groups.items()))
    lines = "".join(_rule(status) for status in sorted(groups))
    return {
        "rewritemaps.config": f"{head}<rewriteMaps>\n{maps}</rewriteMaps>\n".encode(),
        "rules.config": f"{head}<rules>\n{lines}</rules>\n".encode(),
    }


def _map(status: int, members: list[Rule]) -> str:
    adds = "".join(
        f"    <add key={quoteattr(r.wire)} value={quoteattr(r.target or '-')} />\n"
        for r in members
    )
    return f'  <rewriteMap name="redirectmap{status}">\n{adds}  </rewriteMap>\n'


def _rule(status: int) -> str:
    name = f"redirectmap{status}"
    action = (
        f'<action type="Redirect" url="{{C:1}}" appendQueryString="false" '
        f'redirectType="{KINDS[status]}" />'
        if status in KINDS
        else f'<action type="CustomResponse" statusCode="{status}" '
        f'statusReason="{WORDS[status]}" />'
    )
    return (
        f'<rule name="{name}" stopProcessing="true">\n  <match url=".*" />\n'
        f'  <conditions>\n    <add input="{{{name}:{{UNENCODED_URL}}}}" '
        f'pattern="(.+)" />\n  </conditions>\n  {action}\n</rule>\n'
    )


def reread(files: Files) -> dict[str, str]:
    """Read our own maps back: path and query to answer."""
    from lxml import etree

    safe = etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=True)
    root = etree.fromstring(files["rewritemaps.config"], safe)
    found = {}
    for group in root.iter("rewriteMap"):
        status = group.get("name", "").removeprefix("redirectmap")
        for item in group.iter("add"):
            target = item.get("value", "")
            found[item.get("key", "")] = said(status, "" if target == "-" else target)
    return found


EXPORTER = Exporter(
    name="iis",
    title="IIS rewrite maps",
    carries=Carries(
        statuses=frozenset({*KINDS, *WORDS}),
        hosts=False,
        case=False,
        modes=("exact",),
        bad=SERVER_BAD,
        file_bytes=250_000,
        origin="web.config of 250 KB unless MaxWebConfigFileSizeInKB is raised",
    ),
    render=render,
    load="""\
Put both files beside web.config (needs URL Rewrite 2.1), and into it:
    <rewrite>
        <rules configSource="rules.config" />
        <rewriteMaps configSource="rewritemaps.config" />
    </rewrite>""",
    reread=reread,
)
