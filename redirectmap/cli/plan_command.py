"""`redirectmap plan`: decide where every old URL goes."""

from __future__ import annotations

from pathlib import Path

import click

from redirectmap.cli.output import emit_json, json_option, quiet_option, say

_FILE = click.Path(dir_okay=False, path_type=Path)


@click.command("plan")
@click.option("--old", type=_FILE, required=True, help="The old site.")
@click.option("--new", type=_FILE, required=True, help="The new site.")
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    required=True,
    help="Folder of the plan; people's edits there are kept.",
)
@click.option("--backlinks", type=_FILE, multiple=True, help="Backlink export.")
@click.option(
    "--traffic", type=_FILE, multiple=True, help="Search Console or analytics export."
)
@click.option("--legacy", type=_FILE, multiple=True, help="Existing redirect rules.")
@click.option("--logs", type=_FILE, multiple=True, help="Access log of the old site.")
@click.option("--overrides", type=_FILE, help="Decisions of people, CSV.")
@click.option(
    "--max-error",
    type=click.FloatRange(0, 0.5),
    default=0.01,
    show_default=True,
    help="Share of wrong redirects you accept unseen.",
)
@click.option(
    "--model",
    default="static",
    show_default=True,
    help="Embeddings: static (shipped), minilm, a name on the hub, or a folder.",
)
@json_option
@quiet_option
def command(
    old: Path,
    new: Path,
    out: Path,
    *,
    backlinks: tuple[Path, ...],
    traffic: tuple[Path, ...],
    legacy: tuple[Path, ...],
    logs: tuple[Path, ...],
    overrides: Path | None,
    max_error: float,
    model: str,
    as_json: bool,
    quiet: bool,
) -> None:
    """Decide where every old URL goes.

    A site is a crawl (SITE.db), a pages table, a Screaming Frog or Sitebulb
    export, a sitemap file or a list of URLs. Writes plan.csv, findings.csv,
    rules.csv, plan.json and scores.parquet.
    """
    from redirectmap.planning import inputs as read, summary as sum_up
    from redirectmap.run.planning import plan_folder

    given, reports = read.read_inputs(
        old,
        new,
        backlinks=backlinks,
        traffic=traffic,
        legacy=legacy,
        logs=logs,
        overrides=overrides,
        out=out,
    )
    for line in read.refused_lines(reports):
        say(line, quiet=quiet)
    summary = plan_folder(
        given,
        out,
        max_error=max_error,
        model=model,
        on_step=lambda message: say(str(message), quiet=quiet),
    )
    if as_json:
        emit_json(summary)
    else:
        click.echo(sum_up.screen(summary))
    say(f"written to {out}; next: redirectmap report {out}", quiet=quiet)
