"""Floor 1: one file format in, one table of the project out.

A format is recognised by what is in the file, never by its name. Every reader
accounts for every row: read, refused with line and reason, or set aside by a
named rule.
"""

from redirectmap.readers.records import ReadReport, Refused, Site

__all__ = ["ReadReport", "Refused", "Site"]
