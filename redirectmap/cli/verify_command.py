"""`redirectmap verify`: does every old URL do what was planned?"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from redirectmap.cli.output import emit_json, json_option, progress, quiet_option, say
from redirectmap.errors import EXIT_DONE, EXIT_FINDINGS, ServerError

if TYPE_CHECKING:
    import pandas as pd

_FILE = click.Path(dir_okay=False, path_type=Path)
_DIR = click.Path(file_okay=False, path_type=Path)


@click.command("verify")
@click.argument("plan", type=click.Path(path_type=Path))
@click.option("--base", metavar="URL", help="Origin that answers for the old hosts.")
@click.option("--out", type=_DIR, required=True, help="Folder for the verdicts.")
@click.option(
    "--fail-on",
    type=click.Choice(["error", "warning", "never"]),
    default="error",
    show_default=True,
    help="Exit with 1 when there are findings of this severity or worse.",
)
@click.option(
    "--allow-private",
    multiple=True,
    metavar="HOST[:PORT]",
    help="This host may be a private address (staging, loopback).",
)
@click.option(
    "--resolve",
    multiple=True,
    metavar="HOST[:PORT]=ADDRESS[:PORT]",
    help="Connect there, keep the host name: verify before DNS moves.",
)
@click.option(
    "--old", metavar="SRC", help="Crawl of the old site: language, titles, text."
)
@click.option("--new", metavar="SRC", help="Crawl of the new site, as planned from.")
@click.option("--no-pages", is_flag=True, help="Check hops only, fetch no pages.")
@click.option("--ca", "ca_file", type=_FILE, help="Certificates to trust.")
@click.option("--timeout", default=20.0, show_default=True, help="Seconds a request.")
@click.option(
    "--concurrency", default=16, show_default=True, help="Requests at a time per host."
)
@click.option("--one-agent", is_flag=True, help="Ask as a browser only.")
@click.option("--sample", type=click.IntRange(min=1), help="Check the N worth most.")
@click.option(
    "--resume/--fresh", default=True, help="Go on with an unfinished run (default)."
)
@json_option
@quiet_option
@click.pass_context
def command(
    ctx: click.Context,
    plan: Path,
    *,
    base: str | None,
    out: Path,
    fail_on: str,
    allow_private: tuple[str, ...],
    resolve: tuple[str, ...],
    old: str | None,
    new: str | None,
    no_pages: bool,
    ca_file: Path | None,
    timeout: float,
    concurrency: int,
    one_agent: bool,
    sample: int | None,
    resume: bool,
    as_json: bool,
    quiet: bool,
) -> None:
    """Request every old URL of PLAN and compare with what was planned."""
    from redirectmap.tables import PLAN, read_csv_table, write_csv, write_json
    from redirectmap.verify import VerifySettings, verify_plan
    from redirectmap.verify.summary import (
        fails,
        no_answer_at_all,
        summarise,
        summary_text,
    )

    path = plan / "plan.csv" if plan.is_dir() else plan
    table = read_csv_table(path, PLAN)
    settings = VerifySettings(
        resolve=resolve,
        both_agents=not one_agent,
        check_pages=not no_pages,
        timeout=timeout,
        concurrency=concurrency,
        ca_file=ca_file,
        sample=sample,
        resume=resume,
    )
    walks = len(table) * (1 if one_agent else 2)
    with progress("Asking old URLs", walks, quiet=quiet) as step:
        verdicts = verify_plan(
            table,
            base=base,
            allow_private=allow_private,
            settings=settings,
            folder=out,
            old=_pages(old),
            new=_pages(new),
            on_step=step,
        )
    notes = verdicts.attrs["notes"]
    summary = {**summarise(verdicts), "notes": notes}
    write_csv(out / "verdicts.csv", verdicts)
    write_json(out / "summary.json", summary)
    if as_json:
        emit_json(summary)
    else:
        click.echo(summary_text(verdicts, summary))
    for note in notes:
        say(f"note: {note}", quiet=quiet)
    say(f"wrote {out / 'verdicts.csv'}", quiet=quiet)
    if no_answer_at_all(verdicts):
        raise ServerError(
            "not one old URL was answered",
            hint="check --base or --resolve, and that the server runs",
            where=base,
        )
    ctx.exit(EXIT_FINDINGS if fails(summary, fail_on) else EXIT_DONE)


def _pages(source: str | None) -> pd.DataFrame | None:
    if source is None:
        return None
    from redirectmap.readers import read_site

    return read_site(source).pages
