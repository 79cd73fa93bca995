"""Where the next link should point."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner

from redirectmap.cli import main
from redirectmap.profile.advise import advice_findings, advise, deserving
from redirectmap.profile.ground import Ground, ground
from redirectmap.tables import BACKLINKS, PAGES, TRAFFIC

SITE = "https://harlow.example"
PAGE_ROWS = [
    ("/", "Harlow Heating", "Family firm for heating in Leeds"),
    ("/services/boiler-repair", "Boiler repair", "We repair broken gas boilers fast"),
    ("/services/drains", "Blocked drains", "Drain cleaning for sinks and toilets"),
    ("/blog/mould", "Condensation and mould", "Why damp walls grow mould in winter"),
    ("/blog/boiler-noise", "Noisy boiler", "Why a boiler bangs, and boiler repair"),
]


def own_pages() -> pd.DataFrame:
    """Return five pages of a small firm."""
    rows = [
        {"url": SITE + p, "title": t, "text": x, "status": 200} for p, t, x in PAGE_ROWS
    ]
    return PAGES.fit(pd.DataFrame(rows))


def backlinks(*rows: tuple[str, str, str]) -> pd.DataFrame:
    """Make links of (domain, path, anchor)."""
    return BACKLINKS.fit(
        pd.DataFrame(
            [
                {
                    "source_url": f"https://{d}/{n}",
                    "source_domain": d,
                    "target_url": SITE + p,
                    "anchor": a,
                }
                for n, (d, p, a) in enumerate(rows)
            ]
        )
    )


LINKS = backlinks(
    ("news.test", "/", "Harlow Heating"),
    ("diy.test", "/services/boiler-repair", "boiler repair"),
)


@pytest.fixture(scope="module")
def base() -> Ground:
    traffic = pd.DataFrame(
        {
            "url": [f"{SITE}/services/drains", f"{SITE}/services/boiler-repair"],
            "position": [8.0, 2.0],
            "impressions": [900.0, 100.0],
            "conversions": [4.0, 0.0],
        }
    )
    return ground(
        own_pages(), SITE, LINKS, TRAFFIC.fit(traffic), brands=["Harlow Heating"]
    )


def one(base: Ground, **opportunity: str) -> dict[str, object]:
    """Advise on one opportunity."""
    return {
        str(k): v for k, v in advise(base, pd.DataFrame([opportunity])).iloc[0].items()
    }


def test_topic_goes_to_the_inner_page_on_it(base: Ground) -> None:
    found = one(
        base, title="How to clean a blocked drain", text="sink and toilet drains"
    )
    assert found["target"] == f"{SITE}/services/drains"
    assert "ranks 8" in str(found["why"])
    assert found["keyword"] == "blocked drains"


def test_broad_brand_mention_goes_home(base: Ground) -> None:
    found = one(base, title="Charity football cup: thanks to Harlow Heating and others")
    assert found["kind"] == "home"
    assert found["anchor_class"] == "branded"


def test_foreign_topic_goes_home_and_says_why(base: Ground) -> None:
    found = one(base, title="Sourdough bread recipes with olives")
    assert found["kind"] == "home"
    assert "no inner page" in str(found["why"])


def test_domain_that_links_already_is_told_and_sent_elsewhere(base: Ground) -> None:
    found = one(base, title="Boiler repair", url="https://www.diy.test/new")
    assert found["already_links_to"] == f"{SITE}/services/boiler-repair"
    assert "already links" in str(found["why"])


def test_page_full_of_exact_anchors_gets_the_brand() -> None:
    rows = [
        (f"d{n}.test", "/services/boiler-repair", "boiler repair") for n in range(30)
    ]
    found = one(
        ground(own_pages(), SITE, backlinks(*rows)), title="Gas boiler repair fast"
    )
    assert found["target"] == f"{SITE}/services/boiler-repair"
    assert found["anchor_class"] == "branded"


def test_deserving_pages_come_with_reasons(base: Ground) -> None:
    table = deserving(base)
    assert table["url"].iloc[0] == f"{SITE}/services/drains"
    assert table["reason_count"].tolist() == sorted(table["reason_count"], reverse=True)
    assert (table["reasons"] != "").all()


def test_no_opportunity_is_no_row(base: Ground) -> None:
    assert advise(base, pd.DataFrame(columns=["title", "url", "text"])).empty


def test_command_writes_tables(tmp_path: Path) -> None:
    pages = tmp_path / "pages.jsonl"
    own_pages()[["url", "title", "text"]].to_json(pages, orient="records", lines=True)
    LINKS[["source_url", "target_url", "anchor"]].to_csv(
        tmp_path / "b.csv", index=False
    )
    (tmp_path / "o.csv").write_text("title,url\nBlocked drains,https://x.test/\n")
    arguments = ["advise", "--site", str(pages), "--backlinks", str(tmp_path / "b.csv")]
    arguments += ["--opportunities", str(tmp_path / "o.csv"), "--out", str(tmp_path)]
    result = CliRunner().invoke(main, arguments)
    assert result.exit_code == 0, result.output
    assert "/services/drains" in (tmp_path / "advice.csv").read_text()
    assert (tmp_path / "advice_pages.csv").exists()


def test_opportunities_without_a_known_column_are_refused(tmp_path: Path) -> None:
    pages = tmp_path / "pages.jsonl"
    own_pages()[["url", "title"]].to_json(pages, orient="records", lines=True)
    LINKS[["source_url", "target_url", "anchor"]].to_csv(
        tmp_path / "b.csv", index=False
    )
    (tmp_path / "o.csv").write_text("headline\nx\n")
    arguments = ["advise", "--site", str(pages), "--backlinks", str(tmp_path / "b.csv")]
    result = CliRunner().invoke(
        main, [*arguments, "--opportunities", str(tmp_path / "o.csv")]
    )
    assert result.exit_code == 3
    assert "title" in result.output


QUERY_ROWS = pd.DataFrame(
    {
        "query": ["boiler repair leeds", "drain cleaning", "blocked drain cost"],
        "clicks": [1.0, 2.0, 3.0],
        "impressions": [10.0, 50.0, 900.0],
        "position": [2.0, 12.0, 9.0],
    }
)


def test_keyword_is_the_query_in_reach_with_most_impressions() -> None:
    own = ground(own_pages(), SITE, LINKS, queries=QUERY_ROWS)
    keywords = own.pages.set_index("url")["keyword"]
    assert keywords[f"{SITE}/services/drains"] == "blocked drain cost"
    assert keywords[f"{SITE}/services/boiler-repair"] is None
    found = one(own, title="How to clean a blocked drain")
    assert found["keyword"] == "blocked drain cost"
    assert "ranks 9, within reach" in str(found["why"])


def test_authority_of_the_linking_domain_is_told() -> None:
    links = LINKS.assign(authority=[61.0, np.nan])
    found = one(ground(own_pages(), SITE, links), title="x", url="https://news.test/a")
    assert found["authority"] == 61
    assert "authority 61" in str(found["why"])


def test_homepage_full_of_names_gets_its_address() -> None:
    rows = [(f"d{n}.test", "/", "Harlow Heating") for n in range(25)]
    base = ground(own_pages(), SITE, backlinks(*rows), brands=["Harlow Heating"])
    found = one(base, title="Thanks to Harlow Heating and others at the football cup")
    assert (found["kind"], found["anchor_class"]) == ("home", "naked_url")
    assert "100%" in str(found["anchor_why"])


def test_profile_full_of_exact_anchors_gets_descriptions() -> None:
    rows = [(f"d{n}.test", "/blog/boiler-noise", "boiler repair") for n in range(23)]
    found = one(ground(own_pages(), SITE, backlinks(*rows)), title="Blocked drains")
    assert found["anchor_class"] == "descriptive"
    assert "all domains" in str(found["anchor_why"])


def test_advice_becomes_findings(base: Ground) -> None:
    asked = pd.DataFrame(
        [
            {"title": "Boiler repair", "url": "https://diy.test/new"},
            {"title": "Sourdough bread recipes with olives"},
        ]
    )
    found = advice_findings(advise(base, asked), deserving(base))
    checks = set(found["check"])
    assert checks == {
        "advise-already-links",
        "advise-no-inner-page",
        "advise-deserves-link",
    }
    assert (found["severity"] == "notice").all()
