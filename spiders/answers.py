"""Turn an answer into what is written down: statuses, redirects, retries.

A redirect is an answer of its own URL; its target is one more URL of the
frontier. So every URL is requested once, and a loop ends by itself.
"""

from __future__ import annotations

import email.utils
import re
import time
from urllib.parse import quote_from_bytes

from scrapy.http import Response

from redirectmap.sitefile import Result, Row
from redirectmap.urls import Refusal, Url, is_private_host, parse as parse_url, shown
from spiders.guards import AddressGuard
from spiders.scope import MAX_HOPS, Scope

FOLLOWED = {301, 302, 303, 307, 308}
RETRIED = {429, 500, 502, 503, 504, 520, 522, 524}
MAX_TRIES = 3
MAX_RETRY_AFTER = 120.0


def outcome_of(status: int) -> str:
    """Name what a status means for the page."""
    if 200 <= status < 300:
        return "ok"
    if 300 <= status < 400:
        return "not_followed"
    if status in {404, 410}:
        return "gone"
    if status in {401, 403, 407, 451}:
        return "blocked"
    if status == 429:
        return "throttled"
    return "server_error" if 500 <= status < 600 else "error"


def retry_after(response: Response) -> float | None:
    """Return the seconds a server asks to wait, or None where it says nothing."""
    raw = (response.headers.get("Retry-After") or b"").decode("latin-1").strip()
    if raw.isdecimal():
        return float(raw[:12])
    try:
        at = email.utils.parsedate_to_datetime(raw)
    except (TypeError, ValueError, IndexError):
        return None
    return max(0.0, at.timestamp() - time.time())


def media_type(response: Response) -> str:
    """Return the content type without parameters, in lower case."""
    raw = (response.headers.get("Content-Type") or b"").decode("latin-1")
    return raw.partition(";")[0].strip().lower()[:100]


class Redirects:
    """Judges the targets of redirects."""

    def __init__(self, scope: Scope, guard: AddressGuard) -> None:
        self.scope = scope
        self.guard = guard

    def result(self, row: Row, response: Response) -> Result:
        """Judge a Location header."""
        places = dict.fromkeys(response.headers.getlist("Location"))
        status = response.status
        if len(places) != 1:
            why = "no Location" if not places else "two different Locations"
            raw = b" | ".join(places).decode("latin-1")
            return Result(
                "done", "bad_redirect", why, redirect=(status, "http", shown(raw), None)
            )
        raw_place = next(iter(places))
        try:
            text = raw_place.decode()
        except UnicodeDecodeError:
            safe = "".join(map(chr, range(33, 127)))
            text = quote_from_bytes(raw_place, safe=safe)
        if not text.strip():
            redirect = (status, "http", "", None)
            return Result("done", "bad_redirect", "empty Location", redirect=redirect)
        result = self.to(row, text, status, "http")
        if re.search(r"[\s\\\"]", text.strip()) and result.outcome == "redirect":
            note = ("redirect_spelling", f"Location is no clean URL: {shown(text)}")
            result.warnings = [*result.warnings, note]
        return result

    def to(self, row: Row, text: str, status: int, kind: str) -> Result:
        """Judge one target, of a header or of a meta refresh."""
        target = parse_url(text, row.url, as_browser=True)
        if isinstance(target, Url) and not _decodes(target.host):
            target = Refusal(shown(text), "unparsable")
        if isinstance(target, Refusal):
            outcome, why = self._refused(text, target)
            spoken = (status, kind, shown(text), None)
            return Result("done", outcome, why, redirect=spoken)
        place = (status, kind, shown(text), target.key)
        stop, because = self._unfollowed(row, target)
        if stop:
            return Result("done", stop, because, redirect=place)
        found = self.scope.judge(
            target, depth=row.depth, run=row.run, hops=row.hops + 1
        )
        source = parse_url(row.url)
        notes: list[tuple[str, str]] = []
        if isinstance(source, Url) and target.wire == "/" and source.path != "/":
            notes.append(("homepage_redirect", "goes to the home page: a soft 404"))
        return Result(
            "done", "redirect", None, found=found, redirect=place, warnings=notes
        )

    def _unfollowed(self, row: Row, target: Url) -> tuple[str, str | None]:
        refused = self.guard.refuses_url(target.key)
        if refused:
            return "blocked_address", refused
        if target.key == row.url:
            return "redirect_loop", f"{row.url} -> itself"
        if not self.scope.holds(target):
            return "offsite", f"leaves the site to {target.host}"
        if row.hops + 1 > MAX_HOPS:
            return "too_many_redirects", f"more than {MAX_HOPS} hops"
        return "", None

    def _refused(self, text: str, refusal: Refusal) -> tuple[str, str]:
        bare = re.sub(r"//[^/?#@]*@", "//", text, count=1)
        zoned = re.sub(r"%25?[^\]/]*(?=\])", "", bare)
        target = parse_url(zoned)
        if isinstance(target, Url) and is_private_host(target.host):
            why = self.guard.refuses_url(target.key)
            if why:
                return "blocked_address", why
        return "bad_redirect", refusal.message


def _decodes(host: str) -> bool:
    """Say whether every `xn--` label stands for a name that can be written."""
    labels = [label[4:] for label in host.split(".") if label.startswith("xn--")]
    try:
        names = [label.encode("ascii").decode("punycode") for label in labels]
    except UnicodeError:
        return False
    return all(name.isprintable() for name in names)
