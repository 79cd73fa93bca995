"""Write what `flow` found into a folder."""

from __future__ import annotations

from pathlib import Path

from redirectmap.equity.flow import Flow
from redirectmap.tables import write_csv, write_json


def write_flow(folder: Path, found: Flow) -> None:
    """Write equity.json and five CSV tables, each whole or not at all."""
    write_csv(folder / "equity.csv", found.pages)
    write_csv(folder / "equity_moves.csv", found.moves)
    write_csv(folder / "equity_sections.csv", found.sections)
    write_csv(folder / "equity_proposals.csv", found.proposals)
    write_csv(folder / "equity_findings.csv", found.findings)
    tables = {
        "sections": found.sections.astype(object)
        .where(found.sections.notna(), None)
        .to_dict("records"),
        "falls": found.moves[found.moves["action"].ne("open")]
        .head(20)
        .to_dict("records"),
        "proposals": found.proposals.to_dict("records"),
    }
    write_json(folder / "equity.json", {**found.summary, **tables})
