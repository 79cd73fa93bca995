"""Turn settings into stages: which command, from what, into what.

Pure: nothing is read or run here, so the list can be shown and tested.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from redirectmap.errors import EXIT_DONE, EXIT_FINDINGS
from redirectmap.run.config import Config


@dataclass(frozen=True, slots=True)
class Stage:
    """One command of the chain.

    Attributes:
        name: What a person calls it: `crawl-old`, `plan`, `export-nginx`.
        argv: Arguments of `redirectmap`.
        inputs: Files it reads; a change runs it again.
        outputs: Files it writes; a missing one runs it again.
        resume: Further arguments after an interruption.
        passes: Exit codes after which the chain goes on.
        crawl: The site file it makes, if it is a crawl.
        needs: A file without which, or empty, there is nothing to do.
        extra: Options that are given when their file exists.
        spare: The chain does without it when the site answers nothing.
    """

    name: str
    argv: tuple[str, ...]
    inputs: tuple[Path, ...]
    outputs: tuple[Path, ...]
    resume: tuple[str, ...] = ()
    passes: tuple[int, ...] = (EXIT_DONE,)
    crawl: Path | None = None
    needs: Path | None = None
    extra: tuple[tuple[str, Path], ...] = ()
    spare: bool = False


def stages_of(config: Config) -> list[Stage]:
    """Return the stages of `config`, in order."""
    old, crawl_old = _site("old", config.old.source, config)
    new, crawl_new = _site("new", config.new.source, config)
    return [
        *crawl_old,
        *crawl_new,
        *_unlinked(config, old),
        _plan(config, old, new),
        *(_export(config, server) for server in config.export.to),
        *_verify(config, old, new),
        *_profile(config, old),
        *_equity(config, old, new),
        _report(config),
    ]


def _many(option: str, values: Iterable[object]) -> tuple[str, ...]:
    return tuple(part for value in values for part in (option, str(value)))


def _one(option: str, value: object | None) -> tuple[str, ...]:
    return () if value is None else (option, str(value))


def _site(name: str, source: str, config: Config) -> tuple[Path, list[Stage]]:
    if not source.startswith(("http://", "https://")):
        return config.path(source), []
    out = config.out_dir / f"{name}.db"
    argv = ("crawl", source, "--out", str(out), *_crawling(config))
    stage = Stage(f"crawl-{name}", argv, (), (out,), resume=("--resume",), crawl=out)
    return out, [stage]


def _crawling(config: Config) -> tuple[str, ...]:
    crawl = config.crawl
    return (
        *_many("--allow-private", crawl.allow_private),
        *_one("--max-pages", crawl.max_pages),
        *_one("--user-agent", crawl.user_agent),
        *_many("--include", crawl.include),
        *_many("--exclude", crawl.exclude),
        *_one("--delay", crawl.delay),
        *_many("--header", crawl.header),
        *_one("--basic-auth", crawl.basic_auth),
        *(("--render",) if crawl.render else ()),
        *_many("--render-url", crawl.render_url),
    )


def _exports(config: Config) -> tuple[tuple[str, ...], tuple[Path, ...]]:
    """Return the arguments that name the exports, and the files."""
    given = config.inputs
    options = {
        "--backlinks": given.backlinks,
        "--traffic": given.traffic,
        "--legacy": given.legacy,
        "--logs": given.logs,
        "--input": given.files,
    }
    paths = [(o, config.path(name)) for o, names in options.items() for name in names]
    weights = config.value.model_dump(exclude_defaults=True)
    argv = (
        *(part for option, path in paths for part in (option, str(path))),
        *_one("--encoding", given.encoding),
        *_many("--weight", (f"{name}={weight:g}" for name, weight in weights.items())),
    )
    return argv, tuple(inside for _, path in paths for inside in _inside(path))


def _inside(path: Path) -> list[Path]:
    """Return the files of a folder, or the file itself."""
    return sorted(path.iterdir()) if path.is_dir() else [path]


def _unlinked(config: Config, old: Path) -> list[Stage]:
    """Fetch what only exports know: its text then helps to match it."""
    argv, files = _exports(config)
    source = config.old.source
    if not files or not config.inputs.fetch or not source.startswith("http"):
        return []
    out = config.out_dir
    found, fetched = out / "unlinked.txt", out / "unlinked.db"
    listing = ("inventory", "--old", str(old), *argv, "--out", str(out))
    fetching = ("crawl", source, "--list", str(found), "--out", str(fetched))
    return [
        Stage("inventory", listing, (old, *files), (found,)),
        Stage(
            "crawl-unlinked",
            (*fetching, *_crawling(config)),
            (found,),
            (fetched,),
            resume=("--resume",),
            crawl=fetched,
            needs=found,
            spare=True,
        ),
    ]


def _plan(config: Config, old: Path, new: Path) -> Stage:
    out, people = config.out_dir, config.inputs.overrides
    given, files = _exports(config)
    overrides = (config.path(people),) if people else ()
    argv = (
        *("plan", "--old", str(old), "--new", str(new), "--out", str(out)),
        *given,
        *_many("--overrides", overrides),
        *("--max-error", f"{config.plan.max_error:g}"),
        *("--leftovers", config.plan.leftovers),
        *("--model", config.plan.model),
    )
    fetched = out / "unlinked.db"
    names = ("plan.csv", "findings.csv", "inventory.csv", "plan.json", "scores.parquet")
    return Stage(
        "plan",
        argv,
        (old, new, *files, *overrides, fetched),
        tuple(out / name for name in names),
        extra=(("--fetched", fetched),),
    )


def _export(config: Config, server: str) -> Stage:
    out, wanted = config.out_dir, config.export
    plan = out / "plan.csv"
    argv = (
        *("export", str(plan), "--to", server, "--out", str(out / "rules")),
        *("--query", wanted.query),
        *_one("--install-dir", wanted.install_dir),
        *(("--prove",) if wanted.prove else ()),
    )
    made = out / "rules" / server / "README.txt"
    return Stage(f"export-{server}", argv, (plan,), (made,))


def _verify(config: Config, old: Path, new: Path) -> list[Stage]:
    if config.verify.base is None:
        return []
    out = config.out_dir
    plan, folder = out / "plan.csv", out / "verify"
    given = map(config.path, config.inputs.logs)
    logs = tuple(log for path in given for log in _inside(path))
    argv = (
        *("verify", str(plan), "--base", config.verify.base, "--out", str(folder)),
        *("--old", str(old), "--new", str(new)),
        *_many("--logs", logs),
        *("--fail-on", config.verify.fail_on),
        *_many("--allow-private", config.crawl.allow_private),
    )
    passes = (EXIT_DONE, EXIT_FINDINGS)
    outputs = (folder / "verdicts.csv",)
    inputs = (plan, old, new, *logs)
    return [Stage("verify", argv, inputs, outputs, passes=passes)]


def _profile(config: Config, old: Path) -> list[Stage]:
    backlinks = tuple(config.path(name) for name in config.inputs.backlinks)
    if not backlinks or not config.old.source.startswith("http"):
        return []
    out = config.out_dir
    argv = (
        *("profile", *map(str, backlinks), "--site", config.old.source),
        *("--type", config.profile.type),
        *_one("--age-months", config.profile.age_months),
        *_many("--competitor", map(config.path, config.profile.competitors)),
        *("--pages", str(old), "--plan", str(out / "plan.csv"), "--out", str(out)),
    )
    inputs = (*backlinks, old, out / "plan.csv")
    return [Stage("profile", argv, inputs, (out / "profile.json",))]


def _equity(config: Config, old: Path, new: Path) -> list[Stage]:
    if {old.suffix, new.suffix} != {".db"}:
        return []
    out = config.out_dir
    plan = out / "plan.csv"
    backlinks = tuple(config.path(name) for name in config.inputs.backlinks)
    argv = (
        *("equity", "--site", str(old), "--plan", str(plan), "--new", str(new)),
        *_many("--backlinks", backlinks),
        *("--damping", str(config.equity.damping), "--seeds", config.equity.seeds),
        *("--out", str(out)),
    )
    inputs = (old, new, plan, *backlinks)
    return [Stage("equity", argv, inputs, (out / "equity.json",))]


def _report(config: Config) -> Stage:
    out = config.out_dir
    names = ("plan.csv", "findings.csv", "verify/verdicts.csv", "profile.json")
    inputs = tuple(out / name for name in (*names, "equity.json"))
    made = (out / "report.html", out / "map.xlsx")
    return Stage("report", ("report", str(out)), inputs, made)
