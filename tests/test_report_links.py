"""What profile, equity, advise and monitor wrote, in the report, from real files."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

from redirectmap.cli import main
from redirectmap.report import write_report

OLD = "https://firm.example"
NEW = "https://new.example"
HOSTILE = "<script>alert(1)</script> cheap boiler deals"


def run(*arguments: object) -> None:
    """Run a command that must succeed."""
    result = CliRunner().invoke(main, [str(argument) for argument in arguments])
    assert result.exit_code == 0, result.output


def links_of(site: str, home: int, inner: int, anchor: str = "Firm") -> str:
    """Return a backlinks CSV: so many domains to the homepage and to an inner page."""
    rows = [f"https://h{n}.test/,{site}/,{anchor}" for n in range(home)]
    rows += [
        f"https://i{n}.test/,{site}/services/a,boiler repair" for n in range(inner)
    ]
    return "\n".join(["source_url,target_url,anchor", *rows]) + "\n"


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Write a plan's folder with the four commands, and its report."""
    folder = tmp_path_factory.mktemp("plan")
    (folder / "plan.csv").write_text(
        "old_url,action,new_url\n"
        f"{OLD}/,redirect,{NEW}/\n{OLD}/services/a,redirect,{NEW}/\n"
        f"{OLD}/blog/x,gone,\n"
    )
    pages = [
        {"url": f"{OLD}/", "title": "Firm", "links": [f"{OLD}/blog/x"]},
        {"url": f"{OLD}/services/a", "title": "Boiler repair", "links": [f"{OLD}/"]},
        {"url": f"{OLD}/blog/x", "title": HOSTILE, "links": [f"{OLD}/"]},
    ]
    (folder / "old.jsonl").write_text("\n".join(map(json.dumps, pages)))
    new = [{"url": f"{NEW}/", "links": []}, {"url": f"{NEW}/services/b"}]
    (folder / "new.jsonl").write_text("\n".join(map(json.dumps, new)))
    (folder / "b.csv").write_text(links_of(OLD, 12, 30, HOSTILE))
    rivals = []
    for number, (home, inner) in enumerate([(10, 20), (11, 20), (12, 20)]):
        path = folder / f"rival{number}.csv"
        path.write_text(links_of(f"https://rival{number}.example", home, inner))
        rivals += ["--competitor", path]
    links = ["--backlinks", folder / "b.csv"]
    plan, out = folder / "plan.csv", ["--out", folder]
    run(
        "profile", folder / "b.csv", "--site", OLD, "--plan", plan, *rivals, *out,
        "--pages", folder / "old.jsonl",
    )  # fmt: skip
    run(
        "equity", "--site", folder / "old.jsonl", "--plan", plan,
        "--new", folder / "new.jsonl", *links, *out,
    )  # fmt: skip
    run(
        "advise", "--site", folder / "old.jsonl", *links, "--title", HOSTILE, *out,
    )  # fmt: skip
    for day, clicks in (("2026-05-01", 100), ("2026-06-01", 10)):
        traffic = folder / f"{day}-traffic.csv"
        traffic.write_text(f"url,clicks,conversions\n{OLD}/services/a,{clicks},0\n")
        run(
            "monitor", folder / "monitor", "--site", OLD, "--traffic", traffic,
            *links, "--date", day, "--plan", plan,
        )  # fmt: skip
    return write_report(folder).read_text(encoding="utf-8")


def test_profile_shows_today_the_plan_and_a_dump(report: str) -> None:
    assert "29% of the backlinks and 29% of the referring domains" in report
    assert "100% and 100% after the plan" in report
    assert "100% and 100% if all was sent to the homepage" in report
    assert "profile-homepage-dump" in report
    assert "anchor-exact-page" in report
    assert "service" in report


def test_competitors_are_side_by_side(report: str) -> None:
    assert "The natural range of 3 competitors is 33% to 38% of domains" in report
    assert "rival2.example" in report
    assert "profile-competitors" in report


def test_equity_advice_and_monitor_are_shown(report: str) -> None:
    assert "Of what external links bring, 100.0% moves to a successor" in report
    assert "equity-orphan" in report
    assert "Where each opportunity should point" in report
    assert "No page stands out for the next links" in report
    assert "Pages whose visitors changed most" in report
    assert "monitor-visitors-fall" in report
    assert f"redirects to {NEW}/" in report


def test_texts_from_outside_are_inert(report: str) -> None:
    assert "<script" not in report
    assert "&lt;script&gt;alert(1)" in report
