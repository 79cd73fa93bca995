"""The command group: fast help, our errors as messages."""

from __future__ import annotations

import subprocess
import sys
import time

import click
import pytest
from click.testing import CliRunner

from redirectmap.cli import COMMANDS, Group, main
from redirectmap.errors import InputError

HEAVY = ("torch", "scrapy", "pandas", "sklearn", "numpy")


def test_help_imports_nothing_heavy_and_answers_at_once() -> None:
    code = (
        "import sys; from redirectmap.cli import main\n"
        "try: main(['--help'])\n"
        "except SystemExit: pass\n"
        f"print([m for m in {HEAVY} if m in sys.modules], file=sys.stderr)"
    )
    started = time.monotonic()
    run = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert run.stderr.strip() == "[]"
    assert "Plan, prove and verify" in run.stdout
    assert time.monotonic() - started < 5  # a guard; measured 0.06 s


def test_every_command_there_is_has_a_help_text() -> None:
    context = click.Context(main)
    assert isinstance(main, Group)
    for name in main.list_commands(context):
        command = main.get_command(context, name)
        assert command is not None
        assert command.name == name
        assert command.help
        assert COMMANDS[name]


def test_an_error_of_ours_is_a_message_and_an_exit_code() -> None:
    @click.group(cls=Group)
    def group() -> None:
        pass

    class Failing(Group):
        def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command:
            del ctx

            @click.command(cmd_name)
            def fail() -> None:
                raise InputError("is empty", hint="write it anew", where="plan.csv:3")

            return fail

    result = CliRunner().invoke(Failing("failing"), ["fail"])
    assert result.exit_code == 3
    assert result.output == "error: plan.csv:3: is empty\n  hint: write it anew\n"


@pytest.mark.parametrize("words", [["no-such"], ["--no-such"]])
def test_wrong_usage_is_2(words: list[str]) -> None:
    assert CliRunner().invoke(main, words).exit_code == 2
