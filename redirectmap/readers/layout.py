"""What a layout is: the headers of one tabular export, and what they mean.

Decides whether a header is of a layout: it has a header for every `required`
field and, where given, one of the `telling` headers.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

Kind = Literal[
    "pages",
    "links",
    "backlinks",
    "traffic",
    "legacy",
    "urls",
    "overrides",
    "domains",
    "anchors",
]
Fields = Mapping[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Layout:
    """One tabular export.

    Attributes:
        name: For people, e.g. `ahrefs backlinks`.
        kind: Which table it feeds.
        fields: Our field to the vendor's headers, folded, best first.
        required: Fields that must be there.
        telling: Headers of which one must be there; empty for no such demand.
        ragged: Rows end where they have no more to say.
        sections: A gap may be followed by another table in the same file.
    """

    name: str
    kind: Kind
    fields: Fields
    required: tuple[str, ...]
    telling: tuple[str, ...] = ()
    ragged: bool = False
    sections: bool = False

    def columns(self, headers: Sequence[str]) -> dict[str, int] | None:
        """Return field to column number, or None when it is another table."""
        places = {header: i for i, header in reversed(list(enumerate(headers)))}
        if self.telling and not any(fold(header) in places for header in self.telling):
            return None
        found = {
            field: places[fold(name)]
            for field, names in self.fields.items()
            for name in reversed(names)
            if fold(name) in places
        }
        return found if all(field in found for field in self.required) else None


@lru_cache(maxsize=10_000)
def fold(header: str) -> str:
    """Return a header without case, accents, marks: as headers are compared."""
    text = header.strip(' \t\r\n\ufeff"').casefold().replace("\u2019", "'")
    letters = unicodedata.normalize("NFD", text)
    bare = "".join(one for one in letters if not unicodedata.combining(one))
    return " ".join(re.split(r"[\s_-]+", bare)).strip()
