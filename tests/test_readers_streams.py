"""Files larger than memory cost no more than a piece of them; cut ones are named."""

from __future__ import annotations

import io
import json
import tracemalloc
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from redirectmap.errors import InputError
from redirectmap.readers import inspect, read_site, read_traffic

OLD = "https://old.example"
CDX = ["urlkey", "timestamp", "original", "mimetype", "statuscode", "digest", "length"]


def wxr(items: int) -> str:
    head = '<rss xmlns:wp="http://wordpress.org/export/1.2/"><channel>\n'
    item = (
        "<item><title>P</title><link>{}/{}</link><wp:post_id>{}</wp:post_id>"
        "<wp:status>{}</wp:status><wp:post_type>post</wp:post_type>"
        "<excerpt>{}</excerpt></item>\n"
    )
    rows = (
        item.format(OLD, n, n, "draft" if n else "publish", "word " * 200)
        for n in range(items)
    )
    return head + "".join(rows) + "</channel></rss>"


def cdx(rows: int) -> str:
    row = ["k", "20200101000000", f"{OLD}:443/a", "text/html", "200", "X" * 200, "1"]
    return json.dumps([CDX, *[row] * rows])


def zipped(rows: int) -> bytes:
    out = io.BytesIO()
    pages = "Top pages,Clicks,Impressions\n" + f"{OLD}/{'a' * 200},1,2\n" * rows
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("Queries.csv", "Top queries,Clicks,Impressions\nx,1,2\n")
        archive.writestr("Pages.csv", pages)
    return out.getvalue()


def peak(path: Path, content: str | bytes) -> float:
    """Return the most memory that reading `content` takes, in MB."""
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    del content
    tracemalloc.start()
    try:
        assert inspect(path).adds_up
        return tracemalloc.get_traced_memory()[1] / 1e6
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize(
    ("make", "rows"), [(wxr, 8_000), (cdx, 40_000), (zipped, 60_000)]
)
def test_memory_is_that_of_a_piece(
    tmp_path: Path, make: Callable[[int], str | bytes], rows: int
) -> None:
    content = make(rows)
    assert len(content) > 9e6 or make is zipped
    assert peak(tmp_path / "file", content) < 6


def test_a_cut_export_is_named(tmp_path: Path) -> None:
    path = tmp_path / "export.xml"
    path.write_text(wxr(10)[:-30])
    with pytest.raises(InputError, match="XML breaks"):
        inspect(path)
    path.write_text(cdx(10)[:-30])
    with pytest.raises(InputError, match="JSON breaks"):
        inspect(path)


def test_a_key_to_resume_with_is_told(tmp_path: Path) -> None:
    rows = json.loads(cdx(2))
    path = tmp_path / "cdx.json"
    path.write_text(json.dumps([*rows, ["short"], [], ["next,key)/ 2020"]]))
    report = read_site(path).report
    assert (report.rows_in, report.rows_read) == (3, 1)
    assert [(row.line, row.reason) for row in report.refused] == [(4, "fields")]
    assert "is not all: ask again with resumeKey=next,key)/ 2020" in report.notes


def test_a_damaged_member_of_a_zip_is_named(tmp_path: Path) -> None:
    data = bytearray(zipped(2_000))
    place = data.index(b"Pages.csv") + 60
    data[place : place + 4] = b"\xff\xff\xff\xff"
    path = tmp_path / "performance.zip"
    path.write_bytes(data)
    with pytest.raises(InputError):
        read_traffic([path])
