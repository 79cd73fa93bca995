"""Turn texts into weighted word vectors, and compare the pairs asked for.

One vocabulary serves every field of both sites, so a field is tokenised once
and "everything" is a sum of matrices. Words lose a plural s; Chinese, Japanese
and Korean runs become pairs of signs.

Cost    about 0.2 us a word; `pair_cosine` reads the rows of the pairs asked for.
Reads   lists of texts.
Writes  sparse matrices with rows of length one.
Bounds  no stemmer but the plural s; no synonyms.
Source  Salton and Buckley, "Term-weighting approaches in automatic text
        retrieval", 1988, doi:10.1016/0306-4573(88)90021-0.
"""

from __future__ import annotations

import re
from array import array
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

Floats = NDArray[np.float32]
Ints = NDArray[np.int64]

_WORD = re.compile(r"[^\W\d_]+|\d+")
_CJK = re.compile("[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")
_CHUNK = 20_000
_PAIRS = 4_000  # compared at once: the rows of more fill memory, not the cores
_PART = 2_000_000
_SHORTEST_PLURAL = 4
_MOST = 255
_LOG = np.log(np.maximum(np.arange(_MOST + 1), 1)).astype(np.float32)


class Vocabulary(dict[str, int]):
    """Numbers words in the order they come; a plural shares its singular's number."""

    def __init__(self) -> None:
        super().__init__()
        self.size = 0

    def __missing__(self, word: str) -> int:
        stem = _stem(word)
        if stem != word:
            number = self[stem]
        else:
            number = self.size
            self.size += 1
        self[word] = number
        return number

    def words(self) -> list[str]:
        """Return one word for each number, the singular."""
        names = [""] * self.size
        for word, number in self.items():
            names[number] = names[number] or word
        return names


def _stem(word: str) -> str:
    plural = len(word) >= _SHORTEST_PLURAL and word[-1] == "s"
    return word[:-1] if plural and word[-2] not in "su" else word


def words(text: str) -> list[str]:
    """Split `text` into lower-case words, numbers and pairs of CJK signs."""
    found = _WORD.findall(text.lower())
    if not _CJK.search(text):
        return found
    return [part for word in found for part in _signs(word)]


def _signs(word: str) -> list[str]:
    if len(word) < 2 or not _CJK.search(word):
        return [word]
    return [word[i : i + 2] for i in range(len(word) - 1)]


def count(
    texts: Iterable[str],
    vocabulary: dict[str, int],
    cut: Callable[[str], list[str]] = words,
) -> sparse.csr_matrix:
    """Count each word of each text, up to 255; columns grow with the vocabulary.

    Args:
        texts: One per row.
        vocabulary: Numbers a word it has not met; a `Vocabulary`, say.
        cut: Splits a text into words.
    """
    numbers = array("i")
    ends = array("q", [0])
    look_up = vocabulary.__getitem__
    for text in texts:
        numbers.extend(map(look_up, cut(text)))
        ends.append(len(numbers))
    columns = np.frombuffer(numbers, dtype=np.int32) if numbers else np.zeros(0, int)
    data = np.ones(len(columns), dtype=np.int32)
    matrix = sparse.csr_matrix(
        (data, columns, np.asarray(ends)), shape=(len(ends) - 1, len(vocabulary))
    )
    matrix.sum_duplicates()
    return with_data(matrix, _byte(matrix.data))


def total(parts: Iterable[tuple[sparse.csr_matrix, int]]) -> sparse.csr_matrix:
    """Return the sum of counts, each taken so many times; counts end at 255."""
    summed = sum(times * matrix.astype(np.int32) for matrix, times in parts)
    return with_data(summed, _byte(summed.data))


def _byte(counts: NDArray[np.int32]) -> NDArray[np.uint8]:
    return np.minimum(counts, _MOST).astype(np.uint8)


def runs(text: str, size: int = 3) -> list[str]:
    """Return all runs of `size` signs of `text`."""
    return [text[i : i + size] for i in range(len(text) - size + 1)]


def renumber(
    matrix: sparse.csr_matrix, numbers: NDArray[np.int32], width: int
) -> sparse.csr_matrix:
    """Give each column of `matrix` its number among `width` columns."""
    if np.array_equal(numbers, np.arange(len(numbers))):
        return widen(matrix, width)
    parts = (matrix.data, numbers[matrix.indices], matrix.indptr)
    out = sparse.csr_matrix(parts, shape=(matrix.shape[0], width))
    out.sort_indices()
    return out


def widen(matrix: sparse.csr_matrix, columns: int) -> sparse.csr_matrix:
    """Give `matrix` the vocabulary's final width."""
    matrix.resize((matrix.shape[0], columns))
    return matrix


def rarity(matrices: Sequence[sparse.csr_matrix]) -> Floats:
    """Return each word's weight: log of pages over pages that have it."""
    pages = sum(m.shape[0] for m in matrices)
    width = matrices[0].shape[1]
    having = sum(np.bincount(m.indices, minlength=width) for m in matrices)
    weight: Floats = np.log((1 + pages) / (1 + having)).astype(np.float32) + 0.1
    return weight


def weigh(matrix: sparse.csr_matrix, weight: Floats) -> sparse.csr_matrix:
    """Return rows of length one: log count times rarity.

    The places of the words are shared with `matrix`, not copied.
    """
    data = np.empty(matrix.nnz, dtype=np.float32)
    for start in range(0, len(data), _PART):  # no copy of all numbers on the way
        part = slice(start, start + _PART)
        np.take(_LOG, matrix.data[part], out=data[part])
        data[part] += 1
        data[part] *= weight[matrix.indices[part]]
    return unit(with_data(matrix, data))


def with_data(matrix: sparse.csr_matrix, data: NDArray[Any]) -> sparse.csr_matrix:
    """Return `matrix` with other numbers at the same places, which are shared."""
    parts = (data, matrix.indices, matrix.indptr)
    return sparse.csr_matrix(parts, shape=matrix.shape, copy=False)


def unit(matrix: sparse.csr_matrix) -> sparse.csr_matrix:
    """Scale every row to length one; empty rows stay empty. In place."""
    ends, sizes = matrix.indptr, np.diff(matrix.indptr)
    for start in range(0, matrix.shape[0], _CHUNK):
        end = min(start + _CHUNK, matrix.shape[0])
        data = matrix.data[ends[start] : ends[end]]
        row = np.repeat(np.arange(end - start), sizes[start:end])
        length = np.sqrt(np.bincount(row, data * data, end - start))
        length[length == 0] = 1
        data /= length.astype(np.float32)[row]
    return matrix


def pair_cosine(
    old: sparse.csr_matrix, new: sparse.csr_matrix, rows: Ints, columns: Ints
) -> Floats:
    """Return the product of row `rows[i]` of old and `columns[i]` of new.

    NaN where either row is empty: nothing can be said.
    """
    out = np.empty(len(rows), dtype=np.float32)
    for start in range(0, len(rows), _PAIRS):
        part = slice(start, start + _PAIRS)
        product = old[rows[part]].multiply(new[columns[part]])
        out[part] = np.asarray(product.sum(axis=1)).ravel()
    empty_old, empty_new = (np.diff(m.indptr) == 0 for m in (old, new))
    out[empty_old[rows] | empty_new[columns]] = np.nan
    return out
