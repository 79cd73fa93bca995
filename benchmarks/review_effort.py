"""How many decisions a reviewer needs, on migrations with known answers.

    python benchmarks/review_effort.py ../shared/bench CACHE [kubeflow symfony ...]

The reviewer always answers right, one row at a time. Accuracy is the share of the
old site's value whose row says the right thing, decided or not; counted are the
decisions until it is 99 %. Rows without a known answer are left out. The model
that scores a folder and the weights of the votes have never seen it: both are
fitted here, on the other folders. The signals and the bounds were chosen while
looking at these folders, so expect less of others. CACHE keeps the compared
pairs. Compared, all with the same proposals:

    similarity  a sheet sorted by the mean of nine likenesses, least alike first
    confidence  a sheet sorted by our calibrated confidence, least sure first
    risk        the page's order, value times uncertainty, learning off
    page        the review page: by risk, learning after every decision
    passing     the page again, rows read one after the other: wrong ones are decided,
                right ones passed by (j) and accepted together after ten rows (A).
                Rows read, then decisions: each wrong row and each acceptance

Value is what `plan` gives (inlinks here: the folders have no traffic). The last
line is what `matching.learn` ships as PRIOR.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa

from redirectmap.matching import learn, scoring, train
from redirectmap.planning.decisions import Decision
from redirectmap.planning.evaluate import asked_rows, compared, without_equivalent
from redirectmap.planning.inputs import Files, read_inputs
from redirectmap.planning.make import make_plan, universe_of
from redirectmap.run.planning import scores_of
from redirectmap.web.desk import Desk
from redirectmap.web.learning import Learner

GOAL = 0.99
STATES = 8
ROWS = 60
SCREEN = 10
START = (0.0,) * 7 + (-4.0, 0.0, 1.0, 1.0)
Order = Callable[[Desk], np.ndarray]
Answers = dict[str, str | None]


@dataclass
class Case:
    """One folder: its plan and candidates by a model that has not seen it."""

    name: str
    plan: pd.DataFrame
    scores: pd.DataFrame
    answers: Answers

    def desk(self, decisions: Mapping[str, Decision]) -> Desk:
        """Return the plan on the desk."""
        return Desk(self.plan, decisions)

    def learner(self, desk: Desk, weights: Sequence[float] = learn.PRIOR) -> Learner:
        """Return what learns from the decisions on a desk."""
        table = pa.Table.from_pandas(self.scores, preserve_index=False)
        return Learner(desk, table, (), weights)

    def alike(self) -> np.ndarray:
        """Return the nine-signal mean of each row's proposal."""
        mean = self.scores.set_index(["old_url", "new_url"])["base"]
        pairs = zip(self.plan["old_url"], self.plan["new_url"], strict=True)
        return np.array([float(mean.get(pair, 0.0)) for pair in pairs])


def case(bench: Path, name: str) -> Case:
    """Read and plan a folder; its targets in the spelling of the new site."""
    folder = bench / name
    files = Files(old=(folder / "old.jsonl.gz",), new=folder / "new.jsonl.gz")
    inputs, _ = read_inputs(files)
    scores = scores_of(inputs, universe_of(inputs), "static")
    plan = make_plan(replace(inputs, scores=scores)).plan
    truth = pd.read_csv(folder / "truth.csv", dtype=str)
    spelt = {compared(url): url for url in inputs.new.pages["url"]}
    asked, gone = asked_rows(truth), without_equivalent(truth)
    answers: Answers = {
        old: spelt.get(compared(new), new)
        for old, new in zip(asked["old_url"], asked["new_url"], strict=True)
    }
    answers |= dict.fromkeys(gone["old_url"])
    plan = plan[plan["old_url"].isin(list(answers))].reset_index(drop=True)
    own = scores[scores["old_url"].isin(plan["old_url"])].reset_index(drop=True)
    return Case(name, plan, own, answers)


def right(desk: Desk, answers: Answers) -> np.ndarray:
    """Tell which rows say what the truth says."""
    cells = zip(desk.urls, desk.cells["action"], desk.cells["new_url"], strict=True)
    return np.array([_right(answers[url], *said) for url, *said in cells])


def _right(wanted: str | None, action: str, target: str | None) -> bool:
    if wanted is None:
        return action == "gone"
    return target is not None and compared(target) == compared(wanted)


@dataclass
class Effort:
    """What a reviewer spent: rows read, decisions; rows learning moved, for what."""

    read: int = 0
    decisions: int = 0
    mended: int = 0
    spoiled: int = 0


