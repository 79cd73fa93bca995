"""A site's links as numbers: the same from a crawl's file, JSON lines, Parquet."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path

import networkx as nx
import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner

from redirectmap.cli import main
from redirectmap.equity import flow
from redirectmap.errors import InputError
from redirectmap.readers.linkfiles import read_links
from redirectmap.readers.linkgraph import FOOTER, MENU, NOFOLLOW, SiteLinks
from redirectmap.sitefile import SiteFile

SITE = "https://firm.example"
PAGES = ("/", "/a", "/b", "/old")
LINKS = [
    ("/", "/a", "", "nav"),
    ("/", "/b", "nofollow noopener", "content"),
    ("/a", "/old", "", "footer"),
    ("/a", "/private", "", "content"),
    ("/b", "/", "", "content"),
]


def records() -> list[dict[str, object]]:
    """Return the site as a pages table has it, one link relative."""
    rows: list[dict[str, object]] = []
    for path in PAGES:
        links = [
            {"url": target if path == "/b" else SITE + target, "rel": r, "region": g}
            for source, target, r, g in LINKS
            if source == path
        ]
        links.append({"url": "https://other.test/x", "rel": "", "region": "content"})
        moved = path == "/old"
        rows.append(
            {
                "url": SITE + path,
                "status": 301 if moved else 200,
                "final_url": "/b" if moved else None,
                "title": f"Page {path}",
                "robots": None,
                "links": links,
            }
        )
    return rows


def as_jsonl(folder: Path) -> Path:
    path = folder / "site.jsonl"
    path.write_text("\n".join(map(json.dumps, records())) + "\nnot json\n")
    return path


def as_parquet(folder: Path) -> Path:
    path = folder / "site.parquet"
    pd.DataFrame(records()).to_parquet(path)
    return path


def as_crawl(folder: Path) -> Path:
    path = folder / "site.db"
    SiteFile.create(path).close()
    db = sqlite3.connect(path)
    done = [(n, SITE + path, "page", "done", "ok") for n, path in enumerate(PAGES, 1)]
    done.append((9, f"{SITE}/private", "page", "skipped", "robots"))
    done.append((10, "https://other.test/x", "page", "skipped", "other_site"))
    db.executemany(
        "INSERT INTO urls (id, url, kind, state, outcome) VALUES (?,?,?,?,?)", done
    )
    ids = {url: number for number, url, *_ in done}
    pages = [(n, 301 if p == "/old" else 200) for n, p in enumerate(PAGES, 1)]
    db.executemany("INSERT INTO pages (id, status) VALUES (?,?)", pages)
    db.execute("INSERT INTO redirects VALUES (4, 301, 'http', '/b', ?)", (SITE + "/b",))
    db.executemany(
        "INSERT INTO links VALUES (?,?,0,'x',?,?)",
        [(ids[SITE + a], ids[SITE + b], rel, region) for a, b, rel, region in LINKS],
    )
    db.execute("INSERT INTO links VALUES (1, 10, 9, 'x', NULL, NULL)")
    db.commit()
    db.close()
    return path


def named(site: SiteLinks) -> set[tuple[str, str, int]]:
    """Return links as (source path, target path, flags)."""
    urls = [url.removeprefix(SITE) for url in site.pages["url"]]
    rows = zip(site.source, site.target, site.flags, strict=True)
    return {(urls[a], urls[b], int(flags)) for a, b, flags in rows}


@pytest.mark.parametrize("write", [as_jsonl, as_parquet, as_crawl])
def test_every_source_gives_the_same_links(tmp_path: Path, write: object) -> None:
    assert callable(write)
    site = read_links(write(tmp_path))
    assert named(site) == {
        ("/", "/a", MENU),
        ("/", "/b", NOFOLLOW),
        ("/a", "/old", FOOTER),
        ("/a", "/private", 0),
        ("/b", "/", 0),
    }
    pages = site.pages.set_index("url")
    assert set(pages.index) == {SITE + path for path in (*PAGES, "/private")}
    assert pages.loc[f"{SITE}/old", "final_url"] == f"{SITE}/b"
    assert pages.loc[f"{SITE}/old", "status"] == 301
    assert pages.loc[f"{SITE}/a", "missing"] is None
    assert "robots.txt" in str(pages.loc[f"{SITE}/private", "missing"])


def solved_by_hand() -> dict[str, float]:
    """Solve x = Mx + (1 - sum Mx) / n as linear equations; / gives half to /a."""
    paths = [*PAGES, "/private"]
    passed = np.zeros((5, 5))
    given = {("/", "/a"): 0.5, ("/a", "/old"): 0.5, ("/a", "/private"): 0.5}
    given |= {("/b", "/"): 1.0, ("/old", "/b"): 1.0}
    for (source, target), part in given.items():
        passed[paths.index(target), paths.index(source)] = 0.85 * part
    even = np.full(5, 1 / 5)
    system = np.eye(5) - passed + np.outer(even, passed.sum(axis=0))
    shares = np.linalg.solve(system, even)
    return {SITE + path: float(x) for path, x in zip(paths, shares, strict=True)}


@pytest.mark.parametrize("write", [as_jsonl, as_parquet, as_crawl])
def test_every_source_gives_the_same_equity(tmp_path: Path, write: object) -> None:
    assert callable(write)
    found = flow(read_links(write(tmp_path)))
    table = found.pages.set_index("url")["equity"]
    expected = solved_by_hand()
    assert table.to_dict() == pytest.approx(expected, abs=1e-9)
    stuck = found.findings[found.findings["check"] == "equity-stuck"]
    assert set(stuck["old_url"]) == {f"{SITE}/private", f"{SITE}/old"}


def test_plain_links_of_parquet_go_as_a_column(tmp_path: Path) -> None:
    rows = [
        {
            "url": f"{SITE}/",
            "links": [f"{SITE}/a", f"{SITE}/a#b", "https://other.test/"],
        },
        {"url": f"{SITE}/a", "links": None},
        {"url": "no address", "links": [f"{SITE}/"]},
        {"url": f"{SITE}/b", "links": [f"{SITE}/", "http://[bad", f"{SITE}/c"]},
    ]
    pd.DataFrame(rows).to_parquet(tmp_path / "s.parquet")
    (tmp_path / "s.jsonl").write_text("\n".join(map(json.dumps, rows)))
    found = read_links(tmp_path / "s.parquet")
    assert named(found) == named(read_links(tmp_path / "s.jsonl"))
    assert named(found) == {("/", "/a", 0), ("/b", "/", 0), ("/b", "/c", 0)}


def test_file_without_a_page_is_refused(tmp_path: Path) -> None:
    (tmp_path / "none.jsonl").write_text('{"title": "no address"}\n')
    with pytest.raises(InputError, match="no page"):
        read_links(tmp_path / "none.jsonl")
    pd.DataFrame({"page": ["x"]}).to_parquet(tmp_path / "none.parquet")
    with pytest.raises(InputError, match="url"):
        read_links(tmp_path / "none.parquet")
    (tmp_path / "bad.parquet").write_bytes(b"PAR1 broken")
    with pytest.raises(InputError, match="damaged"):
        read_links(tmp_path / "bad.parquet")


@pytest.mark.parametrize("damping", ["0.85", "0.5", "0.97"])
def test_command_equals_networkx(tmp_path: Path, damping: str) -> None:
    """From files to equity.csv, dead ends and pages without links included."""
    oracle = nx.gnp_random_graph(200, 0.012, seed=4, directed=True)
    random = np.random.default_rng(4)
    seeds = {n: int(random.integers(0, 4)) for n in oracle}
    rows = [
        {"url": f"{SITE}/p{n}", "links": [f"{SITE}/p{to}" for to in oracle[n]]}
        for n in oracle
    ]
    (tmp_path / "s.jsonl").write_text("\n".join(map(json.dumps, rows)))
    lines = [f"https://d{k}.test/,{SITE}/p{n}" for n in oracle for k in range(seeds[n])]
    (tmp_path / "b.csv").write_text("source_url,target_url\n" + "\n".join(lines))
    argv = ["equity", "--site", str(tmp_path / "s.jsonl"), "--out", str(tmp_path)]
    argv += ["--backlinks", str(tmp_path / "b.csv"), "--damping", damping]
    result = CliRunner().invoke(main, argv)
    assert result.exit_code == 0, result.output
    expected = nx.pagerank(
        oracle, alpha=float(damping), personalization=seeds, tol=1e-13, max_iter=5000
    )
    found = pd.read_csv(tmp_path / "equity.csv").set_index("url")["equity"]
    gaps = [abs(found[f"{SITE}/p{n}"] - expected[n]) for n in oracle]
    assert max(gaps) < 1e-6
