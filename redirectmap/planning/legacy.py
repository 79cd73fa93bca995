"""Fold redirects that exist already into the plan, each with one hop.

Decides for every source of an old rule where its visitor ends today, over all
hops, and hands it the plan's own answer for that page:

    ends at a page of the new site    that page
    ends at a page of the old site    whatever the plan says of that page
    ends at 404 or 410                gone
    leaves both sites                 where it went, as somebody decided once
    runs in a loop, ends at nothing   planned anew, like any page

A source that answers by itself today (the crawl met a page there) is planned as
the page it is, for the rule does not act. Hops are followed by key; where a rule
points to a spelling that nobody knows, the one known spelling is taken that
differs only in scheme, `www.`, case or closing slash, as servers do.

Bounds  pattern rules must have been expanded over known URLs before.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd

from redirectmap.planning.chains import following, trail_of, walk
from redirectmap.planning.spelling import folded, host_of, keys_of
from redirectmap.planning.universe import Universe
from redirectmap.urls import registrable_domain

NoteKind = Literal[
    "legacy-loop", "legacy-source-live", "legacy-conflict", "legacy-dead-target"
]


@dataclass(frozen=True, slots=True)
class Note:
    """Something about an existing rule that a person should know."""

    kind: NoteKind
    old_url: str
    message: str


@dataclass(frozen=True)
class Folded:
    """Decisions with the old rules folded in.

    Attributes:
        decided: Index old_url, as `decide` gives it.
        notes: What a person should know of the rules.
        goals: Source to the old page whose answer it took over.
    """

    decided: pd.DataFrame
    notes: tuple[Note, ...]
    goals: Mapping[str, str]


@dataclass(frozen=True)
class Sites:
    """What is known of both sites, for following rules.

    Attributes:
        live: Keys of new pages that answer 200.
        answering: Keys of old pages that a crawl saw answer 2xx.
        domains: Registrable domains of both sites.
    """

    live: Collection[str]
    answering: Collection[str]
    domains: Collection[str]


def widened(universe: Universe, rules: pd.DataFrame, pages: pd.DataFrame) -> Universe:
    """Make every source of a rule a row, and pages that rules alone know.

    Args:
        universe: The rows so far.
        rules: Schema LEGACY.
        pages: The old site's pages, Schema PAGES.
    """
    keys = keys_of(pages["url"])
    dead = set(keys[pages["status"].ge(400).fillna(value=False).to_numpy(bool)])
    hosts = set(host_of(keys)) - {""}
    targets = keys_of(rules["target"]).dropna()
    ours = targets[host_of(targets).isin(hosts) & ~targets.isin(dead)]
    sources = keys_of(rules["source"]).dropna()
    known = set(universe.urls)
    fresh = [url for url in dict.fromkeys([*sources, *ours]) if url not in known]
    home_of = {u: h for u, h in universe.home_of.items() if u not in set(fresh)}
    return Universe(
        pd.Index([*universe.urls, *fresh], dtype=object),
        home_of,
        universe.origin | dict.fromkeys(fresh, "legacy"),
    )


def legacy_ends(legacy: pd.DataFrame, known: Collection[str] = ()) -> pd.DataFrame:
    """Follow every old rule to its end.

    Args:
        legacy: Schema LEGACY; the first rule of a source counts.
        known: Keys of URLs that are known beside the rules' own sources.

    Returns:
        Index: key of the source. end (key of the last target, None for a loop or
        a 410), href (the last target as written), hops (redirects a visitor
        takes today), loop (members as text, empty for none), origin.
    """
    rules = _one_per_source(legacy)
    exact = following(rules["source"].tolist(), rules["target"].tolist())
    links = _spelling_links(rules, exact, set(known))
    walked = walk(links)
    looping = walked.loop >= 0
    for column, cells in (("end", "target"), ("href", "href")):
        rules[column] = rules[cells].to_numpy()[walked.end]
        rules.loc[looping, column] = None
    rules["hops"] = walked.hops + 1
    rules["loop"] = [
        " -> ".join(rules["source"].iloc[trail_of(row, links)]) if caught else ""
        for row, caught in enumerate(looping.tolist())
    ]
    return rules.set_index("source")


def _one_per_source(legacy: pd.DataFrame) -> pd.DataFrame:
    rules = pd.DataFrame(
        {
            "source": keys_of(legacy["source"]),
            "target": keys_of(legacy["target"]),
            "href": legacy["target"]
            .astype(object)
            .where(legacy["target"].notna(), None),
            "origin": legacy["origin"].fillna("rule"),
        }
    )
    rules = rules[rules["source"].notna() & rules["source"].ne(rules["target"])]
    return rules.drop_duplicates("source").reset_index(drop=True)


def _spelling_links(
    rules: pd.DataFrame, links: np.ndarray, known: set[str]
) -> np.ndarray:
    """Add links through another spelling, unless one of them closes a loop."""
    lost = (links < 0) & rules["target"].notna().to_numpy()
    lost &= ~rules["target"].isin(known).to_numpy()
    if not lost.any():
        return links
    fold = pd.Index(folded(rules["source"]))
    fold = fold.where(~fold.duplicated(keep=False), None)
    rows = fold.get_indexer(folded(rules.loc[lost, "target"]))
    guess = links.copy()
    guess[lost] = np.where(rows == np.flatnonzero(lost), -1, rows)
    tight = walk(guess).loop >= 0
    return np.where(tight, links, guess)


def fold_legacy(decided: pd.DataFrame, legacy: pd.DataFrame, sites: Sites) -> Folded:
    """Give each old rule's source the answer of the page it ends at.

    Args:
        decided: Index old_url, as `decide` gives it, sources included.
        legacy: Schema LEGACY.
        sites: What is known of both sites.
    """
    known = {*decided.index, *sites.live}
    idle = keys_of(legacy["source"]).isin(sites.answering).to_numpy()
    ends = legacy_ends(legacy[~idle], known)
    ends = ends[ends.index.isin(decided.index)]
    ends = ends.assign(goal=_known_spelling(ends["end"], known))
    folding = _Folding(decided.to_dict("index"), sites, set(ends.index))
    folding.note_idle(legacy[idle])
    answers = {
        str(source): folding.answer(str(source), rule)
        for source, rule in zip(ends.index, ends.to_dict("records"), strict=True)
    }
    table = decided.copy()
    for column in table.columns:
        cells = {s: answer[column] for s, answer in answers.items() if column in answer}
        if cells:
            values = table[column].to_dict() | cells
            table[column] = pd.Series(values, dtype=object).reindex(table.index)
    return Folded(table, (*folding.notes, *_conflicts(legacy)), folding.goals)


def _known_spelling(ends: pd.Series, known: Collection[str]) -> pd.Series:
    """Return each end as it is known: exactly, or in the one other spelling."""
    unknown = ends.notna() & ~ends.isin(known)
    if not unknown.any():
        return ends
    wanted = folded(ends[unknown])
    urls = pd.Series(sorted(known), dtype=object)
    fold = folded(urls)
    near = fold.isin(set(wanted)) & ~fold.duplicated(keep=False)
    spelled = dict(zip(fold[near], urls[near], strict=True))
    found = wanted.map(spelled.get)
    goal = ends.copy()
    goal[unknown] = found.where(found.notna(), ends[unknown])
    return goal


Row = Mapping[Any, Any]


class _Folding:
    """Answers for the sources of old rules, and notes on the way."""

    def __init__(
        self, rows: Mapping[Any, Row], sites: Sites, sources: set[str]
    ) -> None:
        self.rows = rows
        self.sites = sites
        self.sources = sources
        self.notes: list[Note] = []
        self.goals: dict[str, str] = {}

    def note_idle(self, rules: pd.DataFrame) -> None:
        """Name the rules that do not act: the old site has a page there."""
        origins = rules["origin"].fillna("rule")
        for source, origin in zip(keys_of(rules["source"]), origins, strict=True):
            said = f"a rule ({origin}) redirects it, but a page answers there today"
            self._note("legacy-source-live", str(source), said)

    def answer(self, source: str, rule: Row) -> dict[str, object]:
        """Return the cells of the source's row that the rule decides."""
        via = _via(rule)
        if source in self.sites.live:
            self._note(
                "legacy-source-live", source, f"{via}, but lives on the new site"
            )
            return {}
        if rule["loop"]:
            said = f"{via} in a loop: {rule['loop']}; planned anew"
            self._note("legacy-loop", source, f"an existing rule loops: {rule['loop']}")
            return self._anew(source, said)
        if not isinstance(rule["end"], str):
            return _taken("gone", None, 1.0, f"{via} to nothing: it was gone already")
        return self._ended(source, rule, via)

    def _ended(self, source: str, rule: Row, via: str) -> dict[str, object]:
        end, goal = str(rule["end"]), str(rule["goal"])
        if goal in self.sites.live:
            to = str(rule["href"]) if goal == end else goal
            return _taken("redirect", to, 1.0, f"{via} to this page, which lives on")
        if goal in self.rows and goal != source and goal not in self.sources:
            self.goals[source] = goal
            return _inherited(self.rows[goal], f"{via} to {goal}")
        if registrable_domain(end.split("/")[2]) not in self.sites.domains:
            said = f"{via} to this page of another site; kept as it was, not checked"
            return _taken("redirect", rule["href"], 1.0, said)
        said = f"{via} to {end}, which is on neither site; planned anew"
        self._note("legacy-dead-target", source, said)
        return self._anew(source, said)

    def _anew(self, source: str, said: str) -> dict[str, object]:
        own = self.rows[source]["reason"]
        return {"reason": f"{said}: {own}" if own else said}

    def _note(self, kind: NoteKind, source: str, message: str) -> None:
        self.notes.append(Note(kind, source, message))


