"""Homepage shares, their intervals and the ranges they are held against."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, strategies as st

from redirectmap.errors import InputError
from redirectmap.profile import (
    HomepageShare,
    SiteType,
    expected,
    judge,
    measure_home,
)
from redirectmap.profile.after import after_plan
from redirectmap.profile.build import build_profile
from redirectmap.profile.links import classed_links
from redirectmap.profile.moves import carry, followed, own_links, page_key
from redirectmap.profile.ranges import Scope
from redirectmap.profile.shares import clustered_share, plain_share
from redirectmap.tables import BACKLINKS, PLAN

SITE = "https://www.firm.example/"


def links(*rows: tuple[str, str], **columns: str) -> pd.DataFrame:
    """Make backlinks of (referring domain, target path)."""
    table = pd.DataFrame(
        [
            {
                "source_url": f"https://{domain}/p{number}",
                "source_domain": domain,
                "target_url": f"https://www.firm.example{path}",
                **columns,
            }
            for number, (domain, path) in enumerate(rows)
        ]
    )
    return BACKLINKS.fit(table)


def made_profile(home: int, inner: int) -> pd.DataFrame:
    """Make a profile of one link per domain."""
    rows = [(f"h{n}.example", "/") for n in range(home)]
    return links(*rows, *[(f"i{n}.example", "/a") for n in range(inner)])


def home_of(table: pd.DataFrame, site: str = SITE) -> HomepageShare:
    """Measure the homepage's share of a site's own live links."""
    return measure_home(own_links(table, site))


def plan_of(*rows: tuple[str, str, str | None]) -> pd.DataFrame:
    """Make a plan of (old path, action, new path)."""
    return PLAN.fit(
        pd.DataFrame(
            [
                {
                    "old_url": f"http://firm.example{old}",
                    "action": action,
                    "new_url": new and f"https://new.example{new}",
                }
                for old, action, new in rows
            ]
        )
    )


def test_share_counts_links_and_domains() -> None:
    table = links(("a.example", "/"), ("a.example", "/x"), ("b.example", "/x"))
    found = home_of(table)
    assert (found.links.part, found.links.total) == (1, 3)
    assert (found.domains.part, found.domains.total) == (1, 2)


def test_other_sites_and_lost_links_are_left_out() -> None:
    table = pd.concat(
        [
            links(("a.example", "/")),
            links(("b.example", "/"), lost="2024-01-02"),
            links(("c.example", "/")).assign(target_url="https://other.test/"),
        ],
        ignore_index=True,
    )
    assert home_of(table, "firm.example").links.total == 1


def test_no_link_at_all_is_an_error_with_a_remedy() -> None:
    with pytest.raises(InputError, match="no live link"):
        build_profile(links(("a.example", "/")), "https://another.test")


# (site type, age in months, scope, low, high)
RANGES: list[tuple[SiteType, float | None, Scope, float, float]] = [
    ("general", None, "all", 0.40, 0.60),
    ("brand", None, "all", 0.60, 1.00),
    ("local", 36, "all", 0.50, 0.70),
    ("content", None, "all", 0.30, 0.50),
    ("ecommerce", 24, "all", 0.40, 0.60),
    ("content", 6, "all", 0.60, 0.80),
    ("content", 12, "all", 0.30, 0.50),
    ("general", 12, "new", 0.30, 0.40),
    ("general", 24, "new", 0.40, 0.60),
]


@pytest.mark.parametrize(("site_type", "age", "scope", "low", "high"), RANGES)
def test_every_range_inside_at_the_edge_and_outside(
    site_type: SiteType, age: float | None, scope: Scope, low: float, high: float
) -> None:
    usual = expected(site_type, age, scope=scope, content_pages=50)
    assert (usual.low, usual.high) == (low, high)

    def verdict(percent: float, size: int = 1000) -> str:
        table = made_profile(home := round(percent * size), size - home)
        return judge(home_of(table).domains, usual)

    assert verdict((low + min(high, 0.9)) / 2) == "inside"
    assert verdict(low) == "inside"
    assert verdict(high) == "inside"
    assert verdict(low - 0.01) == "edge"
    assert verdict(low - 0.10) == "outside"
    if high < 1:
        assert verdict(high + 0.01) == "edge"
        assert verdict(high + 0.10) == "outside"
    assert verdict(0.0, size=19) == "too_little"


def test_new_links_need_a_solid_content_base() -> None:
    assert expected("general", 12, scope="new", content_pages=3).low == 0.40
    assert expected("general", 12, scope="new").low == 0.40


@pytest.mark.parametrize("truth", [0.1, 0.35, 0.6])
@pytest.mark.parametrize("clustered", [False, True])
def test_interval_covers_the_true_share_at_the_stated_rate(
    truth: float, *, clustered: bool
) -> None:
    """Domains have heavy-tailed numbers of links that mostly agree (ICC ~ .5)."""
    random = np.random.default_rng(7)
    covered = 0
    rounds = 600
    for _ in range(rounds):
        if clustered:
            sizes = np.minimum(random.zipf(1.8, 120), 60)
            beta = random.beta(truth, 1 - truth, 120)
            cluster = np.repeat(np.arange(120), sizes)
            share = clustered_share(
                random.random(len(cluster)) < beta[cluster], cluster
            )
        else:
            share = plain_share(int(random.binomial(120, truth)), 120)
        covered += share.low <= truth <= share.high
    assert 0.93 <= covered / rounds <= 0.99


def test_wilson_by_hand() -> None:
    """Newcombe (1998), table I: 81 of 263 gives .2553 to .3662."""
    share = plain_share(81, 263)
    assert (round(share.low, 4), round(share.high, 4)) == (0.2553, 0.3662)


def test_one_domain_with_many_links_is_one_observation() -> None:
    share = clustered_share(np.ones(500, dtype=bool), np.array(["a"] * 500))
    assert share.sample == 1
    assert judge(share, expected()) == "too_little"


@given(st.lists(st.tuples(st.integers(0, 5), st.booleans()), min_size=1, max_size=60))
def test_interval_holds_the_share(rows: list[tuple[int, bool]]) -> None:
    cluster, hit = (np.array(column) for column in zip(*rows, strict=True))
    share = clustered_share(hit.astype(bool), cluster)
    assert 0 <= share.low <= share.value <= share.high <= 1
    assert 1 <= round(share.sample, 9) <= len(rows)


def test_plan_carries_links() -> None:
    table = links(
        ("a.example", "/"),
        ("b.example", "/x?utm_source=y"),
        ("c.example", "/gone"),
        ("d.example", "/unknown"),
        ("e.example", "/open"),
        ("f.example", "/same"),
    )
    plan = plan_of(
        ("/x", "redirect", "/"),
        ("/gone", "gone", None),
        ("/open", "review", "/maybe"),
        ("/same", "keep", "/same"),
    )
    carried = carry(table, plan)
    assert carried["fate"].tolist() == [
        "kept", "moved", "lost", "lost", "open", "kept"
    ]  # fmt: skip
    assert carried["target_url"][1] == "https://new.example/"
    after = after_plan(classed_links(table, SITE, None), plan, [])
    home = measure_home(after.links).links
    assert (home.part, home.total) == (2, 4)
    assert after.domains == ("c.example", "d.example")
    assert after.lost["last"].tolist() == [True, True]
    assert (len(after.lost), after.open_links) == (2, 1)
    assert after.sent_home["before"].tolist() == [f"{SITE}x?utm_source=y"]


def test_homepage_dump_shows_in_the_share() -> None:
    table = made_profile(30, 70)
    classed = classed_links(table, SITE, None)
    dumped = after_plan(classed, plan_of(("/a", "redirect", "/")), [])
    kept = after_plan(classed, plan_of(("/a", "redirect", "/new-a")), [])
    assert measure_home(dumped.links).links.value == 1
    assert measure_home(kept.links).links.value == pytest.approx(0.3)
    assert kept.dumped.links.value == 1


def test_follow() -> None:
    table = pd.concat(
        [
            links(("a.example", "/"), rel=rel)
            for rel in ("", "noopener", "ugc", "a nofollow")
        ]
    )
    assert followed(table).tolist() == [True, True, False, False]


def test_page_key_ignores_scheme_www_and_fragment() -> None:
    assert page_key("http://www.firm.example/a#b") == page_key("https://firm.example/a")


def test_own_links_reads_but_does_not_write() -> None:
    table = links(("a.example", "/"))
    before = table.copy(deep=True)
    own_links(table, SITE)
    pd.testing.assert_frame_equal(table, before)
