"""Link equity: PageRank against oracles, carried through plans, faults, proposals."""

from __future__ import annotations

from itertools import pairwise

import networkx as nx
import numpy as np
import pandas as pd
import pytest

from redirectmap.equity import Flow, Graph, Settings, flow as follow_equity, rank
from redirectmap.equity.seeds import Seeds
from redirectmap.equity.write import write_flow
from redirectmap.readers.linkgraph import links_of
from redirectmap.signals.kinds import section
from redirectmap.tables import BACKLINKS, LINKS, PAGES, PLAN, read_json

OLD = "https://old.example"
NEW = "https://new.example"


def graph_of(size: int, *edges: tuple[int, int], nofollow: int = 0) -> Graph:
    """Make a graph; the last `nofollow` edges are nofollow."""
    table = np.array(edges, dtype=np.int64).reshape(-1, 2)
    follow = np.arange(len(edges)) < len(edges) - nofollow
    return Graph.from_edges(size, table[:, 0], table[:, 1], follow)


def flow(
    pages: pd.DataFrame,
    links: pd.DataFrame,
    backlinks: pd.DataFrame | None = None,
    plan: pd.DataFrame | None = None,
    new: tuple[pd.DataFrame, pd.DataFrame] | None = None,
    settings: Settings | None = None,
) -> Flow:
    """Follow equity through tables."""
    after = links_of(*new) if new else None
    how = settings or Settings()
    return follow_equity(links_of(pages, links), backlinks, plan, after, how)


