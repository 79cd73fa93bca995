"""The demo's last screen: what was found, what is at risk, what to look at, where."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

from rich.console import Console, Group, RenderableType
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from redirectmap import urls
from redirectmap.demo.migration import Ran
from redirectmap.demo.score import Score, score
from redirectmap.planning.inventory_files import shown_path, told
from redirectmap.report import Gathered, gather
from redirectmap.report.figures import actions, finding_groups, live_answers, value_of

SHOWN_REVIEWS = 5
SHOWN_GROUPS = 6
MAX_WIDTH = 100


@dataclass(frozen=True)
class Result:
    """What the demo found, against the truth that comes with it."""

    ran: Ran
    found: Gathered
    score: Score
    seconds: float

    def as_json(self) -> Mapping[str, Any]:
        """Return the figures for a program."""
        severities = self.found.findings["severity"].value_counts()
        verdicts = self.found.verdicts
        fine = 0 if verdicts is None else int(verdicts["verdict"].eq("ok").sum())
        return {
            "folder": str(self.ran.folder),
            "seconds": round(self.seconds, 1),
            "rows": len(self.found.plan),
            "actions": actions(self.found.plan),
            "findings": {str(name): int(n) for name, n in severities.items()},
            "proofs": {
                name: {"rows": proof["rows"], "exact": proof["exact"]}
                for name, proof in self.found.proofs.items()
            },
            "not_installed": list(self.ran.unproven),
            "verified": {
                "rows": 0 if verdicts is None else len(verdicts),
                "ok": fine,
                "server": self.ran.launched,
            },
            "truth": dict(self.score.as_json()),
            "homepage_share": _homepage_shares(self.found.profile),
            "stages": {o.stage.name: round(o.seconds, 1) for o in self.ran.outcomes},
        }


def _homepage_shares(profile: Mapping[str, Any] | None) -> dict[str, float]:
    """Return the homepage's share of links: before, after the plan, if dumped."""
    home = profile["homepage"] if profile else {}
    known = {key: home.get(key) for key, _ in _PROFILE}
    return {key: of["links"]["share"] for key, of in known.items() if of}


def result(ran: Ran, seconds: float) -> Result:
    """Read what the demo wrote, and hold it against the truth."""
    found = gather(ran.folder)
    held = score(found.plan, ran.folder / "inputs" / "truth.csv")
    return Result(ran, found, held, seconds)


def closing(result: Result, console: Console | None = None) -> None:
    """Print the screen."""
    console = console or Console(stderr=True, highlight=False)
    console = console if console.width <= MAX_WIDTH else _narrow(console)
    console.print()
    for title, body in _panels(result):
        console.print(Panel(body, title=title, title_align="left", padding=(0, 1)))


def _narrow(console: Console) -> Console:
    console.width = MAX_WIDTH
    return console


def _panels(result: Result) -> Iterator[tuple[str, RenderableType]]:
    yield "What was found", _found(result)
    if "inventory" in result.found.summary:
        yield "What a crawl alone would have missed", _unseen(result)
    yield "What is at risk", _risk(result)
    if result.found.profile:
        yield "What becomes of the backlink profile", _profile(result.found.profile)
    yield "Look at these first", _first(result)
    yield "Against the truth of the sample", _truth(result.score)
    yield "Where it is", _files(result)


def _found(result: Result) -> RenderableType:
    plan = result.found.plan
    counts = actions(plan)
    table = _grid()
    table.add_row(
        f"{len(plan)}", "old URLs, known from the crawl, links, logs and old rules"
    )
    table.add_row(f"{counts['redirect']}", "redirected to their successor")
    if counts["keep"]:
        table.add_row(f"{counts['keep']}", "staying where they are")
    table.add_row(f"{counts['gone']}", "retired, to answer 410")
    table.add_row(f"{counts['review']}", "waiting for a person")
    for name, proof in result.found.proofs.items():
        said = f"{proof['server']} {proof['version']}"
        text = f"rules answer exactly as planned on {said} ({name})"
        table.add_row(f"{proof['exact']}/{proof['rows']}", text)
    for name in result.ran.unproven:
        table.add_row("-", f"{name} is not installed: its rules were not proven")
    verdicts = result.found.verdicts
    if verdicts is not None:
        fine, decided = live_answers(verdicts)
        text = f"decided rows answer live as planned, by {result.ran.launched}"
        table.add_row(f"{fine}/{decided}", text)
    return table


