"""Find redirects that a page makes itself: meta refresh, header, JavaScript.

All need a browser or a renderer; search engines treat a refresh of more than
0 seconds as temporary, and a script's redirect only when it is rendered.

Bounds  a script is read, not run. Sure is only an unconditional assignment of a
        literal to `location` in a script that does little else; any other
        assignment is a guess, which helps to name why a redirect is missing.
"""

from __future__ import annotations

import html
import re

from redirectmap.urls import Url, parse

_META = re.compile(rb"<meta\b[^>]*", re.IGNORECASE)
_IS_REFRESH = re.compile(rb"http-equiv\s*=\s*[\"']?\s*refresh\b", re.IGNORECASE)
_CONTENT = re.compile(
    rb"\bcontent\s*=\s*(?:\"([^\"]*)\"|'([^']*)'|([^\s>]+))", re.IGNORECASE
)
_REFRESH_URL = re.compile(
    r"^\s*[\d.]*\s*[;,\s]\s*(?:url\s*=\s*)?[\"']?([^\"']+)", re.IGNORECASE
)
_SCRIPT = re.compile(
    rb"<script\b[^>]*>(.{1,20000}?)</script|\bonload\s*=\s*\"([^\"]*)\""
    rb"|\bonload\s*=\s*'([^']*)'",
    re.IGNORECASE | re.DOTALL,
)
_ASSIGN = re.compile(
    rb"(?:^|[;{}()\s])(?:(?:window|document|self|top|parent|globalThis)\s*\.\s*)*"
    rb"location\s*(?:\.\s*href\s*=(?!=)|=(?!=)|\.\s*(?:replace|assign)\s*\()\s*"
    rb"(?:[\"'`]([^\"'`\n]{1,2000})[\"'`]|([A-Za-z_$][\w$]*)\s*(?=[;)\s]|$))"
)
_DOUBT = re.compile(
    rb"addEventListener|onclick|onchange|function\s+\w+\s*\(|\bif\s*\(|\?[^=]*:"
    rb"|=>|confirm\s*\("
)
_QUIETLY = re.compile(rb"[\"'`][^\"'`\n]*[\"'`]")
_UNSEEN = re.compile(rb"<!--.*?-->|<noscript\b.*?</noscript", re.IGNORECASE | re.DOTALL)
_TITLE = re.compile(rb"<title\b[^>]*>(.*?)</title", re.IGNORECASE | re.DOTALL)
_ROBOTS = re.compile(rb"\bname\s*=\s*[\"']?\s*(?:robots|googlebot)\b", re.IGNORECASE)


def markup_redirect(body: bytes, base: str, header: str = "") -> dict[str, str]:
    """Return where a page sends its reader, by the way it does so.

    Args:
        body: The first bytes of the page.
        base: Its URL.
        header: Its `Refresh` header.

    Returns:
        At most one of `meta_refresh`, `javascript` (sure) and `script_guess`,
        with the URL; nothing where the page stays.
    """
    target = _refresh_target(header, base) if header else None
    visible = _UNSEEN.sub(b"", body)
    target = target or _by_meta(visible, base)
    if target:
        return {"meta_refresh": target}
    return _by_script(visible, base) if b"location" in visible else {}


def head_facts(body: bytes) -> dict[str, str]:
    """Return what the head tells search engines: `title` and `robots`, if any."""
    visible = _UNSEEN.sub(b"", body)
    title = _TITLE.search(visible)
    robots = (
        _CONTENT.search(t[0]) for t in _META.finditer(visible) if _ROBOTS.search(t[0])
    )
    said = [b"".join(g for g in c.groups() if g).decode("latin-1") for c in robots if c]
    facts = {"robots": ", ".join(said).lower()[:200]} if said else {}
    if title:
        text = " ".join(html.unescape(title[1].decode("utf-8", "replace")).split())
        facts["title"] = text[:200]
    return facts


def _by_meta(body: bytes, base: str) -> str | None:
    for tag in _META.finditer(body):
        content = _CONTENT.search(tag[0]) if _IS_REFRESH.search(tag[0]) else None
        if content:
            text = next(g for g in content.groups() if g is not None)
            return _refresh_target(text.decode("utf-8", "replace"), base)
    return None


def _refresh_target(text: str, base: str) -> str | None:
    found = _REFRESH_URL.match(text)
    return _other(found[1], base) if found else None


def _by_script(body: bytes, base: str) -> dict[str, str]:
    guess: dict[str, str] = {}
    for found in _SCRIPT.finditer(body):
        script = found[1] or found[2] or found[3] or b""
        assigned = _ASSIGN.search(script)
        target = _assigned(assigned, script, base) if assigned else None
        if target and not _DOUBT.search(_QUIETLY.sub(b"", script)):
            return {"javascript": target}
        if target:
            guess = guess or {"script_guess": target}
    return guess


def _assigned(assigned: re.Match[bytes], script: bytes, base: str) -> str | None:
    text = assigned[1]
    if text is None:
        named = rb"\b%s\s*=\s*[\"'`]([^\"'`\n]{1,2000})[\"'`]" % re.escape(assigned[2])
        value = re.search(named, script)
        text = value[1] if value else b""
    return _other(text.decode("utf-8", "replace"), base) if text else None


def _other(text: str, base: str) -> str | None:
    target = parse(text.strip(), base, as_browser=True)
    return target.key if isinstance(target, Url) and target.key != base else None
