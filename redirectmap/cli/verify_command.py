"""`redirectmap verify`: does every old URL do what was planned?"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from redirectmap.cli.output import emit_json, json_option, progress, quiet_option, say
from redirectmap.errors import EXIT_DONE, EXIT_FINDINGS, UsageError

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
@click.option(
    "--extra-requests",
    default=2_000,
    show_default=True,
    help="Budget for HEAD, scheme, www, slash, case and tracking variants.",
)
@click.option("--baseline", type=click.Path(path_type=Path), help="An earlier --out.")
@click.option(
    "--only-changed", is_flag=True, help="Ask only rows not ok in the baseline."
)
@click.option("--min-value", default=0.0, help="--fail-on counts rows worth this.")
@click.option("--junit", type=_FILE, help="Write JUnit XML.")
@click.option("--sarif", type=_FILE, help="Write SARIF 2.1.0.")
@click.option("--github", is_flag=True, help="Print GitHub annotations on stdout.")
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
    extra_requests: int,
    baseline: Path | None,
    only_changed: bool,
    min_value: float,
    junit: Path | None,
    sarif: Path | None,
    github: bool,
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
    from redirectmap.tables import PLAN, read_csv_table
    from redirectmap.verify import VerifySettings, runs, summary, verify_plan

    path = plan / "plan.csv" if plan.is_dir() else plan
    table = read_csv_table(path, PLAN)
    before = runs.read_run(baseline) if baseline else None
    only = _only(before, table) if only_changed else None
    settings = VerifySettings(
        resolve=resolve,
        both_agents=not one_agent,
        check_pages=not no_pages,
        extra_requests=extra_requests,
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
            only=only,
            on_step=step,
        )
    if before is not None and only is not None:
        verdicts = runs.merge_unchanged(before, verdicts, only)
    counts, text = runs.finish_run(out, verdicts, before)
    _write_formats(verdicts, path, junit, sarif, github=github)
    if as_json:
        emit_json(counts)
    elif not github:
        click.echo(text)
    for note in counts["notes"]:
        say(f"note: {note}", quiet=quiet)
    say(f"wrote {out / 'verdicts.csv'}", quiet=quiet)
    summary.demand_answers(verdicts, base)
    failed = summary.fails(verdicts, fail_on, min_value=min_value)
    ctx.exit(EXIT_FINDINGS if failed else EXIT_DONE)


def _only(before: pd.DataFrame | None, plan: pd.DataFrame) -> frozenset[str]:
    from redirectmap.verify import runs

    if before is None:
        raise UsageError(
            "--only-changed needs --baseline", hint="name an earlier --out folder"
        )
    return runs.worth_asking(before, plan)


def _write_formats(
    verdicts: pd.DataFrame,
    plan: Path,
    junit: Path | None,
    sarif: Path | None,
    *,
    github: bool,
) -> None:
    from redirectmap.tables import write_atomic
    from redirectmap.verify import formats

    lines = formats.lines_of(plan)
    if junit:
        write_atomic(junit, formats.junit(verdicts))
    if sarif:
        write_atomic(sarif, formats.sarif(verdicts, plan, lines))
    if github:
        for line in formats.github(verdicts, plan, lines):
            click.echo(line)


def _pages(source: str | None) -> pd.DataFrame | None:
    if source is None:
        return None
    from redirectmap.readers import read_site

    return read_site(source).pages
