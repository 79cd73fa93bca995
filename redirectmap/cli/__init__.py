"""The command line: one thin module per command, imported when it is called.

Why lazy: `redirectmap --help` must answer at once, and most commands need
neither torch nor scrapy. A module is found by the command's name.
"""

from __future__ import annotations

import os
import signal
import sys
from importlib import import_module
from typing import Any

import click

from redirectmap import __version__
from redirectmap.errors import EXIT_INTERRUPTED, RedirectmapError

COMMANDS = {
    "demo": "Plan, prove and verify the migration of two bundled sample sites.",
    "init": "Write a commented redirectmap.toml.",
    "run": "Run a whole migration from redirectmap.toml, stage by stage.",
    "crawl": "Crawl one site into one file.",
    "inventory": "List every old URL that any source knows, and its value.",
    "audit": "Say what a crawl shows: orphans, blocked pages, duplicates.",
    "plan": "Decide where every old URL goes.",
    "explain": "Show why one old URL got its target, candidates side by side.",
    "check": "Look for what will hurt in a plan.",
    "diff": "Show what changed between two plans.",
    "export": "Write a plan as server rules, and prove them.",
    "import-rules": "Read the redirect rules of a server configuration.",
    "verify": "Request every old URL and compare with the plan.",
    "evaluate": "Score a plan against a truth file.",
    "inspect": "Tell which format a file is, what was read, what was refused.",
    "profile": "Judge a backlink profile against its site's type and age.",
    "equity": "Follow link equity through the site and through a plan.",
    "advise": "Say where the next backlink should point.",
    "monitor": "Compare snapshots of rankings, traffic and links over time.",
    "review": "Review a plan in the browser.",
    "report": "Write the HTML report and the workbook.",
}


class Group(click.Group):
    """Finds commands by name and shows our errors as one message."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the commands in the order people use them."""
        del ctx
        return [name for name in COMMANDS if _module_exists(name)]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import the module of `cmd_name`."""
        if cmd_name not in self.list_commands(ctx):
            return None
        module = import_module(_module_name(cmd_name))
        command: click.Command = module.command
        return command

    def format_commands(
        self, ctx: click.Context, formatter: click.HelpFormatter
    ) -> None:
        """List the commands without importing them."""
        rows = [(name, COMMANDS[name]) for name in self.list_commands(ctx)]
        if rows:
            with formatter.section("Commands"):
                formatter.write_dl(rows)

    def invoke(self, ctx: click.Context) -> Any:  # noqa: ANN401
        """Run the command; turn our errors into a message and an exit code."""
        try:
            return super().invoke(ctx)
        except RedirectmapError as error:
            click.secho("error: ", fg="red", err=True, nl=False)
            click.echo(str(error), err=True)
            ctx.exit(error.exit_code)
        except (KeyboardInterrupt, click.Abort):
            click.echo("interrupted; run the same command again to go on", err=True)
            ctx.exit(EXIT_INTERRUPTED)
        except BrokenPipeError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            ctx.exit(128 + signal.SIGPIPE)


def _module_name(command: str) -> str:
    return f"redirectmap.cli.{command.replace('-', '_')}_command"


def _module_exists(command: str) -> bool:
    from pathlib import Path

    name = _module_name(command).rpartition(".")[2]
    return (Path(__file__).parent / f"{name}.py").exists()


@click.group(cls=Group, context_settings={"auto_envvar_prefix": "REDIRECTMAP"})
@click.version_option(__version__, prog_name="redirectmap")
def main() -> None:
    """Plan, prove and verify the redirects of a site migration.

    Start with `redirectmap demo`, or with `redirectmap init` and `redirectmap run`
    for a migration of your own.
    """
