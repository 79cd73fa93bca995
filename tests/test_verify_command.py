"""The command: its files, its screen, its exit codes."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest
from click.testing import CliRunner, Result

from redirectmap.cli import main
from redirectmap.tables import VERDICTS, write_csv
from tests.verify_site import COMMON, NEW, OLD, Site, moved, plan_of, serving


def verify(tmp_path: Path, plan: pd.DataFrame, *options: str) -> Result:
    write_csv(tmp_path / "plan.csv", plan)
    args = ["verify", str(tmp_path / "plan.csv"), "--out", str(tmp_path / "out")]
    return CliRunner().invoke(main, [*args, *options])


def test_the_command_writes_verdicts_and_says_how_it_stands(tmp_path: Path) -> None:
    old = Site(replies={"/a": moved("/t"), "/b": moved("/")})
    with serving(old), serving(Site(replies=dict(COMMON))) as new:
        rows = {f"{OLD}/{n}": ("redirect", f"{NEW}/t") for n in "ab"}
        options = ("--base", old.origin, "--resolve", f"new.example={new.origin[7:]}")
        result = verify(tmp_path, plan_of(rows), *options, "--json", "--quiet")
        calm = verify(
            tmp_path, plan_of(rows), *options, "--no-pages", "--fail-on", "never"
        )
    assert result.exit_code == 1, result.output
    assert json.loads(result.stdout)["verdicts"] == {"homepage": 1, "ok": 1}
    assert calm.exit_code == 0
    assert "[homepage] http://old.example/b" in calm.stdout
    written = pd.read_csv(tmp_path / "out/verdicts.csv", keep_default_na=False)
    assert set(VERDICTS.names) <= set(written.columns)
    assert written["verdict"].tolist() == ["homepage", "ok"]


@pytest.mark.parametrize(
    ("options", "code", "says"),
    [
        (("--base", "http://127.0.0.1:9/path"), 2, "has a path"),
        (("--base", "ftp://x/"), 2, "only http and https"),
        (("--base", "http://127.0.0.1:1"), 4, "not one old URL was answered"),
        (("--resolve", "old.example=nowhere"), 2, "--resolve"),
    ],
)
def test_wrong_options_end_with_a_message(
    options: tuple[str, ...], code: int, says: str, tmp_path: Path
) -> None:
    plan = plan_of({f"{OLD}/a": ("redirect", f"{NEW}/t")})
    result = verify(tmp_path, plan, *options)
    assert result.exit_code == code
    assert says in result.stderr
