"""`redirectmap plan` from files to folder, by the real matcher."""

from __future__ import annotations

import csv
import json
from pathlib import Path

from click.testing import CliRunner, Result

from redirectmap.cli import main

OLD, NEW = "https://old.example", "https://new.example"
TOPICS = (
    "boiler repair service",
    "gas safety certificate",
    "heat pump installation",
    "underfloor heating guide",
    "radiator valves explained",
    "solar panel cleaning",
    "emergency plumber contact",
    "bathroom renovation prices",
)


def write_site(path: Path, origin: str, form: str, names: tuple[str, ...]) -> Path:
    with path.open("w", encoding="utf-8") as out:
        for name in names:
            slug = name.replace(" ", "-")
            page = {
                "url": origin + form.format(slug=slug),
                "title": name.title(),
                "h1": name.title(),
                "text": f"All about {name} and what {name} costs. " * 5,
                "lang": "en",
            }
            out.write(json.dumps(page) + "\n")
    return path


def plan(folder: Path, *more: str) -> Result:
    old = write_site(folder / "old.jsonl", OLD, "/index/{slug}.html", TOPICS)
    new = write_site(folder / "new.jsonl", NEW, "/services/{slug}", TOPICS[:6])
    argv = ["plan", "--old", str(old), "--new", str(new), "--out", str(folder / "out")]
    return CliRunner().invoke(main, [*argv, *more])


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as lines:
        return list(csv.DictReader(lines))


def test_a_plan_its_edits_and_its_next_plan(tmp_path: Path) -> None:
    first = plan(tmp_path, "--json")
    assert first.exit_code == 0, first.output
    assert json.loads(first.stdout)["rows"] == len(TOPICS)
    out = tmp_path / "out"
    for name in (
        "plan.csv",
        "findings.csv",
        "rules.csv",
        "plan.json",
        "scores.parquet",
    ):
        assert (out / name).exists()
    rows = rows_of(out / "plan.csv")
    right = [
        r
        for r in rows
        if r["old_url"].rpartition("/")[2][:-5] == r["new_url"].rpartition("/")[2]
    ]
    assert len(right) == 6
    rows[0] |= {"new_url": f"{NEW}/mine", "action": "redirect", "note": "by hand"}
    with (out / "plan.csv").open("w", newline="", encoding="utf-8") as lines:
        table = csv.DictWriter(lines, fieldnames=list(rows[0]))
        table.writeheader()
        table.writerows(rows)
    assert plan(tmp_path).exit_code == 0
    again = {row["old_url"]: row for row in rows_of(out / "plan.csv")}
    row = again[rows[0]["old_url"]]
    assert (row["new_url"], row["note"]) == (f"{NEW}/mine", "by hand")
    assert row["decided_by"] == "override"


def test_overrides_reach_the_plan_and_leave_it_again(tmp_path: Path) -> None:
    people = tmp_path / "overrides.csv"
    url = f"{OLD}/index/boiler-repair-service.html"
    people.write_text(f"old_url,new_url,action\n{url},{NEW}/by-hand,redirect\n")
    assert plan(tmp_path, "--overrides", str(people)).exit_code == 0
    rows = {r["old_url"]: r for r in rows_of(tmp_path / "out/plan.csv")}
    assert rows[url]["new_url"] == f"{NEW}/by-hand"
    assert plan(tmp_path).exit_code == 0
    rows = {r["old_url"]: r for r in rows_of(tmp_path / "out/plan.csv")}
    assert rows[url]["new_url"] == f"{NEW}/services/boiler-repair-service"


def test_a_missing_file_leaves_nothing_behind(tmp_path: Path) -> None:
    argv = ["plan", "--old", "none.csv", "--new", "none.csv", "--out"]
    result = CliRunner().invoke(main, [*argv, str(tmp_path / "out")])
    assert result.exit_code == 3
    assert not (tmp_path / "out").exists()
