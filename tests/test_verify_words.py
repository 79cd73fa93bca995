"""What pages say: that they are missing, that they go on, in which language."""

from __future__ import annotations

import pytest

from redirectmap.verify.judge_language import in_url, wrong_language
from redirectmap.verify.judge_page import header_directives, judge_page, like_probe
from redirectmap.verify.known import Expected, PageText
from redirectmap.verify.markup import head_facts, markup_redirect
from redirectmap.verify.missing import says_missing

OLD = "http://old.example"
HERE = "https://new.example/a"
THERE = "https://new.example/t"
ARTICLE = "The museum opens every day and shows paintings of three centuries. " * 12
BLANK = Expected(f"{OLD}/a", PageText(), PageText())


@pytest.mark.parametrize(
    ("title", "text"),
    [
        ("404", ""),
        ("Acme | 404", ""),
        ("Error 404 (Not Found)!!1", ""),
        ("Oops", "We can't find the page you are looking for."),
        ("Acme", "Sorry, the page you requested could not be found."),
        ("Acme", "This page doesn't exist anymore. " + ARTICLE),
        ("Acme", "This product is no longer available."),
        ("Kettles", "No products were found matching your selection."),
        ("Acme", "The requested URL was not found on this server."),
        ("Seite nicht gefunden", ""),
        ("Acme", "Die gesuchte Seite existiert nicht mehr."),
        ("Page introuvable", ""),
        ("Página no encontrada", ""),
        ("Acme", "Lo sentimos, esta página no existe."),
        ("Pagina non trovata", ""),
        ("Página não encontrada", ""),
        ("Pagina niet gevonden", ""),
        ("Nie znaleziono strony", ""),
        ("Sidan hittades inte", ""),
        ("Sivua ei löydy", ""),
        ("Stránka nenalezena", ""),
        ("Страница не найдена", ""),
        ("Sayfa bulunamadı", ""),  # noqa: RUF001 - Turkish
        ("ページが見つかりません", ""),
        ("页面不存在", ""),
    ],
)
def test_a_page_says_that_it_is_missing(title: str, text: str) -> None:
    assert says_missing(title, "", text)


@pytest.mark.parametrize(
    ("title", "text"),
    [
        ("Target 404", "All about Target 404."),
        ("Room 404", "This is room number 404"),
        ("404 ways to cook rice", "404 recipes that never fail."),
        ("Lost and found", "Things that people found here."),
        ("Museum", ARTICLE + "The page you are looking for was not found."),
        ("Pages", "Pages of history."),
        ("Delivery", "The product is available and will be sent at once."),
        ("Sizes", "We cannot find a better shoe for you than this one" + ARTICLE),
    ],
)
def test_other_pages_are_not_missing(title: str, text: str) -> None:
    assert says_missing(title, "", text) is None


def test_a_page_about_missing_pages_is_fine_where_the_plan_knew_it() -> None:
    page = PageText(title="How to mend 404 not found errors")
    facts = {"title": page.title, "text": ARTICLE, "status": 200}
    known = Expected(f"{OLD}/a", page, page)
    assert judge_page(HERE, facts, known, str, planned=True) == []


@pytest.mark.parametrize(
    ("markup", "kind"),
    [
        ('<meta http-equiv="refresh" content="0;url=/t">', "meta_refresh"),
        ("<META CONTENT='0; URL=/t' HTTP-EQUIV=Refresh>", "meta_refresh"),
        ("<meta http-equiv=refresh content=0;url=/t>", "meta_refresh"),
        ("<meta http-equiv='refresh' content='0; \"/t\"'>", "meta_refresh"),
        ("<script>window.location='/t'</script>", "javascript"),
        ("<script>window.location.href = `/t`;</script>", "javascript"),
        ("<script>location.replace( '/t' )</script>", "javascript"),
        ("<script>top.location.assign('/t');</script>", "javascript"),
        ("<script>var to = '/t'; document.location = to;</script>", "javascript"),
        (
            "<script>setTimeout(function(){location.href='/t'}, 0)</script>",
            "javascript",
        ),
        ("<body onload=\"location.href='/t'\">", "javascript"),
        ("<script>if (a) location.href='/t';</script>", "script_guess"),
        ("<script>function go() { location.href='/t' }</script>", "script_guess"),
        ("<!-- <meta http-equiv=refresh content='0;url=/t'> -->", ""),
        ("<noscript><meta http-equiv=refresh content='0;url=/t'></noscript>", ""),
        ("<meta http-equiv=refresh content=600>", ""),
        ("<meta http-equiv=refresh content='0;url=/a'>", ""),
        ("<script>if (location.href == '/t') {}</script>", ""),
        ("<script>ga('send', location.pathname)</script>", ""),
    ],
)
def test_redirects_in_markup(markup: str, kind: str) -> None:
    found = markup_redirect(f"<head>{markup}</head><p>x".encode(), HERE)
    assert found == ({kind: THERE} if kind else {})


def test_a_refresh_header_counts() -> None:
    assert markup_redirect(b"", HERE, "0; url=/t") == {"meta_refresh": THERE}


def test_the_head_tells_title_and_robots() -> None:
    body = b"<title> A &amp;\n B </title><meta content='NOINDEX' name=googlebot>"
    assert head_facts(body) == {"title": "A & B", "robots": "noindex"}
    assert head_facts(b"<p>nothing") == {}


