"""One verification under way: what it works with, and what is said of hosts."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from redirectmap.verify.engine import Engine
from redirectmap.verify.settings import VerifySettings
from redirectmap.verify.sites import Sites
from redirectmap.verify.state import State
from redirectmap.verify.walk import Walker

Step = Callable[[int], None]


@dataclass(slots=True)
class Run:
    """One verification under way."""

    sites: Sites
    settings: VerifySettings
    state: State
    engine: Engine
    notes: list[str] = field(default_factory=list)

    def ask(
        self, walkers: Iterable[Walker], kind: str, on_step: Step = lambda _n: None
    ) -> None:
        """Drive `walkers` and store their walks under `kind`, by their row."""

        def done(walker: Walker) -> None:
            self.state.add(kind, walker.n, walker.walk)
            on_step(1)

        self.engine.run(iter(walkers), done)
        self.state.flush()
