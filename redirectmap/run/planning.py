"""One plan's folder, from inputs to files: match, decide, check, induce, write.

Nothing is written before everything is known; plan.csv comes last.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd

from redirectmap.checks import Finding, PlanContext, as_table, in_order, run_checks
from redirectmap.planning.files import write_plan
from redirectmap.planning.inventory_files import summarised, write_inventory
from redirectmap.planning.leftovers import Policy, leftover_rules
from redirectmap.planning.make import (
    Made,
    PlanInputs,
    live_pages,
    make_plan,
    universe_of,
    value_of,
)
from redirectmap.planning.rules import Rule, induce
from redirectmap.planning.rules_file import decisions_in, rules_table
from redirectmap.planning.summary import assignment_of, summarise
from redirectmap.planning.universe import Universe, extended
from redirectmap.tables.beside import beside
from redirectmap.tables.memory import give_back

_LARGE = 5_000


def plan_folder(
    inputs: PlanInputs,
    out: Path,
    *,
    max_error: float,
    model: str = "static",
    leftovers: Policy = "404",
    made_from: Mapping[str, Any] | None = None,
    on_step: Callable[[object], None] = lambda _message: None,
) -> dict[str, Any]:
    """Make the plan of `inputs` and write its folder.

    Args:
        inputs: As `read_inputs` gives them; scores are made here.
        out: Folder of the plan.
        max_error: Largest expected share of wrong redirects.
        model: `static` (shipped), `minilm`, a name on the hub, or a folder.
        made_from: Which files the inputs were read from, for plan.json.
        leftovers: What URLs that nobody listed are answered unless a person says
            otherwise in rules.csv.
        on_step: Told what begins.

    Returns:
        The sign-off summary.
    """
    decisions = decisions_in(out)
    universe = universe_of(inputs)
    on_step(f"matching {len(universe.urls):,} old URLs")
    inputs = replace(inputs, scores=scores_of(inputs, universe, model, on_step))
    give_back()
    on_step("deciding")
    made = make_plan(inputs, max_error=max_error)
    on_step("checking, and looking for pattern rules")
    with beside(
        partial(findings_of, inputs, made), pays=len(made.plan) > _LARGE
    ) as found:
        live = live_pages(inputs.new.pages)
        induction = induce(made.plan, live=live, decisions=decisions)
        rest = leftover_rules(
            made.plan,
            live=live,
            logged=requests_of(inputs),
            policy=leftovers,
            decisions=decisions,
        )
        rules = rules_table(induction, rest)
        findings = together(found(), _withdrawn([*induction.rules, *rest]))
    summary = summarise(made.plan, findings, conflicts=made.conflicts)
    summary["max_error"] = max_error
    summary["model"] = model
    summary["assignment"] = assignment_of(inputs.scores)
    summary["made_from"] = dict(made_from or {})
    summary["pattern_rules"] = {
        "rules": sum(bool(rule.rows) for rule in induction.rules),
        "accepted": sum(rule.use == "yes" for rule in induction.rules),
        "lines_before": induction.lines_before,
        "lines_after": induction.lines_after,
    }
    summary["leftovers"] = {
        "policy": leftovers,
        "rules": sum(rule.use == "yes" for rule in rest),
        "requests_caught": sum(r.requests or 0 for r in rest if r.use == "yes"),
    }
    if inputs.inventory is not None:
        summary["inventory"] = summarised(inputs.inventory, inputs.reports)
        write_inventory(out, inputs.inventory)
    write_plan(
        out,
        made.plan,
        generated=made.generated,
        findings=findings,
        rules=rules,
        scores=inputs.scores,
        summary=summary,
    )
    return summary


def scores_of(
    inputs: PlanInputs,
    universe: Universe,
    model: str,
    on_step: Callable[[object], None] = lambda _message: None,
) -> pd.DataFrame:
    """Score every old URL that is a row against the pages that live.

    The main texts of both sites are dropped from `inputs` on the way: nothing
    after matching reads them, and 100 000 pages hold 0.3 GB.
    """
    from redirectmap.matching import MatchSettings, let_go_of_texts, match

    value = value_of(inputs, universe)["priority"].fillna(0.0)
    status = inputs.new.pages["status"].astype("float")
    alive = status.isna() | status.between(200, 299)
    old = replace(
        inputs.old, pages=extended(inputs.old.pages, universe).copy(deep=False)
    )
    new = replace(inputs.new, pages=inputs.new.pages[alive].reset_index(drop=True))
    let_go_of_texts(inputs.old.pages, inputs.new.pages)
    settings = MatchSettings(model=model, keep_texts=False)
    return match(old, new, values=value, settings=settings, on_step=on_step)


def requests_of(inputs: PlanInputs) -> pd.Series | None:
    """Return logged requests by URL, None where there are no logs."""
    requests = inputs.traffic.set_index("url")["requests"].dropna()
    return requests if len(requests) else None


def findings_of(inputs: PlanInputs, made: Made) -> pd.DataFrame:
    """Run the checks on a plan that was just made, edits of people included."""
    context = PlanContext(
        made.plan,
        old_pages=inputs.old.pages,
        new_pages=inputs.new.pages,
        backlinks=inputs.backlinks if len(inputs.backlinks) else None,
        traffic=inputs.traffic if len(inputs.traffic) else None,
        live=inputs.new.redirects if len(inputs.new.redirects) else None,
        blocked=inputs.blocked,
        logged=requests_of(inputs),
    )
    clashes = as_table(
        Finding(
            "notice",
            "edit-conflict",
            clash.message,
            "yours is kept; undo the edit to take the tool's",
            clash.old_url,
        )
        for clash in made.conflicts
    )
    return together(run_checks(context), clashes, _legacy_findings(made))


def together(*frames: pd.DataFrame) -> pd.DataFrame:
    """Return findings of several origins as one table, worst first."""
    return in_order(pd.concat([f for f in frames if len(f)] or list(frames[:1])))


def _withdrawn(rules: Sequence[Rule]) -> pd.DataFrame:
    """Name the pattern rules that a person accepted and that no longer hold."""
    return as_table(
        Finding(
            "warning",
            "rule-withdrawn",
            f"rule {rule.shape.rule_id} (^{rule.shape.pattern}$), which you accepted,"
            f" is not used: {rule.problem}",
            "its rows are written one by one; set `use` to no to silence this",
        )
        for rule in rules
        if rule.problem
    )


_REMEDY = {
    "legacy-loop": "the plan cuts the loop; remove the old rule",
    "legacy-source-live": "remove the old rule, or take the page down",
    "legacy-conflict": "remove the rule that is wrong",
    "legacy-dead-target": "look at the row; the old rule must not be carried over",
}


def _legacy_findings(made: Made) -> pd.DataFrame:
    value = made.plan.drop_duplicates("old_url").set_index("old_url")["priority"]
    return as_table(
        Finding(
            "warning",
            note.kind,
            note.message,
            _REMEDY[note.kind],
            note.old_url,
            value=value.get(note.old_url),
        )
        for note in made.notes
    )
