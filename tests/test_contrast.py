"""All text of the review page and the report can be read, light and dark."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from redirectmap.report import write_report
from tests.contrast import too_pale
from tests.review_site import make_folder, reviewing

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed (apt)"),
]
SCHEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
SLOW = 60_000


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as play:
        made = play.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield made
        made.close()


def readable(page: Page, least: int) -> None:
    for scheme in SCHEMES:
        page.emulate_media(color_scheme=scheme)
        count, pale = too_pale(page)
        assert count >= least
        assert pale == [], scheme


def test_pale_text_is_found(browser: Browser) -> None:
    page = browser.new_page()
    page.set_content(
        "<body style='background:#fff'><p style='color:#777'>grey</p>"
        "<p style='color:#767676'>just enough</p>"
        "<p style='background:#000'><b style='color:#fff;opacity:.3'>faint</b></p>"
    )
    count, pale = too_pale(page)
    page.close()
    assert count == 3
    assert [text.partition(":")[0] for text in pale] == ["grey", "faint"]


def test_the_review_page_can_be_read(browser: Browser, tmp_path: Path) -> None:
    with reviewing(make_folder(tmp_path / "p", 12)) as server:
        server.wait_until()
        page = browser.new_page()
        page.set_default_timeout(SLOW)
        page.goto(f"{server.origin}/#{server.call('invite')['once']}")
        page.wait_for_selector(".pages dl")
        readable(page, 60)
        page.keyboard.press("b")
        page.click("#bulk-preview")
        page.wait_for_selector("#bulk-shown table")
        readable(page, 100)
        page.keyboard.press("Escape")
        page.keyboard.press("?")
        page.wait_for_selector("#help[open]")
        readable(page, 100)
        page.close()


def test_the_report_can_be_read(browser: Browser, tmp_path: Path) -> None:
    folder = make_folder(tmp_path / "p", 12)
    write_report(folder)
    page = browser.new_page()
    page.goto((folder / "report.html").as_uri())
    readable(page, 40)
    page.close()
