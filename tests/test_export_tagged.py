"""A query's rule answers for it with tracking parameters, and for nothing else."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from redirectmap.exporters import BUILTIN, Query, export_plan
from redirectmap.exporters.servers import SERVERS, running
from redirectmap.exporters.wire import Client
from redirectmap.tracking import set_aside
from tests.export_plans import PROVABLE, needs, plan_of, proven

TAGGED = [name for name in PROVABLE if BUILTIN[name].carries.tagged]
NEW = "https://new.example"


def plan() -> pd.DataFrame:
    """Pages by id, some with rules of their own tags, and rows that are held."""
    rules = plan_of(
        ("/index.php?id=14", f"{NEW}/fourteen"),
        ("/index.php?id=15", f"{NEW}/list?of=15#top", 302),
        ("/index.php?id=16&utm_source=nav", f"{NEW}/sixteen-nav"),
        ("/index.php?id=16", f"{NEW}/sixteen"),
        ("/index.php?id=18", None),
        ("/index.php?a=1&b=2", f"{NEW}/ab?"),
        ("/index.php", f"{NEW}/home"),
        ("/long.php?id=" + "x" * 1_200, f"{NEW}/long"),
        ("/p?utm_source=only", f"{NEW}/only"),
        ("https://shop.old.example/index.php?id=14", f"{NEW}/shop-fourteen"),
    )
    kept = plan_of(
        ("/index.php?id=17", "https://old.example/17"),
        ("/index.php?id=14&gclid=kept", "https://old.example/14"),
        action="keep",
    )
    return pd.concat([rules, kept], ignore_index=True)


CASES: list[tuple[str, str, str | int]] = [
    ("as planned", "/index.php?id=14", "/fourteen"),
    ("behind", "/index.php?id=14&gclid=x", "/fourteen?gclid=x"),
    ("before", "/index.php?utm_source=a&id=14", "/fourteen?utm_source=a"),
    ("around", "/index.php?fbclid=1&id=14&_ga=2", "/fourteen?fbclid=1&_ga=2"),
    (
        "several",
        "/index.php?id=14&utm_a=1&UTM_B=2&pk_c",
        "/fourteen?utm_a=1&UTM_B=2&pk_c",
    ),
    ("between", "/index.php?a=1&mc_cid=%2f&b=2", "/ab?mc_cid=%2f"),
    (
        "three places",
        "/index.php?gclid=1&a=1&gclid=2&b=2&gclid=3",
        "/ab?gclid=1&gclid=2&gclid=3",
    ),
    ("target with query", "/index.php?id=15&yclid=", "/list?of=15&yclid=#top"),
    ("own tags", "/index.php?id=16&utm_source=nav", "/sixteen-nav"),
    ("other tags", "/index.php?id=16&utm_source=x", "/sixteen?utm_source=x"),
    (
        "both tags",
        "/index.php?id=16&utm_source=nav&gclid=1",
        "/sixteen?utm_source=nav&gclid=1",
    ),
    ("gone", "/index.php?id=18&gclid=x", 410),
    ("kept", "/index.php?id=17&gclid=x", 404),
    ("kept with its tag", "/index.php?id=14&gclid=kept", 404),
    ("long", f"/long.php?id={'x' * 1_200}&gclid=1", "/long?gclid=1"),
    ("tags alone are no page", "/p?utm_source=other", 404),
    ("another page", "/index.php?id=140&gclid=x", "/home?id=140&gclid=x"),
    ("another name", "/index.php?xid=14&gclid=x", "/home?xid=14&gclid=x"),
    ("almost a tag", "/index.php?id=14&xgclid=1", "/home?id=14&xgclid=1"),
    ("almost a tag too", "/index.php?id=14&gclidx=1", "/home?id=14&gclidx=1"),
    ("no name", "/index.php?id=14&utm_=1", "/home?id=14&utm_=1"),
    ("tag in a value", "/index.php?id=14%26gclid=1", "/home?id=14%26gclid=1"),
    ("other order", "/index.php?b=2&a=1&gclid=1", "/home?b=2&a=1&gclid=1"),
    ("page of the path", "/index.php?gclid=1", "/home?gclid=1"),
]


@pytest.mark.server
@pytest.mark.parametrize("name", TAGGED)
def test_a_tagged_click_on_a_query_reaches_its_page(name: str, tmp_path: Path) -> None:
    needs(name)
    made = export_plan(plan(), name, tmp_path)
    assert not made.refused
    wrong = []
    server = SERVERS[BUILTIN[name].server or ""]
    with running(server, made.folder, str(made.folder)) as started:
        assert started.problem == ""
        with Client(started.port) as client:
            for shows, wire, wanted in CASES:
                got = client.ask("GET", "old.example", wire)
                where = None if got.location is None else got.location.decode()
                want = (wanted, None) if isinstance(wanted, int) else NEW + wanted
                said = (got.status, None) if where is None else where
                if said != want:
                    wrong.append((shows, said))
            shop = client.ask("GET", "shop.old.example", "/index.php?gclid=1&id=14")
    assert wrong == []
    assert shop.location == f"{NEW}/shop-fourteen?gclid=1".encode()


@pytest.mark.server
@pytest.mark.parametrize("query", ["keep", "drop", "exact"])
@pytest.mark.parametrize("name", TAGGED)
def test_tagged_clicks_are_proven(name: str, query: Query, tmp_path: Path) -> None:
    needs(name)
    assert proven(plan(), name, tmp_path, query) == 10


def test_every_server_with_tables_knows_tags() -> None:
    exact = {"netlify", "cloudflare-pages", "vercel"}  # no queries there
    assert set(PROVABLE) - set(TAGGED) == exact


@pytest.mark.parametrize(
    ("query", "kept", "tags"),
    [
        ("", "", ""),
        ("id=1", "id=1", ""),
        ("id=1&gclid=2&", "id=1&", "gclid=2"),
        ("utm_x=1&&a", "&a", "utm_x=1"),
        ("GCLID&utm_%61=1", "utm_%61=1", "GCLID"),
    ],
)
def test_tags_are_set_aside(query: str, kept: str, tags: str) -> None:
    assert set_aside(query) == (kept, tags)
