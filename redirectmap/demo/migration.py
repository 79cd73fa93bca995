"""Run the demo: both sites up, the chain of `redirectmap run`, launch day, proof.

The stages are those of a real migration, read from the redirectmap.toml that is
written first. Between the exports and the verification the old site goes down
and a server with the new rules takes its address.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from redirectmap.demo.content import fixtures_folder, read_content
from redirectmap.demo.htaccess import read_rules
from redirectmap.demo.launch import launched
from redirectmap.demo.materials import materialise
from redirectmap.demo.pages import new_site, old_site
from redirectmap.demo.site_server import OLD_HOME, Site, second_address, serve
from redirectmap.errors import ServerError, UsageError
from redirectmap.run import Outcome, Stage, load_config, run_stages, stages_of
from redirectmap.tables import PLAN, read_csv_table, write_atomic

MARK = "# The demo of redirectmap; safe to delete with its folder."
_SETTINGS = """\
{mark}
out = "."

[old]
source = "{old}/"

[new]
source = "{new}/"

[crawl]
allow_private = ["{old_host}", "{new_host}"]

[inputs]
backlinks = ["inputs/backlinks.csv"]
traffic = ["inputs/search-console-pages.csv"]
logs = ["inputs/access.log"]
legacy = ["inputs/old.htaccess"]
overrides = "inputs/overrides.csv"

[export]
to = [{servers}]
prove = true

[verify]
base = "{old}"
fail_on = "never"

[profile]
type = "local"
age_months = 170
"""
_PORTS = re.compile(r'^source = "http://[\w.]+:(\d+)/"$', re.MULTILINE)
PROVERS = {"nginx": "nginx", "apache": "apache2"}

Announce = Callable[[Stage, bool], None]


@dataclass(frozen=True, slots=True)
class Ran:
    """How the demo went.

    Attributes:
        folder: Where everything is.
        outcomes: One per stage that ran or was up to date.
        unproven: Servers that are not installed here.
        launched: What answered on the old address after launch.
    """

    folder: Path
    outcomes: tuple[Outcome, ...]
    unproven: tuple[str, ...]
    launched: str


def run_demo(
    folder: Path,
    *,
    quiet: bool = False,
    announce: Announce = lambda _stage, _skipped: None,
) -> Ran:
    """Run the whole demo in `folder`.

    Raises:
        UsageError: The folder holds something else, or its ports are taken.
        ServerError: A stage failed.
    """
    ports = _known_ports(folder)
    fixtures = fixtures_folder()
    records = read_content(fixtures)
    old = old_site(records, read_rules(fixtures / "old.htaccess"))
    outcomes: list[Outcome] = []
    with _serving(new_site(records), ports[1], second_address()) as new_origin:
        with _serving(old, ports[0]) as old_origin:
            _prepare(folder, fixtures, old_origin, new_origin)
            stages = stages_of(load_config(folder / "redirectmap.toml"))
            before, after = _split(stages)
            outcomes += _run(before, folder, quiet=quiet, announce=announce)
        plan = read_csv_table(folder / "plan.csv", PLAN)
        port = int(old_origin.rpartition(":")[2])
        with launched(plan, folder / "rules" / "nginx", port) as what:
            outcomes += _run(after, folder, quiet=quiet, announce=announce)
    return Ran(folder, tuple(outcomes), tuple(_unproven()), what)


@contextmanager
def _serving(site: Site, port: int, address: str = OLD_HOME) -> Iterator[str]:
    with ExitStack() as stack:
        try:
            origin = stack.enter_context(serve(site, port=port, address=address))
        except OSError as error:
            raise UsageError(
                f"port {port} of the last demo is taken: {error.strerror}",
                hint="end what listens there, or choose another --out",
            ) from error
        yield origin


def _known_ports(folder: Path) -> tuple[int, int]:
    """Return the ports of an earlier demo in `folder`, so that its stages hold."""
    settings = folder / "redirectmap.toml"
    if not folder.exists() or not any(folder.iterdir()):
        return 0, 0
    text = settings.read_text(encoding="utf-8") if settings.exists() else ""
    ports = _PORTS.findall(text)
    if not text.startswith(MARK) or len(ports) != 2:
        raise UsageError(
            "holds something else than a demo",
            hint="name a new or empty folder with --out",
            where=str(folder),
        )
    return int(ports[0]), int(ports[1])


def _prepare(folder: Path, fixtures: Path, old: str, new: str) -> None:
    materialise(fixtures, folder / "inputs", old=old, new=new)
    servers = [name for name in PROVERS if name not in _unproven()] or ["nginx"]
    text = _SETTINGS.format(
        mark=MARK,
        old=old,
        new=new,
        old_host=old.partition("//")[2],
        new_host=new.partition("//")[2],
        servers=", ".join(f'"{name}"' for name in servers),
    )
    if not shutil.which("nginx"):
        text = text.replace("prove = true", "prove = false")
    write_atomic(folder / "redirectmap.toml", text)


def _unproven() -> list[str]:
    return [name for name, program in PROVERS.items() if not shutil.which(program)]


def _split(stages: Sequence[Stage]) -> tuple[list[Stage], list[Stage]]:
    names = [stage.name for stage in stages]
    launch = names.index("verify")
    return list(stages[:launch]), list(stages[launch:])


def _run(
    stages: Sequence[Stage], folder: Path, *, quiet: bool, announce: Announce
) -> list[Outcome]:
    with (folder / "demo.log").open("ab") as log:
        outcomes = run_stages(
            stages, folder, quiet=quiet, output=log, announce=announce
        )
    last = outcomes[-1]
    if not last.passed:
        raise ServerError(
            f"stage {last.stage.name} ended with exit code {last.exit_code}",
            hint="its message stands above; the same command goes on from there",
            where=str(folder),
        )
    return outcomes
