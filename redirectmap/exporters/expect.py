"""What a plan says about one request: the prover's own reading of the plan.

Shares nothing with the exporters but the URL gate of floor 0, so that a mistake they
share cannot hide: no rule model, no refusals, no spelling of keys. A request for a
row's own address gets the row's answer or, where the row is kept, undecided or refused,
none. A request for the address of another host gets that one's answer or none, since a
rule file may hold for one host or for all. Everything else gets none.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence, Set as AbstractSet
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pandas as pd

from redirectmap.tracking import set_aside
from redirectmap.urls import Url, parse

if TYPE_CHECKING:
    from redirectmap.exporters.patterns import Pattern

Answer = tuple[int, str | None]
_Known = dict[str, dict[str, set["Answer | None"]]]


@dataclass(frozen=True, slots=True)
class Asked:
    """One row of a plan as a request and the answer to it.

    Attributes:
        old_url: The plan's row.
        host: Host header, with its port if any.
        wire: Path and query as sent.
        answer: Status and Location; None where there must be no answer.
        rule: Whether the row became a rule.
        open: Whether the page need not stay: refused or undecided.
        page: Where the plan sends it, without query; None where it does not.
    """

    old_url: str
    host: str
    wire: str
    answer: Answer | None
    rule: bool
    open: bool = False
    page: str | None = None


def asked_rows(
    plan: pd.DataFrame, refused: AbstractSet[str], *, include_review: bool
) -> list[Asked]:
    """Read every row of a plan that a browser could ask for.

    Args:
        plan: Schema `PLAN`.
        refused: old_url of the rows that were refused.
        include_review: Whether proposals were exported, too.
    """
    columns = [plan[name] for name in ("old_url", "action", "status", "new_url")]
    rows = zip(*(column.tolist() for column in columns), strict=True)
    found = (_asked(row, refused, reviewed=include_review) for row in rows)
    return [row for row in found if row]


def _asked(
    row: tuple[str, str, object, object], refused: AbstractSet[str], *, reviewed: bool
) -> Asked | None:
    text, action, status, target = row
    old = _url(text)
    if old is None or text != text.strip():
        return None  # refused: nobody knows which address is meant
    new = _url(target) if isinstance(target, str) and target else None
    proposal = action == "review" and reviewed and new is not None
    decided = action in {"redirect", "gone"} or proposal
    rule = decided and text not in refused
    if not rule and "\\" in text.partition("?")[0]:
        return None
    code = int(str(status)) if pd.notna(status) else 0  # type: ignore[call-overload]
    answer: Answer | None = None
    if rule and (action == "gone" or code in {404, 410, 451}):
        answer = code or 410, None
    elif rule and new is not None:
        answer = code if 300 <= code < 400 else 301, new.href
    page = _page(new.href) if decided and new is not None else None
    return Asked(text, old.host, old.wire, answer, rule, action != "keep", page)


def _url(text: str) -> Url | None:
    for mark in (
        "\u2028",
        "\u2029",
    ):  # a gate of lines refuses them, a browser does not
        text = text.replace(mark, "%E2%80%A8" if mark == "\u2028" else "%E2%80%A9")
    found = parse(text)
    return found if isinstance(found, Url) else None


@dataclass(frozen=True)
class Platform:
    """What a platform declares that changes which answers are right.

    Attributes:
        query: What becomes of a request's own query: keep, drop or exact.
        holds: It can keep a path's rule from an exact query.
        case: Letter case counts.
        slash: A last slash counts.
        hex_case: The case of hex digits counts.
        joins: A request's own query joins that of a target.
        tagged: A query's rule answers for it with tracking parameters, too.
    """

    query: str
    holds: bool = True
    case: bool = True
    slash: bool = True
    hex_case: bool = False
    joins: bool = True
    tagged: bool = False

    def folded(self, wire: str) -> str:
        """Return the address as a platform compares it that folds case or slashes."""
        path, mark, query = wire.partition("?")
        path = path if self.case else path.lower()
        return (path if self.slash else path.rstrip("/")) + mark + query

    @property
    def folds(self) -> bool:
        """Whether it takes different addresses for one."""
        return not (self.case and self.slash)


class Expectation:
    """Every answer that a request may get."""

    def __init__(
        self,
        rows: Iterable[Asked],
        platform: Platform,
        patterns: Sequence[Pattern] = (),
    ) -> None:
        self._platform = platform
        self._patterns = patterns
        self._rows: _Known = defaultdict(lambda: defaultdict(set))
        self._upper: _Known = defaultdict(lambda: defaultdict(set))
        self._folded: dict[str, set[Answer | None]] = defaultdict(set)
        self._open: set[tuple[str, str]] = set()
        self._pages: dict[tuple[str, str], str] = {}
        for row in rows:
            self._add(row)

    def _add(self, row: Asked) -> None:
        host = bare(row.host)
        self._rows[row.wire][host].add(row.answer)
        self._upper[upper_hex(row.wire)][host].add(row.answer)
        if self._platform.folds:
            self._folded[self._platform.folded(row.wire)].add(row.answer)
        if row.open and row.answer is None:
            self._open.add((host, row.wire))
        if not row.rule and row.page:
            self._pages[host, row.wire] = row.page

    def allowed(self, host: str, wire: str) -> set[Answer | None]:
        """Return the answers that are right; None stands for no redirect."""
        right = self._exactly(host, wire)
        if self._platform.folds:
            right |= self._folded.get(self._platform.folded(wire), set())
        return right

    def _exactly(self, host: str, wire: str) -> set[Answer | None]:
        return self._said(bare(host), wire, "", self._tagged(host, wire))

    def _tagged(self, host: str, wire: str) -> set[Answer | None]:
        """Return what a query's rule says to it with tracking parameters."""
        by_path = self._by_path(host, wire)
        path, _, query = wire.partition("?")
        kept, tags = set_aside(query)
        able = self._platform.tagged and self._platform.query != "exact"
        if not (able and kept and tags):
            return by_path
        return self._said(bare(host), f"{path}?{kept}", tags, by_path)

    def _said(
        self, name: str, wire: str, tags: str, otherwise: set[Answer | None]
    ) -> set[Answer | None]:
        """Return what the rows of an address say, or `otherwise` where none does."""
        known, upper = self._rows.get(wire), upper_hex(wire)
        loose: set[Answer | None] = set()
        twins, hex_case = self._upper.get(upper, {}), self._platform.hex_case
        own_twin = known and name not in known and name in twins and not hex_case
        if known is None or own_twin:
            known = twins
            if known and hex_case:
                loose = {None}
            elif wire not in {upper, lower_hex(wire)}:
                loose = otherwise  # servers know a spelling of one case only
        right = {
            host: {self._joined(answer, tags) for answer in said - {None}} or {None}
            for host, said in known.items()
        }
        if name in right:
            return right[name] | self._instead(name, wire, otherwise) | loose
        elsewhere = set().union(*right.values())
        return otherwise | elsewhere if len(elsewhere) == 1 else otherwise

    def _instead(
        self, name: str, wire: str, otherwise: set[Answer | None]
    ) -> set[Answer | None]:
        """Return what another rule may say to a row that has no rule itself.

        That is nothing, unless it leads to the same page, or the format cannot help it
        and the page need not stay.
        """
        if (name, wire) in self._open:
            twins = self._upper.get(upper_hex(wire), {}).get(name, set()) - {None}
            if twins or not self._platform.holds:
                return twins or otherwise  # a twin differs by the case of hex digits
        page = self._pages.get((name, wire))
        return {a for a in otherwise if a and a[1] and _page(a[1]) == page}

    def _by_path(self, host: str, wire: str) -> set[Answer | None]:
        path, mark, query = wire.partition("?")
        if not mark:
            found = (one.answer(host, path) for one in self._patterns)
            return {next((answer for answer in found if answer), None)}
        if self._platform.query == "exact":
            return {None}
        return {self._joined(answer, query) for answer in self.allowed(host, path)}

    def _joined(self, answer: Answer | None, query: str) -> Answer | None:
        if answer is None or answer[1] is None or not query:
            return answer
        page, mark, fragment = answer[1].partition("#")
        own = "?" in page
        if self._platform.query == "drop" or (own and not self._platform.joins):
            return answer
        between = "?" if not own else "" if page[-1] == "?" else "&"
        return answer[0], page + between + query + mark + fragment


def _page(href: str) -> str:
    return href.partition("#")[0].partition("?")[0]


def bare(host: str) -> str:
    """Return a host without its port and last dot."""
    name, colon, port = host.rpartition(":")
    return (name if colon and port.isdigit() else host).rstrip(".").lower()


def upper_hex(wire: str) -> str:
    """Return a request target with its escapes in upper case."""
    first, *rest = wire.split("%")
    return "%".join([first, *(part[:2].upper() + part[2:] for part in rest)])


def lower_hex(wire: str) -> str:
    """Return a request target with its escapes in lower case."""
    first, *rest = wire.split("%")
    return "%".join([first, *(part[:2].lower() + part[2:] for part in rest)])
