"""A fault of the way and a fault of the page, in one row: both are found."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import product

import pandas as pd
import pytest

from redirectmap.verify import VerifySettings, verify_plan
from tests.verify_pages import ALONE, TITLE, Shop, pages_of, reply_for
from tests.verify_site import NEW, OLD, Reply, Site, page, plan_of, serving


@dataclass
class Sites:
    """Both sites, and what stands on pages besides the rows' own."""

    old: Site = field(default_factory=Site)
    new: Shop = field(default_factory=Shop)
    linked: list[str] = field(default_factory=list)
    listed: list[str] = field(default_factory=list)


def straight(sites: Sites, path: str, target: str) -> None:
    sites.old.replies[path] = Reply(301, target)


def temporary(sites: Sites, path: str, target: str) -> None:
    sites.old.replies[path] = Reply(302, target)


def chain(sites: Sites, path: str, target: str) -> None:
    sites.old.replies[path] = Reply(301, f"{path}/on")
    sites.old.replies[f"{path}/on"] = Reply(301, target)


def odd(sites: Sites, path: str, target: str) -> None:
    sites.old.replies[path] = Reply(301, target.replace("/new", "\\new"))


def cloaked(sites: Sites, path: str, target: str) -> None:
    straight(sites, path, target)
    sites.old.bot[path] = Reply(403)


def headless(sites: Sites, path: str, target: str) -> None:
    straight(sites, path, target)
    sites.old.head[path] = Reply(405)


def linked(sites: Sites, path: str, target: str) -> None:
    straight(sites, path, target)
    sites.linked.append(OLD + path)


def listed(sites: Sites, path: str, target: str) -> None:
    straight(sites, path, target)
    sites.listed.append(OLD + path)


WAYS: dict[str, tuple[Callable[[Sites, str, str], None], str]] = {
    "straight": (straight, ""),
    "temporary": (temporary, "temporary"),
    "chain": (chain, "chain"),
    "odd": (odd, "odd_location"),
    "cloaked": (cloaked, "agents_differ"),
    "headless": (headless, "head_differs"),
    "hidden": (straight, "redirect_unseen"),
    "linked": (linked, "linked_internally"),
    "listed": (listed, "in_sitemap"),
}
PAGES: dict[str, tuple[dict[str, str], str]] = {"fine": ({}, ""), **ALONE}
CASES = list(product(WAYS, PAGES))


def place(way: str, number: int) -> str:
    return f"/hidden/{number}" if way == "hidden" else f"/{number}"


def robots(*folders: str) -> Reply:
    rules = "".join(f"Disallow: {folder}\n" for folder in folders)
    return Reply(body=f"User-agent: *\n{rules}".encode())


@pytest.fixture(scope="module")
def verdicts() -> Iterator[pd.DataFrame]:
    """One run over every pair; case number n is /n, or /hidden/n."""
    sites, titles = Sites(), {}
    rows = {f"{OLD}/news": ("redirect", f"{NEW}/news")}
    straight(sites, "/news", f"{NEW}/news")
    for number, (way, name) in enumerate(CASES):
        change = PAGES[name][0]
        target = f"{change.get('folder', '')}/p{number}"
        sites.new.replies[target] = reply_for(target, change)
        WAYS[way][0](sites, place(way, number), NEW + target)
        rows[OLD + place(way, number)] = ("redirect", NEW + target)
        titles[NEW + target] = TITLE
    links = " ".join(f'<a href="{url}">one</a>' for url in sites.linked)
    locs = "".join(f"<url><loc>{url}</loc></url>" for url in sites.listed)
    sites.new.replies["/news"] = Reply(body=page("News", f"All news. {links}"))
    sites.new.replies["/other"] = Reply(body=page("Other"))
    sites.new.replies["/robots.txt"] = robots("/private/")
    sites.old.replies["/robots.txt"] = robots("/hidden/")
    sites.new.replies["/sitemap.xml"] = Reply(body=f"<urlset>{locs}</urlset>".encode())
    with serving(sites.old) as old, serving(sites.new) as new:
        settings = VerifySettings(
            resolve=(f"new.example={new.origin[7:]}",), extra_requests=6 * len(rows)
        )
        yield verify_plan(
            plan_of(rows),
            base=old.origin,
            settings=settings,
            old=pages_of(dict.fromkeys(rows, TITLE)),
            new=pages_of(titles),
        ).set_index("old_url")


@pytest.mark.crawl
@pytest.mark.parametrize(("way", "name"), CASES)
def test_both_faults_of_a_row_are_found_and_no_other(
    way: str, name: str, verdicts: pd.DataFrame
) -> None:
    row = verdicts.loc[OLD + place(way, CASES.index((way, name)))]
    wanted = {WAYS[way][1], PAGES[name][1]} - {""}
    assert set(filter(None, row["problems"].split(";"))) == wanted
    assert row["verdict"] in (wanted or {"ok"})


@pytest.mark.crawl
def test_a_page_that_links_to_old_urls_is_itself_fine(verdicts: pd.DataFrame) -> None:
    assert verdicts.loc[f"{OLD}/news", "verdict"] == "ok"
