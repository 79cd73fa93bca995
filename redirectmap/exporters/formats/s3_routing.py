"""Rules for an AWS S3 website: routing rules, which match by prefix, 50 at most.

A rule also catches every missing page below and behind its path, so a row is refused
where another address of the plan begins with it. `HttpErrorCodeReturnedEquals` leaves
pages alone that exist. Prefer --to s3.

Source  docs.aws.amazon.com/AmazonS3/latest/userguide/how-to-page-redirect.html
"""

from __future__ import annotations

from urllib.parse import quote, unquote

from redirectmap.exporters.base import SERVER_BAD, Carries, Exporter, Options
from redirectmap.exporters.formats import s3
from redirectmap.exporters.rules import RuleSet
from redirectmap.exporters.text import HOME, Files, json_bytes, json_of, said


def render(rules: RuleSet, _options: Options) -> Files:
    """Spell the rules: website.json, longest prefixes first."""
    routing = []
    for rule in sorted(rules.rules, key=lambda r: (-len(r.path), r.path)):
        scheme, _, rest = (rule.target or "").partition("://")
        host, _, path = rest.partition("/")
        routing.append(
            {
                "Condition": {
                    "KeyPrefixEquals": unquote(rule.path[1:]),
                    "HttpErrorCodeReturnedEquals": "404",
                },
                "Redirect": {
                    "Protocol": scheme,
                    "HostName": host,
                    "ReplaceKeyWith": path,
                    "HttpRedirectCode": str(rule.status),
                },
            }
        )
    value = {"IndexDocument": {"Suffix": "index.html"}, "RoutingRules": routing}
    return {"website.json": json_bytes(value)}


def reread(files: Files) -> dict[str, str]:
    """Read our own file back: path to answer."""
    found = {}
    for rule in json_of(files["website.json"])["RoutingRules"]:
        key, to = rule["Condition"]["KeyPrefixEquals"], rule["Redirect"]
        target = f"{to['Protocol']}://{to['HostName']}/{to['ReplaceKeyWith']}"
        found["/" + quote(key, safe=s3.SAFE)] = said(to["HttpRedirectCode"], target)
    return found


EXPORTER = Exporter(
    name="s3-routing",
    title="AWS S3 routing rules",
    carries=Carries(
        statuses=frozenset({301, 302, 303, 307, 308}),
        queries=False,
        hosts=False,
        prefix=True,
        modes=("drop",),
        bad=(HOME, SERVER_BAD[0]),
        bad_targets=(("query", r"[?#]", "S3 encodes ? and # of a target"),),
        rows=50,
        source_chars=1_024,
        origin="AWS docs: 50 routing rules, KeyPrefixEquals",
    ),
    render=render,
    load="""\
    aws s3api put-bucket-website --bucket BUCKET --website-configuration file://website.json
They match by PREFIX: a missing page that begins with a rule's path is redirected, too.
--to s3 is exact and has no limit of 50.""",
    special=s3.special,
    reread=reread,
)
