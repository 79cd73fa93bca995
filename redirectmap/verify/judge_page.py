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
from math import sqrt
from typing import Any

from redirectmap.urls import Url, is_private_host, parse
from redirectmap.verify.judge import Same
from redirectmap.verify.judge_language import wrong_language
from redirectmap.verify.known import Expected, PageText
from redirectmap.verify.missing import says_missing
from redirectmap.verify.problems import Problem

Facts = dict[str, Any]
MIN_TEXT = 200
TEXT_CAP = 5_000
SAME_TITLE = 60.0
OTHER_TITLE = 45.0
SAME_TEXT = 0.35  # enough under the planned title
MOVED_TEXT = 0.85  # needed under another title
_WITH_VALUE = frozenset(
    {"unavailable_after", "max-snippet", "max-image-preview", "max-video-preview"}
)
_ASKED = re.compile(r"\S*[/\d]\S*")
_WORD = re.compile(r"\w{4,}")


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
    found = judge_headers(url, facts, same)
    missing = _says_missing(facts, expected)
    if missing:
        return [*found, missing]
    language = wrong_language(url, facts, expected)
    if language:
        return [*found, Problem("wrong_language", language)]
    return [*found, *_parity(facts, expected)] if planned else found


def judge_headers(url: str, facts: Facts, same: Same) -> list[Problem]:
    """Return what forbids to index `url`; all that counts for a PDF."""
    return [*_indexing(facts), *_canonical(url, facts, same)]


def _indexing(facts: Facts) -> Iterator[Problem]:
    for where, text in (
        ("meta robots", facts.get("robots", "")),
        ("X-Robots-Tag", header_directives(facts.get("x_robots", ""))),
    ):
        if set(re.split(r"[\s,]+", text.lower())) & {"noindex", "none"}:
            yield Problem("noindex", f"{where} says {text}")


def header_directives(text: str) -> str:
    """Keep the directives of X-Robots-Tag that are meant for Googlebot or all.

    Args:
        text: The values of all such headers, one a line; an agent's name counts
            up to the end of its line.
    """
    kept = []
    for line in text.lower().split("\n"):
        agent = ""
        for part in line.split(","):
            name, colon, rest = part.strip().partition(":")
            if colon and name.strip() not in _WITH_VALUE:
                agent, part = name.strip(), rest  # noqa: PLW2901 - the agent is cut off
            if agent in {"", "*", "googlebot", "robots"}:
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
    staged = is_private_host(here.host) and not is_private_host(there.host)
    return staged and here.wire == there.wire


def _says_missing(facts: Facts, expected: Expected) -> Problem | None:
    known = f"{expected.old.title} {expected.new.title} {expected.new.h1}"
    said = says_missing(
        facts.get("title", ""), facts.get("h1", ""), facts.get("text", "")
    )
    if said is None or says_missing(known, "", expected.new.text):
        return None
    return Problem("soft_404", f"answers 200 and says {said[:100]!r}")


def like_probe(facts: Facts, probe: Facts) -> bool:
    """Say whether a page looks like the answer to a URL that cannot exist.

    Pages without text (the shell of a script) all look alike: no statement. The
    title may name the URL asked for, so it need not be equal.
    """
    text, other = facts.get("text", ""), probe.get("text", "")
    if not (text and other):
        return False
    titles = {_ASKED.sub("", one.get("title", "")).strip() for one in (facts, probe)}
    return len(titles) == 1 and (text == other or cosine(text, other) > 0.95)


def _parity(facts: Facts, expected: Expected) -> Iterator[Problem]:
    new, old = expected.new, expected.old
    title, text = facts.get("title", ""), facts.get("text", "")
    heads = [title, facts.get("h1", "")]
    if not (new.title or new.h1 or new.text):
        if _unlike_old(heads, text, old):
            yield Problem("parity", f"nothing here recalls the old page: {title!r}")
        return
    alike = _text_likeness(new.text[:TEXT_CAP], facts)
    heads_alike = [
        max((likeness(known, head) for head in heads if head), default=None)
        for known in (new.title, new.h1)
        if known
    ]
    known_heads = [value for value in heads_alike if value is not None]
    same_head = max(known_heads, default=100.0) >= SAME_TITLE
    if alike is not None and alike < (SAME_TEXT if same_head else MOVED_TEXT):
        message = f"{alike:.0%} of the planned page's words; title now {title!r}"
        yield Problem("parity", message)
    elif alike is None and not same_head:
        yield Problem("parity", f"title {title!r}, planned {new.title or new.h1!r}")
    elif min(known_heads, default=100.0) < OTHER_TITLE:
        planned = " / ".join(part for part in (new.title, new.h1) if part)
        seen = " / ".join(part for part in heads if part)
        yield Problem("title_changed", f"title and h1 {seen!r}, planned {planned!r}")


def _text_likeness(planned: str, facts: Facts) -> float | None:
    """Return 0 to 1; None where one of them has too little text to tell."""
    text = facts.get("text", "")
    if len(planned) >= MIN_TEXT and len(text) < 40 and not facts.get("shell"):
        return 0.0
    return cosine(planned, text) if min(len(planned), len(text)) >= 40 else None


def _unlike_old(heads: list[str], text: str, old: PageText) -> bool:
    if min(len(old.text), len(text)) < MIN_TEXT:
        return False
    likest = max((likeness(old.title, head) for head in heads if head), default=0.0)
    return likest < 40 and cosine(old.text[:TEXT_CAP], text) < 0.15


def likeness(one: str, other: str) -> float:
    """Return how alike two titles are, 0 to 100, with and without the brand."""
    from rapidfuzz.fuzz import token_set_ratio, token_sort_ratio

    a, b = one.lower(), other.lower()
    bare_a, bare_b = _bare(a), _bare(b)
    pairs = [(a, b), (bare_a, bare_b), (bare_a, b), (a, bare_b)]
    whole = max(token_sort_ratio(x, y) for x, y in pairs)
    return float(max(whole, 0.8 * token_set_ratio(bare_a, bare_b)))


def _bare(title: str) -> str:
    return re.split(r"\s+[|\u2013\u2014\u00b7\u00bb:-]\s+", title)[0]


def cosine(one: str, other: str) -> float:
    """Return how alike two texts are by their words, 0 to 1."""
    a = Counter(_WORD.findall(one.lower()))
    b = Counter(_WORD.findall(other.lower()))
    norm = sqrt(sum(n * n for n in a.values()) * sum(n * n for n in b.values()))
    return sum(n * b[word] for word, n in a.items()) / norm if norm else 0.0
