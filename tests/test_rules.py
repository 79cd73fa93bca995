"""Pattern rules: found, proven by replay, accepted by a person."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from hypothesis import given, settings, strategies as st

from redirectmap.errors import InputError
from redirectmap.planning.rules import Induction, induce
from redirectmap.planning.rules_file import accepted_rules, read_decisions, rules_table
from redirectmap.planning.shapes import Shape, problem_of, tightened
from redirectmap.tables import PLAN, write_csv

OLD, NEW = "https://old.example", "https://new.example"
MAPS = Path(__file__).parents[1] / "../shared/bench/ukgov_maps_public.csv.gz"


def plan_of(rows: Mapping[str, str | None], **more: Any) -> pd.DataFrame:  # noqa: ANN401
    """Rows of old path to new path; "" is gone, None waits for review."""
    table = pd.DataFrame(
        {
            "old_url": [OLD + old for old in rows],
            "new_url": [NEW + new if new else None for new in rows.values()],
            "action": [
                "review" if new is None else "redirect" if new else "gone"
                for new in rows.values()
            ],
            **more,
        }
    )
    table["status"] = table["action"].map({"redirect": 301, "gone": 410})
    return PLAN.fit(table)


def blog(count: int = 12) -> dict[str, str | None]:
    pairs = [(f"20{10 + n}/0{1 + n % 9}", f"post-number-{n}") for n in range(count)]
    return {f"/blog/{date}/{slug}.html": f"/articles/{slug}" for date, slug in pairs}


def answers(induction: Induction, path: str) -> list[str]:
    shapes = [rule.shape for rule in induction.rules if rule.rows]
    found = [(shape, shape.regex.match(path)) for shape in shapes]
    return [shape.answer(match) for shape, match in found if match]


def test_a_dated_blog_is_one_rule() -> None:
    made = induce(plan_of(blog()))
    (rule,) = made.rules
    assert rule.shape.pattern == (r"/blog/[0-9]{4}/[0-9]{2}/([a-z0-9-]+)\.html")
    assert rule.shape.target == f"{NEW}/articles/$1"
    assert (made.lines_before, made.lines_after, made.wrong) == (12, 1, 0)


@pytest.mark.parametrize(
    "near",
    [
        "/x/blog/2010/01/post-number-0.html",
        "/Blog/2010/01/post-number-0.html",
        "/blog/2010/01/post-number-0.htmlx",
        "/blog/2010/01/post-number-0xhtml",
        "/blog/2010/01/post-number-0",
        "/blog/201/01/post-number-0.html",
        "/blog/2010/01/sub/post-number-0.html",
        "/blog/2010/01/.html",
        "/blogs/2010/01/post-number-0.html",
        "/blog/2010/post-number-0.html",
    ],
)
def test_near_misses_do_not_match(near: str) -> None:
    assert answers(induce(plan_of(blog())), near) == []


def test_rows_that_differ_are_exceptions() -> None:
    rows = blog() | {"/blog/2011/02/about-us.html": "/company"}
    made = induce(plan_of(rows))
    (rule,) = made.rules
    assert rule.exceptions == (f"{OLD}/blog/2011/02/about-us.html",)
    assert (made.lines_after, made.wrong) == (2, 0)


def test_the_status_is_part_of_the_answer() -> None:
    plan = plan_of(blog())
    plan.loc[3, "status"] = 302
    made = induce(plan)
    assert made.rules[0].exceptions == (plan["old_url"][3],)
    assert made.wrong == 0


@pytest.mark.parametrize(
    ("rows", "live"),
    [
        ({"/blog/2011/02/not-decided.html": None}, ()),
        ({}, (f"{OLD}/blog/2020/02/lives-here.html",)),
    ],
    ids=["waits for review", "lives on the old host"],
)
def test_what_has_no_answer_gets_none(
    rows: dict[str, str | None], live: tuple[str, ...]
) -> None:
    made = induce(plan_of(blog() | rows), live=live)
    path = [*rows, *live][0].removeprefix(OLD)
    assert answers(made, path) == []
    assert made.wrong == 0


def test_a_rule_does_not_feed_itself() -> None:
    rows = {f"/blog/page-{n}": f"/blog/new/page-{n}" for n in range(9)}
    plan = plan_of(rows)
    plan["new_url"] = plan["new_url"].str.replace(NEW, OLD)
    made = induce(plan)
    assert made.rules
    assert all(answers(made, path.removeprefix(OLD)) == [] for path in plan["new_url"])


def test_one_answer_for_a_whole_host_is_not_induced() -> None:
    made = induce(plan_of(dict.fromkeys((f"/page-{n}" for n in range(30)), "/")))
    assert made.rules == ()


def test_a_new_host_with_the_same_paths_is_one_rule() -> None:
    made = induce(plan_of({f"/p{n}/q.html": f"/p{n}/q.html" for n in range(9)}))
    assert [rule.shape.target for rule in made.rules] == [f"{NEW}/$1"]


def test_locked_rows_and_queries_stay_exact() -> None:
    rows = blog() | {"/blog/2011/02/search.html?q=1": "/articles/search"}
    plan = plan_of(rows, locked=[True] + [False] * len(blog()))
    (rule,) = induce(plan).rules
    assert len(rule.rows) == len(blog()) - 1
    assert set(rule.exceptions) == {plan["old_url"][0], plan["old_url"][len(blog())]}


def test_a_query_that_waits_for_review_is_not_answered() -> None:
    made = induce(plan_of(blog() | {"/blog/2011/02/search.html?q=1": None}))
    assert answers(made, "/blog/2011/02/search.html") == []


@pytest.mark.parametrize(
    ("pattern", "target", "said"),
    [
        ("/a/(.+)", f"{NEW}/$1", None),
        ("/a/[0-9]+/([a-z0-9-]+)", f"{NEW}/b/$1.html", None),
        ("/a/(.+)", "https://$1/", "host of its own"),
        ("/a/(.+)", f"{NEW}$1", "host of its own"),
        ("/a/(.+)", "https://new.example.$1/x", "host of its own"),
        ("/a/.+", f"{NEW}/$1", "keeps another"),
        ("/a/(.+)/([0-9]+)", f"{NEW}/$1", "keeps another"),
        ("/(a+)+", f"{NEW}/x", "cannot say"),
        ("/a|b", f"{NEW}/x", "cannot say"),
        ("/(?:a)", f"{NEW}/x", "cannot say"),
        ("/[0-9]+.+", f"{NEW}/x", "touch"),
        ("/[x-z]+", f"{NEW}/x", "no known kind"),
        (".*", f"{NEW}/x", "begin with /"),
        ("/a/(.+)", "javascript:alert(1)//$1", "host of its own"),
    ],
)
def test_what_a_pattern_may_say(pattern: str, target: str, said: str | None) -> None:
    problem = problem_of(Shape("old.example", pattern, target))
    assert (problem is None) if said is None else said in str(problem)


def test_a_pattern_is_as_narrow_as_its_rows() -> None:
    shape = Shape("old.example", "/a/(.+)", f"{NEW}/$1")
    assert tightened(shape, ["/a/b-1", "/a/c"]).pattern == "/a/([a-z0-9-]+)"
    assert tightened(shape, ["/a/b/c", "/a/c"]).pattern == "/a/([a-z0-9/-]+)"
    assert tightened(shape, ["/a/17", "/a/4"]).pattern == "/a/([0-9]+)"
    assert tightened(shape, ["/a/caf%C3%A9"]).pattern == "/a/([^/]+)"


def test_decisions_survive(tmp_path: Path) -> None:
    plan = plan_of(blog())
    table = rules_table(induce(plan))
    table["use"] = "Yes"
    path = write_csv(tmp_path / "rules.csv", table)
    decisions = read_decisions(path)
    more = plan_of(blog(20) | {"/blog/2019/01/New_Post.html": "/articles/New_Post"})
    again = rules_table(induce(more, decisions=decisions))
    first = again.to_dict("records")[0]
    assert (first["rule"], first["use"], first["rows"]) == (table["rule"][0], "yes", 20)
    assert accepted_rules(path) == [decisions[0][0]]


def test_a_rejected_rule_is_not_proposed_again() -> None:
    plan = plan_of(blog())
    shape = induce(plan).rules[0].shape
    made = induce(plan, decisions=[(shape, "no")])
    assert shape not in [rule.shape for rule in made.rules if rule.rows]
    assert [rule.use for rule in made.rules if rule.shape == shape] == ["no"]


def test_an_accepted_rule_that_no_longer_holds_is_named() -> None:
    shape = induce(plan_of(blog())).rules[0].shape
    changed = plan_of(dict.fromkeys(blog(), "/elsewhere"))
    made = induce(changed, decisions=[(shape, "yes")])
    (rule,) = [rule for rule in made.rules if rule.shape == shape]
    assert (rule.rows, rule.use) == ((), "yes")
    assert "no longer" in rule.problem
    assert made.wrong == 0


@pytest.mark.parametrize(
    ("cells", "said"),
    [
        ({"use": "perhaps"}, "write yes, no, or nothing"),
        ({"use": "yes", "pattern": "/blog/.+"}, "not anchored"),
        ({"use": "yes", "pattern": "^/(a+)+$"}, "cannot say"),
        ({"use": "yes", "target": "https://$1/"}, "host of its own"),
    ],
)
def test_a_bad_rule_is_refused_with_its_line(
    cells: dict[str, str], said: str, tmp_path: Path
) -> None:
    table = rules_table(induce(plan_of(blog())))
    for column, cell in cells.items():
        table[column] = cell
    path = write_csv(tmp_path / "rules.csv", table)
    with pytest.raises(InputError, match=re.escape(said)) as caught:
        read_decisions(path)
    assert "rules.csv:2" in str(caught.value)


words = st.text("abcxyz019-", min_size=1, max_size=6)
paths = st.lists(words, min_size=1, max_size=3).map(lambda parts: "/" + "/".join(parts))


@settings(max_examples=60, deadline=None)
@given(
    old=st.lists(paths, min_size=8, max_size=40, unique=True),
    folder=words,
    data=st.data(),
)
def test_rules_never_change_an_answer(
    old: list[str], folder: str, data: st.DataObject
) -> None:
    """Whatever the plan: exact rows plus rules answer every known URL as it does."""
    kinds = st.sampled_from(["copy", "copy", "copy", "fixed", "gone", None])
    rows: dict[str, str | None] = {}
    for path in old:
        kind = data.draw(kinds)
        choice = {"copy": f"/{folder}{path}", "fixed": f"/{folder}/", "gone": ""}
        rows[f"/in{path}"] = choice[kind] if kind else None
    plan = plan_of(rows)
    made = induce(plan)
    covered = {plan["old_url"][n].removeprefix(OLD) for r in made.rules for n in r.rows}
    for path, target in rows.items():
        got = answers(made, path)[:1]
        if path in covered:
            assert got == [NEW + target if target else ""]
        assert target is not None or not got
    assert made.wrong == 0


@pytest.mark.skipif(not MAPS.exists(), reason="needs ../shared/bench")
def test_a_real_map_is_compressed_without_a_change() -> None:
    table = pd.read_csv(MAPS, dtype=str, keep_default_na=False)
    rows = table[table["dept"].eq("homeoffice_crb")].drop_duplicates("old_url")
    action = rows["status"].map({"301": "redirect", "410": "gone"})
    made = induce(
        PLAN.fit(rows.assign(action=action, status=rows["status"].astype(int)))
    )
    assert made.ratio >= 5
    assert made.wrong == 0
