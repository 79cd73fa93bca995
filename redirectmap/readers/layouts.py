"""Every tabular export we know: which headers it has, and what they mean.

Decides by its header which vendor a table is from. A layout names our fields
and, for each, the headers vendors use for it (folded: lower case, single
spaces). A table is of a layout when it has a header for every `required` field
and, where given, one of the `telling` headers; of several, the one that
explains most columns wins, the first listed on a tie.

Source  the vendors' own exports where one could be had, else their documented
        columns; docs/inputs.md says which is which.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

Kind = Literal["pages", "links", "backlinks", "traffic", "legacy", "urls", "overrides"]
Fields = Mapping[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Layout:
    """One tabular export.

    Attributes:
        name: For people, e.g. `ahrefs backlinks`.
        kind: Which table it feeds.
        fields: Our field to the vendor's headers, folded, best first.
        required: Fields that must be there.
        telling: Headers of which one must be there; empty for no such demand.
    """

    name: str
    kind: Kind
    fields: Fields
    required: tuple[str, ...]
    telling: tuple[str, ...] = ()

    def columns(self, headers: Sequence[str]) -> dict[str, int] | None:
        """Return field to column number, or None when it is another table."""
        places = {header: i for i, header in reversed(list(enumerate(headers)))}
        if self.telling and not any(header in places for header in self.telling):
            return None
        found = {
            field: places[name]
            for field, names in self.fields.items()
            for name in reversed(names)
            if name in places
        }
        return found if all(field in found for field in self.required) else None


def fold(header: str) -> str:
    """Return a header as layouts spell it."""
    return " ".join(header.strip(' \t\r\n\ufeff"').casefold().split())


_URL = ("url", "page", "page url", "address", "loc", "adresse", "link", "uri")
_SOURCE_RULE = (
    "old_url",
    "old url",
    "old",
    "from",
    "source",
    "source url",
    "redirect from",
    "origin",
    "original url",
    "old path",
    "alte url",
    "von",
)
_TARGET_RULE = (
    "new_url",
    "new url",
    "new",
    "to",
    "target",
    "target url",
    "redirect to",
    "destination",
    "new path",
    "redirect",
    "neue url",
    "nach",
    "ziel",
)
_STATUS = (
    "status code",
    "http status code",
    "statuscode",
    "code de statut",
    "http status",
    "http code",
    "status-code",
)
_SF_ADDRESS = ("url encoded address", "address", "adresse", "url-codierte adresse")

PLAIN_PAGES: Fields = {
    name: (name,)
    for name in (
        "url",
        "status",
        "content_type",
        "final_url",
        "canonical",
        "title",
        "h1",
        "description",
        "headings",
        "text",
        "lang",
        "robots",
        "depth",
        "inlinks",
        "identifiers",
        "content_hash",
        "fetched_at",
        "sources",
    )
}

LAYOUTS: tuple[Layout, ...] = (
    Layout(
        "plan or overrides",
        "overrides",
        {
            "old_url": ("old_url", "old url", "alte url"),
            "new_url": ("new_url", "new url", "neue url"),
            "action": ("action", "aktion"),
            "locked": ("locked",),
            "note": ("note", "notiz", "comment"),
            "status": ("status",),
        },
        ("old_url", "action"),
    ),
    Layout(
        "pages table", "pages", PLAIN_PAGES, ("url",), ("title", "content_type", "h1")
    ),
    Layout(
        "screaming frog internal",
        "pages",
        {
            "url": _SF_ADDRESS,
            "status": _STATUS,
            "content_type": (
                "content type",
                "content",
                "type de contenu",
                "inhaltstyp",
            ),
            "title": ("title 1", "titel 1", "titre 1"),
            "h1": ("h1-1",),
            "h2_1": ("h2-1",),
            "h2_2": ("h2-2",),
            "description": ("meta description 1", "meta-beschreibung 1"),
            "canonical": ("canonical link element 1", "canonical-link-element 1"),
            "meta_robots": ("meta robots 1", "meta-robots 1"),
            "x_robots": ("x-robots-tag 1",),
            "final_url": ("redirect url", "weiterleitungs-url", "url de redirection"),
            "depth": ("crawl depth", "crawl-tiefe", "profondeur de crawl"),
            "inlinks": ("unique inlinks", "inlinks"),
            "lang": ("language", "sprache", "langue"),
            "content_hash": ("hash",),
            "fetched_at": ("crawl timestamp",),
        },
        ("url", "status"),
        ("address", "adresse"),
    ),
    Layout(
        "screaming frog all_inlinks",
        "links",
        {
            "type": ("type", "typ"),
            "source": ("source", "quelle", "from"),
            "target": ("destination", "ziel", "to"),
            "anchor": ("anchor", "ancrage", "ankertext", "anchor text"),
            "alt": ("alt text", "texte alt", "alt-text"),
            "rel": ("rel",),
            "follow": ("follow",),
            "region": ("link position", "position du lien", "linkposition"),
        },
        ("source", "target", "anchor"),
        ("link position", "position du lien", "linkposition", "link path", "follow"),
    ),
    Layout(
        "screaming frog redirect chains",
        "legacy",
        {
            "source": ("address",),
            "target": ("final address",),
            "final_status": ("final status code",),
            "status": ("status code 1",),
            "loop": ("loop",),
        },
        ("source", "target"),
        ("number of redirects", "number of redirects/canonicals", "chain type"),
    ),
    Layout(
        "sitebulb urls",
        "pages",
        {
            "url": ("url", "page url"),
            "status": ("http status code", "http status", "status code"),
            "title": ("title", "page title"),
            "h1": ("h1",),
            "description": ("meta description",),
            "depth": ("crawl depth", "depth"),
            "canonical": ("canonical", "canonical url"),
            "final_url": ("redirect url",),
            "content_type": ("content type",),
            "inlinks": ("unique internal linking urls", "internal linking urls"),
        },
        ("url", "status"),
        ("indexable", "indexable status", "crawl depth", "http status code", "depth"),
    ),
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
            "domains": ("referring domains",),
            "links": ("dofollow",),
            "status": ("http code",),
        },
        ("url", "domains"),
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
            "domains": ("linking domains to page", "linking domains"),
            "links": ("total links",),
        },
        ("url", "domains"),
        ("pa", "page authority", "linking domains to page"),
    ),
    Layout(
        "search console top target pages",
        "urls",
        {
            "url": ("target page", "zielseite", "page cible"),
            "links": ("incoming links", "eingehende links"),
            "domains": ("linking sites", "verweisende websites"),
        },
        ("url",),
        ("incoming links", "eingehende links", "linking sites"),
    ),
    Layout(
        "search console latest links",
        "urls",
        {
            "linking": ("linking page", "verweisende seite"),
            "day": ("last crawled", "zuletzt gecrawlt"),
        },
        ("linking",),
    ),
    Layout(
        "search console pages",
        "traffic",
        {
            "url": (
                "top pages",
                "page",
                "häufigste seiten",
                "seite",
                "seiten",
                "pages les plus populaires",
                "beliebteste seiten",
                "landing page",
            ),
            "clicks": ("clicks", "klicks", "clics"),
            "impressions": ("impressions", "impressionen"),
            "position": ("position", "average position", "durchschnittliche position"),
        },
        ("url", "clicks", "impressions"),
    ),
    Layout(
        "ga4 landing pages",
        "traffic",
        {
            "url": (
                "landing page + query string",
                "landing page",
                "page path",
                "page path and screen class",
                "page location",
                "pfad zur seite",
                "landingpage",
                "landingpage + abfragestring",
                "zielseite",
                "page path + query string",
                "seitenpfad",
            ),
            "host": ("hostname", "host name"),
            "sessions": ("sessions", "sitzungen"),
            "views": ("views", "aufrufe"),
            "conversions": ("key events", "conversions", "schlüsselereignisse"),
        },
        ("url",),
        ("sessions", "sitzungen", "views", "aufrufe", "active users", "aktive nutzer"),
    ),
    Layout(
        "traffic table",
        "traffic",
        {
            name: (name,)
            for name in (
                "url",
                "clicks",
                "impressions",
                "position",
                "sessions",
                "conversions",
                "requests",
                "days",
            )
        },
        ("url",),
        ("clicks", "sessions", "requests"),
    ),
    Layout(
        "wordpress redirection export",
        "legacy",
        {
            "source": ("source",),
            "target": ("target",),
            "regex": ("regex",),
            "status": ("code",),
            "type": ("type",),
        },
        ("source", "target", "regex", "status"),
    ),
    Layout(
        "redirect rules",
        "legacy",
        {
            "source": _SOURCE_RULE,
            "target": _TARGET_RULE,
            "status": ("status", "code", "type", "redirect type", "http status"),
            "regex": ("regex",),
        },
        ("source", "target"),
    ),
    Layout(
        "url list",
        "urls",
        {"url": (*_URL, "old_url", "urls", "top pages")},
        ("url",),
    ),
)


def layouts_of(headers: Sequence[str]) -> list[tuple[Layout, dict[str, int]]]:
    """Return the layouts that fit folded `headers`, best first."""
    fits = [(layout, layout.columns(headers)) for layout in LAYOUTS]
    found = [(layout, columns) for layout, columns in fits if columns is not None]
    return sorted(found, key=lambda fit: -_weight(*fit))


def _weight(layout: Layout, columns: Mapping[str, int]) -> float:
    return len(columns) + (0.5 if layout.telling else 0)
