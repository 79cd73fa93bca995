"""Compare the way an old URL went with what the plan says.

Pure: a plan row and its walk in, problems out. Nothing is requested here.

Reads   one row of the plan, one `Walk`.
Bounds  a URL is compared as the host that answers for it spells it (`--base`
        maps old hosts), without fragment; whether two spellings (slash, case)
        are one page is never guessed, it is reported as `bounce`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from redirectmap.verify.compare import carried, is_home, is_inner, loose, lost
from redirectmap.verify.problems import Problem
from redirectmap.verify.rows import Row
from redirectmap.verify.sites import host_of
from redirectmap.verify.walk import TEMPORARY, Hop, Walk

_NO_ANSWER = {
    "loop": "loop",
    "too_many": "too_many_redirects",
    "bad_redirect": "bad_redirect",
    "blocked": "blocked_address",
    "offsite": "offsite",
    "dns": "no_dns",
    "tls": "tls_error",
    "connect": "refused",
    "timeout": "timeout",
    "broken": "broken_answer",
}

Same = Callable[[str], str]


def judge_walk(row: Row, walk: Walk, same: Same) -> list[Problem]:
    """Return the problems of one walk.

    Args:
        row: The plan's row.
        walk: How the URL answered.
        same: Maps a URL key to the spelling that URLs are compared in.
    """
    found: list[Problem] = []
    if "stand_in" in walk.facts:
        found.extend(_stand_in(row, walk))
    elif walk.end != "answer":
        found.append(_no_answer(walk))
    elif row.action == "gone":
        found.extend(_gone(walk))
    elif row.action == "review":
        return [Problem("review", f"not decided; {describe(walk)}")]
    elif row.action == "keep" or same(row.old_url) == same(row.expected):
        found.extend(_keep(row, walk, same))
    else:
        found.extend(_redirect(row, walk, same))
    return [*found, *_way(row, walk, same)]


def _stand_in(row: Row, walk: Walk) -> Iterator[Problem]:
    """One server answers for http and https (or both hosts): the hop is all we see."""
    if walk.final_url == row.expected:
        yield from _statuses(row, walk)
    else:
        where = f"goes to {walk.final_url}, which this server stands in for, too"
        yield Problem("not_checked", f"{where}: use --resolve")


def describe(walk: Walk) -> str:
    """Say in a few words what the URL does now."""
    if walk.end != "answer":
        return f"ends in {walk.end}: {walk.detail}" if walk.detail else walk.end
    if walk.hops:
        return f"{walk.hops[0].status} to {walk.final_url} ({walk.status})"
    return f"answers {walk.status}"


def _no_answer(walk: Walk) -> Problem:
    name = _NO_ANSWER[walk.end]
    if walk.end != "loop":
        return Problem(name, walk.detail or walk.end)
    members = loop_members(walk)
    message = "loop: " + " -> ".join([*members, members[0]])
    if "cookie" in walk.facts:
        message += " (sets a cookie on the way: may need cookies)"
    return Problem(name, message)


def loop_members(walk: Walk) -> list[str]:
    """Return the URLs that lead to each other for ever; empty without a loop."""
    if walk.loop_start is None:
        return []
    return [hop.url for hop in walk.hops[walk.loop_start :]]


def _gone(walk: Walk) -> Iterator[Problem]:
    where = f"410 planned, goes to {walk.final_url}"
    if walk.hops and walk.status in {404, 410}:
        yield from _gone_late(walk)
    elif walk.hops:
        if is_home(walk.final_url):
            yield Problem("homepage", where)
        yield Problem("gone_redirects", where)
    elif walk.status == 404:
        yield Problem("missing_not_gone", "404 where 410 is planned")
    elif 200 <= walk.status < 300:
        yield from _markup(walk)
        yield Problem("not_gone", f"410 planned, answers {walk.status}")
    elif walk.status != 410:
        yield _bad_status(walk, "410 planned")


def _gone_late(walk: Walk) -> Iterator[Problem]:
    """The URL is gone, but only after redirects; to its other spelling is fine."""
    if loose(walk.final_url) != loose(walk.start):
        where = f"{walk.final_url} ({walk.status})"
        yield Problem("gone_redirects", f"410 planned, goes to {where}")
    elif walk.status == 404:
        yield Problem("missing_not_gone", "404 where 410 is planned")


def _keep(row: Row, walk: Walk, same: Same) -> Iterator[Problem]:
    goal = same(row.expected or row.old_url)
    if walk.hops and same(walk.final_url) not in {goal, same(row.old_url)}:
        yield from _elsewhere(row, walk, same, goal)
        yield from _landing(walk)
    elif walk.status != 200:
        yield _bad_status(walk, "200 planned")
    else:
        yield from _markup(walk, guess=False)


def _redirect(row: Row, walk: Walk, same: Same) -> Iterator[Problem]:
    if not walk.hops:
        if 200 <= walk.status < 300:
            answers = f"still answers {walk.status}"
            yield from list(_markup(walk)) or [Problem("not_redirected", answers)]
        else:
            yield _bad_status(walk, "a redirect planned")
        return
    goal = same(row.expected)
    final = same(walk.final_url)
    way = [same(hop.target) for hop in walk.hops]
    if final == goal:
        yield from _moves_on(walk)
    elif goal in way:
        yield from _goes_on(row, walk, same, goal)
    else:
        yield from _elsewhere(row, walk, same, goal)
    yield from _chain(row, walk, same)
    yield from _landing(walk)
    yield from _statuses(row, walk)


def _markup(walk: Walk, *, guess: bool = True) -> Iterator[Problem]:
    facts = walk.facts
    if "meta_refresh" in facts:
        to = facts["meta_refresh"]
        yield Problem("meta_refresh", f"200 and a refresh to {to}")
    script = facts.get("javascript") or (facts.get("script_guess") if guess else None)
    if script:
        yield Problem("javascript_redirect", f"200 and a script that goes to {script}")


def _moves_on(walk: Walk) -> Iterator[Problem]:
    """The planned page is there, and sends its reader on by itself."""
    for name, how in (("meta_refresh", "a refresh"), ("javascript", "a script")):
        if name in walk.facts:
            to = walk.facts[name]
            message = f"{walk.final_url} goes on to {to} by {how}"
            yield Problem("target_redirects", message)
            return


def _bad_status(walk: Walk, planned: str) -> Problem:
    message = f"{planned}, answers {walk.status}"
    if walk.status == 404:
        return Problem("not_found", message)
    if walk.status == 410:
        return Problem("gone_unplanned", message)
    if walk.status >= 500:
        return Problem("server_error", message)
    return Problem("client_error", message)


def _chain(row: Row, walk: Walk, same: Same) -> Iterator[Problem]:
    if len(walk.hops) < 2:
        return
    steps = [hop.target for hop in walk.hops]
    way = " -> ".join([row.old_url, *steps])
    stops = [loose(same(step)) for step in steps[:-1]]
    ends = {loose(same(row.old_url)), loose(same(steps[-1]))}
    if all(stop in ends for stop in stops):
        yield Problem("bounce", f"{len(steps)} hops for slash, case or host: {way}")
    shorter = f"send {row.old_url} straight to {row.expected or steps[-1]}"
    yield Problem("chain", f"{len(steps)} hops: {way}; {shorter}")


def _goes_on(row: Row, walk: Walk, same: Same, goal: str) -> Iterator[Problem]:
    final = walk.final_url
    if is_home(final) and not is_home(goal):
        yield Problem("homepage", f"the target goes on to the homepage {final}")
    elif loose(same(final)) == loose(goal):
        yield Problem("bounce", f"the target goes on to {final}")
    else:
        yield Problem("target_redirects", f"{row.expected} goes on to {final}")


def _elsewhere(row: Row, walk: Walk, same: Same, goal: str) -> Iterator[Problem]:
    final = same(walk.final_url)
    message = f"goes to {walk.final_url}, planned {row.expected or row.old_url}"
    goal_path, _, goal_query = goal.partition("?")
    path, _, query = final.partition("?")
    if path == goal_path:
        if not carried(row.old_url, goal_query, query):
            name = "query_lost" if lost(goal_query, query) else "query_added"
            yield Problem(name, message)
    elif loose(final) == loose(goal):
        yield Problem("bounce", message)
    elif is_home(final) and not is_home(goal):
        yield Problem("homepage", message)
    else:
        yield Problem("wrong_target", message)


def _landing(walk: Walk) -> Iterator[Problem]:
    where = f"{walk.final_url} answers {walk.status}"
    if walk.status in {404, 410}:
        yield Problem("target_not_found", where)
    elif walk.status != 200:
        yield Problem("target_error", where)


def _statuses(row: Row, walk: Walk) -> Iterator[Problem]:
    planned_temporary = row.status in TEMPORARY
    seen = [hop.status for hop in walk.hops]
    if planned_temporary and seen[0] not in TEMPORARY:
        yield Problem("wrong_status", f"{row.status} planned, answers {seen[0]}")
    elif not planned_temporary and TEMPORARY & set(seen):
        statuses = ", ".join(map(str, seen))
        yield Problem("temporary", f"answers {statuses} where 301 is planned")


def _way(row: Row, walk: Walk, same: Same) -> Iterator[Problem]:
    for hop in walk.hops:
        if _drops_tls(row, hop, same):
            yield Problem("insecure_hop", f"{hop.url} leads to {hop.target}")
            break
    if "odd_location" in walk.facts:
        text = walk.facts["odd_location"]
        yield Problem("odd_location", f"Location is not encoded: {text}")


def _drops_tls(row: Row, hop: Hop, same: Same) -> bool:
    """Say whether a hop leaves https, or passes the planned https host by http."""
    if not hop.target.startswith("http:"):
        return False
    if hop.url.startswith("https:"):
        asked_by_http = same(hop.url).startswith("http:")
        return not (asked_by_http and is_inner(hop.target))
    planned = row.expected.startswith("https:")
    return planned and host_of(hop.target) == host_of(row.expected)
