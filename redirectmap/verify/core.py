"""Ask every old URL of a plan, and say how each row stands.

Rows in = verdicts out, always: a row that could not be asked has a verdict that
says why. The stages are rows, walks, other ways to ask, pages, judgement; each
reads and writes the run's file, so that memory stays flat and a killed run goes
on.
"""

from __future__ import annotations

import hashlib
import sqlite3
import tempfile
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import orjson
import pandas as pd

from redirectmap.errors import UsageError
from redirectmap.tables import VERDICTS
from redirectmap.urls import taken_apart
from redirectmap.verify.assemble import judge_all
from redirectmap.verify.baseline import choose_changed, load_baseline
from redirectmap.verify.engine import Engine
from redirectmap.verify.extras import ask_extras
from redirectmap.verify.logged import logged_variants
from redirectmap.verify.page_stage import PageJudge
from redirectmap.verify.rows import Row, rows_of
from redirectmap.verify.run import Run, Step
from redirectmap.verify.settings import AGENTS, VerifySettings
from redirectmap.verify.sites import Hosts, host_of, origin_of, sites_of
from redirectmap.verify.state import State
from redirectmap.verify.texts import Text, frame_texts, load_texts
from redirectmap.verify.traffic import join_traffic
from redirectmap.verify.verdicts import EXTRA_COLUMNS, Verdicts
from redirectmap.verify.walk import Walker


@dataclass(frozen=True, kw_only=True)
class Inputs:
    """What a verification is given besides its settings.

    Attributes:
        rows: Makes the iterator of the plan's rows, in its order.
        fingerprint: Identity of the plan.
        old: Makes the texts of the old site's pages.
        new: The same of the new site as the plan saw it.
        logs: Access logs that show which other spellings are asked for.
        traffic: Search Console, analytics and logs of dates after the move.
        traffic_before: The same of dates before it; else the plan's columns.
        baseline: Folder or verdicts.csv of an earlier run.
        only_changed: Ask only what was not ok there, or is planned otherwise.
        only: Ask these old URLs alone; the others are `not_checked`.
    """

    rows: Callable[[], Iterable[Row]]
    fingerprint: str
    old: Callable[[], Iterable[Text]] = tuple
    new: Callable[[], Iterable[Text]] = tuple
    logs: tuple[Path, ...] = ()
    traffic: tuple[Path, ...] = ()
    traffic_before: tuple[Path, ...] = ()
    baseline: Path | None = None
    only_changed: bool = False
    only: Collection[str] | None = None


@contextmanager
def verified(
    inputs: Inputs,
    settings: VerifySettings,
    folder: Path | None = None,
    on_step: Step = lambda _count: None,
) -> Iterator[Verdicts]:
    """Request every old URL and judge it.

    Args:
        inputs: The plan, and what is known of its pages.
        settings: How to ask.
        folder: Where the run is kept, so that a killed one goes on. Call
            `forget_run(folder)` when the verdicts are safely written.
        on_step: Called with the number of walks done.

    Yields:
        The verdicts, readable within the block.

    Raises:
        InputError: A URL of the plan is refused.
        UsageError: `base` or a setting cannot be used.
    """
    if folder is None:
        with (
            tempfile.TemporaryDirectory(prefix="redirectmap-") as name,
            verified(inputs, settings, Path(name), on_step) as verdicts,
        ):
            yield verdicts
        return
    state = State(
        folder / "state.db", _fingerprint(inputs, settings), resume=settings.resume
    )
    engine = Engine(settings)
    try:
        run = Run(sites_of(_loaded(state, inputs), settings), settings, state, engine)
        _choose(run, inputs)
        logged = _read_exports(run, inputs)
        ask_all(run, on_step)
        run.notes.extend(
            f"{origin} is asked by http: the server pinned for it speaks no TLS"
            for origin in run.sites.scope.guard.plain_origins
        )
        if settings.extra_requests:
            ask_extras(run, logged)
        judge_all(run, PageJudge(run) if settings.check_pages else None)
        yield Verdicts(state, run.notes)
    except sqlite3.OperationalError as error:
        raise UsageError(
            f"the run's file cannot be written: {error}",
            hint="make room, or choose another --out; the same command goes on",
            where=str(state.path),
        ) from error
    finally:
        engine.close()
        state.close()


def _fingerprint(inputs: Inputs, settings: VerifySettings) -> str:
    told = (inputs.fingerprint, replace(settings, resume=True), inputs.logs)
    more = (inputs.baseline, inputs.only_changed, sorted(inputs.only or ()))
    return hashlib.sha256(repr((told, more)).encode()).hexdigest()


def _loaded(state: State, inputs: Inputs) -> Hosts:
    """Take rows and texts into the store, once a run; return the plan's hosts."""
    if not state.resumed:
        old: Counter[str] = Counter()
        new: set[str] = set()
        state.load(_counted(inputs.rows(), old, new))
        load_texts(state, "old", inputs.old())
        load_texts(state, "new", inputs.new())
        hosts = orjson.dumps({"old": dict(old.most_common()), "new": sorted(new)})
        state.put("hosts", hosts.decode())
        state.settle()
    found = orjson.loads(state.get("hosts") or "{}")
    return Hosts(tuple(found["old"]), frozenset(found["new"]))


