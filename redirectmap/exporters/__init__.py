"""A plan as server rules: one exporter per format, each with declared limits.

`export_plan` writes OUT/<name>/: the rule files, refused.csv (what is not
carried, why, and what it is worth), README.txt (how to load them) and
export.json (how they were made). `prove` asks the real server.
"""

from redirectmap.exporters.base import Carries, Exporter, Options
from redirectmap.exporters.build import build_rules
from redirectmap.exporters.catalogue import BUILTIN, exporter, exporters
from redirectmap.exporters.export import ExportResult, export_plan
from redirectmap.exporters.gate import Hosts
from redirectmap.exporters.imports import read_folder, read_plan
from redirectmap.exporters.prove import Difference, Proof, prove
from redirectmap.exporters.rules import (
    Query,
    Refused,
    Rule,
    RuleSet,
)

__all__ = [
    "BUILTIN",
    "Carries",
    "Difference",
    "ExportResult",
    "Exporter",
    "Hosts",
    "Options",
    "Proof",
    "Query",
    "Refused",
    "Rule",
    "RuleSet",
    "build_rules",
    "export_plan",
    "exporter",
    "exporters",
    "prove",
    "read_folder",
    "read_plan",
]
