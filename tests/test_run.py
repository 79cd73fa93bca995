"""The chain of stages: settings in, commands out, nothing done twice."""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path

import pytest
from click.testing import CliRunner
from pytest_httpserver import HTTPServer

from redirectmap.cli import main
from redirectmap.errors import EXIT_DONE, EXIT_INTERRUPTED, EXIT_SERVER, InputError
from redirectmap.run import (
    TEMPLATE,
    Outcome,
    Stage,
    arguments,
    load_config,
    run_stages,
    stages_of,
)

SETTINGS = """
out = "result"
[old]
source = "https://old.example/"
[new]
source = "new.jsonl"
[crawl]
allow_private = ["127.0.0.1:8080"]
[inputs]
backlinks = ["links.csv"]
overrides = "overrides.csv"
[export]
to = ["nginx", "apache"]
[verify]
base = "http://127.0.0.1:8080"
"""


def write(folder: Path, text: str = SETTINGS) -> Path:
    path = folder / "redirectmap.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_settings_become_commands_in_order(tmp_path: Path) -> None:
    stages = {s.name: s for s in stages_of(load_config(write(tmp_path)))}
    assert list(stages) == [
        "crawl-old",
        "inventory",
        "crawl-unlinked",
        "plan",
        "export-nginx",
        "export-apache",
        "verify",
        "profile",
        "report",
    ]
    assert stages["crawl-old"].argv == (
        "crawl",
        "https://old.example/",
        "--out",
        f"{tmp_path}/result/old.db",
        "--allow-private",
        "127.0.0.1:8080",
    )
    plan = " ".join(stages["plan"].argv)
    assert f"--new {tmp_path}/new.jsonl" in plan
    assert f"--backlinks {tmp_path}/links.csv" in plan
    assert f"--overrides {tmp_path}/overrides.csv" in plan
    assert tmp_path / "links.csv" in stages["plan"].inputs


def test_two_crawls_bring_the_flow_of_equity(tmp_path: Path) -> None:
    text = SETTINGS.replace("new.jsonl", "https://new.example/")
    names = [s.name for s in stages_of(load_config(write(tmp_path, text)))]
    assert names[:2] == ["crawl-old", "crawl-new"]
    assert "equity" in names


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("old = 3", "'old'"),
        ("[old]\nsource = 'x'\n[new]\nsource = 'y'\n[plna]\n", "'plna'"),
        ("[old]\nsource = 'x'\n[new]\nsource = ''\n", "'new.source'"),
        ("[old\n", "not TOML"),
        (SETTINGS + "[plan]\nmax_error = 2\n", "'plan.max_error'"),
    ],
)
def test_a_wrong_setting_is_named(tmp_path: Path, text: str, problem: str) -> None:
    with pytest.raises(InputError, match=problem):
        load_config(write(tmp_path, text))


def test_a_missing_file_says_how_to_get_one(tmp_path: Path) -> None:
    result = CliRunner().invoke(main, ["run", "-c", str(tmp_path / "none.toml")])
    assert result.exit_code == 3
    assert "redirectmap init" in result.output


def init_stage(folder: Path, name: str = "made.toml") -> Stage:
    made, source = folder / name, folder / "input.txt"
    argv = ("init", str(made), "--force")
    return Stage(name, argv, (source,), (made,))


def test_a_stage_runs_again_only_when_something_changed(tmp_path: Path) -> None:
    stage = init_stage(tmp_path)
    source = tmp_path / "input.txt"

    def skipped() -> bool:
        (outcome,) = run_stages([stage], tmp_path)
        assert outcome.exit_code == 0
        return outcome.skipped

    source.write_text("one")
    assert not skipped()
    assert skipped()
    source.write_text("two")
    assert not skipped()
    (tmp_path / "made.toml").unlink()
    assert not skipped()
    assert (tmp_path / "made.toml").read_text() == TEMPLATE
    (outcome,) = run_stages([stage], tmp_path, again=["made.toml"])
    assert not outcome.skipped


def test_a_stage_without_work_is_passed_over(tmp_path: Path) -> None:
    """The URLs that only exports know are fetched only where there are some."""
    listed, made = tmp_path / "unlinked.txt", tmp_path / "made.db"
    stage = Stage("fetch", ("init", "x"), (listed,), (made,), needs=listed)
    assert run_stages([stage], tmp_path) == []
    listed.write_text("")
    assert run_stages([stage], tmp_path) == []
    plan = Stage("plan", ("plan",), (), (), extra=(("--fetched", made),))
    assert arguments(plan) == ("plan",)
    made.write_text("x")
    assert arguments(plan) == ("plan", "--fetched", str(made))


def test_a_site_that_answers_nothing_more_is_spared(tmp_path: Path) -> None:
    stage = Stage("fetch", ("crawl", "http://127.0.0.1:9/"), (), (), spare=True)
    dead = Outcome(stage, EXIT_SERVER, skipped=False, seconds=0.1)
    assert (dead.passed, dead.counted) == (True, EXIT_DONE)
    stopped = Outcome(stage, EXIT_INTERRUPTED, skipped=False, seconds=0.1)
    assert not stopped.passed


