"""Turn the cells of exports into numbers, dates and URLs.

Vendors write the same number as 1,234.5 or 1.234,5 or 1 234,5, and the same day
as 2026-09-15, Sep 15, 2026 or 15.09.2026. A cell that cannot be read is not
known; it never becomes 0.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from redirectmap.urls import MAX_URL_CHARS, Refusal, Url, parse

MAX_CELL = 64 * 1024
_INVISIBLE = re.compile("[\u00a0\u00ad\u200b-\u200f\u2060\ufeff\u202a-\u202e]")
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:(?!\d)")
_HOSTLIKE = re.compile(r"(?:[\w-]+\.)+[A-Za-z]{2,}(?::\d+)?(?:[/?#]|$)")
_LABEL = "[a-z0-9]+(?:-[a-z0-9]+)*"
_SEGMENT = r"(?:[\w~!$()*+,;=:@-][\w.~!$()*+,;=:@%-]*)?"
_PLAIN = re.compile(
    rf"(https?)://((?:{_LABEL}\.)+[a-z]{{2,}})((?:/{_SEGMENT})+)"
    r"(?:\?([\w.~!$()*+,;=:@%/?-]*))?",
    re.ASCII,
)
_EMPTY = {"", "-", "--", "(not set)", "n/a", "none"}
_NAMED_DAY = re.compile(r"(\d{1,2})\.?\s+([^\W\d_]+)\.?\s+(\d{4})")
_MONTHS = {
    start: english
    for english, starts in {
        "Jan": "jan",
        "Feb": "feb fév fev",
        "Mar": "mar mär mrz",
        "Apr": "apr avr",
        "May": "may mai",
        "Jun": "jun juin",
        "Jul": "jul juil",
        "Aug": "aug aoû aou",
        "Sep": "sep",
        "Oct": "oct okt",
        "Nov": "nov",
        "Dec": "dec dez déc",
    }.items()
    for start in starts.split()
}
"""How months begin in English, German and French, to `%b` in English."""

_DATE_FORMS = (
    "%b %d, %Y",
    "%B %d, %Y",
    "%d %b %Y",
    "%d.%m.%Y",
    "%Y/%m/%d",
    "%m/%d/%Y",
    "%d-%b-%Y",
)


def address(cell: str, base: str | None = None, *, guess: bool = False) -> Url | str:
    """Pass a cell through the gate.

    Args:
        cell: What stands in the file.
        base: Origin for cells that begin with `/`; None refuses them.
        guess: Read `example.com/a` as `https://example.com/a`.

    Returns:
        The URL, or the reason code of the refusal.
    """
    if plain := _plain_url(cell):
        return plain
    bare = cell.strip(" \t\r\n")
    if len(bare) > MAX_URL_CHARS * 4:
        return "too_long"
    if _INVISIBLE.search(bare):
        return "invisible_char"
    if bare.startswith("/"):
        found = parse(bare, base) if base else Refusal(bare, "unparsable")
    elif _SCHEME.match(bare) and not _HOSTLIKE.match(bare):
        found = parse(bare)
    elif guess and _HOSTLIKE.match(bare):
        found = parse(f"https://{bare}")
    else:
        return "bad_url" if bare else "empty"
    return found if isinstance(found, Url) else found.reason


def is_plain(texts: Any) -> NDArray[np.bool_]:  # noqa: ANN401 -- any column
    """Tell which texts are URLs that the gate is known to leave as they are.

    Args:
        texts: A column of str, None where not known.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    column = pa.array(texts, type=pa.string(), from_pandas=True)
    pattern = f"^(?:{_PLAIN.pattern})$".replace(r"\w", "A-Za-z0-9_")
    plain = pc.match_substring_regex(column, pattern)
    short = pc.less_equal(pc.utf8_length(column), MAX_URL_CHARS)
    verdict = pc.fill_null(pc.and_(plain, short), fill_value=False)
    found: NDArray[np.bool_] = verdict.to_numpy(zero_copy_only=False).astype(bool)
    return found


def _plain_url(text: str) -> Url | None:
    """Return a URL that the parser is known to leave as it is, 5 times faster."""
    found = _PLAIN.fullmatch(text)
    if found is None or len(text) > MAX_URL_CHARS:
        return None
    scheme, host, path, query = found.groups()
    return Url(text, text, scheme, host, path, query)


@lru_cache(maxsize=50_000)
def number(cell: str) -> float | None:
    """Read a number in English or continental spelling; None if it is none.

    A single separator followed by exactly three digits is a thousands
    separator (`1.234` and `1,234` are both 1234), any other one is the decimal
    mark; of two different ones the last is the decimal mark.
    """
    text = re.sub(r"[\s\u00a0\u202f'\u2019]", "", cell).rstrip("%")
    if text.lower() in _EMPTY:
        return None
    try:
        return float(_plain(text))
    except ValueError:
        return None


def _plain(text: str) -> str:
    last = max(text.rfind(","), text.rfind("."))
    if last < 0:
        return text
    mark = text[last]
    other = "." if mark == "," else ","
    whole, decimals = text[:last], text[last + 1 :]
    if other in whole:
        return f"{whole.replace(other, '')}.{decimals}"
    grouped = len(decimals) == 3 and whole.lstrip("-") not in {"", "0"}
    if mark in whole or grouped:
        return text.replace(mark, "")
    return f"{whole}.{decimals}"


@lru_cache(maxsize=50_000)
def decimal(cell: str) -> float | None:
    """Read a number that is never grouped (a position, a rank, an authority)."""
    try:
        return float(cell.strip().rstrip("%").replace(",", "."))
    except ValueError:
        return None


@lru_cache(maxsize=50_000)
def day(cell: str) -> str | None:
    """Return a date as ISO `2026-09-15`, or None if it is not one."""
    text = cell.strip()
    if re.match(r"\d{4}-\d\d-\d\d", text):
        return text[:10]
    if named := _NAMED_DAY.fullmatch(text):
        text = _english(*named.groups())
    for form in _DATE_FORMS:
        try:
            return datetime.strptime(text, form).replace(tzinfo=UTC).date().isoformat()
        except ValueError:
            continue
    return None


def _english(number: str, month: str, year: str) -> str:
    """Return `15. Sept. 2026` and `15 septembre 2026` as `15 Sep 2026`."""
    word = month.casefold()
    name = next((_MONTHS[word[:n]] for n in (4, 3) if word[:n] in _MONTHS), month)
    return f"{number} {name} {year}"


@lru_cache(maxsize=1_000)
def truth(cell: str) -> bool:
    """Read a vendor's yes: true, 1, yes, ja, x."""
    return cell.strip().casefold() in {"true", "1", "yes", "y", "ja", "oui", "x"}
