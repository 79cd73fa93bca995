"""Where link equity flows: on a site, and through a plan onto the next one.

`graph` makes a link graph of a crawl, `rank` solves PageRank over it, `flow`
carries external links through a plan, `faults` says what wastes equity,
`proposals` computes what one more link would move.
"""

from redirectmap.equity.flow import Flow, Settings, flow
from redirectmap.equity.graph import Graph
from redirectmap.equity.rank import rank

__all__ = ["Flow", "Graph", "Settings", "flow", "rank"]