def needed(
    one: Case, order: Order, weights: Sequence[float] | None = None, screen: int = 1
) -> Effort:
    """Return what it takes to reach the goal.

    Args:
        one: The folder.
        order: Rank of each row; the highest is read next.
        weights: What votes are worth; None for no learning.
        screen: After so many rows read, the right ones are accepted together.
    """
    decisions: dict[str, Decision] = {}
    desk = one.desk(decisions)
    learner = None if weights is None else one.learner(desk, weights)
    before, spent = right(desk, one.answers), Effort()
    passed: list[str] = []
    while float((desk.value * right(desk, one.answers)).sum()) < GOAL:
        done = desk.decided | np.isin(desk.urls, passed)
        url = desk.urls[int(np.argmax(np.where(done, -np.inf, order(desk))))]
        spent.read += 1
        if screen > 1 and right(desk, one.answers)[desk.place[url]]:
            passed.append(url)
        else:
            decide(desk, decisions, one, [url])
            spent.decisions += 1
        if passed and spent.read % screen == 0:
            decide(desk, decisions, one, passed)
            spent.decisions += 1
            passed = []
        if learner is not None:
            adopt(desk, learner.learn(decisions))
    spent.decisions += bool(passed)
    after, open_rows = right(desk, one.answers), ~desk.decided
    spent.mended = int((open_rows & after & ~before).sum())
    spent.spoiled = int((open_rows & before & ~after).sum())
    return spent


def decide(
    desk: Desk, decisions: dict[str, Decision], one: Case, urls: Sequence[str]
) -> None:
    """Give rows their right answers."""
    for url in urls:
        wanted = one.answers[url]
        action = "gone" if wanted is None else "redirect"
        decisions[url] = Decision(action, wanted, decision="choose", locked=True)
        desk.show(url)


def adopt(desk: Desk, moved: Mapping[str, dict[str, object]]) -> None:
    """Do what the page does with what was learned."""
    for url in [url for url in desk.changed if url not in moved]:
        desk.propose(desk.place[url], None, None)
    for url, cells in moved.items():
        if not desk.decided[desk.place[url]]:
            desk.propose(desk.place[url], cells, "another page")


def half_done(one: Case, seed: int = 1) -> list[learn.Lessons]:
    """Return the next rows of half-done reviews, as lessons of what votes are worth."""
    draw = np.random.default_rng(seed)
    desk = one.desk({})
    site = one.learner(desk).site
    count = len(desk.urls)
    answer = np.array([site.target(one.answers[url]) for url in desk.urls])
    place = np.argsort(np.argsort(-desk.risk(), kind="stable"))
    lessons = []
    for _ in range(STATES):
        done = max(1, int(count * draw.uniform(0.02, 0.4)))
        near = np.argsort(place + draw.normal(0, count * 0.1, count))
        taught, rest = near[:done], near[done:]
        rest = rest[np.argsort(place[rest] + draw.normal(0, count * 0.2, len(rest)))]
        options = learn.options_of(site, taught, answer[taught])
        lessons.append(learn.lessons(options, rest[:ROWS], answer[rest[:ROWS]]))
    return lessons


def prior(taught: Mapping[str, list[learn.Lessons]], without: str = "") -> np.ndarray:
    """Fit what votes are worth on all folders but one, each counting the same."""
    used = [parts for name, parts in taught.items() if name != without]
    flat = [part for parts in used for part in parts]
    before = np.cumsum([0, *(len(part.inputs) for part in flat)])[:-1].tolist()
    together = learn.Lessons(
        np.concatenate([part.inputs for part in flat]),
        np.concatenate([p.start + n for p, n in zip(flat, before, strict=True)]),
        np.concatenate([p.right + n for p, n in zip(flat, before, strict=True)]),
    )
    rows = [sum(len(part.start) for part in parts) for parts in used]
    each = np.concatenate([np.full(n, 100 / n) for n in rows])
    return learn.fit(together, START, (1.0,) * len(START), each)


def main() -> None:
    bench, cache, *names = sys.argv[1:]
    examples = train.load(Path(bench), Path(cache))
    with_text = sorted(train.lessons_of(examples))
    cases = {}
    for name in with_text:
        blind = train.model_without(examples, name)
        scoring.shipped_model = lambda chosen=blind: chosen
        cases[name] = case(Path(bench), name)
    taught = {name: half_done(one) for name, one in cases.items()}
    head = "folder | rows | wrong | similarity | confidence | risk | page | fewer"
    print(f"| {head} | passing: read, decisions | fewer | mended, spoiled |")
    print(f"|{'---|' * 11}")
    for name in names or with_text:
        line(cases[name], prior(taught, name))
    print(np.round(prior(taught), 2).tolist())


def line(one: Case, weights: np.ndarray) -> None:
    alike = one.alike()
    wrong = int((~right(one.desk({}), one.answers)).sum())
    orders = (lambda _d: -alike, lambda d: -d.sure, lambda d: d.risk())
    sheets = [needed(one, order).decisions for order in orders]
    page = needed(one, lambda d: d.risk(), weights.tolist())
    passing = needed(one, lambda d: d.risk(), weights.tolist(), SCREEN)
    cells = [one.name, len(one.plan), wrong, *sheets, page.decisions]
    cells += [fewer(page, sheets), f"{passing.read}, {passing.decisions}"]
    cells += [fewer(passing, sheets), f"{page.mended}, {page.spoiled}"]
    print(f"| {' | '.join(map(str, cells))} |", flush=True)


def fewer(spent: Effort, sheets: Sequence[int]) -> str:
    """Return how many decisions less than the sheets by similarity and confidence."""
    return " and ".join(f"{1 - spent.decisions / sheet:.0%}" for sheet in sheets[:2])


if __name__ == "__main__":
    main()
