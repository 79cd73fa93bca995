"""Every tabular export we know, and which of them a header belongs to.

Decides by its header which vendor a table is from: of several layouts that fit,
the one that explains most columns wins, the first listed on a tie.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from redirectmap.readers.layout import Layout
from redirectmap.readers.layouts_crawl import CRAWL_LAYOUTS
from redirectmap.readers.layouts_links import LINK_LAYOUTS
from redirectmap.readers.layouts_other import OTHER_LAYOUTS

LAYOUTS: tuple[Layout, ...] = (*CRAWL_LAYOUTS, *LINK_LAYOUTS, *OTHER_LAYOUTS)


def layouts_of(headers: Sequence[str]) -> list[tuple[Layout, dict[str, int]]]:
    """Return the layouts that fit folded `headers`, best first."""
    fits = [(layout, layout.columns(headers)) for layout in LAYOUTS]
    found = [(layout, columns) for layout, columns in fits if columns is not None]
    return sorted(found, key=lambda fit: -_weight(*fit))


def _weight(layout: Layout, columns: Mapping[str, int]) -> float:
    return len(columns) + (0.5 if layout.telling else 0)
