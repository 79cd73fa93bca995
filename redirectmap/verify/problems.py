"""The words of verification: every problem, how bad it is, what to do.

One `Problem` is one statement about one row. The table's order is the order of
verdicts: a row's verdict is its first problem in this table, `ok` without one.
"""

from __future__ import annotations

from dataclasses import dataclass

OK = "ok"

# id: (severity, what to do)
PROBLEMS: dict[str, tuple[str, str]] = {
    "loop": ("error", "break the loop: one member must answer 200, or 410"),
    "too_many_redirects": ("error", "redirect straight to the planned target"),
    "bad_redirect": ("error", "send one absolute Location with a 301 or 308"),
    "blocked_address": ("error", "mend the Location, or pass --allow-private HOST"),
    "offsite": ("error", "redirect to the planned target"),
    "no_dns": ("error", "check the host name, or pass --resolve"),
    "tls_error": ("error", "mend the certificate, or pass --ca for a staging one"),
    "refused": ("error", "see whether the server listens there"),
    "timeout": ("error", "look at the server's load and its log"),
    "broken_answer": ("error", "look at the server's error log"),
    "server_error": ("error", "look at the server's error log"),
    "not_found": ("error", "the rule is missing: load the exported rules"),
    "gone_unplanned": ("error", "the plan wants a redirect here, not 410"),
    "client_error": ("error", "let everybody fetch this URL"),
    "meta_refresh": ("error", "answer 301 instead of a page that refreshes"),
    "javascript_redirect": ("error", "answer 301 instead of a page with a script"),
    "not_redirected": ("error", "the rule is missing: load the exported rules"),
    "homepage": (
        "error",
        "redirect to the planned target: to the homepage it counts as a soft 404",
    ),
    "gone_redirects": ("error", "answer 410 as planned"),
    "not_gone": ("error", "answer 410 as planned"),
    "wrong_language": ("error", "redirect to the page in the old page's language"),
    "wrong_target": ("error", "redirect to the planned target"),
    "target_not_found": ("error", "publish the target, or plan another"),
    "target_error": ("error", "look at the new server's error log"),
    "target_redirects": ("error", "plan the page it ends on, or stop the redirect"),
    "soft_404": ("error", "the target says it is missing: publish it, or answer 410"),
    "noindex": ("error", "remove noindex from the target"),
    "robots_blocked": ("error", "let robots.txt allow the target"),
    "agents_differ": ("error", "answer Googlebot as you answer browsers"),
    "canonical_elsewhere": (
        "error",
        "make the target its own canonical, or plan the canonical",
    ),
    "parity": ("error", "the target is not the page the plan matched: look at it"),
    "query_lost": ("warning", "carry the query over"),
    "query_added": ("warning", "drop the old query: it makes a duplicate URL"),
    "bounce": ("warning", "spell the target as the new site spells it"),
    "chain": ("warning", "redirect straight to the planned target"),
    "temporary": ("warning", "answer 301 or 308: the move is for good"),
    "wrong_status": ("warning", "answer with the planned status"),
    "insecure_hop": ("warning", "redirect to https at once"),
    "redirect_unseen": (
        "warning",
        "allow the old URL in robots.txt, or its redirect is never seen",
    ),
    "head_differs": ("warning", "answer HEAD as you answer GET"),
    "slash_differs": ("warning", "let the rule take the URL with and without slash"),
    "case_differs": ("warning", "let the rule ignore case, as the old server did"),
    "scheme_differs": ("warning", "load the rules on http and https"),
    "www_differs": ("warning", "load the rules on www and the bare host"),
    "tracking_differs": ("warning", "let the rule take tracking parameters"),
    "linked_internally": ("warning", "link to the new URL"),
    "in_sitemap": ("warning", "list the new URL in the sitemap"),
    "traffic_died": (
        "warning",
        "look at the target: visitors came before the move and come no more",
    ),
    "odd_location": ("notice", "percent-encode the Location"),
    "title_changed": ("notice", "see whether the page is still the planned one"),
    "missing_not_gone": ("notice", "answer 410: it is understood sooner than 404"),
    "review": ("notice", "decide this row in the plan"),
    "not_checked": ("notice", "left out by --sample or --only-changed; run without it"),
}
SEVERITY = {"error": 0, "warning": 1, "notice": 2}
RANK = {name: place for place, name in enumerate(PROBLEMS)}


@dataclass(frozen=True, slots=True)
class Problem:
    """One statement about one row."""

    name: str
    message: str

    @property
    def severity(self) -> str:
        """How bad: error, warning or notice."""
        return PROBLEMS[self.name][0]


def worst_first(problems: list[Problem]) -> list[Problem]:
    """Sort by severity and rank; one of each name."""
    if len(problems) < 2:
        return problems
    unique = {problem.name: problem for problem in reversed(problems)}
    return sorted(unique.values(), key=lambda p: (SEVERITY[p.severity], RANK[p.name]))