def test_launch_day_asks_for_what_logs_show(tmp_path: Path) -> None:
    logged = SETTINGS.replace("[inputs]\n", '[inputs]\nlogs = ["a.log"]\n')
    stages = {s.name: s for s in stages_of(load_config(write(tmp_path, logged)))}
    assert f"--logs {tmp_path}/a.log" in " ".join(stages["verify"].argv)
    assert tmp_path / "a.log" in stages["verify"].inputs


def test_exports_weights_and_encoding_reach_the_commands(tmp_path: Path) -> None:
    text = SETTINGS.replace(
        "[inputs]\n", '[inputs]\nfiles = ["exports"]\nencoding = "cp1252"\n'
    )
    (tmp_path / "exports").mkdir()
    (tmp_path / "exports/a.log").write_text("x")
    path = write(tmp_path, text + "[value]\nclicks = 0.4\n")
    stages = {s.name: s for s in stages_of(load_config(path))}
    for name in ("inventory", "plan"):
        argv = " ".join(stages[name].argv)
        assert (
            f"--input {tmp_path}/exports --encoding cp1252 --weight clicks=0.4" in argv
        )
        assert tmp_path / "exports/a.log" in stages[name].inputs
    quiet = write(tmp_path, text.replace("[inputs]\n", "[inputs]\nfetch = false\n"))
    assert "crawl-unlinked" not in [s.name for s in stages_of(load_config(quiet))]


def test_nothing_runs_after_a_stage_that_failed(tmp_path: Path) -> None:
    bad = Stage("bad", ("init", str(tmp_path / "no.toml"), "--no-such-option"), (), ())
    outcomes = run_stages([bad, init_stage(tmp_path)], tmp_path)
    assert [o.exit_code for o in outcomes] == [2]
    assert not (tmp_path / "made.toml").exists()
    state = json.loads((tmp_path / "run.json").read_text())
    assert state["bad"]["fingerprint"] is None


def test_an_interrupted_stage_is_resumed(tmp_path: Path) -> None:
    stage = init_stage(tmp_path)
    stage = Stage("s", stage.argv[:2], (), stage.outputs, resume=("--force",))
    (tmp_path / "made.toml").write_text("half")
    (tmp_path / "run.json").write_text('{"s": {"fingerprint": null, "exit_code": 75}}')
    (outcome,) = run_stages([stage], tmp_path)
    assert outcome.exit_code == 0  # without --force it refuses to overwrite


def crawl_stage(folder: Path, **settings: str) -> Stage:
    text = (
        f"[old]\nsource = 'http://127.0.0.1:{settings['port']}/'\n[new]\nsource = 'x'\n"
        f"[crawl]\nallow_private = ['127.0.0.1']\n{settings.get('more', '')}"
    )
    return stages_of(load_config(write(folder, text)))[0]


@pytest.mark.crawl
def test_a_crawl_that_is_not_complete_is_planned_with(
    tmp_path: Path, httpserver: HTTPServer
) -> None:
    links = "".join(f"<a href=/{n}>{n}</a>" for n in range(9))
    httpserver.expect_request("/").respond_with_data(links, content_type="text/html")
    rest = re.compile("/.+")
    httpserver.expect_request(rest).respond_with_data("no", status=404)
    port = str(httpserver.port)
    stage = crawl_stage(tmp_path, port=port, more="max_pages = 2")
    (first,) = run_stages([stage], tmp_path / "migration", quiet=True)
    assert (first.exit_code, first.partial, first.passed) == (75, True, True)
    # never up to date, and another cap goes on with the same file
    stage = crawl_stage(tmp_path, port=port, more="max_pages = 4")
    (second,) = run_stages([stage], tmp_path / "migration", quiet=True)
    assert not second.skipped
    # other settings after a complete crawl: crawled anew, the old file is kept
    stage = crawl_stage(tmp_path, port=port)
    (third,) = run_stages([stage], tmp_path / "migration", quiet=True)
    assert third.exit_code == 0
    stage = crawl_stage(tmp_path, port=port, more="exclude = ['/3']")
    (fourth,) = run_stages([stage], tmp_path / "migration", quiet=True)
    assert (fourth.exit_code, fourth.skipped) == (0, False)
    assert (tmp_path / "migration" / "old.db.previous").exists()


def test_init_writes_a_file_that_run_takes(tmp_path: Path) -> None:
    path = tmp_path / "redirectmap.toml"
    runner = CliRunner()
    assert runner.invoke(main, ["init", str(path)]).exit_code == 0
    assert load_config(path).export.to == ("nginx",)
    refused = runner.invoke(main, ["init", str(path)])
    assert refused.exit_code == 2
    assert "exists already" in refused.output
    shown = runner.invoke(main, ["run", "-c", str(path), "--dry-run"])
    assert "redirectmap crawl https://www.old.example/" in shown.output


def test_every_commented_setting_is_one_that_exists(tmp_path: Path) -> None:
    lines = [
        line[2:] if line.startswith("# ") and " = " in line else line
        for line in TEMPLATE.splitlines()
    ]
    text = "\n".join(lines)
    assert "competitors" in tomllib.loads(text)["profile"]
    load_config(write(tmp_path, text))


def test_an_unknown_stage_is_named(tmp_path: Path) -> None:
    path = write(tmp_path)
    result = CliRunner().invoke(main, ["run", "-c", str(path), "--again", "cook"])
    assert result.exit_code == 2
    assert "crawl-old" in result.output
