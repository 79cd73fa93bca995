"""Read the sample content: one record per page, old side and new side together.

A record file holds `## id`, then `key: value` lines, an empty line, the body,
and optionally `~~~` with a rewritten body for the new site. A record without
`new` is a retired page; one without `old` is a new page; `merge: id` names the
record whose new page takes this one in.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from importlib.resources import files
from pathlib import Path

from redirectmap.errors import InputError

OLD_ORIGIN = "https://www.hartmann-haus.example"
NEW_ORIGIN = "https://hartmann-haus.example"

RECORD_FILES = (
    "company",
    "services",
    "locations",
    "shop",
    "blog",
    "german",
    "pdfs",
    "orphans",
)


@dataclass(frozen=True, slots=True)
class Record:
    """One page of the sample sites.

    Attributes:
        key: Its id in the content file.
        group: The file it stands in: services, blog, german ...
        old: Path and query on the old site; empty for a new page.
        new: Path on the new site; empty for a retired page.
        merge: Id of the record that takes it in on the new site.
        title: Title on the old site.
        new_title: Title on the new site.
        lead: First sentence on the new site.
        body: Text on the old site, paragraphs separated by empty lines.
        new_body: Text on the new site.
        lang: BCP 47.
        sku: Article number of a product.
        price: In euros, of a product.
        facts: Name and value pairs, of a product.
        category: Folder of a product in the old shop.
    """

    key: str
    group: str
    old: str = ""
    new: str = ""
    merge: str = ""
    title: str = ""
    new_title: str = ""
    lead: str = ""
    body: str = ""
    new_body: str = ""
    lang: str = "en"
    sku: str = ""
    price: str = ""
    facts: tuple[tuple[str, str], ...] = ()
    category: str = ""


def fixtures_folder() -> Path:
    """Return the folder of the sample sites: in the package, or in a checkout.

    Raises:
        InputError: Neither is there.
    """
    package = Path(str(files("redirectmap")))
    for folder in (
        package / "bundled" / "demo",
        package.parent / "fixtures" / "demo",
    ):
        if (folder / "content").is_dir():
            return folder
    raise InputError(
        "the sample sites are not part of this installation",
        hint="install redirectmap from its wheel or run it from a clone",
        where=str(package),
    )


def read_content(folder: Path) -> list[Record]:
    """Read every record below `folder`/content, in the order of the files."""
    content = folder / "content"
    records = [
        record
        for group in RECORD_FILES
        for record in _records(content / f"{group}.txt", group)
    ]
    return [*records, *_products(content / "products.txt")]


def new_path(record: Record, records: dict[str, Record]) -> str:
    """Return where `record` lives on the new site; empty when it is retired."""
    return records[record.merge].new if record.merge else record.new


def slug(text: str) -> str:
    """Spell `text` as a path segment of the new platform."""
    plain = text.lower()
    for letter, spelt in (("ä", "ae"), ("ö", "oe"), ("ü", "ue"), ("ß", "ss")):
        plain = plain.replace(letter, spelt)
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")


def _records(path: Path, group: str) -> list[Record]:
    blocks = re.split(r"(?m)^## ", path.read_text(encoding="utf-8"))[1:]
    return [_record(block, group) for block in blocks]


def _record(block: str, group: str) -> Record:
    head, _, text = block.partition("\n\n")
    key, *lines = head.splitlines()
    values = dict(line.split(": ", 1) for line in lines)
    body, _, rewritten = text.strip().partition("\n~~~\n")
    new_body = (rewritten or body).strip()
    record = Record(key.strip(), group, body=body.strip(), new_body=new_body)
    return replace(record, **values)  # type: ignore[arg-type]  # texts only


def _products(path: Path) -> list[Record]:
    lines = path.read_text(encoding="utf-8").splitlines()
    return [_product(line) for line in lines if line and not line.startswith("#")]


def _product(line: str) -> Record:
    sku, category, title, new_title, price, facts, text = line.split("|")
    return Record(
        key=sku,
        group="products",
        old=f"/Shop/{category}/{sku}.html",
        new=f"/products/{slug(new_title)}" if new_title else "",
        title=title,
        new_title=new_title,
        lead=f"{new_title}, {price} euros including VAT." if new_title else "",
        body=text,
        new_body=text,
        sku=sku,
        price=price,
        facts=tuple(_fact(fact) for fact in facts.split("; ")),
        category=category,
    )


def _fact(text: str) -> tuple[str, str]:
    name, _, value = text.partition(": ")
    return name, value
