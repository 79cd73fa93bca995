"""`redirectmap crawl`: one site into one file."""

from __future__ import annotations

import os
import re
import sys
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from redirectmap.cli.output import emit_json, json_option, quiet_option, say
from redirectmap.crawl import CrawlReport, CrawlSettings, crawl_site
from redirectmap.errors import InputError, UsageError
from redirectmap.urls import Url, parse


@click.command("crawl")
@click.argument("url")
@click.option(
    "--out",
    required=True,
    type=click.Path(dir_okay=False, path_type=Path),
    help="The site's file (SQLite).",
)
@click.option("--resume", is_flag=True, help="Go on with a crawl that stopped.")
@click.option(
    "--allow-private",
    multiple=True,
    metavar="HOST[:PORT]",
    help="Let this private host be fetched (staging). Repeatable.",
)
@click.option(
    "--list",
    "list_file",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Fetch exactly the URLs in this file, one a line.",
)
@click.option("--max-pages", type=click.IntRange(0), default=0, help="0 for all.")
@click.option("--concurrency", type=click.IntRange(1, 64), default=8, show_default=True)
@click.option(
    "--timeout",
    "deadline",
    type=click.FloatRange(0.1, 600),
    default=30.0,
    show_default=True,
    help="Seconds for one whole request.",
)
@click.option(
    "--delay",
    type=click.FloatRange(0, 60),
    default=0.0,
    show_default=True,
    help="Seconds between two requests.",
)
@click.option(
    "--trap-budget",
    "budget",
    type=click.IntRange(10),
    default=200,
    show_default=True,
    help="Steps or variants of one endless-looking URL shape.",
)
@click.option("--include", multiple=True, metavar="REGEX", help="Only these URLs.")
@click.option("--exclude", multiple=True, metavar="REGEX", help="Not these URLs.")
@click.option("--user-agent", help="Instead of redirectmap's own.")
@click.option(
    "--header",
    "header_names",
    multiple=True,
    metavar="NAME=ENV",
    help="Send header NAME with the value of the environment variable ENV.",
)
@click.option(
    "--basic-auth",
    metavar="ENV",
    help="Log in with the USER:PASSWORD that the environment variable ENV holds.",
)
@click.option(
    "--render",
    is_flag=True,
    help="Let Chromium run the scripts of pages that are empty without them.",
)
@click.option(
    "--render-url",
    "render_urls",
    multiple=True,
    metavar="REGEX",
    help="Let Chromium read these URLs, whatever they hold. Repeatable.",
)
@click.option("--ignore-robots", is_flag=True, help="Your own site only.")
@click.option("--no-sitemaps", is_flag=True, help="Do not read sitemaps.")
@click.option("--no-probes", is_flag=True, help="Do not probe for soft 404s.")
@json_option
@quiet_option
def command(
    url: str,
    out: Path,
    list_file: Path | None,
    header_names: tuple[str, ...],
    basic_auth: str | None,
    ignore_robots: bool,
    no_sitemaps: bool,
    no_probes: bool,
    as_json: bool,
    quiet: bool,
    **rest: Any,  # noqa: ANN401
) -> None:
    """Crawl the site at URL into one file."""
    settings = CrawlSettings(
        urls=_listed(list_file) if list_file else (),
        headers=(*map(_header, header_names), *_login(basic_auth)),
        obey_robots=not ignore_robots,
        sitemaps=not no_sitemaps,
        probes=not no_probes,
        **rest,
    )
    report = crawl_site(url, out, settings=settings, on_progress=_shower(quiet=quiet))
    _tell(report, as_json=as_json, quiet=quiet)
    click.get_current_context().exit(report.exit_code)


def _tell(report: CrawlReport, *, as_json: bool, quiet: bool) -> None:
    say(report.text, quiet=quiet and report.exit_code == 0)
    if report.exit_code:
        say(f"  hint: go on with --resume --out {report.path}")
    if as_json:
        emit_json({**asdict(report), "path": str(report.path)})


def _shower(*, quiet: bool) -> Any:  # noqa: ANN401
    def show(counts: Mapping[str, Any]) -> None:
        if not quiet and sys.stderr.isatty():
            line = f"\r{counts['done']} pages, {counts['queued']} to fetch"
            click.echo(f"{line}, {counts['failed']} failed   ", err=True, nl=False)

    return show


def _listed(path: Path) -> tuple[str, ...]:
    from redirectmap.tables.files import decode_utf8

    try:
        lines = decode_utf8(path.read_bytes(), str(path)).splitlines()
    except OSError as error:
        hint = "give a text file with one URL a line"
        raise InputError.unreadable(path, error, hint=hint) from error
    urls: dict[str, None] = {}
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        found = parse(line)
        if not isinstance(found, Url):
            raise InputError(
                found.message, hint="mend or remove this line", where=f"{path}:{number}"
            )
        urls[found.key] = None
    if not urls:
        raise InputError("holds no URL", hint="one URL a line", where=str(path))
    return tuple(urls)


def _header(text: str) -> tuple[str, str]:
    name, _, variable = text.partition("=")
    if not re.fullmatch(r"[A-Za-z0-9-]+", name):
        raise UsageError(f"--header {name!r} is no name", hint="NAME=ENV")
    return name, _secret(f"--header {name}", variable)


def _login(variable: str | None) -> tuple[tuple[str, str], ...]:
    if variable is None:
        return ()
    pair = _secret("--basic-auth", variable)
    if ":" not in pair:
        raise UsageError(
            f"--basic-auth: {variable!r} holds no USER:PASSWORD",
            hint="separate them by a colon",
        )
    return (("Authorization", f"Basic {b64encode(pair.encode()).decode()}"),)


def _secret(option: str, variable: str) -> str:
    value = os.environ.get(variable, "")
    if not value or not value.isprintable():
        raise UsageError(
            f"{option}: the environment variable {variable!r} is not set",
            hint="export it first; secrets never stand on the command line",
        )
    return value
