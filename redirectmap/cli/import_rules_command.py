"""`redirectmap import-rules`: the redirects a server has, as one table."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from redirectmap.cli.output import emit_json, json_option, quiet_option, say

if TYPE_CHECKING:
    import pandas as pd

_FILE = click.Path(dir_okay=False, path_type=Path)


@click.command("import-rules")
@click.argument(
    "files",
    type=click.Path(path_type=Path),
    nargs=-1,
    required=True,
    metavar="FILES...",
)
@click.option("--base", required=True, help="Old site, e.g. https://old.example.")
@click.option(
    "--known",
    type=_FILE,
    multiple=True,
    help="URLs of the old site (any SRC); rules for many are applied to them.",
)
@click.option("--out", type=_FILE, help="Write the rules here as CSV; else to stdout.")
@click.option("--encoding", help="Encoding of FILES, e.g. cp1252.")
@json_option
@quiet_option
def command(
    files: tuple[Path, ...],
    base: str,
    known: tuple[Path, ...],
    out: Path | None,
    encoding: str | None,
    *,
    as_json: bool,
    quiet: bool,
) -> None:
    """Read the redirect rules in FILES as one table: source, target, status, origin.

    FILES are .htaccess or Apache, nginx, _redirects, CSV or XLSX, exports of
    WordPress Redirection, or a folder that `export` wrote, in any format. What cannot
    be told from the file is refused by name. `export` takes the table as a plan.
    """
    import pandas as pd

    from redirectmap.exporters import read_folder
    from redirectmap.readers import read_rules
    from redirectmap.tables import write_csv

    folders = [path for path in files if path.is_dir()]
    paths = [path for path in files if not path.is_dir()]
    legacy, patterns, reports = read_rules(
        paths, base=base, encoding=encoding, held=True
    )
    own = [read_folder(folder, base) for folder in folders]
    if own:
        legacy = pd.concat([legacy, *(rows for rows, _ in own)], ignore_index=True)
        patterns = pd.concat([patterns, *(many for _, many in own)], ignore_index=True)
    legacy = _with_patterns(legacy, patterns, known)
    for report in reports:
        say(
            f"{report.path}: {report.format}, {report.rows_in} rules, "
            f"{report.rows_read} read, {len(report.refused)} refused",
            quiet=quiet,
        )
        for row in report.refused:
            say(f"  line {row.line}: {row.reason} ({row.text})", quiet=quiet)
    if len(patterns) and not known:
        hint = "--known SRC applies them to the URLs of the old site"
        say(f"{len(patterns)} rules are for many addresses; {hint}", quiet=quiet)
    if out:
        write_csv(out, legacy)
    if as_json:
        emit_json(_counts(legacy, patterns))
    elif not out:
        click.echo(legacy.to_csv(index=False, lineterminator="\n"), nl=False)


def _counts(legacy: pd.DataFrame, patterns: pd.DataFrame) -> dict[str, object]:
    rows = legacy.astype(object).where(legacy.notna(), None).to_dict("records")
    shapes = patterns.astype(object).where(patterns.notna(), None).to_dict("records")
    return {"rules": rows, "patterns": shapes}


def _with_patterns(
    legacy: pd.DataFrame, patterns: pd.DataFrame, known: tuple[Path, ...]
) -> pd.DataFrame:
    import pandas as pd

    from redirectmap.readers import expand_patterns, read_site

    if patterns.empty or not known:
        return legacy
    pages = [read_site(path).pages["url"] for path in known]
    urls = pd.concat(pages).drop_duplicates()
    found = expand_patterns(patterns, urls[~urls.isin(legacy["source"])])
    return pd.concat([legacy, found], ignore_index=True)
