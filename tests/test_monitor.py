"""Snapshots over time: what moved, and beside which events."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pandas as pd
import pytest
from click.testing import CliRunner

from redirectmap.cli import main
from redirectmap.errors import InputError, UsageError
from redirectmap.profile.monitor import (
    SNAPSHOT,
    changes,
    homepage_trend,
    load,
    monitor_findings,
    snapshot,
    store,
)
from redirectmap.tables import BACKLINKS, PLAN, TRAFFIC

SITE = "https://firm.example"
MAY, JUNE = date(2024, 5, 1), date(2024, 6, 1)


def shot(**pages: dict[str, float]) -> pd.DataFrame:
    """Make a snapshot of page name to values."""
    rows = [
        {"url": f"{SITE}/{name.replace('__', '/')}", **v} for name, v in pages.items()
    ]
    return SNAPSHOT.fit(pd.DataFrame(rows))


def checks(before: pd.DataFrame, after: pd.DataFrame) -> dict[str, str | None]:
    """Return check and URL of each finding."""
    found = monitor_findings(changes({MAY: before, JUNE: after}), after)
    return dict(zip(found["check"], found["old_url"], strict=True))


def test_snapshot_joins_traffic_and_links() -> None:
    traffic = TRAFFIC.fit(pd.DataFrame({"url": [f"{SITE}/a"], "clicks": [5]}))
    links = BACKLINKS.fit(
        pd.DataFrame({"source_domain": ["x.test"], "target_url": [f"{SITE}/"]})
    )
    table = snapshot(traffic, links, SITE).set_index("url")
    assert table["referring_domains"].tolist() == [1, 0]
    assert snapshot(traffic, None, SITE)["referring_domains"].isna().all()


def test_store_and_load_round_trip(tmp_path: Path) -> None:
    store(tmp_path, JUNE, shot(a={"clicks": 2}))
    store(tmp_path, MAY, shot(a={"clicks": 1}))
    found = load(tmp_path)
    assert list(found) == [MAY, JUNE]
    assert found[JUNE]["clicks"].tolist() == [2]


def test_one_snapshot_is_too_few(tmp_path: Path) -> None:
    store(tmp_path, MAY, shot(a={"clicks": 1}))
    with pytest.raises(UsageError, match="needs two"):
        load(tmp_path)


def test_day_that_is_none_is_refused(tmp_path: Path) -> None:
    (tmp_path / "2024-13-40.csv").write_text("url\n")
    with pytest.raises(InputError, match="no day"):
        load(tmp_path)


@pytest.mark.parametrize(
    ("before", "after", "check"),
    [
        ({"clicks": 100}, {"clicks": 60}, "monitor-visitors-fall"),
        ({"clicks": 100}, {"clicks": 80}, None),
        ({"clicks": 40}, {"clicks": 10}, None),
        ({"clicks": 100}, {"clicks": 200, "conversions": 0}, "monitor-no-conversions"),
        ({"clicks": 100}, {"clicks": 200, "conversions": 2}, None),
        ({"clicks": 100}, {"clicks": 200}, None),
        ({"position": 4}, {"position": 9}, "monitor-position-falls"),
        ({"position": 4}, {"position": 5}, None),
        ({"clicks": 300, "days": 90}, {"clicks": 100, "days": 30}, None),
    ],
)
def test_page_findings(
    before: dict[str, float], after: dict[str, float], check: str | None
) -> None:
    found = checks(shot(a=before), shot(a=after))
    assert list(found) == ([check] if check else [])


def test_page_that_vanished_fell() -> None:
    assert "monitor-visitors-fall" in checks(
        shot(a={"clicks": 100}, b={"clicks": 9}), shot(b={"clicks": 9})
    )


def test_events_stand_beside_the_change() -> None:
    plan = PLAN.fit(
        pd.DataFrame(
            {
                "old_url": [f"{SITE}/a", f"{SITE}/c"],
                "action": ["redirect", "gone"],
                "new_url": [f"{SITE}/b", None],
            }
        )
    )
    moved = changes(
        {
            MAY: shot(a={"referring_domains": 3}, b={"referring_domains": 0}, c={}),
            JUNE: shot(a={"referring_domains": 1}, b={"referring_domains": 2}, c={}),
        },
        plan,
    ).set_index("url")["events"]
    assert moved[f"{SITE}/a"] == f"redirects to {SITE}/b; 2 referring domains fewer"
    assert moved[f"{SITE}/b"] == f"takes over {SITE}/a; 2 referring domains more"
    assert moved[f"{SITE}/c"] == "is gone"


def test_section_starves() -> None:
    page: dict[str, float] = {"clicks": 1, "referring_domains": 0}
    pages = {f"blog__{n}": page for n in range(4)}
    now = shot(a={"clicks": 900, "referring_domains": 5}, **pages)
    assert "monitor-section-starves" in checks(now, now)


def test_trend_of_the_homepage() -> None:
    may = SNAPSHOT.fit(
        pd.DataFrame({"url": [f"{SITE}/", f"{SITE}/a"], "referring_domains": [3, 1]})
    )
    assert homepage_trend({MAY: may})["homepage_share"].tolist() == [0.75]


def test_command_adds_and_compares(tmp_path: Path) -> None:
    runner, store_at, last = CliRunner(), tmp_path / "snaps", ""
    for day, clicks in (("2024-05-01", 100), ("2024-06-01", 20)):
        file = tmp_path / f"{day}.csv"
        file.write_text(f"url,clicks\n{SITE}/a,{clicks}\n")
        arguments = ["monitor", str(store_at), "--site", SITE, "--traffic", str(file)]
        result = runner.invoke(main, [*arguments, "--date", day])
        assert result.exit_code == 0, result.output
        last = result.output
    assert "monitor-visitors-fall" in last
    assert (store_at / "changes.csv").exists()


def test_command_without_site_says_what_to_add(tmp_path: Path) -> None:
    arguments = ["monitor", str(tmp_path), "--traffic", str(tmp_path / "x.csv")]
    result = CliRunner().invoke(main, arguments)
    assert result.exit_code == 2
    assert "--site" in result.output
