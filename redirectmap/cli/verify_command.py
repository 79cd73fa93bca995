"""`redirectmap verify`: does every old URL do what was planned?"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from redirectmap.cli.output import emit_json, json_option, progress, quiet_option, say
from redirectmap.errors import EXIT_DONE, EXIT_FINDINGS, InputError, UsageError

if TYPE_CHECKING:
    from redirectmap.verify import Counts, Inputs, Verdicts

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
@click.option(
    "--logs",
    type=_FILE,
    multiple=True,
    help="Access log of the old site: which spellings are asked for.",
)
@click.option(
    "--traffic",
    type=_FILE,
    multiple=True,
    help="Search Console, analytics or log of dates after the move.",
)
@click.option(
    "--traffic-before",
    type=_FILE,
    multiple=True,
    help="The same of dates before it; else the plan's clicks and sessions.",
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
    logs: tuple[Path, ...],
    traffic: tuple[Path, ...],
    traffic_before: tuple[Path, ...],
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
    from redirectmap.verify import Counts, VerifySettings, forget_run, runs, verified

    path = plan / "plan.csv" if plan.is_dir() else plan
    if only_changed and not baseline:
        raise UsageError(
            "--only-changed needs --baseline", hint="name an earlier --out folder"
        )
    settings = VerifySettings(
        base=base,
        allow_private=allow_private,
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
    inputs = _inputs(
        path,
        old,
        new,
        logs=logs,
        traffic=traffic,
        traffic_before=traffic_before,
        baseline=baseline,
        only_changed=only_changed,
    )
    agents = 1 if one_agent else 2
    with (
        progress("Asking old URLs", _walks(path, agents), quiet=quiet) as step,
        verified(inputs, settings, out, step) as verdicts,
    ):
        counts = Counts(verdicts)
        told, text = runs.finish_run(
            out, verdicts, counts, compared=bool(baseline), joined=bool(traffic)
        )
        _write_formats(verdicts, counts, path, junit, sarif, github=github)
    forget_run(out)
    if as_json:
        emit_json(told)
    elif not github:
        click.echo(text)
    for note in told["notes"]:
        say(f"note: {note}", quiet=quiet)
    say(f"wrote {out / 'verdicts.csv'}", quiet=quiet)
    counts.demand_answers(base)
    failed = counts.fails(fail_on, min_value=min_value)
    ctx.exit(EXIT_FINDINGS if failed else EXIT_DONE)


def _inputs(path: Path, old: str | None, new: str | None, **more: Any) -> Inputs:  # noqa: ANN401 - handed on as they are
    from redirectmap.tables import sha256_of
    from redirectmap.verify import Inputs, rows
    from redirectmap.verify.texts import source_texts

    if not path.is_file():
        raise InputError("cannot be read: no such file", hint=_PLAN, where=str(path))
    return Inputs(
        rows=lambda: rows.read_rows(path),
        fingerprint=sha256_of(path),
        old=lambda: source_texts(old) if old else (),
        new=lambda: source_texts(new) if new else (),
        **more,
    )


def _walks(plan: Path, agents: int) -> int:
    """Count lines for the progress bar alone; a cell may hold several."""
    with plan.open("rb") as lines:
        return max(0, sum(1 for _ in lines) - 1) * agents


_PLAN = "give plan.csv, or the folder that holds it"


def _write_formats(
    verdicts: Verdicts,
    counts: Counts,
    plan: Path,
    junit: Path | None,
    sarif: Path | None,
    *,
    github: bool,
) -> None:
    from redirectmap.verify import formats

    if junit:
        formats.write_lines(junit, formats.junit(verdicts, counts))
    if sarif:
        formats.write_lines(sarif, formats.sarif(verdicts, counts, plan))
    if github:
        for line in formats.github(verdicts, plan):
            click.echo(line)
