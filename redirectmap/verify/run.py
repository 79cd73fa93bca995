"""One verification under way: what it works on, and what it has found."""

from __future__ import annotations

from dataclasses import dataclass, field

from redirectmap.verify.engine import Engine
from redirectmap.verify.judge import Row
from redirectmap.verify.problems import Problem
from redirectmap.verify.settings import VerifySettings
from redirectmap.verify.sites import Sites
from redirectmap.verify.state import State


@dataclass(slots=True)
class Run:
    """One verification under way."""

    rows: list[Row]
    sites: Sites
    settings: VerifySettings
    state: State
    engine: Engine
    chosen: frozenset[str]
    problems: dict[str, list[Problem]] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    def add(self, old_url: str, *problems: Problem) -> None:
        """Attach problems to a row."""
        self.problems.setdefault(old_url, []).extend(problems)
