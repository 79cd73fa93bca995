"""Ask every old URL of a plan, and say how each row stands.

Rows in = verdicts out, always: a row that could not be asked has a verdict that
says why. The steps are walks, pages, judgement; each is resumable.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Iterator
from dataclasses import asdict, replace
from pathlib import Path

import pandas as pd

from redirectmap.tables import VERDICTS
from redirectmap.urls import Url, parse
from redirectmap.verify.engine import Engine
from redirectmap.verify.extras import ask_extras
from redirectmap.verify.judge import Row, judge_walk
from redirectmap.verify.judge_page import OTHER_TITLE, likeness
from redirectmap.verify.page_stage import check_pages, texts_of
from redirectmap.verify.problems import OK, PROBLEMS, Problem, worst_first
from redirectmap.verify.run import Run
from redirectmap.verify.settings import AGENTS, VerifySettings
from redirectmap.verify.sites import rows_of, sites_of
from redirectmap.verify.state import State
from redirectmap.verify.walk import Walk, Walker

EXTRA_COLUMNS = ("action", "problems", "details", "hint", "googlebot")
Step = Callable[[int], None]


def verify_plan(  # noqa: PLR0913 - one keyword per input
    plan: pd.DataFrame,
    *,
    base: str | None,
    allow_private: Collection[str] = (),
    settings: VerifySettings | None = None,
    folder: Path | None = None,
    old: pd.DataFrame | None = None,
    new: pd.DataFrame | None = None,
    only: Collection[str] | None = None,
    on_step: Step = lambda _count: None,
) -> pd.DataFrame:
    """Request every old URL of `plan` and judge it.

    Args:
        plan: Schema PLAN.
        base: Origin that answers for the old hosts; None = ask them.
        allow_private: `HOST` or `HOST:PORT` that may be private.
        settings: Everything else; `base` and `allow_private` above win.
        folder: Where the run is kept, so that a killed one goes on. Call
            `forget_run(folder)` when the verdicts are safely written.
        old: Pages of the old site (schema PAGES): language, title, text.
        new: Pages of the new site as the plan saw it.
        only: Ask these old URLs alone; the others are `not_checked`.
        on_step: Called with the number of walks done.

    Returns:
        Schema VERDICTS and `EXTRA_COLUMNS`, worst and most valuable first; what
        is said of whole hosts is in its `attrs["notes"]`, variants that end
        elsewhere in `attrs["variants"]`, the time of the start in "started".

    Raises:
        InputError: A URL of the plan is refused.
        UsageError: `base` or a setting cannot be used.
    """
    chosen = replace(
        settings or VerifySettings(), base=base, allow_private=tuple(allow_private)
    )
    run = open_run(plan, chosen, folder, only)
    try:
        ask_all(run, on_step)
        judge_all(run)
        variants = ask_extras(run) if chosen.extra_requests else []
        if chosen.check_pages:
            urls = {row.old_url for row in run.rows}
            targets = urls | {row.expected for row in run.rows}
            check_pages(run, plan, texts_of(old, urls), texts_of(new, targets))
        table = table_of(run)
        table.attrs["variants"] = [asdict(variant) for variant in variants]
        table.attrs["started"] = run.state.started
        return table
    finally:
        run.engine.close()
        run.state.close()


def open_run(
    plan: pd.DataFrame,
    settings: VerifySettings,
    folder: Path | None,
    only: Collection[str] | None = None,
) -> Run:
    """Read the plan and open the run's store."""
    rows = rows_of(plan)
    sites = sites_of(rows, settings)
    path = None if folder is None else folder / "state.db"
    state = State(path, _fingerprint(rows, settings), resume=settings.resume)
    by_value = sorted(rows, key=lambda row: (-row.value, row.old_url))
    chosen = frozenset(row.old_url for row in by_value[: settings.sample])
    if only is not None:
        chosen &= frozenset(only)
    return Run(rows, sites, settings, state, Engine(settings), chosen)


def _fingerprint(rows: list[Row], settings: VerifySettings) -> str:
    digest = hashlib.sha256(repr(replace(settings, resume=True)).encode())
    for row in rows:
        digest.update(repr(row).encode())
    return digest.hexdigest()


def forget_run(folder: Path) -> None:
    """Remove what a run kept for its own resumption: the next one starts anew."""
    for name in ("state.db", "state.db-wal", "state.db-shm"):
        (folder / name).unlink(missing_ok=True)


