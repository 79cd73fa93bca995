"""Ask the real server: does every row answer as the plan says, byte for byte?

Decides what is asked. Every row that is not refused, by GET, in the bytes that
a browser sends; and, for every row up to 20 000 and a sample beyond, by HEAD,
with a tracking parameter, and near misses (one character more, one less, other
case, a sub-path, a slash more or less), which must not be answered by the rule.
What to expect comes from the plan, not from the files.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, cast

import pandas as pd

from redirectmap.errors import InputError, UsageError
from redirectmap.exporters.catalogue import exporter
from redirectmap.exporters.export import read_record
from redirectmap.exporters.gate import Hosts
from redirectmap.exporters.rules import Lookup, Query, Rule, build_rules
from redirectmap.exporters.servers import SERVERS, Server, running
from redirectmap.exporters.wire import Answer, Client
from redirectmap.tables.files import read_strict_csv, write_json

FULL_ROWS = 20_000  # above, only a sample gets the near misses
SAMPLE = 5_000
MAX_SHOWN = 100


@dataclass(frozen=True)
class Difference:
    """One answer that is not what the plan says."""

    old_url: str
    probe: str
    request: str
    expected: str
    got: str


@dataclass(frozen=True)
class Proof:
    """What the real server answered.

    Attributes:
        format: Rule format.
        server: Server program.
        version: As the server says it.
        rows: Rows that became a rule.
        exact: Of them, rows whose status and Location are right to the byte.
        requests: Requests sent.
        near_misses: Near misses among them.
        differences: What was wrong, the first hundred.
        difference_count: All that was wrong.
        problem: What the server said where it did not start; else empty.
    """

    format: str
    server: str
    version: str
    rows: int
    exact: int
    requests: int
    near_misses: int
    differences: tuple[Difference, ...]
    difference_count: int
    problem: str = ""

    @property
    def passed(self) -> bool:
        """Whether every answer was right."""
        return not self.problem and not self.difference_count

    def as_json(self) -> dict[str, Any]:
        """Return it for proof.json."""
        return {**asdict(self), "passed": self.passed}


@dataclass(frozen=True)
class RuleProbes:
    """The rules a folder holds, and what they answer."""

    rules: tuple[Rule, ...]
    lookup: Lookup


def prove(plan: pd.DataFrame, name: str, folder: Path) -> Proof:
    """Load the files in `folder` into the real server and ask it row by row.

    Args:
        plan: The plan they were made of.
        name: Rule format.
        folder: OUT/<name>, as `export_plan` wrote it; proof.json is added.

    Raises:
        UsageError: No server can run this format here.
        ServerError: The server is not installed, or does not start.
        InputError: The folder was made of another plan.
    """
    server = _server_for(name)
    record = read_record(folder)
    rules = _rules_written(plan, folder, record)
    asked = RuleProbes(rules, Lookup(rules, cast("Query", record["query"])))
    tally = _Tally()
    with running(server, folder, str(record["folder"])) as started:
        if not started.problem:
            with Client(started.port) as client:
                tally = _ask_all(client, server, asked)
    proof = Proof(
        format=name,
        server=server.name,
        version=started.version,
        rows=len(rules),
        exact=tally.exact,
        requests=tally.requests,
        near_misses=tally.near,
        differences=tuple(tally.shown),
        difference_count=tally.count,
        problem=started.problem,
    )
    write_json(folder / "proof.json", proof.as_json())
    return proof


def _server_for(name: str) -> Server:
    program = exporter(name).server
    if program is None:
        can = sorted(n for n in SERVERS)
        raise UsageError(
            f"no server here can run {name}",
            hint=f"--prove works with: {', '.join(can)}",
        )
    return SERVERS[program]


def _rules_written(
    plan: pd.DataFrame, folder: Path, record: dict[str, object]
) -> tuple[Rule, ...]:
    rules = build_rules(
        plan,
        include_review=bool(record["include_review"]),
        hosts=Hosts(
            tuple(cast("list[str]", record["old_hosts"])),
            tuple(cast("list[str]", record["target_hosts"])),
        ),
    )
    if rules.plan_hash != record["plan_sha256"]:
        raise InputError(
            "was made of another plan", hint="export again", where=str(folder)
        )
    refused = set(read_strict_csv(folder / "refused.csv")["old_url"])
    return tuple(rule for rule in rules.rules if rule.old_url not in refused)


@dataclass
class _Tally:
    """Counts answers while they come in."""

    exact: int = 0
    requests: int = 0
    near: int = 0
    count: int = 0
    shown: list[Difference] = field(default_factory=list)


def _ask_all(client: Client, server: Server, rules: RuleProbes) -> _Tally:
    tally = _Tally()
    every = 1 if len(rules.rules) <= FULL_ROWS else -(-len(rules.rules) // SAMPLE)
    for index, rule in enumerate(rules.rules):
        wrong = [
            probe
            for probe in probes(rule, whole=index % every == 0)
            if not _right(client, server, rules.lookup, rule, probe, tally)
        ]
        tally.exact += not any(probe.name in {"row", "head"} for probe in wrong)
    return tally


def _right(
    client: Client,
    server: Server,
    lookup: Lookup,
    rule: Rule,
    probe: Probe,
    tally: _Tally,
) -> bool:
    expected = lookup.answer(probe.host, probe.wire)
    got = client.ask(probe.method, probe.host, probe.wire)
    tally.requests += 1
    tally.near += probe.name not in {"row", "head", "tracking"}
    if server.agrees(expected, got, probe.name):
        return True
    tally.count += 1
    if len(tally.shown) < MAX_SHOWN:
        request = f"{probe.method} {probe.wire[:300]}"
        said = shown_answer(expected), shown_got(got)
        tally.shown.append(Difference(rule.old_url, probe.name, request, *said))
    return False


@dataclass(frozen=True, slots=True)
class Probe:
    """One request: what it is for, and its bytes."""

    name: str
    method: str
    host: str
    wire: str


def probes(rule: Rule, *, whole: bool) -> Iterator[Probe]:
    """Yield the requests for one row."""
    host = rule.host or "redirectmap.invalid"
    yield Probe("row", "GET", host, rule.wire)
    if not whole:
        return
    yield Probe("head", "HEAD", host, rule.wire)
    joint = "?" if rule.query is None else "&"
    yield Probe("tracking", "GET", host, f"{rule.wire}{joint}utm_source=a%20b")
    if rule.host:
        yield Probe("other host", "GET", "redirectmap.invalid", rule.wire)
    for name, wire in _near(rule.path, rule.query):
        yield Probe(name, "GET", host, wire)


def _near(path: str, query: str | None) -> Iterator[tuple[str, str]]:
    """Yield request targets that are almost the row's."""
    tail = "" if query is None else f"?{query}"
    yield "one more", f"{path}x{tail}"
    yield "sub-path", f"{path.rstrip('/')}/x{tail}"
    yield "before", f"/x{path}{tail}"
    slash = path.rstrip("/") if path.endswith("/") else f"{path}/"
    if slash:
        yield "slash", f"{slash}{tail}"
    if len(path) > 1 and "%" not in path[-3:]:
        yield "one less", f"{path[:-1]}{tail}"
    if "%" not in path and path.swapcase() != path:
        yield "other case", f"{path.swapcase()}{tail}"
    if "." in path:
        yield "any character", f"{path.replace('.', 'x')}{tail}"
    if query is not None:
        yield "query more", f"{path}{tail}x"


def shown_answer(expected: tuple[int, str | None] | None) -> str:
    """Return an expected answer for a person."""
    if expected is None:
        return "no redirect"
    return f"{expected[0]} {expected[1] or ''}".strip()


def shown_got(got: Answer) -> str:
    """Return a server's answer for a person."""
    location = "" if got.location is None else got.location.decode("latin-1")
    return f"{got.status} {location}".strip()
