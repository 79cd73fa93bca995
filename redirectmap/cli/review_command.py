"""`redirectmap review`: work through a plan in the browser."""

from __future__ import annotations

from getpass import getuser
from pathlib import Path
from typing import Any

import click

from redirectmap.cli.output import quiet_option, say
from redirectmap.errors import InputError

_FILE = click.Path(path_type=Path)


@click.command("review")
@click.argument("plan", type=_FILE)
@click.option("--old", type=_FILE, help="The old site; the plan's own by default.")
@click.option("--new", type=_FILE, help="The new site; the plan's own by default.")
@click.option("--who", help="Your name for the history; your login by default.")
@click.option("--port", type=click.IntRange(0, 65535), default=0, help="0: any free.")
@click.option("--open/--no-open", "opens", default=True, help="Open the browser.")
@quiet_option
def command(
    plan: Path,
    *,
    old: Path | None,
    new: Path | None,
    who: str | None,
    port: int,
    opens: bool,
    quiet: bool,
) -> None:
    """Review PLAN (plan.csv or its folder) in the browser.

    Decisions are written to overrides.csv beside the plan at once, with their
    history in history.jsonl; plan.csv follows. `redirectmap plan` keeps them.
    """
    from redirectmap.web.serve import serve
    from redirectmap.web.work import Review

    path = plan / "plan.csv" if plan.is_dir() else plan
    if not path.exists():
        raise InputError(
            "there is no plan here",
            hint="name plan.csv, or the folder that `redirectmap plan` wrote",
            where=str(path),
        )
    sources = sources_of(path.parent, old, new)
    for line in missing(sources):
        say(line, quiet=quiet)
    review = Review(path, sources, who=who or _login())

    def ready(address: str) -> None:
        click.echo(address)
        say("open it in a browser; Ctrl-C or Finish ends the review", quiet=quiet)
        if opens:
            click.launch(address)

    serve(review, port=port, on_ready=ready)
    progress = review.desk.progress()
    say(
        f"{progress['decided']:,} of {progress['rows']:,} rows decided; decisions are "
        f"in {review.store.path}, the plan is up to date",
        quiet=quiet,
    )


def sources_of(folder: Path, old: Path | None, new: Path | None) -> Any:  # noqa: ANN401
    """Return where the pages are: as told, else as plan.json says."""
    from redirectmap.tables import read_json
    from redirectmap.web.work import Sources

    summary = folder / "plan.json"
    made = (read_json(summary) if summary.exists() else {}).get("made_from") or {}
    olds = [old] if old else [folder / name for name in made.get("old", [])]
    news = [new] if new else [folder / name for name in made.get("new", [])]
    return Sources(
        tuple(path for path in olds if path.exists()),
        next((path for path in news if path.exists()), None),
    )


def missing(sources: Any) -> list[str]:  # noqa: ANN401
    """Say which site's pages cannot be shown."""
    lines = []
    for name, known in (("old", sources.old), ("new", sources.new)):
        if not known:
            lines.append(f"the {name} site is not known: give it with --{name} SRC")
    return lines


def _login() -> str:
    try:
        return getuser()
    except (KeyError, OSError):
        return "reviewer"
