"""`redirectmap inventory` and `plan` over any mix of exports."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from redirectmap.cli import main

OLD, NEW = "https://www.old.example", "https://new.example"
CRAWL = f"""\
Address,Status Code,Content Type,Title 1,Canonical Link Element 1,Redirect URL
{OLD}/,200,text/html,Home,{OLD}/,
{OLD}/shoes,200,text/html,Shoes,{OLD}/shoes,
{OLD}/shoes?sort=price,200,text/html,Shoes,{OLD}/shoes,
{OLD}/hats/,301,text/html,,,{OLD}/hats
{OLD}/hats,200,text/html,Hats,{OLD}/hats,
"""
AHREFS = f"""\
"Referring page URL"\t"Domain rating"\t"Target URL"\t"Anchor"
"https://a.blog.co.uk/1"\t"50"\t"{OLD}/guide.pdf"\t"guide"
"https://b.blog.co.uk/2"\t"40"\t"{OLD}/guide.pdf"\t"guide"
"https://c.example.com/3"\t"40"\t"{OLD}/hats/"\t"hats"
"https://c.example.com/4"\t"40"\t"https://other.example/x"\t"x"
"""
MAJESTIC = f"""\
SourceURL,AnchorText,SourceTrustFlow,TargetURL,FlagNoFollow
http://a.blog.co.uk/1,the guide,30,{OLD}/guide.pdf,0
"""
LOG = '203.0.113.9 - - [01/Sep/2026:10:00:00 +0000] "GET {} HTTP/1.1" 200 5 "-" "Moz"\n'
HTACCESS = "Redirect 301 /spring-sale /shoes\n"
TARGETS = 'Target page,Incoming links,Linking sites\n{}/hats,"1,240",31\n'


@pytest.fixture
def exports(tmp_path: Path) -> Path:
    folder = tmp_path / "exports"
    folder.mkdir()
    (tmp_path / "crawl.csv").write_text(CRAWL)
    (folder / "ahrefs.csv").write_bytes(AHREFS.encode("utf-16"))
    (folder / "majestic.csv").write_text(MAJESTIC)
    (folder / "access.log").write_text(LOG.format("/hidden") * 3)
    (folder / "htaccess").write_text(HTACCESS)
    (folder / "targets.csv").write_text(TARGETS.format(OLD))
    (folder / "latest.csv").write_text("Linking page,Last crawled\nhttps://d.org/1,\n")
    (tmp_path / "new.csv").write_text(f"url,title\n{NEW}/,Home\n{NEW}/shoes,Shoes\n")
    return tmp_path


def call(*argv: object) -> Result:
    result = CliRunner().invoke(main, [str(one) for one in argv])
    assert result.exit_code == 0, result.output
    return result


def rows(path: Path, key: str = "url") -> dict[str, dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as lines:
        return {row[key]: row for row in csv.DictReader(lines)}


def test_a_folder_of_exports_becomes_one_inventory(exports: Path) -> None:
    (exports / "exports/.DS_Store").write_bytes(bytes(64))
    (exports / "exports/older").mkdir()
    call(
        *("inventory", "--old", exports / "crawl.csv", "--input", exports / "exports"),
        *("--out", exports / "out"),
    )
    table = rows(exports / "out/inventory.csv")
    pdf = table[f"{OLD}/guide.pdf"]
    assert (pdf["sources"], pdf["files"]) == ("backlinks", "ahrefs.csv, majestic.csv")
    assert (pdf["backlinks"], pdf["referring_domains"], pdf["kind"]) == (
        "2",  # Majestic knows one of Ahrefs' two
        "1",  # both of blog.co.uk
        "document",
    )
    hats = table[f"{OLD}/hats"]  # the site redirects /hats/ to it
    assert hats["spellings"] == f"{OLD}/hats/"
    assert (hats["referring_domains"], hats["backlinks"]) == ("31", "1240")
    assert table[f"{OLD}/shoes"]["spellings"] == f"{OLD}/shoes?sort=price"
    assert table[f"{OLD}/hidden"]["requests"] == "3"
    assert table[f"{OLD}/spring-sale"]["files"] == "htaccess"
    assert sum(float(row["priority"]) for row in table.values()) == pytest.approx(1)
    listed = (exports / "out/unlinked.txt").read_text().split()
    assert set(listed) == {
        f"{OLD}/guide.pdf",
        f"{OLD}/hidden",
        f"{OLD}/spring-sale",
    }


def test_the_same_by_options_and_in_plan_json(exports: Path) -> None:
    given = exports / "exports"
    call(
        *("plan", "--old", exports / "crawl.csv", "--new", exports / "new.csv"),
        *("--backlinks", given / "ahrefs.csv", "--backlinks", given / "majestic.csv"),
        *("--backlinks", given / "targets.csv", "--logs", given / "access.log"),
        *("--legacy", given / "htaccess", "--input", given / "latest.csv"),
        *("--weight", "clicks=0", "--out", exports / "out"),
    )
    told = json.loads((exports / "out/plan.json").read_text())["inventory"]
    files = {Path(one["file"]).name: one for one in told["files"]}
    assert set(files) == {path.name for path in (exports / "exports").iterdir()} | {
        "crawl.csv",
        "new.csv",
    }
    assert (files["ahrefs.csv"]["format"], files["ahrefs.csv"]["rows_read"]) == (
        "ahrefs backlinks",
        4,
    )
    assert told["urls"] == 6
    assert told["spellings_merged"] == 2
    assert told["other_sites"] == 1
    assert told["unlinked"] == 3
    assert told["unlinked_first"][0]["url"] == f"{OLD}/hidden"  # has all requests
    assert told["weights"]["clicks"] == 0
    logs = told["sources"]["logs"]
    assert (logs["knows"], logs["alone"]) == (1, 1)
    assert "1 of 1 linking domains" in told["next_source"]
    assert {row["parameter"]: row["use"] for row in told["parameters"]} == {
        "sort": "facet"
    }
    assert set(rows(exports / "out/plan.csv", "old_url")) >= {
        f"{OLD}/guide.pdf",
        f"{OLD}/hidden",
        f"{OLD}/spring-sale",
    }


def test_what_was_fetched_gives_text_but_is_no_source(exports: Path) -> None:
    fetched = exports / "fetched.csv"
    fetched.write_text(
        f"url,status,title,text\n{OLD}/hidden,200,Red shoes,All our red shoes\n"
        f"{OLD}/spring-sale,404,Not found,\n"
    )
    call(
        *("plan", "--old", exports / "crawl.csv", "--new", exports / "new.csv"),
        *("--input", exports / "exports", "--fetched", fetched),
        *("--out", exports / "out"),
    )
    row = rows(exports / "out/inventory.csv")[f"{OLD}/hidden"]
    assert (row["title"], row["sources"]) == ("Red shoes", "logs")
    plan = rows(exports / "out/plan.csv", "old_url")
    assert plan[f"{OLD}/hidden"]["old_title"] == "Red shoes"
    assert f"{OLD}/spring-sale" in plan  # a rule names it, dead or not


def test_a_pages_table_is_no_export(exports: Path) -> None:
    (exports / "old.csv").write_text(f"url,title\n{OLD}/a,A\n{OLD}/b,B\n")
    shown = call("inventory", "--old", exports / "old.csv", "--out", exports / "out")
    assert "not to be seen by a crawl" not in shown.stdout
    assert "old.csv: pages table, 2 rows read" in shown.stderr


def test_one_encoding_for_a_mix_of_files(exports: Path) -> None:
    folder = exports / "exports"
    (folder / "old.csv").write_bytes("from,to\n/café,/shoes\n".encode("cp1252"))
    (folder / "list.txt").write_bytes(f"{OLD}/thé\n".encode("cp1252"))
    (folder / "latin.log").write_bytes(LOG.format("/x?q=\xe9").encode("latin-1"))
    argv = ["inventory", "--old", exports / "crawl.csv", "--out", exports / "out"]
    argv += ["--input", exports / "exports"]
    result = CliRunner().invoke(main, [str(one) for one in argv])
    assert result.exit_code == 3
    assert "say --encoding cp1252" in result.output
    call(*argv, "--encoding", "cp1252")
    found = rows(exports / "out/inventory.csv")
    assert {f"{OLD}/caf%C3%A9", f"{OLD}/th%C3%A9", f"{OLD}/x?q=%E9"} <= set(found)


@pytest.mark.parametrize("text", ["clicks", "fame=1", "clicks=-1", "clicks=x"])
def test_a_weight_that_is_none(exports: Path, text: str) -> None:
    argv = ["inventory", "--old", exports / "crawl.csv", "--out", exports / "out"]
    result = CliRunner().invoke(main, [*map(str, argv), "--weight", text])
    assert result.exit_code == 2
    assert "say NAME=NUMBER" in result.output
