"""What kind of page a URL is."""

from __future__ import annotations

import pytest
from hypothesis import given, strategies as st

from redirectmap.signals.kinds import KINDS, is_home, page_kind

CASES = [
    ("/", "home"),
    ("", "home"),
    ("/de/", "home"),
    ("/index.html?utm_source=x", "home"),
    ("/index.php?id=12", "other"),
    ("/?p=12", "article"),
    ("/products", "category"),
    ("/products/combi-boiler", "product"),
    ("/shop/boilers", "category"),
    ("/shop/boilers/eco-pro.html", "product"),
    ("/collections/sale/products/eco-pro", "product"),
    ("/category/heating", "category"),
    ("/2019/03/frozen-pipes", "article"),
    ("/blog", "article"),
    ("/ratgeber/heizung-entlüften", "article"),
    ("/how-to-bleed-a-radiator", "article"),
    ("/Leistungen/Heizung", "service"),
    ("/boiler-repair", "service"),
    ("/standorte/k%C3%B6ln", "location"),
    ("/areas-served/leeds", "location"),
    ("/downloads/prices.PDF", "file"),
    ("/about", "other"),
]


@pytest.mark.parametrize(("path", "expected"), CASES)
def test_kind_by_path(path: str, expected: str) -> None:
    assert page_kind(f"https://www.example.com{path}") == expected


def test_identifiers_and_title_speak_where_the_path_is_silent() -> None:
    assert page_kind("https://e.com/x1", identifiers=["sku:AB-1"]) == "product"
    assert page_kind("https://e.com/x1", title="How to bleed a radiator") == "article"


def test_home_is_the_front_page_only() -> None:
    assert is_home("https://e.com/")
    assert not is_home("https://e.com/about")


@given(st.text(max_size=40))
def test_any_text_has_a_kind(text: str) -> None:
    assert page_kind(f"https://e.com/{text}") in KINDS