@pytest.mark.parametrize(
    ("url", "code"),
    [
        ("https://x.example/de/a", "de"),
        ("https://x.example/de", "de"),
        ("https://x.example/shop/fr-FR/a", "fr"),
        ("https://de.x.example/a", "de"),
        ("https://www.de.x.example/a", "de"),
        ("https://x.example/a?lang=es", "es"),
        ("https://x.example/a.pl.html", "pl"),
        ("https://x.example/design/a", ""),
        ("https://x.example/old/de?a=1", ""),
        ("https://x.example/a/b/de/c", ""),
        ("https://x.de/a", ""),
    ],
)
def test_the_language_a_url_names(url: str, code: str) -> None:
    assert in_url(url) == code


KONTAKT = "https://new.example/de/kontakt"
GERMAN = "Unsere Werkstatt repariert Heizungen in der ganzen Region am selben Tag. " * 9
LOREM = "Lorem ipsum dolor sit amet, consectetur adipiscing elit, sed do eiusmod. " * 9


@pytest.mark.parametrize(
    ("path", "facts", "wrong"),
    [
        ("/de/a", {"lang": "en"}, True),
        ("/de/a", {"lang": "de-AT"}, False),
        ("/de/a", {"lang": "en", "text": GERMAN}, False),
        ("/de/a", {"lang": "de", "text": ARTICLE}, True),
        ("/de/a", {"lang": "de", "text": LOREM}, False),
        ("/de/a", {}, False),
        ("/de/a", {"content_language": "en"}, True),
        ("/de/a", {"hreflang": {"en": HERE, "de": THERE}}, True),
        ("/it/help", {"lang": "en", "text": ARTICLE}, False),
        ("/it/aiuto", {"lang": "en", "hreflang": {"it": THERE}}, True),
        ("/a", {"lang": "en", "text": GERMAN}, False),
        ("/kontakt.html", {"lang": "en", "hreflang": {"de": KONTAKT}}, True),
        ("/kontakt.html", {"lang": "de", "hreflang": {"de": KONTAKT}}, False),
        ("/contact", {"lang": "en", "hreflang": {"de": KONTAKT}}, False),
        ("/kontakt", {"lang": "en", "hreflang": {"x-default": KONTAKT}}, False),
        ("/a", {"lang": "en", "hreflang": {"de": "https://new.example/de/a"}}, False),
    ],
)
def test_languages_told_by_the_old_url(
    path: str, facts: dict[str, object], wrong: bool
) -> None:
    expected = Expected(OLD + path, PageText(), PageText())
    assert bool(wrong_language(HERE, dict(facts), expected)) is wrong


def test_the_old_pages_own_language_wins() -> None:
    old = PageText(lang="de", text=GERMAN)
    expected = Expected(f"{OLD}/en/a", old, PageText())
    message = wrong_language(HERE, {"lang": "en", "hreflang": {"de": THERE}}, expected)
    assert message is not None
    assert message.endswith(THERE)
    assert wrong_language(HERE, {"lang": "en", "text": GERMAN}, expected) is None


@pytest.mark.parametrize(
    ("path", "text", "wrong"),
    [("/de/a", ARTICLE, True), ("/a", ARTICLE, False), ("/a", LOREM, True)],
)
def test_a_lying_template_is_not_a_translation(
    path: str, text: str, wrong: bool
) -> None:
    old = PageText(lang="de", text=text)
    expected = Expected(OLD + path, old, PageText())
    assert bool(wrong_language(HERE, {"lang": "en", "text": text}, expected)) is wrong


def test_each_robots_header_has_its_own_agent() -> None:
    assert header_directives("otherbot: noindex\nnoarchive") == "noarchive"
    assert header_directives("otherbot: nofollow\nnoindex") == "noindex"
    assert header_directives("max-snippet: 5, noindex") == "max-snippet: 5, noindex"


@pytest.mark.parametrize(
    ("title", "text", "alike"),
    [
        ("Shop: 12345", "Welcome to our shop.", True),
        ("Shop: /x/1234", "Welcome to our shop.", True),
        ("Shop", ARTICLE, False),
        ("Red kettle", "Welcome to our shop.", False),
        ("Shop", "", False),
    ],
)
def test_like_the_answer_to_a_url_that_cannot_exist(
    title: str, text: str, alike: bool
) -> None:
    probe = {"title": "Shop: /x/2", "text": "Welcome to our shop."}
    assert like_probe({"title": title, "text": text}, probe) is alike


PLANNED = PageText(title="Red kettle | Shop", h1="Red kettle", text=ARTICLE)


@pytest.mark.parametrize(
    ("facts", "problem"),
    [
        ({"title": "Red kettle", "h1": "Red kettle", "text": ARTICLE}, ""),
        ({"title": "Red kettle - Acme", "text": ARTICLE}, ""),
        ({"text": ARTICLE}, ""),
        ({"title": "Red kettle", "text": ""}, "parity"),
        ({"title": "Red kettle", "text": "", "shell": True}, ""),
        ({"title": "Red kettle", "text": GERMAN}, "parity"),
        ({"title": "Blue pan", "h1": "Blue pan", "text": ARTICLE}, "title_changed"),
        ({"title": "Red kettle", "h1": "Delivery", "text": ARTICLE}, ""),
        ({"title": "Delivery times", "h1": "Delivery", "text": GERMAN}, "parity"),
    ],
)
def test_parity_with_the_planned_page(facts: dict[str, object], problem: str) -> None:
    seen = {"lang": "en", "status": 200, **facts}
    expected = Expected(f"{OLD}/a", PageText(), PLANNED)
    found = judge_page(HERE, seen, expected, str, planned=True)
    assert [p.name for p in found] == ([problem] if problem else [])
