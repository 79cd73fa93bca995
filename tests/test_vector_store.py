"""A transformer reads a text once; its vectors are kept between runs."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

from redirectmap.errors import UsageError
from redirectmap.matching.embeddings import embed
from redirectmap.matching.vector_store import VectorStore, text_key

KEYS = [text_key(text) for text in ("roof", "cake", "roof and cake")]
VECTORS = np.arange(12, dtype=np.float16).reshape(3, 4)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("REDIRECTMAP_CACHE", str(tmp_path / "kept"))
    return tmp_path / "kept"


def kept(model: str = "m") -> dict[bytes, list[float]]:
    return {key: row.tolist() for key, row in VectorStore(model).get(KEYS).items()}


def test_what_is_put_is_found_by_the_next(folder: Path) -> None:
    VectorStore("m").put(KEYS[:2], VECTORS[:2])
    assert kept() == dict(zip(KEYS[:2], VECTORS[:2].tolist(), strict=True))
    assert [path.name.partition("-")[0] for path in folder.iterdir()] == ["vectors"]


def test_models_do_not_share_vectors(folder: Path) -> None:
    VectorStore("m").put(KEYS, VECTORS)
    assert kept("another") == {}
    assert len(list(folder.iterdir())) == 2


def test_more_keys_than_one_question_holds(folder: Path) -> None:
    keys = [text_key(str(number)) for number in range(1_234)]
    rows = np.arange(1_234, dtype=np.float16)[:, None]
    store = VectorStore("m")
    store.put(keys, rows)
    assert [store.get(keys)[key][0] for key in keys] == rows[:, 0].tolist()


def test_a_damaged_file_is_made_anew(folder: Path) -> None:
    VectorStore("m").put(KEYS, VECTORS)
    next(folder.iterdir()).write_bytes(b"not a database, " * 100)
    assert kept() == {}
    VectorStore("m").put(KEYS, VECTORS)
    assert len(kept()) == 3


def test_a_folder_that_cannot_be_made_keeps_nothing(folder: Path) -> None:
    folder.write_text("a file stands here")
    VectorStore("m").put(KEYS, VECTORS)
    assert kept() == {}


@pytest.mark.model
def test_a_transformer_reads_a_text_once(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    texts = ["mending a roof", "baking a cake", "", "mending a roof"]
    first = embed(texts, "minilm")
    assert np.array_equal(first[0], first[3])
    assert not first[2].any()
    monkeypatch.setitem(sys.modules, "sentence_transformers", None)
    assert np.array_equal(embed(texts, "minilm"), first)
    with pytest.raises(UsageError, match="not at hand"):
        embed([*texts, "never read"], "minilm")
