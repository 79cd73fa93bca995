"""Count verdicts, and say how a run stands: for a person and for a program."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from redirectmap.errors import ServerError
from redirectmap.tables.schemas import SEVERITIES
from redirectmap.verify.problems import OK

SHOWN_ROWS = 10
SHOWN_RUNS = 5
Verdict = Mapping[str, Any]


class Counts:
    """One pass over verdicts, worst first, counted.

    Args:
        verdicts: Records with old_url, verdict, severity, value, problems ...
    """

    def __init__(self, verdicts: Iterable[Verdict]) -> None:
        self.rows = 0
        self.asked = 0
        self.answered = 0
        self.verdicts: Counter[str] = Counter()
        self.problems: Counter[str] = Counter()
        self.by_severity: dict[str, Counter[str]] = {s: Counter() for s in SEVERITIES}
        self.worth: defaultdict[str, float] = defaultdict(float)
        self.highest: dict[str, float] = {}
        self.worst: list[Verdict] = []
        for verdict in verdicts:
            self._count(verdict)

    def _count(self, row: Verdict) -> None:
        name, severity = row["verdict"], row["severity"]
        value = float(row["value"] or 0.0)
        self.rows += 1
        self.asked += name != "not_checked"
        self.answered += bool(row["final_status"] or row["hop_count"])
        self.verdicts[name] += 1
        self.problems.update(filter(None, row["problems"].split(";")))
        if not severity:
            return
        self.by_severity[severity][name] += 1
        self.worth[severity] += value
        self.highest[severity] = max(self.highest.get(severity, 0.0), value)
        if severity != "notice" and len(self.worst) < SHOWN_ROWS:
            self.worst.append(row)

    def summary(self) -> dict[str, Any]:
        """Return counts and value at stake for a program."""
        return {
            "rows": self.rows,
            "ok": self.verdicts[OK],
            "severities": {s: self.by_severity[s].total() for s in SEVERITIES},
            "verdicts": dict(self.verdicts.most_common()),
            "problems": dict(self.problems.most_common()),
            "value_at_stake": round(float(self.worth["error"]), 6),
        }

    def fails(self, fail_on: str, *, min_value: float = 0.0) -> bool:
        """Say whether rows worth `min_value` or more are at or above `fail_on`."""
        if fail_on == "never":
            return False
        counted = SEVERITIES[: SEVERITIES.index(fail_on) + 1]
        return any(self.highest.get(name, -1.0) >= min_value for name in counted)

    def demand_answers(self, base: str | None) -> None:
        """Complain when nobody was there.

        Raises:
            ServerError: No row brought a status or a redirect.
        """
        if self.asked and not self.answered:
            raise ServerError(
                "not one old URL was answered",
                hint="check --base or --resolve, and that the server runs",
                where=base,
            )


def changes_text(counts: Mapping[str, int], changes: Iterable[Verdict]) -> str:
    """Return the lines about a baseline: how many, and the new ones."""
    told = ", ".join(f"{count} {name}" for name, count in counts.items())
    lines = ["\n", f"Since the baseline: {told}"]
    for row in changes:
        if row["change"] not in {"new", "worse"} or len(lines) >= SHOWN_ROWS + 2:
            break
        lines.append(f"  [{row['change']}: {row['now']}] {row['old_url']}")
    return "\n".join(lines)


def trend_text(trend: Sequence[Mapping[str, Any]]) -> str:
    """Return the lines about the last runs; nothing for a first one."""
    if len(trend) < 2:
        return ""
    lines = ["\n", "Over time:"]
    for run in trend[-SHOWN_RUNS:]:
        share = run["ok"] / run["rows"] if run["rows"] else 0.0
        stake = f"{run['value_at_stake']:.2%} of the value at stake"
        lines.append(f"  {run['run']}  {share:7.2%} ok, {run['error']} errors, {stake}")
    return "\n".join(lines)


def summary_text(counts: Counts) -> str:
    """Return the screen a person reads: counts, then the worst rows."""
    lines = [f"{counts.rows} rows checked: {counts.verdicts[OK]} ok"]
    for severity, names in counts.by_severity.items():
        if names:
            told = ", ".join(f"{name} {count}" for name, count in names.most_common())
            share = counts.worth[severity]
            value = f", {share:.1%} of the value" if share else ""
            lines.append(f"  {names.total()} {severity}{value}: {told}")
    if counts.worst:
        lines += ["", "Look first at:"]
    for row in counts.worst:
        lines.append(f"  [{row['verdict']}] {row['old_url']}")
        lines.append(f"      {_short(str(row['message']))}")
        lines.append(f"      do: {row['hint']}")
    broken = sum(counts.by_severity[s].total() for s in ("error", "warning"))
    if broken > len(counts.worst):
        lines.append(f"  ... and {broken - len(counts.worst)} more in verdicts.csv")
    return "\n".join(lines)


def _short(text: str) -> str:
    return text if len(text) <= 300 else f"{text[:297]}..."
