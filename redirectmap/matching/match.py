"""Match two sites: from pages to a table of judged candidates.

Cost    nearly linear in the pages of both sites.
Reads   `pages` and `links` of both sites, a value per old page.
Writes  the scores table: at most ten candidates per old page.
Bounds  as its parts; the same input always gives the same table.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from redirectmap.matching.assignment import SHARING_PRICE, assign
from redirectmap.matching.evidence import SiteTables, gather
from redirectmap.matching.features import NAMES, in_context, likely_pairs
from redirectmap.matching.scoring import judge
from redirectmap.tables.memory import give_back

KEPT = 10
_LEAST_VALUE = 0.05
COLUMNS = ("probability", "rank", "margin", "assigned", "no_equivalent")


@dataclass(frozen=True, slots=True)
class MatchSettings:
    """How to match.

    Attributes:
        model: `static` (shipped), `minilm`, a hub name or a folder.
        sharing_price: What each further old page pays for a target, 0 to 1.
        keep_texts: As `gather`.
    """

    model: str = "static"
    sharing_price: float = SHARING_PRICE
    keep_texts: bool = True


def match(
    old: SiteTables,
    new: SiteTables,
    *,
    values: pd.Series | None = None,
    settings: MatchSettings | None = None,
    on_step: Callable[[str], None] = lambda _step: None,
) -> pd.DataFrame:
    """Judge the candidates of every old page.

    Args:
        old: The old site's tables.
        new: The new site's tables.
        values: Weight of each old URL, 0 or more; equal where not given.
        settings: How.
        on_step: Told the name of each step as it begins.

    Returns:
        old_url, new_url, one column per signal, probability, rank, margin,
        assigned, no_equivalent; `attrs["assignment"]` holds the expected value
        kept by the assignment and by greedy choice.
    """
    how = settings or MatchSettings()
    if old.pages.empty or new.pages.empty:
        return _none()
    on_step("read")
    evidence = gather(old, new, how.model, keep_texts=how.keep_texts)
    on_step("compare")
    keep, k = (12, 5) if evidence.large else (20, 8)
    likely = likely_pairs(evidence, keep=keep, k=k)
    evidence = evidence.without_words()
    give_back()
    table = in_context(evidence, likely, keep=keep)
    del likely
    if table.empty:
        return _none()
    urls = [np.array(s.fields.url, dtype=object) for s in (evidence.old, evidence.new)]
    del evidence  # the largest thing in memory
    give_back()
    on_step("judge")
    judged = judge(table)
    judged = judged[judged["rank"] <= KEPT].reset_index(drop=True)
    judged.insert(0, "old_url", urls[0][judged["old_row"]])
    judged.insert(1, "new_url", urls[1][judged["new_row"]])
    on_step("assign")
    return _assigned(judged, values, how.sharing_price)


def _assigned(
    judged: pd.DataFrame, values: pd.Series | None, price: float
) -> pd.DataFrame:
    weight = np.ones(len(judged))
    if values is not None and len(values) and float(values.max()) > 0:
        share = values / float(values.max())
        weight = judged["old_url"].map(share).fillna(0.0).to_numpy(float)
    chance = judged["probability"].to_numpy(dtype=np.float32)
    result = assign(
        judged["old_row"].to_numpy(),
        judged["new_row"].to_numpy(),
        chance,
        weight + _LEAST_VALUE,
        price=price,
    )
    out = judged.assign(assigned=result.chosen)
    out = out.sort_values(["old_row", "rank"], ignore_index=True)
    names = [*NAMES, "probability", "margin", "no_equivalent"]
    out = out.astype(dict.fromkeys(names, np.float32))
    out = out[["old_url", "new_url", *NAMES, *COLUMNS]]
    out.attrs["assignment"] = {"kept": result.kept, "greedy": result.greedy}
    return out


def _none() -> pd.DataFrame:
    empty = pd.DataFrame(columns=["old_url", "new_url", *NAMES, *COLUMNS])
    return empty.astype(
        {**dict.fromkeys(NAMES, np.float32), "assigned": bool, "rank": np.int64}
    )
