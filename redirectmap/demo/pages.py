"""Turn the records into the two sites: pages, links between them, robots, sitemaps."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

from redirectmap import urls
from redirectmap.demo.content import Record
from redirectmap.demo.htaccess import Rule
from redirectmap.demo.pdf import small_pdf
from redirectmap.demo.site_server import Answer, Site
from redirectmap.demo.templates import Link, new_page, old_page

TRACKING = frozenset({"utm_source", "utm_medium", "utm_campaign", "gclid"})
NOINDEX_OLD = frozenset({"newsletter", "terms"})
NOINDEX_NEW = frozenset({"terms"})

_SHARED_LINKS = 4
Words = Callable[[Record], str]


def old_site(records: Sequence[Record], rules: Iterable[Rule]) -> Site:
    """Return the old site, with the redirects it already answers itself."""
    pages = [record for record in records if record.old]
    tree = _Tree(pages, lambda r: r.old, lambda r: r.title)
    answers = {wire(r.old): _old_answer(r, tree) for r in pages}
    for rule in rules:
        answers[wire(rule.source)] = Answer(
            status=rule.status, location=rule.target, content_type="text/plain"
        )
    listed = [r.old for r in pages if r.group not in {"orphans", "pdfs"}]
    answers["/robots.txt"] = _robots("/cart\nDisallow: /admin/")
    answers["/sitemap.xml"] = _sitemap([*listed[:-6], "/heating.htm"])
    return Site(answers, TRACKING, server_name="Apache/2.2.22")


def new_site(records: Sequence[Record]) -> Site:
    """Return the new site."""
    pages = [record for record in records if record.new and not record.merge]
    tree = _Tree(pages, lambda r: r.new, lambda r: r.new_title)
    answers = {wire(r.new): _new_answer(r, tree) for r in pages}
    answers["/robots.txt"] = _robots("/checkout")
    listed = [r.new for r in pages if r.key not in NOINDEX_NEW]
    answers["/sitemap.xml"] = _sitemap(listed)
    return Site(answers, TRACKING, server_name="edge")


def wire(path: str) -> str:
    """Spell a path as a browser sends it."""
    parsed = urls.parse(path, "http://site.invalid/")
    return parsed.wire if isinstance(parsed, urls.Url) else path


class _Tree:
    """Who lists whom: a page's parent is the nearest page above its path."""

    def __init__(self, pages: Sequence[Record], path: Words, title: Words) -> None:
        self.path, self.title = path, title
        self.by_folder = {_folder(path(page)): page for page in pages}
        self.home = self.by_folder["/"]
        self.below: dict[str, list[Record]] = defaultdict(list)
        for page in pages:
            if page.group != "orphans" and page is not self.home:
                self.below[self.parent(page).key].append(page)

    def parent(self, page: Record) -> Record:
        shelf = _COLLECTION.get(page.category, "")
        if shelf and f"/collections/{shelf}/" in self.by_folder:
            return self.by_folder[f"/collections/{shelf}/"]
        folder = _folder(self.path(page)).rstrip("/")
        while folder:
            folder = folder.rpartition("/")[0]
            found = self.by_folder.get(f"{folder}/")
            if found is not None and found is not page:
                return found
        return self.home

    def crumbs(self, page: Record) -> list[Link]:
        if page is self.home:
            return []
        parent = self.parent(page)
        return [*self.crumbs(parent), self.link(parent)]

    def link(self, page: Record) -> Link:
        return self.path(page), self.title(page)

    def listed(self, page: Record) -> list[Link]:
        """Children of a hub, or the next few brothers of a leaf."""
        children = self.below[page.key]
        if not children and page is not self.home and page.group != "orphans":
            family = self.below[self.parent(page).key]
            at = family.index(page)
            children = [*family[at + 1 :], *family[:at]][:_SHARED_LINKS]
        return [self.link(child) for child in children]


_COLLECTION = {
    "Thermostats": "heating-controls",
    "Pumps": "pumps",
    "Taps": "taps-and-showers",
    "Water-Filters": "water-treatment",
    "Roof-Parts": "roof-and-gutter",
    "Tools": "tools",
}


def _folder(path: str) -> str:
    """The folder a page stands for, in lower case: hubs are found by it."""
    plain = path.lower().removesuffix("index.html")
    return plain if plain.endswith("/") else f"{plain}/"


def _old_answer(record: Record, tree: _Tree) -> Answer:
    if record.old.endswith(".pdf"):
        return _pdf(record.title, record.body)
    robots = "noindex,follow" if record.key in NOINDEX_OLD else ""
    below = tree.listed(record)
    if record.key == "home":
        below = [_tracked(link) for link in below]
    text = old_page(record, crumbs=tree.crumbs(record), below=below, robots=robots)
    return Answer(text.encode())


def _tracked(link: Link) -> Link:
    """The old start page marks its guides with campaign parameters."""
    path, text = link
    return (f"{path}?utm_campaign=start", text) if "/guides/" in path else link


def _new_answer(record: Record, tree: _Tree) -> Answer:
    if record.new.endswith(".pdf"):
        return _pdf(record.new_title, record.new_body)
    shown = replace(record, new_body=_shortened(record))
    robots = "noindex" if record.key in NOINDEX_NEW else ""
    crumbs, below = tree.crumbs(record), tree.listed(record)
    text = new_page(shown, crumbs=crumbs, below=below, robots=robots)
    return Answer(text.encode())


def _shortened(record: Record) -> str:
    """The relaunch cut the last sentence of texts it did not rewrite."""
    if record.new_body != record.body or not record.old:
        return record.new_body
    kept, _, _last = record.body.rpartition(". ")
    return f"{kept}." if kept else record.body


def _pdf(title: str, text: str) -> Answer:
    return Answer(small_pdf(title, text), "application/pdf")


def _robots(disallowed: str) -> Answer:
    text = f"User-agent: *\nDisallow: {disallowed}\nSitemap: {{origin}}/sitemap.xml\n"
    return Answer(text.encode(), "text/plain; charset=utf-8")


def _sitemap(paths: Iterable[str]) -> Answer:
    rows = "".join(
        f"<url><loc>{{origin}}{wire(path).replace('&', '&amp;')}</loc></url>\n"
        for path in paths
    )
    head = '<?xml version="1.0" encoding="UTF-8"?>\n'
    space = "http://www.sitemaps.org/schemas/sitemap/0.9"
    text = f'{head}<urlset xmlns="{space}">\n{rows}</urlset>\n'
    return Answer(text.encode(), "application/xml")
