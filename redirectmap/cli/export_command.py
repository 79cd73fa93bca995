"""`redirectmap export`: a plan as server rules, proven if wished."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from redirectmap.cli.output import emit_json, json_option, quiet_option, say
from redirectmap.errors import EXIT_FINDINGS, UsageError


@click.command("export")
@click.argument(
    "plan", type=click.Path(path_type=Path), required=False, metavar="[PLAN]"
)
@click.option(
    "--to",
    "names",
    multiple=True,
    required=True,
    metavar="FORMAT",
    help="Rule format; `list` prints the table. May be repeated.",
)
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="DIR",
    help="Files are written to DIR/FORMAT.",
)
@click.option(
    "--install-dir",
    type=click.Path(path_type=Path),
    metavar="D",
    help="Where the files will live on the server.",
)
@click.option(
    "--query",
    type=click.Choice(["keep", "drop", "exact"]),
    default="keep",
    show_default=True,
    help="What becomes of a request's own query on a path's rule.",
)
@click.option("--include-review", is_flag=True, help="Export review rows, too.")
@click.option(
    "--old-host",
    "old_hosts",
    multiple=True,
    metavar="HOST",
    help="Refuse sources on other hosts. May be repeated.",
)
@click.option(
    "--target-host",
    "target_hosts",
    multiple=True,
    metavar="HOST",
    help="Refuse targets on other hosts. May be repeated.",
)
@click.option(
    "--rules",
    "rules_file",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="RULES.csv",
    help="Write the pattern rules accepted there (use = yes) in place of their rows.",
)
@click.option(
    "--prove",
    "proving",
    is_flag=True,
    help="Run the real server on loopback and request every row.",
)
@json_option
@quiet_option
@click.pass_context
def command(
    ctx: click.Context,
    plan: Path | None,
    *,
    names: tuple[str, ...],
    out: Path | None,
    install_dir: Path | None,
    query: Any,  # noqa: ANN401
    include_review: bool,
    old_hosts: tuple[str, ...],
    target_hosts: tuple[str, ...],
    rules_file: Path | None,
    proving: bool,
    as_json: bool,
    quiet: bool,
) -> None:
    """Write PLAN as rules for a server or a platform.

    PLAN is a plan.csv, the folder it is in, or the table of import-rules. Rows that a
    format cannot carry are listed in refused.csv, with the reason and their value.
    """
    from redirectmap.exporters import Hosts, export_plan, exporter, prove, read_plan

    if "list" in names:
        from redirectmap.exporters.listing import as_rows, as_text

        if as_json:
            emit_json({"formats": as_rows()})
        else:
            click.echo(as_text())
        return
    if plan is None or out is None:
        raise UsageError("PLAN and --out are needed", hint="redirectmap export --help")
    for name in names:
        exporter(name)
    path = plan / "plan.csv" if plan.is_dir() else plan
    table = read_plan(path)
    shapes = _accepted(rules_file)
    reports, failed = [], False
    for name in names:
        made = export_plan(
            table,
            name,
            out,
            install_dir=install_dir,
            query=query,
            include_review=include_review,
            hosts=Hosts(old_hosts, target_hosts),
            shapes=shapes,
        )
        _say_made(made, quiet=quiet)
        report = _report(made)
        if proving:
            proof = prove(table, name, made.folder)
            failed |= not proof.passed
            report["proof"] = proof.as_json()
            _say_proof(proof, quiet=quiet)
        reports.append(report)
    if as_json:
        emit_json({"exports": reports})
    ctx.exit(EXIT_FINDINGS if failed else 0)


def _accepted(path: Path | None) -> list[Any]:
    """Return the pattern rules that a person accepted."""
    if path is None:
        return []
    from redirectmap.planning.rules_file import accepted_rules

    shapes = accepted_rules(path)
    if not shapes:
        say(f"no rule in {path} is accepted; write yes in its column `use`")
    return shapes


def _report(made: Any) -> dict[str, Any]:  # noqa: ANN401
    refused = {one.rule_id: one.reason for one in made.refused_patterns}
    return {
        "format": made.name,
        "folder": str(made.folder),
        "files": list(made.files),
        "rules": made.rows,
        "refused": len(made.refused),
        "refused_value": made.refused_value,
        "left_out": made.left_out,
        "pattern_rules": made.patterns,
        "lines_before": made.lines_before,
        "lines_after": made.lines,
        "refused_pattern_rules": refused,
    }


def _say_made(made: Any, *, quiet: bool) -> None:  # noqa: ANN401
    say(
        f"{made.name}: {made.rows} rules in {made.folder}, {len(made.refused)} rows "
        f"refused ({made.refused_value:.2%} of the value), "
        f"{made.left_out} need no rule; queries: {made.query}",
        quiet=quiet,
    )
    if made.patterns:
        say(
            f"{made.name}: {made.patterns} pattern rules, {made.lines_before} lines "
            f"before, {made.lines} after",
            quiet=quiet,
        )
    for one in made.refused_patterns:
        say(f"{made.name}: rule {one.rule_id} is not used: {one.reason}")


def _say_proof(proof: Any, *, quiet: bool) -> None:  # noqa: ANN401
    if proof.problem:
        say(f"{proof.server} {proof.version} {proof.problem}")
        return
    word = "proven" if proof.passed else "NOT proven"
    say(
        f"{word} on {proof.server} {proof.version}: {proof.exact} of {proof.rows} rows "
        f"exact, {proof.requests} requests, {proof.near_misses} near misses, "
        f"{proof.difference_count} answers differ",
        quiet=quiet and proof.passed,
    )
    for item in proof.differences[:5]:
        say(f"  {item.probe}: {item.request}: {item.got}; expected {item.expected}")
