"""Ask old URLs in other ways: HEAD, http and https, www, slash, case, tracking.

The rows worth most come first, until the budget is spent. With access logs the
other spellings are those that somebody asked for, and each that ends elsewhere
is a problem of its row. Without logs slash, case and tracking variants are made
up; they are listed (`variants.csv`) and not counted: whether anybody asks for
them is not known. What differs for the most part of the rows is said once of the
whole host, not of every row: a server without HEAD is one fact, not a thousand.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import orjson

from redirectmap.planning.variants import FOLDS
from redirectmap.urls import Url, parse, taken_apart
from redirectmap.verify.judge import describe
from redirectmap.verify.problems import Problem
from redirectmap.verify.rows import Row
from redirectmap.verify.run import Run
from redirectmap.verify.state import walk_of
from redirectmap.verify.walk import Walk, Walker

MOSTLY = 0.5
MIN_ROWS = 5
SILENT = frozenset({"connect", "dns", "timeout", "tls", "blocked", "offsite"})
drop_tracking = FOLDS["tracking parameters"]


@dataclass(frozen=True, slots=True)
class Way:
    """Another way to ask for a URL.

    Attributes:
        name: Its problem's name.
        change: How the URL changes; None where it cannot.
        method: GET or HEAD.
        counts: A difference is a problem of the row.
        in_logs: Logs show which of these are asked for.
    """

    name: str
    change: Callable[[str], str | None]
    method: str = "GET"
    counts: bool = False
    in_logs: bool = True


def _other_scheme(url: str) -> str | None:
    if url.startswith("https:"):
        return "http:" + url.removeprefix("https:")
    return "https:" + url.removeprefix("http:")


def _other_www(url: str) -> str | None:
    scheme, _, rest = url.partition("//")
    if rest[0].isdigit() or rest[0] == "[":
        return None
    bare = rest.removeprefix("www.")
    return f"{scheme}//{bare}" if bare != rest else f"{scheme}//www.{rest}"


def _other_slash(url: str) -> str | None:
    path, mark, query = url.partition("?")
    folder, _, name = path.rstrip("/").rpartition("/")
    if folder.endswith("/") or "." in name or path.endswith("//"):
        return None
    other = path[:-1] if path.endswith("/") else f"{path}/"
    return f"{other}{mark}{query}"


def _other_case(url: str) -> str | None:
    head, slash, path = url.partition("//")[2].partition("/")
    origin = url.partition("//")[0] + "//" + head + slash
    other = path.lower() if path != path.lower() else path.title()
    return origin + other if other != path and "%" not in path else None


def _tracked(url: str) -> str | None:
    return f"{url}{'&' if '?' in url else '?'}utm_source=redirectmap"


WAYS = (
    Way("head_differs", lambda url: url, method="HEAD", counts=True, in_logs=False),
    Way("scheme_differs", _other_scheme, counts=True),
    Way("www_differs", _other_www, counts=True),
    Way("slash_differs", _other_slash),
    Way("case_differs", _other_case),
    Way("tracking_differs", _tracked),
)
_BEST = (
    "SELECT {} FROM rows r WHERE r.asked AND r.action IN ('redirect', 'gone')"
    " ORDER BY r.value DESC, r.old_url LIMIT ?"
)


def ask_extras(run: Run, logged: int | None = None) -> None:
    """Spend the budget; keep what differs, and say it of rows and hosts.

    Args:
        run: The run; its rows have been walked.
        logged: How many spellings access logs put down; None without logs.
    """
    run.state.forget("differing")
    budget = run.settings.extra_requests - (logged or 0)
    ways = [way for way in WAYS if _applies(run, way, logged=logged is not None)]
    for way in ways:
        _make(run, way, budget // len(ways))
    for way in WAYS:
        _ask(run, way)
        _compare(run, way)


def _applies(run: Run, way: Way, *, logged: bool) -> bool:
    """`--base` answers for hosts as they are; logs know the rest better."""
    by_host = way.name in {"scheme_differs", "www_differs"}
    if by_host:
        return run.sites.base is None
    return not (logged and way.in_logs)


def _make(run: Run, way: Way, share: int) -> None:
    fields = ", ".join(f"r.{name}" for name in Row._fields)
    best = run.state.db.execute(_BEST.format(fields), (share,)).fetchall()
    sql = "INSERT OR IGNORE INTO variants VALUES (?, ?, ?, NULL, NULL)"
    with run.state.db as db:
        for row in map(Row._make, best):
            walk = run.state.walk("browser", row.n)
            if walk is None or walk.end != "answer":
                continue
            text = way.change(row.old_url)
            url = parse(text) if text else None
            if isinstance(url, Url) and _can_differ(run, way, url):
                db.execute(sql, (way.name, url.key, row.n))


def _can_differ(run: Run, way: Way, url: Url) -> bool:
    """Rows of the plan are judged already; a port without TLS has one scheme."""
    if way.method == "HEAD":
        return True
    if way.name == "scheme_differs" and run.sites.scope.guard.is_plain(url):
        return False
    sql = "SELECT 1 FROM rows WHERE old_url = ?"
    return run.state.db.execute(sql, (url.key,)).fetchone() is None


def _ask(run: Run, way: Way) -> None:
    unasked = "SELECT url, n FROM variants WHERE way = ? AND walk IS NULL"
    todo = run.state.db.execute(unasked, (way.name,)).fetchall()
    sql = "UPDATE variants SET walk = ? WHERE way = ? AND url = ?"

    def done(walker: Walker) -> None:
        blob = orjson.dumps(walker.walk.as_dict())
        with run.state.db as db:
            db.execute(sql, (blob, way.name, walker.walk.start))

    scope = run.sites.scope
    run.engine.run(
        (Walker(taken_apart(url), scope, method=way.method, n=n) for url, n in todo),
        done,
    )


@dataclass(frozen=True, slots=True)
class _Asked:
    n: int
    url: str
    requests: float | None
    walk: Walk
    other: Walk


def _asked(run: Run, way: Way) -> Iterator[_Asked]:
    """Yield variants that were answered, beside the walk of their row."""
    sql = (
        "SELECT v.n, v.url, v.requests, w.walk, v.walk FROM variants v"
        " JOIN walks w ON w.kind = 'browser' AND w.n = v.n WHERE v.way = ?"
    )
    for n, url, requests, mine, its in run.state.db.execute(sql, (way.name,)):
        walk, other = walk_of(mine), walk_of(its)
        if walk.end == "answer" and (way.method == "HEAD" or other.end not in SILENT):
            yield _Asked(n, url, requests, walk, other)


def _compare(run: Run, way: Way) -> None:
    found: list[tuple[_Asked, str]] = []
    answered = 0
    for one in _asked(run, way):
        answered += 1
        if not _alike(run, way, one.walk, one.other):
            often = f", asked {one.requests:.0f} times" if one.requests else ""
            message = f"{way.method} {one.url}{often}: {describe(one.other)}"
            found.append((one, message))
    run.state.insert(
        "differing",
        ((one.n, way.name, one.url, one.requests, text) for one, text in found),
    )
    made = [(one, text) for one, text in found if one.requests is None]
    if answered >= MIN_ROWS and len(made) > MOSTLY * answered:
        what = way.name.replace("_", " ")
        run.notes.append(f"{what} for {len(made)} of {answered} rows asked")
    elif way.counts:
        run.state.say((one.n, Problem(way.name, text)) for one, text in made)
    asked_for = [(one, text) for one, text in found if one.requests is not None]
    run.state.say((one.n, Problem(way.name, text)) for one, text in asked_for)


def _alike(run: Run, way: Way, walk: Walk, other: Walk) -> bool:
    same = run.sites.same
    if way.method == "HEAD":
        return _first(walk, same) == _first(other, same)
    if other.end != "answer" or other.status != walk.status:
        return False
    if not walk.hops:
        return True
    return _untracked(same(other.final_url)) == _untracked(same(walk.final_url))


def _first(walk: Walk, same: Callable[[str], str]) -> tuple[int, str]:
    if walk.hops:
        return walk.hops[0].status, same(walk.hops[0].target)
    return walk.status, ""


def _untracked(key: str) -> str:
    return drop_tracking(key).rstrip("?&")
