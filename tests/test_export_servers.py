"""Every server answers as the plan says: by request, byte for byte."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest

from redirectmap.exporters import BUILTIN, Query, build_rules, export_plan, prove
from redirectmap.exporters.expect import Expectation, Platform, asked_rows
from redirectmap.tables import PLAN
from tests import export_nasty
from tests.export_plans import (
    NODE,
    PROVABLE,
    held,
    hostile_rows,
    needs,
    plan_of,
    proven,
    tricky,
)


@pytest.fixture(autouse=True)
def _node_modules(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the npm packages of tests/node be found (make node brings them)."""
    monkeypatch.setenv("NODE_PATH", str(NODE))


@pytest.mark.server
@pytest.mark.parametrize("query", ["keep", "drop", "exact"])
@pytest.mark.parametrize("name", PROVABLE)
def test_every_server_answers_as_planned(
    name: str, query: Query, tmp_path: Path
) -> None:
    needs(name)
    if query not in BUILTIN[name].carries.modes:
        pytest.skip("declared: not carried")
    assert proven(tricky(), name, tmp_path, query) >= (
        15 if BUILTIN[name].carries.queries else 10
    )


@pytest.mark.server
@pytest.mark.parametrize("name", PROVABLE)
def test_hosts_with_other_answers_are_told_apart(name: str, tmp_path: Path) -> None:
    needs(name)
    plan = plan_of(
        ("https://old.example/a", "https://new.example/a"),
        ("https://shop.old.example/a", "https://new.example/shop/a"),
        ("https://shop.old.example/b?x=1", "https://new.example/b"),
        ("https://www.old.example/c", "https://old.example/c"),
    )
    twins = plan_of(
        ("https://old.example/%2Fx", "https://new.example/x"),
        ("https://shop.old.example/%2fx", "https://new.example/shop/x"),
    )
    if name != "htaccess":  # it cannot carry %2F
        proven(pd.concat([plan, twins], ignore_index=True), name, tmp_path / "twins")
    rows = proven(plan, name, tmp_path)
    can = BUILTIN[name].carries
    assert rows == (4 if can.hosts else 1 if can.queries else 0)


@pytest.mark.server
@pytest.mark.parametrize("name", PROVABLE)
def test_hostile_corpus(name: str, tmp_path: Path) -> None:
    needs(name)
    rows = hostile_rows()
    plan = PLAN.fit(pd.DataFrame(rows))
    made = export_plan(plan, name, tmp_path)
    refused = {item.old_url for item in made.refused}
    written = {rule.old_url for rule in build_rules(plan).rules} - refused
    assert not [r for r in rows if r["must"] == "refuse" and r["old_url"] in written]
    proof = prove(plan, name, made.folder)
    assert (proof.problem, proof.differences) == ("", ())
    assert proof.exact == proof.rows == len(written)


@pytest.mark.server
@pytest.mark.parametrize("query", ["keep", "drop", "exact"])
@pytest.mark.parametrize("name", PROVABLE)
def test_a_rule_does_not_answer_for_another_row(
    name: str, query: Query, tmp_path: Path
) -> None:
    needs(name)
    if query not in BUILTIN[name].carries.modes:
        pytest.skip("declared: not carried")
    rows = proven(held(), name, tmp_path, query)
    assert rows == (6 if BUILTIN[name].carries.hosts else 2)


def test_expectation_says_what_the_documentation_says() -> None:
    rows = asked_rows(tricky(), set(), include_review=False)
    expected = Expectation(rows, Platform("keep"))
    ask = {
        "/index.php?id=1": (301, "https://new.example/one"),
        "/index.php?id=2": (301, "https://new.example/home?id=2#top"),
        "/list2?x": (301, "https://new.example/list?sort=a&x#x"),
        "/empty?x": (301, "https://new.example/e?x"),
        "/gone?y": (410, None),
        "/caf%c3%a9": (301, "https://new.example/caf%C3%A9/$1/%2F"),
        "/cAse": None,
    }
    for wire, answer in ask.items():
        assert expected.allowed("old.example:8080", wire) == {answer}


@pytest.mark.server
def test_a_wrong_file_is_found_out(tmp_path: Path) -> None:
    needs("nginx")
    plan = tricky()
    made = export_plan(plan, "nginx", tmp_path)
    path = made.folder / "path.map"
    path.write_text(path.read_text().replace("new.example/moved", "new.example/other"))
    proof = prove(plan, "nginx", made.folder)
    assert not proof.passed
    assert {item.old_url for item in proof.differences} == {"https://old.example/moved"}
    assert json.loads((made.folder / "proof.json").read_text())["passed"] is False


SHARES = {"htaccess": 8, "cloudflare-pages": 8}
"""Every n-th nasty rule, where many rules make a request slow."""


def nasty(share: int = 1) -> pd.DataFrame:
    """Make a plan of the nasty rules, and of all that must be refused."""
    rows = [*list(export_nasty.rules())[::share], *export_nasty.refused()]
    table = pd.DataFrame(rows, columns=["old_url", "new_url"])
    return PLAN.fit(table.assign(action="redirect", status=301, priority=0.001))


def prove_nasty(name: str, share: int, folder: Path) -> None:
    """Prove that what must be refused is, and that all else is exact."""
    needs(name)
    plan = nasty(share)
    made = export_plan(plan, name, folder)
    proof = prove(plan, name, made.folder)
    assert (proof.problem, proof.differences) == ("", ())
    assert proof.exact == proof.rows == made.rows
    could = len(plan) - len(list(export_nasty.refused()))
    assert made.rows >= (0.85 if BUILTIN[name].carries.queries else 0.35) * could


@pytest.mark.server
@pytest.mark.parametrize("name", PROVABLE)
def test_nasty_rules(name: str, tmp_path: Path) -> None:
    prove_nasty(name, SHARES.get(name, 1), tmp_path)


@pytest.mark.soak
@pytest.mark.server
@pytest.mark.parametrize("name", sorted(SHARES))
def test_all_nasty_rules(name: str, tmp_path: Path) -> None:
    prove_nasty(name, 1, tmp_path)


def test_what_must_be_refused_is_refused_whatever_stands_beside_it() -> None:
    must = {old for old, _ in export_nasty.refused()}
    rules = build_rules(nasty()).rules
    written = {rule.old_url for rule in rules}
    assert len(written) > 600
    assert not must & (written | {old for rule in rules for old, _ in rule.twins})
    targets = {rule.target.split("/")[2] for rule in rules if rule.target}
    assert targets == {"new.example"}
