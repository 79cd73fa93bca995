"""`redirectmap run`: the whole chain, resumable."""

from __future__ import annotations

import shlex
from pathlib import Path

import click

from redirectmap.cli.output import emit_json, json_option, quiet_option, say
from redirectmap.errors import (
    EXIT_DONE,
    EXIT_INTERRUPTED,
    EXIT_RESUMABLE,
    UsageError,
)


@click.command("run")
@click.option(
    "-c",
    "--config",
    type=click.Path(dir_okay=False, path_type=Path),
    default=Path("redirectmap.toml"),
    show_default=True,
    help="Settings file.",
)
@click.option(
    "--again", multiple=True, metavar="STAGE", help="Run STAGE though up to date."
)
@click.option("--dry-run", is_flag=True, help="Print the commands, run nothing.")
@json_option
@quiet_option
@click.pass_context
def command(
    ctx: click.Context,
    config: Path,
    *,
    again: tuple[str, ...],
    dry_run: bool,
    as_json: bool,
    quiet: bool,
) -> None:
    """Run a whole migration from redirectmap.toml, stage by stage.

    A stage whose inputs have not changed is skipped. After Ctrl-C the same
    command goes on where it stopped.
    """
    from redirectmap.run import (
        Stage,
        arguments,
        load_config,
        run_stages,
        stages_of,
    )

    settings = load_config(config)
    stages = stages_of(settings)
    names = [stage.name for stage in stages]
    for name in again:
        if name not in names:
            raise UsageError(f"no stage {name!r}", hint=f"stages: {', '.join(names)}")
    if dry_run:
        for stage in stages:
            click.echo(shlex.join(["redirectmap", *stage.argv]))
        return

    def announce(stage: Stage, skipped: bool) -> None:
        command = shlex.join(["redirectmap", *arguments(stage)])
        done = "up to date" if skipped else command
        say(f"[{names.index(stage.name) + 1}/{len(names)}] {stage.name}: {done}")

    outcomes = run_stages(
        stages,
        settings.out_dir,
        again=again,
        quiet=quiet,
        announce=(lambda _stage, _skipped: None) if quiet else announce,
    )
    last = outcomes[-1]
    complete = last.stage is stages[-1] and last.passed
    code = (
        max(outcome.counted for outcome in outcomes) if complete else (last.exit_code)
    )
    if as_json:
        emit_json(
            {
                "complete": complete,
                "exit_code": code,
                "out": str(settings.out_dir),
                "stages": [
                    {
                        "name": outcome.stage.name,
                        "exit_code": outcome.exit_code,
                        "skipped": outcome.skipped,
                        "seconds": round(outcome.seconds, 1),
                    }
                    for outcome in outcomes
                ],
            }
        )
    say(_last_words(complete, last.stage.name, code, settings.out_dir), quiet=quiet)
    ctx.exit(code)


def _last_words(complete: bool, stage: str, code: int, out: Path) -> str:
    if complete and code == EXIT_DONE:
        return f"all stages done; look at {out / 'report.html'}"
    if complete and code == EXIT_RESUMABLE:
        return (
            "all stages done, but a crawl is not complete (see above); run again"
            f" to fetch the rest; look at {out / 'report.html'}"
        )
    if complete:
        return f"all stages done, with findings; look at {out / 'report.html'}"
    if code in {EXIT_RESUMABLE, EXIT_INTERRUPTED}:
        return f"stopped in {stage}; the same command goes on from there"
    return f"stopped: {stage} failed with exit code {code}; nothing after it ran"
