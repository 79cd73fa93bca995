"""How many decisions a reviewer needs, on migrations with known answers.

    python benchmarks/review_effort.py ../shared/bench CACHE kubeflow symfony dart

The reviewer always answers right. Accuracy is the share of the old site's value
whose row says the right thing; rows without a known answer are left out. The
model that scores a folder has never seen it: it is trained here, on the other
folders. The signals and the way of learning were chosen while looking at these
folders, so expect less of others. CACHE keeps the compared pairs. Compared:

    similarity the sheet a matching script gives: sorted by the cosine of all
               words of each pair, least alike first
    by score   the same sheet sorted by our calibrated confidence, least first
    by risk    the same proposals, sorted by value times uncertainty
    learning   the review page: by risk, the open rows judged anew as it goes

Value is what `plan` gives (inlinks here: the folders have no traffic).
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

from redirectmap.matching import scoring, train
from redirectmap.planning.decisions import Decision
from redirectmap.planning.evaluate import asked_rows, compared, without_equivalent
from redirectmap.planning.inputs import Files, read_inputs
from redirectmap.planning.make import make_plan, universe_of
from redirectmap.run.planning import scores_of
from redirectmap.web.desk import Desk
from redirectmap.web.learning import Learner

GOAL = 0.99
BATCH = 5


class Reviewer:
    """Knows the answers and counts decisions."""

    def __init__(self, plan: pd.DataFrame, truth: pd.DataFrame) -> None:
        asked, gone = asked_rows(truth), without_equivalent(truth)
        self.answer: dict[str, str | None] = dict(
            zip(asked["old_url"], asked["new_url"], strict=True)
        )
        self.answer |= dict.fromkeys(gone["old_url"])
        kept = plan[plan["old_url"].isin(list(self.answer))].reset_index(drop=True)
        self.plan = kept

    def right(self, url: str, action: str, target: str | None) -> bool:
        """Tell whether a row says what the truth says."""
        wanted = self.answer[url]
        if wanted is None:
            return action == "gone"
        return target is not None and compared(target) == compared(wanted)


def accuracy(desk: Desk, reviewer: Reviewer) -> float:
    cells = zip(desk.urls, desk.cells["action"], desk.cells["new_url"], strict=True)
    right = np.array([reviewer.right(*row) for row in cells])
    return float((desk.value * right).sum())


def needed(
    reviewer: Reviewer,
    order: Callable[[Desk], np.ndarray],
    learner: Learner | None = None,
) -> int:
    """Return the decisions until the goal is reached."""
    decisions: dict[str, Decision] = {}
    desk = Desk(reviewer.plan, decisions)
    if learner is not None:
        first = learner.proposed(learner.scores)
    count = 0
    while accuracy(desk, reviewer) < GOAL and count < len(desk.urls):
        rank = np.where(desk.decided, -np.inf, order(desk))
        url = desk.urls[int(np.argmax(rank))]
        wanted = reviewer.answer[url]
        action = "gone" if wanted is None else "redirect"
        decisions[url] = Decision(action, wanted, decision="choose", locked=True)
        desk.show(url)
        count += 1
        if learner is not None and count % BATCH == 0:
            adopt(desk, first, learner.proposed(learner.judged(decisions)))
    return count


def adopt(desk: Desk, first: pd.DataFrame, proposed: pd.DataFrame) -> None:
    """Do what the page does with what was learned."""
    from redirectmap.web.behind import difference

    was, now = first.to_dict("index"), proposed.to_dict("index")
    for url, row in desk.place.items():
        if url in now and not desk.decided[row] and desk.origin(row) == "match":
            desk.propose(row, now[url], difference(was[url], now[url]))


def measure(bench: Path, name: str) -> tuple[int, int, int, int, int]:
    folder = bench / name
    files = Files(old=(folder / "old.jsonl.gz",), new=folder / "new.jsonl.gz")
    inputs, _ = read_inputs(files)
    scores = scores_of(inputs, universe_of(inputs), "static")
    plan = make_plan(replace(inputs, scores=scores)).plan
    truth = pd.read_csv(folder / "truth.csv", dtype=str)
    reviewer = Reviewer(plan, truth)
    desk = Desk(reviewer.plan, {})
    values = pd.Series(desk.value, index=desk.urls)
    own = scores[scores["old_url"].isin(desk.urls)].reset_index(drop=True)
    cosine = own.set_index(["old_url", "new_url"])["all"]
    pairs = zip(desk.urls, desk.cells["new_url"], strict=True)
    alike = np.array([float(cosine.get(pair, 0.0)) for pair in pairs])
    live = inputs.new.pages["url"].tolist()
    return (
        len(desk.urls),
        needed(reviewer, lambda _d: -alike),
        needed(reviewer, lambda d: -d.sure),
        needed(reviewer, lambda d: d.risk()),
        needed(reviewer, lambda d: d.risk(), Learner(own, live, values, 0.01)),
    )


def main() -> None:
    bench, cache, *names = sys.argv[1:]
    examples = train.load(Path(bench), Path(cache))
    print("| folder | rows | similarity | by score | by risk | learning | fewer |")
    print("|---|---|---|---|---|---|---|")
    for name in names:
        blind = train.model_without(examples, name)
        scoring.shipped_model = lambda chosen=blind: chosen
        counts = measure(Path(bench), name)
        fewer = [1 - counts[-1] / sheet for sheet in counts[1:3]]
        cells = [name, *counts, f"{fewer[0]:.0%} and {fewer[1]:.0%}"]
        print(f"| {' | '.join(map(str, cells))} |", flush=True)


if __name__ == "__main__":
    main()
