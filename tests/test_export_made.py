"""Rules that hypothesis makes, thousands of them, on every server."""

from __future__ import annotations

import random
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import Phase, given, settings, strategies as st

from redirectmap.exporters import BUILTIN
from redirectmap.tables import PLAN
from tests.export_plans import NODE, PROVABLE, needs, plan_of, proven


@pytest.fixture(autouse=True)
def _node_modules(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the npm packages of tests/node be found (make node brings them)."""
    monkeypatch.setenv("NODE_PATH", str(NODE))


ACTIONS = ("redirect", "gone", "keep", "review")
UNSHRUNK = (Phase.explicit, Phase.reuse, Phase.generate)  # each try is a server
_ODD = "/aA.%$\"'\\;{}()[]?&=#~*+^|<>!:@,é日 -_"
_NASTY = (
    *("%2F", "%2f", "%25", "%20", "%22", "%C3%A9", "%c3%a9", "%E9", "%23", "%3F"),
    *("$1", "${host}", "$uri", "%{HTTP_HOST}", "%1", "\\1", "{http.request.uri}", '"}'),
    *(
        "//",
        "/..",
        "/./",
        "..;",
        "?",
        "?a=1&b=2",
        "&amp;",
        "#x",
        "+",
        ".html",
        "x" * 300,
    ),
    *("utm_source=a", "?id=1", "&gclid=%2f", "?pk_x", "?a=1&fbclid=2&b", "&", "="),
    *(
        "%2e%2e/",
        "e\u0301",
        "\u0131",
        "\u202e",
        "%C0%AF",
        "%7F",
        ";x=1",
        "@",
        "/:a",
        "\\",
    ),
    *("; return 200", " [R=302]", "*/", "-->", "]]>", "\u2028", "evil.example", ":80"),
)


def odd_text(draw: random.Random) -> str:
    """Make a text of signs and fragments that some grammar gives a meaning to."""
    parts = draw.choices(
        [*_ODD, *_NASTY, "a", "b1", "page-", "/"], k=draw.randint(0, 12)
    )
    return "".join(parts)


def made_plan(seed: int, rows: int, *, queries: bool = True) -> pd.DataFrame:
    """Make a plan of odd texts; what the gate refuses is refused.

    A few rows are gone, kept, undecided, or stand on another host.
    """
    draw = random.Random(seed)
    texts = (odd_text(draw) for _ in range(rows))
    paths = list(dict.fromkeys(t if queries else t.replace("?", "!") for t in texts))
    plan = plan_of(
        *(
            (f"/{path}", f"https://new.example/{odd_text(draw)}", status)
            for path, status in zip(
                paths, draw.choices([301, 301, 301, 302, 308], k=rows), strict=False
            )
        )
    )
    plan["action"] = draw.choices(ACTIONS, weights=(93, 3, 2, 2), k=len(plan))
    plan.loc[plan["action"] == "gone", ["new_url", "status"]] = None, 410
    shop = [draw.random() < 0.03 for _ in paths]
    plan.loc[shop, "old_url"] = plan["old_url"].str.replace("//", "//shop.", n=1)
    return PLAN.fit(plan)


PLANS = {
    "htaccess": (52, 75),
    "caddy": (3, 1_300),
    "vercel": (7, 1_000),
    "netlify": (14, 500),
    "cloudflare-pages": (1, 900),  # some 300 rules: a request takes 4 ms
}
"""Plans and rows where every request reads every rule; else one plan is enough."""


def prove_made(name: str, seed: int, folder: Path) -> int:
    """Prove made plans on one server; return how many rules they made."""
    count, rows = PLANS.get(name, (1, 4_200))
    queries = BUILTIN[name].carries.queries
    made = (
        proven(made_plan(seed + n, rows, queries=queries), name, folder / str(n))
        for n in range(count)
    )
    return sum(made)


@pytest.mark.server
@pytest.mark.parametrize("name", PROVABLE)
@settings(max_examples=1, phases=UNSHRUNK)
@given(seed=st.integers(0, 2**32))
def test_made_rules(
    name: str, seed: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    needs(name)
    rules = prove_made(name, seed, tmp_path_factory.mktemp("made"))
    assert rules >= (200 if name == "cloudflare-pages" else 2_000)


@pytest.mark.soak
@pytest.mark.server
@pytest.mark.parametrize("name", PROVABLE)
@settings(max_examples=1, phases=UNSHRUNK)
@given(seed=st.integers(0, 2**32))
def test_many_made_rules(
    name: str, seed: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    needs(name)
    folder = tmp_path_factory.mktemp("soak")
    rules, number = 0, 0
    while rules < 20_000:
        number += 1
        rules += prove_made(name, seed + 1_000 * number, folder / str(number))
