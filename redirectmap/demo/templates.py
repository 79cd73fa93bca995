"""The HTML of the two sample sites: an old CMS's tables, a new platform's tags."""

from __future__ import annotations

import json
from collections.abc import Sequence
from html import escape

from redirectmap.demo.content import Record

Link = tuple[str, str]

OLD_NAV: tuple[Link, ...] = (
    ("/", "Home"),
    ("/services/index.html", "Services"),
    ("/Shop/Thermostats/", "Shop"),
    ("/blog/", "Blog"),
    ("/locations/index.html", "Locations"),
    ("/index.php?id=2", "About us"),
    ("/index.php?id=7&utm_source=nav", "Contact"),
    ("/de/", "Deutsch"),
)
OLD_FOOTER: tuple[Link, ...] = (
    ("/index.php?id=90", "Imprint"),
    ("/index.php?id=91", "Privacy"),
    ("/index.php?id=92", "Terms"),
    ("/sitemap.html", "Site overview"),
    ("/index.php?id=12&utm_source=footer&utm_medium=banner", "24 h emergency"),
    ("/boilers.htm", "New boiler"),
)
NEW_NAV: tuple[Link, ...] = (
    ("/solutions", "Solutions"),
    ("/collections/heating-controls", "Shop"),
    ("/journal", "Journal"),
    ("/areas", "Areas"),
    ("/company/about-us", "Company"),
    ("/emergency", "Emergency"),
    ("/de-de", "Deutsch"),
)
NEW_FOOTER: tuple[Link, ...] = (
    ("/legal/imprint", "Legal notice"),
    ("/legal/privacy", "Privacy"),
    ("/legal/terms", "Terms"),
    ("/legal/accessibility", "Accessibility"),
    ("/company/jobs", "Jobs"),
    ("/contact", "Contact"),
)


def anchors(links: Sequence[Link], *, between: str = " ") -> str:
    """Return links as HTML."""
    return between.join(
        f'<a href="{escape(path)}">{escape(text)}</a>' for path, text in links
    )


def paragraphs(text: str) -> str:
    """Return text with empty lines between as HTML paragraphs."""
    return "\n".join(f"<p>{escape(part)}</p>" for part in text.split("\n\n"))


def old_page(
    record: Record, *, crumbs: Sequence[Link], below: Sequence[Link], robots: str
) -> str:
    """Return a page of the old site."""
    first = record.body.split(". ")[0]
    canonical = f'<link rel="canonical" href="{{origin}}{escape(record.old)}">'
    return f"""<!DOCTYPE html>
<html lang="{record.lang}"><head><meta charset="utf-8">
<title>{escape(record.title)} - Hartmann Haus Aachen</title>
<meta name="description" content="{escape(first)}.">
{canonical}{_robots(robots)}{_json_ld(record, old=True)}
</head><body bgcolor="#ffffff">
<div id="header"><a href="/"><b>Hartmann Haus</b></a> Tel. 0241 / 555 0114</div>
<div id="nav">{anchors(OLD_NAV, between=" | ")}</div>
<div class="breadcrumb">{anchors(crumbs, between=" &gt; ")}</div>
<table width="980"><tr><td id="content">
<h1>{escape(record.title)}</h1>
{paragraphs(record.body)}{_old_product(record)}
{_list("Read on", below)}
</td><td id="sidebar"><h3>Call us</h3>Mon-Fri 7 am to 5 pm</td></tr></table>
<div id="footer">{anchors(OLD_FOOTER, between=" - ")}
&copy; 2021 Hartmann Haus GmbH &amp; Co. KG - heating, plumbing, roofing</div>
</body></html>"""


def new_page(
    record: Record,
    *,
    crumbs: Sequence[Link],
    below: Sequence[Link],
    robots: str,
) -> str:
    """Return a page of the new site."""
    body = record.new_body
    return f"""<!doctype html>
<html lang="{record.lang}"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width,initial-scale=1">
<title>{escape(record.new_title)} | Hartmann Haus</title>
<meta name="description" content="{escape(record.lead)}">
<link rel="canonical" href="{{origin}}{escape(record.new)}">{_robots(robots)}
<meta property="og:title" content="{escape(record.new_title)}">
{_json_ld(record, old=False)}
</head><body>
<header><a class="logo" href="/">Hartmann Haus</a>
<nav aria-label="Main">{anchors(NEW_NAV)}</nav></header>
<nav aria-label="Breadcrumb" class="breadcrumb">{anchors(crumbs, between=" / ")}</nav>
<main><h1>{escape(record.new_title)}</h1>
<p class="lead">{escape(record.lead)}</p>
{paragraphs(body)}
{_new_product(record)}{_list("More on this", below)}</main>
<footer>{anchors(NEW_FOOTER)}<p>Hartmann Haus keeps homes warm and dry.
We use only the cookies the shop needs.</p></footer>
</body></html>"""


def _robots(directives: str) -> str:
    return f'<meta name="robots" content="{directives}">' if directives else ""


def _list(heading: str, links: Sequence[Link]) -> str:
    if not links:
        return ""
    items = "".join(f"<li>{anchors([link])}</li>" for link in links)
    return f"<h2>{heading}</h2><ul>{items}</ul>"


def _old_product(record: Record) -> str:
    if not record.sku:
        return ""
    rows = "".join(f"<tr><td>{n}</td><td>{v}</td></tr>" for n, v in record.facts)
    return (
        f"<table border=1>{rows}</table><p>Item no. {record.sku}, EUR {record.price} "
        f'<a href="/cart?add={record.sku}">add to cart</a></p>'
    )


def _new_product(record: Record) -> str:
    if not record.sku:
        return ""
    rows = "".join(f"<dt>{n}</dt><dd>{v}</dd>" for n, v in record.facts)
    return f'<dl class="specs">{rows}</dl><p class="price">{record.price} €</p>'


def _json_ld(record: Record, *, old: bool) -> str:
    """Products carry structured data; the new shop lost it for its pumps."""
    if not record.sku or (not old and record.category == "Pumps"):
        return ""
    value = {
        "@context": "https://schema.org",
        "@type": "Product",
        "name": record.title if old else record.new_title,
        "sku": record.sku,
        "offers": {"@type": "Offer", "price": record.price, "priceCurrency": "EUR"},
    }
    text = json.dumps(value, ensure_ascii=False).replace("<", "\\u003c")
    return f'<script type="application/ld+json">{text}</script>'
