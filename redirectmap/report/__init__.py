"""What people are handed: one HTML file for the client, one workbook for the team.

Reads   a plan's folder; only plan.csv must be there, everything else is shown
        when it is known and named as missing when it is not.
Writes  report.html and map.xlsx beside it.
"""

from redirectmap.report.gather import Gathered, gather
from redirectmap.report.page import write_report
from redirectmap.report.workbook import write_workbook

__all__ = ["Gathered", "gather", "write_report", "write_workbook"]
