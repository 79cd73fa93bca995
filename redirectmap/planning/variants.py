"""Which spellings of a URL are one page, and what its parameters are for.

Decides by what the site does, never by guess. Two URLs are one page when the
site says so directly (it redirects one to the other, or names it as canonical),
or when they differ only in a way (trailing slash, index file, letter case,
parameter order, a tracking or session parameter, scheme, www) that the site was
seen to join at least `ENOUGH` times and never to keep apart. A page that a large
part of the site names as its canonical is a fault of the template and believed
only by its own spellings.

Cost    linear in URLs and pages.
Bounds  a site that was not crawled says nothing, so nothing is merged.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping
from typing import Literal

import pandas as pd

from redirectmap.tracking import is_tracking

ENOUGH = 3
CROWD = 20
CROWD_SHARE = 0.1
"""More pages, and a larger share of the site, than merge into one by intent."""

Use = Literal["tracking", "session", "facet", "content", "unknown"]
_SESSION = re.compile(
    r"(?:php)?sess(?:ion)?_?(?:id)?|jsessionid|sid|cfid", re.IGNORECASE
)
_INDEX = re.compile(r"/(?:index|default)\.(?:html?|php|aspx?|jsp)$", re.IGNORECASE)


def _split(url: str) -> tuple[str, str, str]:
    head, _, query = url.partition("?")
    scheme, _, rest = head.partition("://")
    host, slash, path = rest.partition("/")
    return f"{scheme}://{host}", slash + path, query


def _path(change: Callable[[str], str]) -> Callable[[str], str]:
    def apply(url: str) -> str:
        origin, path, query = _split(url)
        return origin + change(path) + (f"?{query}" if query else "")

    return apply


def _query(change: Callable[[list[str]], list[str]]) -> Callable[[str], str]:
    def apply(url: str) -> str:
        origin, path, query = _split(url)
        pairs = change(query.split("&")) if query else []
        return origin + path + ("?" + "&".join(pairs) if pairs else "")

    return apply


def _is_tracking(pair: str) -> bool:
    return is_tracking(pair.partition("=")[0])


def _is_session(pair: str) -> bool:
    return bool(_SESSION.fullmatch(pair.partition("=")[0]))


FOLDS: Mapping[str, Callable[[str], str]] = {
    "index file": _path(lambda path: _INDEX.sub("/", path)),
    "trailing slash": _path(lambda path: path.rstrip("/") or "/"),
    "letter case": _path(str.lower),
    "parameter order": _query(sorted),
    "tracking parameters": _query(lambda q: [p for p in q if not _is_tracking(p)]),
    "session parameters": _query(lambda q: [p for p in q if not _is_session(p)]),
    "scheme": lambda url: re.sub("^http://", "https://", url),
    "www": lambda url: re.sub(r"^(https?://)www\.", r"\1", url),
}
"""Each way in which spellings differ, as the function that folds it away.

