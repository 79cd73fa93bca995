"""Faults of a target page, each as what it changes of a good one."""

from __future__ import annotations

import pandas as pd

from redirectmap.tables import PAGES
from tests.verify_site import NEW, Reply, Site, page

TITLE = "Washing machine repair"
GERMAN = (
    "Unsere Werkstatt repariert Heizungen und Waschmaschinen in der ganzen Region. "
    "Rufen Sie uns an, wir kommen noch am selben Tag zu Ihnen nach Hause. "
) * 3
ENGLISH = (
    "Our workshop repairs heating systems and washing machines all over the region. "
    "Give us a call and somebody will visit you at home on the very same day. "
) * 3

# one fault: what it changes of the page, and its name
ALONE: dict[str, tuple[dict[str, str], str]] = {
    "noindex": ({"head": '<meta name="robots" content="noindex,follow">'}, "noindex"),
    "noindex googlebot": (
        {"head": '<META NAME="Googlebot" CONTENT="NOINDEX">'},
        "noindex",
    ),
    "none": ({"head": '<meta name="robots" content="none">'}, "noindex"),
    "x-robots": ({"x-robots": "noindex"}, "noindex"),
    "x-robots for google": ({"x-robots": "googlebot: noindex"}, "noindex"),
    "canonical": (
        {"head": '<link rel="canonical" href="/other">'},
        "canonical_elsewhere",
    ),
    "canonical header": ({"link": '</other>; rel="canonical"'}, "canonical_elsewhere"),
    "robots": ({"folder": "/private"}, "robots_blocked"),
    "soft 404 by words": ({"title": "Page not found", "text": "Sorry."}, "soft_404"),
    "soft 404 by probe": ({"folder": "/soft", "title": "Shop"}, "soft_404"),
    "language": ({"lang": "de", "text": GERMAN}, "wrong_language"),
    "parity": (
        {"title": "Parking rules", "text": "Where lorries may stand overnight. " * 20},
        "parity",
    ),
    "title": ({"title": "Quite another headline"}, "title_changed"),
    "meta refresh": (
        {"head": '<meta http-equiv="refresh" content="0;url=/other">'},
        "target_redirects",
    ),
}


def reply_for(path: str, change: dict[str, str]) -> Reply:
    title = change.get("title", TITLE)
    own = f'<link rel="canonical" href="{NEW}{path}">'
    head = own if change.get("canonical") == "self" else change.get("head", "")
    text = SHOP if title == "Shop" else change.get("text", ENGLISH)
    lang = change.get("lang", "en")
    headers = []
    if "x-robots" in change:
        headers.append(("X-Robots-Tag", change["x-robots"]))
    if "link" in change:
        headers.append(("Link", change["link"]))
    return Reply(body=page(title, text, head=head, lang=lang), headers=tuple(headers))


SHOP = "Welcome to our shop. Browse all our products, or use the search box. " * 4


class Shop(Site):
    """Answers 200 with the shop's front to whatever is asked below /soft/."""

    def reply(self, method: str, target: str, agent: str) -> Reply:
        if target.startswith("/soft/") and target not in self.replies:
            return Reply(body=page("Shop", SHOP))
        return super().reply(method, target, agent)


def pages_of(urls: dict[str, str], lang: str = "en") -> pd.DataFrame:
    """Make the crawl of a site whose pages are all like the planned one."""
    table = pd.DataFrame({"url": list(urls), "title": list(urls.values())})
    return PAGES.fit(table.assign(status=200, h1=TITLE, text=ENGLISH, lang=lang))
