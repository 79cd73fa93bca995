"""What the page shows of one row: both pages, candidates, sharers, history."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Any

from redirectmap.planning.decisions import Decision, Event
from redirectmap.web.desk import Desk
from redirectmap.web.pages import compared

if TYPE_CHECKING:
    from redirectmap.web.work import Review

Answer = dict[str, Any]
_SHARING = 20
_HISTORY = 20


def row_view(review: Review, url: str, target: str | None = None) -> Answer:
    """Return one row in full: both pages, candidates, findings, history."""
    with review.lock:
        row = review.desk.row(url)
        history = [
            event_line(event, url)
            for event in review.store.history
            if url in event.after
        ]
    shown = target or row["new_url"]
    old = review.old.page(url) if review.old else None
    new = review.new.page(shown) if review.new and shown else None
    return {
        "row": row,
        "seen": review.versions.get(url, 0),
        "shown": shown,
        "old": old,
        "new": new,
        "links": {
            "old": review.old.links.get(url, []) if review.old else [],
            "new": review.new.links.get(shown or "", []) if review.new else [],
        },
        "compared": compared(old, new),
        "candidates": _candidates(review, url),
        "sharing": _sharing(review.desk, url, shown),
        "history": history[-_HISTORY:],
        "pages_known": review.old is not None and review.new is not None,
    }


def _candidates(review: Review, url: str) -> list[Answer]:
    own = review.behind.candidates(url)
    if own is None:
        return _from_plan(review.desk, url)
    titles = review.new.rows if review.new else {}
    return [
        {**one, "title": (titles.get(one["url"]) or {}).get("title")} for one in own
    ]


def _from_plan(desk: Desk, url: str) -> list[Answer]:
    at, cells = desk.place[url], desk.cells
    found = [(desk.base["new_url"][at], desk.base["confidence"][at])]
    found += [
        (cells[name][at], cells[f"{name}_confidence"][at])
        for name in ("alternative_1", "alternative_2")
    ]
    return [
        {"url": target, "title": None, "probability": chance or 0.0, "reason": ""}
        for target, chance in found
        if target
    ]


def _sharing(desk: Desk, url: str, target: str | None) -> list[str]:
    """Return other old URLs that go to the same page."""
    if not target:
        return []
    same = (
        other
        for other, goes in zip(desk.urls, desk.cells["new_url"], strict=True)
        if goes == target and other != url
    )
    return list(islice(same, _SHARING))


def event_line(event: Event, url: str) -> Answer:
    """Return an event as the page shows it on one of its rows."""

    def words(made: Decision | None) -> str:
        if made is None:
            return "open"
        return " ".join(str(part) for part in (made.action, made.new_url) if part)

    return {
        "number": event.number,
        "at": event.at,
        "by": event.by,
        "what": event.what,
        "rows": len(event.after),
        "old_url": url,
        "before": words(event.before.get(url)),
        "after": words(event.after.get(url)),
    }
