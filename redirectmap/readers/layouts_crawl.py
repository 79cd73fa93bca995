"""Tables that describe a site: plans, pages, crawlers' exports.

Source  the vendors' own exports where one could be had, else their documented
        columns; docs/inputs.md says which is which.
"""

from __future__ import annotations

from redirectmap.readers.layout import Fields, Layout

_STATUS = (
    "status code",
    "http status code",
    "statuscode",
    "http status",
    "http code",
    "code de statut",
    "code de réponse",
    "code http",
)
_SF_ADDRESS = (
    "url encoded address",
    "url-codierte adresse",
    "adresse url encodée",
    "address",
    "adresse",
)
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

CRAWL_LAYOUTS: tuple[Layout, ...] = (
    Layout(
        "plan or overrides",
        "overrides",
        {
            "old_url": ("old_url", "old url", "alte url"),
            "new_url": ("new_url", "new url", "neue url"),
            "action": ("action", "aktion"),
            "locked": ("locked",),
            "note": ("note", "notes", "notiz", "comment"),
            "status": ("status",),
            "decision": ("decision",),
            "by": ("by",),
            "at": ("at",),
            "mark": ("mark",),
        },
        ("old_url",),
        ("action", "aktion", "decision"),
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
            "title": ("title 1", "titel 1", "titre 1", "balise title 1"),
            "h1": ("h1-1",),
            "h2_1": ("h2-1",),
            "h2_2": ("h2-2",),
            "description": ("meta description 1", "meta-beschreibung 1"),
            "canonical": (
                "canonical link element 1",
                "canonical-linkelement 1",
                "kanonisches link-element 1",
                "lien canonique 1",
                "élément de lien canonique 1",
            ),
            "meta_robots": ("meta robots 1", "meta-robots 1"),
            "x_robots": ("x-robots-tag 1",),
            "final_url": ("redirect url", "weiterleitungs-url", "url de redirection"),
            "depth": (
                "crawl depth",
                "crawl-tiefe",
                "crawltiefe",
                "profondeur de crawl",
                "niveau de profondeur",
                "profondeur d'exploration",
            ),
            "inlinks": (
                "unique inlinks",
                "anzahl eindeutiger eingehender links",
                "eindeutige inlinks",
                "liens entrants uniques",
                "nombre de liens entrants uniques",
                "inlinks",
                "eingehende links",
                "liens entrants",
            ),
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
            "anchor": ("anchor", "anchor text", "ancrage", "anker", "ankertext"),
            "alt": ("alt text", "texte alt", "texte alternatif"),
            "rel": ("rel",),
            "follow": ("follow",),
            "region": (
                "link position",
                "position du lien",
                "linkposition",
                "position des links",
            ),
        },
        ("source", "target", "anchor"),
        (
            "link position",
            "position du lien",
            "linkposition",
            "link path",
            "chemin du lien",
            "linkpfad",
            "follow",
        ),
    ),
    Layout(
        "screaming frog redirect chains",
        "legacy",
        {
            "source": ("address", "adresse"),
            "target": ("final address", "adresse finale", "endgültige adresse"),
            "final_status": ("final status code",),
            "status": ("status code 1", "statuscode 1", "code de statut 1"),
            "loop": ("loop", "boucle", "schleife"),
        },
        ("source", "target"),
        (
            "number of redirects",
            "number of redirects/canonicals",
            "chain type",
            "nombre de redirections",
            "type de chaîne",
            "anzahl der weiterleitungen",
            "anzahl weiterleitungen",
            "kettentyp",
        ),
        ragged=True,
    ),
    Layout(
        "sitebulb urls",
        "pages",
        {
            "url": ("url", "page url"),
            "status": ("http status code", "http status", "status code", "status"),
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
)
