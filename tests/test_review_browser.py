"""The review page in a real Chromium: keys, hostile titles, two tabs, reload."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Page, expect, sync_playwright

from tests.review_site import (
    HOSTILE,
    NEW,
    OLD,
    Server,
    decide,
    make_folder,
    reviewing,
    saved,
)

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed (apt)"),
]
SLOW = 60_000


@pytest.fixture(scope="module")
def context() -> Iterator[BrowserContext]:
    with sync_playwright() as play:
        browser = play.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"]
        )
        made = browser.new_context(viewport={"width": 1280, "height": 900})
        made.set_default_timeout(SLOW)
        yield made
        browser.close()


def opened(context: BrowserContext, server: Server) -> Page:
    page = context.new_page()
    page.goto(server.address)
    page.wait_for_selector("#detail h2")
    return page


def current(page: Page) -> str:
    return str(page.locator(".row.chosen").get_attribute("data-url"))


def press(page: Page, key: str, said: str) -> str:
    """Decide the current row by a key; return its URL."""
    url = current(page)
    page.keyboard.press(key)
    expect(page.locator("#message")).to_contain_text(said, timeout=SLOW)
    expect(page.locator(f'.row.chosen[data-url="{url}"]')).to_have_count(
        0, timeout=SLOW
    )
    return url


def test_from_the_first_row_to_the_saved_file_by_keys(
    context: BrowserContext, tmp_path: Path
) -> None:
    folder = make_folder(tmp_path / "p")
    with reviewing(folder) as server:
        server.wait_until()
        server.once = server.call("invite")["once"]
        server.address = f"{server.origin}/#{server.once}"
        page = opened(context, server)
        first = press(page, "a", "accept")
        page.keyboard.press("2")
        expect(page.locator(".candidate.shown kbd")).to_have_text("2", timeout=SLOW)
        chosen = press(page, "Enter", "choose")
        gone = press(page, "g", "gone")
        merged = press(page, "m", "merge")
        page.keyboard.press("n")
        noted = current(page)
        expect(page.locator("#note")).to_be_focused(timeout=SLOW)
        page.keyboard.type("ask = the client")
        page.keyboard.press("Control+Enter")
        expect(page.locator("#message")).to_contain_text("note saved", timeout=SLOW)
        page.keyboard.press("/")
        expect(page.locator("#query")).to_be_focused(timeout=SLOW)
        page.keyboard.type("articles page 21")
        expect(page.locator("#found .active")).to_contain_text("page-21", timeout=SLOW)
        page.keyboard.press("Enter")
        shown = page.locator(".candidate.shown, .pages article:nth-child(2) .address")
        expect(shown.last).to_contain_text("page-21", timeout=SLOW)
        found = press(page, "a", "choose")
        undone = press(page, "g", "gone")
        page.keyboard.press("u")
        expect(page.locator("#message")).to_contain_text("undo", timeout=SLOW)
        page.keyboard.press("j")
        page.close()
        rows = saved(folder)
    assert found == noted
    assert rows[first]["decision"] == "accept"
    assert rows[chosen]["decision"] == "choose"
    assert rows[gone]["action"] == "gone"
    assert rows[merged]["decision"] == "merge"
    assert rows[noted]["note"] == "ask = the client"
    assert rows[found]["new_url"] == f"{NEW}/articles/page-21"
    assert undone not in rows
    assert len(rows) == 5


def test_hostile_titles_are_inert(context: BrowserContext, tmp_path: Path) -> None:
    folder = make_folder(tmp_path / "p", len(HOSTILE), hostile=True)
    with reviewing(folder) as server:
        page = context.new_page()
        dialogs: list[str] = []
        asked: list[str] = []
        problems: list[str] = []
        page.on("dialog", lambda d: dialogs.append(d.message))
        page.on("request", lambda r: asked.append(r.url))
        page.on("console", lambda m: problems.append(m.text))
        page.on("pageerror", lambda e: problems.append(str(e)))
        page.goto(server.address)
        page.wait_for_selector("#detail h2")
        for number in range(len(HOSTILE)):
            page.locator(".row").nth(number).click()
            url = f"{OLD}/blog/page-{number}.html"
            chosen = page.locator(f'.row.chosen[data-url="{url}"]')
            expect(chosen).to_be_visible(timeout=SLOW)
            card = page.locator(".pages article").first
            expect(card.locator("dl")).to_be_visible(timeout=SLOW)
            head = page.locator("#detail h2")
            expect(head).to_have_text(f"/blog/page-{number}.html", timeout=SLOW)
            start = re.split(r"[\u202e\x1b]", HOSTILE[number])
            expect(card).to_contain_text(max(start, key=len), timeout=SLOW)
            page.keyboard.press("/")
            page.keyboard.type(HOSTILE[number][:20])
            page.keyboard.press("Escape")
        tags = page.evaluate("[...document.querySelectorAll('*')].map(n => n.tagName)")
        scripts = page.evaluate("[...document.scripts].map(n => n.src)")
        page.keyboard.press("h")
        page.close()
    assert dialogs == []
    assert problems == []
    assert all(url.startswith(server.origin) for url in asked), asked
    assert not {"IFRAME", "IMG", "SVG", "svg", "OBJECT"} & set(tags)
    assert scripts == [f"{server.origin}/review.js"]


def test_two_tabs_see_each_other_and_a_reload_keeps_the_place(
    context: BrowserContext, tmp_path: Path
) -> None:
    with reviewing(make_folder(tmp_path / "p")) as server:
        one = opened(context, server)
        with context.expect_page() as opening:
            one.click("#open-tab")
        two = opening.value
        two.wait_for_selector("#detail h2")
        url = press(one, "a", "accept")
        expect(two.locator(f'.row[data-url="{url}"]')).to_have_count(0, timeout=SLOW)
        expect(two.locator("#figures")).to_contain_text("1 of 30", timeout=SLOW)
        one.reload()
        one.wait_for_selector("#detail h2")
        expect(one.locator("#figures")).to_contain_text("1 of 30", timeout=SLOW)
        spent = context.new_page()
        spent.goto(server.address)
        expect(spent.locator("#message")).to_contain_text("used already", timeout=SLOW)
        for page in (one, two, spent):
            page.close()


def test_bulk_history_and_finish(context: BrowserContext, tmp_path: Path) -> None:
    folder = make_folder(tmp_path / "p")
    with reviewing(folder) as server:
        page = opened(context, server)
        page.keyboard.press("f")
        page.keyboard.type("/blog/page-1*")
        page.keyboard.press("Enter")
        expect(page.locator("#where")).to_contain_text("of 11", timeout=SLOW)
        page.keyboard.press("b")
        page.select_option("#bulk-kind", "gone")
        page.click("#bulk-preview")
        expect(page.locator("#bulk-shown")).to_contain_text("11 rows", timeout=SLOW)
        page.click("#bulk-apply")
        expect(page.locator("#message")).to_contain_text("bulk gone", timeout=SLOW)
        assert len(saved(folder)) == 11
        page.keyboard.press("h")
        page.locator("#events button").first.click()
        expect(page.locator("#events")).to_contain_text("undo 1", timeout=SLOW)
        assert saved(folder) == {}
        page.locator("#history button[value=close]").click()
        page.click("#finish")
        assert server.process.wait(60) == 0
        page.close()


def test_one_key_settles_the_siblings(context: BrowserContext, tmp_path: Path) -> None:
    folder = make_folder(tmp_path / "p")
    with reviewing(folder) as server:
        server.wait_until()
        for n in (1, 4, 7, 10, 13, 16):
            target = f"{NEW}/articles/page-{n}"
            decide(server, f"{OLD}/blog/page-{n}.html", "choose", target=target)
        server.once = server.call("invite")["once"]
        server.address = f"{server.origin}/#{server.once}"
        page = opened(context, server)
        expect(page.locator("#learned button")).to_be_visible(timeout=SLOW)
        page.keyboard.press("s")
        expect(page.locator("#bulk-apply")).to_be_focused(timeout=SLOW)
        expect(page.locator("#bulk-shown")).to_contain_text("page-22", timeout=SLOW)
        page.keyboard.press("Enter")
        expect(page.locator("#message")).to_contain_text("bulk accept", timeout=SLOW)
        page.close()
        rows = saved(folder)
    settled = {url: row for url, row in rows.items() if row["decision"] == "accept"}
    assert len(settled) >= 3
    assert all(
        row["new_url"] == url.replace(f"{OLD}/blog", f"{NEW}/articles")[: -len(".html")]
        for url, row in settled.items()
    )


def test_what_was_passed_by_is_accepted_at_once(
    context: BrowserContext, tmp_path: Path
) -> None:
    folder = make_folder(tmp_path / "p")
    with reviewing(folder) as server:
        page = opened(context, server)
        passed = [current(page)]
        for _ in range(3):
            page.keyboard.press("j")
            gone = page.locator(f'.row.chosen[data-url="{passed[-1]}"]')
            expect(gone).to_have_count(0, timeout=SLOW)
            passed.append(current(page))
        here = passed.pop()
        page.keyboard.press("A")
        expect(page.locator("#bulk-apply")).to_have_text("Decide 3 rows", timeout=SLOW)
        expect(page.locator("#bulk-apply")).to_be_focused(timeout=SLOW)
        page.keyboard.press("Enter")
        said = page.locator("#message")
        expect(said).to_contain_text("bulk accept, 3 rows", timeout=SLOW)
        chosen = page.locator(f'.row.chosen[data-url="{here}"]')
        expect(chosen).to_have_count(1, timeout=SLOW)
        page.close()
        assert set(saved(folder)) == set(passed)


@pytest.mark.parametrize("width", [390, 820, 1400])
def test_the_page_fits_its_window(
    context: BrowserContext, tmp_path: Path, width: int
) -> None:
    with reviewing(make_folder(tmp_path / "p", 5)) as server:
        page = opened(context, server)
        page.set_viewport_size({"width": width, "height": 900})
        wide: Any = page.evaluate("document.documentElement.scrollWidth")
        nameless: Any = page.evaluate(
            "[...document.querySelectorAll('button,input,select,textarea')].filter("
            "n => !(n.textContent.trim() || n.ariaLabel || n.labels?.length)).length"
        )
        page.close()
    assert wide <= width
    assert nameless == 0
