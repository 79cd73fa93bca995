"""What can only be said when all pages are in: chains, loops, soft 404s.

Writes the final outcome of redirecting URLs, the warnings that compare pages,
and why the crawl ended.
"""

from __future__ import annotations

from collections.abc import Iterator

from redirectmap.sitefile import Counts, SiteFile
from redirectmap.urls import Url, parse
from spiders.guards import shape
from spiders.scope import MAX_HOPS
from spiders.soft404 import note_soft_404s


def conclude(site: SiteFile, end: tuple[str, str] | None) -> tuple[str, str]:
    """Finish the books; return the state and the reason in words.

    States: finished, capped, interrupted, throttled, partly_failed, io_error, empty.
    """
    _settle_redirects(site)
    note_soft_404s(site)
    _note_canonical_loops(site)
    _name_traps(site)
    counts = site.counts()
    state, reason = end or _state_of(site, counts)
    site.set_meta(state=state, reason=reason)
    return state, reason


def _state_of(site: SiteFile, counts: Counts) -> tuple[str, str]:
    if counts.queued:
        return "interrupted", f"{counts.queued} URLs are still to fetch"
    if not counts.done:
        row = site.db.execute(
            "SELECT url, outcome, reason FROM urls WHERE kind = 'page'"
            " AND state IN ('failed', 'skipped') ORDER BY id LIMIT 1"
        ).fetchone()
        said = f"{row[0]}: {row[1]}" + (f" ({row[2]})" if row[2] else "") if row else ""
        return "empty", said or "nothing was found"
    if nothing := _only_errors(site):
        return "empty", nothing
    if counts.failed:
        return "partly_failed", f"{counts.failed} URLs gave no usable answer"
    return "finished", "every known URL was fetched or set aside by a rule"


def _only_errors(site: SiteFile) -> str:
    """Say what a site answers that has no page at all; empty where it has one.

    A list may hold nothing but dead URLs; a site whose every answer is an error
    or leads away is a wrong address.
    """
    listed, good = site.db.execute(
        "SELECT sum(u.listed), sum(p.status BETWEEN 200 AND 299) FROM urls u"
        " LEFT JOIN pages p ON p.id = u.id WHERE u.kind = 'page'"
    ).fetchone()
    if good or listed != 1:
        return ""
    url, status, outcome, reason = site.db.execute(
        "SELECT u.url, p.status, u.outcome, u.reason FROM urls u"
        " JOIN pages p ON p.id = u.id WHERE u.listed"
    ).fetchone() or ("", 0, "", "")
    if 300 <= status < 400:
        return f"{url}: {outcome} ({reason or status})"
    return f"{url}: answers {status}" if url else ""


def _settle_redirects(site: SiteFile) -> None:
    rows = site.db.execute(
        "SELECT u.url, r.target FROM redirects r JOIN urls u ON u.id = r.source"
        " WHERE u.outcome IN ('redirect', 'client_redirect') AND u.kind = 'page'"
    ).fetchall()
    hops = {url: target for url, target in rows if target}
    with site.transaction():
        for url in hops:
            outcome, reason, code = _end_of(url, hops, site)
            if outcome:
                site.db.execute(
                    "UPDATE urls SET outcome = ?, reason = ? WHERE url = ?",
                    (outcome, reason, url),
                )
            if code:
                site.db.execute(
                    "INSERT INTO warnings SELECT ?, 'redirect_chain', ? WHERE NOT"
                    " EXISTS (SELECT 1 FROM warnings WHERE url = ?"
                    " AND code = 'redirect_chain')",
                    (url, code, url),
                )


def _end_of(
    url: str, hops: dict[str, str], site: SiteFile
) -> tuple[str | None, str | None, str | None]:
    """Walk from `url`; return the outcome to write, its reason, and a warning."""
    seen = [url]
    while seen[-1] in hops:
        target = hops[seen[-1]]
        if target in seen:
            loop = seen[seen.index(target) :]
            return "redirect_loop", " -> ".join([*loop, target])[:1_000], None
        seen.append(target)
        if len(seen) > MAX_HOPS + 1:
            return "too_many_redirects", f"more than {MAX_HOPS} hops", None
    row = site.db.execute(
        "SELECT outcome, reason FROM urls WHERE url = ?", (seen[-1],)
    ).fetchone()
    if row and row[0] in {
        "blocked_address",
        "bad_redirect",
        "redirect_loop",
        "too_many_redirects",
    }:
        return row[0], row[1], None
    count = len(seen) - 1
    return (
        None,
        None,
        f"{count} hops: {' -> '.join(seen)[:1_000]}" if count > 1 else None,
    )


def _name_traps(site: SiteFile) -> None:
    """Say which pages led into a space without end, and which rule closed it."""
    traps = site.db.execute(
        "SELECT substr(reason, 7), outcome || ': ' || count(*) || ' URLs not'"
        " || ' fetched' FROM urls WHERE state = 'skipped'"
        " AND outcome LIKE 'trap:%' AND reason LIKE 'shape %' GROUP BY 1"
    ).fetchall()
    if not traps:
        return
    above: dict[str, list[str]] = {}
    for pattern, why in traps:
        for place in _places_above(pattern):
            above.setdefault(place, []).append(f"{why}, shape {pattern}")
    notes: list[tuple[str, str]] = []
    query = "SELECT url FROM urls WHERE kind = 'page' AND state = 'done'"
    for (text,) in site.db.execute(query):
        url = parse(text)
        said = above.get(shape(url).rstrip("/")) if isinstance(url, Url) else None
        if said:
            notes.append((text, "; ".join(said[:5])[:500]))
    with site.transaction():
        site.db.execute("DELETE FROM warnings WHERE code = 'trap'")
        site.db.executemany("INSERT INTO warnings VALUES (?, 'trap', ?)", notes)


def _places_above(pattern: str) -> Iterator[str]:
    """Yield a shape, its path without query and session, and the folders above."""
    place = pattern.rstrip("/")
    while place:
        yield place
        cut = max(place.rfind(mark) for mark in "/?;")
        place = place[:cut].rstrip("/") if cut > 0 else ""


def _note_canonical_loops(site: SiteFile) -> None:
    site.db.execute("BEGIN IMMEDIATE")
    site.db.execute(
        "INSERT INTO warnings SELECT u.url, 'canonical', 'canonical loop with ' ||"
        " p.canonical FROM pages p JOIN urls u ON u.id = p.id"
        " JOIN urls v ON v.url = p.canonical JOIN pages q ON q.id = v.id"
        " WHERE q.canonical = u.url AND v.id != u.id AND NOT EXISTS"
        " (SELECT 1 FROM warnings w WHERE w.url = u.url AND w.code = 'canonical')"
    )
    site.db.execute(
        "INSERT INTO warnings SELECT u.url, 'canonical', 'canonical answers ' ||"
        " q.status FROM pages p JOIN urls u ON u.id = p.id"
        " JOIN urls v ON v.url = p.canonical JOIN pages q ON q.id = v.id"
        " WHERE q.status NOT BETWEEN 200 AND 299 AND NOT EXISTS"
        " (SELECT 1 FROM warnings w WHERE w.url = u.url AND w.code = 'canonical')"
    )
    site.db.execute("COMMIT")
