"""What is wrong with a target is found, alone and with others; nothing invented."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations

import pandas as pd
import pytest

from redirectmap.verify import VerifySettings, verify_plan
from redirectmap.verify.judge_page import header_directives, judge_page
from redirectmap.verify.known import Expected, PageText
from tests.verify_pages import ALONE, ENGLISH, GERMAN, TITLE, Shop, pages_of, reply_for
from tests.verify_site import NEW, OLD, Reply, Site, page, plan_of, serving

ABOUT = {"title", "text", "lang"}  # these change what the page is about
CLEAN: dict[str, dict[str, str]] = {
    "plain": {},
    "own canonical": {"canonical": "self"},
    "index, follow": {"head": '<meta name="robots" content="index, follow">'},
    "noindex for another": {"x-robots": "otherbot: noindex"},
    "a comment": {"head": '<!-- <meta name="robots" content="noindex"> -->'},
    "brand in title": {"title": "Washing machine repair | Example Ltd"},
    "region in lang": {"lang": "en-GB"},
    "no lang": {"lang": ""},
    "lying lang": {"lang": "de"},
    "a number": {"title": "Washing machine repair 404"},
    "reload": {"head": '<meta http-equiv="refresh" content="600">'},
}


def together(one: str, other: str) -> dict[str, str] | None:
    """Join two faults; None where one would hide the other."""
    a, b = ALONE[one][0], ALONE[other][0]
    if (a.keys() & b.keys()) - {"head"} or (a.keys() & ABOUT and b.keys() & ABOUT):
        return None
    if ALONE[one][1] == ALONE[other][1]:
        return None
    return {**a, **b, "head": a.get("head", "") + b.get("head", "")}


CASES: dict[str, tuple[dict[str, str], set[str]]] = {
    **{f"clean: {name}": (change, set()) for name, change in CLEAN.items()},
    **{name: (change, {problem}) for name, (change, problem) in ALONE.items()},
    **{
        f"{a} + {b}": (both, {ALONE[a][1], ALONE[b][1]})
        for a, b in combinations(ALONE, 2)
        if (both := together(a, b)) is not None
    },
}


@pytest.fixture(scope="module")
def verdicts() -> Iterator[pd.DataFrame]:
    """One run over all cases: case number n is /n on the old site."""
    robots = Reply(body=b"User-agent: *\nDisallow: /private/\n")
    old, new = Site(), Shop(replies={"/robots.txt": robots})
    new.replies["/other"] = Reply(body=page("Other"))
    rows, titles = {}, {}
    for number, (change, _) in enumerate(CASES.values()):
        path = f"{change.get('folder', '')}/p{number}"
        new.replies[path] = reply_for(path, change)
        old.replies[f"/{number}"] = Reply(301, f"{NEW}{path}")
        rows[f"{OLD}/{number}"] = ("redirect", f"{NEW}{path}")
        titles[f"{NEW}{path}"] = TITLE
    with serving(old), serving(new):
        settings = VerifySettings(
            resolve=(f"new.example={new.origin[7:]}",), extra_requests=0
        )
        yield verify_plan(
            plan_of(rows),
            base=old.origin,
            settings=settings,
            old=pages_of(dict.fromkeys(rows, TITLE)),
            new=pages_of(titles),
        ).set_index("old_url")


@pytest.mark.crawl
@pytest.mark.parametrize("name", CASES)
def test_each_fault_of_a_page_is_found_and_none_invented(
    name: str, verdicts: pd.DataFrame
) -> None:
    row = verdicts.loc[f"{OLD}/{list(CASES).index(name)}"]
    assert set(filter(None, row["problems"].split(";"))) == CASES[name][1]


@pytest.mark.crawl
def test_without_crawls_only_what_the_page_says_counts() -> None:
    new = Site(
        replies={
            "/en/kettle": Reply(body=page("Kettle", ENGLISH)),
            "/de/kessel": Reply(body=page("Kessel", GERMAN, lang="de")),
            "/moved": Reply(body=page("Lorry parking", "Lorries stay out. " * 20)),
            "/kept": Reply(body=page("Kept", f'{ENGLISH}<a href="{OLD}/a">x</a>')),
            "/sitemap.xml": Reply(
                body=f"<urlset><url><loc>{OLD}/b</loc></url></urlset>".encode(),
                headers=(("Content-Type", "application/xml"),),
            ),
        }
    )
    goals = {"/a": "/en/kettle", "/de/b": "/en/kettle", "/c": "/moved", "/d": "/kept"}
    goals |= {"/de/kessel.html": "/de/kessel", "/b": "/en/kettle"}
    old = Site(replies={path: Reply(301, NEW + goal) for path, goal in goals.items()})
    old.replies["/robots.txt"] = Reply(body=b"User-agent: *\nDisallow: /c\n")
    rows = {OLD + path: ("redirect", NEW + goal) for path, goal in goals.items()}
    with serving(old), serving(new):
        settings = VerifySettings(
            resolve=(f"new.example={new.origin[7:]}",), extra_requests=0
        )
        plan = plan_of(
            rows, new_title=["Kettle", None, "Coffee cups", None, None, None]
        )
        table = verify_plan(plan, base=old.origin, settings=settings)
    found = table.set_index("old_url")["problems"].to_dict()
    assert found == {
        f"{OLD}/a": "linked_internally",
        f"{OLD}/de/b": "wrong_language",
        f"{OLD}/c": "parity;redirect_unseen",
        f"{OLD}/d": "",
        f"{OLD}/de/kessel.html": "",
        f"{OLD}/b": "in_sitemap",
    }


@pytest.mark.parametrize(
    ("title", "missing"),
    [
        ("404", True),
        ("404 - Not Found", True),
        ("Error 404 | Example", True),
        ("Seite nicht gefunden", True),
        ("Sorry, this page does not exist", True),
        ("Target 404", False),
        ("404 ways to cook rice", False),
        ("Peugeot 404 Coupe", False),
        ("Lost and found", False),
    ],
)
def test_a_title_that_says_missing(title: str, missing: bool) -> None:
    expected = Expected(f"{OLD}/a", PageText(), PageText())
    facts = {"title": title, "text": "x" * 500, "status": 200}
    found = judge_page(f"{NEW}/a", facts, expected, str, planned=True)
    assert bool(found) is missing


@pytest.mark.parametrize(
    ("header", "kept"),
    [
        ("noindex, nofollow", "noindex, nofollow"),
        ("otherbot: noindex, nofollow", ""),
        ("googlebot: noindex", "noindex"),
        ("otherbot: noindex, googlebot: nofollow", "nofollow"),
        ("unavailable_after: 25 Jun 2030 15:00:00 PST", None),
    ],
)
def test_robots_header_counts_for_googlebot_and_all(
    header: str, kept: str | None
) -> None:
    found = header_directives(header)
    assert found == kept if kept is not None else "noindex" not in found
