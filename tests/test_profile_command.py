"""The commands profile and equity, from files to files."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest
from click.testing import CliRunner, Result

from redirectmap.cli import main

SITE = "https://firm.example"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Write a site, its backlinks, a plan and the new site."""
    rows = [f"https://d{n}.test/,{SITE}/{'a' * (n % 3 == 0)},Firm" for n in range(30)]
    links = "\n".join(["source_url,target_url,anchor", *rows])
    (tmp_path / "links.csv").write_text(links + "\n")
    (tmp_path / "plan.csv").write_text(
        f"old_url,action,new_url\n{SITE}/,redirect,https://new.test/\n{SITE}/a,gone,\n"
    )
    old = [
        {"url": f"{SITE}/", "title": "Firm", "links": [f"{SITE}/a"]},
        {"url": f"{SITE}/a", "title": "A", "links": [f"{SITE}/"]},
    ]
    (tmp_path / "old.jsonl").write_text("\n".join(map(json.dumps, old)))
    (tmp_path / "new.jsonl").write_text(json.dumps({"url": "https://new.test/"}))
    return tmp_path


def run(*arguments: object) -> Result:
    """Call the command line in this process."""
    return CliRunner().invoke(main, [str(argument) for argument in arguments])


def test_profile_prints_shares_and_writes_tables(folder: Path) -> None:
    out = folder / "out"
    links, plan = folder / "links.csv", folder / "plan.csv"
    result = run("profile", links, "--site", SITE, "--plan", plan, "--out", out)
    assert result.exit_code == 0, result.output
    assert "homepage, today: 67% (" in result.output
    assert "20 of 30) of links" in result.output
    assert "homepage, after the plan: 100% (" in result.output
    assert "home 67% / 67%, other 33% / 33%" in result.output
    names = {path.name for path in out.iterdir()}
    assert {"profile.json", "anchors.csv", "kinds.csv"} <= names


@pytest.mark.parametrize(
    ("anchor", "cell"),
    [
        ('=HYPERLINK("https://evil.test")', '\'=HYPERLINK("https://evil.test")'),
        ("@SUM(1+9)*cmd", "'@SUM(1+9)*cmd"),
        ("+cmd|calc!A0", "'+cmd|calc!A0"),
        ("@firm", "@firm"),
        ("-20 % on all", "-20 % on all"),
        ("+49 231 12", "+49 231 12"),
    ],
)
def test_anchor_computes_nothing_in_a_spreadsheet(
    folder: Path, anchor: str, cell: str
) -> None:
    rows = pd.DataFrame(
        {"source_url": ["https://a.test/"], "target_url": [SITE], "anchor": [anchor]}
    )
    rows.to_csv(folder / "one.csv", index=False)
    result = run("profile", folder / "one.csv", "--site", SITE, "--out", folder / "o")
    assert result.exit_code == 0, result.output
    assert pd.read_csv(folder / "o/anchors.csv")["anchor"].tolist() == [cell]


def test_profile_json_is_json(folder: Path) -> None:
    result = run("profile", folder / "links.csv", "--site", SITE, "--json", "--quiet")
    assert json.loads(result.stdout)["verdict"]["domains"] == "edge"


DEMO = Path(__file__).parents[1] / "fixtures/demo"


def findings_of_demo(folder: Path, *, dump: bool) -> set[str]:
    """Judge the demo's backlinks after the right plan, or after a homepage dump."""
    truth = pd.read_csv(DEMO / "truth.csv", dtype=object)
    new = truth["new_url"].where(truth["new_url"].notna(), "")
    home = new[truth["old_url"].str.endswith(".example/")].iloc[0]
    plan = pd.DataFrame(
        {
            "old_url": truth["old_url"],
            "action": new.map(lambda url: "redirect" if url or dump else "gone"),
            "new_url": home if dump else new,
        }
    )
    plan.to_csv(folder / "demo.csv", index=False)
    result = run(
        "profile", DEMO / "backlinks.csv", "--site", truth["old_url"][0],
        "--plan", folder / "demo.csv", "--type", "local", "--out", folder / "demo",
    )  # fmt: skip
    assert result.exit_code == 0, result.output
    return set(pd.read_csv(folder / "demo/profile_findings.csv")["check"])


def test_demo_plan_keeps_the_profile_that_a_dump_would_spoil(tmp_path: Path) -> None:
    assert "profile-homepage-dump" in findings_of_demo(tmp_path, dump=True)
    assert "profile-homepage-dump" not in findings_of_demo(tmp_path, dump=False)


def test_queries_become_keywords(folder: Path) -> None:
    (folder / "q.csv").write_text("Top queries,Clicks\nfirm boilers,3\nold stoves,1\n")
    links = (folder / "links.csv").read_text()
    (folder / "links.csv").write_text(f"{links}https://z.test/,{SITE}/,Old stoves\n")
    out = run(
        "profile", folder / "links.csv", "--site", SITE, "--queries", folder / "q.csv",
        "--json", "--quiet",
    )  # fmt: skip
    assert json.loads(out.stdout)["anchor_mix"]["exact"]["links"] == 1


def test_profile_of_another_site_is_an_input_error(folder: Path) -> None:
    result = run("profile", folder / "links.csv", "--site", "https://other.test")
    assert result.exit_code == 3
    assert "no live link" in result.output
    assert "they point at firm.example" in result.output


def test_equity_through_a_plan(folder: Path) -> None:
    result = run(
        "equity", "--site", folder / "old.jsonl", "--plan", folder / "plan.csv",
        "--new", folder / "new.jsonl", "--backlinks", folder / "links.csv",
        "--out", folder / "out", "--json",
    )  # fmt: skip
    assert result.exit_code == 0, result.output
    summary = json.loads(result.stdout)
    assert summary["moved"] == pytest.approx(2 / 3, abs=1e-6)
    assert json.loads((folder / "out/equity.json").read_text())["falls"]


def test_growing_site_without_pages_is_told_what_is_missing(folder: Path) -> None:
    rows = [f"https://d{n}.test/,{SITE}/,2026-01-02" for n in range(30)]
    text = "\n".join(["source_url,target_url,first_seen", *rows])
    (folder / "new.csv").write_text(text)
    argv = ["profile", folder / "new.csv", "--site", SITE, "--age-months", 12]
    assert "30-40 % would be usual: --pages would tell" in run(*argv).output
    pages = "\n".join(json.dumps({"url": f"{SITE}/blog/{n}"}) for n in range(20))
    (folder / "site.jsonl").write_text(pages)
    told = run(*argv, "--pages", folder / "site.jsonl").output
    assert "new links: usual 30% to 40%" in told
    assert "would be usual" not in told


def test_equity_needs_plan_and_new_together(folder: Path) -> None:
    result = run(
        "equity", "--site", folder / "old.jsonl", "--plan", folder / "plan.csv"
    )
    assert result.exit_code == 2
