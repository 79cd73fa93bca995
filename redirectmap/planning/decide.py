"""Decide for every old URL: redirect, gone, keep, or a person must look.

The rule, in order: a URL that lives on unchanged is kept; a pair is redirected
when the expected share of wrong rows among all taken stays within the error the
person allows; a row is gone when an equivalent is very unlikely and nobody links
to the page or visits it; everything else is review with the best proposal. The
front page is never a target by default: only an old front page, or a person, may
send a visitor there. The old site's own front page goes to the new site's: no
likeness is needed to know that, and no other answer would ever be right.

Why a budget and not a cut: scores are calibrated probabilities, so the sum of
(1 - p) over the rows taken is the number of wrong ones to expect; a fixed cosine
cut means another error on every site.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Any
from urllib.parse import urlsplit

import numpy as np
import pandas as pd

from redirectmap.planning.spelling import host_of, path_of, query_of
from redirectmap.signals.kinds import is_home


def proposals(scores: pd.DataFrame) -> pd.DataFrame:
    """Return one row per old URL: best pair, its runners-up, the evidence.

    Args:
        scores: As `redirectmap.matching.match` gives them.

    Returns:
        Index old_url; new_url, confidence, margin, alternatives, reason,
        home_only (the best target is the front page).
    """
    if scores.empty:
        return _no_proposals()
    ordered = scores.assign(
        _taken=scores["assigned"].fillna(value=False).astype(bool)
        if "assigned" in scores
        else False
    ).sort_values(["old_url", "_taken", "rank"], ascending=[True, False, True])
    ordered = _front_pages_last(ordered)
    place = ordered.groupby("old_url", sort=False).cumcount()
    best = ordered[place.eq(0)].set_index("old_url")
    table = pd.DataFrame(
        {
            "new_url": best["new_url"],
            "confidence": best["probability"].astype(float).clip(0, 1),
            "margin": best["margin"].astype(float).clip(-1, 1),
            "home_only": best["_home"],
            "evidence": _evidence(best),
        }
    )
    for number in (1, 2):
        other = ordered[place.eq(number)].set_index("old_url")
        table[f"alternative_{number}"] = other["new_url"]
        table[f"alternative_{number}_confidence"] = other["probability"].astype(float)
    return table


def _no_proposals() -> pd.DataFrame:
    names = ["new_url", "confidence", "margin", "home_only"]
    names += ["evidence"]
    for number in (1, 2):
        names += [f"alternative_{number}", f"alternative_{number}_confidence"]
    return pd.DataFrame(columns=names, index=pd.Index([], name="old_url"))


def _front_pages_last(ordered: pd.DataFrame) -> pd.DataFrame:
    """Put a front page behind every other candidate, unless the old one is one."""
    homes = {url: is_home(url) for url in ordered["new_url"].unique()}
    home = ordered["new_url"].map(homes).astype(bool)
    near = home[home].index
    if len(near):
        old = ordered.loc[near, "old_url"].map(is_home).astype(bool)
        home.loc[near] = ~old.to_numpy()
    ordered = ordered.assign(_home=home)
    return ordered.sort_values(["old_url", "_home"], kind="stable")


def _evidence(best: pd.DataFrame) -> pd.Series:
    """Name what speaks for each pair, and how far ahead it is."""
    from redirectmap.matching import reason

    rows: list[dict[Any, Any]] = best.to_dict("records")
    lines = [reason(row) for row in rows]
    return pd.Series(lines, index=best.index, dtype=object)


def decide(
    urls: pd.Index,
    scores: pd.DataFrame,
    live: set[str],
    *,
    max_error: float,
    valued: Collection[str] = (),
) -> pd.DataFrame:
    """Decide the rows that no redirect of old and no person has decided.

    Args:
        urls: Old URLs (keys).
        scores: As `redirectmap.matching.match` gives them.
        live: Keys of new pages that answer 200.
        max_error: Largest expected share of wrong rows among redirects.
        valued: Old URLs with links or visits: a person says whether they are gone.

    Returns:
        Index old_url; the columns of PLAN that a decision fills.
    """
    table = proposals(scores).reindex(urls)
    table["confidence"] = table["confidence"].astype(float)
    judged = _judged(scores, max_error).reindex(urls)
    redirect = judged.eq("redirect") & ~table["home_only"].eq(other=True)
    wanted = judged.eq("gone") & urls.isin(valued)
    gone = judged.eq("gone") & ~wanted
    same = pd.Series(urls.isin(live), index=urls)
    same_path = _same_path(table)
    action = pd.Series("review", index=urls, dtype=object)
    action = action.mask(gone, "gone").mask(redirect, "redirect").mask(same, "keep")
    table["action"] = action
    table["decided_by"] = np.where(same | (redirect & same_path), "identical", "match")
    table["reason"] = _reasons(table)
    table.loc[wanted & ~same, "reason"] += "; it has links or visits, so you decide"
    table.loc[same, "new_url"] = urls[same.to_numpy()]
    table.loc[same, "confidence"] = 1.0
    table.loc[gone & ~same, "new_url"] = None
    # a confidence is of a page; how sure it is that there is none, the reason says
    table.loc[gone & ~same, "confidence"] = np.nan
    _send_front_pages(table, live)
    return table


_SURE = 0.999


def _is_front(url: str) -> bool:
    parts = urlsplit(url)
    return parts.path == "/" and not parts.query


def _live_front(live: set[str]) -> str | None:
    """Return the new site's front page, if it has one that lives, and only one."""
    fronts = [url for url in live if _is_front(url)]
    return fronts[0] if len(fronts) == 1 else None


