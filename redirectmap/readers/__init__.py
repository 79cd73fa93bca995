"""Floor 1: one file format in, one table of the project out.

A format is recognised by what is in the file, never by its name. Every reader
accounts for every row: read, refused with line and reason, or set aside by a
named rule.
"""

from redirectmap.readers.backlinks import read_backlinks
from redirectmap.readers.inspection import Reader, inspect
from redirectmap.readers.legacy import read_legacy, read_rules
from redirectmap.readers.overrides import OVERRIDES, read_overrides
from redirectmap.readers.records import ReadReport, Refused, Site
from redirectmap.readers.rules import PATTERNS, expand_patterns
from redirectmap.readers.sources import read_site
from redirectmap.readers.traffic import read_traffic

__all__ = [
    "OVERRIDES",
    "PATTERNS",
    "ReadReport",
    "Reader",
    "Refused",
    "Site",
    "expand_patterns",
    "inspect",
    "read_backlinks",
    "read_legacy",
    "read_overrides",
    "read_rules",
    "read_site",
    "read_traffic",
]
