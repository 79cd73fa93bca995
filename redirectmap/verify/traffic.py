"""Join exports of later dates to the rows: whose visitors died after the move?

Before the move visitors came to the old URLs, after it to the target that those
share. A target's visits after the move are dealt out to its rows in proportion
to their visits before; what a row had before beyond that is lost.

Clicks count where both sides know them, else sessions, else requests. Where both
sides say how many days they cover, visits are compared per day.

Bounds  a lost visitor may have many reasons: season, demand, ranking. The table
        is ranked by what is lost; only rows that lost `DIED` of at least
        `MIN_VISITS` are called out.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pandas as pd

from redirectmap.verify.problems import Problem
from redirectmap.verify.run import Run
from redirectmap.verify.sites import origin_of

DIED = 0.8
MIN_VISITS = 20.0
MEASURES = ("clicks", "sessions", "requests")
COLUMNS = ("old_url", "new_url", "value", "before", "after", "lost")
# Old visits by row; by target what came before, and what comes now.
_JOINED = """
WITH had AS (
  SELECT r.n, r.old_url, r.expected, r.value, {before} AS before FROM rows r),
target AS (
  SELECT expected, sum(before) AS before FROM had
  WHERE expected != '' GROUP BY expected)
SELECT h.n, h.old_url, h.expected, h.value, h.before,
  coalesce(o.visits, 0) + coalesce(w.visits * h.before / nullif(t.before, 0), 0)
FROM had h LEFT JOIN target t ON t.expected = h.expected
LEFT JOIN visits o ON o.url = h.old_url AND h.old_url != h.expected
LEFT JOIN visits w ON w.url = h.expected
WHERE h.before > 0
"""


def join_traffic(
    run: Run, later: tuple[Path, ...], earlier: tuple[Path, ...] = ()
) -> None:
    """Keep what each row lost, and call out the rows whose visitors died.

    Args:
        run: The run.
        later: Exports of dates after the move.
        earlier: Exports of dates before it; without them the plan's clicks, else
            sessions.
    """
    from redirectmap.readers import read_traffic

    sites = run.sites
    after, _ = read_traffic(later, base=_new_origin(run))
    before = None
    if earlier:
        before, _ = read_traffic(earlier, base=sites.main_origin)
    measure = _measure(run, before, after)
    if measure is None:
        run.notes.append("traffic was not joined: the exports share no measure")
        return
    scale = _scale(before, after)
    run.state.forget("visits", "lost", "visits_before")
    run.state.insert("visits", _visits(after, measure, scale))
    if before is not None:
        run.state.insert("visits_before", _visits(before, measure, 1.0))
    _rank(run, _before_of(measure, given=before is not None))
    _note(run, measure, scale)


def _new_origin(run: Run) -> str:
    """Return the new site's origin, for exports that know paths only."""
    sql = (
        "SELECT expected FROM rows WHERE action = 'redirect'"
        " ORDER BY value DESC, n LIMIT 1"
    )
    found = run.state.db.execute(sql).fetchone()
    return origin_of(found[0]) if found else run.sites.main_origin


def _measure(run: Run, before: pd.DataFrame | None, after: pd.DataFrame) -> str | None:
    for name in MEASURES:
        if not after[name].notna().any():
            continue
        if before is not None:
            known = bool(before[name].notna().any())
        else:
            in_plan = f"SELECT count(*) FROM rows WHERE {name} IS NOT NULL"  # noqa: S608 - our names
            known = name != "requests" and run.state.count(in_plan) > 0
        if known:
            return name
    return None


def _scale(before: pd.DataFrame | None, after: pd.DataFrame) -> float:
    """Return by what later visits are multiplied to cover as many days."""
    if before is None:
        return 1.0
    days = before["days"].max(), after["days"].max()
    known = all(pd.notna(count) and count > 0 for count in days)
    return float(days[0] / days[1]) if known else 1.0


def _visits(
    table: pd.DataFrame, measure: str, scale: float
) -> Iterator[tuple[str, float]]:
    known = table[table[measure].notna()]
    for url, count in zip(known["url"], known[measure], strict=True):
        yield url, float(count) * scale


def _before_of(measure: str, *, given: bool) -> str:
    if not given:
        return f"coalesce(r.{measure}, 0)"
    return "coalesce((SELECT visits FROM visits_before b WHERE b.url = r.old_url), 0)"


def _rank(run: Run, before: str) -> None:
    joined = run.state.db.execute(_JOINED.format(before=before))
    run.state.insert("lost", ((*row, row[4] - row[5]) for row in joined))
    sql = (
        "SELECT n, before, after FROM lost WHERE before >= ?"
        " AND after <= before * ? ORDER BY n"
    )
    died = run.state.db.execute(sql, (MIN_VISITS, 1 - DIED)).fetchall()
    run.state.say(
        (n, Problem("traffic_died", f"{had:.0f} visits before the move, {has:.0f} now"))
        for n, had, has in died
    )


def _note(run: Run, measure: str, scale: float) -> None:
    sql = "SELECT sum(before), sum(after) FROM lost"
    before, after = run.state.db.execute(sql).fetchone()
    days = "per day" if scale != 1.0 else "windows as given"
    run.notes.append(
        f"{measure} of old URLs: {before or 0:.0f} before the move, {after or 0:.0f}"
        f" now ({days}); traffic.csv ranks what was lost"
    )
