"""The sample sites are what docs/demo.md says, and their files are in step."""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from pathlib import Path
from urllib.request import urlopen

import pytest

from redirectmap import urls
from redirectmap.demo import fixtures_folder, new_site, old_site, read_content, serve
from redirectmap.demo.content import NEW_ORIGIN, OLD_ORIGIN
from redirectmap.demo.htaccess import read_rules
from redirectmap.demo.materials import make_files, materialise
from redirectmap.demo.pages import wire
from redirectmap.demo.pdf import small_pdf

FOLDER = fixtures_folder()
RECORDS = read_content(FOLDER)
RULES = read_rules(FOLDER / "old.htaccess")
OLD = old_site(RECORDS, RULES)
NEW = new_site(RECORDS)
TRUTH = list(
    csv.DictReader((FOLDER / "truth.csv").read_text(encoding="utf-8").splitlines())
)


def test_files_are_those_the_records_make() -> None:
    for name, data in make_files(RECORDS, RULES).items():
        assert (FOLDER / name).read_bytes() == data, name


def test_sites_are_as_large_as_promised() -> None:
    assert sum(1 for record in RECORDS if record.old) >= 150
    assert sum(1 for record in RECORDS if record.new and not record.merge) >= 130


def test_no_two_pages_share_their_text() -> None:
    for bodies in (
        [record.body for record in RECORDS],
        [r.new_body for r in RECORDS if r.new and not r.merge],
    ):
        assert not [body for body, n in Counter(bodies).items() if n > 1]


@pytest.mark.parametrize(
    "shape",
    [
        r"^/index\.php\?id=\d+$",
        r"\.html$",
        r"^/blog/\d{4}/\d\d/\d\d/",
        r"\.pdf$",
        r"[A-Z]",
        r"%C3%",
        r"^/de/",
    ],
)
def test_the_old_site_has_what_real_sites_have(shape: str) -> None:
    assert [path for path in OLD.answers if re.search(shape, path)]


@pytest.mark.parametrize("row", TRUTH, ids=lambda row: row["old_url"])
def test_truth_points_to_pages_that_answer(row: dict[str, str]) -> None:
    parsed = urls.parse(row["old_url"])
    assert isinstance(parsed, urls.Url)
    assert OLD.answer(parsed.wire).status in {200, 301, 302, 410}
    if row["new_url"]:
        assert NEW.answer(row["new_url"].removeprefix(NEW_ORIGIN)).status == 200


def test_every_link_of_the_new_site_answers() -> None:
    for path, answer in NEW.answers.items():
        if answer.content_type.startswith("text/html"):
            for target in re.findall(r'href="(/[^"]*)"', answer.body.decode()):
                assert NEW.answer(target).status == 200, (path, target)


def test_orphans_are_linked_from_nowhere_but_known_to_backlinks() -> None:
    orphans = {wire(r.old) for r in RECORDS if r.group == "orphans"}
    html = b"".join(
        a.body for a in OLD.answers.values() if a.content_type.startswith("text/")
    ).decode()
    linked = {wire(path) for path in re.findall(r'href="(/[^"]*)"', html)}
    assert not orphans & linked
    rows = (FOLDER / "backlinks.csv").read_bytes().decode("utf-16")
    targets = {
        r["Target URL"] for r in csv.DictReader(io.StringIO(rows), delimiter="\t")
    }
    assert {f"{OLD_ORIGIN}{path}" for path in orphans} <= targets


def test_backlinks_look_like_the_vendors() -> None:
    raw = (FOLDER / "backlinks.csv").read_bytes()
    assert raw.startswith(b"\xff\xfe")
    assert raw.decode("utf-16").splitlines()[0].count("\t") == 18


def test_the_old_server_answers_its_chain_hop_by_hop() -> None:
    hops = []
    path = "/boilers.htm"
    while OLD.answer(path).location:
        path = OLD.answer(path).location
        hops.append(path)
    assert hops == [
        "/heating/boilers.html",
        "/services/heating/boiler-installation.html",
    ]


def test_serving_fills_in_the_origin_and_ignores_tracking() -> None:
    path = "/index.php?id=12&utm_source=x"
    with serve(OLD) as origin, urlopen(f"{origin}{path}") as answer:
        text = answer.read().decode()
    assert f'rel="canonical" href="{origin}/index.php?id=12"' in text


def test_materials_speak_of_the_ports_of_this_run(tmp_path: Path) -> None:
    made = materialise(
        FOLDER, tmp_path, old="http://127.0.0.1:1", new="http://127.0.0.1:2"
    )
    text = made["backlinks.csv"].read_bytes().decode("utf-16")
    assert "http://127.0.0.1:1/" in text
    assert OLD_ORIGIN not in text
    assert "http://127.0.0.1:2/" in made["truth.csv"].read_text(encoding="utf-8")


def test_a_small_pdf_points_to_its_own_objects() -> None:
    data = small_pdf("Title (draft)", "Text with umlauts: Düren")
    offsets = [int(n) for n in re.findall(rb"(\d{10}) 00000 n", data)]
    for number, offset in enumerate(offsets, 1):
        assert data[offset:].startswith(b"%d 0 obj" % number)
