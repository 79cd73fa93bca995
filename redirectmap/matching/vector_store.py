"""Keep the vectors that a transformer gave, so that no text is read by it twice.

One SQLite file per model in the user's cache folder, or in the folder that the
variable REDIRECTMAP_CACHE names; it may be deleted at any time.

Cost    a text 20 us and 770 bytes; MiniLM takes about 50 ms for it.
Reads   hashes of texts.
Writes  half-precision vectors, one transaction per call.
Bounds  a file that cannot be opened or written costs time, never a plan.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from hashlib import blake2b
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from platformdirs import user_cache_path

Halves = NDArray[np.float16]
_ASKED = 500
_WAIT = 30


def text_key(text: str) -> bytes:
    """Return what a text is known by."""
    return blake2b(text.encode("utf-8", "replace"), digest_size=16).digest()


class VectorStore:
    """The vectors of one model.

    Args:
        model: What tells this model from every other one.
    """

    def __init__(self, model: str) -> None:
        named = os.environ.get("REDIRECTMAP_CACHE")
        folder = Path(named) if named else user_cache_path("redirectmap")
        name = blake2b(model.encode(), digest_size=10).hexdigest()
        self._path = folder / f"vectors-{name}.sqlite"
        self._open = self._made()

    def get(self, keys: Sequence[bytes]) -> dict[bytes, Halves]:
        """Return the vectors that are known, by key."""
        if not self._open:
            return {}
        found: dict[bytes, Halves] = {}
        try:
            with closing(self._connect()) as db:
                for start in range(0, len(keys), _ASKED):
                    part = keys[start : start + _ASKED]
                    marks = ",".join("?" * len(part))
                    rows = db.execute(
                        f"SELECT key, vector FROM vectors WHERE key IN ({marks})",  # noqa: S608 - marks only
                        part,
                    )
                    found |= {key: np.frombuffer(v, np.float16) for key, v in rows}
        except sqlite3.Error:
            self._open = False
        return found

    def put(self, keys: Sequence[bytes], vectors: Halves) -> None:
        """Keep a vector per key."""
        if not self._open:
            return
        rows = [(key, row.tobytes()) for key, row in zip(keys, vectors, strict=True)]
        try:
            with closing(self._connect()) as db, db:
                db.executemany("INSERT OR REPLACE INTO vectors VALUES (?, ?)", rows)
        except sqlite3.Error:
            self._open = False

    def _connect(self) -> sqlite3.Connection:
        return sqlite3.connect(self._path, timeout=_WAIT)

    def _made(self) -> bool:
        """Make the file where there is none; make it anew where it is damaged."""
        for _ in range(2):
            try:
                self._path.parent.mkdir(parents=True, exist_ok=True)
                with closing(self._connect()) as db, db:
                    db.execute(
                        "CREATE TABLE IF NOT EXISTS vectors"
                        " (key BLOB PRIMARY KEY, vector BLOB) WITHOUT ROWID"
                    )
            except sqlite3.OperationalError:
                return False
            except sqlite3.DatabaseError:
                self._path.unlink(missing_ok=True)
            except OSError:
                return False
            else:
                return True
        return False
