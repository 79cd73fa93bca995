"""Find, in access logs, the other spellings of old URLs that people ask for.

Two URLs are spellings of one when they are equal once slash, letter case,
scheme, www and tracking parameters are folded away.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from redirectmap.planning.variants import FOLDS
from redirectmap.urls import taken_apart
from redirectmap.verify.run import Run
from redirectmap.verify.sites import host_of

WAYS = {
    "slash_differs": FOLDS["trailing slash"],
    "case_differs": FOLDS["letter case"],
    "tracking_differs": FOLDS["tracking parameters"],
    "scheme_differs": FOLDS["scheme"],
    "www_differs": FOLDS["www"],
}
_KEPT = (
    "SELECT v.way, v.url FROM variants v JOIN rows r ON r.n = v.n"
    " WHERE v.requests IS NOT NULL ORDER BY r.value DESC, v.requests DESC LIMIT ?"
)


def logged_variants(run: Run, logs: tuple[Path, ...], budget: int) -> int:
    """Put down the spellings of the rows worth most; return how many.

    Args:
        run: The run.
        logs: Access logs of the old site, in any form that is read.
        budget: How many at most.
    """
    state = run.state
    state.forget("spellings")
    state.insert("spellings", ((fold(row.old_url), row.n) for row in state.rows()))
    with state.db as db:
        db.execute("CREATE INDEX IF NOT EXISTS spelled ON spellings (folded)")
    with state.db as db:
        db.executemany(
            "INSERT OR IGNORE INTO variants VALUES (?, ?, ?, ?, NULL)",
            _seen(run, logs),
        )
        gone = f"DELETE FROM variants WHERE (way, url) NOT IN ({_KEPT})"  # noqa: S608 - our text
        db.execute(f"{gone} AND requests IS NOT NULL", (budget,))
    return state.count("SELECT count(*) FROM variants WHERE requests IS NOT NULL")


def fold(url: str) -> str:
    """Return what all spellings of a URL have in common."""
    for change in WAYS.values():
        url = change(url)
    return url


def _seen(run: Run, logs: tuple[Path, ...]) -> Iterator[tuple[str, str, int, float]]:
    from redirectmap.readers import read_traffic

    table, _ = read_traffic(logs, base=run.sites.main_origin)
    rows = (
        "SELECT s.n, r.old_url FROM spellings s JOIN rows r ON r.n = s.n"
        " WHERE s.folded = ? AND r.asked AND r.action IN ('redirect', 'gone')"
        " ORDER BY r.value DESC LIMIT 1"
    )
    known = "SELECT 1 FROM rows WHERE old_url = ?"
    guard = run.sites.scope.guard
    for url, requests in zip(table["url"], table["requests"].fillna(0), strict=True):
        if run.sites.base and host_of(url) not in run.sites.old_hosts:
            continue
        found = run.state.db.execute(rows, (fold(url),)).fetchone()
        if not found or run.state.db.execute(known, (url,)).fetchone():
            continue
        way = way_of(url, found[1])
        if way != "scheme_differs" or not guard.is_plain(taken_apart(url)):
            yield way, url, found[0], float(requests)


def way_of(one: str, other: str) -> str:
    """Name what two spellings of one URL differ in; the first where it is more."""
    for name, change in WAYS.items():
        if change(one) == change(other):
            return name
    folded = (change(one) != one or change(other) != other for change in WAYS.values())
    return next(
        (n for n, differs in zip(WAYS, folded, strict=True) if differs), "case_differs"
    )
