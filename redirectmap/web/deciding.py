"""Turn what a person asks for on one row into a decision."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from redirectmap.errors import UsageError
from redirectmap.planning.decisions import Decision, now
from redirectmap.web.bulk import accepted
from redirectmap.web.desk import Desk


def made(desk: Desk, url: str, asked: Mapping[str, Any], by: str) -> Decision:
    """Return the decision that was asked for on a row.

    Args:
        desk: The rows.
        url: Old URL of the row.
        asked: kind, and as the kind needs it target and note.
        by: Who.

    Raises:
        UsageError: It is no decision, or has no target where it needs one.
    """
    at = desk.place[url]
    action, proposed = (desk.cells[n][at] for n in ("action", "new_url"))
    earlier = desk.decisions.get(url, Decision())
    kind, target = str(asked["kind"]), asked.get("target")
    when = now()
    if kind == "note":
        note = str(asked.get("note") or "") or None
        return replace(earlier, note=note, by=by, at=when)
    if kind == "lock":
        locked = replace(earlier, decision=earlier.decision or "lock", by=by, at=when)
        settled = replace(locked, action=action, new_url=proposed)
        return replace(settled, locked=not bool(desk.cells["locked"][at]))
    pair = _meant(kind, action, proposed, target)
    if pair[0] == "keep":
        pair = "keep", url
    note = asked.get("note") or earlier.note
    return Decision(*pair, note, True, kind, by, now())


def _meant(
    kind: str, action: str, proposed: str | None, target: object
) -> tuple[str, str | None]:
    """Return action and target of a decision.

    Raises:
        UsageError: It has none, or is no decision.
    """
    if kind == "gone":
        return "gone", None
    if kind == "keep":
        return "keep", None
    if kind == "review":
        return "review", None
    if kind == "accept" and not target:
        pair = accepted(action, proposed)
        if isinstance(pair, str):
            raise UsageError(pair, hint="choose a page, or say gone")
        return pair
    if kind not in {"accept", "choose", "merge"}:
        raise UsageError(
            f"{kind} is no decision", hint="accept, choose, gone, merge ..."
        )
    from redirectmap.urls import Url, parse

    url = parse(str(target or proposed or ""), proposed or None)
    if not isinstance(url, Url):
        raise UsageError(f"{target} is no address", hint="give it as https://host/path")
    return "redirect", url.href
