"""One decision for many rows: by filter or pattern, looked at before it is made."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from redirectmap.errors import UsageError
from redirectmap.planning.decisions import Decision, Rows
from redirectmap.urls import Url, parse
from redirectmap.web.desk import Desk
from redirectmap.web.filters import Filter, matching
from redirectmap.web.wildcards import captured, filled

SHOWN = 200
KINDS = ("accept", "gone", "keep", "merge", "move", "reopen")


@dataclass(frozen=True, slots=True)
class Bulk:
    """What is asked for.

    Attributes:
        kind: accept, gone, keep, merge (all into `target`), move (`pattern` to
            `target`, with `*`), reopen.
        filter: Which rows.
        target: For merge an address, for move a pattern.
        least: Only rows whose proposal is at least this sure, for accept.
        only: Old URLs to keep to; all rows of the filter where there are none.
    """

    kind: str
    filter: Filter
    target: str = ""
    least: float = 0.0
    only: tuple[str, ...] = ()


def planned(
    desk: Desk, asked: Bulk, *, known: Collection[str], by: str, at: str
) -> tuple[Rows, list[dict[str, Any]]]:
    """Return the decisions a bulk makes, and the rows it cannot decide.

    Args:
        desk: The rows.
        asked: What to do.
        known: Live URLs of the new site; empty where they are not known.
        by: Who.
        at: When.

    Raises:
        UsageError: The bulk is not one, or has no target where it needs one.
    """
    if asked.kind not in KINDS:
        raise UsageError(f"{asked.kind} is no bulk", hint=f"one of {', '.join(KINDS)}")
    if asked.kind in {"merge", "move"} and not asked.target.strip():
        raise UsageError(
            f"{asked.kind} needs a target", hint="write the address it goes to"
        )
    rows: Rows = {}
    left: list[dict[str, Any]] = []
    meant = set(asked.only)
    for place in matching(desk, asked.filter).tolist():
        url = desk.urls[place]
        if meant and url not in meant:
            continue
        made = _decision(desk, place, asked, known)
        if isinstance(made, str):
            left.append({"old_url": url, "why": made})
        elif made is None:
            rows[url] = None
        else:
            action, target = made
            kind = "choose" if asked.kind == "move" else asked.kind
            note = desk.cells["note"][place]
            rows[url] = Decision(action, target, note, True, kind, by, at)
    return rows, left


def _decision(
    desk: Desk, place: int, asked: Bulk, known: Collection[str]
) -> tuple[str, str | None] | str | None:
    """Return action and target of a row, None to reopen it, or why it cannot be."""
    plain = {"reopen": None, "gone": ("gone", None), "keep": ("keep", desk.urls[place])}
    if asked.kind in plain:
        return plain[asked.kind]
    if asked.kind == "accept":
        if desk.sure[place] < asked.least:
            return "less sure than asked for"
        return accepted(desk.cells["action"][place], desk.cells["new_url"][place])
    target = asked.target.strip()
    if asked.kind == "move":
        found = captured(asked.filter.pattern.strip(), desk.urls[place])
        if found is None:
            return "the pattern does not fit the old URL"
        target = filled(target, found)
    return _checked(target, desk.cells["new_url"], known)


def accepted(action: str, proposed: str | None) -> tuple[str, str | None] | str:
    """Return what accepting a proposal means, or why it cannot be."""
    if action == "gone":
        return "gone", None
    if not proposed:
        return "there is no proposal"
    return "keep" if action == "keep" else "redirect", proposed


def _checked(
    target: str, proposals: list[str | None], known: Collection[str]
) -> tuple[str, str] | str:
    base = next((url for url in proposals if url), None)
    url = parse(target, base)
    if not isinstance(url, Url):
        return f"{target} is no address"
    if known and url.key not in known:
        return f"{url.href} is no page of the new site"
    return "redirect", url.href


def preview(rows: Rows, left: list[dict[str, Any]], desk: Desk) -> dict[str, Any]:
    """Return what a person looks at before saying yes."""
    shown = []
    for url, made in list(rows.items())[:SHOWN]:
        row = desk.row(url)
        shown.append(
            {
                "old_url": url,
                "from": [row["action"], row["new_url"]],
                "to": [made.action, made.new_url] if made else ["open", None],
                "value": row["value"],
            }
        )
    value = sum(float(desk.value[desk.place[url]]) for url in rows)
    return {
        "count": len(rows),
        "value": value,
        "shown": shown,
        "left": left[:SHOWN],
        "left_count": len(left),
        "stamp": stamp_of(rows),
    }


def stamp_of(rows: Rows) -> str:
    """Return a mark of what a bulk does: another one for other rows or targets."""
    told = [(url, made.said if made else None) for url, made in rows.items()]
    return sha256(repr(sorted(told, key=lambda one: one[0])).encode()).hexdigest()[:16]
