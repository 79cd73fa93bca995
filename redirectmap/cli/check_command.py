"""`redirectmap check`: what will hurt in a plan."""

from __future__ import annotations

from pathlib import Path

import click

from redirectmap.cli.output import emit_json, json_option, quiet_option, say
from redirectmap.errors import EXIT_DONE, EXIT_FINDINGS

_FILE = click.Path(dir_okay=False, path_type=Path)
_LIMITS = {"error": ("error",), "warning": ("error", "warning"), "never": ()}


@click.command("check")
@click.argument("plan", type=click.Path(path_type=Path))
@click.option(
    "--fail-on",
    type=click.Choice(list(_LIMITS)),
    default="error",
    show_default=True,
    help="Exit 1 on findings this bad or worse.",
)
@click.option("--old", type=_FILE, help="The old site, for languages and pages.")
@click.option("--new", type=_FILE, help="The new site, for what stands at the targets.")
@click.option("--backlinks", type=_FILE, multiple=True, help="Backlink export.")
@click.option("--live", type=_FILE, multiple=True, help="Redirects that stay active.")
@click.option("--logs", type=_FILE, multiple=True, help="Access logs of the old site.")
@click.option(
    "--type",
    "site_type",
    type=click.Choice(["general", "brand", "local", "content", "ecommerce"]),
    default="general",
    show_default=True,
    help="Kind of site, for the backlink profile's range.",
)
@click.option("--out", type=_FILE, help="Write the findings as CSV here.")
@json_option
@quiet_option
@click.pass_context
def command(
    ctx: click.Context,
    plan: Path,
    *,
    fail_on: str,
    old: Path | None,
    new: Path | None,
    backlinks: tuple[Path, ...],
    live: tuple[Path, ...],
    logs: tuple[Path, ...],
    site_type: str,
    out: Path | None,
    as_json: bool,
    quiet: bool,
) -> None:
    """Look for what will hurt in a plan.

    PLAN is a plan.csv, the folder it is in, or any sheet (CSV, XLSX) with an old
    and a new URL in each row. More is
    found with --old, --new and --backlinks.
    """
    from redirectmap.checks import PlanContext, run_checks
    from redirectmap.planning import files, inputs
    from redirectmap.tables import write_csv

    table = files.read_plan(plan)
    context = PlanContext(
        table,
        old_pages=inputs.pages_of(old),
        new_pages=inputs.pages_of(new),
        backlinks=inputs.backlinks_of(backlinks),
        live=inputs.legacy_of(live, table),
        blocked=inputs.blocked_of(new),
        logged=inputs.logged_of(logs, table),
        site_type=site_type,
    )
    findings = run_checks(context)
    if out is not None:
        write_csv(out, findings)
    if as_json:
        emit_json(files.findings_json(findings, rows=len(table)))
    else:
        shown = findings[["severity", "check", "old_url", "message", "hint"]]
        cells = shown.astype(object).where(shown.notna(), "")
        rows = cells.itertuples(index=False, name=None)
        click.echo("".join("\t".join(row) + "\n" for row in rows), nl=False)
    counts = findings["severity"].value_counts()
    said = ", ".join(
        f"{counts.get(s, 0):,} {s}s" for s in ("error", "warning", "notice")
    )
    say(f"{len(table):,} rows checked: {said}", quiet=quiet)
    failed = findings["severity"].isin(_LIMITS[fail_on]).any()
    ctx.exit(EXIT_FINDINGS if failed else EXIT_DONE)
