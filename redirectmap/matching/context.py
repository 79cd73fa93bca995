"""Ask of every candidate pair what the rest of both sites says.

The first pass compares page with page. Here each pair is seen among the others:
where the neighbours went, whether a page above or below fits as well, who else
wants this new page, whether one heading of it says what the old page is about.

Cost    about 3 us a pair.
Reads   the pairs with their signals and `base`.
Writes  further columns; float32, NaN where nothing can be said. `*_claim` and
        `*_lead`: the value less the best other's of the new or old page, -1 .. 1.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from itertools import chain

import numpy as np
import pandas as pd

from redirectmap.matching.candidates import rank_within, within_budget
from redirectmap.matching.evidence import Evidence
from redirectmap.matching.votes import (
    Reals,
    Sums,
    Votes,
    ancestors,
    backed_off_share,
    climb,
    folder_levels,
    soft_choice,
)
from redirectmap.signals.links import pair_neighbours
from redirectmap.signals.words import (
    Floats,
    Ints,
    Vocabulary,
    count,
    rarity,
    weigh,
    widen,
)

CONTEXT = (
    "folder_rule",
    "area_rule",
    "page_votes",
    "above",
    "below",
    "wanted",
    "base_claim",
    "all_claim",
    "section",
    "section_lead",
    "neighbours_out",
    "neighbours_in",
    "prefix",
    "same_taken",
)
Values = Reals | Floats
_VOTES_FROM = 0.2
_SURE_BASE = 0.4
_SURE_LEAD = 0.08
_LINES_PER_PAGE = 40
_LINES_ON_LARGE = 10


def add_context(e: Evidence, table: pd.DataFrame) -> pd.DataFrame:
    """Return `table` with the columns of `CONTEXT` added."""
    rows, columns = table["old_row"].to_numpy(), table["new_row"].to_numpy()
    base = table["base"].to_numpy()
    with ThreadPoolExecutor(1) as pool:
        lines = pool.submit(sections, e, rows, columns)
        found = _around(e, table, soft_choice(rows, base))
        section = lines.result()
    found |= {
        "section": section,
        "section_lead": lead(rows, section),
        "base_claim": lead(columns, base),
        "all_claim": lead(columns, table["all"].to_numpy()),
        "prefix": _shared_prefix(e, rows, columns),
        "same_taken": _taken_by_same_path(table),
    }
    added = {name: np.asarray(found[name], dtype=np.float32) for name in CONTEXT}
    return table.assign(**added)


def _around(e: Evidence, table: pd.DataFrame, share: Reals) -> dict[str, Values]:
    """Return what the candidates of other pages say of each pair."""
    rows, columns = table["old_row"].to_numpy(), table["new_row"].to_numpy()
    sure = sure_pairs(table)
    return {
        **_neighbours_went(e, rows, columns, share),
        **_above_and_below(e, rows, columns, share),
        "wanted": np.log1p(np.bincount(columns, share)[columns] - share),
        "neighbours_out": pair_neighbours(
            e.old.links, e.new.links, sure, rows, columns
        ),
        "neighbours_in": pair_neighbours(
            e.old.links.T.tocsr(), e.new.links.T.tocsr(), sure, rows, columns
        ),
    }


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


def _neighbours_went(
    e: Evidence, rows: Ints, columns: Ints, share: Reals
) -> dict[str, Reals]:
    """Say which share of the old page's neighbours went where this pair goes."""
    levels = folder_levels(e.old.fields.path)
    votes = share > _VOTES_FROM
    who, what, weight = rows[votes], columns[votes], share[votes]

    def agree(target: Ints) -> Reals:
        cast = Votes(who, target[what], weight)
        return backed_off_share(levels, cast, rows, target[columns])

    paths = e.new.fields.path
    return {
        "folder_rule": agree(_numbered(e.new.fields.folder)),
        "area_rule": agree(_numbered([p.partition("/")[0] for p in _areas(paths)])),
        "page_votes": agree(np.arange(len(paths))),
    }


def _areas(paths: list[str]) -> list[str]:
    """Return the paths; of pages at the root nothing, they are no area."""
    return [path if "/" in path else "" for path in paths]


