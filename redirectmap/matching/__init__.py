"""Judge which new page is the old one's equal, and how sure that is."""

from redirectmap.matching.evidence import let_go_of_texts
from redirectmap.matching.match import MatchSettings, match
from redirectmap.matching.reasons import reason
from redirectmap.matching.scoring import decide, proposals

__all__ = ["MatchSettings", "decide", "let_go_of_texts", "match", "proposals", "reason"]
