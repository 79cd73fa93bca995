"""Write files whole or not at all; read the project's own tables back.

Every write goes to a temporary file in the same folder, is forced to disk, and
takes the name of the old file in one step: a killed run leaves the old file or
the new one, never half of one.
"""

from __future__ import annotations

import csv
import hashlib
import io
import itertools
import json
import os
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pandas as pd

from redirectmap.errors import InputError, UsageError
from redirectmap.tables.schemas import Schema


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Yield a temporary path that becomes `path` when the block succeeds.

    Raises:
        UsageError: The folder cannot be made or written to.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    except OSError as error:
        raise UsageError(
            f"cannot write here: {error.strerror}",
            hint="choose another folder with --out, or free the name",
            where=str(path),
        ) from error
    os.close(handle)
    temporary = Path(name)
    try:
        yield temporary
        temporary.chmod(0o666 & ~_umask())
        _to_disk(temporary)
        temporary.replace(path)
        _to_disk(path.parent)
    finally:
        temporary.unlink(missing_ok=True)


def _umask() -> int:
    mask = os.umask(0o022)
    os.umask(mask)
    return mask


def _to_disk(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def write_atomic(path: Path, data: bytes | str) -> Path:
    """Write `data` (text as UTF-8) to `path`, whole or not at all."""
    content = data.encode() if isinstance(data, str) else data
    with replacing(path) as temporary:
        temporary.write_bytes(content)
    return path


def write_csv(path: Path, table: pd.DataFrame) -> Path:
    """Write `table` as UTF-8 CSV with LF line ends, empty cells for not known."""
    out = io.StringIO()
    table.to_csv(out, index=False, lineterminator="\n", float_format="%.6g")
    return write_atomic(path, out.getvalue())


def write_csv_rows(
    path: Path, columns: Sequence[str], rows: Iterable[Mapping[str, Any]]
) -> Path:
    """Write rows as `write_csv` would, one by one; what they lack stays empty."""
    with (
        replacing(path) as temporary,
        temporary.open("w", encoding="utf-8", newline="") as stream,
    ):
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(columns)
        for row in rows:
            cells = [row.get(name) for name in columns]
            writer.writerow([f"{c:.6g}" if type(c) is float else c for c in cells])
    return path


def write_parquet(path: Path, table: pd.DataFrame) -> Path:
    """Write `table` as Parquet."""
    with replacing(path) as temporary:
        table.to_parquet(temporary, index=False)
    return path


def write_json(path: Path, value: Mapping[str, Any]) -> Path:
    """Write `value` as readable JSON, keys in the order given."""
    return write_atomic(path, json.dumps(value, indent=2, ensure_ascii=False) + "\n")


def read_json(path: Path) -> dict[str, Any]:
    """Read one of our own JSON files.

    Raises:
        InputError: The file is missing or is not a JSON object.
    """
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError.unreadable(path, error) from error
    except ValueError as error:
        raise InputError(
            f"is not JSON: {error}", hint="write it anew", where=str(path)
        ) from error
    if not isinstance(value, dict):
        raise InputError("holds no JSON object", hint="write it anew", where=str(path))
    return value


def read_csv_table(path: Path, schema: Schema) -> pd.DataFrame:
    """Read a CSV of ours (plan, findings, verdicts) that people may have edited.

    Strict: UTF-8 with or without BOM, one header, as many cells as columns.

    Raises:
        InputError: The file cannot be used; the message names line and column.
    """
    return schema.check(read_strict_csv(path), where=str(path))


def read_strict_csv(path: Path) -> pd.DataFrame:
    """Read any UTF-8 comma CSV with a header as text cells, strictly.

    Raises:
        InputError: The file cannot be used; the message names the line.
    """
    where = str(path)
    try:
        data = path.read_bytes()
    except OSError as error:
        raise InputError.unreadable(path, error) from error
    text = decode_utf8(data, where)
    return _cells(text, where)


def decode_utf8(data: bytes, where: str) -> str:
    """Decode UTF-8 with or without BOM.

    Raises:
        InputError: A byte is not UTF-8; its line is named.
    """
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        raise InputError(
            f"byte {error.object[error.start]:#04x} is not UTF-8",
            hint="save the file as CSV UTF-8",
            where=f"{where}:{line}",
        ) from error


def read_csv_chunks(
    path: Path, schema: Schema, *, size: int = 2_000
) -> Iterator[pd.DataFrame]:
    """Yield a CSV of ours in parts of `size` rows, checked as `read_csv_table` does.

    Keys are unique within a part only. The index counts the rows of the file
    from 0; columns the schema does not name are kept, as text.

    Raises:
        InputError: The file cannot be used; the message names line and column.
    """
    begun = 0
    for part in _parts(path, size):
        checked = schema.check(part, where=str(path), first_line=begun + 2)
        extra = part[[name for name in part.columns if name not in schema.names]]
        whole = pd.concat([checked, extra], axis=1)
        yield whole.set_axis(range(begun, begun + len(part)), axis=0)
        begun += len(part)


def _parts(path: Path, size: int) -> Iterator[pd.DataFrame]:
    where = str(path)
    try:
        with path.open(encoding="utf-8-sig", newline="") as stream:
            rows = strict_rows(stream, where)
            header = next(rows)
            part = list(itertools.islice(rows, size))
            yield pd.DataFrame(part, columns=header, dtype=object)
            while part := list(itertools.islice(rows, size)):
                yield pd.DataFrame(part, columns=header, dtype=object)
    except OSError as error:
        raise InputError.unreadable(path, error) from error
    except UnicodeDecodeError:
        decode_utf8(path.read_bytes(), where)
        raise


def _cells(text: str, where: str) -> pd.DataFrame:
    rows = strict_rows(io.StringIO(text, newline=""), where)
    header = next(rows)
    return pd.DataFrame(list(rows), columns=header, dtype=object)


def strict_rows(lines: Iterable[str], where: str) -> Iterator[list[str]]:
    """Yield the header and the rows of a comma CSV, all of one length."""
    csv.field_size_limit(1_000_000)
    reader = csv.reader(lines, strict=True)
    try:
        header = next(reader, [])
        if not header:
            raise InputError("is empty", hint="write it anew", where=where)
        yield header
        for row in reader:
            if len(row) != len(header) and row:
                raise InputError(
                    f"{len(row)} cells where the header has {len(header)}",
                    hint='put cells that hold a comma in "quotes"',
                    where=f"{where}:{reader.line_num}",
                )
            if row:
                yield row
    except csv.Error as error:
        raise InputError(
            f"is not CSV: {error}",
            hint="look for a quote that is not closed",
            where=f"{where}:{reader.line_num}",
        ) from error


def sha256_of(path: Path) -> str:
    """Return the SHA-256 of a file's bytes, hexadecimal."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
