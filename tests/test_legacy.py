"""Old rules folded into the plan: one hop from every URL that ever redirected."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from hypothesis import Phase, given, settings, strategies as st

from redirectmap.checks import PlanContext, run_checks
from redirectmap.planning.known import read_legacy
from redirectmap.planning.legacy import legacy_ends
from redirectmap.planning.make import Made, PlanInputs, make_plan
from redirectmap.planning.settle import settle
from redirectmap.readers import ReadReport, Site
from redirectmap.tables import LEGACY, LINKS, PAGES

OLD, NEW = "https://old.example", "https://new.example"
EARLIER, PARTNER = "https://earlier.example", "https://partner.example/x"


def site(urls: Mapping[str, int | None]) -> Site:
    table = pd.DataFrame({"url": list(urls), "status": list(urls.values())})
    pages = PAGES.fit(table)
    report = ReadReport("test", "test", len(urls), len(urls), ())
    return Site(pages, LINKS.empty(), LEGACY.empty(), report)


def rules(*pairs: tuple[str, str | None]) -> pd.DataFrame:
    rows = [
        {"source": a, "target": b, "status": 301 if b else 410, "origin": f"rules:{n}"}
        for n, (a, b) in enumerate(pairs, 1)
    ]
    return LEGACY.fit(pd.DataFrame(rows, columns=LEGACY.names))


def scores(pairs: Mapping[str, str], sure: float = 0.999) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "old_url": list(pairs),
            "new_url": list(pairs.values()),
            "title": sure,
            "probability": sure,
            "margin": 0.5,
            "assigned": True,
            "no_equivalent": 0.0,
            "rank": 1,
        }
    )


def made(
    legacy: pd.DataFrame,
    *,
    old: Mapping[str, int | None] | None = None,
    new: Mapping[str, int | None] | None = None,
    found: Mapping[str, str] | None = None,
    **more: Any,  # noqa: ANN401
) -> Made:
    inputs = PlanInputs(
        site(old or {f"{OLD}/page": 200}),
        site(new or {f"{NEW}/page": 200}),
        scores(found if found is not None else {f"{OLD}/page": f"{NEW}/page"}),
        legacy=legacy,
        **more,
    )
    return make_plan(inputs)


def row(plan: Made, url: str) -> dict[str, Any]:
    table = plan.plan.astype(object).where(plan.plan.notna(), None)
    (found,) = table[table["old_url"].eq(url)].to_dict("records")
    return {str(name): value for name, value in found.items()}


CASES: dict[str, tuple[list[tuple[str, str | None]], str, str, str | None, str]] = {
    "to the old page's new home": (
        [(f"{OLD}/a", f"{OLD}/page")],
        f"{OLD}/a",
        "redirect",
        f"{NEW}/page",
        "1 hop",
    ),
    "over three hops and an earlier domain": (
        [
            (f"{EARLIER}/z", f"{OLD}/b"),
            (f"{OLD}/b", f"{OLD}/c"),
            (f"{OLD}/c", f"{OLD}/page"),
        ],
        f"{EARLIER}/z",
        "redirect",
        f"{NEW}/page",
        "3 hops",
    ),
    "straight to a new page, its fragment kept": (
        [(f"{OLD}/a", f"{NEW}/page#part")],
        f"{OLD}/a",
        "redirect",
        f"{NEW}/page#part",
        "which lives on",
    ),
    "through http and www as servers do": (
        [("http://www.old.example/a", "http://www.old.example/page")],
        "http://www.old.example/a",
        "redirect",
        f"{NEW}/page",
        f"to {OLD}/page",
    ),
    "off to a partner, as somebody decided": (
        [(f"{OLD}/a", PARTNER)],
        f"{OLD}/a",
        "redirect",
        PARTNER,
        "another site",
    ),
    "gone already": ([(f"{OLD}/a", None)], f"{OLD}/a", "gone", None, "gone already"),
    "a chain that ends gone": (
        [(f"{OLD}/a", f"{OLD}/b"), (f"{OLD}/b", None)],
        f"{OLD}/a",
        "gone",
        None,
        "2 hops",
    ),
    "to a new page that is dead: planned anew": (
        [(f"{OLD}/a", f"{NEW}/no-such-page")],
        f"{OLD}/a",
        "review",
        None,
        "planned anew",
    ),
    "in a loop: cut and planned anew": (
        [(f"{OLD}/a", f"{OLD}/b"), (f"{OLD}/b", f"{OLD}/a")],
        f"{OLD}/a",
        "review",
        None,
        f"in a loop: {OLD}/a -> {OLD}/b -> {OLD}/a",
    ),
    "into a loop": (
        [
            (f"{OLD}/x", f"{OLD}/a"),
            (f"{OLD}/a", f"{OLD}/b"),
            (f"{OLD}/b", f"{OLD}/a"),
        ],
        f"{OLD}/x",
        "review",
        None,
        "in a loop",
    ),
    "a page answers there today": (
        [(f"{OLD}/page", f"{OLD}/elsewhere")],
        f"{OLD}/page",
        "redirect",
        f"{NEW}/page",
        "",
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_where_an_old_rule_leads(name: str) -> None:
    legacy, url, action, target, said = CASES[name]
    found = row(made(rules(*legacy)), url)
    assert (found["action"], found["new_url"]) == (action, target)
    assert said in (found["reason"] or "")


@pytest.mark.parametrize(
    ("legacy", "kind"),
    [
        ([(f"{OLD}/a", f"{OLD}/b"), (f"{OLD}/b", f"{OLD}/a")], "legacy-loop"),
        ([(f"{OLD}/page", f"{OLD}/b")], "legacy-source-live"),
        ([(f"{NEW}/page", f"{OLD}/b")], "legacy-source-live"),
        ([(f"{OLD}/a", f"{NEW}/nowhere")], "legacy-dead-target"),
        ([(f"{OLD}/a", f"{NEW}/page"), (f"{OLD}/a", PARTNER)], "legacy-conflict"),
    ],
)
def test_what_is_wrong_with_old_rules_is_named(
    legacy: list[tuple[str, str | None]], kind: str
) -> None:
    assert {note.kind for note in made(rules(*legacy)).notes} == {kind}


def test_sound_old_rules_are_not_named() -> None:
    legacy = rules((f"{OLD}/a", f"{OLD}/page"), (f"{OLD}/b", f"{NEW}/page"))
    assert made(legacy).notes == ()


def test_a_long_chain_is_followed_without_recursion() -> None:
    count = 100_000
    chain = [(f"{OLD}/{n}", f"{OLD}/{n + 1}") for n in range(count)]
    ends = legacy_ends(rules(*chain))
    assert ends["end"].eq(f"{OLD}/{count}").all()
    assert ends["hops"].iloc[0] == count


def overridden(cells: Mapping[str, tuple[str, str | None]]) -> pd.DataFrame:
    return pd.DataFrame(
        [
            {"old_url": old, "action": action, "new_url": new, "locked": True}
            for old, (action, new) in cells.items()
        ]
    )


def test_a_persons_redirect_shortens_the_tools() -> None:
    """A target that a person sends on is not a stop on the way."""
    people = overridden({f"{OLD}/page": ("redirect", f"{NEW}/other")})
    legacy = rules((f"{OLD}/a", f"{OLD}/page"), (f"{OLD}/b", f"{OLD}/kept"))
    old = {f"{OLD}/page": 200, f"{OLD}/kept": 200}
    new = {f"{OLD}/kept": 200, f"{OLD}/page": 200, f"{NEW}/other": 200}
    plan = made(legacy, old=old, new=new, found={}, overrides=people)
    assert row(plan, f"{OLD}/a")["new_url"] == f"{NEW}/other"
    assert f"{OLD}/page is redirected to" in row(plan, f"{OLD}/a")["reason"]
    assert row(plan, f"{OLD}/b")["new_url"] == f"{OLD}/kept"


def test_a_persons_loop_is_kept_and_the_tools_rows_leave_it() -> None:
    people = overridden({f"{OLD}/page": ("redirect", f"{OLD}/a")})
    old = {f"{OLD}/page": 200}
    plan = made(
        rules((f"{OLD}/a", f"{OLD}/page")), old=old, new=old, found={}, overrides=people
    )
    assert row(plan, f"{OLD}/page")["new_url"] == f"{OLD}/a"
    assert row(plan, f"{OLD}/a")["action"] == "review"
    assert "leads back here" in row(plan, f"{OLD}/a")["reason"]


def test_a_target_that_a_person_takes_down_is_no_target() -> None:
    people = overridden({f"{OLD}/page": ("gone", None)})
    old = {f"{OLD}/page": 200}
    plan = made(
        rules((f"{OLD}/a", f"{OLD}/page")), old=old, new=old, found={}, overrides=people
    )
    assert row(plan, f"{OLD}/a")["action"] == "review"
    assert "is gone" in row(plan, f"{OLD}/a")["reason"]


def test_what_was_settled_is_nobodys_edit() -> None:
    """A re-plan without the override gives the tool's own answer again."""
    old = {f"{OLD}/page": 200}
    legacy = rules((f"{OLD}/a", f"{OLD}/page"))
    people = overridden({f"{OLD}/page": ("redirect", f"{NEW}/page")})
    first = made(legacy, old=old, new=old, found={}, overrides=people)
    assert row(first, f"{OLD}/a")["new_url"] == f"{NEW}/page"
    again = made(
        legacy,
        old=old,
        new=old,
        found={},
        generated=first.generated,
        previous=first.plan,
    )
    assert row(again, f"{OLD}/a")["new_url"] == f"{OLD}/page"
    assert row(again, f"{OLD}/page")["action"] == "keep"


