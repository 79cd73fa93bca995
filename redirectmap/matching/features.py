"""Compare every candidate pair in every way there is: one column per signal.

Two passes: pairs that cheap rules propose are compared by nine plain signals;
the best of them, and what the neighbours of each old page propose, are compared
in every way, and at last each pair with the rest of both sites (context).

Cost    about 10 us a pair on a core.
Reads   `Evidence`.
Writes  a table of pairs; float32, 0 unlike .. 1 same, NaN where nothing can be
        said. `*_lead` columns: the value less the best other's, -1 .. 1.
Bounds  at most `keep` pairs per old page survive the first pass.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from rapidfuzz import fuzz
from scipy import sparse

from redirectmap.matching.candidates import (
    Pairs,
    nearest,
    nearest_vectors,
    same_identifier,
    same_key,
    top_per_row,
    union,
)
from redirectmap.matching.context import CONTEXT, add_context
from redirectmap.matching.evidence import Evidence, Side
from redirectmap.matching.groups import group_candidates
from redirectmap.matching.second import SECOND, look_again
from redirectmap.matching.votes import soft_choice
from redirectmap.signals.meaning import own_meaning, pair_product
from redirectmap.signals.names import sole_names
from redirectmap.signals.strings import pair_ratio, pair_same
from redirectmap.signals.words import Floats, Ints, pair_cosine
from redirectmap.tables.memory import give_back

Signal = Callable[[Evidence, Ints, Ints], Floats]
_THREADS = 2
_BEST_BY_MEANING = 3
_BEST_BY_NAME = 8
_SHORT = ("path", "slug", "folder", "title", "headings")


def _cosine(field: str) -> Signal:
    return lambda e, r, c: pair_cosine(e.old.words[field], e.new.words[field], r, c)


def _embedding(e: Evidence, r: Ints, c: Ints) -> Floats:
    return pair_product(e.old.vectors, e.new.vectors, r, c)


def _name_embedding(e: Evidence, r: Ints, c: Ints) -> Floats:
    return pair_product(e.old.names, e.new.names, r, c)


def _identifier(e: Evidence, r: Ints, c: Ints) -> Floats:
    old, new = e.old.fields.identifiers, e.new.fields.identifiers
    if not any(old) or not any(new):
        return np.full(len(r), np.nan, dtype=np.float32)
    return np.array(
        [
            float(bool(old[a] & new[b])) if old[a] and new[b] else np.nan
            for a, b in zip(r, c, strict=True)
        ],
        dtype=np.float32,
    )


def _strings(field: str, scorer: Callable[..., float]) -> Signal:
    return lambda e, r, c: pair_ratio(
        getattr(e.old.fields, field), getattr(e.new.fields, field), r, c, scorer
    )


def _same(field: str) -> Signal:
    return lambda e, r, c: pair_same(
        getattr(e.old.fields, field), getattr(e.new.fields, field), r, c
    )


SIGNALS: dict[str, Signal] = {
    "path_chars": lambda e, r, c: pair_cosine(e.old.chars, e.new.chars, r, c),
    "path_words": _cosine("path"),
    "slug_words": _cosine("slug"),
    "folder": _cosine("folder"),
    "title": _cosine("title"),
    "headings": _cosine("headings"),
    "text": _cosine("text"),
    "all": _cosine("all"),
    "embedding": _embedding,
    "name_embedding": _name_embedding,
    "slug_ratio": _strings("slug", fuzz.ratio),
    "identifier": _identifier,
    "language": _same("lang"),
    "same_path": _same("path"),
    "sole_name": lambda e, r, c: sole_names(e.old.fields.slug, e.new.fields.slug, r, c),
}
NINE = (
    "path_chars",
    "path_words",
    "slug_words",
    "folder",
    "title",
    "headings",
    "text",
    "all",
    "embedding",
)
QUICK = (*NINE, "name_embedding", "same_path")
MEANINGS = {
    "meaning": ("vectors", "embedding"),
    "name_meaning": ("names", "name_embedding"),
}
NAMES = (*SIGNALS, *MEANINGS, "base", *CONTEXT, *SECOND)
Signals = dict[str, Floats]
Measured = tuple[Ints, Ints, Signals]


def compare(evidence: Evidence, *, keep: int = 20, k: int = 8) -> pd.DataFrame:
    """Return the candidate pairs with all their signals.

    Args:
        evidence: Both sites.
        keep: Pairs per old page that survive the first pass by plain likeness;
            three quarters of them survive the second.
        k: New pages that each rule proposes per old page.

    Returns:
        old_row, new_row and `NAMES`, sorted by old_row, new_row.
    """
    return in_context(evidence, likely_pairs(evidence, keep=keep, k=k), keep=keep)


def likely_pairs(evidence: Evidence, *, keep: int, k: int) -> Measured:
    """Return the pairs worth a close look and their `QUICK`.

    All that reads the words is done here, so that the caller can let go of them.
    """
    proposed = propose(evidence, k)
    give_back()
    first = _first_pass(evidence, *proposed, keep)
    del proposed
    give_back()
    return _second_pass(evidence, *first)


def in_context(evidence: Evidence, likely: Measured, *, keep: int) -> pd.DataFrame:
    """Return the likeliest of the pairs, seen among all others, twice."""
    pairs = add_context(evidence, _measured_alone(evidence, *likely))
    seen = _pruned(evidence, pairs, keep * 3 // 4)
    return look_again(evidence, seen)


def _measured_alone(
    evidence: Evidence, rows: Ints, columns: Ints, quick: Signals
) -> pd.DataFrame:
    """Return the pairs compared alone: `SIGNALS`, `MEANINGS` and `base`."""
    others = tuple(name for name in SIGNALS if name not in QUICK)
    known = quick | _measured(others, evidence, rows, columns)
    measured = {name: known[name] for name in SIGNALS}
    found = {
        "old_row": rows,
        "new_row": columns,
        **measured,
        **_meanings(evidence, rows, columns, measured),
        "base": _mean(measured),
    }
    return pd.DataFrame(found, copy=False)


def _meanings(e: Evidence, rows: Ints, columns: Ints, measured: Signals) -> Signals:
    """Return the products of the vectors less what all pages share."""
    return {
        name: own_meaning(
            getattr(e.old, field), getattr(e.new, field), rows, columns, measured[known]
        )
        for name, (field, known) in MEANINGS.items()
    }


def _pruned(e: Evidence, table: pd.DataFrame, keep: int) -> pd.DataFrame:
    """Keep the likeliest pairs, by likeness or by name and where the folder went.

    A front page stands for everything and is like everything: it is a candidate
    for another front page only.
    """
    rows = table["old_row"].to_numpy()
    named = table["name_embedding"].fillna(0) + table["folder_rule"].fillna(0)
    kept = top_per_row(rows, table["base"].to_numpy(), keep)
    kept |= top_per_row(rows, named.to_numpy(np.float32), _BEST_BY_NAME)
    kept |= table["same_path"].to_numpy() == 1
    front_old, front_new = (
        np.array([not path for path in side.fields.path]) for side in (e.old, e.new)
    )
    kept &= front_old[rows] | ~front_new[table["new_row"].to_numpy()]
    return table[kept].reset_index(drop=True)


def propose(evidence: Evidence, k: int) -> tuple[Ints, Ints]:
    """Return the pairs that at least one cheap rule proposes."""
    old, new = evidence.old, evidence.new
    texts = () if evidence.large else ("text", "all")
    parts = [
        nearest(_together(old, texts), _together(new, texts), k + 4),
        nearest(old.chars, new.chars, k),
        nearest(old.words["slug"], new.words["slug"], k),
        same_key(old.fields.path, new.fields.path),
        same_key(old.fields.slug, new.fields.slug),
        same_identifier(old.fields.identifiers, new.fields.identifiers),
    ]
    if old.has_text and new.has_text:
        best = nearest(old.words["all"], new.words["all"], k + 2)
        back = nearest(new.words["all"], old.words["all"], 2)
        parts += [
            best,
            (back[1], back[0]),
            nearest(old.words["title"], new.words["title"], k),
            nearest_vectors(old.vectors, new.vectors, k),
            nearest_vectors(old.names, new.names, k),
        ]
    return union(parts, len(new.fields))


def _together(side: Side, texts: Sequence[str]) -> sparse.csr_matrix:
    """Put fields side by side: a product of rows is the sum of all cosines.

    The texts of a large site stay out: 450 MB for 100 000 pages.
    """
    fields = [side.words[name] for name in (*_SHORT, *texts)]
    return sparse.hstack([side.chars, *fields], format="csr")


def _first_pass(e: Evidence, rows: Ints, columns: Ints, keep: int) -> Measured:
    """Keep the best pairs by plain likeness or by meaning."""
    quick = _measured(QUICK, e, rows, columns)
    best = top_per_row(rows, _mean(quick), keep + 4) | (quick["same_path"] == 1)
    for name in ("embedding", "name_embedding"):
        best |= top_per_row(rows, quick[name], _BEST_BY_MEANING)
    return rows[best], columns[best], {name: quick[name][best] for name in QUICK}


def _second_pass(e: Evidence, rows: Ints, columns: Ints, quick: Signals) -> Measured:
    """Add what the neighbours of each old page propose; measure what is not yet."""
    width = len(e.new.fields)
    share = soft_choice(rows, _mean(quick))
    parts = [(rows, columns), group_candidates(e, rows, columns, share)]
    every = union(parts, width)
    fresh = _fresh(every, parts[0], width)
    del share, parts
    give_back()
    added = _measured(QUICK, e, every[0][fresh], every[1][fresh])
    for name in QUICK:
        known, added[name] = added[name], np.empty(len(fresh), dtype=np.float32)
        added[name][fresh], added[name][~fresh] = known, quick[name]
    return *every, added


def _fresh(every: Pairs, known: Pairs, width: int) -> NDArray[np.bool_]:
    """Mark the pairs that are not known; both sorted, all known ones among them."""
    keys, own = (rows * width + columns for rows, columns in (every, known))
    fresh = np.ones(len(keys), dtype=bool)
    fresh[np.searchsorted(keys, own)] = False
    return fresh


def _measured(names: Sequence[str], e: Evidence, rows: Ints, columns: Ints) -> Signals:
    """Return the named signals, several at a time: sparse products free the lock."""
    with ThreadPoolExecutor(_THREADS) as pool:
        found = [pool.submit(SIGNALS[name], e, rows, columns) for name in names]
        return {n: f.result() for n, f in zip(names, found, strict=True)}


def _mean(signals: Mapping[str, Floats]) -> Floats:
    """Return the mean of the nine plain signals; an unknown one counts as 0."""
    total = np.zeros_like(signals[NINE[0]])
    for name in NINE:
        total += np.nan_to_num(signals[name])
    total /= len(NINE)
    return total
