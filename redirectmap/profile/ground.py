"""What advice stands on: our live pages, what is known of each, and their topics.

Reads   `pages`, `backlinks`, `traffic`, queries.
Writes  `Ground`.
Cost    embeds every page once.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
import pandas as pd

from redirectmap.matching.embeddings import STATIC, embed
from redirectmap.profile.brand import Words
from redirectmap.profile.keywords import Keywords, content, keywords_of
from redirectmap.profile.lexicon import words_of
from redirectmap.profile.links import (
    brand_names,
    classed_links,
    page_kinds,
    telling,
)
from redirectmap.profile.moves import page_key
from redirectmap.signals.words import Floats

STRIKING = (5.0, 20.0)
"""Mean ranks from which one good link may lift a page to the first places."""


@dataclass(frozen=True, slots=True)
class Ground:
    """What advice stands on.

    Attributes:
        site: URL of the site.
        pages: Our live pages: url, label, kind, domains, exact, partial, links,
            position, impressions, clicks, conversions, keyword and
            keyword_position (a query in reach, None without one), topics
            (phrases of its heading); row = page number.
        vectors: One embedding per page, unit length.
        links: The classed links of the site.
        words: Brand names.
        topics: What the headings of inner pages are about.
        authority: What vendors say of each referring domain, 0 to 100.
        model: Which embedding.
    """

    site: str
    pages: pd.DataFrame
    vectors: Floats
    links: pd.DataFrame
    words: Words
    topics: Keywords
    authority: dict[str, float]
    model: str


def ground(
    pages: pd.DataFrame,
    site: str,
    backlinks: pd.DataFrame,
    traffic: pd.DataFrame | None = None,
    *,
    queries: pd.DataFrame | None = None,
    brands: Collection[str] = (),
    model: str = STATIC,
) -> Ground:
    """Prepare what `advise` and `deserving` need.

    Args:
        pages: Schema `PAGES`; pages that fail or are not to be indexed, and
            files, are left out.
        site: Any URL of the site.
        backlinks: Schema `BACKLINKS`.
        traffic: Schema `TRAFFIC`.
        queries: Schema `QUERIES`.
        brands: Brand names; found from domain and titles where empty.
        model: Which embedding.
    """
    links = classed_links(backlinks, site, pages, brands=brands)
    words = Words.of(brands or brand_names(site, pages))
    live = _live(pages)
    fields = live[["title", "h1", "description", "text"]].fillna("")
    texts = fields.agg(" ".join, axis=1).tolist()
    label = live["h1"].fillna(live["title"]).fillna(live["url"])
    table = live[["url", "kind"]].assign(label=label)
    table = _with_traffic(_with_links(table, links), traffic)
    table = _with_queries(table, queries, words)
    told = backlinks.groupby("source_domain")["authority"].max().dropna()
    authority = {str(domain): float(value) for domain, value in told.items()}
    topics = [telling(keywords_of([text], words)) for text in table["label"]]
    table["topics"] = pd.Series(topics, index=table.index, dtype=object)
    every = Keywords.of(phrase for found in topics for phrase in found)
    vectors = embed(texts, model)
    return Ground(site, table, vectors, links, words, every, authority, model)


def _live(pages: pd.DataFrame) -> pd.DataFrame:
    robots = pages["robots"].fillna("").astype(str).str.lower()
    fine = pages["status"].fillna(200).eq(200) & ~robots.str.contains("noindex")
    live = pages[fine & ~_copies(pages)]
    kinds = page_kinds(live["url"].tolist(), live)
    live = live.assign(kind=live["url"].map(kinds).astype(object))
    return live[live["kind"] != "file"].reset_index(drop=True)


def _copies(pages: pd.DataFrame) -> pd.Series:
    """Say which pages name another page of the site as their canonical one."""
    own = pages["url"].map(page_key)
    named = pages["canonical"].fillna(pages["url"]).map(page_key)
    return named.ne(own) & named.isin(set(own))


def _with_links(table: pd.DataFrame, links: pd.DataFrame) -> pd.DataFrame:
    keys = links["target_url"].map(page_key)
    own = table["url"].map(page_key)
    domains = links.groupby(keys)["source_domain"].nunique()
    columns = {"domains": own.map(domains), "links": own.map(keys.value_counts())}
    for name in ("exact", "partial", "branded"):
        rows = links["class"] == name
        counts = links[rows].groupby(keys[rows])["source_domain"].nunique()
        columns[name] = own.map(counts)
    filled = {name: values.fillna(0).astype(int) for name, values in columns.items()}
    return table.assign(**filled)


def _with_traffic(table: pd.DataFrame, traffic: pd.DataFrame | None) -> pd.DataFrame:
    names = ["position", "impressions", "clicks", "conversions"]
    if traffic is None:
        return table.assign(**dict.fromkeys(names, np.nan))
    keyed = traffic.assign(key=traffic["url"].map(page_key)).drop_duplicates("key")
    by_key = keyed.set_index("key")
    own = table["url"].map(page_key)
    return table.assign(**{name: own.map(by_key[name]) for name in names})


def _with_queries(
    table: pd.DataFrame, queries: pd.DataFrame | None, words: Words
) -> pd.DataFrame:
    """Add the query in reach (ranks 5-20) that a page's label is about."""
    reach = pd.DataFrame(columns=["query", "position", "impressions"])
    if queries is not None:
        reach = queries[queries["position"].between(*STRIKING)]
    reach = reach.sort_values("impressions", ascending=False, kind="stable")
    spoken = [
        content(words.without_brand(words_of(text))[0]) for text in reach["query"]
    ]
    found = [_first_on(label, spoken, words) for label in table["label"]]
    rows = [None if place is None else reach.iloc[place] for place in found]
    names = [None if row is None else str(row["query"]) for row in rows]
    ranks = [np.nan if row is None else float(row["position"]) for row in rows]
    return table.assign(
        keyword=pd.Series(names, index=table.index, dtype=object),
        keyword_position=ranks,
    )


def _first_on(label: str, spoken: list[frozenset[str]], words: Words) -> int | None:
    """Return the number of the first query that the label is about."""
    about = Keywords.of(keywords_of([label], words))
    return next(
        (place for place, said in enumerate(spoken) if said and about.touched_by(said)),
        None,
    )
