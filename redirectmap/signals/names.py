"""Find names that are the same on both sites and stand alone on each.

A long name that one old and one new URL have, and no other page of either site,
is the best evidence that addresses alone can give. Where two pages share a name
but for a number at its end (`update`, `update--9`), the name picks neither out.

Cost    one pass over the names of both sites.
Reads   the last segment of each page's path.
Writes  0 not the same or not alone .. 1 alone and six words long.
Bounds  short names say little: `contact` alone on both sites is seldom the same
        page in a migration of many sites into one.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

import numpy as np

from redirectmap.signals.words import Floats, Ints

_WORD = re.compile(r"[^\W_]+")
_ESCAPED = re.compile(r"[_%]20")
_ENDING = re.compile(
    r"\.(?:html?|php\d?|aspx?|jsp|cfm|shtml|md|pdf|docx?|xlsx?|csv|zip|odt|pptx?|rtf|txt)$"
)
_LONG = 6


def sole_names(
    old: Sequence[str], new: Sequence[str], rows: Ints, columns: Ints
) -> Floats:
    """Return for each pair how telling the name is that only these two have."""
    cut = [[_words(name) for name in side] for side in (old, new)]
    numbers: dict[str, int] = {}
    whole, alone = [], []
    for side in cut:
        names = [numbers.setdefault(" ".join(w), len(numbers)) for w in side]
        whole.append(np.array(names, dtype=np.int64))
        alone.append(_alone(side))
    length = np.array([_length(words) for words in cut[0]], dtype=np.float32)
    same = whole[0][rows] == whole[1][columns]
    same &= alone[0][rows] & alone[1][columns]
    found: Floats = np.where(same, length[rows], 0).astype(np.float32)
    return found


def _words(name: str) -> list[str]:
    """Return the words of a name without the ending of a file, or of two."""
    plain = _ENDING.sub("", _ENDING.sub("", name.lower()))
    return _WORD.findall(_ESCAPED.sub(" ", plain))


def _alone(names: Sequence[Sequence[str]]) -> np.ndarray:
    """Mark the names that no other page has, numbers at the end left aside."""
    bare = []
    for words in names:
        end = len(words)
        while end and words[end - 1].isdigit():
            end -= 1
        bare.append(" ".join(words[:end]))
    seen = Counter(bare)
    return np.array([bool(name) and seen[name] == 1 for name in bare], dtype=bool)


def _length(words: Sequence[str]) -> float:
    """Return the number of words, 1 for six of them or more."""
    letters = sum(any(sign.isalpha() for sign in word) for word in words)
    return min(letters, _LONG) / _LONG
