"""Work on a second core gives what it gives here."""

from __future__ import annotations

import os
import sys
from functools import partial

import numpy as np
import pandas as pd
import pytest

from redirectmap.errors import InputError
from redirectmap.matching import evidence
from redirectmap.tables.beside import beside, cores

ALONE = pytest.mark.skipif(
    sys.platform != "linux" or cores() < 2, reason="needs fork and a second core"
)


@ALONE
def test_the_work_is_done_in_another_process() -> None:
    with beside(os.getpid) as there:
        assert there() != os.getpid()


def test_what_does_not_pay_is_done_here() -> None:
    with beside(os.getpid, pays=False) as there:
        assert there() == os.getpid()


def _refuse() -> None:
    raise InputError("holds no page", hint="look at it", where="a.csv")


@pytest.mark.parametrize("pays", [True, False])
def test_an_error_is_raised_where_the_result_is_awaited(*, pays: bool) -> None:
    with (
        beside(_refuse, pays=pays) as there,
        pytest.raises(InputError, match="no page") as caught,
    ):
        there()
    assert caught.value.hint == "look at it"
    assert caught.value.where == "a.csv"


def _die_unless(home: int) -> int:
    if os.getpid() != home:
        os._exit(9)
    return home


@ALONE
def test_a_process_that_is_killed_is_made_up_for() -> None:
    with beside(partial(_die_unless, os.getpid())) as there:
        assert there() == os.getpid()


@ALONE
def test_a_result_that_nobody_awaits_leaves_no_process() -> None:
    with pytest.raises(ZeroDivisionError), beside(partial(bytes, 10_000_000)):
        raise ZeroDivisionError
    with pytest.raises(ChildProcessError):
        os.waitpid(-1, os.WNOHANG)


def _site(prefix: str, pages: int) -> pd.DataFrame:
    words = [f"{prefix}{i} shared{i % 7} cats cat 12" for i in range(pages)]
    return pd.DataFrame(
        {
            "url": [f"https://{prefix}.test/a/{w.replace(' ', '-')}" for w in words],
            "title": words,
            "text": [f"{w} about things" for w in words],
        }
    )


class _Tables:
    def __init__(self, pages: pd.DataFrame) -> None:
        self.pages = pages
        self.links = pd.DataFrame()


@ALONE
def test_both_ways_number_words_alike(monkeypatch: pytest.MonkeyPatch) -> None:
    old, new = (_Tables(_site(name, 600)) for name in ("old", "new"))
    two = evidence.gather(old, new)
    monkeypatch.setattr(evidence, "_FEW_PAGES", 10_000)
    one = evidence.gather(old, new)
    for a, b in ((two.old, one.old), (two.new, one.new)):
        for name in evidence.FIELDS:
            assert (a.words[name] != b.words[name]).nnz == 0
        assert (a.chars != b.chars).nnz == 0
        np.testing.assert_array_equal(a.vectors, b.vectors)
    np.testing.assert_array_equal(two.rarity, one.rarity)


def test_texts_are_let_go_only_where_asked() -> None:
    old, new = (_Tables(_site(name, 20)) for name in ("old", "new"))
    kept = evidence.gather(old, new)
    assert "text" in old.pages
    assert "text" in new.pages
    dropped = evidence.gather(old, new, keep_texts=False)
    assert "text" not in old.pages
    assert "text" not in new.pages
    assert (kept.old.words["text"] != dropped.old.words["text"]).nnz == 0
