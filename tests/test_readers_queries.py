"""What people searched for, from whatever export it comes in."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from redirectmap.errors import InputError
from redirectmap.readers.queries import read_queries

EXPORTS = Path(__file__).parents[1] / "fixtures/exports"

CASES = [
    ("Top queries,Clicks,Impressions,CTR,Position\nblue boats,3,90,3%,7.5\n", 7.5),
    ("Häufigste Suchanfragen;Klicks;Impressionen;Position\nblue boats;3;90;7,5\n", 7.5),
    ("keyword\tposition\nblue boats\t12\nblue boats\t13\n", 12),
    ("blue boats\nred boats\n", None),
    ("\ufeffRequêtes,Clics\nblue boats,3\n", None),
]


@pytest.mark.parametrize(("text", "position"), CASES)
def test_every_spelling(tmp_path: Path, text: str, position: float | None) -> None:
    (tmp_path / "q.csv").write_text(text, encoding="utf-8")
    table = read_queries(tmp_path / "q.csv")
    first = table.iloc[0]
    assert first["query"] == "blue boats"
    assert (first["position"] == position) or position is None
    assert table["query"].is_unique


def test_zip_of_search_console() -> None:
    table = read_queries(EXPORTS / "gsc-performance.zip")
    assert table["query"].iloc[0] == "red"
    assert table["position"].iloc[0] == 1


def test_files_that_cannot_be_used(tmp_path: Path) -> None:
    (tmp_path / "empty.csv").write_text("")
    (tmp_path / "header.csv").write_text("Top queries,Clicks\n")
    with zipfile.ZipFile(tmp_path / "other.zip", "w") as archive:
        archive.writestr("Pages.csv", "Top pages\n")
    (tmp_path / "broken.zip").write_bytes(b"PK\x03\x04 no zip")
    (tmp_path / "page.csv").write_text("<!doctype html><html>")
    for name in ("empty.csv", "header.csv", "other.zip", "broken.zip", "page.csv"):
        with pytest.raises(InputError):
            read_queries(tmp_path / name)
