"""The file of one crawled site; see `redirectmap.sitefile.file`."""

from redirectmap.sitefile.file import SiteFile
from redirectmap.sitefile.records import Counts, Found, Result, Row

__all__ = ["Counts", "Found", "Result", "Row", "SiteFile"]
