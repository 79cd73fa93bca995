"""Learning from accepted and rejected rows, on a site made for it."""

from __future__ import annotations

import time

import numpy as np
import pandas as pd
import pytest

from redirectmap.matching import rescore

SITES = 40


def scores(pages: int = SITES) -> pd.DataFrame:
    """Two candidates per page: the model leans to /wrong, the site went to /right."""
    chance = np.random.default_rng(3)
    rows = []
    for number in range(pages):
        for place, (folder, p) in enumerate((("wrong", 0.6), ("right", 0.3))):
            rows.append(
                {
                    "old_url": f"https://o.test/blog/page-{number}.html",
                    "new_url": f"https://n.test/{folder}/page-{number}",
                    "title": chance.random(),
                    "text": chance.random(),
                    "probability": np.float32(p),
                    "rank": place + 1,
                    "margin": np.float32(0.3 if place == 0 else -0.3),
                    "assigned": place == 0,
                    "no_equivalent": np.float32(0.1),
                }
            )
    return pd.DataFrame(rows)


def accept(*numbers: int, folder: str = "right") -> pd.DataFrame:
    return pd.DataFrame(
        {
            "old_url": [f"https://o.test/blog/page-{n}.html" for n in numbers],
            "new_url": [f"https://n.test/{folder}/page-{n}" for n in numbers],
            "accepted": True,
        }
    )


def best(table: pd.DataFrame) -> pd.Series:
    return table[table["rank"] == 1].set_index("old_url")["new_url"]


def test_no_decision_changes_nothing() -> None:
    before = scores()
    nothing = accept()
    pd.testing.assert_frame_equal(rescore(before, nothing), before)
    elsewhere = accept(1).assign(old_url="https://o.test/unknown")
    pd.testing.assert_frame_equal(rescore(before, elsewhere), before)


def test_accepted_rows_teach_where_the_folder_went() -> None:
    after = best(rescore(scores(), accept(0, 1, 2, 3, 4, 5)))
    assert after["https://o.test/blog/page-30.html"].endswith("/right/page-30")


def test_one_decision_does_not_turn_the_site_round() -> None:
    after = best(rescore(scores(), accept(0)))
    others = after.drop("https://o.test/blog/page-0.html")
    assert others.str.contains("/wrong/").mean() > 0.9


def test_a_signal_that_is_nowhere_known_teaches_nothing() -> None:
    silent = scores().assign(text=np.nan)
    after = best(rescore(silent, accept(0, 1, 2, 3, 4, 5)))
    assert after["https://o.test/blog/page-30.html"].endswith("/right/page-30")


def test_decisions_hold_for_their_own_rows() -> None:
    refused = accept(7, folder="wrong").assign(accepted=False)
    gone = accept(8).assign(new_url=None)
    after = rescore(scores(), pd.concat([accept(6), refused, gone], ignore_index=True))
    of = {n: after[after["old_url"].str.endswith(f"-{n}.html")] for n in (6, 7, 8)}
    assert of[6].set_index("rank").loc[1, "new_url"] == "https://n.test/right/page-6"
    assert of[6]["probability"].max() == np.float32(0.999)
    assert of[7].set_index("new_url").loc["https://n.test/wrong/page-7"].to_dict()[
        "probability"
    ] == pytest.approx(0)
    assert of[8]["probability"].eq(0).all()
    assert of[8]["no_equivalent"].gt(0.99).all()
    assert not of[8]["assigned"].any()


def test_the_table_keeps_its_promises() -> None:
    before = scores()
    after = rescore(before, accept(1, 2, 3))
    assert after[["old_url", "new_url"]].equals(before[["old_url", "new_url"]])
    assert after["probability"].between(0, 1).all()
    assert after.groupby("old_url")["probability"].sum().max() <= 1 + 1e-6
    assert after.groupby("old_url")["assigned"].sum().max() <= 1
    first = after[after["rank"] == 1]
    assert (first["margin"] >= 0).all()


def test_undoing_a_decision_undoes_its_effect() -> None:
    before = scores()
    once = rescore(before, accept(1, 2))
    rescore(before, accept(1, 2, 3, 4))
    pd.testing.assert_frame_equal(rescore(before, accept(1, 2)), once)


def test_five_thousand_rows_take_moments() -> None:
    start = time.process_time()
    rescore(scores(5_000), accept(*range(50)))
    assert time.process_time() - start < 10
