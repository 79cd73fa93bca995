"""URLs that nobody listed: what each choice would catch, and what it must not."""

from __future__ import annotations

import shutil
from pathlib import Path

import pandas as pd
import pytest

from redirectmap.exporters import BUILTIN, export_plan, prove
from redirectmap.exporters.servers import SERVERS
from redirectmap.planning.leftovers import leftover_rules
from redirectmap.planning.rules import Rule, induce
from redirectmap.planning.rules_file import read_decisions, rules_table
from redirectmap.tables import PLAN, write_csv

OLD, NEW = "https://old.example", "https://new.example"
LIVE = {f"{NEW}/news/", f"{NEW}/"}
LOGGED = pd.Series(
    {f"{OLD}/blog/unknown": 7.0, f"{OLD}/x/y": 2.0, f"{OLD}/blog/1": 9.0}
)


def plan(**review: str) -> pd.DataFrame:
    rows: list[tuple[str, str | None, str]] = [
        (f"/blog/{n}", f"{NEW}/news/{n}", "redirect") for n in range(6)
    ]
    rows += [(f"/top-{n}", f"{NEW}/", "redirect") for n in range(6)]
    rows += [(path, None, action) for path, action in review.items()]
    table = pd.DataFrame(rows, columns=["old_url", "new_url", "action"])
    table["old_url"] = OLD + table["old_url"]
    table["status"] = table["action"].map({"redirect": 301, "gone": 410, "keep": 200})
    return PLAN.fit(table)


def by_target(rules: list[Rule]) -> dict[str, Rule]:
    return {rule.shape.target or "gone": rule for rule in rules}


@pytest.mark.parametrize(
    ("policy", "accepted"),
    [("404", []), ("folder", [f"{NEW}/news/"]), ("410", ["gone"])],
)
def test_a_policy_accepts_its_own_rules(policy: str, accepted: list[str]) -> None:
    rules = leftover_rules(plan(), live=LIVE, logged=LOGGED, policy=policy)  # type: ignore[arg-type]
    found = by_target(rules)
    assert [name for name, rule in found.items() if rule.use == "yes"] == accepted
    assert (found[f"{NEW}/news/"].requests, found["gone"].requests) == (7, 9)


def test_the_front_page_is_never_a_fallback() -> None:
    targets = {r.shape.target for r in leftover_rules(plan(), live=LIVE, logged=None)}
    assert targets == {f"{NEW}/news/", ""}


@pytest.mark.parametrize(
    ("live", "review", "left"),
    [
        (LIVE - {f"{NEW}/news/"}, {}, {"gone"}),
        (LIVE | {f"{OLD}/blog/new-post"}, {}, set()),
        (LIVE, {"/blog/kept": "keep"}, set()),
        (LIVE, {"/blog/open": "review"}, {"gone", f"{NEW}/news/"}),
    ],
    ids=["dead fallback", "live page", "kept row", "row in review"],
)
def test_what_must_not_be_caught(
    live: set[str], review: dict[str, str], left: set[str]
) -> None:
    rules = leftover_rules(plan(**review), live=live, logged=None)
    assert set(by_target(rules)) == left


def test_a_persons_no_survives_the_policy(tmp_path: Path) -> None:
    rules = leftover_rules(plan(), live=LIVE, logged=LOGGED, policy="folder")
    table = rules_table(induce(plan()), rules)
    table.loc[table["target"].eq(f"{NEW}/news/"), "use"] = "no"
    decisions = read_decisions(write_csv(tmp_path / "rules.csv", table))
    again = leftover_rules(
        plan(), live=LIVE, logged=LOGGED, policy="folder", decisions=decisions
    )
    assert by_target(again)[f"{NEW}/news/"].use == "no"


@pytest.mark.server
@pytest.mark.parametrize("name", ["nginx", "apache", "htaccess"])
def test_leftovers_are_asked_last_and_leave_review_alone(
    name: str, tmp_path: Path
) -> None:
    if not shutil.which(SERVERS[BUILTIN[name].server or ""].program):
        pytest.skip(f"the server of {name} is not installed")
    table = plan(**{"/blog/open": "review", "/blog/gone": "gone"})
    rules = leftover_rules(table, live=LIVE, logged=None)
    shapes = [rule.shape for rule in rules if rule.shape.target]
    made = export_plan(table, name, tmp_path, shapes=shapes)
    assert (made.patterns, made.lines) == (1, 14)
    proof = prove(table, name, made.folder)
    assert (proof.problem, proof.differences) == ("", ())
    assert proof.exact == proof.rows == 13
