"""What exporters promise: safe, exact, deterministic, nothing dropped silently."""

from __future__ import annotations

import csv
import json
import random
from collections.abc import Mapping
from pathlib import Path

import pandas as pd
import pytest
from click.testing import CliRunner
from hypothesis import Phase, given, settings, strategies as st

from redirectmap.cli import main
from redirectmap.exporters import (
    BUILTIN,
    Query,
    build_rules,
    export_plan,
    exporters,
    prove,
)
from redirectmap.exporters.expect import Expectation, Platform, asked_rows
from redirectmap.exporters.servers import SERVERS
from redirectmap.tables import PLAN, write_csv

HOSTILE = Path(__file__).parents[1] / "../shared/hostile/rules.csv"
PROVABLE = sorted(name for name, kind in BUILTIN.items() if kind.server)
Row = tuple[str, str | None] | tuple[str, str | None, int]


def plan_of(*rows: Row, action: str = "redirect") -> pd.DataFrame:
    """Make a plan of (old, new[, status]); a bare path is on old.example."""
    table = []
    for old, new, *status in rows:
        code = status[0] if status else (301 if new else 410)
        table.append(
            {
                "old_url": f"https://old.example{old}" if old[:1] == "/" else old,
                "action": action if new else "gone",
                "status": code,
                "new_url": new,
                "priority": 0.01,
            }
        )
    return PLAN.fit(pd.DataFrame(table))


