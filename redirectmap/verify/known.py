"""What is known of pages before anything is asked: from crawls and the plan."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class PageText:
    """What is known of a page beforehand; empty where not known."""

    title: str = ""
    h1: str = ""
    text: str = ""
    lang: str = ""


@dataclass(frozen=True, slots=True)
class Expected:
    """The old page and the planned one, as the plan's makers saw them."""

    old_url: str
    old: PageText
    new: PageText
    new_url: str = ""