def _unseen(result: Result) -> RenderableType:
    known = result.found.summary["inventory"]
    table = Table.grid(padding=(0, 2))
    for row in known["unlinked_first"]:
        path = Text(shown_path(row["url"]))
        table.add_row(f"{row['priority']:.1%}", path)
        table.add_row("", Text(told(row), style="dim"))
    unknown = known["unknown_valuable"] or 0
    text = (
        f"{known['unlinked']} of {known['urls']} URLs,"
        f" {known['unlinked_value']:.1%} of the value; about {unknown:.0f} more that"
        f" no source knows (Chao 1987); {known['next_source']}"
    )
    return Group(table, Text(text))


def _risk(result: Result) -> RenderableType:
    table = Table.grid(padding=(0, 2))
    table.add_column(justify="right")
    table.add_column()
    table.add_column()
    for action, text in (
        ("review", "of links and traffic waits for a decision"),
        ("gone", "of links and traffic ends at a 410"),
    ):
        table.add_row(f"{value_of(result.found.plan, action):.1%}", "", text)
    groups = finding_groups(result.found.findings)
    for group in groups[:SHOWN_GROUPS]:
        style = {"error": "bold red", "warning": "yellow"}.get(group.severity, "cyan")
        tag = Text(group.severity, style=style)
        hint = f": {group.hint}" if group.hint else ""
        table.add_row(f"{group.rows}", tag, Text(f"{group.check}{hint}"))
    rest = sum(group.rows for group in groups[SHOWN_GROUPS:])
    if rest:
        table.add_row(
            f"{rest}", "", "more findings, all in findings.csv and the report"
        )
    return table


_PROFILE = (
    ("before", "of links, {} of referring domains point at the homepage today"),
    ("after", "and {} after this plan"),
    ("dumped", "and {} if every moved page was sent to the homepage"),
)


def _profile(profile: Mapping[str, Any]) -> RenderableType:
    """Say what the plan, and what a homepage dump, would make of the profile."""
    table = _grid()
    for key, text in _PROFILE:
        shares = profile["homepage"].get(key)
        if shares:
            domains = f"{shares['domains']['share']:.0%}"
            table.add_row(f"{shares['links']['share']:.0%}", text.format(domains))
    usual = profile["range"]
    span = f"{usual['low']:.0%} to {usual['high']:.0%}"
    table.add_row("", f"{span} is usual for {usual['why']}; sites win outside it too")
    return table


def _first(result: Result) -> RenderableType:
    plan = result.found.plan
    rows = plan[plan["action"] == "review"].head(SHOWN_REVIEWS)
    if rows.empty:
        return Text("Nothing is open.")
    table = Table.grid(padding=(0, 2))
    for row in rows.itertuples():
        table.add_row(
            f"{row.priority:.1%}",
            Text(_path(row.old_url)),
            Text(f"-> {_path(row.new_url)}" if row.new_url else "no proposal"),
        )
    return table


def _path(url: object) -> str:
    parsed = urls.parse(str(url))
    return unquote(parsed.wire) if isinstance(parsed, urls.Url) else str(url)


def _truth(held: Score) -> RenderableType:
    table = _grid()
    table.add_row(
        f"{held.right}/{held.live}", "live pages sent to the right page unseen"
    )
    text = f"left to a person ({held.proposed} with the right proposal)"
    table.add_row(f"{held.asked}", text)
    table.add_row(
        _counted(held.wrong + held.dropped), "sent to a wrong page or dropped"
    )
    text = f"of {held.retired} retired pages redirected all the same"
    table.add_row(_counted(held.redirected), text)
    if held.missing:
        table.add_row(_counted(held.missing), "old URLs of the truth were never seen")
    return table


def _counted(bad: int) -> Text:
    return Text(f"{bad}", style="bold red" if bad else "bold green")


def _grid() -> Table:
    table = Table.grid(padding=(0, 2))
    table.add_column(justify="right", style="bold", min_width=7)
    table.add_column()
    return table


def _files(result: Result) -> RenderableType:
    place = Text(f"in {result.ran.folder}", style="cyan")
    table = Table.grid(padding=(0, 2))
    for name, text in (
        ("report.html", "for the client: open it in a browser"),
        ("map.xlsx", "for the team: the map, filtered and ready to discuss"),
        ("plan.csv", "the plan itself: edit it and plan again, edits are kept"),
        ("rules/", "what the server loads, with its README"),
        ("redirectmap.toml", "the settings; `redirectmap init` writes yours"),
    ):
        table.add_row(Text(name, style="cyan"), text)
    return Group(
        place, table, Text(f"{result.seconds:.0f} seconds in all.", style="dim")
    )
