"""Floor 1: one file format in, one table of the project out.

A format is recognised by what is in the file, never by its name. Every reader
accounts for every row: read, refused with line and reason, or set aside by a
named rule.
"""

from redirectmap.readers.backlinks import (
    joined_backlinks,
    read_backlink_file,
    read_backlinks,
)
from redirectmap.readers.builder import inlinks_of
from redirectmap.readers.files import needed
from redirectmap.readers.inspection import Reader, feeds, inspect
from redirectmap.readers.joined import joined_sites
from redirectmap.readers.layout import Kind
from redirectmap.readers.legacy import read_legacy, read_rules
from redirectmap.readers.linking import read_linking_domains
from redirectmap.readers.overrides import OVERRIDES, read_overrides
from redirectmap.readers.records import ReadReport, Refused, Site
from redirectmap.readers.rules import PATTERNS, expand_patterns
from redirectmap.readers.sources import blocked_urls, read_site
from redirectmap.readers.traffic import (
    joined_traffic,
    read_traffic,
    read_traffic_file,
)

__all__ = [
    "OVERRIDES",
    "PATTERNS",
    "Kind",
    "ReadReport",
    "Reader",
    "Refused",
    "Site",
    "blocked_urls",
    "expand_patterns",
    "feeds",
    "inlinks_of",
    "inspect",
    "joined_backlinks",
    "joined_sites",
    "joined_traffic",
    "needed",
    "read_backlink_file",
    "read_backlinks",
    "read_legacy",
    "read_linking_domains",
    "read_overrides",
    "read_rules",
    "read_site",
    "read_traffic",
    "read_traffic_file",
]
