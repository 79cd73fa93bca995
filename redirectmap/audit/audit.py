"""Read a crawl's file for what a migration must not overlook.

Orphans are URLs that a sitemap, a backlink, a log or a traffic export knows and
no page links to: a crawl by links alone would lose them. Blocked are the URLs
that robots.txt kept us from. A canonical cluster is all pages whose canonicals
lead, hop by hop, to one URL. Duplicates are pages of one content in different
clusters.

Reads   the site file; backlinks and traffic (which holds logs), where given.
Writes  one table per question, worst first.
Bounds  links are those of the pages that were read: a capped crawl shows
        orphans that are none, and says so.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from redirectmap.sitefile import SiteFile
from redirectmap.urls import Url, parse

MAX_HOPS = 20
_URLS = """
SELECT u.url, u.state, u.outcome, u.reason, u.in_sitemap, u.listed, p.status,
  p.title, p.canonical, p.content_hash,
  coalesce(i.n, 0) AS inlinks, r.target AS redirects_to
FROM urls u LEFT JOIN pages p ON p.id = u.id
LEFT JOIN redirects r ON r.source = u.id
LEFT JOIN (SELECT target, count(DISTINCT source) AS n FROM links
  WHERE source != target GROUP BY target) i ON i.target = u.id
WHERE u.kind = 'page' ORDER BY u.url
"""
_HREFLANG = """
SELECT u.url, a.lang, a.url AS alternate, a.sitemap AS said_by
FROM alternates a JOIN urls u ON u.id = a.id
UNION SELECT u.url, substr(j.value, 1, instr(j.value, ' ') - 1),
  substr(j.value, instr(j.value, ' ') + 1), 'page'
FROM pages p JOIN urls u ON u.id = p.id, json_each(p.hreflang) j
WHERE p.hreflang IS NOT NULL AND u.kind = 'page'
"""
_SKIPPED = """
SELECT outcome AS rule, reason AS shape, count(*) AS urls, min(url) AS example
FROM urls WHERE kind = 'page' AND state = 'skipped' GROUP BY 1, 2 ORDER BY 3 DESC, 4
"""
_WARNINGS = "SELECT code, url, message FROM warnings ORDER BY code, url"
VALUES = ("referring_domains", "backlinks", "requests", "clicks", "sessions")


@dataclass(frozen=True, slots=True)
class Audit:
    """The tables, each with the column `url` but `skipped`.

    Attributes:
        orphans: URLs nothing links to, with who knows them.
        blocked: URLs that robots.txt forbids, with the rule.
        canonicals: URL, canonical, end of the cluster, size, problem.
        duplicates: Pages that share a content_hash across clusters.
        hreflang: URL, language, alternate, who says so, whether it links back.
        skipped: Rule, shape, how many URLs, an example.
        warnings: Everything else that the crawl noted.
        state: How the crawl ended.
    """

    orphans: pd.DataFrame
    blocked: pd.DataFrame
    canonicals: pd.DataFrame
    duplicates: pd.DataFrame
    hreflang: pd.DataFrame
    skipped: pd.DataFrame
    warnings: pd.DataFrame
    state: str

    @property
    def tables(self) -> dict[str, pd.DataFrame]:
        """The tables by name."""
        names = ("orphans", "blocked", "canonicals", "duplicates", "hreflang")
        return {name: getattr(self, name) for name in (*names, "skipped", "warnings")}


def audit_site(
    path: Path,
    backlinks: pd.DataFrame | None = None,
    traffic: pd.DataFrame | None = None,
) -> Audit:
    """Read what a crawl shows.

    Args:
        path: The site's file.
        backlinks: Schema BACKLINKS.
        traffic: Schema TRAFFIC; `requests` come from logs.

    Raises:
        InputError: The file is no crawl, or it is damaged.
    """
    file = SiteFile.read(path)
    try:
        urls = pd.read_sql_query(_URLS, file.db)
        hreflang = pd.read_sql_query(_HREFLANG, file.db)
        skipped = pd.read_sql_query(_SKIPPED, file.db)
        warnings = pd.read_sql_query(_WARNINGS, file.db)
        meta = file.meta()
    finally:
        file.close()
    values = _values(backlinks, traffic)
    urls = urls.merge(values, on="url", how="left")
    canonicals = _canonicals(urls)
    return Audit(
        orphans=_orphans(urls, values, meta.get("start_url", "")),
        blocked=_blocked(urls),
        canonicals=canonicals,
        duplicates=_duplicates(urls, canonicals),
        hreflang=_hreflang(hreflang, urls),
        skipped=skipped,
        warnings=warnings,
        state=meta.get("state", "running"),
    )


def _values(
    backlinks: pd.DataFrame | None, traffic: pd.DataFrame | None
) -> pd.DataFrame:
    """Return url and `VALUES`, NaN where nobody measured."""
    empty = pd.DataFrame(columns=["url", *VALUES], dtype="float").astype({"url": str})
    parts = [empty]
    if backlinks is not None:
        live = backlinks[backlinks["lost"].isna()]
        grouped = live.groupby("target_url")["source_domain"].agg(["nunique", "size"])
        names = {"nunique": "referring_domains", "size": "backlinks"}
        parts.append(grouped.rename(columns=names).rename_axis("url").reset_index())
    if traffic is not None:
        kept = ["url", *(name for name in VALUES if name in traffic.columns)]
        parts.append(traffic[kept])
    stacked = pd.concat([part for part in parts if len(part)] or [empty])
    return (
        stacked.groupby("url", as_index=False)
        .max(numeric_only=True)
        .reindex(columns=["url", *VALUES])
    )


def _by_worth(table: pd.DataFrame) -> pd.DataFrame:
    names = [name for name in VALUES if name in table.columns]
    order = [*names, "url"]
    up = [False] * len(names) + [True]
    ranked = table.sort_values(order, ascending=up, na_position="last")
    return ranked.reset_index(drop=True)


def _orphans(urls: pd.DataFrame, values: pd.DataFrame, start: str) -> pd.DataFrame:
    here, crawled = _host(start), set(urls["url"])
    strange = values[
        [_host(url) == here and url not in crawled for url in values["url"]]
    ]
    known = pd.concat([urls, strange], ignore_index=True)
    known["in_sitemap"] = known["in_sitemap"].fillna(0)
    linked = known["inlinks"].fillna(0) > 0
    lands = set(known.loc[linked, "redirects_to"].dropna())
    known["known_from"] = _known_from(known)
    alone = ~linked & ~known["url"].isin({start, *lands}) & (known["known_from"] != "")
    known["status"] = known["status"].astype("Int64")
    columns = ["url", "known_from", "status", "outcome", "title", *VALUES]
    return _by_worth(known.loc[alone, columns])


def _known_from(known: pd.DataFrame) -> pd.Series:
    """Return the names of the sources that know each URL, space separated."""
    marks = {
        "sitemap": known["in_sitemap"] > 0,
        "backlinks": known["backlinks"] > 0,
        "logs": known["requests"] > 0,
        "traffic": (known["clicks"] > 0) | (known["sessions"] > 0),
    }
    words = [mark.map({True: f"{name} ", False: ""}) for name, mark in marks.items()]
    joined: pd.Series = words[0] + words[1] + words[2] + words[3]
    return joined.str.strip()


def _host(url: str) -> str:
    """Return the host without `www.`, which is the same site to a crawl."""
    found = parse(url)
    return found.host.removeprefix("www.") if isinstance(found, Url) else ""


def _blocked(urls: pd.DataFrame) -> pd.DataFrame:
    table = urls[urls["outcome"] == "robots"]
    columns = ["url", "reason", "inlinks", "in_sitemap", *VALUES]
    return _by_worth(table[columns].rename(columns={"reason": "rule"}))


def _canonicals(urls: pd.DataFrame) -> pd.DataFrame:
    """Follow each page's canonical to its end; name what is wrong on the way."""
    pages = urls[urls["canonical"].notna() & urls["status"].between(200, 299)]
    hops = dict(zip(pages["url"], pages["canonical"], strict=True))
    status = dict(zip(urls["url"], urls["status"], strict=True))
    ends = [_end(url, hops) for url in pages["url"]]
    table = pages[["url", "canonical"]].assign(cluster=[end for end, _ in ends])
    table["problem"] = [loop or _fault(end, status) for end, loop in ends]
    table["size"] = table.groupby("cluster")["url"].transform("size")
    order = ["problem", "size", "cluster", "url"]
    up = [False, False, True, True]
    return table.sort_values(order, ascending=up).reset_index(drop=True)


