"""Read `_redirects`, the rule file of Netlify, Cloudflare Pages and GitLab Pages.

Decides what its lines mean: `*` and `:name` make a rule for many addresses, a
status of 200 is a rewrite and no redirect.

Source  https://docs.netlify.com/routing/redirects/
"""

from __future__ import annotations

import re
from pathlib import Path

from redirectmap.readers.files import text_lines
from redirectmap.readers.rules import Rules


def read_redirects_file(path: Path, rules: Rules, encoding: str | None = None) -> None:
    """Read `_redirects` of Netlify, Cloudflare Pages or GitLab Pages."""
    with text_lines(path, encoding) as lines:
        for number, raw in enumerate(lines, start=1):
            text = raw.split(" #")[0].strip()
            if text and not text.startswith("#"):
                rules.tally.rows_in += 1
                _one_redirect(rules, number, text.split())


def _one_redirect(rules: Rules, line: int, words: list[str]) -> None:
    wanted = [w for w in words[1:] if w.startswith(("/", "http"))]
    codes = [w.rstrip("!") for w in words[1:] if re.fullmatch(r"[2345][0-9]{2}!?", w)]
    status = int(codes[0]) if codes else 301
    query = [w for w in words[1:] if re.fullmatch(r"[\w-]+=\S*", w)]
    if not wanted or not words[0].startswith(("/", "http")):
        rules.tally.refuse(line, "fields", " ".join(words))
    elif status == 200:
        rules.tally.aside["internal rewrite, no redirect"] += 1
    elif any(":" in w.partition("=")[2] for w in query):
        rules.tally.refuse(line, "variable", " ".join(words))
    elif "*" in words[0] or re.search(r"/:\w", words[0]):
        _placeholders(rules, line, words[0], wanted[0], status)
    else:
        source = words[0] + ("?" + "&".join(query) if query else "")
        rules.add(line, source, wanted[0], status)


def _placeholders(
    rules: Rules, line: int, source: str, target: str, status: int
) -> None:
    parts = re.split(r"(\*|(?<=/):\w+)", source)
    names = [p for p in parts if p == "*" or re.fullmatch(r":\w+", p)]
    regex = "".join(
        "(.*)" if p == "*" else "([^/]+)" if p in names else re.escape(p) for p in parts
    )
    for place, name in enumerate(names, start=1):
        word = ":splat" if name == "*" else name
        target = re.sub(re.escape(word) + r"\b", f"\\\\{place}", target)
    rules.add_pattern(line, f"^{regex}$", target, status)