def _via(rule: Row) -> str:
    hops = int(rule["hops"])
    return f"redirected before ({rule['origin']}, {hops} hop{'s' if hops > 1 else ''})"


def _inherited(goal: Row, via: str) -> dict[str, object]:
    taken = _taken(
        goal["action"], goal["new_url"], goal["confidence"], f"{via}: {goal['reason']}"
    )
    more = {
        column: cell
        for column, cell in goal.items()
        if column.startswith("alternative_") or column == "margin"
    }
    return taken | more


def _taken(
    action: object, target: object, confidence: object, reason: str
) -> dict[str, object]:
    action = "redirect" if action == "keep" else action
    return {
        "action": action,
        "new_url": target,
        "confidence": confidence,
        "decided_by": "legacy",
        "reason": reason,
    }


def _conflicts(legacy: pd.DataFrame) -> list[Note]:
    """Name sources that two rules send to different places."""
    rules = pd.DataFrame(
        {
            "source": keys_of(legacy["source"]),
            "target": keys_of(legacy["target"]).fillna("nowhere"),
            "origin": legacy["origin"].fillna("rule"),
        }
    ).drop_duplicates(["source", "target"])
    twice = rules[rules["source"].notna() & rules["source"].duplicated(keep=False)]
    return [
        Note(
            "legacy-conflict",
            str(source),
            "existing rules disagree: "
            + "; ".join(group["target"] + " (" + group["origin"] + ")")
            + "; the first one counts",
        )
        for source, group in twice.groupby("source", sort=False)
    ]
