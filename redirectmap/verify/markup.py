"""Find redirects that a page makes itself: meta refresh and JavaScript.

Both need a browser or a renderer; search engines treat a meta refresh of more
than 0 seconds as temporary, and a script's redirect only when it is rendered.

Bounds  a script is read, not run: only an unconditional assignment of a literal
        to `location` in a script that does little else counts.
"""

from __future__ import annotations

import re

from redirectmap.urls import Url, parse

_REFRESH = re.compile(
    rb"<meta\b(?=[^>]*http-equiv\s*=\s*[\"']?refresh\b)[^>]*?"
    rb"content\s*=\s*(?:\"([^\"]*)\"|'([^']*)'|([^\s>]+))",
    re.IGNORECASE,
)
_REFRESH_URL = re.compile(
    r"^\s*[\d.]+\s*[;,]\s*(?:url\s*=\s*)?[\"']?([^\"']+)", re.IGNORECASE
)
_SCRIPT = re.compile(rb"<script\b[^>]*>(.{1,2000}?)</script", re.IGNORECASE | re.DOTALL)
_ASSIGN = re.compile(
    rb"(?:^|[;{\s])(?:(?:window|document|self|top)\.)?location"
    rb"(?:\.href\s*=|\s*=|\.(?:replace|assign)\s*\()\s*[\"']([^\"'\n]{1,2000})[\"']"
)
_HANDLERS = re.compile(rb"addEventListener|onclick|onchange|function\s+\w+\s*\(")
_COMMENT = re.compile(rb"<!--.*?-->", re.DOTALL)


def markup_redirect(body: bytes, base: str) -> dict[str, str]:
    """Return `meta_refresh` or `javascript` with the URL it leads to, or nothing."""
    visible = _COMMENT.sub(b"", body)
    refresh = _REFRESH.search(visible)
    if refresh:
        content = next(g for g in refresh.groups() if g is not None)
        found = _REFRESH_URL.match(content.decode("utf-8", "replace"))
        target = parse(found[1], base, as_browser=True) if found else None
        if isinstance(target, Url) and target.key != base:
            return {"meta_refresh": target.key}
    for script in _SCRIPT.finditer(visible):
        assigned = _ASSIGN.search(script[1])
        if assigned and not _HANDLERS.search(script[1]):
            text = assigned[1].decode("utf-8", "replace")
            target = parse(text, base, as_browser=True)
            if isinstance(target, Url) and target.key != base:
                return {"javascript": target.key}
    return {}
