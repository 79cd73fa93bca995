"""Damaged exports: every reader refuses by name, none crashes, no row is lost."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from redirectmap.errors import RedirectmapError
from redirectmap.readers import inspect

EXPORTS = Path(__file__).parents[1] / "fixtures/exports"
BITS = [
    b'"',
    b"\x00",
    b"\n",
    b"\r",
    b"\xff",
    b"\t",
    b",",
    b";",
    b"%",
    b"\\",
    b"{",
    b"<",
]


def damaged(data: bytes, rng: random.Random) -> bytes:
    """Cut, repeat, replace or insert a few bytes."""
    for _ in range(rng.randint(1, 4)):
        place, end = sorted(rng.randrange(len(data) + 1) for _ in range(2))
        piece = data[place : min(end, place + 40)]
        edit = rng.randrange(4)
        if edit == 0:
            data = data[:place] + data[place + len(piece) :]
        elif edit == 1:
            data = data[:place] + piece + data[place:]
        elif edit == 2:
            data = data[:place] + rng.choice(BITS) + data[place + 1 :]
        else:
            data = data[:place] + rng.choice(BITS) + data[place:]
    return data


def check(seeds: range, folder: Path) -> None:
    path = folder / "damaged"
    for export in sorted(EXPORTS.iterdir()):
        whole = export.read_bytes()
        for seed in seeds:
            path.write_bytes(damaged(whole, random.Random(f"{export.name} {seed}")))
            try:
                report = inspect(path)
            except RedirectmapError:
                continue
            assert report.adds_up, (export.name, seed, report)


def test_damaged_exports(tmp_path: Path) -> None:
    check(range(12), tmp_path)


@pytest.mark.soak
def test_damaged_exports_for_long(tmp_path: Path) -> None:
    check(range(12, 4_000), tmp_path)