def test_settling_a_settled_plan_changes_nothing() -> None:
    plan = made(rules((f"{OLD}/a", f"{OLD}/page"))).plan
    settled = settle(plan)
    assert len(settled.changed) == 0
    pd.testing.assert_frame_equal(settled.plan, plan)


def test_patterns_are_followed_through_patterns(tmp_path: Path) -> None:
    """A rule that leads to a URL nobody listed goes on where a pattern sends that."""
    file = tmp_path / ".htaccess"
    file.write_text(
        "Redirect 301 /x /blog/a\n"
        "RedirectMatch 301 ^/blog/(.*)$ /news/$1\n"
        "RedirectMatch 301 ^/news/(.*)$ /page\n"
    )
    legacy, _ = read_legacy([file], OLD, [], lives={f"{OLD}/page"})
    plan = made(legacy)
    assert row(plan, f"{OLD}/x")["new_url"] == f"{NEW}/page"
    assert "3 hops" in row(plan, f"{OLD}/x")["reason"]
    assert plan.notes == ()


def test_a_persons_dead_or_looping_target_is_kept_and_flagged() -> None:
    cells = {
        f"{OLD}/page": ("redirect", f"{NEW}/no-such-page"),
        f"{OLD}/self": ("redirect", f"{OLD}/self"),
    }
    plan = made(rules(), overrides=overridden(cells)).plan
    kept = plan.set_index("old_url")["new_url"].to_dict()
    assert kept == {old: new for old, (_, new) in cells.items()}
    new = PAGES.fit(pd.DataFrame({"url": [f"{NEW}/page"], "status": [200]}))
    found = run_checks(PlanContext(plan, new_pages=new))
    said = set(zip(found["check"], found["old_url"], strict=True))
    assert ("target-unknown", f"{OLD}/page") in said
    assert ("self-redirect", f"{OLD}/self") in said


