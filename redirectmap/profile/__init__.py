"""What a backlink profile looks like, against its site's type, age and rivals.

`ranges` holds the practitioner's ranges, `shares` measures with intervals,
`moves` and `after` carry links through a plan, `anchors` classes link texts,
`flags` says what looks unnatural and which links cause it, `rivals` compares,
`build` puts it together. Guardrails, not laws: nothing here is a score.
"""

from redirectmap.profile.ranges import SITE_TYPES, SiteType, Verdict, expected, judge
from redirectmap.profile.shares import HomepageShare, Share, measure_home

__all__ = [
    "SITE_TYPES",
    "HomepageShare",
    "Share",
    "SiteType",
    "Verdict",
    "expected",
    "judge",
    "measure_home",
]
