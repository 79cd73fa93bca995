"""What is probable already says how addresses, folders and pages above moved."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
import pytest

from redirectmap.matching.evidence import Evidence, gather
from redirectmap.matching.features import compare
from redirectmap.matching.match import match
from redirectmap.matching.scoring import judge, shipped_model
from redirectmap.matching.second import (
    SECOND,
    children,
    first_score,
    look_again,
    unsure,
)
from redirectmap.matching.train import Tables
from redirectmap.matching.votes import shares
from redirectmap.signals.renamed import pair_renamed

OLD, NEW = "https://old.example/", "https://new.example/"


def every_pair(size: int) -> tuple[np.ndarray, np.ndarray]:
    return np.repeat(np.arange(size), size), np.tile(np.arange(size), size)


def site(host: str, pages: Sequence[tuple[str, str, str]]) -> Tables:
    rows = [
        {"url": host + path, "title": title, "h1": title, "headings": [], "text": text}
        for path, title, text in pages
    ]
    return Tables(pd.DataFrame(rows), pd.DataFrame(columns=["source", "target"]))


def compared(
    old: Sequence[tuple[str, str, str]], new: Sequence[tuple[str, str, str]]
) -> tuple[Evidence, pd.DataFrame]:
    evidence = gather(site(OLD, old), site(NEW, new))
    return evidence, compare(evidence)


def cell(table: pd.DataFrame, row: int, column: int, name: str) -> float:
    found = table[(table["old_row"] == row) & (table["new_row"] == column)]
    return float(found[name].iloc[0])


def test_a_change_of_address_that_others_made_is_believed() -> None:
    old = ["resource_user", "resource_file", "resource_log", "resource_ruby"]
    new = ["resources/user", "resources/file", "resources/log", "resources/ruby"]
    new += ["ruby"]
    rows = np.array([0, 1, 2, 3, 3])
    columns = np.array([0, 1, 2, 3, 4])
    share = np.array([0.9, 0.9, 0.9, 0.3, 0.7])
    found = pair_renamed(old, new, rows, columns, share)
    assert found[3] == pytest.approx(2.7 / 3.7)
    assert found[4] == 0


def test_a_page_does_not_confirm_its_own_change_of_address() -> None:
    one = np.zeros(1, dtype=np.int64)
    assert pair_renamed(["a/x"], ["b/x"], one, one, np.ones(1)).tolist() == [0]


def test_addresses_that_end_in_other_words_follow_no_rule() -> None:
    rows, columns = np.array([0, 1]), np.array([0, 1])
    found = pair_renamed(["a/x", "a/y"], ["b/x", "b/z"], rows, columns, np.ones(2))
    assert found.tolist() == [0, 0]


def test_long_and_empty_paths_are_compared_by_their_last_words() -> None:
    long = "-".join(f"w{i}" for i in range(30))
    rows, columns = np.array([0, 1, 2]), np.array([0, 1, 2])
    found = pair_renamed(
        [f"a/{long}", "a/x", ""], [f"b/{long}", "b/x", ""], rows, columns, np.ones(3)
    )
    assert found[2] == 0
    assert np.isfinite(found).all()


def test_shares_add_up_and_far_scores_do_not_overflow() -> None:
    share = shares(np.array([0, 0, 2]), np.array([1000.0, 1000.0, -1000.0]))
    assert share.tolist() == [0.5, 0.5, 1.0]


def test_unsure_is_a_row_whose_best_candidate_fits_little() -> None:
    rows = np.array([0, 0, 1, 1, 2])
    base = np.array([0.9, 0.1, 0.1, 0.05, 0.9], np.float32)
    left = unsure(rows, base, shares(rows, 20 * base.astype(float)))
    assert left[0] == left[1] < 0.01
    assert left[2] > 0.9
    assert left[4] < 0.01


def test_children_speak_for_the_page_they_went_below() -> None:
    pages = [("guide", "Guide", ""), ("guide/a", "A", ""), ("guide/b", "B", "")]
    moved = [("help", "Help", ""), ("help/a", "A", ""), ("help/b", "B", "")]
    evidence, _ = compared(pages, moved)
    rows, columns = np.array([0, 1, 2, 0]), np.array([0, 1, 2, 1])
    went = children(evidence, rows, columns, np.array([0.1, 1.0, 0.5, 0.1]))
    assert went[0] == pytest.approx(0.75)
    assert np.isnan(went[1])
    assert went[3] == 0


def test_an_unsure_row_still_tells_its_candidates_apart() -> None:
    old = [(f"docs/{t}", t, f"all about {t}") for t in TOPICS]
    new = [(f"help/{t}-{i}", f"{t} {i}", f"about {t}") for t in TOPICS for i in "123"]
    _, table = compared(old, new)
    shipped = shipped_model()
    doubtful = {**shipped["text"]["confidence"], "intercept": -12.0}
    judged = judge(
        table, {**shipped, "text": {**shipped["text"], "confidence": doubtful}}
    )
    assert judged["probability"].max() < 0.1
    ordered = judged.sort_values(["old_row", "score"], ascending=[True, False])
    steps = ordered.groupby("old_row")[["score", "probability"]].diff().dropna()
    fell = steps["score"] < -0.01
    assert fell.any()
    assert (steps.loc[fell, "probability"] < 0).all()


TOPICS = ("heating", "insurance", "bicycles", "gardens", "tax", "music", "weather")


def test_a_number_only_one_page_names_is_seen() -> None:
    old = [(f"docs/{t}", f"{t} settings", f"all about {t}") for t in TOPICS]
    new = [(f"docs/v13/{t}", f"{t} 13 settings", f"all about {t}") for t in TOPICS]
    _, table = compared(
        [*old, ("docs/news-2019", "news 2019", "news of the year")], new
    )
    assert cell(table, 0, 0, "new_number") == 1
    assert cell(table, 0, 0, "old_number") == 0
    last = table[table["old_row"] == len(TOPICS)]
    assert (last["old_number"] == 1).all()


def test_meaning_leaves_out_what_all_pages_share() -> None:
    shared = "the portal of our town informs its citizens about "
    pages = [(f"p/{i}", f"About {t}", shared + t) for i, t in enumerate(TOPICS)]
    evidence, table = compared(pages, pages[::-1])
    right = cell(table, 0, len(TOPICS) - 1, "meaning")
    others = table[(table["old_row"] == 0) & (table["new_row"] != len(TOPICS) - 1)]
    assert right == pytest.approx(1, abs=1e-3)
    assert others["meaning"].max() < others["embedding"].max()
    expected = _plainly(evidence.old.vectors, evidence.new.vectors)
    found = [cell(table, r, c, "meaning") for r, c in zip(*every_pair(3), strict=True)]
    wanted = [expected[r, c] for r, c in zip(*every_pair(3), strict=True)]
    assert found == pytest.approx(wanted, abs=1e-3)


def _plainly(old: np.ndarray, new: np.ndarray) -> np.ndarray:
    both = np.concatenate([old, new]).astype(np.float32)
    far = both - both.mean(axis=0)
    _, _, axes = np.linalg.svd(far, full_matrices=False)
    far -= far @ axes[:2].T @ axes[:2]
    far /= np.linalg.norm(far, axis=1, keepdims=True)
    product: np.ndarray = far[: len(old)] @ far[len(old) :].T
    return product


def test_owned_is_how_well_the_best_other_page_fits() -> None:
    old = [(f"docs/{t}", t, f"all about {t}") for t in TOPICS]
    new = [(f"help/{t}", t, f"all about {t}") for t in TOPICS]
    _, table = compared(old, new)
    first = table[table["new_row"] == 0]
    others = first.loc[first["old_row"] != 0, "base"]
    assert cell(table, 0, 0, "owned") == pytest.approx(others.max(), abs=1e-5)
    other = int(first.loc[first["old_row"] != 0, "old_row"].iloc[0])
    assert cell(table, other, 0, "owned") == pytest.approx(
        cell(table, 0, 0, "base"), abs=1e-5
    )


def test_a_plan_s_scores_hold_what_the_look_again_needs() -> None:
    pages = [(f"docs/{t}", t, f"all about {t} and its history") for t in TOPICS]
    moved = [(f"help/{t}", t, f"all about {t} and its history") for t in TOPICS]
    scores = match(site(OLD, pages), site(NEW, moved))
    needs = {"headings", "children", "neighbours_in"}  # none on these sites
    used = sorted(set(shipped_model()["ranker"]["weights"]) - needs)
    unknown = scores[used].isna().all()
    assert not unknown.any(), list(unknown.index[unknown])


def test_urls_alone_leave_what_needs_text_unknown() -> None:
    urls = pd.DataFrame({"url": [f"{OLD}{t}" for t in TOPICS]})
    moved = pd.DataFrame({"url": [f"{NEW}a/{t}" for t in TOPICS]})
    none = pd.DataFrame(columns=["source", "target"])
    evidence = gather(Tables(urls, none), Tables(moved, none))
    table = compare(evidence)
    assert set(SECOND) <= set(table.columns)
    assert (table["text_unsure"] == 0).all()
    again = look_again(evidence, table)
    pd.testing.assert_frame_equal(again[list(table.columns)], table)
    assert np.isfinite(first_score(table)).all()
