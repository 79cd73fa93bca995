"""Bring all that is known of a row together into its verdict.

One pass over the rows, in the order of the pages they end on where pages are
judged: rows that share a page come together, and it is read once.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import orjson

from redirectmap.verify.judge import judge_walk
from redirectmap.verify.judge_page import OTHER_TITLE, likeness
from redirectmap.verify.page_stage import PageJudge
from redirectmap.verify.problems import (
    OK,
    PROBLEMS,
    RANK,
    SEVERITY,
    Problem,
    worst_first,
)
from redirectmap.verify.rows import Row
from redirectmap.verify.run import Run
from redirectmap.verify.state import walk_of
from redirectmap.verify.walk import Walk

_JOINED = """
SELECT {row}, b.walk, g.walk FROM rows r
LEFT JOIN walks b ON b.kind = 'browser' AND b.n = r.n
LEFT JOIN walks g ON g.kind = 'googlebot' AND g.n = r.n
WHERE r.asked ORDER BY {order}
"""
_ROW = ", ".join(f"r.{name}" for name in Row._fields)
_WIDTH = len(Row._fields)
Entry = tuple[object, ...]


def judge_all(run: Run, pages: PageJudge | None) -> None:
    """Judge every row, and write one verdict for each."""
    state = run.state
    unsaid = not state.count("SELECT count(*) FROM said")
    no_hsts: set[str] = set()
    order = "b.final_url, r.n" if pages else "r.n"
    sql = _JOINED.format(row=_ROW, order=order)

    def entries() -> Iterator[Entry]:
        for cells in state.db.execute(sql):
            row = Row._make(cells[:_WIDTH])
            walk, other = walk_of(cells[-2]), cells[-1] and walk_of(cells[-1])
            no_hsts.add(walk.facts.get("no_hsts", ""))
            problems = judge_walk(row, walk, run.sites.same)
            if other:
                problems += compare_agents(walk, other)
            if pages:
                problems += pages.problems(row, walk)
            if not unsaid:
                problems += _said(run, row)
            yield _entry(row, walk, other or None, worst_first(problems))

    state.insert("verdicts", entries())
    state.insert("verdicts", _unasked(run))
    for host in sorted(no_hsts - {""}):
        run.notes.append(f"{host} redirects on https without HSTS")


def _said(run: Run, row: Row) -> list[Problem]:
    sql = "SELECT name, message FROM said WHERE n = ?"
    return [Problem(*found) for found in run.state.db.execute(sql, (row.n,))]


def _unasked(run: Run) -> Iterator[Entry]:
    """Carry verdicts over from the baseline; without one the row is not checked."""
    sql = "SELECT record FROM before WHERE old_url = ?"
    for row in run.state.rows("NOT r.asked"):
        found = run.state.db.execute(sql, (row.old_url,)).fetchone()
        if found is None:
            problem = Problem("not_checked", "not in the sample")
            yield _entry(row, Walk(row.old_url), None, [problem])
        else:
            record = {**orjson.loads(found[0]), "line": row.n + 2}
            yield _kept(row, record, record["verdict"], record["severity"] or None)


def compare_agents(walk: Walk, other: Walk) -> list[Problem]:
    """Say what Googlebot gets that browsers do not."""
    if other.signature != walk.signature:
        seen = f"browser: {brief(walk)}; Googlebot: {brief(other)}"
        return [Problem("agents_differ", seen)]
    titles = walk.facts.get("title", ""), other.facts.get("title", "")
    if all(titles) and titles[0] != titles[1] and likeness(*titles) < OTHER_TITLE:
        seen = f"title for browsers {titles[0]!r}, for Googlebot {titles[1]!r}"
        return [Problem("agents_differ", seen)]
    return []


def brief(walk: Walk) -> str:
    """Say in a few words how a walk went."""
    steps = [str(hop.status) for hop in walk.hops]
    end = str(walk.status) if walk.end == "answer" else walk.end
    hidden = " (noindex)" if "noindex" in walk.facts.get("robots", "") else ""
    return f"{' '.join([*steps, end])} at {walk.final_url}{hidden}"


def hops_text(walk: Walk) -> str:
    """Spell the hops: `301 https://... | 301 https://...`."""
    return " | ".join(f"{hop.status} {hop.location}" for hop in walk.hops)


def _entry(row: Row, walk: Walk, other: Walk | None, problems: list[Problem]) -> Entry:
    worst = problems[0] if problems else None
    verdict = worst.name if worst else OK
    severity = worst.severity if worst else None
    record = {
        "old_url": row.old_url,
        "verdict": verdict,
        "severity": severity,
        "value": row.value,
        "message": worst.message if worst else "",
        "expected": row.expected,
        "final_url": walk.final_url,
        "final_status": walk.status or None,
        "hop_count": len(walk.hops),
        "hops": hops_text(walk),
        "action": row.action,
        "problems": ";".join(problem.name for problem in problems),
        "details": " | ".join(f"{p.name}: {p.message}" for p in problems),
        "hint": PROBLEMS[worst.name][1] if worst else "",
        "googlebot": brief(other) if other else "",
        "line": row.n + 2,
    }
    return _kept(row, record, verdict, severity)


def _kept(
    row: Row, record: dict[str, Any], verdict: str, severity: str | None
) -> Entry:
    place = RANK.get(verdict, len(RANK))
    rank = SEVERITY.get(severity or "", len(SEVERITY))
    head = (row.n, row.old_url, verdict, severity, rank, row.value, place)
    return (*head, orjson.dumps(record))
