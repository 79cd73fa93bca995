"""Every format is read back: by its own reader, by import-rules, by other parsers."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Callable
from pathlib import Path
from urllib.parse import unquote

import crossplane
import pandas as pd
import pytest
from click.testing import CliRunner
from lxml import etree

from redirectmap.cli import main
from redirectmap.exporters import BUILTIN, export_plan
from redirectmap.tables import PLAN
from tests.export_plans import held, hostile_rows, plan_of, tricky

FILES = {
    "nginx": "http.conf",
    "apache": "vhost.conf",
    "htaccess": ".htaccess",
    "haproxy": "frontend.cfg",
    "lighttpd": "lighttpd.conf",
    "netlify": "_redirects",
    "cloudflare-pages": "_redirects",
    "csv": "redirects.csv",
    "wordpress-redirection": "redirection.csv",
}
WAYS = [(name, "folder") for name in sorted(BUILTIN)]
WAYS += [(name, "file") for name in sorted(FILES)]


def odd() -> pd.DataFrame:
    """Rules of every kind, rows that are held back, odd spellings, long ones."""
    more = plan_of(
        ("/lang%C3%A9", "https://new.example/1"),
        ("/lang%c3%a8?x", "https://new.example/1"),
        ("/m%c3%A9", "https://new.example/2"),
        ("/l" + "x" * 1_500, "https://new.example/long"),
        ("/l2", "https://new.example/" + "y" * 1_500),
        ("//double", "https://new.example/d"),
    )
    return pd.concat([tricky(), held(), more], ignore_index=True)


def files_of(folder: Path) -> dict[str, bytes]:
    names = json.loads((folder / "export.json").read_text())["files"]
    return {name: (folder / name).read_bytes() for name in names}


def run(*words: object) -> None:
    done = CliRunner().invoke(main, [str(word) for word in words])
    assert done.exit_code == 0, done.output


@pytest.mark.parametrize(("name", "way"), WAYS)
def test_export_import_export_gives_the_same_bytes(
    name: str, way: str, tmp_path: Path
) -> None:
    query = BUILTIN[name].carries.modes[0]
    place = Path("/etc/rules")
    first = export_plan(odd(), name, tmp_path / "1", query=query, install_dir=place)
    assert first.rows >= 10
    source = first.folder if way == "folder" else first.folder / FILES[name]
    rules = tmp_path / "rules.csv"
    run(
        "import-rules",
        source,
        "--base",
        "https://old.example",
        "--out",
        rules,
        "--quiet",
    )
    options = (
        "--out",
        tmp_path / "2",
        "--query",
        query,
        "--install-dir",
        place,
        "--quiet",
    )
    run("export", rules, "--to", name, *options)
    assert files_of(first.folder) == files_of(tmp_path / "2" / name)


Found = dict[str, tuple[str, str]]  # path and query to status and target
Parser = Callable[[dict[str, bytes]], Found]


def rows_of(data: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(data.decode(), newline=""), strict=True))


def by_csv(
    name: str, source: int, target: int, status: int | None, skip: int = 1
) -> Parser:
    """Read a CSV; without a status column the answer is 301."""

    def read(files: dict[str, bytes]) -> Found:
        parts = [rows_of(d)[skip:] for n, d in files.items() if n.startswith(name)]
        return {
            row[source]: ("301" if status is None else row[status], row[target])
            for part in parts
            for row in part
        }

    return read


def by_crossplane(files: dict[str, bytes]) -> Found:
    """Read nginx maps as crossplane tokenizes them."""
    found: Found = {}
    for name in files:
        if not name.endswith(".map"):
            continue
        tokens = [t[0] for t in crossplane.lex(str(FOLDER[0] / name)) if t[0] != "#"]
        words = [t for t in tokens if not t.startswith("#")]
        for key, value, end in zip(words[::3], words[1::3], words[2::3], strict=True):
            assert end == ";"
            text = value.replace("${redirectmap_dollar}", "$")
            if key.startswith("~"):
                pairs = [(re.sub(r"\\(.)", r"\1", key[2:-1]), text)]
            else:
                parts = text.split(" ")
                pairs = list(zip(parts[::2], parts[1::2], strict=True))
            found |= {k: (v.partition(":")[0], v.partition(":")[2]) for k, v in pairs}
    return found


def by_xml(files: dict[str, bytes]) -> Found:
    root = etree.fromstring(files["rewritemaps.config"])
    etree.fromstring(files["rules.config"])
    return {
        add.get("key"): (group.get("name")[-3:], add.get("value").strip("-"))
        for group in root.iter("rewriteMap")
        for add in group.iter("add")
    }


def by_lines(name: str, arrow: int, status: int | None = None) -> Parser:
    """Read lines of words."""

    def read(files: dict[str, bytes]) -> Found:
        found: Found = {}
        for line in files[name].decode().splitlines():
            words = line.split()
            if line.startswith("#"):
                continue
            if status is None:
                code, _, target = words[arrow].partition(":")
                found[words[0]] = (code, target)
            else:
                found[words[0]] = (words[status].rstrip("!"), words[arrow])
        return found

    return read


def by_json(name: str, pick: Callable[..., Found]) -> Parser:
    """Read JSON, behind comment lines where there are some (JSON is YAML)."""

    def read(files: dict[str, bytes]) -> Found:
        text = files[name].decode()
        return pick(json.loads(re.sub(r"(?m)^#.*\n", "", text)))

    return read


def routes(value: list[dict[str, str]]) -> Found:
    return {
        re.sub(r"\\(.)", r"\1", r["source"]): (str(r["statusCode"]), r["destination"])
        for r in value
    }


def split(answer: str) -> tuple[str, str]:
    return answer[:3], answer[4:]


def caddy_plain(word: str) -> str:
    return word.replace("\\{", "{").replace("\\}", "}") if "{" in word else word


FOLDER: list[Path] = []
PARSERS: dict[str, Parser] = {
    "nginx": by_crossplane,
    "apache": by_lines("redirects.txt", 1),
    "haproxy": by_lines("redirects.map", 1),
    "lighttpd": by_lines("redirects.map", 1),
    "iis": by_xml,
    "netlify": by_lines("_redirects", 1, 2),
    "cloudflare-pages": by_lines("_redirects", 1, 2),
    "squarespace": by_lines("squarespace.txt", 2, 3),
    "vercel": by_json("vercel.json", lambda v: routes(v["redirects"])),
    "next": by_json("redirects.json", routes),
    "vercel-bulk": by_csv("redirects", 0, 1, 2),
    "shopify": by_csv("shopify", 0, 1, None),
    "drupal": by_csv("drupal", 0, 1, 3),
    "hubspot": by_csv("hubspot", 0, 1, 2),
    "wordpress-redirection": by_csv("redirection", 0, 1, 3),
    "wordpress-yoast": by_csv("yoast", 0, 1, 2),
    "caddy": by_json(
        "routes.json",
        lambda v: {
            m["input"]: (m["outputs"][0], caddy_plain(m["outputs"][1]))
            for route in v
            for handler in route["handle"]
            for m in handler.get("mappings", ())
            if "input" in m
        },
    ),
    "cloudfront": by_json(
        "key-value-store.json",
        lambda v: {item["key"]: split(item["value"]) for item in v["data"]},
    ),
    "fastly": by_json(
        "dictionary.json",
        lambda v: {item["item_key"]: split(item["item_value"]) for item in v},
    ),
    "static": by_json(
        "docusaurus-redirects.json",
        lambda v: {path: ("301", item["to"]) for item in v for path in item["from"]},
    ),
    "s3": by_json(
        "s3-objects.json",
        lambda v: {
            f"/{item['Key']}": ("301", item["WebsiteRedirectLocation"])
            for item in v["objects"]
        },
    ),
    "json": by_json(
        "redirects.json",
        lambda v: {
            row["path"] + ("" if row["query"] is None else f"?{row['query']}"): (
                str(row["status"]),
                row["target"] or "",
            )
            for row in v["rules"]
        },
    ),
}


@pytest.mark.parametrize("name", sorted(PARSERS))
def test_another_parser_finds_what_the_corpus_says(name: str, tmp_path: Path) -> None:
    corpus = hostile_rows()
    plan = PLAN.fit(pd.DataFrame(corpus))
    query = BUILTIN[name].carries.modes[0]
    made = export_plan(plan, name, tmp_path, query=query)
    FOLDER[:] = [made.folder]
    found = PARSERS[name](files_of(made.folder))
    refused = {item.old_url for item in made.refused}
    said = {row["wire"]: row for row in corpus if row["old_url"] not in refused}
    said = {wire: row for wire, row in said.items() if wire and row["must"] != "refuse"}
    assert len(said) >= 60
    for wire, row in said.items():
        key = unquote(wire) if name == "s3" else wire
        if name == "apache" and len(wire) + len(row["expected_location"]) > 900:
            continue  # these stand in vhost.conf
        assert found[key] == ("301", row["expected_location"]), row["id"]
    wrong = {"evil.example", "169.254.169.254", "127.0.0.1", "javascript:", "hunter2"}
    assert not [t for _, t in found.values() if any(w in t[:40] for w in wrong)]
    folded = {re.sub("%[0-9a-fA-F]{2}", lambda m: m[0].upper(), key) for key in found}
    assert len(folded) <= len(said) + 1


def test_a_folder_that_is_none_is_named(tmp_path: Path) -> None:
    done = CliRunner().invoke(
        main, ["import-rules", str(tmp_path), "--base", "https://old.example"]
    )
    assert done.exit_code == 3
    assert "export.json" in done.output


def test_a_table_with_a_word_for_status_is_named(tmp_path: Path) -> None:
    path = tmp_path / "rules.csv"
    path.write_text("source,target,status\nhttps://o.example/,https://n.example/,x\n")
    out = str(tmp_path / "out")
    done = CliRunner().invoke(main, ["export", str(path), "--to", "csv", "--out", out])
    assert done.exit_code == 3
    assert "rules.csv:2" in done.output
