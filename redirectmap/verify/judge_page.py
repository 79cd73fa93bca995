"""Judge the page a row ends on: can it be indexed, and is it the right one?

Reads   what the spider saw on the page, what the crawls and the plan know of
        the old page and of the planned one.
Bounds  similarity is counted in shared words, so a page translated or rewritten
        from scratch looks like another page; without any text of the planned
        page only titles are compared.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from math import sqrt
from typing import Any

from redirectmap.urls import Url, is_private_host, parse
from redirectmap.verify.judge import LANGUAGES, Same
from redirectmap.verify.problems import Problem

Facts = dict[str, Any]
MIN_TEXT = 200
TEXT_CAP = 5_000
SAME_TITLE = 60.0
_WORD = re.compile(r"\w{4,}")
_MISSING = re.compile(
    r"^\W*404\b(?!\s+\w+\s+\w)|\b(?:error|fehler|erreur)\s+404\b|\b404\s+(?:error|page|not)"
    r"|\bnot found\b|does(?: not|n't) exist"
    r"|no longer (?:available|exists?)|nicht gefunden|existiert nicht|nicht mehr verf"
    r"|page introuvable|n'existe (?:pas|plus)|no encontrad[ao]|non trovat[ao]"
    r"|niet gevonden",
    re.IGNORECASE,
)
_IN_PATH = re.compile(rf"//[^/]+/({LANGUAGES})(?:-[a-zA-Z]{{2}})?(?:/|$)")


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


def judge_page(
    url: str, facts: Facts, expected: Expected, same: Same, *, planned: bool
) -> list[Problem]:
    """Return the problems of the page `url`.

    Args:
        url: Where the row ends.
        facts: What the spider saw there.
        expected: What should be seen.
        same: Maps a URL key to the spelling URLs are compared in.
        planned: It is the planned page, so it must look like it.
    """
    found = [*_indexing(facts), *_canonical(url, facts, same)]
    found += _refresh(url, facts)
    missing = _says_missing(facts, expected)
    if missing:
        return [*found, missing]
    found += _language(facts, expected)
    if planned and not any(p.name == "wrong_language" for p in found):
        found += _parity(facts, expected)
    return found


def _indexing(facts: Facts) -> Iterator[Problem]:
    for where, text in (
        ("meta robots", facts.get("robots", "")),
        ("X-Robots-Tag", header_directives(facts.get("x_robots", ""))),
    ):
        if set(re.split(r"[\s,]+", text.lower())) & {"noindex", "none"}:
            yield Problem("noindex", f"{where} says {text}")


def header_directives(text: str) -> str:
    """Keep the directives of X-Robots-Tag that are meant for Googlebot or all."""
    kept = []
    agent = ""
    for part in text.lower().split(","):
        name, colon, rest = part.strip().partition(":")
        if colon and name.strip() not in {"unavailable_after", "max-snippet"}:
            agent, part = name.strip(), rest  # noqa: PLW2901 - the agent is cut off
        if agent in {"", "googlebot"}:
            kept.append(part.strip())
    return ", ".join(kept)


def _canonical(url: str, facts: Facts, same: Same) -> Iterator[Problem]:
    named = [*facts.get("canonical", ()), *_link_canonical(facts.get("link", ""), url)]
    for canonical in named:
        if same(canonical) == same(url) or _is_stand_in(url, canonical):
            continue
        yield Problem("canonical_elsewhere", f"the canonical of {url} is {canonical}")
        return


def _link_canonical(header: str, url: str) -> Iterator[str]:
    for target, rest in re.findall(r"<([^>]*)>([^<]*)", header):
        if re.search(r"rel\s*=\s*\"?[^\";]*\bcanonical\b", rest, re.IGNORECASE):
            found = parse(target, url, as_browser=True)
            if isinstance(found, Url):
                yield found.key


def _is_stand_in(url: str, canonical: str) -> bool:
    """A staging copy on a private address names its public self as canonical."""
    here, there = parse(url), parse(canonical)
    if not (isinstance(here, Url) and isinstance(there, Url)):
        return False
    return is_private_host(here.host) and here.wire == there.wire


def _refresh(url: str, facts: Facts) -> Iterator[Problem]:
    text = facts.get("refresh", "")
    target = parse(text, url, as_browser=True) if text else None
    if isinstance(target, Url) and target.key != url:
        message = f"{url} goes on to {target.key} by meta refresh"
        yield Problem("target_redirects", message)


def _says_missing(facts: Facts, expected: Expected) -> Problem | None:
    known = f"{expected.old.title} {expected.new.title} {expected.new.h1}"
    if _MISSING.search(known):
        return None
    text = facts.get("text", "")
    short = text if len(text) < 400 else ""
    for where in (facts.get("title", ""), facts.get("h1", ""), short):
        if _MISSING.search(where):
            return Problem("soft_404", f"answers 200 and says {where[:100]!r}")
    return None


def like_probe(facts: Facts, probe: Facts) -> bool:
    """Say whether a page looks like the answer to a URL that cannot exist.

    Pages without text (the shell of a script) all look alike: no statement.
    """
    text, other = facts.get("text", ""), probe.get("text", "")
    if facts.get("title") != probe.get("title") or not (text and other):
        return False
    return cosine(text, other) > 0.95


def _language(facts: Facts, expected: Expected) -> Iterator[Problem]:
    wanted, told_by = _wanted_language(expected)
    found = facts.get("lang", "").lower()[:2]
    text = facts.get("text", "")
    if wanted and not found and len(text) >= MIN_TEXT:
        found = detected(text)
    if not wanted or not found or wanted == found:
        return
    if told_by == "lang" and _same_by_text(expected.old.text, text):
        return
    message = f"the old page is in {wanted!r}, this one in {found!r}"
    alternate = facts.get("hreflang", {}).get(wanted)
    if alternate:
        message += f"; its {wanted} version is {alternate}"
    yield Problem("wrong_language", message)


def _wanted_language(expected: Expected) -> tuple[str, str]:
    if expected.old.lang:
        return expected.old.lang.lower()[:2], "lang"
    found = _IN_PATH.search(expected.old_url)
    return (found[1], "path") if found else ("", "")


def _same_by_text(old: str, new: str) -> bool:
    """Templates often lie about their language; two long texts do not."""
    if min(len(old), len(new)) < MIN_TEXT:
        return False
    return detected(old) == detected(new)


def detected(text: str) -> str:
    """Return the language of a text as two letters."""
    from py3langid import classify

    return str(classify(text[:2_000])[0])


def _parity(facts: Facts, expected: Expected) -> Iterator[Problem]:
    new, old = expected.new, expected.old
    title, text = facts.get("title", ""), facts.get("text", "")
    heads = [title, facts.get("h1", "")]
    if not (new.title or new.h1 or new.text):
        if _unlike_old(heads, text, old):
            yield Problem("parity", f"nothing here recalls the old page: {title!r}")
        return
    alike = (
        cosine(new.text[:TEXT_CAP], text)
        if min(len(new.text), len(text)) >= 40
        else None
    )
    head = max(
        (likeness(a, b) for a in (new.title, new.h1) for b in heads if a and b),
        default=None,
    )
    same_head = head is None or head >= SAME_TITLE
    if alike is not None and alike < (0.35 if same_head else 0.6):
        message = f"{alike:.0%} of the planned page's words; title now {title!r}"
        yield Problem("parity", message)
    elif alike is None and not same_head:
        yield Problem("parity", f"title {title!r}, planned {new.title or new.h1!r}")
    elif not same_head:
        yield Problem("title_changed", f"title {title!r}, planned {new.title!r}")


def _unlike_old(heads: list[str], text: str, old: PageText) -> bool:
    if min(len(old.text), len(text)) < MIN_TEXT:
        return False
    likest = max((likeness(old.title, head) for head in heads if head), default=0.0)
    return likest < 40 and cosine(old.text[:TEXT_CAP], text) < 0.15


def likeness(one: str, other: str) -> float:
    """Return how alike two titles are, 0 to 100, with and without the brand."""
    from rapidfuzz.fuzz import token_sort_ratio

    pairs = [(one, other), (_bare(one), _bare(other)), (_bare(one), other)]
    return max(token_sort_ratio(a.lower(), b.lower()) for a, b in pairs)


def _bare(title: str) -> str:
    return re.split(r"\s+[|\u2013\u2014\u00b7\u00bb-]\s+", title)[0]


def cosine(one: str, other: str) -> float:
    """Return how alike two texts are by their words, 0 to 1."""
    a = Counter(_WORD.findall(one.lower()))
    b = Counter(_WORD.findall(other.lower()))
    norm = sqrt(sum(n * n for n in a.values()) * sum(n * n for n in b.values()))
    return sum(n * b[word] for word, n in a.items()) / norm if norm else 0.0