def ask_all(run: Run, on_step: Step) -> None:
    """Walk every chosen row, as every agent, as far as not stored already."""
    agents = AGENTS if run.settings.both_agents else ("browser",)
    for agent in agents:
        stored = run.state.done(agent)
        on_step(len(stored))
        urls = [row.old_url for row in run.rows if row.old_url in run.chosen]
        walkers = walkers_of(run, (u for u in urls if u not in stored), agent)
        ask(run, walkers, agent, on_step)


def walkers_of(
    run: Run, urls: Iterator[str], agent: str, method: str = "GET"
) -> Iterator[Walker]:
    """Make a walker for each URL."""
    for url in urls:
        start = parse(url)
        assert isinstance(start, Url)  # noqa: S101 - passed the gate before
        yield Walker(start, run.sites.scope, agent=agent, method=method)


def ask(run: Run, walkers: Iterator[Walker], kind: str, on_step: Step) -> None:
    """Drive `walkers` and store their walks under `kind`."""

    def done(walker: Walker) -> None:
        run.state.add(kind, walker.walk.start, walker.walk)
        on_step(1)

    run.engine.run(walkers, done)
    run.state.flush()


def judge_all(run: Run) -> None:
    """Judge every row by its walks; note https hosts without HSTS."""
    no_hsts: set[str] = set()
    for row in run.rows:
        if row.old_url not in run.chosen:
            run.add(row.old_url, Problem("not_checked", "not in the sample"))
            continue
        walk = run.state.walk("browser", row.old_url)
        assert walk is not None  # noqa: S101 - rows in = walks out
        no_hsts.add(walk.facts.get("no_hsts", ""))
        run.add(row.old_url, *judge_walk(row, walk, run.sites.same))
        if run.settings.both_agents:
            run.add(row.old_url, *_compare_agents(run, row, walk))
    for host in sorted(no_hsts - {""}):
        run.notes.append(f"{host} redirects on https without HSTS")


def _compare_agents(run: Run, row: Row, walk: Walk) -> Iterator[Problem]:
    other = run.state.walk("googlebot", row.old_url)
    if other is None:
        return
    if other.signature != walk.signature:
        seen = f"browser: {brief(walk)}; Googlebot: {brief(other)}"
        yield Problem("agents_differ", seen)
        return
    titles = walk.facts.get("title", ""), other.facts.get("title", "")
    if all(titles) and titles[0] != titles[1] and likeness(*titles) < OTHER_TITLE:
        seen = f"title for browsers {titles[0]!r}, for Googlebot {titles[1]!r}"
        yield Problem("agents_differ", seen)


def brief(walk: Walk) -> str:
    """Say in a few words how a walk went."""
    steps = [str(hop.status) for hop in walk.hops]
    end = str(walk.status) if walk.end == "answer" else walk.end
    hidden = " (noindex)" if "noindex" in walk.facts.get("robots", "") else ""
    return f"{' '.join([*steps, end])} at {walk.final_url}{hidden}"


def table_of(run: Run) -> pd.DataFrame:
    """Build the table of verdicts, worst first."""
    records = [_record(run, row) for row in run.rows]
    table = pd.DataFrame(records, columns=[*VERDICTS.names, *EXTRA_COLUMNS])
    order = {name: place for place, name in enumerate((*PROBLEMS, OK))}
    severity = table["severity"].map({"error": 0, "warning": 1, "notice": 2})
    table = table.assign(_s=severity.fillna(3), _r=table["verdict"].map(order))
    keys = ["_s", "value", "_r", "old_url"]
    table = table.sort_values(keys, ascending=[True, False, True, True])
    table = table.drop(columns=["_s", "_r"]).reset_index(drop=True)
    whole = pd.concat([VERDICTS.fit(table), table[list(EXTRA_COLUMNS)]], axis=1)
    whole.attrs["notes"] = list(run.notes)
    return whole


def _record(run: Run, row: Row) -> dict[str, object]:
    walk = run.state.walk("browser", row.old_url) or Walk(row.old_url)
    other = run.state.walk("googlebot", row.old_url)
    problems = worst_first(run.problems.get(row.old_url, []))
    worst = problems[0] if problems else None
    return {
        "old_url": row.old_url,
        "verdict": worst.name if worst else OK,
        "severity": worst.severity if worst else None,
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
    }


def hops_text(walk: Walk) -> str:
    """Spell the hops: `301 https://... | 301 https://...`."""
    return " | ".join(f"{hop.status} {hop.location}" for hop in walk.hops)
