"""Write a plan's rules to a folder, whole, with what was refused and why."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pandas as pd

from redirectmap import __version__
from redirectmap.errors import UsageError
from redirectmap.exporters.base import Exporter, Options
from redirectmap.exporters.build import build_rules
from redirectmap.exporters.carry import carried
from redirectmap.exporters.catalogue import exporter
from redirectmap.exporters.gate import ANY_HOSTS, Hosts
from redirectmap.exporters.patterns import RefusedPattern, with_patterns
from redirectmap.exporters.rules import Query, Refused, RuleSet, spelled
from redirectmap.exporters.text import old_host
from redirectmap.planning.shapes import Shape
from redirectmap.tables.files import read_json, write_atomic, write_csv, write_json

RECORD = "export.json"


@dataclass(frozen=True)
class ExportResult:
    """What was written.

    Attributes:
        name: Rule format.
        folder: Where it was written to.
        files: Names of the files, sorted.
        rows: Rules written.
        refused: Rows not carried, dearest first.
        left_out: Rows that need no rule (`keep`, `review`).
        query: What becomes of a request's own query; where the format cannot do
            what was asked for, what it does instead.
        patterns: Pattern rules written.
        lines_before: Rules without pattern rules.
        lines: Rules written in all, exact ones and patterns.
        refused_patterns: Accepted pattern rules that are not written, with reason.
    """

    name: str
    folder: Path
    files: tuple[str, ...]
    rows: int
    refused: tuple[Refused, ...]
    left_out: int
    query: Query = "keep"
    patterns: int = 0
    lines_before: int = 0
    lines: int = 0
    refused_patterns: tuple[RefusedPattern, ...] = ()

    @property
    def refused_value(self) -> float:
        """Share (0 to 1) of the old site's value on the refused rows."""
        return sum(item.value for item in self.refused)


def export_plan(  # noqa: PLR0913 -- one per choice of the command
    plan: pd.DataFrame,
    name: str,
    out: Path,
    *,
    install_dir: Path | None = None,
    query: Query = "keep",
    include_review: bool = False,
    hosts: Hosts = ANY_HOSTS,
    shapes: Sequence[Shape] = (),
) -> ExportResult:
    """Write the rules of `plan` in the format `name` to `out`/`name`.

    Args:
        plan: Schema `PLAN`.
        name: Rule format, see `exporters`.
        out: Folder above the format's own.
        install_dir: Where the files will live on the server; default: where
            they are written.
        query: What becomes of a request's own query on a path's rule.
        include_review: Export `review` rows that hold a proposal, too.
        hosts: The project's hosts.
        shapes: Pattern rules that a person accepted, in order.

    Raises:
        UsageError: No such format, or it cannot write pattern rules.
    """
    kind = exporter(name)
    if shapes and not kind.patterns:
        raise UsageError(
            f"{name} cannot write pattern rules",
            hint="leave --rules out, or export to nginx, apache or htaccess",
        )
    used = query if query in kind.carries.modes else kind.carries.modes[0]
    folder = out / name
    options = Options(used, (install_dir or folder).absolute(), __version__)
    whole = build_rules(plan, include_review=include_review, hosts=hosts)
    rules, files = _fitting(whole, kind, options)
    if shapes:
        rules = with_patterns(rules, plan, shapes)
        files = kind.render(rules, options)
    _compare(kind, rules, files)
    for file, data in files.items():
        write_atomic(folder / file, data)
    _write_refused(folder, rules)
    write_atomic(folder / "README.txt", _readme(kind, rules, options, files))
    record = {
        "format": name,
        "version": __version__,
        "plan_sha256": rules.digest,
        "plan_rows_sha256": plan_hash(plan),
        "rules": rules.rows,
        "refused": len(rules.refused),
        "query": used,
        "include_review": include_review,
        "folder": str(options.folder),
        "old_hosts": sorted(hosts.old),
        "target_hosts": sorted(hosts.target),
        "files": sorted(files),
        "patterns": [pattern.as_json() for pattern in rules.patterns],
    }
    write_json(folder / RECORD, record)
    return ExportResult(
        name=name,
        folder=folder,
        files=tuple(sorted(files)),
        rows=rules.rows,
        refused=rules.refused,
        left_out=rules.left_out,
        query=used,
        patterns=len(rules.patterns),
        lines_before=len(rules.rules) + sum(one.rows for one in rules.patterns),
        lines=len(rules.rules) + len(rules.patterns),
        refused_patterns=rules.refused_patterns,
    )


