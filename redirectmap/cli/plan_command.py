"""`redirectmap plan`: decide where every old URL goes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from redirectmap.cli.exports import FILE, export_options, files_of, weights_of
from redirectmap.cli.output import emit_json, json_option, quiet_option, say


@click.command("plan")
@export_options
@click.option("--new", type=FILE, required=True, help="The new site.")
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    required=True,
    help="Folder of the plan; people's edits there are kept.",
)
@click.option(
    "--fetched",
    type=FILE,
    help="Crawl of the URLs that only exports know (see `redirectmap inventory`).",
)
@click.option(
    "--overrides",
    type=FILE,
    multiple=True,
    help="Decisions of people: CSV, or an edited map.xlsx.",
)
@click.option(
    "--max-error",
    type=click.FloatRange(0, 0.5),
    default=0.01,
    show_default=True,
    help="Share of wrong redirects you accept unseen.",
)
@click.option(
    "--leftovers",
    type=click.Choice(["404", "410", "folder"]),
    default="404",
    show_default=True,
    help="Answer for URLs nobody listed, as rules in rules.csv.",
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
    out: Path,
    *,
    weights: tuple[str, ...],
    max_error: float,
    model: str,
    leftovers: Any,  # noqa: ANN401
    as_json: bool,
    quiet: bool,
    **given: Any,  # noqa: ANN401
) -> None:
    """Decide where every old URL goes.

    A site is a crawl (SITE.db), a pages table, a Screaming Frog or Sitebulb
    export, a sitemap file or a list of URLs. Writes plan.csv, findings.csv,
    rules.csv, inventory.csv, plan.json and scores.parquet.
    """
    from redirectmap.planning import inputs as read, summary as sum_up
    from redirectmap.run.planning import plan_folder

    files = files_of(given)
    inputs, reports = read.read_inputs(files, out=out, weights=weights_of(weights))
    for line in read.account_lines(reports):
        say(line, quiet=quiet)
    summary = plan_folder(
        inputs,
        out,
        max_error=max_error,
        model=model,
        leftovers=leftovers,
        made_from=files.seen_from(out),
        on_step=lambda message: say(str(message), quiet=quiet),
    )
    if as_json:
        emit_json(summary)
    else:
        click.echo(sum_up.screen(summary))
    say(f"written to {out}; next: redirectmap report {out}", quiet=quiet)
