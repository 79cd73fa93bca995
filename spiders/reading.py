"""From one answer to what is written down about its URL.

Pages, sitemaps and soft-404 probes are told apart by the row's kind. Nothing
is fetched and nothing is written here.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any

from scrapy.http import Response

from redirectmap.crawlsettings import CrawlJob
from redirectmap.sitefile import Found, Result, Row
from redirectmap.sitemaps import Sitemap, parse_sitemap
from redirectmap.urls import Url, parse as parse_url, shown
from spiders.answers import FOLLOWED, Redirects, media_type, outcome_of
from spiders.coding import gunzipped
from spiders.extract import Page, is_html, read_page
from spiders.guards import shape
from spiders.scope import Scope
from spiders.soft404 import probes_for

SITEMAP_CAP = 52_000_000
MAX_SITEMAPS = 500
MAX_SITEMAP_DEPTH = 5
MAX_PROBES = 200
MAX_NOTES = 200


class Reader:
    """Reads answers for one crawl.

    Args:
        job: What the crawl is asked to do.
        scope: Judges what is found.
        redirects: Judges where redirects lead.
        known: Says whether a link to a URL was written lately.
    """

    def __init__(
        self,
        job: CrawlJob,
        scope: Scope,
        redirects: Redirects,
        known: Callable[[str], bool],
    ) -> None:
        self.job = job
        self.scope = scope
        self.redirects = redirects
        self.known = known
        self.probed: set[str] = set()

    def read(self, row: Row, response: Response) -> Result:
        """Return what an answer says.

        Raises:
            FetchError: The body cannot be unpacked within the caps.
        """
        if row.kind == "sitemap":
            return self._sitemap(row, response)
        if row.kind == "probe":
            return self._probe(row, response)
        if response.status in FOLLOWED:
            result = self.redirects.result(row, response)
        else:
            result = self._body(row, response)
        result.page = {
            "status": response.status,
            "content_type": media_type(response) or None,
            "fetched_at": datetime.now(UTC).isoformat(timespec="seconds"),
            "bytes": len(response.body),
            **(result.page or {}),
        }
        return result

    # ---- pages -------------------------------------------------------------

    def _body(self, row: Row, response: Response) -> Result:
        outcome = outcome_of(response.status)
        reason = None
        if response.status == 403:
            reason = "forbidden; the server may refuse this user agent (--user-agent)"
        state = "failed" if outcome == "throttled" else "done"
        header = b", ".join(response.headers.getlist("X-Robots-Tag")).decode("latin-1")
        if not is_html(media_type(response), response.body):
            kind = _kind_of_file(row, response) if outcome == "ok" else outcome
            return Result(state, kind, reason, page={"robots": header[:500] or None})
        page = read_page(
            response.body,
            (response.headers.get("Content-Type") or b"").decode("latin-1") or None,
            row.url,
            header,
        )
        result = Result(state, outcome, reason, page=page.fields)
        result.warnings = page.warnings
        if 200 <= response.status < 300:
            self._follow(row, page, result)
        if rendering := response.meta.get("rendering"):
            self._note_rendering(row, rendering, result)
        return result

    def _note_rendering(
        self, row: Row, rendering: dict[str, Any], result: Result
    ) -> None:
        """Take over what the browser met: a script that left the page, a failure."""
        notes = [("render_refused", one) for one in rendering["refused"][:20]]
        if why := rendering.get("failed"):
            notes.append(("render_failed", why))
        result.warnings = [*result.warnings, *notes]
        result.page = {**(result.page or {}), "rendered": int("done" in rendering)}
        if target := rendering.get("moved"):
            self.client_redirect(row, target, "js", result)

    def _follow(self, row: Row, page: Page, result: Result) -> None:
        source = parse_url(row.url)
        assert isinstance(source, Url)  # noqa: S101
        if page.refresh is not None:
            self.client_redirect(row, page.refresh, "meta", result)
        result.links = self._links(row, source, page)
        if self.job.urls:
            return
        extra = [to for _, to in page.alternates]
        extra += [page.fields["canonical"]] if page.fields["canonical"] else []
        found = list(result.found)
        for text in extra:
            url = parse_url(text)
            if isinstance(url, Url) and self.scope.holds(url):
                found += self.scope.judge(url, depth=row.depth + 1, run=0)
        result.found = [*found, *self._probes_near(source)]
        self.scope.budgets.fetched(source, page.fields["content_hash"])
        self._check_canonical(source, page, result)

    def client_redirect(self, row: Row, text: str, kind: str, result: Result) -> None:
        """Judge where a page itself sends its visitors (`meta` or `js`)."""
        step = self.redirects.to(row, text, 200, kind)
        result.redirect, result.found = step.redirect, step.found
        result.warnings = [*result.warnings, *step.warnings]
        result.outcome = (
            "client_redirect" if step.outcome == "redirect" else step.outcome
        )
        result.reason = step.reason

    def _check_canonical(self, source: Url, page: Page, result: Result) -> None:
        target = parse_url(page.fields["canonical"] or "")
        if not isinstance(target, Url) or target.key == source.key:
            return
        note = None
        if not self.scope.holds(target):
            note = f"canonical leaves the site to {target.host}"
        elif target.wire == "/" and source.path != "/":
            note = "canonical is the home page"
        if note:
            result.warnings = [*result.warnings, ("canonical", note)]

    def _links(
        self, row: Row, source: Url, page: Page
    ) -> Sequence[tuple[Found, int, str, str, str]]:
        pattern = shape(source)
        links: list[tuple[Found, int, str, str, str]] = []
        for position, link in enumerate(page.links):
            url = link.url
            if url.host not in self.scope.hosts:
                continue
            if self.known(url.key):
                found = [Found(url.key, linked=True)]
            else:
                run = row.run + 1 if shape(url) == pattern else 0
                found = self.scope.judge(url, depth=row.depth + 1, run=run)
                self._mark(found)
            links += [
                (one, position, link.anchor, link.rel, link.region) for one in found
            ]
        return links

    def _mark(self, found: list[Found]) -> None:
        for one in found:
            one.linked = True
            if self.job.urls and not one.skip:
                one.skip, one.why = "not_listed", "list mode follows no links"

    # ---- soft 404s ---------------------------------------------------------

    def _probes_near(self, source: Url) -> list[Found]:
        if not self.job.probes or len(self.probed) >= MAX_PROBES:
            return []
        new = [one for one in probes_for(source) if one not in self.probed]
        self.probed.update(new)
        return [Found(one, kind="probe") for one in new]

    def _probe(self, row: Row, response: Response) -> Result:
        target, fields = None, {"title": None, "text": None, "content_hash": None}
        if response.status in FOLLOWED:
            redirect = self.redirects.result(row, response).redirect
            target = redirect[3] if redirect else None
        elif is_html(media_type(response), response.body):
            page = read_page(response.body, None, row.url, "")
            fields = {name: page.fields[name] for name in fields}
        folder = row.url.rpartition("/")[0] + "/"
        digest, title = fields["content_hash"], fields["title"]
        return Result(
            "done",
            outcome_of(response.status),
            page={"status": response.status, **fields},
            probe=(folder, response.status, target, digest, title),
        )

    # ---- sitemaps ----------------------------------------------------------

    def _sitemap(self, row: Row, response: Response) -> Result:
        if response.status != 200:
            return Result("done", outcome_of(response.status))
        body = response.body
        if body[:2] == b"\x1f\x8b":
            body = gunzipped(body, SITEMAP_CAP)
        sitemap = parse_sitemap(body, row.url)
        notes = [("sitemap", text) for text in sitemap.warnings]
        notes += [("sitemap_url", f"{why}: {text}") for text, why, _ in sitemap.refused]
        index = sitemap.kind == "index"
        found = (
            self._children(row, sitemap, notes)
            if index
            else self._mapped(sitemap, notes)
        )
        result = Result("done", "ok", found=found, warnings=notes[:MAX_NOTES])
        result.alternates = [
            (entry.url, row.url, language, place, entry.lastmod)
            for entry in sitemap.entries
            for language, place in entry.alternates
        ]
        return result

    def _mapped(self, sitemap: Sitemap, notes: list[tuple[str, str]]) -> list[Found]:
        found: list[Found] = []
        for entry in sitemap.entries:
            url = parse_url(entry.url)
            if not isinstance(url, Url) or not self.scope.holds(url):
                notes.append(("sitemap_url", f"not on the site: {shown(entry.url)}"))
                continue
            found += self.scope.judge(url, depth=1, run=0)
            found[-1].in_sitemap = True
        return found

    def _children(
        self, row: Row, sitemap: Sitemap, notes: list[tuple[str, str]]
    ) -> list[Found]:
        if row.depth >= MAX_SITEMAP_DEPTH:
            notes.append(("sitemap_capped", "an index inside too many others"))
            return []
        urls = [parse_url(entry.url) for entry in sitemap.entries[:MAX_SITEMAPS]]
        left = len(sitemap.entries) - MAX_SITEMAPS
        if left > 0:
            notes.append(("sitemap_capped", f"{left} child sitemaps not read"))
        if any(entry.url == row.url for entry in sitemap.entries):
            notes.append(("sitemap_loop", "the index names itself"))
        own = [url for url in urls if isinstance(url, Url) and self.scope.holds(url)]
        if len(own) < len(urls):
            notes.append(("sitemap_elsewhere", f"{len(urls) - len(own)} not read"))
        return [Found(url.key, kind="sitemap", depth=row.depth + 1) for url in own]


def _kind_of_file(row: Row, response: Response) -> str:
    """Say `asset`; `ok` for robots.txt, which is read, not stored.

    A packed sitemap is unpacked here too, only to find bombs.

    Raises:
        FetchError: It unpacks past the cap, or it is damaged.
    """
    path = row.url.partition("?")[0]
    if path.endswith(".xml.gz") and response.body[:2] == b"\x1f\x8b":
        gunzipped(response.body, SITEMAP_CAP)
    at_root = path.count("/") == 3
    return "ok" if at_root and path.endswith("/robots.txt") else "asset"
