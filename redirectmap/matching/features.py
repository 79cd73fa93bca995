"""Compare every candidate pair in every way there is: one column per signal.

Two passes. The first compares page with page. Its mutual best pairs with a
clear lead are "sure"; the second pass asks what they teach: where folders
went, who the neighbours are, and which page has a better claim.

Cost    about 10 us a pair on a core.
Reads   `Evidence`.
Writes  a table of pairs; float32, 0 unlike .. 1 same, NaN where nothing can be
        said. `*_lead` columns: the value less the best other's, -1 .. 1.
Bounds  at most `keep` pairs per old page survive the first pass.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pandas as pd
from rapidfuzz import fuzz

from redirectmap.matching.candidates import (
    nearest,
    nearest_vectors,
    parents,
    rank_within,
    same_identifier,
    same_key,
    top_per_row,
    union,
)
from redirectmap.matching.evidence import Evidence
from redirectmap.signals.folders import FolderRules
from redirectmap.signals.links import pair_neighbours
from redirectmap.signals.strings import pair_ratio, pair_same
from redirectmap.signals.words import Floats, Ints, contained, pair_cosine

Signal = Callable[[Evidence, Ints, Ints], Floats]
_CHUNK = 16_000
_THREADS = 2


def _cosine(field: str) -> Signal:
    return lambda e, r, c: pair_cosine(e.old.words[field], e.new.words[field], r, c)


def _inside(inner: str, outer: str, *, swap: bool = False) -> Signal:
    def signal(e: Evidence, r: Ints, c: Ints) -> Floats:
        if swap:
            return contained(e.new.counts[inner], e.old.counts[outer], e.rarity, c, r)
        return contained(e.old.counts[inner], e.new.counts[outer], e.rarity, r, c)

    return signal


def _embedding(e: Evidence, r: Ints, c: Ints) -> Floats:
    return _product(e.old.vectors, e.new.vectors, r, c)


def _name_embedding(e: Evidence, r: Ints, c: Ints) -> Floats:
    return _product(e.old.names, e.new.names, r, c)


def _product(old: Floats, new: Floats, r: Ints, c: Ints) -> Floats:
    out = np.empty(len(r), dtype=np.float32)
    for start in range(0, len(r), _CHUNK):
        part = slice(start, start + _CHUNK)
        out[part] = np.einsum("ij,ij->i", old[r[part]], new[c[part]])
    silent_old, silent_new = ((~v.any(axis=1)).astype(bool) for v in (old, new))
    blank = np.asarray(silent_old)[r] | np.asarray(silent_new)[c]
    out[blank] = np.nan
    return out


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


def _length(e: Evidence, r: Ints, c: Ints) -> Floats:
    sizes = [np.array(s.fields.length, dtype=np.float32) for s in (e.old, e.new)]
    a, b = sizes[0][r], sizes[1][c]
    out: Floats = np.full(len(r), np.nan, dtype=np.float32)
    known = (a > 0) & (b > 0)
    out[known] = np.minimum(a, b)[known] / np.maximum(a, b)[known]
    return out


def _depth(e: Evidence, r: Ints, c: Ints) -> Floats:
    old, new = (
        np.array([p.count("/") for p in s.fields.path], dtype=np.float32)
        for s in (e.old, e.new)
    )
    difference: Floats = new[c] - old[r]
    return difference


def _new_depth(e: Evidence, _r: Ints, c: Ints) -> Floats:
    depth = np.array([p.count("/") for p in e.new.fields.path], dtype=np.float32)
    deep: Floats = depth[c]
    return deep


def _strings(field: str, scorer: Callable[..., float]) -> Signal:
    return lambda e, r, c: pair_ratio(
        getattr(e.old.fields, field), getattr(e.new.fields, field), r, c, scorer
    )


def _same(field: str) -> Signal:
    return lambda e, r, c: pair_same(
        getattr(e.old.fields, field), getattr(e.new.fields, field), r, c
    )


SIGNALS: dict[str, Signal] = {
    "path_words": _cosine("path"),
    "path_chars": lambda e, r, c: pair_cosine(e.old.chars, e.new.chars, r, c),
    "path_ratio": _strings("path", fuzz.ratio),
    "slug_words": _cosine("slug"),
    "slug_ratio": _strings("slug", fuzz.ratio),
    "folder": _cosine("folder"),
    "title": _cosine("title"),
    "title_set": _strings("title", fuzz.token_set_ratio),
    "headings": _cosine("headings"),
    "text": _cosine("text"),
    "all": _cosine("all"),
    "embedding": _embedding,
    "name_embedding": _name_embedding,
    "identifier": _identifier,
    "language": _same("lang"),
    "kind": _same("kind"),
    "length": _length,
    "same_path": _same("path"),
    "section": _inside("title", "headings"),
    "topic_inside": _inside("slug", "all"),
    "text_inside": _inside("text", "text"),
    "title_inside": _inside("title", "all"),
    "new_title_inside": _inside("title", "all", swap=True),
    "new_slug_inside": _inside("slug", "path", swap=True),
    "depth": _depth,
    "new_depth": _new_depth,
}
BASE = (
    "path_words",
    "path_chars",
    "slug_words",
    "slug_ratio",
    "title",
    "headings",
    "text",
    "all",
    "embedding",
    "name_embedding",
    "folder",
)
LEADS = (
    "path_words",
    "path_chars",
    "slug_ratio",
    "title",
    "text",
    "all",
    "embedding",
    "name_embedding",
)
SECOND = ("folder_rule", "neighbours_out", "neighbours_in")
NAMES = (
    *SIGNALS,
    "base",
    *SECOND,
    *(f"{name}_lead" for name in (*LEADS, "base")),
    "base_claim",
    "all_claim",
    "same_taken",
    "wanted",
)
_SURE_BASE = 0.45
_SURE_LEAD = 0.1
_FOLDER_PAGES = 1_500
_FOLDER_BEST = 6


def compare(evidence: Evidence, *, keep: int = 20, k: int = 8) -> pd.DataFrame:
    """Return the candidate pairs with all their signals.

    Args:
        evidence: Both sites.
        keep: Pairs per old page that survive the first pass.
        k: New pages that each rule proposes per old page.

    Returns:
        old_row, new_row and `NAMES`, sorted by old_row, new_row.
    """
    rows, columns = propose(evidence, k)
    table = _first_pass(evidence, rows, columns, keep)
    sure = sure_pairs(table)
    rules = FolderRules(evidence.old.fields.path, evidence.new.fields.path, *sure)
    table = _add_moved(evidence, table, rules)
    sure = sure_pairs(table)
    rules = FolderRules(evidence.old.fields.path, evidence.new.fields.path, *sure)
    _second_pass(evidence, table, rules, sure)
    return table


def propose(evidence: Evidence, k: int) -> tuple[Ints, Ints]:
    """Return the pairs that at least one cheap rule proposes."""
    old, new = evidence.old, evidence.new
    width = len(new.fields)
    parts = [
        nearest(old.words["path"], new.words["path"], k),
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
            parents(best, new.fields.path),
            (back[1], back[0]),
            nearest(old.words["title"], new.words["title"], k),
            nearest(old.words["title"], new.words["headings"], 4),
            nearest_vectors(old.vectors, new.vectors, k),
            nearest_vectors(old.names, new.names, k),
        ]
    return union(parts, width)


def _first_pass(e: Evidence, rows: Ints, columns: Ints, keep: int) -> pd.DataFrame:
    quick = _measured(BASE, e, rows, columns)
    base = _mean(list(quick.values()))
    best = top_per_row(rows, base, keep)
    best |= SIGNALS["same_path"](e, rows, columns) == 1
    rows, columns = rows[best], columns[best]
    columns_of = {name: values[best] for name, values in quick.items()}
    return _signals(e, rows, columns, columns_of)


def _signals(
    e: Evidence, rows: Ints, columns: Ints, known: dict[str, Floats]
) -> pd.DataFrame:
    unknown = [name for name in SIGNALS if name not in known]
    measured = known | _measured(unknown, e, rows, columns)
    found = {name: measured[name] for name in SIGNALS}
    found["base"] = _mean([found[name] for name in BASE])
    return pd.DataFrame({"old_row": rows, "new_row": columns, **found})


def _measured(
    names: Sequence[str], e: Evidence, rows: Ints, columns: Ints
) -> dict[str, Floats]:
    """Return the named signals, several at a time: sparse products free the lock."""
    with ThreadPoolExecutor(_THREADS) as pool:
        found = [pool.submit(SIGNALS[name], e, rows, columns) for name in names]
        return {n: f.result() for n, f in zip(names, found, strict=True)}


def _mean(columns: list[Floats]) -> Floats:
    """Return the mean of the known values; unknown ones pull a little to 0."""
    stack = np.stack(columns)
    known = ~np.isnan(stack)
    total = np.where(known, stack, 0).sum(axis=0)
    mean: Floats = (total / np.maximum(known.sum(axis=0) + 0.5, 1)).astype(np.float32)
    return mean


def sure_pairs(table: pd.DataFrame) -> tuple[Ints, Ints]:
    """Return the pairs that are each other's best, high, and clear of the next."""
    old, new = table["old_row"].to_numpy(), table["new_row"].to_numpy()
    base = table["base"].to_numpy()
    sure = (rank_within(old, base) == 1) & (rank_within(new, base) == 1)
    sure &= (base >= _SURE_BASE) & (lead(old, base) >= _SURE_LEAD)
    sure |= (table["same_path"].to_numpy() == 1) & (base >= _SURE_BASE)
    sure &= rank_within(old, np.where(sure, base, -1).astype(np.float32)) == 1
    return old[sure], new[sure]


