"""Rules for CloudFront: a function that looks up a KeyValueStore.

Source  docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide: key 512 bytes, key
and value 1 KB, store 5 MB, function 10 KB, one store a function.
"""

from __future__ import annotations

from redirectmap.exporters.base import SERVER_BAD, Carries, Exporter, Options, header
from redirectmap.exporters.rules import Rule, RuleSet, spelled
from redirectmap.exporters.text import Files, json_bytes, json_of

LOAD = "associate it with the viewer request"
FUNCTION = """\
import cf from 'cloudfront';

async function handler(event) {
  const request = event.request;
  try {
    const answer = await cf.kvs().get(request.uri);
    const status = Number(answer.slice(0, 3));
    if (status >= 400) return { statusCode: status };
    return { statusCode: status, headers: { location: { value: answer.slice(4) } } };
  } catch (missing) {
    return request;
  }
}
"""


def render(rules: RuleSet, options: Options) -> Files:
    """Spell the rules: function.js and key-value-store.json."""
    known = sorted(spelled(rules.rules).items())
    data = [{"key": key, "value": rule.answer} for key, rule in known]
    title = header(rules, options, "a CloudFront Function", LOAD, "//")
    return {
        "function.js": (title + FUNCTION).encode(),
        "key-value-store.json": json_bytes({"data": data}),
    }


def reread(files: Files) -> dict[str, str]:
    """Read our own store back: path to answer."""
    items = json_of(files["key-value-store.json"])["data"]
    return {item["key"]: item["value"] for item in items}


def special(rule: Rule, _options: Options) -> tuple[str, str] | None:
    """Refuse pairs that are too long."""
    if len(rule.path) + len(rule.answer) <= 1_000:
        return None
    return "too_long", "a KeyValueStore takes 1 KB for key and value"


EXPORTER = Exporter(
    name="cloudfront",
    title="CloudFront Function and KeyValueStore",
    carries=Carries(
        queries=False,
        hosts=False,
        modes=("drop",),
        bad=SERVER_BAD,
        source_chars=512,
        file_bytes=5_000_000,
        origin="AWS docs: key 512 B, pair 1 KB, store 5 MB",
    ),
    render=render,
    load="""\
Upload key-value-store.json to S3, then:
    aws cloudfront create-key-value-store --name redirectmap \\
        --import-source SourceType=S3,SourceARN=arn:aws:s3:::BUCKET/key-value-store.json
Create a function (runtime cloudfront-js-2.0) from function.js, associate the store with
it and the function with the viewer request of the distribution.""",
    special=special,
    reread=reread,
)
