"""Each export in `fixtures/exports` gives exactly the table beside its name.

`python tests/test_readers_goldens.py` writes the tables anew; read the diff.
"""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from redirectmap import readers
from redirectmap.tables import write_atomic

EXPORTS = Path(__file__).parents[1] / "fixtures/exports"
GOLDENS = Path(__file__).parents[1] / "fixtures/expected/exports"
BASE = "https://old.example"
Tables = dict[str, pd.DataFrame]


def tables_of(path: Path) -> tuple[Tables, readers.ReadReport]:
    kind = readers.feeds(path)
    if kind == "backlinks":
        table, report = readers.read_backlink_file(path)
        return {"backlinks": table.drop(columns="pair")}, report
    if kind == "traffic":
        table, report = readers.read_traffic_file(path, base=BASE)
        return {"traffic": readers.joined_traffic([table])}, report
    if kind == "legacy":
        rules, patterns, reports = readers.read_rules([path], base=BASE)
        return {"legacy": rules, "patterns": patterns}, reports[0]
    if kind == "overrides":
        table, report = readers.read_overrides(path, base=BASE)
        return {"overrides": table}, report
    if kind == "domains":
        domains, report = readers.read_linking_domains(path)
        return {"domains": domains.to_frame("domain")}, report
    site = readers.read_site(path, may_be_empty=True)
    tables = {"pages": site.pages, "links": site.links}
    return tables | {"redirects": site.redirects, "counts": site.counts}, site.report


def golden(path: Path) -> str:
    """Return the account of a file and its tables, columns without a value left out."""
    tables, report = tables_of(path)
    lines = [f"{report.format}, feeds {report.kind}, from {report.source}"]
    lines.append(f"{report.rows_in} rows in, {report.rows_read} read")
    lines += [f"aside {count} {rule}" for rule, count in report.set_aside]
    lines += [
        f"refused {r.line} {r.column} {r.reason} {r.text}" for r in report.refused
    ]
    for name, table in tables.items():
        if len(table):
            known = table.loc[:, table.notna().any()].replace(str(path), path.name)
            lines += ["", f"{name}:", known.to_csv(index=False, lineterminator="\n")]
    return "\n".join(lines).rstrip("\n") + "\n"


def names() -> list[str]:
    return sorted(path.name for path in EXPORTS.iterdir())


@pytest.mark.parametrize("name", names())
def test_an_export_gives_exactly_this_table(name: str) -> None:
    expected = (GOLDENS / f"{name}.txt").read_text(encoding="utf-8")
    assert golden(EXPORTS / name) == expected


def test_no_table_is_left_over() -> None:
    assert sorted(path.stem for path in GOLDENS.iterdir()) == names()


if __name__ == "__main__":
    for one in names():
        write_atomic(GOLDENS / f"{one}.txt", golden(EXPORTS / one))