@pytest.fixture(autouse=True)
def _node_modules(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the npm packages of tests/node be found (make node brings them)."""
    monkeypatch.setenv("NODE_PATH", str(Path(__file__).parent / "node/node_modules"))


def needs(name: str) -> None:
    """Skip where the server of a format is not installed."""
    server = SERVERS[BUILTIN[name].server or ""]
    if not server.installed:
        pytest.skip(f"{server.name} is not installed: {server.install}")


def proven(plan: pd.DataFrame, name: str, out: Path, query: Query = "keep") -> int:
    """Export, prove, and return how many rows became rules."""
    made = export_plan(plan, name, out, query=query)
    proof = prove(plan, name, made.folder)
    assert proof.problem == ""
    assert proof.differences == ()
    assert proof.passed
    assert proof.exact == proof.rows == made.rows
    return made.rows


def tricky() -> pd.DataFrame:
    """Rules of every kind that servers get wrong."""
    return plan_of(
        ("/index.php?id=1", "https://new.example/one"),
        ("/index.php", "https://new.example/home#top"),
        ("/list", "https://new.example/list?sort=a"),
        ("/list2", "https://new.example/list?sort=a#x"),
        ("/empty", "https://new.example/e?"),
        ("/Case", "https://new.example/upper"),
        ("/case", "https://new.example/lower"),
        ("/CASE", None),
        ("/caf%C3%A9", "https://new.example/caf%C3%A9/$1/%2F"),
        ("/price$5", "https://new.example/$http_cookie/${x}"),
        ('/q"uote', "https://new.example/q'uote"),
        ("/gone", None),
        ("/gone?x=1", "https://new.example/not-gone", 302),
        ("/moved", "https://new.example/moved", 308),
        ("/for-now", "https://new.example/for-now", 307),
        ("/", "https://new.example/"),
        ("/a.b", "https://new.example/a.b"),
        ("/(a+)+$", "https://new.example/.*"),
        ("/braces", "https://new.example/x?a={http.request.host}"),
    )


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
    assert not [row for row in rows if row["must"] == "refuse" and is_in(row, written)]
    proof = prove(plan, name, made.folder)
    assert (proof.problem, proof.differences) == ("", ())
    assert proof.exact == proof.rows == len(written)


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


def hostile_rows() -> list[dict[str, str]]:
    """Read the corpus; sources that are a path stand on old.example."""
    if not HOSTILE.exists():
        pytest.skip("the hostile corpus is not here")
    with HOSTILE.open(newline="", encoding="utf-8") as stream:
        rows = list(csv.DictReader(stream))
    for row in rows:
        rooted = row["old"].startswith("/") and not row["old"].startswith("//")
        row["old_url"] = f"https://old.example{row['old']}" if rooted else row["old"]
        row |= {"action": "redirect", "new_url": row["new"]}
    return rows


def is_in(row: Mapping[str, str], written: set[str]) -> bool:
    return row["old_url"] in written


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
    ],
)
def test_gate_refuses(old: str, new: str, code: str) -> None:
    plan = plan_of(
        *((f"/{n}", f"https://new.example/{n}") for n in range(9)), (old, new)
    )
    refused = build_rules(plan).refused
    assert [item.code for item in refused] == [code]
    assert "hunter2" not in refused[0].old_url


def test_first_claim_wins_and_the_other_row_is_named() -> None:
    plan = plan_of(("/a", "https://new.example/1"), ("/a#b", "https://new.example/2"))
    rules = build_rules(plan)
    assert [rule.target for rule in rules.rules] == ["https://new.example/1"]
    assert [item.code for item in rules.refused] == ["duplicate_source"]


def test_kept_page_on_one_host_binds_the_rule_to_the_other() -> None:
    kept = plan_of(("https://shop.old.example/a", "https://x.example/"), action="keep")
    plan = pd.concat([kept, plan_of(("/a", "https://new.example/a"))])
    assert [rule.host for rule in build_rules(plan).rules] == ["old.example"]


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


UNSHRUNK = (Phase.explicit, Phase.reuse, Phase.generate)  # each try is a server
_ODD = "/aA.%$\"'\\;{}()[]?&=#~*+^|<>!:@,é日 -_"
_NASTY = (
    *("%2F", "%2f", "%25", "%20", "%22", "%C3%A9", "%c3%a9", "%E9", "%23", "%3F"),
    *("$1", "${host}", "$uri", "%{HTTP_HOST}", "%1", "\\1", "{http.request.uri}", '"}'),
    *(
        "//",
        "/..",
        "/./",
        "..;",
        "?",
        "?a=1&b=2",
        "&amp;",
        "#x",
        "+",
        ".html",
        "x" * 300,
    ),
    *("; return 200", " [R=302]", "*/", "-->", "]]>", "\u2028", "evil.example", ":80"),
)


def odd_text(draw: random.Random) -> str:
    """Make a text of signs and fragments that some grammar gives a meaning to."""
    parts = draw.choices(
        [*_ODD, *_NASTY, "a", "b1", "page-", "/"], k=draw.randint(0, 12)
    )
    return "".join(parts)


def made_plan(seed: int, rows: int) -> pd.DataFrame:
    """Make a plan of odd texts; what the gate refuses is refused."""
    draw = random.Random(seed)
    paths = dict.fromkeys(odd_text(draw) for _ in range(rows))
    targets = (f"https://new.example/{odd_text(draw)}" for _ in paths)
    status = draw.choices([301, 301, 301, 302, 308], k=len(paths))
    return plan_of(
        *((f"/{p}", t, s) for p, t, s in zip(paths, targets, status, strict=True))
    )


SLOW = {"htaccess": (10, 75), "cloudflare-pages": (1, 900), "varnish": (1, 400)}
FEW = {"netlify": (1, 1_500), "vercel": (1, 1_500), "kubernetes": (1, 750)}
"""Plans and rows for servers that read every rule for every request, or are proven
by another's prover, too; the others get one plan that makes 2 000 rules."""


def prove_made(name: str, seed: int, folder: Path) -> int:
    """Prove made plans on one server; return how many rules they made."""
    count, rows = {**SLOW, **FEW}.get(name, (1, 3_600))
    made = [
        proven(made_plan(seed + number, rows), name, folder / str(number))
        for number in range(count)
    ]
    return sum(made)


@pytest.mark.server
@pytest.mark.parametrize("name", PROVABLE)
@settings(max_examples=1, phases=UNSHRUNK)
@given(seed=st.integers(0, 2**32))
def test_made_rules(
    name: str, seed: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    needs(name)
    rules = prove_made(name, seed, tmp_path_factory.mktemp("made"))
    assert rules >= (2_000 if name not in SLOW | FEW else 200)


@pytest.mark.soak
@pytest.mark.server
@pytest.mark.parametrize("name", PROVABLE)
@settings(max_examples=1, phases=UNSHRUNK)
@given(seed=st.integers(0, 2**32))
def test_many_made_rules(
    name: str, seed: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    needs(name)
    folder = tmp_path_factory.mktemp("soak")
    rules, number = 0, 0
    while rules < 20_000:
        number += 1
        rules += prove_made(name, seed + 1_000 * number, folder / str(number))


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


def held() -> pd.DataFrame:
    """A plan whose paths have rules that must not answer for other rows."""
    rules = plan_of(
        ("/index.php", "https://new.example/home"),
        ("/gone.php", None),
        ("https://shop.old.example/index.php", "https://new.example/shop"),
        ("/bad?x=1", "javascript:alert(1)"),
        ("/bad", "https://new.example/good"),
    )
    kept = plan_of(
        ("/index.php?p=a%2fb", "https://old.example/index.php?p=a%2fb"), action="keep"
    )
    open_ = plan_of(
        ("/gone.php?id=7", "https://new.example/seven"),
        ("https://shop.old.example/index.php?s=1", "https://new.example/x"),
        action="review",
    )
    return pd.concat([rules, kept, open_], ignore_index=True)


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
    assert rows == (4 if BUILTIN[name].carries.hosts else 1)