def _send_front_pages(table: pd.DataFrame, live: set[str]) -> None:
    """Overrule what was decided of the old front pages that do not live on."""
    target = _live_front(live)
    if target is None:
        return
    moved = [_is_front(url) and url not in live for url in table.index]
    front = pd.Series(moved, index=table.index, dtype=bool)
    other = front & ~table["new_url"].eq(target)
    table.loc[other, ["alternative_1", "alternative_2"]] = None
    table.loc[front, "action"] = "redirect"
    table.loc[front, "new_url"] = target
    table.loc[front, "decided_by"] = "identical"
    table.loc[front, ["confidence", "margin"]] = _SURE
    table.loc[front, "reason"] = "the front page of both sites"


def _judged(scores: pd.DataFrame, max_error: float) -> pd.Series:
    """Return the matcher's own verdict by old URL."""
    if scores.empty:
        return pd.Series(dtype=object)
    from redirectmap.matching import decide as judge

    return judge(scores, max_error)


def _same_path(table: pd.DataFrame) -> pd.Series:
    old = pd.Series(table.index, index=table.index)
    new = table["new_url"]
    return (
        new.notna()
        & path_of(old).eq(path_of(new))
        & query_of(old).eq(query_of(new))
        & host_of(old).ne(host_of(new))
    )


def _reasons(table: pd.DataFrame) -> pd.Series:
    reasons = []
    for row in table.itertuples():
        if row.action == "keep":
            reasons.append("the same URL lives on the new site")
        elif row.action == "gone":
            reasons.append(str(row.evidence))
        elif not isinstance(row.new_url, str):
            reasons.append("no candidate on the new site")
        elif row.home_only is True:
            reasons.append("only the front page is alike; a person must decide")
        else:
            reasons.append(str(row.evidence))
    return pd.Series(reasons, index=table.index, dtype=object)


_MERGED = re.compile(r"; merged: [\d,]+ old URLs share this target")


def name_merges(plan: pd.DataFrame) -> pd.DataFrame:
    """Say in the reason of each redirect how many others share its target."""
    redirect = plan["action"].eq("redirect") & plan["new_url"].notna()
    users = plan.loc[redirect].groupby("new_url")["old_url"].transform("size")
    shared = users[users > 1]
    said = plan["reason"].fillna("").astype(str).map(lambda s: _MERGED.sub("", s))
    plan = plan.assign(reason=said.where(plan["reason"].notna(), None))
    plan.loc[shared.index, "reason"] = [
        f"{text.removesuffix('.')}; merged: {count} old URLs share this target"
        for text, count in zip(said[shared.index], shared, strict=True)
    ]
    return plan
