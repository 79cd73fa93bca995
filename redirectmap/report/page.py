"""Write report.html: one file, no scripts, nothing fetched, nothing from a page runs.

Texts of crawled pages pass the template's escaping and `plain`; an address
becomes a link only when the URL gate lets it through. The policy in the head
allows the one style sheet, by its hash, and nothing else.
"""

from __future__ import annotations

import base64
import hashlib
from pathlib import Path
from typing import Any

import pandas as pd
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from redirectmap import __version__, urls
from redirectmap.planning.summary import summarise
from redirectmap.report.figures import (
    contents,
    finding_groups,
    old_and_new,
    sentence,
    sign_list,
    tiles,
    trend,
    verified_view,
)
from redirectmap.report.flow import flow_svg
from redirectmap.report.gather import Gathered, gather, plain
from redirectmap.report.links import (
    advice_view,
    equity_view,
    monitor_view,
    profile_view,
)
from redirectmap.report.sections import streams
from redirectmap.tables import write_atomic

SHOWN_ROWS = 15
PEOPLE_ROWS = 50

Row = dict[str, Any]


def write_report(folder: Path) -> Path:
    """Write `folder`/report.html from what the folder holds.

    Raises:
        InputError: There is no plan in it, or a file in it is damaged.
    """
    return write_atomic(folder / "report.html", render(gather(folder)))


def render(found: Gathered) -> str:
    """Return the report as HTML."""
    here = Path(__file__).parent
    environment = Environment(
        loader=FileSystemLoader(here),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
    )
    environment.globals.update(
        href=href, path=shown_path, plain=plain, percent=percent, count=count
    )
    css = (here / "report.css").read_text(encoding="utf-8")
    digest = base64.b64encode(hashlib.sha256(css.encode()).digest()).decode()
    template = environment.get_template("report.html.j2")
    text = template.render(css=Markup(css), css_hash=Markup(digest), **_view(found))  # noqa: S704 - our own style sheet
    return f"{text}\n"


def _view(found: Gathered) -> dict[str, Any]:
    plan = found.plan
    old, new = old_and_new(plan)
    review = plan[plan["action"] == "review"]
    gone = plan[plan["action"] == "gone"]
    people = plan[_by_people(plan)]
    flows = streams(plan)
    return {
        "version": __version__,
        "rows": len(plan),
        "old_name": old,
        "new_name": new,
        "sentence": sentence(found),
        "contents": contents(found),
        "tiles": tiles(found),
        "first": _rows(review, SHOWN_ROWS),
        "review_total": len(review),
        "flow": flow_svg(flows),
        "streams": flows,
        "gone": _rows(gone, SHOWN_ROWS),
        "gone_total": len(gone),
        "gone_value": float(gone["priority"].fillna(0).sum()),
        "groups": finding_groups(found.findings),
        "proofs": list(found.proofs.items()),
        "verified": verified_view(found.verdicts),
        "trend": trend(found.earlier),
        "profile": profile_view(found.profile, found.link_findings),
        "equity": equity_view(found.equity, found.link_findings),
        "advice": advice_view(found.advice, found.link_findings),
        "monitor": monitor_view(found.monitor, found.link_findings),
        "sign": sign_list(found),
        "signoff": summarise(found.plan, found.findings),
        "people": _rows(people, PEOPLE_ROWS),
        "people_total": len(people),
    }


def _by_people(plan: pd.DataFrame) -> pd.Series:
    locked = plan["locked"].fillna(value=False).astype(bool)
    return locked | plan["decided_by"].eq("override").fillna(value=False)


def _rows(table: pd.DataFrame, limit: int) -> list[Row]:
    top = table.head(limit).astype(object)
    return [
        {str(k): v for k, v in row.items()}
        for row in top.where(top.notna(), None).to_dict("records")
    ]


def href(url: object) -> str | None:
    """Return `url` as a link target; None where it must not become one."""
    parsed = urls.parse(str(url))
    return parsed.href if isinstance(parsed, urls.Url) else None


def shown_path(url: object) -> str:
    """Return path and query, readable; the host stands in the heading."""
    from urllib.parse import unquote

    parsed = urls.parse(str(url))
    return plain(unquote(parsed.wire) if isinstance(parsed, urls.Url) else url)


def percent(value: object, places: int = 0) -> str:
    """Write a share as a percentage; empty where not known."""
    if not isinstance(value, (int, float)) or value != value:  # noqa: PLR0124 - NaN
        return ""
    if 0 < value < 0.5 * 10 ** -(places + 2):
        return f"< {10**-places:g} %"
    return f"{value * 100:.{places}f} %"


def count(value: object) -> str:
    """Write a whole number; empty where not known."""
    if not isinstance(value, (int, float)) or value != value:  # noqa: PLR0124 - NaN
        return ""
    return f"{value:,.0f}".replace(",", "\N{NARROW NO-BREAK SPACE}")
