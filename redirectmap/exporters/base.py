"""What an exporter is: a name, what it can carry, and how it spells rules.

Decides nothing about a rule: `carry` works out from the limits declared here which
rules a platform can carry. Exporters never drop a row on their own.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from redirectmap.exporters.rules import Query, Rule, RuleSet

BAD_PERCENT = r"^[^?]*%(?![0-9A-Fa-f]{2})"
ANY_STATUS = frozenset({301, 302, 303, 307, 308, 404, 410, 451})


@dataclass(frozen=True)
class Options:
    """How a plan is to be exported.

    Attributes:
        query: What becomes of a request's own query.
        folder: Where the files will live on the server.
        version: Version of redirectmap, for the header.
    """

    query: Query
    folder: Path
    version: str


@dataclass(frozen=True)
class Carries:
    """What a format can say, and how much of it.

    Attributes:
        statuses: Statuses it can answer with.
        queries: A source may have a query that must match exactly.
        hosts: A rule may hold for one host only.
        case: Letter case of a source counts.
        slash: A trailing slash of a source counts.
        fragments: A target may have a fragment.
        prefix: A rule also holds for every address that begins with its own.
        holds: An entry can keep the rule of a path from one exact query.
        hex_case: `%c3` and `%C3` are told apart; else a rule holds for both.
        joins: A request's own query joins that of a target; else it is dropped there.
        tagged: The rule of a query answers for it with tracking parameters, too.
        modes: What may become of a request's own query.
        bad: (code, pattern, reason) of sources it cannot carry.
        bad_targets: The same of targets.
        rows: Most rules; None where no limit is known.
        source_chars: Longest source, path and query.
        target_chars: Longest target.
        file_bytes: Largest file, for the table.
        origin: Where the limits are from.
    """

    statuses: frozenset[int] = ANY_STATUS
    queries: bool = True
    hosts: bool = True
    case: bool = True
    slash: bool = True
    fragments: bool = True
    prefix: bool = False
    holds: bool = False
    hex_case: bool = False
    joins: bool = True
    tagged: bool = False
    modes: tuple[Query, ...] = ("keep", "drop", "exact")
    bad: tuple[tuple[str, str, str], ...] = ()
    bad_targets: tuple[tuple[str, str, str], ...] = ()
    rows: int | None = None
    source_chars: int | None = None
    target_chars: int | None = None
    file_bytes: int | None = None
    origin: str = ""


Render = Callable[[RuleSet, Options], dict[str, bytes]]
Reread = Callable[[dict[str, bytes]], dict[str, str]]
Special = Callable[[Rule, Options], tuple[str, str] | None]


@dataclass(frozen=True)
class Exporter:
    """One rule format.

    Attributes:
        name: On the command line.
        title: For people.
        carries: What it can say.
        render: Rules to file name and bytes; same rules, same bytes.
        load: How to load the files, lines for README.txt; `{folder}` is theirs.
        special: Code and reason for a rule that this format alone refuses.
        server: Name of the prover that can run it, if any.
        reread: Files back to key and answer, to compare before they are written.
        patterns: It can write pattern rules.
    """

    name: str
    title: str
    carries: Carries
    render: Render
    load: str
    special: Special | None = None
    server: str | None = None
    reread: Reread | None = None
    patterns: bool = False


def header(
    rules: RuleSet, options: Options, name: str, load: str, mark: str = "#"
) -> str:
    """Return the comment lines that every generated file begins with.

    Args:
        rules: Of the file.
        options: As they were exported.
        name: What the file is for.
        load: How to load it, in some words.
        mark: Begins a comment.
    """
    queries = {
        "keep": "the request's own query is kept",
        "drop": "the request's own query is dropped",
        "exact": "only exact requests are answered",
    }[options.query]
    lines = (
        f"redirectmap {options.version}, rules for {name}; do not edit, export anew",
        f"plan sha256 {rules.digest}",
        f"{len(rules.rules)} rules; {queries}",
        f"how to load: {load} (README.txt)",
    )
    return "".join(f"{mark} {line}\n" for line in lines)


def without_header(text: str) -> str:
    """Return a file of ours without its comment lines."""
    lines = text.splitlines(keepends=True)
    return "".join(line for line in lines if not line.startswith("# "))


SERVER_BAD = (
    ("bad_percent", BAD_PERCENT, "servers answer 400 to a broken escape in a path"),
    ("control_char", "^[^?]*%00", "servers answer 400 or 404 to %00 in a path"),
)
