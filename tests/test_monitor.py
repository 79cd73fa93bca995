"""Snapshots over time: what moved, and beside which events."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pandas as pd
import pytest
from click.testing import CliRunner

from redirectmap.cli import main
from redirectmap.errors import InputError, UsageError
from redirectmap.profile.monitor import (
    changes,
    homepage_trend,
    monitor_findings,
    movers,
)
from redirectmap.profile.snapshots import (
    LINKED,
    SNAPSHOT,
    Snapshot,
    load,
    monthly,
    snapshot,
    store,
)
from redirectmap.tables import BACKLINKS, PLAN, TRAFFIC

SITE = "https://firm.example"
MAY, JUNE = date(2024, 5, 1), date(2024, 6, 1)


def shot(**pages: dict[str, float]) -> Snapshot:
    """Make a snapshot of page name to values."""
    rows = [
        {"url": f"{SITE}/{name.replace('__', '/')}", **v} for name, v in pages.items()
    ]
    return Snapshot(SNAPSHOT.fit(pd.DataFrame(rows)))


def checks(before: Snapshot, after: Snapshot) -> dict[str, str | None]:
    """Return check and URL of each finding."""
    found = monitor_findings(changes({MAY: before, JUNE: after}), after.pages)
    return dict(zip(found["check"], found["old_url"], strict=True))


def test_snapshot_joins_traffic_and_links() -> None:
    traffic = TRAFFIC.fit(pd.DataFrame({"url": [f"{SITE}/a"], "clicks": [5]}))
    links = BACKLINKS.fit(
        pd.DataFrame({"source_domain": ["x.test"], "target_url": [f"{SITE}/"]})
    )
    taken = snapshot(traffic, links, SITE)
    assert taken.pages.set_index("url")["referring_domains"].tolist() == [1, 0]
    assert taken.links is not None
    assert taken.links["source_domain"].tolist() == ["x.test"]
    assert snapshot(traffic, None, SITE).pages["referring_domains"].isna().all()


def test_store_and_load_round_trip(tmp_path: Path) -> None:
    store(tmp_path, JUNE, shot(a={"clicks": 2}))
    store(tmp_path, MAY, shot(a={"clicks": 1}))
    found = load(tmp_path)
    assert list(found) == [MAY, JUNE]
    assert found[JUNE].pages["clicks"].tolist() == [2]


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
    found = homepage_trend({MAY: Snapshot(may)})
    assert found["homepage_share"].tolist() == [0.75]


def linked(*pairs: tuple[str, str]) -> Snapshot:
    """Make a snapshot of (domain, path)."""
    rows = [{"source_domain": d, "target_url": SITE + path} for d, path in pairs]
    pages = pd.DataFrame({"url": [SITE + path for path in {p for _, p in pairs}]})
    return Snapshot(
        SNAPSHOT.fit(pages), LINKED.fit(pd.DataFrame(rows, columns=LINKED.names))
    )


def test_trend_counts_each_domain_once() -> None:
    taken = linked(
        ("a.test", "/"), ("a.test", "/x"), ("a.test", "/y"), ("b.test", "/x")
    )
    row = homepage_trend({MAY: taken}).iloc[0]
    assert (row["homepage"], row["inner"], row["homepage_share"]) == (1, 2, 0.5)


def test_events_name_the_domains() -> None:
    before = linked(("a.test", "/x"), ("gone.test", "/x"))
    after = linked(("a.test", "/x"), *[(f"n{k}.test", "/x") for k in range(5)])
    moved = changes({MAY: before, JUNE: after})
    assert moved["events"].tolist() == [
        "new links from n0.test, n1.test, n2.test and 2 more; lost links from gone.test"
    ]


def test_rise_after_a_link_is_told() -> None:
    before = Snapshot(shot(a={"clicks": 60}).pages, linked(("a.test", "/b")).links)
    after = Snapshot(
        shot(a={"clicks": 120, "conversions": 3}).pages,
        linked(("a.test", "/b"), ("new.test", "/a")).links,
    )
    assert checks(before, after) == {"monitor-visitors-rise": f"{SITE}/a"}
    table = movers(changes({MAY: before, JUNE: after}))
    assert table[["url", "before", "after", "events"]].to_numpy().tolist() == [
        [f"{SITE}/a", 60, 120, "new links from new.test"]
    ]


def test_months_are_compared_by_their_last_snapshot() -> None:
    days = [date(2024, 5, 3), date(2024, 5, 31), date(2024, 6, 7), date(2024, 6, 28)]
    taken = {day: shot(a={"clicks": 1}) for day in days}
    assert list(monthly(taken)) == [days[1], days[3]]
    week = {day: taken[day] for day in days[:2]}
    assert list(monthly(week)) == days[:2]


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
    assert "100 -> 20 visitors in 30 days" in last
    assert (store_at / "changes.csv").exists()
    told = json.loads((store_at / "monitor.json").read_text())
    assert told["movers"][0]["change"] == -80
    assert told["trend"][1]["homepage_share"] is None


def test_command_without_site_says_what_to_add(tmp_path: Path) -> None:
    arguments = ["monitor", str(tmp_path), "--traffic", str(tmp_path / "x.csv")]
    result = CliRunner().invoke(main, arguments)
    assert result.exit_code == 2
    assert "--site" in result.output