def _end(url: str, hops: dict[str, str]) -> tuple[str, str]:
    seen = [url]
    while (step := hops.get(seen[-1])) and step != seen[-1]:
        if step in seen or len(seen) > MAX_HOPS:
            return min(seen), "canonical loop"
        seen.append(step)
    return seen[-1], "canonical of a canonical" if len(seen) > 2 else ""


def _fault(end: str, status: dict[str, float]) -> str:
    code = status.get(end)
    if code is None or math.isnan(code):
        return "target not crawled"
    return "" if 200 <= code < 300 else f"target answers {code:.0f}"


def _duplicates(urls: pd.DataFrame, canonicals: pd.DataFrame) -> pd.DataFrame:
    pages = urls[urls["status"].between(200, 299) & urls["content_hash"].notna()]
    cluster = dict(zip(canonicals["url"], canonicals["cluster"], strict=True))
    pages = pages.assign(cluster=[cluster.get(url, url) for url in pages["url"]])
    groups = pages.groupby("content_hash")["cluster"]
    pages = pages.assign(
        clusters=groups.transform("nunique"), pages=groups.transform("size")
    )
    columns = ["content_hash", "pages", "url", "cluster", "title", *VALUES]
    order = ["pages", "content_hash", "url"]
    kept = pages.loc[pages["clusters"] > 1, columns]
    return kept.sort_values(order, ascending=[False, True, True]).reset_index(drop=True)


def _hreflang(table: pd.DataFrame, urls: pd.DataFrame) -> pd.DataFrame:
    pairs = set(zip(table["url"], table["alternate"], strict=True))
    status = urls.set_index("url")["status"]
    back = [
        url == alternate or (alternate, url) in pairs
        for url, alternate in zip(table["url"], table["alternate"], strict=True)
    ]
    return table.assign(
        links_back=back, status=table["alternate"].map(status).astype("Int64")
    ).sort_values(["links_back", "url", "lang"], ignore_index=True)
