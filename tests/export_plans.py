"""Plans that servers get wrong, and how one is proven; shared by the export tests."""

from __future__ import annotations

import csv
from pathlib import Path

import pandas as pd
import pytest

from redirectmap.exporters import BUILTIN, Query, export_plan, prove
from redirectmap.exporters.servers import SERVERS
from redirectmap.tables import PLAN

HOSTILE = Path(__file__).parents[1] / "../shared/hostile/rules.csv"
PROVABLE = sorted(name for name, kind in BUILTIN.items() if kind.server)
NODE = Path(__file__).parent / "node/node_modules"
Row = tuple[str, str | None] | tuple[str, str | None, int]


def plan_of(*rows: Row, action: str = "redirect") -> pd.DataFrame:
    """Make a plan of (old, new[, status]); a bare path is on old.example."""
    table = []
    for old, new, *status in rows:
        code = status[0] if status else (301 if new else 410)
        table.append(
            {
                "old_url": f"https://old.example{old}" if old[:1] == "/" else old,
                "action": action if new else "gone",
                "status": code,
                "new_url": new,
                "priority": 0.01,
            }
        )
    return PLAN.fit(pd.DataFrame(table))


def needs(name: str) -> None:
    """Skip where the server of a format is not installed."""
    server = SERVERS[BUILTIN[name].server or ""]
    if not server.installed:
        pytest.skip(f"{server.name} is not installed: {server.install}")


def proven(plan: pd.DataFrame, name: str, out: Path, query: Query = "keep") -> int:
    """Export, prove, and return how many rows became rules."""
    made = export_plan(plan, name, out, query=query)
    proof = prove(plan, name, made.folder)
    assert proof.problem == ""
    assert proof.differences == ()
    assert proof.passed
    assert proof.exact == proof.rows == made.rows
    return made.rows


def tricky() -> pd.DataFrame:
    """Rules of every kind that servers get wrong."""
    return plan_of(
        ("/index.php?id=1", "https://new.example/one"),
        ("/index.php", "https://new.example/home#top"),
        ("/list", "https://new.example/list?sort=a"),
        ("/list2", "https://new.example/list?sort=a#x"),
        ("/empty", "https://new.example/e?"),
        ("/Case", "https://new.example/upper"),
        ("/case", "https://new.example/lower"),
        ("/CASE", None),
        ("/caf%C3%A9", "https://new.example/caf%C3%A9/$1/%2F"),
        ("/price$5", "https://new.example/$http_cookie/${x}"),
        ('/q"uote', "https://new.example/q'uote"),
        ("/gone", None),
        ("/gone?x=1", "https://new.example/not-gone", 302),
        ("/moved", "https://new.example/moved", 308),
        ("/for-now", "https://new.example/for-now", 307),
        ("/", "https://new.example/"),
        ("/a.b", "https://new.example/a.b"),
        ("/(a+)+$", "https://new.example/.*"),
        ("/braces", "https://new.example/x?a={http.request.host}"),
    )


def held() -> pd.DataFrame:
    """A plan whose paths have rules that must not answer for other rows."""
    rules = plan_of(
        ("/index.php", "https://new.example/home"),
        ("/gone.php", None),
        ("https://shop.old.example/index.php", "https://new.example/shop"),
        ("/bad?x=1", "javascript:alert(1)"),
        ("/bad", "https://new.example/good"),
        ("/%C3%A9", "https://new.example/e"),
        ("/q?x=%C3%A9", "https://new.example/q"),
    )
    kept = plan_of(
        ("/%c3%a9", "https://old.example/%c3%a9"),
        ("/q?x=%c3%a9", "https://old.example/q?x=%c3%a9"),
        ("/index.php?p=a%2fb", "https://old.example/index.php?p=a%2fb"),
        action="keep",
    )
    open_ = plan_of(
        ("/gone.php?id=7", "https://new.example/seven"),
        ("https://shop.old.example/index.php?s=1", "https://new.example/x"),
        action="review",
    )
    return pd.concat([rules, kept, open_], ignore_index=True)


def hostile_rows() -> list[dict[str, str]]:
    """Read the corpus; sources that are a path stand on old.example."""
    if not HOSTILE.exists():
        pytest.skip("the hostile corpus is not here")
    with HOSTILE.open(newline="", encoding="utf-8") as stream:
        rows = list(csv.DictReader(stream))
    for row in rows:
        rooted = row["old"].startswith("/") and not row["old"].startswith("//")
        row["old_url"] = f"https://old.example{row['old']}" if rooted else row["old"]
        row |= {"action": "redirect", "new_url": row["new"]}
    return rows