In an order that folds all: an index file leaves a slash.
"""


def merged_spellings(
    urls: Iterable[str], pages: pd.DataFrame | None, redirects: pd.DataFrame | None
) -> dict[str, str]:
    """Return, for each spelling that is another one's page, that other URL.

    Args:
        urls: URL keys from all sources.
        pages: Schema PAGES; None when the site was not crawled.
        redirects: Schema LEGACY as observed.
    """
    said = _said_by_site(pages, redirects)
    joined = joining_folds(said, pages)
    homes = {_folded(url, joined): url for url in _proper(pages, said)}
    moved = set() if redirects is None else set(redirects["source"]) - set(said)
    merged = {}
    for url in urls:
        folded = None if url in moved else homes.get(_folded(url, joined))
        home = said.get(url) or folded
        if home and home != url:
            merged[url] = _end(said, home)
    return {url: home for url, home in merged.items() if home != url}


def _end(said: Mapping[str, str], url: str) -> str:
    """Follow what the site says to its end; a circle ends where it closes."""
    seen = {url}
    while (to := said.get(url, url)) not in seen:
        seen.add(to)
        url = to
    return url


def _said_by_site(
    pages: pd.DataFrame | None, redirects: pd.DataFrame | None
) -> dict[str, str]:
    """Return the spellings the site itself joins: canonicals and redirects.

    A redirect to another page is not a spelling: it counts only where source
    and target are equal once all folds are applied.
    """
    canonicals = _believed(_pairs_of(pages, "url", "canonical"), pages)
    moves = _pairs_of(redirects, "source", "target")
    said = {a: b for a, b in canonicals if _split(a)[0] == _split(b)[0]}
    spelled = {a: b for a, b in moves if _folded(a, FOLDS) == _folded(b, FOLDS)}
    return said | spelled


def _believed(
    canonicals: list[tuple[str, str]], pages: pd.DataFrame | None
) -> list[tuple[str, str]]:
    """Leave out canonicals of dead pages, and those a template gives to all."""
    if pages is None:
        return canonicals
    named = Counter(to for one, to in canonicals if _split(one)[:2] != _split(to)[:2])
    most = max(CROWD, CROWD_SHARE * len(pages))
    dead = set(pages.loc[pages["status"].ge(400).fillna(value=False), "url"])
    return [
        (one, to)
        for one, to in canonicals
        if to not in dead
        and (
            named[to] <= most
            or _split(one)[:2] == _split(to)[:2]
            or _folded(one, FOLDS) == _folded(to, FOLDS)
        )
    ]


def _pairs_of(
    table: pd.DataFrame | None, one: str, other: str
) -> list[tuple[str, str]]:
    if table is None:
        return []
    known = table[table[other].notna() & (table[one] != table[other])]
    return list(zip(known[one], known[other], strict=True))


def joining_folds(
    said: Mapping[str, str], pages: pd.DataFrame | None
) -> dict[str, Callable[[str], str]]:
    """Return the folds the site was seen to join `ENOUGH` times, and never not."""
    seen = Counter(name for pair in said.items() for name in _differences(*pair))
    joined = {name: FOLDS[name] for name in FOLDS if seen[name] >= ENOUGH}
    apart = _kept_apart(pages, said, joined)
    return {name: fold for name, fold in joined.items() if not apart[name]}


def _differences(one: str, other: str) -> list[str]:
    """Name the one fold that makes two spellings equal, if one does."""
    return [name for name, fold in FOLDS.items() if fold(one) == fold(other)]


def _kept_apart(
    pages: pd.DataFrame | None,
    said: Mapping[str, str],
    folds: Mapping[str, Callable[[str], str]],
) -> Counter[str]:
    """Count pairs of pages that differ by one fold and have different content."""
    apart: Counter[str] = Counter()
    if pages is None or pages["content_hash"].isna().all():
        return apart
    known = pages[pages["content_hash"].notna() & ~pages["url"].isin(list(said))]
    contents = dict(zip(known["url"], known["content_hash"], strict=True))
    for name, fold in folds.items():
        groups: dict[str, set[str]] = defaultdict(set)
        for url, content in contents.items():
            groups[fold(url)].add(content)
        apart[name] = sum(len(group) > 1 for group in groups.values())
    return apart


def _proper(pages: pd.DataFrame | None, said: Mapping[str, str]) -> list[str]:
    if pages is None:
        return []
    answered = pages["status"].isna() | pages["status"].between(200, 299)
    kept = pages.loc[answered.fillna(value=True), "url"]
    return [url for url in kept if url not in said]


def _folded(url: str, folds: Mapping[str, Callable[[str], str]]) -> str:
    for fold in folds.values():
        url = fold(url)
    return url


def parameter_uses(
    urls: Iterable[str], pages: pd.DataFrame | None = None
) -> pd.DataFrame:
    """Class every query parameter by what it does to the page.

    Args:
        urls: URL keys from all sources.
        pages: Schema PAGES; its canonicals and contents decide first.

    Returns:
        Columns parameter, use (tracking, session, facet, content, unknown),
        urls (how many carry it), values (how many different), evidence.
    """
    values: dict[str, list[str]] = defaultdict(list)
    for url in urls:
        for name, value in _pairs(url):
            values[name].append(value)
    effects = _effects(pages)
    rows = [
        (name, *_use(name, found, effects[name]), len(found), len(set(found)))
        for name, found in sorted(values.items())
    ]
    return pd.DataFrame(
        rows, columns=["parameter", "use", "evidence", "urls", "values"]
    )


def _pairs(url: str) -> list[tuple[str, str]]:
    """Return the parameters of a URL key."""
    parts = [pair.partition("=") for pair in _split(url)[2].split("&") if pair]
    return [(name, value) for name, _, value in parts]


def _effects(pages: pd.DataFrame | None) -> defaultdict[str, Counter[str]]:
    """Count, per parameter, pages whose canonical drops or keeps it."""
    effects: defaultdict[str, Counter[str]] = defaultdict(Counter)
    if pages is None:
        return effects
    known = pages[pages["canonical"].notna()]
    for url, canonical in zip(known["url"], known["canonical"], strict=True):
        kept = {name for name, _ in _pairs(canonical)}
        for name, _ in _pairs(url):
            effects[name]["kept" if name in kept else "dropped"] += 1
    return effects


def _use(name: str, values: list[str], effect: Counter[str]) -> tuple[Use, str]:
    known = "tracking" if is_tracking(name) else None
    if effect["dropped"] and not effect["kept"]:
        said = f"{effect['dropped']} canonicals drop it"
        return ("tracking", said) if known else ("facet", said)
    if effect["kept"] and not effect["dropped"]:
        return "content", f"{effect['kept']} canonicals keep it"
    if known:
        return "tracking", "a name of a known campaign tool"
    long = sum(len(value) >= 16 for value in values) / len(values)
    if _SESSION.fullmatch(name) or (long > 0.9 and len(set(values)) == len(values) > 3):
        return "session", "long values, each seen once"
    if all(value.isdigit() for value in values) and len(set(values)) > 2:
        return "content", "numbers that differ, as ids do"
    return "unknown", "no evidence"
