"""Tables of visits, of redirect rules, and plain columns of URLs.

Source  the vendors' own exports where one could be had, else their documented
        columns; docs/inputs.md says which is which.
"""

from __future__ import annotations

from redirectmap.readers.layout import Layout

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

OTHER_LAYOUTS: tuple[Layout, ...] = (
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
                "pages",
                "beliebteste seiten",
                "landing page",
            ),
            "clicks": ("clicks", "klicks", "clics"),
            "impressions": ("impressions", "impressionen"),
            "position": (
                "position",
                "average position",
                "durchschnittliche position",
                "position moyenne",
            ),
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
                "zielseite + abfragestring",
                "page path + query string",
                "seitenpfad",
                "seitenpfad + abfragestring",
                "page de destination",
                "page de destination + chaîne de requête",
                "chemin de la page",
            ),
            "host": ("hostname", "host name", "nom d'hôte"),
            "sessions": (
                "sessions",
                "sitzungen",
                "views",
                "aufrufe",
                "vues",
                "active users",
                "aktive nutzer",
                "utilisateurs actifs",
            ),
            "conversions": (
                "key events",
                "conversions",
                "schlüsselereignisse",
                "événements clés",
            ),
        },
        ("url",),
        (
            "sessions",
            "sitzungen",
            "views",
            "aufrufe",
            "vues",
            "active users",
            "aktive nutzer",
            "utilisateurs actifs",
        ),
        sections=True,
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
