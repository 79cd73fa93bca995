"""Rules for an AWS S3 website: one redirect object a row.

Source  docs.aws.amazon.com/AmazonS3/latest/userguide/how-to-page-redirect.html: the
header x-amz-website-redirect-location, 301 only. Keys are compared decoded, 1 024
bytes. Unlike routing rules (--to s3-routing) they are exact.
"""

from __future__ import annotations

from urllib.parse import quote, unquote

from redirectmap.exporters.base import SERVER_BAD, Carries, Exporter, Options
from redirectmap.exporters.rules import Rule, RuleSet
from redirectmap.exporters.text import HOME, Files, json_bytes, json_of, said

SAFE = "/~!$&'()*+,;=:@-._|[]^"


def render(rules: RuleSet, options: Options) -> Files:
    """Spell the rules: s3-objects.json."""
    objects = [
        {"Key": unquote(r.path[1:]), "WebsiteRedirectLocation": r.target}
        for r in rules.rules
    ]
    note = f"redirectmap {options.version}, plan sha256 {rules.digest}"
    value = {"comment": note, "rows": len(objects), "objects": objects}
    return {"s3-objects.json": json_bytes(value)}


def reread(files: Files) -> dict[str, str]:
    """Read our own file back: path to answer."""
    return {
        "/" + quote(item["Key"], safe=SAFE): said(301, item["WebsiteRedirectLocation"])
        for item in json_of(files["s3-objects.json"])["objects"]
    }


def special(rule: Rule, _options: Options) -> tuple[str, str] | None:
    """Refuse paths that a key cannot be turned back into."""
    if "/" + quote(unquote(rule.path[1:]), safe=SAFE) == rule.path:
        return None
    return "encoding", "S3 compares keys decoded; other paths have the same key"


EXPORTER = Exporter(
    name="s3",
    title="AWS S3 website",
    carries=Carries(
        statuses=frozenset({301}),
        queries=False,
        hosts=False,
        modes=("drop",),
        bad=(HOME, SERVER_BAD[0]),
        source_chars=1_024,
        target_chars=2_048,
        origin="AWS docs: keys of 1,024 bytes, metadata of 2 KB",
    ),
    render=render,
    load="""\
For each entry of `objects` in s3-objects.json:
    aws s3api put-object --bucket BUCKET --key KEY --website-redirect-location TARGET
Exact, unlike routing rules, and without their limit of 50.""",
    special=special,
    reread=reread,
)