def lead(groups: Ints, score: Floats) -> Floats:
    """Return each value less the best other value of its group (0 if alone)."""
    value = np.nan_to_num(score, nan=0.0).astype(np.float32)
    order = np.argsort(groups, kind="stable")
    group, ordered = groups[order], value[order]
    starts = np.flatnonzero(np.r_[True, group[1:] != group[:-1]])
    sizes = np.diff(np.r_[starts, len(group)])
    best = np.repeat(np.maximum.reduceat(ordered, starts), sizes)
    place = np.where(ordered == best, np.arange(len(best)), len(best))
    first = np.minimum.reduceat(place, starts)
    others = ordered.copy()
    others[first] = -np.inf
    second = np.maximum.reduceat(others, starts)
    other = best.copy()
    other[first] = np.where(sizes > 1, second, 0)
    out = np.empty(len(value), dtype=np.float32)
    out[order] = ordered - other
    return out


def _add_moved(e: Evidence, table: pd.DataFrame, rules: FolderRules) -> pd.DataFrame:
    width = len(e.new.fields)
    moved = [rules.moved(), _in_folder(e, rules)]
    rows, columns = union(moved, width)
    have = table["old_row"].to_numpy() * width + table["new_row"].to_numpy()
    more = np.setdiff1d(rows * width + columns, have)
    if not len(more):
        return table
    extra = _signals(e, more // width, more % width, {})
    return pd.concat([table, extra], ignore_index=True).sort_values(
        ["old_row", "new_row"], ignore_index=True
    )


def _in_folder(e: Evidence, rules: FolderRules) -> tuple[Ints, Ints]:
    """Propose, for pages of a folder that moved, the nearest names where it went."""
    parts: list[tuple[Ints, Ints]] = [(np.zeros(0, np.int64), np.zeros(0, np.int64))]
    for rows, columns in rules.groups(_FOLDER_PAGES):
        likeness = e.old.names[rows] @ e.new.names[columns].T
        most = min(_FOLDER_BEST, likeness.shape[1])
        best = np.argpartition(-likeness, most - 1, axis=1)[:, :most]
        parts.append((np.repeat(rows, best.shape[1]), columns[best].ravel()))
    rows_all, columns_all = zip(*parts, strict=True)
    return np.concatenate(rows_all), np.concatenate(columns_all)


def _second_pass(
    e: Evidence, table: pd.DataFrame, rules: FolderRules, sure: tuple[Ints, Ints]
) -> None:
    rows, columns = table["old_row"].to_numpy(), table["new_row"].to_numpy()
    table["folder_rule"] = rules.score(rows, columns)
    table["neighbours_out"] = pair_neighbours(
        e.old.links, e.new.links, sure, rows, columns
    )
    table["neighbours_in"] = pair_neighbours(
        e.old.links.T.tocsr(), e.new.links.T.tocsr(), sure, rows, columns
    )
    for name in (*LEADS, "base"):
        table[f"{name}_lead"] = lead(rows, table[name].to_numpy())
    table["base_claim"] = lead(columns, table["base"].to_numpy())
    table["all_claim"] = lead(columns, table["all"].to_numpy())
    table["same_taken"] = _taken_by_same_path(table)
    table["wanted"] = _wanted(table, len(e.new.fields))


def _taken_by_same_path(table: pd.DataFrame) -> Floats:
    """Say whether the new page has the very path of another old page."""
    same = table["same_path"].to_numpy() == 1
    owners = np.unique(table["new_row"].to_numpy()[same])
    taken = np.isin(table["new_row"].to_numpy(), owners) & ~same
    flag: Floats = taken.astype(np.float32)
    return flag


def _wanted(table: pd.DataFrame, width: int) -> Floats:
    """Count the old pages whose best pair this new page is, as a logarithm."""
    columns = table["new_row"].to_numpy()
    best = rank_within(table["old_row"].to_numpy(), table["base"].to_numpy()) == 1
    votes = np.bincount(columns[best], minlength=width)
    wanted: Floats = np.log1p(votes)[columns].astype(np.float32)
    return wanted
