"""Say in one line, with figures, why a pair was chosen or why there is none."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

_WORDS = (
    ("title", "title"),
    ("text", "text"),
    ("headings", "headings"),
    ("slug_words", "slug"),
    ("path_words", "path"),
    ("embedding", "meaning"),
    ("section", "is a heading there"),
    ("folder_rule", "its folder moved there"),
    ("renamed", "its address changed as its neighbours' did"),
    ("children", "the pages below it went there"),
    ("neighbours_out", "links to the same pages"),
    ("neighbours_in", "linked from the same pages"),
)
_AGREES = 0.5
_MOST = 4
_SHORT_NAME = 0.4


def reason(row: Mapping[str, Any]) -> str:
    """Return one line a person can check for a row of the scores table."""
    if _figure(row, "no_equivalent") >= 0.5 > _figure(row, "probability"):
        return (
            f"no equivalent likely ({_figure(row, 'no_equivalent'):.0%}): "
            f"{row.get('new_url') or 'the best candidate'} "
            f"has {_agreement(row) or 'nothing in common that counts'}"
        )
    parts = []
    if _figure(row, "identifier") == 1:
        parts.append("same identifier")
    if _figure(row, "same_path") == 1:
        parts.append("same path")
    if _figure(row, "sole_name") > _SHORT_NAME:
        parts.append("same name, which no other page of either site has")
    agreement = _agreement(row)
    if agreement:
        parts.append(agreement)
    lead = _figure(row, "margin")
    parts.append(
        f"ahead of the next by {lead:.2f}" if lead >= 0 else "another page is closer"
    )
    if _figure(row, "same_taken") == 1:
        parts.append("the target is also the same path of another old page")
    return "; ".join(parts)


def _agreement(row: Mapping[str, Any]) -> str:
    found = [(_figure(row, name), label) for name, label in _WORDS]
    strong = sorted((f for f in found if f[0] >= _AGREES), reverse=True)[:_MOST]
    return ", ".join(f"{label} {value:.2f}" for value, label in strong)


def _figure(row: Mapping[str, Any], name: str) -> float:
    value = row.get(name)
    figure = float(value) if value is not None else 0.0
    return 0.0 if math.isnan(figure) else figure
