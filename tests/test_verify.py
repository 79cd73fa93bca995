"""Every fault of a redirect is found, alone and with others; none is invented."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pandas as pd
import pytest

from tests.verify_site import (
    COMMON,
    NEW,
    OLD,
    Reply,
    Site,
    moved,
    page,
    plan_of,
    run,
    serving,
)

# name: replies of the old site beside the common ones, planned, problems
Fault = tuple[dict[str, Reply], tuple[str, str], str]
HOPS: dict[str, Fault] = {
    "clean": ({"/a": moved("/t")}, ("redirect", "/t"), ""),
    "clean-308": ({"/a": moved("/t", 308)}, ("redirect", "/t"), ""),
    "clean-gone": ({"/a": Reply(410)}, ("gone", ""), ""),
    "clean-keep": ({"/a": Reply(200, body=page("A"))}, ("keep", "OLD/a"), ""),
    "clean-keep-on-new-host": (
        {"/a": moved("/t")},
        ("keep", "/t"),
        "",
    ),
    "clean-relative": (
        {"/a": Reply(301, "/kept"), "/kept": Reply(200, body=page("Kept"))},
        ("redirect", "OLD/kept"),
        "",
    ),
    "clean-query": ({"/a": moved("/t?q=1&r=2")}, ("redirect", "/t?q=1&r=2"), ""),
    "wrong target": ({"/a": moved("/u")}, ("redirect", "/t"), "wrong_target"),
    "homepage": ({"/a": moved("/")}, ("redirect", "/t"), "homepage"),
    "language homepage": ({"/a": moved("/en/")}, ("redirect", "/t"), "homepage"),
    "chain": (
        {"/a": Reply(301, "/b"), "/b": moved("/t")},
        ("redirect", "/t"),
        "chain",
    ),
    "chain of three": (
        {"/a": Reply(301, "/b"), "/b": Reply(301, "/c"), "/c": moved("/t")},
        ("redirect", "/t"),
        "chain",
    ),
    "loop": (
        {"/a": Reply(301, "/b"), "/b": Reply(301, "/a")},
        ("redirect", "/t"),
        "loop",
    ),
    "self": ({"/a": Reply(301, "/a")}, ("redirect", "/t"), "loop"),
    "too many": (
        {"/a": Reply(301, "/n0")}
        | {f"/n{i}": Reply(301, f"/n{i + 1}") for i in range(20)},
        ("redirect", "/t"),
        "too_many_redirects",
    ),
    "temporary 302": ({"/a": moved("/t", 302)}, ("redirect", "/t"), "temporary"),
    "temporary 307": ({"/a": moved("/t", 307)}, ("redirect", "/t"), "temporary"),
    "temporary 303": ({"/a": moved("/t", 303)}, ("redirect", "/t"), "temporary"),
    "temporary second hop": (
        {"/a": Reply(301, "/b"), "/b": moved("/t", 302)},
        ("redirect", "/t"),
        "chain;temporary",
    ),
    "not found": ({}, ("redirect", "/t"), "not_found"),
    "gone, not planned": ({"/a": Reply(410)}, ("redirect", "/t"), "gone_unplanned"),
    "forbidden": ({"/a": Reply(403)}, ("redirect", "/t"), "client_error"),
    "server error": ({"/a": Reply(500)}, ("redirect", "/t"), "server_error"),
    "still answers": (
        {"/a": Reply(200, body=page("Old"))},
        ("redirect", "/t"),
        "not_redirected",
    ),
    "meta refresh": (
        {
            "/a": Reply(
                body=page(
                    "x",
                    head="<meta http-equiv='Refresh' content='0; URL=\"/t\"'>",
                )
            )
        },
        ("redirect", "/t"),
        "meta_refresh",
    ),
    "javascript": (
        {
            "/a": Reply(
                body=page("x", head='<script>window.location.href="/t"</script>')
            )
        },
        ("redirect", "/t"),
        "javascript_redirect",
    ),
    "no location": ({"/a": Reply(301)}, ("redirect", "/t"), "bad_redirect"),
    "status 300": ({"/a": moved("/t", 300)}, ("redirect", "/t"), "bad_redirect"),
    "scheme": (
        {"/a": Reply(301, "javascript://x/")},
        ("redirect", "/t"),
        "bad_redirect",
    ),
    "offsite": (
        {"/a": Reply(301, "https://evil.test/")},
        ("redirect", "/t"),
        "offsite",
    ),
    "private": (
        {"/a": Reply(302, "http://169.254.169.254/")},
        ("redirect", "/t"),
        "blocked_address",
    ),
    "timeout": ({"/a": Reply(delay=8)}, ("redirect", "/t"), "timeout"),
    "cut": ({"/a": Reply(cut=True)}, ("redirect", "/t"), "broken_answer"),
    "target missing": (
        {"/a": moved("/missing")},
        ("redirect", "/missing"),
        "target_not_found",
    ),
    "target broken": ({"/a": moved("/500")}, ("redirect", "/500"), "target_error"),
    "target goes on": (
        {"/a": moved("/moved")},
        ("redirect", "/moved"),
        "target_redirects;chain",
    ),
    "target goes home": (
        {"/a": moved("/to-home")},
        ("redirect", "/to-home"),
        "homepage;chain",
    ),
    "slash bounce": ({"/a": moved("/dir")}, ("redirect", "/dir"), "bounce;chain"),
    "slash bounce, planned": (
        {"/a": moved("/dir")},
        ("redirect", "/dir/"),
        "bounce;chain",
    ),
    "case": ({"/a": moved("/T")}, ("redirect", "/t"), "bounce"),
    "query lost": ({"/a": moved("/t")}, ("redirect", "/t?q=1&r=2"), "query_lost"),
    "query added": ({"/a": moved("/t?id=1")}, ("redirect", "/t"), "query_added"),
    "https to http": (
        {"/a": moved("/t")},
        ("redirect", "/t"),
        "insecure_hop",
    ),
    "odd location": (
        {"/a": moved("/a b")},
        ("redirect", "/a%20b"),
        "odd_location",
    ),
    "gone, redirects": ({"/a": moved("/t")}, ("gone", ""), "gone_redirects"),
    "gone, goes home": (
        {"/a": moved("/")},
        ("gone", ""),
        "homepage;gone_redirects",
    ),
    "gone, answers": ({"/a": Reply(body=page("Old"))}, ("gone", ""), "not_gone"),
    "gone, missing": ({"/a": Reply(404)}, ("gone", ""), "missing_not_gone"),
    "kept, missing": ({"/a": Reply(404)}, ("keep", "OLD/a"), "not_found"),
    "kept, moved": ({"/a": moved("/t")}, ("keep", "OLD/a"), "wrong_target"),
    "review": ({"/a": Reply(404)}, ("review", "/t"), "review"),
    "googlebot refused": ({"/a": moved("/t")}, ("redirect", "/t"), "agents_differ"),
    "googlebot elsewhere": ({"/a": moved("/t")}, ("redirect", "/t"), "agents_differ"),
}
BOT = {"googlebot refused": Reply(403), "googlebot elsewhere": moved("/u")}


@pytest.fixture(scope="module")
def verdicts() -> Iterator[pd.DataFrame]:
    """All faults in one run: case number n lives in the folder /n."""
    old, new = Site(), Site(replies=dict(COMMON))
    rows = {}
    for number, (name, (replies, (action, target), _)) in enumerate(HOPS.items()):
        for path, reply in replies.items():
            location = reply.location
            if location is not None and location.startswith("/"):
                location = f"/{number}{location}"
            old.replies[f"/{number}{path}"] = replace(reply, location=location)
        if name in BOT:
            old.bot[f"/{number}/a"] = BOT[name]
        planned = target.replace("OLD", f"{OLD}/{number}")
        if target.startswith("/"):
            planned = NEW + target
        rows[old_url(name)] = (action, planned)
    with serving(old), serving(new):
        yield run(plan_of(rows), old, new).set_index("old_url")


def old_url(name: str) -> str:
    url = f"{OLD}/{list(HOPS).index(name)}/a"
    return url.replace("http:", "https:") if name.startswith("https") else url


@pytest.mark.parametrize("name", HOPS)
def test_each_fault_has_its_name_and_nothing_else(
    name: str, verdicts: pd.DataFrame
) -> None:
    row = verdicts.loc[old_url(name)]
    wanted = HOPS[name][2]
    assert row["problems"] == wanted
    assert row["verdict"] == (wanted.partition(";")[0] or "ok")
    assert bool(row["severity"]) is bool(wanted)


WHERE = ("wrong target", "homepage", "query lost", "target missing", "target goes on")
HOW = ("temporary 302", "chain", "odd", "bot")


@pytest.mark.parametrize("how", HOW)
@pytest.mark.parametrize("where", WHERE)
def test_two_faults_of_one_row_are_both_found(where: str, how: str) -> None:
    replies, planned, names = HOPS[where]
    landing = replies["/a"].location or ""
    old = Site(replies={"/a": Reply(301, landing)})
    wanted = set(names.split(";"))
    if how == "temporary 302":
        old.replies["/a"] = Reply(302, landing)
        wanted.add("temporary")
    elif how == "chain":
        old.replies = {"/a": Reply(301, "/b"), "/b": Reply(301, landing)}
        wanted.add("chain")
    elif how == "odd":
        old.replies["/a"] = Reply(301, f" {landing} ".replace("/new", "\\new"))
        wanted.add("odd_location")
    else:
        old.bot["/a"] = Reply(403)
        wanted.add("agents_differ")
    with serving(old), serving(Site(replies=dict(COMMON))) as new:
        plan = plan_of({f"{OLD}/a": ("redirect", NEW + planned[1])})
        row = run(plan, old, new).iloc[0]
    assert set(row["problems"].split(";")) == wanted


def test_a_loop_names_its_members_and_the_cookie() -> None:
    cookie = (("Set-Cookie", "a=1"),)
    old = Site(
        replies={
            "/a": Reply(302, "/b", headers=cookie),
            "/b": Reply(302, "/c"),
            "/c": Reply(302, "/b"),
        }
    )
    with serving(old), serving(Site()) as new:
        table = run(plan_of({f"{OLD}/a": ("redirect", f"{NEW}/t")}), old, new)
    message = table["message"][0]
    assert message.startswith(f"loop: {OLD}/b -> {OLD}/c -> {OLD}/b")
    assert "cookie" in message
    assert old.seen == {"/a": 2, "/b": 2, "/c": 2}
