"""What exporters promise: safe, deterministic, nothing dropped silently."""

from __future__ import annotations

import csv
import json
from collections import Counter
from pathlib import Path

import pandas as pd
import pytest
from click.testing import CliRunner

from redirectmap.cli import main
from redirectmap.exporters import BUILTIN, build_rules, export_plan, exporters
from redirectmap.tables import PLAN, write_csv
from tests.export_plans import hostile_rows, plan_of, tricky


def test_hostile_corpus_is_carried_or_refused_as_it_should() -> None:
    rows = hostile_rows()
    made = {
        rule.old_url: rule for rule in build_rules(PLAN.fit(pd.DataFrame(rows))).rules
    }
    for row in rows:
        rule = made.get(row["old_url"])
        if rule is None:
            too_long = max(map(len, row.values())) > 3_900
            assert row["must"] != "roundtrip" or too_long, row
        else:
            assert (rule.wire, rule.target) == (row["wire"], row["expected_location"])


@pytest.mark.parametrize("name", sorted(BUILTIN))
def test_same_plan_same_bytes_whatever_the_order(name: str, tmp_path: Path) -> None:
    plan = tricky()
    query = BUILTIN[name].carries.modes[0]
    for folder, rows in (("a", plan), ("b", plan[::-1].reset_index(drop=True))):
        export_plan(
            rows, name, tmp_path / folder, install_dir=Path("/etc/x"), query=query
        )
    first = {p.name: p.read_bytes() for p in (tmp_path / "a" / name).iterdir()}
    second = {p.name: p.read_bytes() for p in (tmp_path / "b" / name).iterdir()}
    assert first == second


@pytest.mark.parametrize("name", sorted(BUILTIN))
def test_one_more_row_changes_few_lines(name: str, tmp_path: Path) -> None:
    rows = [(f"/{n % 7}/page-{n}.html", f"https://new.example/{n}") for n in range(300)]
    query, place = BUILTIN[name].carries.modes[0], Path("/etc/x")
    lines: list[Counter[str]] = []
    for count in (299, 300):
        plan = plan_of(*rows[:count])
        made = export_plan(
            plan, name, tmp_path / str(count), query=query, install_dir=place
        )
        texts = (made.folder / file for file in made.files if file[-3:] != ".db")
        parts = (path.read_text().splitlines() for path in texts)
        lines.append(Counter(line.rstrip(",") for part in parts for line in part))
    changed = (lines[0] - lines[1]).total() + (lines[1] - lines[0]).total()
    assert changed <= 30


def test_a_small_database_is_the_same_every_time(tmp_path: Path) -> None:
    plan = tricky().head(6)
    place = Path("/etc/x")
    made = [export_plan(plan, "apache", tmp_path / n, install_dir=place) for n in "abc"]
    files = {(one.folder / one.files[0]).read_bytes() for one in made}
    assert made[0].files[0].startswith("redirects.")
    assert len(files) == 1


@pytest.mark.parametrize("name", sorted(BUILTIN))
def test_nothing_is_dropped_silently(name: str, tmp_path: Path) -> None:
    plan = pd.concat(
        [tricky(), plan_of(("/kept", "https://new.example/k"), action="review")],
        ignore_index=True,
    )
    made = export_plan(plan, name, tmp_path, query=BUILTIN[name].carries.modes[0])
    assert made.rows + len(made.refused) + made.left_out == len(plan)
    with (made.folder / "refused.csv").open(newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert [row["old_url"] for row in rows] == [item.old_url for item in made.refused]
    assert all(row["code"] and row["reason"] and row["value"] for row in rows)
    readme = (made.folder / "README.txt").read_text()
    assert f"{made.rows} rules" in readme


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        ("/a\n", "https://new.example/", "control_char"),
        ("/a ", "https://new.example/", "whitespace"),
        ("default", "https://new.example/", "no_scheme"),
        ("https://u:hunter2@old.example/", "https://new.example/", "credentials"),
        ("/a", "//evil.example/", "no_scheme"),
        ("/a", "/\\evil.example/", "no_scheme"),
        ("/a", "https:evil.example", "bad_url"),
        ("/a", "https://evil.example\\@new.example/", "bad_url"),
        ("/a", "https://new.example.evil.example/", "foreign_host"),
        ("/a", "http://169.254.169.254/", "private_target"),
        ("/a", "javascript:alert(1)", "bad_scheme"),
        ("/a", "https://new.example/\r\nX: 1", "control_char"),
        ("/a", "https://old.example/a", "loop"),
        ("/a", "http://old.example/a", "loop"),
        ("/%c3%a9", "https://old.example/%C3%A9", "loop"),
    ],
)
def test_gate_refuses(old: str, new: str, code: str) -> None:
    plan = plan_of(
        *((f"/{n}", f"https://new.example/{n}") for n in range(9)), (old, new)
    )
    refused = build_rules(plan).refused
    assert [item.code for item in refused] == [code]
    assert "hunter2" not in refused[0].old_url


def test_hosts_below_the_main_one_are_of_the_site() -> None:
    more = [f"https://{name}.old.example/h" for name in ("www", "m", "a.b")]
    rows = [(f"/{n}", "https://new.example/") for n in range(500)]
    strange = ["https://old.example.evil.example/", "https://bold.example/"]
    sources = (*more, *strange)
    plan = plan_of(*rows, *((old, "https://new.example/") for old in sources))
    assert {item.old_url for item in build_rules(plan).refused} == set(strange)


def test_first_claim_wins_and_the_other_row_is_named() -> None:
    plan = plan_of(("/a", "https://new.example/1"), ("/a#b", "https://new.example/2"))
    rules = build_rules(plan)
    assert [rule.target for rule in rules.rules] == ["https://new.example/1"]
    assert [item.code for item in rules.refused] == ["duplicate_source"]


def test_kept_page_on_one_host_binds_the_rule_to_the_other() -> None:
    kept = plan_of(("https://shop.old.example/a", "https://x.example/"), action="keep")
    plan = pd.concat([kept, plan_of(("/a", "https://new.example/a"))])
    assert [rule.host for rule in build_rules(plan).rules] == ["old.example"]


def test_command_writes_and_reports(tmp_path: Path) -> None:
    plan = write_csv(tmp_path / "plan.csv", tricky())
    run = CliRunner().invoke(
        main,
        [
            "export",
            str(plan),
            "--to",
            "nginx",
            "--to",
            "apache",
            "--out",
            str(tmp_path / "out"),
            "--install-dir",
            "/etc/rules",
            "--json",
            "--quiet",
        ],
    )
    assert run.exit_code == 0, run.output
    reports = json.loads(run.stdout)["exports"]
    assert [report["format"] for report in reports] == ["nginx", "apache"]
    assert "/etc/rules/path.map" in (tmp_path / "out/nginx/http.conf").read_text()


def test_command_names_what_is_wrong(tmp_path: Path) -> None:
    plan = write_csv(tmp_path / "plan.csv", tricky())
    run = CliRunner().invoke(main, ["export", str(plan), "--to", "ngins", "--out", "x"])
    assert run.exit_code == 2
    assert "no rule format" in run.output
    gone = CliRunner().invoke(main, ["export", "no.csv", "--to", "nginx", "--out", "x"])
    assert gone.exit_code == 3


def test_list_names_every_format() -> None:
    run = CliRunner().invoke(main, ["export", "--to", "list"])
    assert run.exit_code == 0
    assert all(name in run.stdout for name in exporters())
