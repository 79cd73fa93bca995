"""Every check: a plan in which it speaks, and one almost like it where it does not.

The tables are written as our plan.csv and as somebody's workbook and run through
`redirectmap check`, as a person would.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from click.testing import CliRunner

from redirectmap.checks import PlanContext, run_checks
from redirectmap.cli import main
from redirectmap.tables import BACKLINKS, LEGACY, PAGES, PLAN, write_csv

OLD, NEW = "https://old.example", "https://new.example"
Row = tuple[str, str]


@dataclass(frozen=True)
class Case:
    """Rows of old and new URL (a path stands on its own site) and what is known."""

    check: str
    rows: list[Row]
    near: list[Row] | None = None
    known: dict[str, Any] = field(default_factory=dict)
    near_known: dict[str, Any] | None = None


def fan(count: int, target: str, rest: int = 0) -> list[Row]:
    return [(f"/page-{n}", target) for n in range(count)] + [
        (f"/other-{n}", f"/other-{n}.html") for n in range(rest)
    ]


def moved(target: str) -> list[Row]:
    return [(f"https://old.com/{n}", target) for n in range(9)]


def page(**cells: Any) -> dict[str, Any]:  # noqa: ANN401
    return {"new": [{"url": f"{NEW}/b", "status": 200, **cells}]}


ONE: list[Row] = [("/a", "/b")]
LINKED = {"plan": {"referring_domains": 9, "priority": 0.5}}
CASES = [
    Case("chain", [("/a", f"{OLD}/b"), ("/b", "/c")], [("/a", "/b"), ("/c", "/d")]),
    Case("chain-spelling", [("/a", f"{OLD}/b/"), ("/b", "/c")], [("/a", f"{OLD}/b/")]),
    Case(
        "loop",
        [("/a", f"{OLD}/b"), ("/b", f"{OLD}/a")],
        [("/a", f"{OLD}/b"), ("/b", f"{OLD}/c")],
    ),
    Case(
        "into-loop",
        [("/x", f"{OLD}/a"), ("/a", f"{OLD}/b"), ("/b", f"{OLD}/a")],
        [("/a", f"{OLD}/b"), ("/b", f"{OLD}/a")],
    ),
    Case("self-redirect", [("/a", f"{OLD}/a")], ONE),
    Case("self-redirect", [("/a", f"{OLD}:443/a")], [("/a", f"{OLD}:444/a")]),
    Case("self-redirect", [("/a", f"{OLD}/a#top")], ONE),
    Case("self-redirect", [("/a", f"{OLD}/x/../a")], ONE),
    Case(
        "self-redirect",
        [("https://b\u00fccher.example/a", "https://xn--bcher-kva.example/a")],
        ONE,
    ),
    Case("self-redirect-spelling", [("/A", f"{OLD}/a")], [("/A", f"{OLD}/ab")]),
    Case("self-redirect-spelling", [("/a", f"{OLD}/a/")], [("/a", f"{OLD}/a/b")]),
    Case("self-redirect-spelling", [("/%7Ea", f"{OLD}/~a")], [("/%7Ea", f"{OLD}/b")]),
    Case("origin-only", [("http://old.example/a", f"{OLD}/a")], [("/a", f"{NEW}/a")]),
    Case(
        "duplicate-source", [("/a", "/b"), ("/a", "/c")], [("/a", "/b"), ("/d", "/c")]
    ),
    Case("duplicate-source", [("/a b", "/b"), ("/a%20b", "/c")], ONE),
    Case("repeated-source", [("/a", "/b"), ("/a", "/b")], ONE),
    Case(
        "same-parameters",
        [("/a?x=1&y=2", "/b"), ("/a?y=2&x=1", "/c")],
        [("/a?x=1&y=2", "/b"), ("/a?x=2&y=1", "/c")],
    ),
    Case(
        "source-live",
        ONE,
        ONE,
        {"new": [{"url": f"{OLD}/a"}]},
        {"new": [{"url": f"{OLD}/a", "status": 404}]},
    ),
    Case("homepage-dump", fan(9, "/"), [("/", "/"), ("/index.html", "/")]),
    Case("homepage-target", fan(3, "/en/"), [("/en/", "/")]),
    Case("category-dump", fan(12, "/category/"), fan(8, "/category/", 12)),
    Case("mass-fan-in", fan(12, "/x/one-thing.html"), fan(3, "/x/one-thing.html")),
    Case(
        "many-to-one",
        fan(2, "/b"),
        fan(2, "/b"),
        {},
        {"plan": {"reason": "title; merged: 2 old URLs share this target"}},
    ),
    Case("target-not-200", ONE, ONE, page(status=404), page()),
    Case("target-not-200", ONE, ONE, page(status=503), page(status=None)),
    Case("target-redirects", ONE, ONE, page(status=301), page()),
    Case("target-noindex", ONE, ONE, page(robots="noindex"), page(robots="nofollow")),
    Case(
        "target-canonical",
        ONE,
        ONE,
        page(canonical=f"{NEW}/else"),
        page(canonical=f"{NEW}/b"),
    ),
    Case(
        "target-canonical-host",
        ONE,
        ONE,
        page(canonical="https://www.new.example/b"),
        page(canonical="/b"),
    ),
    Case(
        "target-robots", ONE, ONE, {"blocked": [f"{NEW}/b"]}, {"blocked": [f"{NEW}/c"]}
    ),
    Case(
        "target-soft-404",
        ONE,
        ONE,
        page(title="404 - Page not found | Shop"),
        page(title="Peugeot 404 spare parts"),
    ),
    Case(
        "target-not-in-sitemap",
        ONE,
        ONE,
        {"sitemap": [f"{NEW}/c"]},
        {"sitemap": [f"{NEW}/b"]},
    ),
    Case("target-unknown", ONE, ONE, {"new": [{"url": f"{NEW}/c"}]}, page()),
    Case(
        "target-language",
        ONE,
        ONE,
        page(lang="de") | {"old": [{"url": f"{OLD}/a", "lang": "en"}]},
        page(lang="en-GB") | {"old": [{"url": f"{OLD}/a", "lang": "en"}]},
    ),
    Case("target-language", [("/de/a", "/en/a")], [("/de/a", "/de-at/a")]),
    Case("target-language", [("/tr/visas", "/en/visas")], [("/tr/visas", "/uk-visa")]),
    Case(
        "target-other-host",
        [*moved("https://new.com/x"), ("https://old.com/a", "https://partner.com/")],
        [*moved("https://new.com/x"), ("https://old.com/a", "https://shop.new.com/")],
    ),
    Case("query-source", [("/a?id=1", "/b")], ONE),
    Case("parameters-lost", [("/a?q=1", "/a")], [("/a?id=1", "/b")]),
    Case("parameters-lost", [("/a?q=1", "/b?x=1")], [("/a?q=1", "/b?q=1")]),
    Case(
        "parameters-lost",
        [("/a?c=1", "/b"), ("/a?c=2", "/b")],
        [("/a?c=1", "/b"), ("/a?c=2", "/d")],
    ),
    Case("tracking-source", [("/a?utm_source=x", "/b")], [("/a?source=x", "/b")]),
    Case("variant-uncovered", [("/About", "/b")], [("/About", "/b"), ("/about", "/b")]),
    Case("slash-uncovered", [("/about", "/b")], [("/about.html", "/b")]),
    Case("slash-uncovered", [("/a/", "/b")], [("/a/", "/b"), ("/a", "/b")]),
    Case(
        "variants-differ",
        [("/a/", "/b"), ("/a", "/c")],
        [("/a/", "/b"), ("/a", "/b")],
    ),
    Case(
        "variant-requested",
        ONE,
        ONE,
        {"logged": {f"{OLD}/A/": 7}},
        {"logged": {f"{OLD}/ab": 7}},
    ),
    Case("proxy-prefix", [(f"/docs/{n}", f"/{n}") for n in range(4)], fan(4, "/x")),
    Case("encoded-source", [("/caf\u00e9", "/b")], [("/cafe", "/b")]),
    Case("file-source", [("/a.pdf", "/b.pdf")], [("/a.html", "/b")]),
    Case("file-to-page", [("/a.pdf", "/b")], [("/a.pdf", "/b.pdf")]),
    Case("feed-source", [("/blog/feed/", "/b")], [("/feedback/", "/b")]),
    Case("amp-source", [("/a/amp/", "/b")], [("/camp/", "/b")]),
    Case("pagination-source", [("/blog/page/2/", "/b")], [("/homepage/2/", "/b")]),
    Case("pagination-source", [("/blog?page=2", "/b")], [("/blog?pages=2", "/b")]),
    Case("temporary", ONE, ONE, {"plan": {"status": 302}}, {"plan": {"status": 308}}),
    Case("high-value-gone", [("/a", "")], ONE, LINKED, LINKED),
    Case(
        "high-value-review",
        ONE,
        ONE,
        {"plan": {"action": "review", **LINKED["plan"]}},
        {"plan": {"action": "review", "priority": 0.0001}},
    ),
    Case(
        "high-value-missing",
        ONE,
        ONE,
        {"links": [f"{OLD}/best"] * 6},
        {"links": [f"{OLD}/a"] * 6},
    ),
    Case("top-linked-changed", [("/a", f"{OLD}/b")], ONE, LINKED, LINKED),
    Case("value-lost", [("/a", "")], ONE, LINKED, LINKED),
    Case(
        "hreflang-torn",
        [("/en/a", "/x"), ("/de/a", "")],
        [("/en/a", "/x"), ("/de/b", "")],
    ),
    Case(
        "hreflang-torn",
        [("https://en.old.example/a", "/x"), ("https://de.old.example/a", "")],
        [("https://en.old.example/a", "/x"), ("https://de.old.example/a", "/y")],
    ),
    Case(
        "hreflang-merged",
        [("/en/a", "/x"), ("/de/a", "/x")],
        [("/en/a", "/en/x"), ("/de/a", "/de/x")],
    ),
    Case("loop-with-live", ONE, ONE, {"live": [(f"{NEW}/b", f"{OLD}/a")]}, {}),
    Case("chain-with-live", ONE, ONE, {"live": [(f"{NEW}/b", f"{NEW}/c")]}, {}),
    Case(
        "wildcard",
        fan(6, "/x"),
        fan(6, "/x"),
        {"logged": {f"{OLD}/never-heard-of": 3}},
        {"logged": {f"{OLD}/page-1": 3}},
    ),
    Case("no-target", [("/a", "")], ONE, {"plan": {"action": "redirect"}}),
    Case("bad-target", [("/a", "https://")], ONE),
    Case(
        "pattern-growth",
        [("re:^/b/(.*)$", f"{OLD}/b/new/$1"), ("/z", "/y")],
        [("re:^/b/(.*)$", f"{NEW}/b/new/$1"), ("/z", "/y")],
    ),
]


def plan_of(rows: list[Row], **cells: Any) -> pd.DataFrame:  # noqa: ANN401
    old, new = zip(*rows, strict=True)
    table = pd.DataFrame(
        {
            "old_url": [OLD + url if url[:1] == "/" else url for url in old],
            "new_url": [NEW + url if url[:1] == "/" else url or None for url in new],
            "action": ["redirect" if url else "gone" for url in new],
            "status": [301 if url else 410 for url in new],
        }
    )
    return PLAN.fit(table.assign(**cells))


def said(rows: list[Row], known: dict[str, Any]) -> pd.DataFrame:
    """Run every check on `rows` with what is known beside them."""
    pages: Any = {
        f"{side}_pages": PAGES.fit(pd.DataFrame(known[side]))
        for side in ("old", "new")
        if side in known
    }
    links = known.get("links", [])
    live = [(a, b, 301, "live") for a, b in known.get("live", [])]
    domains = [f"d{n}.example" for n in range(len(links))]
    backlinks = pd.DataFrame({"target_url": links, "source_domain": domains})
    context = PlanContext(
        plan_of(rows, **known.get("plan", {})),
        **pages,
        sitemap=frozenset(known["sitemap"]) if "sitemap" in known else None,
        blocked=frozenset(known.get("blocked", ())),
        logged=pd.Series(known["logged"]) if "logged" in known else None,
        backlinks=BACKLINKS.fit(backlinks) if links else None,
        live=LEGACY.fit(pd.DataFrame(live, columns=LEGACY.names)) if live else None,
    )
    return run_checks(context)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.check)
def test_a_check_speaks_and_keeps_silent(case: Case) -> None:
    found = said(case.rows, case.known)
    mine = found[found["check"].eq(case.check)]
    assert len(mine), sorted(set(found["check"]))
    assert mine["message"].ne("").all()
    assert mine["hint"].ne("").all()
    near = case.known if case.near_known is None else case.near_known
    if case.near is not None:
        assert case.check not in set(said(case.near, near)["check"])


PLAN_ALONE = [
    case
    for case in CASES
    if not case.known and all("://" not in a and ":443" not in b for a, b in case.rows)
]


def as_workbook(path: Path, rows: list[Row]) -> Path:
    """Write what an agency sends: a title line, odd headers, paths, a note column."""
    import xlsxwriter

    with xlsxwriter.Workbook(path) as book:
        sheet = book.add_worksheet("Redirects")
        sheet.write_row(0, 0, ["Redirect map, draft 3"])
        sheet.write_row(2, 0, ["#", "Old page (path)", "New Page URL", "HTTP status"])
        for line, (old, new) in enumerate(rows, 3):
            target = NEW + new if new[:1] == "/" else new
            target = target.replace(f"{OLD}/", "/") or "-"
            sheet.write_row(line, 0, [line, old, target, 301 if new else 410])
    return path


def as_semicolons(path: Path, rows: list[Row]) -> Path:
    lines = [f'"{old}";"{NEW + new if new[:1] == "/" else new}"' for old, new in rows]
    lines = [line.replace(f'"{OLD}', '"') for line in lines]
    text = "\ufeffAlte URL;Neue URL\r\n" + "\r\n".join(lines) + "\r\n"
    path.write_text(text, encoding="utf-8")
    return path


def checks_of(path: Path) -> set[str]:
    result = CliRunner().invoke(main, ["check", str(path), "--json", "--quiet"])
    assert result.exit_code in {0, 1}, result.output
    return set(json.loads(result.stdout)["by_check"])


@pytest.mark.parametrize("case", PLAN_ALONE, ids=lambda case: case.check)
def test_a_check_speaks_on_any_sheet(case: Case, tmp_path: Path) -> None:
    ours = write_csv(tmp_path / "plan.csv", plan_of(case.rows))
    assert case.check in checks_of(ours)
    assert case.check in checks_of(as_workbook(tmp_path / "map.xlsx", case.rows))


@pytest.mark.parametrize("case", PLAN_ALONE[::4], ids=lambda case: case.check)
def test_a_check_speaks_on_semicolons(case: Case, tmp_path: Path) -> None:
    assert case.check in checks_of(as_semicolons(tmp_path / "map.csv", case.rows))
