"""Draw the way an old URL goes: one step per answer, with the status between."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple


class Step(NamedTuple):
    """One stop of a way.

    Attributes:
        status: What the stop before it answered; empty for the first.
        url: The stop.
        kind: `start`, `hop`, or how it ends: `right` on the planned page with
            200, else `wrong`.
    """

    status: str
    url: str
    kind: str


def hop_steps(row: Mapping[str, Any]) -> list[Step]:
    """Return the stops of a verdict's way; none where nothing was answered.

    Args:
        row: A verdict: old_url, hops (`301 URL | 302 URL`), final_url,
            final_status, expected.
    """
    texts = [text.partition(" ") for text in str(row["hops"] or "").split(" | ")]
    steps = [Step(status, url, "hop") for status, _, url in texts if status]
    if not steps and not row["final_status"]:
        return []
    last = steps.pop() if steps else Step("", str(row["old_url"]), "")
    good = row["final_status"] == 200 and row["final_url"] == row["expected"]
    url = str(row["final_url"] or last.url)
    end = Step(last.status, url, "right" if good else "wrong")
    start = [Step("", str(row["old_url"]), "start")] if end.status else []
    return [*start, *steps, end]
