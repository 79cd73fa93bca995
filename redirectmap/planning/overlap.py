"""How many valuable URLs no source knows, and which source to add next.

Decides by how the sources overlap. Each kind of source (crawl, backlinks, logs
...) is one look at the same set of URLs; what many looks saw only once says how
much no look has seen. Where Search Console lists linking sites, the share of them
that is in no backlink export is measured, not estimated, and comes first.

Bounds  Chao's estimate is a lower bound: sources that see the same URLs for the
        same reason make it too small.
Source  Chao, "Estimating the population size for capture-recapture data with
        unequal catchability", Biometrics 43, 1987, doi:10.2307/2531532;
        in the bias-corrected form, defined for no double sighting, too.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

NEXT_SOURCES = (
    ("logs", "an access log of the last months: it knows every URL people ask for"),
    ("backlinks", "a backlink export: it knows pages that nothing on the site links"),
    ("search_console", "Search Console pages: URLs that still earn clicks"),
    ("wayback", "the Wayback index (CDX): URLs of earlier years"),
    ("legacy", "the rules of earlier migrations: URLs that already redirect"),
    ("sitemap", "the sitemaps: URLs the site itself declares"),
    ("crawl", "a crawl: URLs linked today"),
    ("analytics", "GA4 landing pages: entry pages of campaigns"),
)
OVERLAP = 3
COVERED = 0.8
"""Share of the linking domains that exports must know before they suffice."""


def unknown_urls(sources: Sequence[Collection[str]]) -> float | None:
    """Estimate how many URLs no source knows, from how the sources overlap.

    Chao's lower bound in its bias-corrected form: with `once` URLs known to one
    source only and `twice` to exactly two, of t sources,
    (t-1)/t * once * (once - 1) / (2 * (twice + 1)) are unseen.

    Args:
        sources: For each URL, the sources that know it.

    Returns:
        The estimate; None for fewer than two sources, or when fewer than
        `OVERLAP` URLs are known to more than one.
    """
    names = {name for row in sources for name in row}
    known = [len(set(row)) for row in sources]
    once, twice = known.count(1), known.count(2)
    if len(names) < 2 or len(known) - once < OVERLAP:
        return None
    looks = (len(names) - 1) / len(names)
    return looks * once * (once - 1) / (2 * (twice + 1))


def next_source(
    known: Collection[str],
    *,
    linking: Collection[str] = (),
    listed: Collection[str] = (),
) -> str:
    """Name the source to add next: the one that is missing and knows most.

    Args:
        known: Names of the sources that were given.
        linking: Domains that Search Console says link to the site.
        listed: Domains in the backlink exports.
    """
    missed = set(linking) - set(listed)
    if linking and len(missed) > (1 - COVERED) * len(set(linking)):
        return (
            f"add backlinks: {len(missed)} of {len(set(linking))} linking domains of"
            " Search Console are in no backlink export; another vendor knows others"
        )
    for name, why in NEXT_SOURCES:
        if name not in known:
            return f"add {name}: {why}"
    return "every kind of source was given; another backlink vendor knows other links"