def read_record(folder: Path) -> dict[str, object]:
    """Read how the files in `folder` were made.

    Raises:
        InputError: There is no record in `folder`.
    """
    return read_json(folder / RECORD)


def _fitting(
    whole: RuleSet, kind: Exporter, options: Options
) -> tuple[RuleSet, dict[str, bytes]]:
    """Render, and leave the least valuable rules out until the files are small."""
    rules = carried(whole, kind, options)
    files = kind.render(rules, options)
    limit = kind.carries.file_bytes
    while limit and rules.rules and max(map(len, files.values())) > limit:
        share = limit / max(map(len, files.values()))
        count = min(len(rules.rules) - 1, int(len(rules.rules) * share * 0.98))
        rules = carried(whole, kind, options, count)
        files = kind.render(rules, options)
    return rules, files


def plan_hash(plan: pd.DataFrame) -> str:
    """Return the SHA-256 over what decides the rules, whatever the row order."""
    names = ("old_url", "action", "status", "new_url")
    columns = [plan[name].astype("string").fillna("").tolist() for name in names]
    lines = sorted(map("\t".join, zip(*columns, strict=True)))
    return hashlib.sha256("\n".join(lines).encode("utf-8", "replace")).hexdigest()


def _compare(kind: Exporter, rules: RuleSet, files: dict[str, bytes]) -> None:
    """Read the files back before they are written, and compare with the rules.

    Every rule must be there; besides, only other spellings of their escapes.
    """
    if kind.reread is None:
        return
    found, entries, known = kind.reread(files), rules.entries, rules.spellings
    if found and not any(key.startswith("/") for key in found):
        entries = tuple(replace(r, host=r.host or old_host(r)) for r in entries)
        known = spelled(entries)
    odd = [rule.key for rule in entries if found.get(rule.key) != rule.answer]
    odd += (
        key
        for key, answer in found.items()
        if key not in known or known[key].answer != answer
    )
    if odd:
        raise RuntimeError(
            f"the {kind.name} files would not say what the plan says; nothing was "
            f"written. Please report it: {str(sorted(odd)[:2])[:500]}"
        )


def _write_refused(folder: Path, rules: RuleSet) -> None:
    rows = [(r.old_url, r.code, r.reason, r.value) for r in rules.refused]
    columns = ["old_url", "code", "reason", "value"]
    write_csv(folder / "refused.csv", pd.DataFrame(rows, columns=columns))


def _readme(
    kind: Exporter, rules: RuleSet, options: Options, files: Collection[str]
) -> str:
    at_stake = sum(item.value for item in rules.refused)
    lines = (
        f"Redirect rules for {kind.title}, by redirectmap {options.version}",
        f"plan sha256 {rules.digest}",
        f"{rules.rows} rules in {', '.join(sorted(files))}",
        f"{len(rules.refused)} rows refused, {at_stake:.2%} of the value: refused.csv",
        f"{rules.left_out} rows need no rule (keep, review)",
        f"queries: {options.query}",
        *_won(rules),
        "",
        kind.load.format(folder=options.folder),
        "",
    )
    return "\n".join(lines)


def _won(rules: RuleSet) -> list[str]:
    """Say what pattern rules save, and which ones are not written."""
    if not rules.patterns and not rules.refused_patterns:
        return []
    stood_for = sum(one.rows for one in rules.patterns)
    before = len(rules.rules) + stood_for
    return [
        f"{len(rules.patterns)} pattern rules stand for {stood_for} exact ones",
        f"{before} lines before, {len(rules.rules) + len(rules.patterns)} after",
        *(
            f"rule {one.rule_id} not used: {one.reason}"
            for one in rules.refused_patterns
        ),
    ]
