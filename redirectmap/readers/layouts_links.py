"""Tables of backlinks, and of pages that have some.

Source  the vendors' own exports where one could be had, else their documented
        columns; docs/inputs.md says which is which.
"""

from __future__ import annotations

from redirectmap.readers.layout import Layout

LINK_LAYOUTS: tuple[Layout, ...] = (
    Layout(
        "ahrefs backlinks",
        "backlinks",
        {
            "source_url": ("referring page url", "url_from"),
            "target_url": ("target url", "url_to"),
            "anchor": ("anchor", "anchor text"),
            "authority": ("domain rating", "domain_rating_source", "dr"),
            "nofollow": ("nofollow", "is_nofollow"),
            "ugc": ("ugc", "is_ugc"),
            "sponsored": ("sponsored", "is_sponsored"),
            "first_seen": ("first seen", "first_seen"),
            "last_seen": ("last seen", "last_seen", "last check"),
            "lost": ("lost", "lost_date"),
        },
        ("source_url", "target_url"),
        ("referring page url", "url_from", "domain rating"),
    ),
    Layout(
        "majestic backlinks",
        "backlinks",
        {
            "source_url": ("sourceurl", "source url"),
            "target_url": ("targeturl", "target url"),
            "anchor": ("anchortext", "anchor text"),
            "authority": ("domaintrustflow", "source trustflow", "sourcetrustflow"),
            "nofollow": ("flagnofollow", "flag nofollow", "nofollow"),
            "deleted": ("flagdeleted", "flag deleted"),
            "first_seen": ("firstindexeddate", "first indexed date"),
            "last_seen": ("lastseendate", "last seen date"),
            "lost": ("datelost", "date lost"),
        },
        ("source_url", "target_url"),
        ("sourcetrustflow", "source trustflow", "flagnofollow", "firstindexeddate"),
    ),
    Layout(
        "semrush backlinks",
        "backlinks",
        {
            "source_url": ("source url",),
            "target_url": ("target url",),
            "anchor": ("anchor",),
            "authority": ("page ascore", "ascore", "page score"),
            "nofollow": ("nofollow",),
            "ugc": ("ugc",),
            "sponsored": ("sponsored",),
            "first_seen": ("first seen",),
            "last_seen": ("last seen",),
            "lost_flag": ("lost link",),
        },
        ("source_url", "target_url"),
        ("page ascore", "ascore", "page score", "sitewide", "new link"),
    ),
    Layout(
        "moz inbound links",
        "backlinks",
        {
            "source_url": ("url", "source url", "source page"),
            "target_url": ("target url", "target page"),
            "anchor": ("anchor text",),
            "authority": ("da", "domain authority", "source da"),
            "nofollow": ("nofollow",),
            "first_seen": ("first seen", "date first seen"),
            "last_seen": ("last seen", "date last seen"),
        },
        ("source_url", "target_url"),
        ("pa", "page authority", "domain authority", "da", "spam score"),
    ),
    Layout(
        "backlinks table",
        "backlinks",
        {
            name: (name, name.replace("_", " "))
            for name in (
                "source_url",
                "source_domain",
                "target_url",
                "anchor",
                "rel",
                "first_seen",
                "last_seen",
                "lost",
                "authority",
                "vendor",
            )
        },
        ("source_url", "target_url"),
        ("source_url",),
    ),
    Layout(
        "ahrefs best by links",
        "urls",
        {
            "url": ("page url", "url", "target url"),
            "link_domains": ("referring domains",),
            "link_rows": ("links to target", "backlinks", "dofollow"),
            "title": ("page title",),
            "status": ("http code", "page http code"),
        },
        ("url", "link_domains"),
        ("ur", "dofollow", "links to target"),
    ),
    Layout(
        "backlink targets",
        "urls",
        {"url": ("target url", "target_url", "url_to")},
        ("url",),
        ("domain rating", "dr", "ur", "first seen", "nofollow"),
    ),
    Layout(
        "moz top pages",
        "urls",
        {
            "url": ("url",),
            "title": ("title", "page title"),
            "link_domains": ("linking domains to page", "linking domains"),
            "link_rows": ("total links",),
            "status": ("http status", "status", "http status code"),
        },
        ("url", "link_domains"),
        ("pa", "page authority", "linking domains to page"),
    ),
    Layout(
        "search console top target pages",
        "urls",
        {
            "url": ("target page", "top target page", "zielseite", "page cible"),
            "link_rows": ("incoming links", "eingehende links", "liens entrants"),
            "link_domains": (
                "linking sites",
                "verweisende websites",
                "sites d'origine",
            ),
        },
        ("url",),
        ("incoming links", "eingehende links", "linking sites"),
    ),
    Layout(
        "search console latest links",
        "domains",
        {
            "linking": ("linking page", "verweisende seite", "page d'origine"),
            "day": ("last crawled", "zuletzt gecrawlt", "dernière exploration"),
        },
        ("linking",),
    ),
    Layout(
        "search console top linking sites",
        "domains",
        {
            "linking": ("site", "website", "sites"),
            "pages": ("linking pages", "verweisende seiten", "pages d'origine"),
            "targets": ("target pages", "zielseiten", "pages cibles"),
        },
        ("linking", "pages"),
    ),
    Layout(
        "search console top linking text",
        "anchors",
        {
            "anchor": (
                "top linking text",
                "link text",
                "häufigster linktext",
                "textes de lien les plus fréquents",
            ),
        },
        ("anchor",),
    ),
)
