"""Compare the neighbours of two pages through the pairs that are sure already.

An old page's link targets are carried over by the sure pairs; the share they
have in common with the new page's own targets tells whether both stand at the
same place of their site. The same for the pages that link here.

Cost    one sparse product per site and direction.
Reads   internal links as row numbers, the sure pairs.
Writes  0 .. 1 per pair; NaN where one of the two has no known neighbour.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np
from scipy import sparse

from redirectmap.signals.words import Floats, Ints, pair_cosine, unit


def adjacency(
    links: Iterable[tuple[str, str]], rows: Mapping[str, int]
) -> sparse.csr_matrix:
    """Return the site's link matrix: 1 where row links to column."""
    ends = {(rows[a], rows[b]) for a, b in links if a in rows and b in rows and a != b}
    size = len(rows)
    if not ends:
        return sparse.csr_matrix((size, size), dtype=np.float32)
    both = np.array(sorted(ends), dtype=np.int64)
    ones = np.ones(len(both), dtype=np.float32)
    return sparse.csr_matrix((ones, (both[:, 0], both[:, 1])), shape=(size, size))


def pair_neighbours(
    old: sparse.csr_matrix,
    new: sparse.csr_matrix,
    sure: tuple[Ints, Ints],
    rows: Ints,
    columns: Ints,
) -> Floats:
    """Return the cosine of carried-over and own neighbours, rare ones count more."""
    shape = (old.shape[0], new.shape[0])
    ones = np.ones(len(sure[0]), dtype=np.float32)
    carried = (old @ sparse.csr_matrix((ones, sure), shape=shape)).tocsr()
    known = np.zeros(new.shape[0], dtype=np.float32)
    known[sure[1]] = 1
    own = (new @ sparse.diags(known)).tocsr()
    popular = np.bincount(own.indices, minlength=own.shape[1])
    weight = np.log((2 + own.shape[0]) / (1 + popular)).astype(np.float32)
    sides = []
    for matrix in (carried, own):
        matrix.eliminate_zeros()
        matrix.data = matrix.data * weight[matrix.indices]
        sides.append(unit(matrix))
    return pair_cosine(sides[0], sides[1], rows, columns)