def _counted(rows: Iterable[Row], old: Counter[str], new: set[str]) -> Iterator[Row]:
    for row in rows:
        old[origin_of(row.old_url)] += 1
        if row.expected:
            new.add(host_of(row.expected))
        yield row


def _choose(run: Run, inputs: Inputs) -> None:
    """Mark the rows that are asked: the sample, the changed, the named."""
    state, sample = run.state, run.settings.sample
    with state.db as db:
        db.execute("UPDATE rows SET asked = 1")
        if sample is not None:
            best = "SELECT n FROM rows ORDER BY value DESC, old_url LIMIT ?"
            sql = f"UPDATE rows SET asked = n IN ({best})"  # noqa: S608 - our text
            db.execute(sql, (sample,))
        if inputs.only is not None:
            names = orjson.dumps(list(inputs.only)).decode()
            named = "SELECT value FROM json_each(?)"
            sql = f"UPDATE rows SET asked = asked AND old_url IN ({named})"  # noqa: S608 - our text
            db.execute(sql, (names,))
    if inputs.baseline is not None:
        load_baseline(state, inputs.baseline)
    if inputs.only_changed:
        choose_changed(state)


def _read_exports(run: Run, inputs: Inputs) -> int | None:
    """Read logs and later traffic before anybody is asked: they may be unusable.

    Returns:
        How many spellings the logs show that will be asked; None without logs.
    """
    run.state.forget("said", "verdicts")
    if inputs.traffic:
        join_traffic(run, inputs.traffic, inputs.traffic_before)
    budget = run.settings.extra_requests
    return logged_variants(run, inputs.logs, budget) if inputs.logs and budget else None


def ask_all(run: Run, on_step: Step) -> None:
    """Walk every chosen row, as every agent, as far as not stored already."""
    agents = AGENTS if run.settings.both_agents else ("browser",)
    for agent in agents:
        on_step(run.state.count("SELECT count(*) FROM walks WHERE kind=?", (agent,)))
        run.ask(_walkers(run, agent), agent, on_step)
    if len(agents) > 1:
        _ask_again(run)


def _walkers(run: Run, agent: str) -> Iterator[Walker]:
    for row in run.state.unasked(agent):
        start = taken_apart(row.old_url)
        yield Walker(start, run.sites.scope, agent=agent, n=row.n)


_FAILED = "json_extract(CAST({}.walk AS TEXT), '$.end') IN ({})"
_NO_ANSWER = "'connect', 'timeout', 'broken'"
_HICCUPS = f"""
SELECT b.n FROM walks b JOIN walks g ON g.kind = 'googlebot' AND g.n = b.n
WHERE b.kind = 'browser' AND (b.ends_on = '' OR g.ends_on = '')
AND ({_FAILED.format("b", _NO_ANSWER)}) != ({_FAILED.format("g", _NO_ANSWER)})
"""  # noqa: S608 - our words


def _ask_again(run: Run) -> None:
    """Ask both agents once more where one alone got no answer: chance, or a rule?"""
    rows = run.state.db.execute(_HICCUPS).fetchall()
    with run.state.db as db:
        db.executemany("DELETE FROM walks WHERE n = ?", rows)
    for agent in AGENTS:
        run.ask(_walkers(run, agent), agent)


def forget_run(folder: Path) -> None:
    """Remove what a run kept for its own resumption: the next one starts anew."""
    for name in ("state.db", "state.db-wal", "state.db-shm"):
        (folder / name).unlink(missing_ok=True)


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
) -> pd.DataFrame:
    """Verify a plan that fits into memory; see `verified` for any size.

    Args:
        plan: Schema PLAN.
        base: Origin that answers for the old hosts; None = ask them.
        allow_private: `HOST` or `HOST:PORT` that may be private.
        settings: Everything else; `base` and `allow_private` above win.
        folder: As for `verified`.
        old: Pages of the old site (schema PAGES): language, title, text.
        new: Pages of the new site as the plan saw it.
        only: Ask these old URLs alone; the others are `not_checked`.

    Returns:
        Schema VERDICTS and `EXTRA_COLUMNS`, worst and most valuable first; what
        is said of whole hosts is in its `attrs["notes"]`, variants that end
        elsewhere in `attrs["variants"]`.
    """
    chosen = replace(
        settings or VerifySettings(), base=base, allow_private=tuple(allow_private)
    )
    table = plan.reset_index(drop=True)
    inputs = Inputs(
        rows=lambda: rows_of(table),
        fingerprint=hashlib.sha256(table.to_csv().encode()).hexdigest(),
        old=lambda: frame_texts(old),
        new=lambda: frame_texts(new),
        only=only,
    )
    with verified(inputs, chosen, folder) as verdicts:
        found = pd.DataFrame(list(verdicts), columns=[*VERDICTS.names, *EXTRA_COLUMNS])
        whole = pd.concat([VERDICTS.fit(found), found[list(EXTRA_COLUMNS)]], axis=1)
        whole.attrs["notes"] = verdicts.notes
        whole.attrs["variants"] = list(verdicts.variants())
        return whole
