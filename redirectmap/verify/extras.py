"""Ask old URLs in other ways: HEAD, http and https, www, slash, case, tracking.

The rows worth most come first, until the budget is spent. What differs for the
most part of the rows is said once of the whole host, not of every row: a server
without HEAD is one fact, not a thousand.

HEAD, scheme and www differences are problems of a row. Slash, case and tracking
variants are listed (`variants.csv`) and not counted against the row: whether
anybody asks for them, only logs can tell.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from redirectmap.urls import Url, parse
from redirectmap.verify.judge import Row, describe
from redirectmap.verify.problems import Problem
from redirectmap.verify.run import Run
from redirectmap.verify.walk import Walk, Walker

MOSTLY = 0.5
MIN_ROWS = 5
SILENT = frozenset({"connect", "dns", "timeout", "tls", "blocked", "offsite"})


@dataclass(frozen=True, slots=True)
class Way:
    """Another way to ask for a URL: its problem's name, and how the URL changes."""

    name: str
    change: Callable[[str], str | None]
    method: str = "GET"
    counts: bool = False


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
    Way("head_differs", lambda url: url, method="HEAD", counts=True),
    Way("scheme_differs", _other_scheme, counts=True),
    Way("www_differs", _other_www, counts=True),
    Way("slash_differs", _other_slash),
    Way("case_differs", _other_case),
    Way("tracking_differs", _tracked),
)


@dataclass(frozen=True, slots=True)
class Difference:
    """One variant that ends otherwise than its row."""

    old_url: str
    variant: str
    way: str
    message: str


def ask_extras(run: Run) -> list[Difference]:
    """Spend the budget; add problems and notes; return what differs."""
    rows = [row for row in run.rows if row.old_url in run.chosen]
    rows = [row for row in rows if row.action in {"redirect", "gone"}]
    rows.sort(key=lambda row: (-row.value, row.old_url))
    ways = [way for way in WAYS if run.sites.base is None or not _needs_host(way)]
    share = run.settings.extra_requests // max(1, len(ways))
    found: list[Difference] = []
    for way in ways:
        pairs = dict(_variants(run, rows[:share], way))
        stored = run.state.done(way.name)
        walkers = (
            _walker(run, variant, way) for variant in pairs if variant not in stored
        )
        run.engine.run(walkers, lambda w, kind=way.name: _keep(run, kind, w))  # type: ignore[misc]
        run.state.flush()
        found += _compare(run, way, pairs)
    return found


def _needs_host(way: Way) -> bool:
    return way.name in {"scheme_differs", "www_differs"}


def _keep(run: Run, kind: str, walker: Walker) -> None:
    run.state.add(kind, walker.walk.start, walker.walk)


def _walker(run: Run, url: str, way: Way) -> Walker:
    start = parse(url)
    assert isinstance(start, Url)  # noqa: S101 - checked by _variants
    return Walker(start, run.sites.scope, method=way.method)


def _variants(run: Run, rows: list[Row], way: Way) -> Iterator[tuple[str, Row]]:
    known = {row.old_url for row in run.rows}
    for row in rows:
        text = way.change(row.old_url)
        url = parse(text) if text else None
        if isinstance(url, Url) and (way.method == "HEAD" or url.key not in known):
            yield url.key, row


def _compare(run: Run, way: Way, pairs: dict[str, Row]) -> list[Difference]:
    found: list[Difference] = []
    answered = 0
    for variant, row in pairs.items():
        walk, other = (
            run.state.walk("browser", row.old_url),
            run.state.walk(way.name, variant),
        )
        if walk is None or other is None or walk.end != "answer":
            continue
        if other.end in SILENT and way.method == "GET":
            continue
        answered += 1
        if not _alike(run, way, walk, other):
            message = f"{way.method} {variant}: {describe(other)}"
            found.append(Difference(row.old_url, variant, way.name, message))
    if answered >= MIN_ROWS and len(found) > MOSTLY * answered:
        what = way.name.replace("_", " ")
        run.notes.append(f"{what} for {len(found)} of {answered} rows asked")
    elif way.counts:
        for one in found:
            run.add(one.old_url, Problem(way.name, one.message))
    return found


def _alike(run: Run, way: Way, walk: Walk, other: Walk) -> bool:
    same = run.sites.same
    if way.method == "HEAD":
        return _first_status(walk) == _first_status(other)
    if other.end != "answer" or other.status != walk.status:
        return False
    if not walk.hops:
        return True
    return _untracked(same(other.final_url)) == _untracked(same(walk.final_url))


def _first_status(walk: Walk) -> int:
    return walk.hops[0].status if walk.hops else walk.status


def _untracked(key: str) -> str:
    return key.replace("utm_source=redirectmap", "").rstrip("?&")
