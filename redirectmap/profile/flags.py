"""What in an anchor mix looks made rather than grown, with the links behind it.

Every flag needs data: shares are of referring domains (one voice each), and
nothing is said below `MIN_DOMAINS`. Thresholds are guardrails from practice.

Reads   links with source_domain, source_url, target_url, anchor, class, kind.
Writes  `Flag`s: a stable id, a message, and the rows that cause it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pandas as pd

from redirectmap.profile.lexicon import words_of
from redirectmap.profile.vocabulary import AD_COPY

MIN_DOMAINS = 20
MIN_PAGE_LINKS = 24
EXACT_SHARE = 0.30
REPEATED_DOMAINS = 10
REPEATED_SHARE = 0.10
AD_COPY_SHARE = 0.10
LOW_VARIETY = 0.25
_NATURAL = ("branded", "brand_generic", "naked_url", "generic", "empty")


@dataclass(frozen=True, slots=True)
class Flag:
    """One thing that looks unnatural.

    Attributes:
        check: Stable id.
        page: The page it is about; None for the whole profile.
        message: One line with the figures.
        hint: What to do.
        causes: Row labels of the links that cause it.
    """

    check: str
    page: str | None
    message: str
    hint: str
    causes: tuple[int, ...]


def flags(links: pd.DataFrame) -> list[Flag]:
    """Return every flag of a profile, in a stable order."""
    if links["source_domain"].nunique() < MIN_DOMAINS:
        return []
    checks: tuple[Callable[[pd.DataFrame], Iterator[Flag]], ...] = (
        _exact,
        _repeated,
        _ad_copy,
        _variety,
    )
    return [flag for check in checks for flag in check(links)]


def _domains(rows: pd.DataFrame) -> int:
    return int(rows["source_domain"].nunique())


def _exact(links: pd.DataFrame) -> Iterator[Flag]:
    for page, rows in links.groupby("target_url", sort=True):
        if len(rows) < MIN_PAGE_LINKS:
            continue
        exact = rows[rows["class"] == "exact"]
        share = _domains(exact) / _domains(rows)
        home = rows["kind"].iloc[0] == "home"
        if share >= EXACT_SHARE:
            yield Flag(
                "anchor-exact-homepage" if home else "anchor-exact-page",
                str(page),
                f"{share:.0%} of {_domains(rows)} domains link with exact keywords",
                "let the next links carry the brand, the address or a description",
                tuple(exact.index),
            )


def _repeated(links: pd.DataFrame) -> Iterator[Flag]:
    made = links[~links["class"].isin(_NATURAL)]
    phrase = made["anchor"].map(lambda text: " ".join(words_of(text or "")))
    total = _domains(links)
    counts = made.groupby(phrase, sort=True)["source_domain"].nunique()
    often = counts[(counts >= REPEATED_DOMAINS) & (counts / total >= REPEATED_SHARE)]
    for text, count in often.items():
        rows = made[phrase == text]
        yield Flag(
            "anchor-repeated-phrase",
            None,
            f"{count} of {total} domains use the same words: {text!r}",
            "see whether these links were placed; vary the words from now on",
            tuple(rows.index),
        )


def _ad_copy(links: pd.DataFrame) -> Iterator[Flag]:
    home = links[links["kind"] == "home"]
    sells = home["anchor"].map(_reads_like_ad).astype(bool)
    rows = home[sells & ~home["class"].isin(_NATURAL)]
    total = _domains(home)
    if total >= MIN_DOMAINS and _domains(rows) / total >= AD_COPY_SHARE:
        yield Flag(
            "anchor-ad-copy",
            str(home["target_url"].iloc[0]),
            f"{_domains(rows)} of {total} domains link to the homepage in ad copy",
            "the homepage is linked by its name; keep offers for inner pages",
            tuple(rows.index),
        )


def _reads_like_ad(text: str | None) -> bool:
    words = words_of(text or "")
    return len(words) >= 2 and any(word in AD_COPY for word in words)


def _variety(links: pd.DataFrame) -> Iterator[Flag]:
    value = variety(links)
    if value < LOW_VARIETY:
        yield Flag(
            "anchor-no-variety",
            None,
            f"{_domains(links)} domains hardly differ in their words (entropy "
            f"{value:.2f} of 1)",
            "a grown profile mixes name, address, titles and plain words",
            tuple(links.index),
        )


def variety(links: pd.DataFrame) -> float:
    """Return the entropy of anchor texts over domains: 0 all one, 1 all differ."""
    text = links["anchor"].map(lambda value: " ".join(words_of(value or "")))
    voices = pd.DataFrame({"domain": links["source_domain"], "text": text})
    counts = voices.drop_duplicates()["text"].value_counts()
    total = int(counts.sum())
    if total < 2:
        return 1.0
    entropy = -sum(n / total * math.log(n / total) for n in counts)
    return float(entropy / math.log(total))