def site(
    origin: str, *edges: tuple[str, str], **more: object
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Make pages and links of (source path, target path)."""
    paths = dict.fromkeys([*(p for edge in edges for p in edge), *more.pop("also", ())])  # type: ignore[misc]
    pages = pd.DataFrame({"url": [origin + path for path in paths], "status": 200})
    links = pd.DataFrame(
        [{"source": origin + a, "target": origin + b, **more} for a, b in edges],
        columns=["source", "target", *more],
    )
    return PAGES.fit(pages), LINKS.fit(links)


def domains(*counts: tuple[str, int], rel: str = "") -> pd.DataFrame:
    """Make backlinks: path and number of referring domains."""
    rows = [
        {
            "source_domain": f"d{number}.test",
            "target_url": OLD + path,
            "rel": rel,
        }
        for path, count in counts
        for number in range(count)
    ]
    return BACKLINKS.fit(pd.DataFrame(rows))


def plan_of(*rows: tuple[str, str, str | None]) -> pd.DataFrame:
    """Make a plan of (old path, action, new path)."""
    return PLAN.fit(
        pd.DataFrame(
            [
                {"old_url": OLD + a, "action": act, "new_url": b and NEW + b}
                for a, act, b in rows
            ]
        )
    )


@pytest.mark.parametrize("seed", range(8))
def test_equals_networkx_on_random_graphs(seed: int) -> None:
    random = np.random.default_rng(seed)
    oracle = nx.gnp_random_graph(150, 0.02, seed=seed, directed=True)
    seeds = random.integers(0, 5, 150).astype(float)
    found = rank(graph_of(150, *oracle.edges), seeds, damping=0.8)
    weights = {node: float(seeds[node]) for node in oracle}
    expected = nx.pagerank(
        oracle, alpha=0.8, personalization=weights, dangling=weights, tol=1e-13,
        max_iter=1000,
    )  # fmt: skip
    assert np.abs(found - [expected[node] for node in range(150)]).max() < 1e-6
    assert found.sum() == pytest.approx(1)


def test_two_pages_by_hand() -> None:
    """0 <-> 1, all visitors arrive at 0: x = (1-d) + d(1-x), so x = 1/(1+d)."""
    found = rank(graph_of(2, (0, 1), (1, 0)), np.array([1.0, 0.0]), damping=0.5)
    assert found == pytest.approx([2 / 3, 1 / 3])


def test_dead_end_by_hand() -> None:
    """0 -> 1, 1 is a dead end, arrivals at 0: x0 = 1/(1+d)."""
    found = rank(graph_of(2, (0, 1)), np.array([1.0, 0.0]), damping=0.85)
    assert found == pytest.approx([1 / 1.85, 0.85 / 1.85])


def test_star_by_hand() -> None:
    """Hub to 3 leaves and back, arrivals at the hub: hub = 1/(1+d)."""
    edges = [edge for leaf in (1, 2, 3) for edge in ((0, leaf), (leaf, 0))]
    found = rank(graph_of(4, *edges), np.array([1.0, 0, 0, 0]), damping=0.8)
    assert found == pytest.approx([1 / 1.8, *[0.8 / 1.8 / 3] * 3])


def test_nofollow_takes_its_share_and_passes_nothing() -> None:
    """0 links to 1 and, nofollow, to 2: 1 gets d/2 of 0's, the rest arrives anew."""
    found = rank(graph_of(3, (0, 1), (0, 2), nofollow=1), np.array([1.0, 0, 0]))
    assert found == pytest.approx([1 / 1.425, 0.425 / 1.425, 0])


def test_repeats_and_own_links_count_once() -> None:
    plain, noisy = graph_of(2, (0, 1)), graph_of(2, (0, 1), (0, 1), (0, 0))
    assert noisy.into.nnz == plain.into.nnz == 1
    assert noisy.given.tolist() == [1, 0]


def test_no_seeds_start_everywhere_alike() -> None:
    assert rank(graph_of(2), np.zeros(2)) == pytest.approx([0.5, 0.5])
    assert rank(graph_of(0), np.zeros(0)).tolist() == []


@pytest.mark.parametrize(("damping", "seed"), [(1.0, 1.0), (-0.1, 1.0), (0.5, -1.0)])
def test_nonsense_is_refused(damping: float, seed: float) -> None:
    with pytest.raises(ValueError, match=r"damping|negative"):
        rank(graph_of(1), np.array([seed]), damping=damping)


def test_extra_link_is_as_if_it_were_there() -> None:
    seeds = np.array([1.0, 2.0, 0.0, 1.0])
    edges = [(0, 1), (1, 0), (1, 3), (3, 2)]
    extra = rank(graph_of(4, *edges), seeds, extra=(0, 2))
    assert extra == pytest.approx(rank(graph_of(4, *edges, (0, 2)), seeds), abs=1e-9)


def test_redirecting_page_passes_on() -> None:
    pages, links = site(OLD, ("/", "/old"), also=["/new"])
    pages.loc[pages["url"] == f"{OLD}/old", "final_url"] = f"{OLD}/new"
    table = flow(pages, links, domains(("/", 1))).pages.set_index("url")
    equity = table["equity"].to_dict()
    assert equity[f"{OLD}/new"] == pytest.approx(0.85 * equity[f"{OLD}/old"])


def test_depths() -> None:
    graph = graph_of(5, (0, 1), (1, 2), (2, 3))
    assert graph.depths(0).tolist() == [0, 1, 2, 3, -1]


@pytest.fixture
def moved() -> Flow:
    """A shop whose /a moves, /b goes, and /c waits; all links are counted."""
    old = site(OLD, ("/", "/a"), ("/", "/b"), ("/a", "/"), also=["/c"])
    new = site(NEW, ("/", "/new-a"), ("/new-a", "/"))
    plan = plan_of(
        ("/", "redirect", "/"),
        ("/a", "redirect", "/new-a"),
        ("/b", "gone", None),
        ("/c", "review", "/new-a"),
    )
    links = domains(("/", 4), ("/a", 3), ("/b", 2), ("/c", 1))
    return flow(*old, links, plan, new)


def test_plan_keeps_and_loses_in_one_unit(moved: Flow) -> None:
    fates = {n: moved.summary[n] for n in ("kept", "moved", "lost", "open")}
    assert fates == {"kept": 0, "moved": 0.7, "lost": 0.2, "open": 0.1}
    assert moved.summary["arrives"] == 0.7
    assert moved.summary["links_open"] == 1
    assert moved.summary["links_lost"] == 2
    by_site = moved.pages.groupby("site")["equity"].sum()
    assert by_site["old"] == pytest.approx(1)
    assert by_site["new"] == pytest.approx(0.7)


def test_falls_come_worst_first_and_become_findings(moved: Flow) -> None:
    assert moved.moves["change"].is_monotonic_increasing
    falls = moved.findings[moved.findings["check"] == "equity-falls"]
    assert f"{OLD}/b" in set(falls["old_url"])
    assert "equity-lost" in set(moved.findings["check"])


def test_seeded_losses_come_back_in_rank_order() -> None:
    paths = [f"/p{n}" for n in range(8)]
    old = site(OLD, *[("/", path) for path in paths])
    new = site(NEW, *[("/", path) for path in paths[3:]])
    rows = [(p, "redirect" if p in paths[3:] else "gone", p) for p in paths]
    links = domains(("/p0", 30), ("/p1", 20), ("/p2", 10), *[(p, 5) for p in paths[3:]])
    found = flow(*old, links, plan_of(*rows, ("/", "redirect", "/")), new)
    assert found.moves["old_url"].head(3).tolist() == [OLD + p for p in paths[:3]]


def test_pages_that_only_links_know_are_in() -> None:
    found = flow(*site(OLD, ("/", "/a")), domains(("/", 1), ("/orphan", 1)))
    assert found.pages["referring_domains"].sum() == 2


def test_nofollow_backlinks_bring_nothing() -> None:
    found = flow(*site(OLD, ("/", "/a")), domains(("/a", 3), rel="nofollow"))
    assert found.summary["seeds"] == "even"


FAULTS = [
    ("equity-orphan", f"{OLD}/lonely"),
    ("equity-deep", f"{OLD}/d4"),
    ("equity-home-weak", f"{OLD}/services/b"),
    ("equity-low-value", f"{OLD}/privacy"),
    ("equity-nofollow", f"{OLD}/nf"),
    ("equity-stuck", f"{OLD}/broken"),
    ("equity-messy-url", f"{OLD}/a/b/c/d/e/f"),
    ("equity-navigation", f"{OLD}/d1"),
]


@pytest.fixture(scope="module")
def faulty() -> Flow:
    chain = ["/", "/d1", "/d2", "/d3", "/d4"]
    edges = list(pairwise(chain))
    edges += [("/", "/broken"), ("/d1", "/services/b"), ("/d1", "/nf")]
    pages, links = site(OLD, *edges, also=["/lonely", "/a/b/c/d/e/f", "/privacy"])
    pages.loc[pages["url"] == f"{OLD}/broken", "status"] = 404
    links.loc[links["target"] == f"{OLD}/nf", "rel"] = "nofollow"
    menu = [
        {"source": OLD + path, "target": f"{OLD}/privacy", "region": "footer"}
        for path in chain
    ]
    menu += [
        {"source": f"{OLD}/d1", "target": f"{OLD}/m{n}", "region": "nav"}
        for n in range(101)
    ]
    links = LINKS.fit(pd.concat([links, pd.DataFrame(menu)], ignore_index=True))
    known = domains(("/", 5), ("/services/b", 3), ("/a/b/c/d/e/f", 1))
    return flow(pages, links, known)


@pytest.mark.parametrize(("check", "url"), FAULTS)
def test_fault_is_found(faulty: Flow, check: str, url: str) -> None:
    found = faulty.findings
    assert url in set(found.loc[found["check"] == check, "old_url"])


def test_equity_behind_a_page_that_was_not_fetched_is_stuck() -> None:
    pages, links = site(OLD, ("/", "/a"), ("/a", "/private/x"))
    found = flow(pages[pages["url"] != f"{OLD}/private/x"], links).findings
    stuck = found[found["check"] == "equity-stuck"]
    assert stuck["old_url"].tolist() == [f"{OLD}/private/x"]
    assert "robots.txt" in stuck["message"].iloc[0]


def test_clean_site_has_no_findings() -> None:
    found = flow(*site(OLD, ("/", "/a"), ("/a", "/")), domains(("/", 2)))
    assert found.findings.empty


def test_proposals_gain_what_adding_the_link_gains() -> None:
    edges = [("/", "/x"), ("/x", "/y"), ("/y", "/services/z"), ("/y", "/")]
    links = domains(("/", 5), ("/services/z", 1))
    found = flow(*site(OLD, *edges), links, settings=Settings(proposals=3))
    best = found.proposals.iloc[0]
    source, target = (best[n].removeprefix(OLD) for n in ("source", "target"))
    after = flow(*site(OLD, *edges, (source, target)), links).pages.set_index("url")
    gain = after.loc[best["target"], "equity"] - best["equity"]
    assert best["gain"] == pytest.approx(gain, abs=1e-8)
    assert best["gain"] > 0


def test_tables_are_written(moved: Flow, tmp_path: object) -> None:
    from pathlib import Path

    folder = Path(str(tmp_path))
    write_flow(folder, moved)
    assert read_json(folder / "equity.json")["moved"] == 0.7
    assert (folder / "equity_moves.csv").read_text().startswith("old_url,action")


def test_section() -> None:
    assert section(f"{OLD}/blog/a") == "/blog/"
    assert section(f"{OLD}/about") == "/"


def test_pages_that_merge_lose_nothing() -> None:
    """One domain links to both: its two links still arrive."""
    old = site(OLD, ("/", "/a"), ("/", "/b"))
    plan = plan_of(
        ("/", "redirect", "/"), ("/a", "redirect", "/x"), ("/b", "redirect", "/x")
    )
    links = domains(("/a", 3), ("/b", 3))
    found = flow(*old, links, plan, site(NEW, ("/", "/x")))
    assert found.summary["moved"] == 1
    new = found.pages[found.pages["site"] == "new"].set_index("url")
    assert new["referring_domains"].to_dict() == {f"{NEW}/": 0, f"{NEW}/x": 3}


def test_links_to_a_target_the_new_crawl_does_not_know_are_lost() -> None:
    old, new = site(OLD, ("/", "/a")), site(NEW, ("/", "/b"))
    plan = plan_of(("/", "redirect", "/"), ("/a", "redirect", "/never-seen"))
    summary = flow(*old, domains(("/", 3), ("/a", 1)), plan, new).summary
    assert (summary["moved"], summary["lost"]) == (0.75, 0.25)
    assert summary["links_to_missing_targets"] == 1


def test_sections_say_what_is_kept_moved_lost(moved: Flow) -> None:
    old = moved.sections[moved.sections["site"] == "old"]
    parts = old[["kept", "moved", "lost", "open"]].sum(axis=1)
    assert parts.tolist() == pytest.approx(old["equity"].tolist())
    assert sum(moved.summary["equity_by_fate"].values()) == pytest.approx(1, abs=1e-5)


@pytest.mark.parametrize(
    ("seeds", "expected"),
    [("domains", 1 / 2), ("links", 3 / 4), ("authority", 1 / 41), ("even", 1 / 2)],
)
def test_seeds_are_a_setting(seeds: Seeds, expected: float) -> None:
    """Three links of a weak domain to /a, one link of a strong one to /b."""
    links = domains(("/a", 1), ("/a", 1), ("/a", 1), ("/b", 1))
    links["authority"] = [1.0, np.nan, 1.0, 40.0]
    table = site(OLD, also=["/a", "/b"])
    found = flow(*table, links, settings=Settings(damping=0, seeds=seeds))
    equity = found.pages.set_index("url")["equity"]
    assert equity[f"{OLD}/a"] == pytest.approx(expected)


def test_page_with_a_nofollow_directive_passes_nothing() -> None:
    pages, links = site(OLD, ("/", "/a"), ("/a", "/b"))
    pages.loc[pages["url"] == f"{OLD}/a", "robots"] = "index, nofollow"
    found = flow(pages, links, domains(("/", 1)))
    assert found.pages.set_index("url")["equity"][f"{OLD}/b"] == 0
    told = found.findings.set_index("check")["old_url"]
    assert told["equity-nofollow"] == f"{OLD}/a"


def test_island_is_not_reached() -> None:
    pages, links = site(OLD, ("/", "/a"), ("/x", "/y"), ("/y", "/x"))
    found = flow(pages, links, domains(("/", 1))).findings
    alone = found[found["check"] == "equity-unreached"]
    assert set(alone["old_url"]) == {f"{OLD}/x", f"{OLD}/y"}


def test_footer_alone_is_a_weak_link_from_the_homepage() -> None:
    pages, links = site(OLD, ("/", "/services/a"), region="footer")
    found = flow(pages, links, domains(("/services/a", 2))).findings
    weak = found[found["check"] == "equity-home-weak"]
    assert "only in its footer" in weak["message"].item()


def test_proposals_leave_out_pages_that_answer_an_error() -> None:
    pages, links = site(OLD, ("/", "/x"), ("/x", "/services/z"), ("/", "/services/y"))
    pages.loc[pages["url"] == f"{OLD}/services/z", "status"] = 404
    found = flow(pages, links, domains(("/", 1), ("/services/z", 5))).proposals
    assert f"{OLD}/services/z" not in set(found["target"])


def test_findings_about_the_new_site_name_its_url() -> None:
    old = site(OLD, ("/", "/a"))
    new = site(NEW, ("/", "/a"), also=["/lonely"])
    plan = plan_of(("/", "redirect", "/"), ("/a", "redirect", "/a"))
    found = flow(*old, domains(("/", 1)), plan, new).findings
    orphan = found[found["check"] == "equity-orphan"]
    assert orphan["new_url"].tolist() == [f"{NEW}/lonely"]
    assert orphan["old_url"].isna().all()


def test_high_damping_is_solved_to_the_end() -> None:
    oracle = nx.gnp_random_graph(40, 0.08, seed=2, directed=True)
    found = rank(graph_of(40, *oracle.edges), np.ones(40), damping=0.995)
    expected = nx.pagerank(oracle, alpha=0.995, tol=1e-14, max_iter=100_000)
    assert np.abs(found - [expected[n] for n in range(40)]).max() < 1e-6


def test_links_to_other_sites_in_an_export_do_not_count() -> None:
    foreign = domains(("/", 9)).assign(target_url="https://rival.test/")
    links = pd.concat([domains(("/", 3), ("/a", 1)), foreign], ignore_index=True)
    plan = plan_of(("/", "redirect", "/"), ("/a", "gone", None))
    new = site(NEW, ("/", "/b"))
    summary = flow(*site(OLD, ("/", "/a")), links, plan, new).summary
    fates = {n: summary[n] for n in ("kept", "moved", "lost", "open")}
    assert fates == {"kept": 0, "moved": 0.75, "lost": 0.25, "open": 0}
    assert (summary["external_links"], summary["external_links_given"]) == (4, 13)
    assert summary["links_lost"] == 1
