"""Decide for every old URL: redirect, gone, keep, or a person must look.

The rule, in order: a URL that lives on unchanged is kept; a pair is redirected
when the expected share of wrong rows among all taken stays within the error the
person allows; a row is gone when the evidence for "no equivalent" is as strong;
everything else is review with the best proposal. The front page is never a
target by default: only an old front page, or a person, may send a visitor there.

Why a budget and not a cut: scores are calibrated probabilities, so the sum of
(1 - p) over the rows taken is the number of wrong ones to expect; a fixed cosine
cut means another error on every site.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from redirectmap.planning.spelling import host_of, path_of, query_of
from redirectmap.signals.kinds import is_home

_NOT_SIGNALS = {
    "old_url",
    "new_url",
    "probability",
    "rank",
    "margin",
    "assigned",
    "no_equivalent",
}
_STRONG = 0.7
_CHANCE = 0.5


@dataclass(frozen=True, slots=True)
class Budget:
    """How wrong the tool may be on its own.

    Attributes:
        max_error: Largest expected share of wrong rows among redirects.
        max_gone_error: The same among gone rows.
    """

    max_error: float = 0.01
    max_gone_error: float = 0.05


def proposals(scores: pd.DataFrame) -> pd.DataFrame:
    """Return one row per old URL: best pair, its runners-up, the evidence.

    Args:
        scores: As `redirectmap.matching.match` gives them.

    Returns:
        Index old_url; new_url, confidence, margin, alternatives, no_equivalent,
        reason, home_only (the best target is the front page).
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
            "no_equivalent": best.get("no_equivalent", pd.Series(np.nan, best.index)),
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
    names = ["new_url", "confidence", "margin", "no_equivalent", "home_only"]
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
    """Name the strongest signals of each pair: `title 0.98, path 0.91`."""
    names = [
        name
        for name in best.columns
        if name not in _NOT_SIGNALS
        and not name.startswith("_")
        and pd.api.types.is_float_dtype(best[name])
    ]
    if not names:
        return pd.Series("", index=best.index)
    values = best[names].to_numpy(dtype=float)
    filled = np.where(np.isnan(values), -1, values)
    top = np.argsort(-filled, axis=1, kind="stable")[:, :3]
    lines = []
    for row, columns in enumerate(top):
        said = [
            f"{names[column].replace('_', ' ')} {filled[row, column]:.2f}"
            for column in columns
            if filled[row, column] >= _STRONG
        ]
        lines.append(", ".join(said) or "no signal above 0.7")
    return pd.Series(lines, index=best.index)


def within_budget(chance: pd.Series, allowed: float, *, floor: float) -> pd.Series:
    """Say which rows may be taken, surest first, within the error allowed.

    Args:
        chance: Probability that the row is right.
        allowed: Largest mean of (1 - chance) over the rows taken.
        floor: Never take a row below this chance.

    Returns:
        bool on the index of `chance`.
    """
    known = chance.dropna().sort_values(ascending=False, kind="stable")
    expected = (1 - known).cumsum() / np.arange(1, len(known) + 1)
    taken = known.index[(expected <= allowed + 1e-12) & (known >= floor)]
    verdict = pd.Series(data=False, index=chance.index)
    verdict.loc[taken] = True
    return verdict


def decide(
    urls: pd.Index, proposed: pd.DataFrame, live: set[str], budget: Budget
) -> pd.DataFrame:
    """Decide the rows that no redirect of old and no person has decided.

    Args:
        urls: Old URLs (keys).
        proposed: As `proposals` gives them.
        live: Keys of new pages that answer 200.
        budget: The error allowed.

    Returns:
        Index old_url; the columns of PLAN that a decision fills.
    """
    table = proposed.reindex(urls)
    table["confidence"] = table["confidence"].astype(float)
    chance = table["confidence"].where(~table["home_only"].eq(True), 0.0)
    redirect = within_budget(chance, budget.max_error, floor=_CHANCE)
    nothing = table["no_equivalent"].astype(float).where(~redirect)
    gone = within_budget(nothing, budget.max_gone_error, floor=0.9)
    same = pd.Series(urls.isin(live), index=urls)
    same_path = _same_path(table)
    action = pd.Series("review", index=urls, dtype=object)
    action = action.mask(gone, "gone").mask(redirect, "redirect").mask(same, "keep")
    table["action"] = action
    table["decided_by"] = np.where(same | (redirect & same_path), "identical", "match")
    table["reason"] = _reasons(table, same_path)
    table.loc[same, "new_url"] = urls[same.to_numpy()]
    table.loc[same, "confidence"] = 1.0
    table.loc[gone & ~same, "new_url"] = None
    table.loc[gone & ~same, "confidence"] = nothing[gone & ~same]
    return table


def _same_path(table: pd.DataFrame) -> pd.Series:
    old = pd.Series(table.index, index=table.index)
    new = table["new_url"]
    return (
        new.notna()
        & path_of(old).eq(path_of(new))
        & query_of(old).eq(query_of(new))
        & host_of(old).ne(host_of(new))
    )


def _reasons(table: pd.DataFrame, same_path: pd.Series) -> pd.Series:
    reasons = []
    for row in table.assign(same_path=same_path).itertuples():
        if row.action == "keep":
            reasons.append("the same URL lives on the new site")
        elif row.action == "gone":
            reasons.append(f"no equivalent: {row.no_equivalent:.0%} sure none is right")
        elif not isinstance(row.new_url, str):
            reasons.append("no candidate on the new site")
        elif row.home_only is True:
            reasons.append("only the front page is alike; a person must decide")
        else:
            path = "same path, " if row.same_path else ""
            reasons.append(f"{path}{row.evidence}")
    return pd.Series(reasons, index=table.index, dtype=object)


def name_merges(plan: pd.DataFrame) -> pd.DataFrame:
    """Say in the reason of each redirect how many others share its target."""
    redirect = plan["action"].eq("redirect")
    users = plan.loc[redirect].groupby("new_url")["old_url"].transform("size")
    shared = users[users > 1]
    said = plan.loc[shared.index, "reason"].fillna("").str.removesuffix(".")
    plan = plan.copy()
    plan.loc[shared.index, "reason"] = [
        f"{text}; merged: {count} old URLs share this target"
        if "; merged: " not in text
        else text
        for text, count in zip(said, shared, strict=True)
    ]
    return plan