def _numbered(names: list[str]) -> Ints:
    number = {name: i for i, name in enumerate(dict.fromkeys(names))}
    return np.array([number[name] for name in names], dtype=np.int64)


def _above_and_below(
    e: Evidence, rows: Ints, columns: Ints, share: Reals
) -> dict[str, Reals]:
    """Add up the shares of the candidates below, and above, each pair's new page."""
    pair, higher = climb(columns, ancestors(e.new.fields.path))
    below = Sums(rows[pair], higher, share[pair])(rows, columns)
    over = Sums(rows, columns, share)(rows[pair], higher)
    above: Reals = np.bincount(pair, over, len(rows)).astype(float)
    return {"below": below, "above": above}


def sections(e: Evidence, rows: Ints, columns: Ints) -> Floats:
    """Return the likeness of the old page's name and the new page's best heading.

    NaN where the new page has no headings.
    """
    sizes = np.array([len(lines) for lines in e.new.fields.headings], dtype=np.int64)
    out = np.full(len(rows), np.nan, dtype=np.float32)
    if sizes.any() and len(rows):
        page = np.repeat(np.arange(len(sizes)), sizes)
        likeness = _best_lines(e, page)(rows, columns)
        out[sizes[columns] > 0] = likeness[sizes[columns] > 0]
    return out


def _best_lines(e: Evidence, page: Ints) -> Sums:
    """Compare old names with new headings; keep each pair of pages' best."""
    from sparse_dot_topn import sp_matmul_topn

    old, words = e.old.fields, Vocabulary()
    names = [title or slug for title, slug in zip(old.title, old.slug, strict=True)]
    counts = [
        count(names, words),
        count(chain.from_iterable(e.new.fields.headings), words),
    ]
    weight = rarity([widen(matrix, words.size) for matrix in counts])
    name, line = (weigh(matrix, weight) for matrix in counts)
    most = _LINES_ON_LARGE if e.large else _LINES_PER_PAGE
    if e.large:
        name, line = within_budget(name, line)
    hits = sp_matmul_topn(name, line.T.tocsr(), top_n=most, threshold=0.1).tocoo()
    order = np.argsort(-hits.data, kind="stable")
    row, column = hits.row[order].astype(np.int64), page[hits.col[order]]
    _, best = np.unique(row * (int(page.max()) + 1) + column, return_index=True)
    return Sums(row[best], column[best], hits.data[order][best].astype(float))


def _shared_prefix(e: Evidence, rows: Ints, columns: Ints) -> Reals:
    """Return which share of the old path's segments the new path begins with."""
    old, new = folder_levels_of(e.old.fields.path, e.new.fields.path)
    length = np.array([p.count("/") + 1 for p in e.old.fields.path], dtype=float)
    same, shared = np.ones(len(rows), dtype=bool), np.zeros(len(rows))
    for before, after in zip(old.T, new.T, strict=True):
        same &= (before[rows] == after[columns]) & (before[rows] >= 0)
        shared += same
    share: Reals = shared / length[rows]
    return share


def folder_levels_of(old: list[str], new: list[str]) -> tuple[Ints, Ints]:
    """Number both sites' path beginnings alike: equal numbers, equal beginnings."""
    numbers: dict[str, int] = {}
    sides = []
    for paths in (old, new):
        out = np.full((len(paths), _PREFIX_DEPTH), -1, dtype=np.int64)
        for row, path in enumerate(paths):
            parts = path.split("/")[:_PREFIX_DEPTH]
            for depth in range(len(parts)):
                start = "/".join(parts[: depth + 1])
                out[row, depth] = numbers.setdefault(start, len(numbers))
        sides.append(out)
    return sides[0], sides[1]


_PREFIX_DEPTH = 6


def _taken_by_same_path(table: pd.DataFrame) -> Floats:
    """Say whether the new page has the very path of another old page."""
    same = table["same_path"].to_numpy() == 1
    owners = np.unique(table["new_row"].to_numpy()[same])
    taken = np.isin(table["new_row"].to_numpy(), owners) & ~same
    flag: Floats = taken.astype(np.float32)
    return flag
