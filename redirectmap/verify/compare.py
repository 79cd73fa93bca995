"""Compare URLs: are they one page but for slash, case, host, query?"""

from __future__ import annotations

import re
from collections import Counter

from redirectmap.planning.variants import FOLDS
from redirectmap.urls import Url, is_private_host, parse
from redirectmap.verify.judge_language import LANGUAGES

_HOME = re.compile(
    rf"/(?:(?:{LANGUAGES})(?:-[a-zA-Z]{{2}})?/?)?"
    r"(?:(?:index|default|home)\.\w+|home/?)?"
)


def carried(old_url: str, planned: str, found: str) -> bool:
    """Say whether two queries differ in order alone, or in tracking carried over."""
    extra = Counter(found.split("&")) - Counter(planned.split("&"))
    own = set(old_url.partition("?")[2].split("&"))
    tracking = all(pair in own and _tracks(pair) for pair in extra if pair)
    return tracking and not lost(planned, found)


def _tracks(pair: str) -> bool:
    return "?" not in FOLDS["tracking parameters"](f"https://x/?{pair}")


def lost(planned: str, found: str) -> bool:
    """Say whether parameters of the query `planned` are missing in `found`."""
    return not set(planned.split("&")) - {""} <= set(found.split("&"))


def is_inner(url: str) -> bool:
    """Say whether `url` names a loopback or private host (a stand-in)."""
    parsed = parse(url)
    return isinstance(parsed, Url) and is_private_host(parsed.host)


def is_home(url: str) -> bool:
    """Say whether `url` is a homepage: a bare root or a language's root."""
    parsed = parse(url)
    if not isinstance(parsed, Url):
        return False
    return bool(_HOME.fullmatch(parsed.path))


def loose(key: str) -> str:
    """Return `key` with what slash, case, www and scheme spell differently."""
    path, mark, query = key.partition("?")
    bare = re.sub(r"^https?://(?:www\.)?", "//", path.lower()).rstrip("/")
    return f"{bare}{mark}{query}"
