"""One key per URL for whole columns, fast where the spelling is already plain.

Decides nothing that `redirectmap.urls.parse` does not decide: a pattern picks the
URLs that the parser is known to leave as they are, all others go through it. One
million plain URLs take about a second instead of ten.
"""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import unquote

import numpy as np
import pandas as pd

from redirectmap.readers.values import is_plain
from redirectmap.urls import Url, parse

PLACEHOLDER_ORIGIN = "http://path-only.invalid"


def keys_of(urls: pd.Series, base: str | None = None) -> pd.Series:
    """Return the key of each URL, None where the gate refuses it.

    Args:
        urls: Texts; empty and not known give None.
        base: Origin for path-only texts.

    Returns:
        Object series of str or None on the index of `urls`.
    """
    texts = urls.astype(object).where(urls.notna(), "")
    found = texts.to_numpy(dtype=object, copy=True)
    odd = ~is_plain(texts)
    if odd.any():
        codes, uniques = pd.factorize(found[odd])
        parsed = np.array([_key(text, base) for text in uniques], dtype=object)
        found[odd] = parsed[codes]
    return pd.Series(found, index=urls.index, dtype=object)


def _key(text: str, base: str | None) -> str | None:
    if not text:
        return None
    found = parse(text, base)
    return found.key if isinstance(found, Url) else None


def shown_key(key: str) -> str:
    """Return `key` for a person: a path is shown without its placeholder host."""
    return key.removeprefix(PLACEHOLDER_ORIGIN)


def folded(keys: pd.Series) -> pd.Series:
    """Return spellings that many servers treat as one: case, slash, encoding.

    Scheme, a leading `www.`, an index file and a closing slash are dropped too.
    """
    text = keys.fillna("").astype(str)
    odd = text.str.contains("%", regex=False)
    if odd.any():
        text = text.where(~odd, text.map(unquote))
    path = (
        text.astype("string[pyarrow]")
        .str.lower()
        .str.replace(r"^https?://(?:www\.)?", "", regex=True)
    )
    path = path.str.replace(r"/(?:index|default)\.\w{3,5}$", "/", regex=True)
    return path.str.rstrip("/").astype(object)


@dataclass(frozen=True, slots=True)
class Parts:
    """Host (with port), path (`/` at least) and query of keys, empty for none."""

    host: pd.Series
    path: pd.Series
    query: pd.Series


_PARTS = r"^https?://(?P<host>[^/?#]*)(?P<path>[^?#]*)(?:\?(?P<query>[^#]*))?"


def parts_of(keys: pd.Series) -> Parts:
    """Take keys apart in one pass: as `host_of`, `path_of` and `query_of` do."""
    import pyarrow as pa
    import pyarrow.compute as pc

    found = pc.extract_regex(
        pa.array(keys, type=pa.string(), from_pandas=True), pattern=_PARTS
    )
    host, path, query = (
        pc.struct_field(found, name).fill_null("") for name in ("host", "path", "query")
    )
    path = pc.if_else(pc.equal(path, ""), "/", path)
    series = (
        pd.Series(part.to_numpy(zero_copy_only=False), index=keys.index, dtype=object)
        for part in (host, path, query)
    )
    return Parts(*series)


def host_of(keys: pd.Series) -> pd.Series:
    """Return the host (with port) of each key; empty where there is none."""
    text = keys.fillna("").astype("string[pyarrow]")
    host = text.str.replace(r"^https?://([^/?#]*).*$", r"\1", regex=True)
    return host.where(text.str.startswith("http"), "").astype(object)


def path_of(keys: pd.Series) -> pd.Series:
    """Return the path of each key, `/` at least, without the query."""
    path = keys.fillna("").astype("string[pyarrow]")
    path = path.str.replace(r"^https?://[^/?#]*", "", regex=True)
    path = path.str.replace(r"[?#].*$", "", regex=True)
    return path.where(path.ne(""), "/").astype(object)


def query_of(keys: pd.Series) -> pd.Series:
    """Return the query of each key without `?`; empty where there is none."""
    text = keys.fillna("").astype("string[pyarrow]")
    return text.str.replace(r"^[^?]*\??", "", regex=True).astype(object)
