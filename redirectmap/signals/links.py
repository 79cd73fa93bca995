"""Compare the neighbours of two pages through the pairs that are sure already.

An old page's link targets are carried over by the sure pairs; the share they
have in common with the new page's own targets tells whether both stand at the
same place of their site. The same for the pages that link here.

Cost    one sparse product per site and direction.
Reads   internal links as row numbers, the sure pairs.
Writes  0 .. 1 per pair; NaN where one of the two has no known neighbour.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from scipy import sparse

from redirectmap.signals.words import Floats, Ints, pair_cosine, unit


def adjacency(
    sources: Sequence[str] | pd.Series,
    targets: Sequence[str] | pd.Series,
    urls: Sequence[str],
) -> sparse.csr_matrix:
    """Return the site's link matrix: 1 where row links to column.

    Args:
        sources: URL that each link stands on.
        targets: URL that each link points to.
        urls: The site's pages; other URLs, and links to oneself, are left out.
    """
    pages = pd.Index(np.asarray(urls, dtype=object))
    first = np.flatnonzero(~pages.duplicated())
    ends = [
        np.append(first, -1)[pages[first].get_indexer(np.asarray(side, dtype=object))]
        for side in (sources, targets)
    ]
    inside = (ends[0] >= 0) & (ends[1] >= 0) & (ends[0] != ends[1])
    row, column = (side[inside] for side in ends)
    ones = np.ones(len(row), dtype=np.float32)
    matrix = sparse.csr_matrix((ones, (row, column)), shape=(len(pages), len(pages)))
    matrix.data[:] = 1  # a link that stands twice counts once
    return matrix


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
