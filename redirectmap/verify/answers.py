"""What one request brought, and what its headers and markup say."""

from __future__ import annotations

from dataclasses import dataclass, field

from redirectmap.verify.markup import head_facts, markup_redirect


@dataclass(slots=True)
class Answer:
    """What one request brought.

    Attributes:
        status: HTTP status; 0 where no answer came.
        headers: Names in lower case and raw values, in order, the useful ones.
        body: First bytes of the body where it was asked for.
        facts: What its headers and markup say, once that was looked up.
        error: An `End` where the request failed, else empty.
        detail: What failed, one line.
    """

    status: int = 0
    headers: list[tuple[bytes, bytes]] = field(default_factory=list)
    body: bytes = b""
    error: str = ""
    detail: str = ""
    facts: dict[str, str] | None = None

    def all(self, name: bytes) -> list[bytes]:
        """Return the values of every header `name`."""
        return [value for key, value in self.headers if key == name]

    def first(self, name: bytes) -> str:
        """Return the first header `name` as text, or empty."""
        return next((v.decode("latin-1") for k, v in self.headers if k == name), "")


def location_of(answer: Answer) -> tuple[bytes, str]:
    """Return the Location of a redirect as sent, and what is wrong with it."""
    values = list(dict.fromkeys(answer.all(b"location")))
    if not values:
        return b"", f"status {answer.status} without Location"
    if len(values) > 1:
        return values[0], "two different Location headers"
    return values[0], "" if values[0] else "Location is empty"


def facts_of(answer: Answer, url: str) -> dict[str, str]:
    """Look up what judgements need; a page's bytes are not needed after that."""
    facts: dict[str, str] = {}
    for name in (b"content-type", b"x-robots-tag", b"link", b"content-language"):
        values = b"\n".join(answer.all(name)).decode("latin-1")
        if values:
            facts[name.decode()] = values[:2_000]
    kind = facts.get("content-type", "html").lower()
    if 200 <= answer.status < 300 and ("html" in kind or "plain" in kind):
        facts.update(markup_redirect(answer.body, url, answer.first(b"refresh")))
        facts.update(head_facts(answer.body))
    answer.body = b""
    return facts