OLD_PATHS = [f"{OLD}/p{n}" for n in range(6)]
NEW_PATHS = [f"{NEW}/n{n}" for n in range(4)]
LOST = [f"{NEW}/lost", f"{OLD}/lost"]
SOURCES = st.sampled_from(
    [*OLD_PATHS, *(f"{OLD}/r{n}" for n in range(8)), f"{EARLIER}/e"]
)
TARGETS = (
    st.sampled_from([*OLD_PATHS, *NEW_PATHS, *LOST, PARTNER]) | SOURCES | st.none()
)


def followed(hops: dict[str, str | None], url: str) -> str | None:
    """Where a person ends who follows the old rules; `loop` for one."""
    seen = {url}
    place: str | None = hops[url]
    while place in hops:
        if place in seen:
            return "loop"
        seen.add(place)
        place = hops[place]
    return place


def one_hop(
    hops: dict[str, str | None],
    crawled: set[str],
    stays: set[str],
    matched: dict[str, str],
    people: dict[str, tuple[str, str | None]],
) -> None:
    """The promise of this file, on made sites through the real planner."""
    hops = {source: target for source, target in hops.items() if source != target}
    plan = made(
        rules(*hops.items()),
        old=dict.fromkeys(sorted(crawled)),
        new=dict.fromkeys([*NEW_PATHS, *sorted(stays)], 200),
        found=matched,
        overrides=overridden(people) if people else None,
    )
    table = plan.plan.set_index("old_url")
    assert table.index.is_unique
    assert set(hops) <= set(table.index)
    sends = table.loc[table["action"].eq("redirect"), "new_url"].to_dict()
    for source, target in sends.items():
        assert target is not None
        assert target not in sends, f"{source} takes two hops"
        assert target not in table.index or table.loc[target, "action"] != "gone"
    for source in hops:
        mine, end = row(plan, source), followed(hops, source)
        if source in people or source in stays:
            continue
        if end == "loop":
            assert "in a loop" in mine["reason"]
        elif end is None:
            assert mine["action"] == "gone"
        elif end in {*NEW_PATHS, PARTNER, *stays} - set(people):
            assert mine["new_url"] == end
        elif end in OLD_PATHS and table.loc[end, "action"] != "gone":
            assert mine["new_url"] == row(plan, end)["new_url"]
        else:
            assert mine["action"] in {"gone", "review", "redirect"}
            assert mine["reason"]


MADE_SITES = given(
    hops=st.dictionaries(SOURCES, TARGETS, max_size=12),
    crawled=st.sets(st.sampled_from(OLD_PATHS), min_size=1),
    stays=st.sets(st.sampled_from(OLD_PATHS), max_size=2),
    matched=st.dictionaries(
        st.sampled_from(OLD_PATHS), st.sampled_from(NEW_PATHS), max_size=6
    ),
    people=st.dictionaries(
        st.sampled_from(OLD_PATHS),
        st.sampled_from([("gone", None), ("redirect", NEW_PATHS[0])]),
        max_size=2,
    ),
)
NO_SHRINK = [Phase.explicit, Phase.reuse, Phase.generate]


@settings(max_examples=20, deadline=None, phases=NO_SHRINK)
@MADE_SITES
def test_one_hop_from_every_url_that_ever_redirected(**made_site: Any) -> None:  # noqa: ANN401
    one_hop(**made_site)


@pytest.mark.soak
@settings(max_examples=1_000, deadline=None, phases=NO_SHRINK)
@MADE_SITES
def test_one_hop_on_very_many_sites(**made_site: Any) -> None:  # noqa: ANN401
    one_hop(**made_site)
