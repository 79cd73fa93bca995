"""Ask the real server: does every row answer as the plan says, byte for byte?

Decides what is asked. Every row of the plan, by GET, in the bytes that a browser
sends, also the rows that must not be answered; and, for every rule up to 20 000 and a
sample beyond, by HEAD, with a tracking parameter, and near misses (one character
more, one less, other case, a sub-path, a slash more or less), which must not be
answered by the rule. What to expect comes from the plan (`expect`), not from the files
and not from the exporters.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, cast

import pandas as pd

from redirectmap.errors import InputError, UsageError
from redirectmap.exporters.catalogue import exporter, exporters
from redirectmap.exporters.expect import (
    Answer,
    Asked,
    Expectation,
    Platform,
    asked_rows,
)
from redirectmap.exporters.export import plan_hash, read_record
from redirectmap.exporters.patterns import Pattern
from redirectmap.exporters.probes import Probe, probes
from redirectmap.exporters.servers import SERVERS, Server, running
from redirectmap.exporters.wire import Client, Got
from redirectmap.tables.files import read_strict_csv, write_json

FULL_ROWS = 20_000  # above, only a sample gets the near misses
SAMPLE = 5_000
MAX_SHOWN = 100
ASKED = {"row", "head", "tracking", "left alone", "left alone, tagged"}


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
        probes: Requests by what they were for.
        plan_sha256: As the files' headers say it.
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
    probes: dict[str, int]
    plan_sha256: str
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
    kind, server, record = exporter(name), _server_for(name), read_record(folder)
    if plan_hash(plan) != record["plan_rows_sha256"]:
        raise InputError(
            "was made of another plan", hint="export again", where=str(folder)
        )
    refused = set(read_strict_csv(folder / "refused.csv")["old_url"])
    rows = asked_rows(plan, refused, include_review=bool(record["include_review"]))
    can = kind.carries
    platform = Platform(
        query=cast("str", record["query"]),
        holds=can.holds,
        case=can.case,
        slash=can.slash,
        hex_case=can.hex_case,
        joins=can.joins,
        tagged=can.tagged,
    )
    said = cast("list[dict[str, Any]]", record.get("patterns") or [])
    patterns = [Pattern.from_json(one) for one in said]
    expected = Expectation(rows, platform, patterns)
    tally = _Tally()
    with running(server, folder, str(record["folder"])) as started:
        if not started.problem:
            with Client(started.port) as client:
                tally = _Asking(client, server, expected).all(rows)
    proof = Proof(
        format=name,
        server=server.name,
        version=started.version,
        rows=sum(row.rule for row in rows),
        exact=tally.exact,
        requests=tally.probes.total(),
        near_misses=sum(tally.probes.values()) - sum(tally.probes[n] for n in ASKED),
        probes=dict(sorted(tally.probes.items())),
        plan_sha256=str(record["plan_sha256"]),
        differences=tuple(tally.shown),
        difference_count=tally.count,
        problem=started.problem,
    )
    write_json(folder / "proof.json", proof.as_json())
    return proof


def _server_for(name: str) -> Server:
    program = exporter(name).server
    if program is None:
        can = sorted(name for name, kind in exporters().items() if kind.server)
        raise UsageError(
            f"no server here can run {name}",
            hint=f"--prove works with: {', '.join(can)}",
        )
    return SERVERS[program]


@dataclass
class _Tally:
    """Counts answers while they come in."""

    exact: int = 0
    probes: Counter[str] = field(default_factory=Counter)
    count: int = 0
    shown: list[Difference] = field(default_factory=list)


@dataclass
class _Asking:
    """One server being asked row by row."""

    client: Client
    server: Server
    expected: Expectation
    tally: _Tally = field(default_factory=_Tally)

    def all(self, rows: list[Asked]) -> _Tally:
        """Ask every row and count what came back."""
        ruled = sum(row.rule for row in rows)
        every = 1 if ruled <= FULL_ROWS else -(-ruled // SAMPLE)
        for index, row in enumerate(rows):
            asked = probes(row, whole=index % every == 0)
            if not self.server.queries:
                asked = (probe for probe in asked if "?" not in probe.wire)
            wrong = [probe for probe in asked if not self._right(row, probe)]
            own = any(probe.name in {"row", "head"} for probe in wrong)
            self.tally.exact += row.rule and not own
        return self.tally

    def _right(self, row: Asked, probe: Probe) -> bool:
        allowed = self.expected.allowed(probe.host, probe.wire)
        got = self.client.ask(probe.method, probe.host, probe.wire)
        self.tally.probes[probe.name] += 1
        if any(self.server.agrees(one, got, probe.name) for one in allowed):
            return True
        self._differs(row, probe, allowed, got)
        return False

    def _differs(
        self, row: Asked, probe: Probe, allowed: set[Answer | None], got: Got
    ) -> None:
        self.tally.count += 1
        if len(self.tally.shown) < MAX_SHOWN:
            request = f"{probe.method} {probe.wire[:300]}"
            wanted = " or ".join(sorted(map(shown_answer, allowed)))
            self.tally.shown.append(
                Difference(row.old_url, probe.name, request, wanted, shown_got(got))
            )


def shown_answer(expected: Answer | None) -> str:
    """Return an expected answer for a person."""
    if expected is None:
        return "no redirect"
    return f"{expected[0]} {expected[1] or ''}".strip()


def shown_got(got: Got) -> str:
    """Return a server's answer for a person."""
    location = "" if got.location is None else got.location.decode("latin-1")
    return f"{got.status} {location}".strip()
