"""Accepted pattern rules on real servers: fewer lines, the same answers."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pandas as pd
import pytest
from click.testing import CliRunner

from redirectmap.cli import main
from redirectmap.errors import UsageError
from redirectmap.exporters import BUILTIN, Query, build_rules, export_plan, prove
from redirectmap.exporters.patterns import with_patterns
from redirectmap.exporters.servers import SERVERS
from redirectmap.planning.rules import induce
from redirectmap.planning.rules_file import rules_table
from redirectmap.planning.shapes import Shape
from redirectmap.tables import PLAN, write_csv

OLD, NEW = "https://old.example", "https://new.example"
WITH_PATTERNS = sorted(name for name, kind in BUILTIN.items() if kind.patterns)


def plan() -> pd.DataFrame:
    """A blog, a shop, a folder that is gone; exceptions, queries, rows held back."""
    rows = {
        f"/blog/20{n}/0{n % 9}/post-{n}.html": f"/articles/post-{n}"
        for n in range(10, 30)
    }
    rows |= {f"/shop/item/{n}/": f"/products/{n}" for n in range(100, 120)}
    rows |= {f"/old/{n}/x": "" for n in range(20)}
    rows |= {f"/files/a.b-{n}(1).pdf": f"/files/a.b-{n}(1).pdf" for n in range(8)}
    rows |= {"/blog/2011/01/about.html": "/company", "/caf%C3%A9": "/cafe"}
    rows |= {"/blog/2012/03/post-12.html?print=1": "/print"}
    table = pd.DataFrame(
        {
            "old_url": [OLD + old for old in rows],
            "new_url": [NEW + new if new else None for new in rows.values()],
            "action": ["redirect" if new else "gone" for new in rows.values()],
            "status": [301 if new else 410 for new in rows.values()],
        }
    )
    table.loc[table["old_url"].str.contains("/shop/"), "status"] = 308
    held = {
        "old_url": [f"{OLD}/blog/2013/04/post-13.html?draft=1", f"{OLD}/blog/"],
        "action": ["review", "keep"],
    }
    return PLAN.fit(pd.concat([table, pd.DataFrame(held)], ignore_index=True))


def shapes_of(table: pd.DataFrame) -> list[Shape]:
    return [rule.shape for rule in induce(table).rules if rule.rows]


def needs(name: str) -> None:
    if not shutil.which(SERVERS[BUILTIN[name].server or ""].program):
        pytest.skip(f"the server of {name} is not installed")


@pytest.mark.server
@pytest.mark.parametrize("query", ["keep", "drop", "exact"])
@pytest.mark.parametrize("name", WITH_PATTERNS)
def test_servers_answer_as_before_with_fewer_lines(
    name: str, query: Query, tmp_path: Path
) -> None:
    needs(name)
    table = plan()
    made = export_plan(table, name, tmp_path, query=query, shapes=shapes_of(table))
    assert made.refused_patterns == ()
    assert made.patterns == 4
    assert made.lines < made.lines_before / 5
    proof = prove(table, name, made.folder)
    assert (proof.problem, proof.differences) == ("", ())
    assert proof.exact == proof.rows == made.rows == 71


@pytest.mark.server
@pytest.mark.parametrize("name", WITH_PATTERNS)
def test_two_hosts_keep_their_own_patterns(name: str, tmp_path: Path) -> None:
    needs(name)
    one = plan().head(20)
    other = one.assign(
        old_url=one["old_url"].str.replace("old.", "shop.old."),
        new_url=one["new_url"].str.replace("/articles/", "/shop/"),
    )
    table = PLAN.fit(pd.concat([one, other], ignore_index=True))
    made = export_plan(table, name, tmp_path, shapes=shapes_of(table))
    assert made.patterns == 2
    proof = prove(table, name, made.folder)
    assert (proof.problem, proof.differences) == ("", ())


BLOG = Shape("old.example", r"/blog/.+", f"{NEW}/news/")


@pytest.mark.parametrize(
    ("shape", "said"),
    [
        (Shape("old.example", r"/blog/.*", f"{NEW}/x"), "must stay as it is"),
        (Shape("old.example", r"/nothing/.+", f"{NEW}/x"), "stands for no rule"),
        (Shape("old.example", r"/articles/.+", f"{NEW}/x"), "stands for no rule"),
        (BLOG, "stands for no rule"),
    ],
)
def test_a_pattern_that_is_not_the_plan_is_refused(shape: Shape, said: str) -> None:
    rules = build_rules(plan())
    left = with_patterns(rules, plan(), [shape])
    assert left.rules == rules.rules
    assert said in left.refused_patterns[0].reason


def test_formats_without_patterns_say_so(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot write pattern rules"):
        export_plan(plan(), "shopify", tmp_path, shapes=[BLOG])


def test_the_command_says_what_is_won(tmp_path: Path) -> None:
    sheet = write_csv(tmp_path / "plan.csv", plan())
    rules = write_csv(tmp_path / "rules.csv", rules_table(induce(plan())))
    command = ["export", str(sheet), "--to", "nginx", "--out", str(tmp_path / "out")]
    nothing = CliRunner().invoke(main, [*command, "--rules", str(rules)])
    assert "no rule in" in nothing.stderr
    write_csv(rules, rules_table(induce(plan())).assign(use="yes"))
    result = CliRunner().invoke(main, [*command, "--rules", str(rules), "--json"])
    assert result.exit_code == 0, result.output
    report = json.loads(result.stdout)["exports"][0]
    assert (report["lines_before"], report["lines_after"]) == (71, 7)
    assert "71 lines before, 7 after" in result.stderr
    readme = (tmp_path / "out/nginx/README.txt").read_text()
    assert "71 lines before, 7 after" in readme


def run(*words: object) -> str:
    done = CliRunner().invoke(main, [str(word) for word in words])
    assert done.exit_code == 0, done.output
    return done.stderr


@pytest.mark.parametrize("way", ["folder", "file"])
@pytest.mark.parametrize("name", WITH_PATTERNS)
def test_pattern_rules_come_back(name: str, way: str, tmp_path: Path) -> None:
    sheet = write_csv(tmp_path / "plan.csv", plan())
    accepted = rules_table(induce(plan())).assign(use="yes")
    rules, again = write_csv(tmp_path / "rules.csv", accepted), tmp_path / "again.csv"
    options = ("--rules", rules, "--to", name, "--install-dir", "/etc/r", "--quiet")
    run("export", sheet, *options, "--out", tmp_path / "1")
    folder = tmp_path / "1" / name
    files = {"nginx": "http.conf", "apache": "vhost.conf", "htaccess": ".htaccess"}
    source = folder if way == "folder" else folder / files[name]
    base = ("import-rules", source, "--base", OLD, "--out", again)
    assert "4 rules are for many addresses" in run(*base)
    run(*base, "--known", sheet)
    run("export", again, *options, "--out", tmp_path / "2")
    for file in json.loads((folder / "export.json").read_text())["files"]:
        assert (folder / file).read_bytes() == (
            tmp_path / "2" / name / file
        ).read_bytes()


@pytest.mark.parametrize("name", ["nginx", "apache", "htaccess"])
def test_pattern_rules_alone_are_not_lost_silently(name: str, tmp_path: Path) -> None:
    made = export_plan(plan(), name, tmp_path, shapes=shapes_of(plan()))
    (made.folder / "export.json").unlink()
    files = {"nginx": "http.conf", "apache": "vhost.conf", "htaccess": ".htaccess"}
    said = run("import-rules", made.folder / files[name], "--base", OLD)
    assert "pattern rules are read from export.json" in said
    plain = export_plan(plan(), name, tmp_path / "plain")
    (plain.folder / "export.json").unlink()
    said = run("import-rules", plain.folder / files[name], "--base", OLD)
    assert "export.json" not in said
