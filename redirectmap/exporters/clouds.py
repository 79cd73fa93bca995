"""Rules for clouds and proxies that cannot be run here.

S3, CloudFront, Fastly, IIS, Traefik, Kubernetes.
"""

from __future__ import annotations

import json
import re
from collections import defaultdict
from dataclasses import replace
from pathlib import Path
from urllib.parse import unquote
from xml.sax.saxutils import quoteattr

from redirectmap.exporters import nginx
from redirectmap.exporters.base import SERVER_BAD, Carries, Exporter, Options, header
from redirectmap.exporters.rules import REDIRECTS, Rule, RuleSet, spelled
from redirectmap.exporters.text import json_bytes


def _s3(rules: RuleSet, _options: Options) -> dict[str, bytes]:
    objects = [
        {"Key": unquote(r.path[1:]), "WebsiteRedirectLocation": r.target}
        for r in rules.rules
    ]
    return {"s3-objects.json": json_bytes(objects)}


_FUNCTION = """\
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


def _cloudfront(rules: RuleSet, options: Options) -> dict[str, bytes]:
    data = [{"key": r.path, "value": r.answer} for r in rules.rules]
    title = header(rules, options, "a CloudFront Function", "//")
    return {
        "function.js": (title + _FUNCTION).encode(),
        "key-value-store.json": json_bytes({"data": data}),
    }


def _pair_too_long(rule: Rule, _options: Options) -> tuple[str, str] | None:
    if len(rule.path) + len(rule.answer) <= 1_000:
        return None
    return "too_long", "a KeyValueStore takes 1 KB for key and value"


_FASTLY = """\
# vcl_recv
declare local var.redirectmap STRING;
set var.redirectmap = table.lookup(redirectmap, req.url, "");
{path}if (var.redirectmap != "") {{
  set req.http.X-Redirectmap = regsub(var.redirectmap, "^[0-9]+:", "");
{errors}}}
# vcl_error
{answers}"""


def _fastly(rules: RuleSet, options: Options) -> dict[str, bytes]:
    items = [
        {"item_key": key, "item_value": rule.answer}
        for key, rule in sorted(spelled(rules.rules).items())
    ]
    path = ""
    if options.query == "drop":
        path = (
            'if (var.redirectmap == "") {\n'
            '  set var.redirectmap = table.lookup(redirectmap, req.url.path, "");\n}\n'
        )
    errors = "".join(
        f'  if (var.redirectmap ~ "^{s}:") {{ error {s + 500} "redirectmap"; }}\n'
        for s in rules.statuses
    )
    answers = "".join(_fastly_answer(status) for status in rules.statuses)
    text = _FASTLY.format(path=path, errors=errors, answers=answers)
    title = header(rules, options, "Fastly")
    return {
        "dictionary.json": json_bytes(items),
        "redirects.vcl": (title + text).encode(),
    }


def _fastly_answer(status: int) -> str:
    location = ""
    if status in REDIRECTS:
        location = " set obj.http.Location = req.http.X-Redirectmap;"
    return (
        f"if (obj.status == {status + 500}) {{ set obj.status = {status};{location} "
        'synthetic ""; return(deliver); }\n'
    )


def _iis(rules: RuleSet, options: Options) -> dict[str, bytes]:
    groups: dict[int, list[Rule]] = defaultdict(list)
    for rule in rules.rules:
        groups[rule.status].append(rule)
    maps, lines = [], []
    kinds = {301: "Permanent", 302: "Found", 303: "SeeOther", 307: "Temporary"}
    for status, members in sorted(groups.items()):
        name = f"redirectmap{status}"
        adds = "".join(
            f"    <add key={quoteattr(r.wire)} value={quoteattr(r.target or '-')} />\n"
            for r in members
        )
        maps.append(f'  <rewriteMap name="{name}">\n{adds}  </rewriteMap>\n')
        action = (
            f'<action type="Redirect" url="{{C:1}}" appendQueryString="false" '
            f'redirectType="{kinds[status]}" />'
            if status in kinds
            else f'<action type="CustomResponse" statusCode="{status}" '
            'statusReason="Gone" />'
        )
        lines.append(
            f'<rule name="{name}" stopProcessing="true">\n  <match url=".*" />\n'
            f'  <conditions>\n    <add input="{{{name}:{{REQUEST_URI}}}}" '
            f'pattern="(.+)" />\n  </conditions>\n  {action}\n</rule>\n'
        )
    note = header(rules, options, "IIS", "").strip()
    head = f"<!--\n{note.replace('--', '- -')}\n-->\n"
    whole = f"{head}<rewriteMaps>\n{''.join(maps)}</rewriteMaps>\n"
    rules_text = f"{head}<rules>\n{''.join(lines)}</rules>\n"
    return {
        "rewritemaps.config": whole.encode(),
        "rules.config": rules_text.encode(),
    }


def _traefik(rules: RuleSet, options: Options) -> dict[str, bytes]:
    middlewares, names = {}, []
    for number, rule in enumerate(rules.rules, 1):
        name = f"redirectmap-{number}"
        names.append(name)
        host = re.escape(rule.host) if rule.host else "[^/]+"
        by_path = rule.query is None and options.query == "drop"
        end = r"(?:\?.*)?" if by_path else ""
        middlewares[name] = {
            "redirectRegex": {
                "regex": f"^https?://{host}{_go_escape(rule.wire)}{end}$",
                "replacement": (rule.target or "").replace("$", "$$"),
                "permanent": rule.status == 301,
            }
        }
    chain = {
        "chain": {"middlewares": sorted(names, key=lambda n: int(n.split("-")[1]))}
    }
    value = {"http": {"middlewares": {**middlewares, "redirectmap": chain}}}
    title = header(rules, options, "Traefik's file provider")
    return {"redirects.yml": title.encode() + json_bytes(value)}


def _go_escape(text: str) -> str:
    return re.sub(r"[^A-Za-z0-9/_%&=;,-]", lambda m: f"\\x{ord(m.group()):02x}", text)


def _kubernetes(rules: RuleSet, options: Options) -> dict[str, bytes]:
    inside = replace(options, folder=Path("/etc/nginx/redirectmap"))
    files = {name: data.decode() for name, data in nginx.render(rules, inside).items()}
    value = {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": "redirectmap"},
        "data": dict(sorted(files.items())),
    }
    title = header(rules, options, "a Kubernetes ConfigMap")
    text = json.dumps(value, indent=1, ensure_ascii=True)
    return {"configmap.yaml": f"{title}{text}\n".encode()}


CLOUDS = (
    Exporter(
        "s3",
        "AWS S3 website",
        Carries(
            statuses=frozenset({301}),
            queries=False,
            hosts=False,
            modes=("drop",),
            bad=(("home", "^/$", "the home page is no object"), SERVER_BAD[0]),
            source_chars=1_024,
            target_chars=2_048,
            origin="50 routing rules, all of them prefixes; so one redirect object "
            "a row, x-amz-website-redirect-location",
        ),
        _s3,
        "For each entry of s3-objects.json: aws s3api put-object --bucket B --key Key\n"
        "--website-redirect-location WebsiteRedirectLocation. Routing rules match\n"
        "prefixes and are 50 at most, so they are not used.",
    ),
    Exporter(
        "cloudfront",
        "CloudFront Function and KeyValueStore",
        Carries(
            queries=False,
            hosts=False,
            modes=("drop",),
            source_chars=512,
            file_bytes=5_000_000,
            origin="AWS docs: key 512 B, pair 1 KB, store 5 MB",
        ),
        _cloudfront,
        "Import key-value-store.json, associate it with function.js, and the function\n"
        "with the viewer request.",
        special=_pair_too_long,
    ),
    Exporter(
        "fastly",
        "Fastly dictionary",
        Carries(
            hosts=False,
            modes=("drop", "exact"),
            rows=1_000,
            source_chars=256,
            target_chars=7_900,
            origin="key 256 and value 8,000 characters (viceroy); 1,000 items",
        ),
        _fastly,
        "Create the dictionary `redirectmap` from dictionary.json and add the VCL.",
    ),
    Exporter(
        "iis",
        "IIS rewrite maps",
        Carries(
            statuses=frozenset({301, 302, 303, 307, 404, 410}),
            hosts=False,
            case=False,
            modes=("exact",),
            file_bytes=250_000,
            origin="web.config of 250 KB unless MaxWebConfigFileSizeInKB is raised",
        ),
        _iis,
        'In web.config: <rewrite><rules configSource="rules.config" />\n'
        '<rewriteMaps configSource="rewritemaps.config" /></rewrite>',
    ),
    Exporter(
        "traefik",
        "Traefik",
        Carries(
            statuses=frozenset({301, 302}),
            modes=("drop", "exact"),
            origin="redirectRegex; each rule is one regular expression",
        ),
        _traefik,
        "Load redirects.yml by the file provider; name redirectmap@file in the router.",
    ),
    Exporter(
        "kubernetes",
        "Kubernetes ConfigMap for an nginx of its own",
        Carries(
            bad=SERVER_BAD,
            source_chars=4_000,
            file_bytes=1_000_000,
            origin="a ConfigMap holds 1 MiB; ingress-nginx allows one redirect an "
            "Ingress and disables snippets",
        ),
        _kubernetes,
        "kubectl apply -f configmap.yaml; mount it at /etc/nginx/redirectmap in an\n"
        "nginx deployment whose http and server blocks include its two .conf files.",
        special=nginx.too_long,
    ),
)
